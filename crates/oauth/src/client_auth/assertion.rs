//! The assertions of `private_key_jwt` and `client_secret_jwt` (RFC 7523 §3, OpenID Connect Core §9, draft-ietf-oauth-rfc7523bis): what one must say to
//! be believed, and how a client writes one. Signatures are the business of whoever has the keys.

use jose::{Algorithm, Jwk, KeyType, SigningKey, jws};
use serde::{Deserialize, Serialize};

use crate::lenient;

/// The `client_assertion_type` of a JWT (RFC 7523 §2.2).
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The `client_assertion_type` of a SPIFFE identity (draft-ietf-oauth-spiffe-client-auth §3.1).
pub const SPIFFE_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";
/// The `typ` by which an assertion says what it is for (draft-ietf-oauth-rfc7523bis §4).
pub const TYP: &str = "client-authentication+jwt";
/// How far ahead an assertion may expire, in seconds: it is a proof of the moment, and its `jti` is kept that long.
pub const LONGEST: i64 = 600;
/// How far the client's clock may differ, in seconds.
pub const LEEWAY: i64 = 30;
/// The longest `jti`, in bytes.
pub const LONGEST_JTI: usize = 256;

/// What `private_key_jwt` may be signed with, unless the client registered one.
pub const ASYMMETRIC: &[Algorithm] = &[
    Algorithm::Es256,
    Algorithm::EdDsa,
    Algorithm::Ps256,
    Algorithm::Rs256,
    Algorithm::Es384,
    Algorithm::Es512,
    Algorithm::Es256k,
    Algorithm::Ps384,
    Algorithm::Ps512,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::MlDsa44,
    Algorithm::MlDsa65,
    Algorithm::MlDsa87,
];
/// What `client_secret_jwt` may be made with, unless the client registered one.
pub const SYMMETRIC: &[Algorithm] = &[Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512];

/// `aud` as it is written: whether it is a string or a list counts (draft-ietf-oauth-rfc7523bis §4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// A string.
    Sole(String),
    /// A list.
    List(Vec<String>),
}

/// The claims (RFC 7523 §3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who made it: the client.
    pub iss: String,
    /// Whom it is about: the client.
    pub sub: String,
    /// Whom it is for: the authorization server.
    pub aud: Audience,
    /// When it expires (unix seconds).
    #[serde(deserialize_with = "lenient::seconds")]
    pub exp: i64,
    /// When it was made (unix seconds).
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::optional_seconds"
    )]
    pub iat: Option<i64>,
    /// From when on it holds (unix seconds).
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::optional_seconds"
    )]
    pub nbf: Option<i64>,
    /// Its own name, which the client never uses again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
}

impl Claims {
    /// What a client says to the server with this issuer: valid for a minute, and for nobody else.
    pub fn new(client: &str, issuer: &str, jti: String, now: i64) -> Self {
        Self {
            iss: client.to_owned(),
            sub: client.to_owned(),
            aud: Audience::Sole(issuer.to_owned()),
            exp: now.saturating_add(60),
            iat: Some(now),
            nbf: None,
            jti: Some(jti),
        }
    }
}

/// The key of a client that signs assertions, from the JSON of its private JWK: by the algorithm that this states, or without one by ES256, EdDSA, PS256, ES384
/// or whichever fits. `None` when it is not a private key to sign with.
pub fn signing_key(jwk: &str) -> Option<SigningKey> {
    let jwk = Jwk::from_json(jwk).ok()?;
    let fits = |algorithm: &Algorithm| SigningKey::from_jwk(&jwk, *algorithm).ok();
    match (jwk.algorithm(), jwk.key_type()) {
        (Some(stated), _) if ASYMMETRIC.contains(&stated) => fits(&stated),
        (None, KeyType::Rsa) => fits(&Algorithm::Ps256),
        (None, _) => ASYMMETRIC.iter().find_map(fits),
        (Some(_), _) => None,
    }
}

/// Whom an assertion may be for.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    /// The issuer.
    pub issuer: &'a str,
    /// The addresses that clients name instead of it by older rules: the token endpoint's and that of the endpoint asked.
    pub endpoints: &'a [&'a str],
    /// Whether only the issuer will do, as a single string: so no server can be made to collect assertions for another
    /// (draft-ietf-oauth-rfc7523bis §4).
    pub sole_issuer: bool,
}

/// Why an assertion is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disbelief {
    /// `iss` and `sub` are not both the client.
    #[error("iss and sub are not both the client")]
    Client,
    /// It is for another server, or for another one too.
    #[error("aud does not name this server alone")]
    Audience,
    /// It has expired, is not yet valid, or lives too long.
    #[error("its times are out of bounds")]
    Times,
    /// `jti` is missing, empty or too long.
    #[error("jti is missing or too long")]
    Id,
    /// Its `typ` says that it is for something else.
    #[error("typ is another")]
    Type,
}

/// The client that an assertion claims to be from, with nothing verified: to find out whose key to take.
pub fn subject(assertion: &str) -> Option<String> {
    let claims = jws::peek(assertion).ok()?.claims().ok()?;
    let subject = claims.get("sub")?.as_str()?;
    (!subject.is_empty()).then(|| subject.to_owned())
}

/// Whether an assertion says that somebody else than its subject made it: another issuer, or a SPIFFE trust domain, which need not name itself. Nothing is
/// verified.
pub fn is_foreign(assertion: &str) -> bool {
    let Some(claims) = jws::peek(assertion)
        .ok()
        .and_then(|peeked| peeked.claims().ok())
    else {
        return false;
    };
    let text = |name: &str| claims.get(name).and_then(serde_json::Value::as_str);
    match (text("iss"), text("sub")) {
        (_, Some(sub)) if sub.starts_with("spiffe://") => true,
        (Some(iss), Some(sub)) => iss != sub && iss.contains("://"),
        _ => false,
    }
}

/// Judges claims whose signature was verified, and gives the `jti` and until when (unix seconds, exclusive) it must not be seen again.
///
/// # Errors
/// [`Disbelief`].
pub fn judge<'c>(
    claims: &'c Claims,
    typ: Option<&str>,
    client: &str,
    recipient: &Recipient<'_>,
    now: i64,
) -> Result<(&'c str, i64), Disbelief> {
    if claims.iss != client || claims.sub != client {
        return Err(Disbelief::Client);
    }
    let typed = match typ {
        None => false,
        Some(typ) if is_type(typ, "JWT") => false,
        Some(typ) if is_type(typ, TYP) => true,
        Some(_) => return Err(Disbelief::Type),
    };
    if !is_for(&claims.aud, recipient, recipient.sole_issuer || typed) {
        return Err(Disbelief::Audience);
    }
    let latest = now.saturating_add(LEEWAY);
    let began = claims.iat.unwrap_or(now).min(now);
    let dead = claims.exp <= now.saturating_sub(LEEWAY);
    let early =
        claims.iat.is_some_and(|iat| iat > latest) || claims.nbf.is_some_and(|nbf| nbf > latest);
    let long = claims.exp > began.saturating_add(LONGEST + LEEWAY);
    if dead || early || long {
        return Err(Disbelief::Times);
    }
    match claims.jti.as_deref() {
        Some(jti) if !jti.is_empty() && jti.len() <= LONGEST_JTI => {
            Ok((jti, claims.exp.saturating_add(LEEWAY)))
        }
        _ => Err(Disbelief::Id),
    }
}

/// RFC 7515 §4.1.9: `application/` may be there or not, and case does not count.
fn is_type(typ: &str, expected: &str) -> bool {
    let short = match typ.split_at_checked("application/".len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
        _ => typ,
    };
    short.eq_ignore_ascii_case(expected)
}

/// Whether nobody but this server is meant. One that is for two servers could be taken from one to the other.
fn is_for(audience: &Audience, recipient: &Recipient<'_>, sole_issuer: bool) -> bool {
    let ours = |one: &String| {
        *one == recipient.issuer || (!sole_issuer && recipient.endpoints.contains(&one.as_str()))
    };
    match audience {
        Audience::Sole(one) => ours(one),
        Audience::List(several) => !sole_issuer && !several.is_empty() && several.iter().all(ours),
    }
}
