//! The keys of trusted issuers: inline, at their address, or where their metadata say.

use jose::Error;
use jose::jwt::{self, Policy};
use realm::clients::PublicKeys;
use realm::issuers::Issuer;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::refusal::Reason;
use crate::remote_keys::{Source, Want};

/// Verifies the signature, and what the policy says of the claims.
pub(super) async fn verify(
    call: &Call,
    issuer: &Issuer,
    text: &str,
    policy: &Policy<'_>,
) -> Result<Map<String, Value>, Reason> {
    let with = |keys: &PublicKeys| {
        jwt::verify::<Map<String, Value>>(text, keys.verifying(), policy)
            .map(jwt::Verified::into_claims)
    };
    if let Some(keys) = &issuer.document().jwks {
        return with(keys).map_err(reason);
    }
    match with(&fetched(call, issuer, Want::Current).await?) {
        // It may have changed its keys, under another name or none.
        Err(Error::UnknownKey | Error::Signature) => {
            with(&fetched(call, issuer, Want::Newer).await?).map_err(reason)
        }
        verdict => verdict.map_err(reason),
    }
}

async fn fetched(call: &Call, issuer: &Issuer, want: Want) -> Result<PublicKeys, Reason> {
    let document = issuer.document();
    let source = match &document.jwks_uri {
        Some(uri) if document.is_spiffe() => Source::Bundle(uri.clone()),
        Some(uri) => Source::Keys(uri.clone()),
        None => Source::Metadata(document.id.clone()),
    };
    // Of this realm alone: another one may trust the same name with other keys.
    let name = format!(
        "{} issuer {} {:?}",
        call.realm.name(),
        document.id,
        document.jwks_uri
    );
    call.server
        .remote_keys
        .from(&name, source, want, call.now())
        .await
        .map_err(|_| Reason::AssertionKeys)
}

fn reason(error: Error) -> Reason {
    match error {
        Error::UnknownKey | Error::Signature | Error::KeyMismatch => Reason::AssertionSignature,
        Error::AlgorithmNotAllowed => Reason::AssertionAlgorithm,
        Error::Expired | Error::NotYetValid | Error::MissingClaim("exp") => Reason::AssertionTimes,
        Error::WrongIssuer => Reason::AssertionIssuer,
        _ => Reason::AssertionMalformed,
    }
}
