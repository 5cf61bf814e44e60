//! `GET /consent/logo?client_id=…`: the logo of an application, fetched by us through the guard, looked at, and served from here, so that no page tells another host
//! who is looking at it, and nothing but a picture reaches a browser.

use std::sync::Arc;
use std::time::Duration;

use ambient::Clock;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use fetch::{Fetch, FetchOptions};
use oauth::authorization::with_query;
use quick_cache::sync::Cache;
use realm::Client;
use web::limit::Limiter;

use super::described::Described;
use crate::call::Call;
use crate::form;

/// How large a logo may be, in bytes.
const LARGEST: usize = 128 * 1024;
/// How many are kept.
const LOGOS: usize = 100;
/// How long one is kept, in seconds.
const KEPT: i64 = 3600;
/// How long an address is left alone that has none, in seconds.
const REST: i64 = 60;
/// How often what clients of one realm name is fetched in a minute, and how often what one of them names: the cache is small, and anybody may ask.
const PER_REALM: u32 = 120;
const PER_CLIENT: u32 = 6;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(4);

/// What pictures begin with. Those that can hold scripts are not among them.
const KINDS: [(&[u8], usize, &str); 4] = [
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
];

/// The logos of a process.
pub(crate) struct Logos {
    fetch: Option<Fetch>,
    kept: Cache<String, Arc<Kept>>,
    realms: Limiter,
    clients: Limiter,
}

struct Kept {
    picture: Option<(&'static str, Vec<u8>)>,
    /// When it is to be fetched again (unix seconds).
    until: i64,
}

impl Logos {
    pub(crate) fn new(options: &FetchOptions, clock: &Clock) -> Self {
        let options = FetchOptions {
            timeout: options.timeout.min(PATIENCE),
            max_bytes: LARGEST,
            ..options.clone()
        };
        Self {
            fetch: Fetch::new(options).ok(),
            kept: Cache::new(LOGOS),
            realms: Limiter::per(clock.clone(), PER_REALM, 60),
            clients: Limiter::per(clock.clone(), PER_CLIENT, 60),
        }
    }

    /// What is at an address, if it may be asked. Of many who ask at once one makes us call it.
    async fn at(&self, uri: &str, whose: (&str, &str), now: i64) -> Option<Arc<Kept>> {
        match self.kept.get(uri) {
            Some(kept) if now < kept.until => return Some(kept),
            Some(_) => {
                self.kept.remove(uri);
            }
            None => {}
        }
        self.clients.take(whose).ok()?;
        self.realms.take(whose.0).ok()?;
        let found = self.kept.get_or_insert_async(uri, async {
            let picture = self.fetched(uri).await;
            let lasts = if picture.is_some() { KEPT } else { REST };
            let until = now.saturating_add(lasts);
            Ok::<_, std::convert::Infallible>(Arc::new(Kept { picture, until }))
        });
        match found.await {
            Ok(kept) => Some(kept),
            Err(never) => match never {},
        }
    }

    async fn fetched(&self, uri: &str) -> Option<(&'static str, Vec<u8>)> {
        let answer = self.fetch.as_ref()?.get(uri).await;
        let answer = answer
            .inspect_err(|error| tracing::info!(uri, %error, "a logo cannot be had"))
            .ok()
            .filter(|answer| answer.status == StatusCode::OK)?;
        let kind = kind(&answer.body)?;
        Some((kind, answer.body.to_vec()))
    }
}

/// What kind of picture it is, whatever its server calls it.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    let begins = |(magic, at, _): &&(&[u8], usize, &str)| {
        bytes.get(*at..).is_some_and(|rest| rest.starts_with(magic))
    };
    KINDS.iter().find(begins).map(|(_, _, kind)| *kind)
}

/// The address of a client's logo on our pages, in the language that fits. One that anybody can have made has none: nobody says that the logo is its own.
pub(crate) fn address(call: &Call, client: &Client, described: &Described<'_>) -> Option<String> {
    let language = described.logo_language();
    let shown = (client.logo_uri.is_some() || language.is_some()) && !client.is_anybodys();
    let named = language.map(|language| ("language", language));
    let pairs: Vec<(&str, &str)> = std::iter::once(("client_id", client.id.as_str()))
        .chain(named)
        .collect();
    shown.then(|| with_query(&format!("{}/consent/logo", call.realm.path()), &pairs))
}

/// Where the logo is: in this very language, else in none.
fn registered<'a>(client: &'a Client, language: Option<&str>) -> Option<&'a str> {
    let localized = language.and_then(|language| client.localized.get("logo_uri", language));
    localized.or(client.logo_uri.as_deref())
}

/// The endpoint.
pub(crate) async fn logo(call: Call, uri: Uri) -> Response {
    let nothing = StatusCode::NOT_FOUND;
    let Ok(params) = form::query(&uri) else {
        return nothing.into_response();
    };
    // Not one that would have to be fetched itself.
    let client = match call
        .realm
        .client(params.get("client_id").unwrap_or_default())
        .await
    {
        Ok(client) => client.filter(|client| !client.disabled && !client.is_anybodys()),
        Err(_) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    let found = client.as_deref().and_then(|client| {
        Some((
            client.id.as_str(),
            registered(client, params.get("language"))?,
        ))
    });
    let Some((id, at)) = found else {
        return nothing.into_response();
    };
    let whose = (call.realm.name(), id);
    let kept = call.server.logos.at(at, whose, call.now()).await;
    match kept.as_deref().and_then(|kept| kept.picture.as_ref()) {
        Some((kind, bytes)) => picture(kind, bytes.clone()),
        None => nothing.into_response(),
    }
}

fn picture(kind: &'static str, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    web::headers::secure(headers);
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox",
        ),
        (header::CACHE_CONTROL, "private, max-age=3600"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn only_pictures_without_scripts_are_pictures() {
        for (bytes, expected) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF89a", Some("image/gif")),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some("image/webp")),
            (
                b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>",
                None,
            ),
            (b"<html>", None),
            (b"RIFF\x10\0\0\0WAVE", None),
            (b"", None),
        ] {
            assert_eq!(kind(bytes), expected);
        }
    }
}
