use http::HeaderMap;
use realm::Realm;
use web::cookie::{self, Jar, SameSite, SetCookie};

/// The value of the request's session cookie, if it has the form of one.
pub(super) fn value(realm: &Realm, headers: &HeaderMap) -> Option<String> {
    let jar = Jar::from_headers(headers);
    jar.get(&name(realm))
        .filter(|value| is_token(value))
        .map(str::to_owned)
}

/// The cookie of a session that began.
pub(super) fn set(realm: &Realm, value: &str, max_age: i64) -> SetCookie {
    SetCookie::new(name(realm), value, realm.is_https()).max_age(max_age)
}

/// The cookie that removes the session's.
pub(super) fn clear(realm: &Realm) -> SetCookie {
    SetCookie::removal(name(realm), realm.is_https())
}

/// The cookie that the frame of Session Management reads.
pub(super) fn set_state(realm: &Realm, value: &str, max_age: i64) -> SetCookie {
    let cookie = SetCookie::new(state_name(realm), value, realm.is_https()).http_only(false);
    let cookie = cookie.max_age(max_age);
    if realm.is_https() {
        // Read in frames of other sites.
        cookie.same_site(SameSite::None)
    } else {
        cookie
    }
}

/// The value of the request's state cookie.
pub(super) fn state_value(realm: &Realm, headers: &HeaderMap) -> Option<String> {
    let jar = Jar::from_headers(headers);
    jar.get(&state_name(realm)).map(str::to_owned)
}

pub(super) fn state_name(realm: &Realm) -> String {
    cookie::name(realm.name(), realm.is_https(), "state")
}

/// Whether `value` has the form of `ambient::Ambient::token`.
pub(crate) fn is_token(value: &str) -> bool {
    value.len() == 43
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn name(realm: &Realm) -> String {
    cookie::name(realm.name(), realm.is_https(), "")
}
