//! Hearing that a session has ended at the server (OpenID Connect Back-Channel Logout 1.0, Front-Channel Logout 1.0).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use jose::jwt::{self, Audience, Issuer, Lifetime, Policy, Type};
use oauth::Params;
use oauth::claims::IdToken;
use oauth::logout_token::{self, Expected, LogoutToken, TYPE};

use crate::client::Client;
use crate::{Error, LogoutError, sealed};

/// How long ago a logout token may have been made, in seconds.
const FRESH: i64 = 600;
/// How many tokens are remembered, of those that have not expired.
const MOST: usize = 100_000;

/// The logout tokens that were met, by `jti`, until they expire.
#[derive(Default)]
pub(crate) struct Met(Mutex<HashMap<String, i64>>);

impl Met {
    fn remember(&self, id: &str, until: i64, now: i64) -> Result<(), LogoutError> {
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if met.contains_key(id) {
            return Err(LogoutError::Replayed);
        }
        if met.len() >= MOST {
            met.retain(|_, until| now < *until);
        }
        if met.len() >= MOST {
            return Err(LogoutError::Full);
        }
        met.insert(id.to_owned(), until);
        Ok(())
    }

    fn forget(&self, id: &str) {
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        met.remove(id);
    }
}

/// What a logout token says.
#[must_use]
pub struct LoggedOut {
    client: Client,
    id: String,
    subject: Option<String>,
    session: Option<String>,
}

impl LoggedOut {
    /// The session that has ended: the `sid` of ID tokens. Without it, every session of the [`subject`](Self::subject) has.
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// The person: the `sub` of ID tokens. There when the session is not; with a session it need not be.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The session could not be ended here: the same token, when the server sends it again, is not taken for a replay. To be answered with 500 or 503.
    pub fn failed(self) {
        self.client.met().forget(&self.id);
    }
}

impl fmt::Debug for LoggedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoggedOut")
            .field("session", &self.session)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Judges the `logout_token` that the server has posted to the `backchannel_logout_uri` (Back-Channel Logout §2.6): signature, issuer, audience, times, event,
    /// no `nonce`, and that this process has not met it before. Who has several processes remembers the session that ended where all of them see it.
    ///
    /// Answer 200 when the session was ended (or was not there), 400 to an error here, and never by a redirect; `Cache-Control: no-store` (§2.8).
    ///
    /// # Errors
    /// [`Error::Logout`], or that the server's keys cannot be had.
    pub async fn back_channel_logout(&self, logout_token: &str) -> Result<LoggedOut, Error> {
        let now = self.ambient().now();
        let key = self.sealed().id_token_key.as_ref();
        let logout_token = &*sealed::open(logout_token, key).map_err(LogoutError::Token)?;
        let policy = Policy {
            issuer: Issuer::Is(self.issuer()),
            audience: Audience::Includes(self.id()),
            algorithms: &[self.id_token_algorithm()],
            // To say it is recommended only (§2.4); an ID token is told apart by its missing event.
            typ: if is_typed(logout_token) {
                Type::Is(TYPE)
            } else {
                Type::Plain
            },
            lifetime: Lifetime::Expires,
            now,
            leeway: self.leeway(),
        };
        let keys = self.keys().current(self).await?;
        let mut verified = jwt::verify::<LogoutToken>(logout_token, &keys, &policy);
        if matches!(verified, Err(jose::Error::UnknownKey))
            && let Some(newer) = self.keys().newer(self, &keys).await?
        {
            verified = jwt::verify::<LogoutToken>(logout_token, &newer, &policy);
        }
        let claims = verified.map_err(LogoutError::Token)?.into_claims();
        let expected = Expected {
            issuer: self.issuer(),
            client_id: self.id(),
            session_required: false,
            issued_within: Some(FRESH),
            now,
            leeway: self.leeway(),
        };
        logout_token::check(&claims, &expected).map_err(LogoutError::Claims)?;
        let until = claims.exp.saturating_add(self.leeway());
        self.met().remember(&claims.jti, until, now)?;
        Ok(LoggedOut {
            client: self.clone(),
            id: claims.jti,
            subject: claims.sub,
            session: claims.sid,
        })
    }

    /// Whether a request for the `frontchannel_logout_uri` means the session of this ID token: the query names this issuer and that session (Front-Channel Logout
    /// §3). Without both it means nobody, or any page could sign people out here; register `frontchannel_logout_session_required`.
    pub fn front_channel_logout(&self, query: &str, own: &IdToken) -> bool {
        let params = Params::parse(query);
        let once = |name: &str| {
            let mut values = params.all(name);
            let first = values.next();
            first.filter(|_| values.next().is_none())
        };
        once("iss") == Some(self.issuer()) && own.sid.is_some() && once("sid") == own.sid.as_deref()
    }
}

/// Whether a token says which kind it is.
fn is_typed(token: &str) -> bool {
    let typ = jose::jws::peek(token).ok().and_then(|it| it.header.typ);
    typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT"))
}
