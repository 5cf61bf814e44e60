//! Cookies: a strict reader and a builder with safe defaults (RFC 6265bis).

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

/// The cookies of a request.
#[derive(Clone, Default)]
pub struct Jar {
    pairs: Vec<(String, String)>,
}

impl Jar {
    /// Reads the `Cookie` headers. What is not a valid pair is skipped.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let mut pairs = Vec::new();
        let values = headers.get_all(COOKIE).iter();
        for value in values.filter_map(|value| value.to_str().ok()) {
            for pair in value.split(';') {
                let Some((name, value)) = pair.trim_matches([' ', '\t']).split_once('=') else {
                    continue;
                };
                if is_name(name) && is_value(value) {
                    pairs.push((name.to_owned(), value.to_owned()));
                }
            }
        }
        Self { pairs }
    }

    /// The value of `name`. When the browser sends two different ones (someone set one for a parent domain or another path), none is taken:
    /// a tossed cookie must not choose the session.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.pairs.iter().filter(|(key, _)| key == name);
        let (_, first) = values.next()?;
        values.all(|(_, other)| other == first).then_some(first)
    }
}

impl std::fmt::Debug for Jar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.pairs.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

/// The name of a cookie of `realm`: `__Host-grantor-REALM` when the issuer is https, so that no other host and no plain connection can
/// set it, else `grantor-REALM`; with `.SUFFIX` unless `suffix` is empty. No realm has a dot in its name, so none has another's cookie.
pub fn name(realm: &str, https: bool, suffix: &str) -> String {
    let prefix = if https { "__Host-" } else { "" };
    let dot = if suffix.is_empty() { "" } else { "." };
    format!("{prefix}grantor-{realm}{dot}{suffix}")
}

/// Which cross-site requests carry the cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// None at all.
    Strict,
    /// Top-level navigations by a safe method.
    Lax,
    /// All; browsers then demand `Secure`.
    None,
}

/// A cookie to be set: for the whole host (`Path=/`, no `Domain`), `HttpOnly` and `SameSite=Lax` unless said otherwise.
#[derive(Clone)]
pub struct SetCookie {
    name: String,
    value: String,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
    max_age: Option<i64>,
}

impl SetCookie {
    /// A cookie that lives as long as the browser. `secure`: whether the issuer is https (by the issuer, not the socket).
    pub fn new(name: impl Into<String>, value: impl Into<String>, secure: bool) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            secure,
            http_only: true,
            same_site: SameSite::Lax,
            max_age: None,
        }
    }

    /// A cookie that removes the one of this name.
    pub fn removal(name: impl Into<String>, secure: bool) -> Self {
        Self::new(name, "", secure).max_age(0)
    }

    /// How long the browser keeps it, in seconds.
    pub fn max_age(mut self, seconds: i64) -> Self {
        self.max_age = Some(seconds.max(0));
        self
    }

    /// Which cross-site requests carry it.
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Whether it is hidden from scripts.
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// The cookie's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The `Set-Cookie` header's value; none when the name or the value holds what a cookie cannot carry.
    pub fn header(&self) -> Option<HeaderValue> {
        if !is_name(&self.name) || !is_value(&self.value) {
            return None;
        }
        let mut text = format!("{}={}; Path=/", self.name, self.value);
        if let Some(seconds) = self.max_age {
            text.push_str(&format!("; Max-Age={seconds}"));
        }
        if self.http_only {
            text.push_str("; HttpOnly");
        }
        if self.secure {
            text.push_str("; Secure");
        }
        text.push_str(match self.same_site {
            SameSite::Strict => "; SameSite=Strict",
            SameSite::Lax => "; SameSite=Lax",
            SameSite::None => "; SameSite=None",
        });
        HeaderValue::from_str(&text).ok()
    }

    /// Adds it to a response's headers; one that cannot be carried is logged (by name) and left out.
    pub fn append_to(&self, headers: &mut HeaderMap) {
        match self.header() {
            Some(value) => {
                headers.append(SET_COOKIE, value);
            }
            None => tracing::error!(cookie = self.name, "a cookie cannot be set"),
        }
    }
}

impl std::fmt::Debug for SetCookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetCookie")
            .field("name", &self.name)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

fn is_name(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(token)
}

/// cookie-octet of RFC 6265 §4.1.1: no space, quote, comma, semicolon, backslash or control character.
fn is_value(value: &str) -> bool {
    let octet = |byte: u8| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte);
    value.bytes().all(octet)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn jar(values: &[&str]) -> Jar {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(COOKIE, HeaderValue::from_str(value).unwrap());
        }
        Jar::from_headers(&headers)
    }

    #[test]
    fn cookies_are_read_from_every_header_and_broken_ones_are_skipped() {
        let jar = jar(&["a=1; b=x y; =z; c", "d=4;e=\"5\""]);
        assert_eq!(jar.get("a"), Some("1"));
        assert_eq!(jar.get("d"), Some("4"));
        assert_eq!(
            (jar.get("b"), jar.get("c"), jar.get("e")),
            (None, None, None)
        );
    }

    #[test]
    fn two_different_cookies_of_one_name_count_as_none() {
        assert_eq!(jar(&["s=1; s=2"]).get("s"), None);
        assert_eq!(jar(&["s=1; s=1"]).get("s"), Some("1"));
    }

    #[test]
    fn an_https_cookie_has_the_host_prefix_and_is_secure() {
        let name = name("main", true, "");
        let header = SetCookie::new(name, "v", true)
            .max_age(60)
            .header()
            .unwrap();
        assert_eq!(
            header,
            "__Host-grantor-main=v; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax"
        );
    }

    #[test]
    fn a_loopback_cookie_has_no_prefix_and_is_not_secure() {
        let name = name("main", false, "browser");
        let header = SetCookie::new(name, "v", false)
            .same_site(SameSite::Strict)
            .http_only(false);
        assert_eq!(
            header.header().unwrap(),
            "grantor-main.browser=v; Path=/; SameSite=Strict"
        );
    }

    #[test]
    fn a_value_that_would_end_the_cookie_is_refused() {
        for value in ["a;b", "a b", "a\r\nb", "ä", "a,b", "a\"b"] {
            assert_eq!(
                SetCookie::new("n", value, false).header(),
                None,
                "{value:?}"
            );
        }
        assert_eq!(SetCookie::new("n;", "v", false).header(), None);
    }

    #[test]
    fn no_cookie_value_appears_in_debug_output() {
        let cookie = SetCookie::new("n", "secret", false);
        let text = format!("{cookie:?} {:?}", jar(&["n=secret"]));
        assert!(!text.contains("secret"), "{text}");
    }
}
