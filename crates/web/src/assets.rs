//! The files that pages load: one stylesheet, one icon, small scripts. Their names hold a hash of their content, so browsers keep them forever.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64ct::{Base64UrlUnpadded, Encoding};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::{document, headers};

static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("../assets/grantor.css");
    Asset::new("grantor", "css", "text/css; charset=utf-8", text)
});
static SUBMIT: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("../assets/submit.js");
    Asset::new("submit", "js", "text/javascript; charset=utf-8", text)
});
static GO_ON: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("../assets/go_on.js");
    Asset::new("go_on", "js", "text/javascript; charset=utf-8", text)
});
static CHECK_SESSION: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("../assets/check_session.js");
    Asset::new(
        "check_session",
        "js",
        "text/javascript; charset=utf-8",
        text,
    )
});
static ICON: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("../assets/icon.svg");
    Asset::new("icon", "svg", "image/svg+xml", text)
});

struct Asset {
    path: String,
    tag: String,
    content_type: &'static str,
    text: &'static str,
}

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str, text: &'static str) -> Self {
        let hash = digest(&SHA256, text.as_bytes());
        let tag = Base64UrlUnpadded::encode_string(&hash.as_ref()[..9]);
        Self {
            path: format!("/assets/{stem}-{tag}.{extension}"),
            tag: format!("\"{tag}\""),
            content_type,
            text,
        }
    }

    fn response(&self, request: &HeaderMap, cache: &'static str) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            headers.insert(ETAG, tag);
        }
        headers::secure(&mut headers);
        if document::matches(request.get_all(IF_NONE_MATCH), &self.tag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, self.text).into_response()
    }
}

/// The stylesheet's address, `/assets/grantor-HASH.css`.
pub fn stylesheet_path() -> &'static str {
    &STYLESHEET.path
}

/// The address of a script that sends the page's first form as soon as it runs; the page needs [`crate::headers::Csp::with_scripts`]
/// and a button for browsers without scripts.
pub fn submit_script_path() -> &'static str {
    &SUBMIT.path
}

/// The address of a script that goes to where the link `continue` of the page leads, as soon as the page's frames are there or after five seconds; the page
/// needs [`crate::headers::Csp::with_scripts`].
pub fn go_on_script_path() -> &'static str {
    &GO_ON.path
}

/// The address of the script that tells applications whether a session goes on (OpenID Connect Session Management 1.0 §3.2). Its element names the cookie that it
/// reads (`data-cookie`).
pub fn check_session_script_path() -> &'static str {
    &CHECK_SESSION.path
}

/// `GET /assets/…` and `/favicon.ico`.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/assets/{file}", get(asset))
        .route("/favicon.ico", get(icon))
        .route("/favicon.svg", get(icon))
}

async fn asset(Path(file): Path<String>, request: HeaderMap) -> Response {
    let named = |asset: &&LazyLock<Asset>| asset.path.strip_prefix("/assets/") == Some(&file);
    match [&STYLESHEET, &SUBMIT, &GO_ON, &CHECK_SESSION]
        .into_iter()
        .find(named)
    {
        Some(asset) => asset.response(&request, "public, max-age=31536000, immutable"),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn icon(request: HeaderMap) -> Response {
    ICON.response(&request, "public, max-age=86400")
}
