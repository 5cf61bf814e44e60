//! Access tokens: made and read. A JWT of RFC 9068 or the same claims sealed; making one writes nothing.

use jose::{Algorithm, jws, jwt};
use oauth::authorization_details::AuthorizationDetails;
use oauth::claims::{AccessToken, Confirmation, Origin};
use oauth::claims_request::ClaimsRequest;
use oauth::token::TokenResponse;
use oauth::token_exchange::Party;
use realm::{Client, Mark, Realm, TokenFormat};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{opaque, subject};
use crate::granting::rules::Target;
use crate::refusal::{Reason, Refusal};

/// `typ` of an access token (RFC 9068 §2.1).
pub(crate) const TYPE: &str = "at+jwt";
/// The claim that says what a token permits in particular (RFC 9396 §9.1).
pub(crate) const DETAILS: &str = "authorization_details";
/// How far the clocks of our own nodes may differ, in seconds.
const LEEWAY: i64 = 5;

/// Every algorithm that one of our keys may sign with.
pub(crate) const ALGORITHMS: &[Algorithm] = &[
    Algorithm::Es256,
    Algorithm::EdDsa,
    Algorithm::Rs256,
    Algorithm::Ps256,
    Algorithm::MlDsa44,
    Algorithm::MlDsa65,
    Algorithm::MlDsa87,
    Algorithm::Es384,
    Algorithm::Es512,
    Algorithm::Es256k,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps384,
    Algorithm::Ps512,
];

/// How a person signed in, as tokens say it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Authentication<'a> {
    /// When (unix seconds).
    pub(crate) time: i64,
    /// How strongly.
    pub(crate) acr: Option<&'a str>,
    /// By which methods.
    pub(crate) amr: &'a [String],
}

/// Whom a token speaks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bearer<'a> {
    /// The client itself.
    Client,
    /// A person, by a grant.
    Person {
        /// The person.
        id: &'a str,
        /// The grant.
        grant: &'a str,
        /// The session that the grant ends with, if it does.
        session: Option<&'a str>,
        /// How the person signed in.
        authentication: Authentication<'a>,
    },
}

/// Who gets a token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holder<'a> {
    /// The client.
    pub(crate) client: &'a Client,
    /// What it must prove to have whenever it uses the token.
    pub(crate) confirmation: Option<&'a Confirmation>,
    /// Who may act with what people let it have.
    pub(crate) may_act: Option<&'a Party>,
}

impl Holder<'_> {
    /// The answer of the token endpoint, with nothing but the access token yet.
    pub(crate) fn response(self, access_token: String, lifetime: i64) -> TokenResponse {
        TokenResponse {
            token_type: Confirmation::token_type(self.confirmation).to_owned(),
            ..TokenResponse::bearer(access_token, lifetime)
        }
    }
}

/// The claim that names what /userinfo tells beyond the scope.
const TOLD: &str = "userinfo_claims";
/// The claim that names the languages of that.
const LOCALES: &str = "claims_locales";

/// What /userinfo tells the bearer of this token beyond the scope (OpenID Connect Core §5.5), and in which languages (§5.2).
pub(crate) fn told(claims: &AccessToken) -> ClaimsRequest {
    let texts = |claim: &str| {
        let named = claims.extra.get(claim).and_then(Value::as_array);
        let names = named.into_iter().flatten().filter_map(Value::as_str);
        names.map(str::to_owned).collect()
    };
    ClaimsRequest {
        userinfo: texts(TOLD),
        locales: texts(LOCALES),
        ..ClaimsRequest::default()
    }
}

/// Makes an access token.
pub(crate) async fn mint(
    realm: &Realm,
    holder: Holder<'_>,
    bearer: Bearer<'_>,
    target: &Target,
    now: i64,
) -> Result<String, Refusal> {
    let mut claims = AccessToken {
        iss: realm.issuer().to_owned(),
        sub: holder.client.id.clone(),
        aud: target.audience.clone().into(),
        exp: now.saturating_add(target.lifetime),
        iat: now,
        jti: realm.ambient().id(),
        client_id: holder.client.id.clone(),
        scope: (!target.scope.is_empty()).then(|| target.scope.clone()),
        cnf: holder.confirmation.cloned(),
        ..AccessToken::default()
    };
    for (claim, said) in [(TOLD, &target.claims), (LOCALES, &target.locales)] {
        if !said.is_empty() {
            let said = serde_json::json!(said);
            claims.extra.insert(claim.to_owned(), said);
        }
    }
    if let Bearer::Person {
        id,
        grant,
        session,
        authentication,
    } = bearer
    {
        claims.sub = id.to_owned();
        claims.grant_id = Some(grant.to_owned());
        claims.sid = session.map(str::to_owned);
        claims.auth_time = Some(authentication.time);
        claims.acr = authentication.acr.map(str::to_owned);
        claims.amr = authentication.amr.to_vec();
        claims.may_act = holder.may_act.map(|party| serde_json::json!(party));
    }
    write(realm, holder.client, claims, target).await
}

/// The text of an access token with these claims and what its scopes tell in it, in the form that its target asks for, as this client may see it.
pub(crate) async fn write(
    realm: &Realm,
    client: &Client,
    mut claims: AccessToken,
    target: &Target,
) -> Result<String, Refusal> {
    if let Some(details) = &target.details {
        let details = serde_json::json!(details);
        claims.extra.insert(DETAILS.to_owned(), details);
    }
    // The rest of the token counts before what an operator's expression gives.
    for (name, value) in &target.released {
        claims.extra.entry(name).or_insert_with(|| value.clone());
    }
    match target.format {
        TokenFormat::Opaque => opaque::seal(realm, &claims),
        TokenFormat::Jwt => {
            subject::mask(realm, client, &mut claims);
            let key = realm.keys().signer(target.algorithm).await?;
            Ok(jwt::sign(&key, TYPE, &claims)?)
        }
    }
}

/// What a token permits in particular (RFC 9396 §9.1).
///
/// # Errors
/// When that is damaged: it is not to be taken for nothing.
pub(crate) fn details(claims: &AccessToken) -> Result<Option<AuthorizationDetails>, Refusal> {
    let value = claims.extra.get(DETAILS).cloned();
    let details = value.map(serde_json::from_value).transpose();
    details.map_err(|_| Refusal::Failed("the details of a token are damaged".to_owned()))
}

/// Reads an access token of this realm that has not expired and was not revoked, whoever it is for. Its `sub` is the person, whatever its client is told.
///
/// # Errors
/// [`Reason::TokenMalformed`], [`Reason::TokenExpired`] or [`Reason::TokenRevoked`].
pub(crate) async fn read(realm: &Realm, token: &str, now: i64) -> Result<AccessToken, Refusal> {
    let claims = verify(realm, token, now).await?;
    if is_revoked(realm, &claims) {
        return Err(Reason::TokenRevoked.into());
    }
    Ok(claims)
}

async fn verify(realm: &Realm, token: &str, now: i64) -> Result<AccessToken, Refusal> {
    if token.starts_with(opaque::PREFIX) {
        let claims = opaque::open(realm, token)?;
        if now >= claims.exp {
            return Err(Reason::TokenExpired.into());
        }
        return Ok(claims);
    }
    let policy = jwt::Policy {
        issuer: jwt::Issuer::Is(realm.issuer()),
        audience: jwt::Audience::Unchecked,
        algorithms: ALGORITHMS,
        typ: jwt::Type::Is(TYPE),
        lifetime: jwt::Lifetime::Expires,
        now,
        leeway: LEEWAY,
    };
    match verify_signed::<AccessToken>(realm, token, &policy).await? {
        // The leeway is for the clocks of other nodes and must not lengthen a token's life.
        Ok(claims) if now >= claims.exp => Err(Reason::TokenExpired.into()),
        Ok(claims) => subject::unmask(realm, claims).ok_or_else(|| Reason::TokenMalformed.into()),
        Err(jose::Error::Expired) => Err(Reason::TokenExpired.into()),
        Err(_) => Err(Reason::TokenMalformed.into()),
    }
}

/// Verifies a token that one of our keys signed. A key that this node does not know may have been made by another one just now.
pub(super) async fn verify_signed<C: DeserializeOwned>(
    realm: &Realm,
    token: &str,
    policy: &jwt::Policy<'_>,
) -> Result<Result<C, jose::Error>, Refusal> {
    let keys = realm.keys().key_set().await?;
    let mut verdict = jwt::verify::<C>(token, &keys, policy);
    if matches!(verdict, Err(jose::Error::UnknownKey))
        && let Some(kid) = jws::peek(token).ok().and_then(|peeked| peeked.header.kid)
    {
        let keys = realm.keys().key_set_with(&kid).await?;
        verdict = jwt::verify::<C>(token, &keys, policy);
    }
    Ok(verdict.map(jwt::Verified::into_claims))
}

/// Whether the token, its grant, its session, its person, its client or the consent behind it was revoked since. Asks the memory only.
fn is_revoked(realm: &Realm, claims: &AccessToken) -> bool {
    let revocations = realm.revocations();
    if revocations.is_empty() {
        return false;
    }
    let mut marks = vec![Mark::Token(&claims.jti), Mark::Client(&claims.client_id)];
    if let Some(grant) = &claims.grant_id {
        marks.extend(of_grant(grant, &claims.sub, &claims.client_id));
    }
    if let Some(session) = &claims.sid {
        marks.push(Mark::Session(session));
    }
    revocations.is_any_revoked(&marks, claims.iat)
        || claims
            .exchanged_from
            .iter()
            .any(|origin| is_origin_revoked(realm, origin, &claims.sub))
}

/// The same of a token that another one was exchanged from, about `sub` unless it says otherwise. Its own time counts: a node may have exchanged it before
/// it heard of its end.
pub(crate) fn is_origin_revoked(realm: &Realm, origin: &Origin, sub: &str) -> bool {
    let person = origin.sub.as_deref().unwrap_or(sub);
    let client = origin.client_id.as_deref();
    let consent = client.map(|client| Mark::Consent { person, client });
    let marks: Vec<Mark<'_>> = [
        origin.jti.as_deref().map(Mark::Token),
        origin.grant_id.as_deref().map(Mark::Grant),
        origin.sid.as_deref().map(Mark::Session),
        client.map(Mark::Client),
        consent,
        Some(Mark::Person(person)),
    ]
    .into_iter()
    .flatten()
    .collect();
    realm.revocations().is_any_revoked(&marks, origin.iat)
}

/// The marks that end a person's grant, but for its session.
pub(crate) fn of_grant<'a>(grant: &'a str, person: &'a str, client: &'a str) -> [Mark<'a>; 3] {
    [
        Mark::Grant(grant),
        Mark::Person(person),
        Mark::Consent { person, client },
    ]
}
