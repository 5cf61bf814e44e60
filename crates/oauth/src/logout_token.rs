//! Logout tokens: what a provider tells a client when a session has ended (OpenID Connect Back-Channel Logout §2.4), and how the client judges it (§2.6).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::claims::Audience;
use crate::lenient;

/// The event that makes a token a logout token: the member of `events`.
pub const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// The `typ` of its header.
pub const TYPE: &str = "logout+jwt";
/// The parameter in which it is sent (§2.5).
pub const PARAMETER: &str = "logout_token";

/// The claims of a logout token. Times are unix seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogoutToken {
    /// The provider.
    pub iss: String,
    /// The person, as the client knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The client.
    pub aud: Audience,
    /// When it was made.
    #[serde(deserialize_with = "lenient::seconds")]
    pub iat: i64,
    /// When it expires.
    #[serde(deserialize_with = "lenient::seconds")]
    pub exp: i64,
    /// Its identifier.
    pub jti: String,
    /// What it tells: [`EVENT`], with an empty object.
    pub events: Map<String, Value>,
    /// The session that has ended; without it, all sessions of the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Never there, so that it is not taken for an ID token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Value>,
}

impl LogoutToken {
    /// The value of `events`.
    pub fn events() -> Map<String, Value> {
        Map::from_iter([(EVENT.to_owned(), Value::Object(Map::new()))])
    }
}

/// What the client knows and the logout token must agree with. Nothing has a default.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The provider's issuer identifier.
    pub issuer: &'a str,
    /// The client's own identifier.
    pub client_id: &'a str,
    /// Whether the client needs `sid` (`backchannel_logout_session_required`).
    pub session_required: bool,
    /// How long ago the token may have been made at most, in seconds; `None` for any time.
    pub issued_within: Option<i64>,
    /// The time, in unix seconds.
    pub now: i64,
    /// How far the provider's clock may be off, in seconds.
    pub leeway: i64,
}

/// Why a logout token is refused; the number is the item of §2.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 3: `iss` is another.
    #[error("the logout token is from another issuer")]
    Issuer,
    /// 3: `aud` is not this client, or somebody else too.
    #[error("the logout token is not for this client alone")]
    Audience,
    /// 3: past `exp`.
    #[error("the logout token has expired")]
    Expired,
    /// 3: `iat` lies ahead.
    #[error("the logout token was issued in the future")]
    IssuedInFuture,
    /// 3: `iat` lies too far back.
    #[error("the logout token was issued too long ago")]
    IssuedLongAgo,
    /// 4: neither `sub` nor `sid`.
    #[error("the logout token names neither a person nor a session")]
    Nobody,
    /// No `sid`, though the client registered that it needs one.
    #[error("the logout token names no session")]
    SessionMissing,
    /// 5: `events` does not hold the event.
    #[error("the logout token tells of no logout")]
    Event,
    /// 6: there is a `nonce`.
    #[error("the logout token has a nonce, as ID tokens do")]
    Nonce,
    /// §2.4: `jti` is empty or too long to be remembered.
    #[error("the logout token has no usable identifier")]
    Identifier,
}

/// Applies §2.6 but for decryption, signature and algorithm (items 1 and 2), which come before, and the replay of `jti` (item 7), which takes a memory.
///
/// # Errors
/// The first rule that is broken.
pub fn check(claims: &LogoutToken, expected: &Expected<'_>) -> Result<(), Refusal> {
    if claims.iss != expected.issuer {
        return Err(Refusal::Issuer);
    }
    if claims.aud.as_slice() != [expected.client_id] {
        return Err(Refusal::Audience);
    }
    let (now, leeway) = (expected.now, expected.leeway.max(0));
    if now.saturating_sub(leeway) >= claims.exp {
        return Err(Refusal::Expired);
    }
    if claims.iat > now.saturating_add(leeway) {
        return Err(Refusal::IssuedInFuture);
    }
    let ago = now.saturating_sub(claims.iat).saturating_sub(leeway);
    if expected.issued_within.is_some_and(|within| ago > within) {
        return Err(Refusal::IssuedLongAgo);
    }
    let named = |name: &Option<String>| name.as_ref().is_some_and(|name| !name.is_empty());
    if !named(&claims.sub) && !named(&claims.sid) {
        return Err(Refusal::Nobody);
    }
    if expected.session_required && !named(&claims.sid) {
        return Err(Refusal::SessionMissing);
    }
    if !claims.events.get(EVENT).is_some_and(Value::is_object) {
        return Err(Refusal::Event);
    }
    if claims.nonce.is_some() {
        return Err(Refusal::Nonce);
    }
    if claims.jti.is_empty() || claims.jti.len() > 255 {
        return Err(Refusal::Identifier);
    }
    Ok(())
}
