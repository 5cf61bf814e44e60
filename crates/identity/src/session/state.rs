use http::HeaderMap;
use realm::Realm;
use web::cookie::SetCookie;

use super::{Session, cookie, lifetimes};

/// What a browser that has this session shows of it to the frame of OpenID Connect Session Management: it changes with the session, tells nothing about it and
/// gives no access to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserState(String);

impl BrowserState {
    /// The state of a browser that has this session. Memory only.
    pub fn of(realm: &Realm, session: &Session) -> Self {
        let mac = realm.mac("browser_state", session.id.as_bytes());
        Self(
            mac.iter()
                .take(16)
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        )
    }

    /// The value of the cookie.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The cookie.
    pub fn cookie(&self, realm: &Realm) -> SetCookie {
        cookie::set_state(realm, &self.0, lifetimes(realm).absolute)
    }

    /// The cookie, unless the request came with it.
    pub fn missing(&self, realm: &Realm, headers: &HeaderMap) -> Option<SetCookie> {
        let known = cookie::state_value(realm, headers);
        (known.as_deref() != Some(&*self.0)).then(|| self.cookie(realm))
    }
}

/// The name of the cookie.
pub fn state_cookie_name(realm: &Realm) -> String {
    cookie::state_name(realm)
}
