//! Software statements (RFC 7591 §2.3, §3.1.1): what a trusted issuer says about the software counts before what the client says.

use jose::jwt::{self, Keys};
use jose::{Error, jws};
use oauth::client_auth::assertion::{ASYMMETRIC, LEEWAY};
use oauth::{Error as Wire, ErrorCode};
use realm::StatementIssuer;
use serde_json::Value;

use super::rules::Members;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::remote_keys::Want;

/// Claims of the JWT itself, which say nothing about the client.
const ENVELOPE: [&str; 8] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "software_statement",
];

fn refused(code: ErrorCode, description: &'static str) -> Refusal {
    Wire::new(code, description).into()
}

fn invalid(description: &'static str) -> Refusal {
    refused(ErrorCode::InvalidSoftwareStatement, description)
}

/// Puts what the statement says over what the client states.
///
/// # Errors
/// `invalid_software_statement`, `unapproved_software_statement`.
pub(super) async fn apply(call: &Call, stated: &mut Members) -> Result<(), Refusal> {
    let text = match stated.get("software_statement") {
        Some(Value::String(text)) => text.clone(),
        _ => return Err(invalid("the software statement is not a signed JWT")),
    };
    let peeked = jws::peek(&text).map_err(|_| invalid("the software statement is not a JWT"))?;
    let unverified = peeked.claims();
    let unverified = unverified.map_err(|_| invalid("the software statement is not a JWT"))?;
    let issuer = unverified.get("iss").and_then(Value::as_str);
    let settings = call.realm.settings();
    let trusted = issuer.and_then(|issuer| settings.registration.statement_issuer(issuer));
    let Some(trusted) = trusted else {
        let words = "nobody here trusts the issuer of the software statement";
        return Err(refused(ErrorCode::UnapprovedSoftwareStatement, words));
    };
    let claims = verified(call, trusted, &text).await?;
    check(call, &claims)?;
    let said = claims
        .into_iter()
        .filter(|(name, _)| !ENVELOPE.contains(&name.as_str()));
    stated.extend(said);
    Ok(())
}

async fn verified(call: &Call, issuer: &StatementIssuer, text: &str) -> Result<Members, Refusal> {
    let wrong = |_| invalid("the signature of the software statement is not its issuer's");
    if let Some(keys) = &issuer.jwks {
        return verify(call, issuer, text, keys.verifying()).map_err(wrong);
    }
    let uri = issuer.jwks_uri.as_deref().unwrap_or_default();
    // Keys that were fetched from another address are not those of this one.
    let name = format!("{} statements {} {uri}", call.realm.name(), issuer.issuer);
    let fetched = &call.server.remote_keys;
    let unreachable = |_| invalid("the keys of the issuer cannot be had just now");
    let keys = fetched.at(&name, uri, Want::Current, call.now()).await;
    match verify(call, issuer, text, keys.map_err(unreachable)?.verifying()) {
        Err(Error::UnknownKey | Error::Signature) => {
            let keys = fetched.at(&name, uri, Want::Newer, call.now()).await;
            verify(call, issuer, text, keys.map_err(unreachable)?.verifying()).map_err(wrong)
        }
        verdict => verdict.map_err(wrong),
    }
}

fn verify(
    call: &Call,
    issuer: &StatementIssuer,
    text: &str,
    keys: &impl Keys,
) -> Result<Members, Error> {
    let policy = jwt::Policy {
        issuer: jwt::Issuer::Is(&issuer.issuer),
        audience: jwt::Audience::Unchecked,
        algorithms: ASYMMETRIC,
        // RFC 7591 names none; what says to be another kind of token is none.
        typ: jwt::Type::OneOf(&["JWT", "software-statement+jwt"]),
        lifetime: jwt::Lifetime::Unlimited,
        now: call.now(),
        leeway: LEEWAY,
    };
    let untyped = jwt::Policy {
        typ: jwt::Type::Plain,
        ..policy
    };
    match jwt::verify::<Members>(text, keys, &policy) {
        Err(Error::WrongType) => jwt::verify(text, keys, &untyped),
        verdict => verdict,
    }
    .map(jwt::Verified::into_claims)
}

/// A statement may be good for ever and everywhere; one that says otherwise is taken at its word.
fn check(call: &Call, claims: &Members) -> Result<(), Refusal> {
    let expires = claims.get("exp").and_then(Value::as_f64);
    if expires.is_some_and(|at| at < (call.now() - LEEWAY) as f64) {
        return Err(invalid("the software statement has expired"));
    }
    let own = [call.realm.issuer().to_owned(), call.realm.url("/register")];
    let is_own = |value: &Value| own.iter().any(|own| value == own);
    let meant = match claims.get("aud") {
        None => true,
        Some(Value::Array(several)) => several.iter().any(is_own),
        Some(one) => is_own(one),
    };
    if meant {
        Ok(())
    } else {
        Err(invalid("the software statement is for another server"))
    }
}
