//! The frame in which applications ask whether the person is still signed in (OpenID Connect Session Management 1.0): the page at `/check_session`, and the
//! `session_state` of authorization responses that it compares with the browser's cookie.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use identity::session::{BrowserState, state_cookie_name};
use oauth::redirect_uri::ReturnTo;
use realm::Realm;
use url::Url;

use crate::call::Call;

/// Its own policy: it is there to be framed, by any application, and runs one script of ours. It reads one cookie, which carries no authority, and tells
/// nobody what is in it.
const POLICY: &str = "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'";

/// `GET /check_session`.
pub(crate) async fn get(call: Call) -> Response {
    let realm = &call.realm;
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Session</title>\n<script src=\"{}\" data-cookie=\"{}\"></script>\n\
         </head>\n<body></body>\n</html>\n",
        web::assets::check_session_script_path(),
        state_cookie_name(realm),
    );
    let mut headers = HeaderMap::new();
    let mut set = |name: header::HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_TYPE, "text/html; charset=utf-8");
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::CACHE_CONTROL, "public, max-age=300");
    web::headers::secure(&mut headers);
    (headers, page).into_response()
}

/// The `session_state` of a response (§3.1 of the text, as its example has it): the hash that binds client, origin and the browser's state, and its salt.
/// None for a redirect URI that is no web page's: no such application can frame anything.
pub(crate) fn session_state(
    realm: &Realm,
    client: &str,
    to: &ReturnTo,
    state: &BrowserState,
) -> Option<String> {
    let url = Url::parse(to.as_str()).ok()?;
    if !matches!(url.scheme(), "https" | "http") {
        return None;
    }
    let salt = realm.ambient().id();
    Some(hash(
        client,
        &url.origin().ascii_serialization(),
        state.as_str(),
        &salt,
    ))
}

fn hash(client: &str, origin: &str, state: &str, salt: &str) -> String {
    let text = format!("{client} {origin} {state} {salt}");
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    format!("{}.{salt}", jose::base64url::encode(digest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    /// The same as the script computes: `crates/web/assets/check_session.js`.
    #[test]
    fn the_hash_binds_client_origin_state_and_salt() {
        let one = hash("app", "https://rp.example", "state", "salt");
        assert_eq!(one, "n-lM3EXfV_hRdUpzh6Ln4LGm7oyc2XtDXvq063fgFXs.salt");
        for (client, origin, state, salt) in [
            ("other", "https://rp.example", "state", "salt"),
            ("app", "https://evil.example", "state", "salt"),
            ("app", "https://rp.example", "other", "salt"),
            ("app", "https://rp.example", "state", "other"),
        ] {
            assert_ne!(hash(client, origin, state, salt), one);
        }
    }
}
