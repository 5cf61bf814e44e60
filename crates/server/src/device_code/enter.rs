//! `/device`: where the person types the code that the device shows, or checks it when the address brought it (RFC 8628 §3.3, §3.3.1). Whether it exists is
//! said only to people who are signed in, so that nobody else can guess.

use askama::Template;
use axum::body::Body;
use axum::http::{StatusCode, Uri, header};
use axum::response::Response;
use identity::interaction::{self, OpenError, Page};
use oauth::device_code::UserCode;
use web::headers::Csp;
use web::page::{self, Problem, Shell};

use super::confirm::Travelled;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::{answer, form, pages};

/// Longest text that is shown again, in characters.
const SHOWN: usize = 32;

/// Unknown, expired and used codes look alike.
const INVALID: &str =
    "This code is not valid. Check it, or start again on your device for a new one.";
const EMPTY: &str = "Type the code that your device shows.";

#[derive(Template)]
#[template(path = "device.html")]
struct Entry<'a> {
    shell: Shell,
    code: String,
    /// Whether the address brought the code.
    brought: bool,
    error: Option<&'a str>,
}

/// `GET /device`.
pub(crate) async fn show(call: Call, uri: Uri) -> Response {
    match form::query(&uri) {
        Ok(params) => entry(&call, params.get("user_code"), None),
        Err(reason) => pages::refused(&call, &reason.into()),
    }
}

/// `POST /device`.
pub(crate) async fn submit(call: Call, body: Body) -> Response {
    let params = match form::body(&call, body).await {
        Ok(params) => params,
        Err(reason) => return pages::refused(&call, &reason.into()),
    };
    let text = params.get("user_code").unwrap_or_default();
    if text.trim().is_empty() {
        return entry(&call, None, Some(EMPTY));
    }
    let limits = &call.server.devices;
    let outcome = match UserCode::parse(text) {
        Some(code) => match limits.check(&call) {
            Ok(()) => leave(&call, &code).await,
            Err(refusal) => Err(refusal),
        },
        None => limits.mistype(&call).map(|()| invalid(&call, Some(text))),
    };
    outcome.unwrap_or_else(|refusal| refused(&call, &refusal))
}

/// Sends the browser to sign in, which goes on at once where somebody is.
async fn leave(call: &Call, code: &UserCode) -> Result<Response, Refusal> {
    let request = Travelled::entered(code).request()?;
    let begun = interaction::begin(&call.realm, &call.headers, Page::Login, request).await?;
    let mut response = page::see_other(&begun.url);
    if let Some(cookie) = &begun.cookie {
        cookie.append_to(response.headers_mut());
    }
    Ok(response)
}

/// The form, once more, for a code that is not valid.
pub(super) fn invalid(call: &Call, typed: Option<&str>) -> Response {
    tracing::info!(
        realm = call.realm.name(),
        endpoint = "device",
        reason = "UserCodeInvalid",
        "refused"
    );
    entry(call, typed, Some(INVALID))
}

fn entry(call: &Call, typed: Option<&str>, error: Option<&str>) -> Response {
    let shown = |text: &str| match UserCode::parse(text) {
        Some(code) => code.to_string(),
        None => text
            .chars()
            .filter(|c| !c.is_control())
            .take(SHOWN)
            .collect(),
    };
    let page = Entry {
        shell: pages::shell(call, "Connect a device"),
        code: typed.map(shown).unwrap_or_default(),
        brought: error.is_none() && typed.is_some(),
        error,
    };
    let status = match error {
        None => StatusCode::OK,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    page::render(status, &page, &Csp::default())
}

fn problem(call: &Call, title: &str, text: &str) -> Problem {
    let realm = &call.realm;
    Problem::new(title, text)
        .realm(realm.settings().display_name.clone(), realm.path())
        .action("Type the code again", format!("{}/device", realm.path()))
}

/// A refusal, said to a person.
pub(super) fn refused(call: &Call, refusal: &Refusal) -> Response {
    refusal.log(call.realm.name(), "device", None);
    let (title, text) = match refusal {
        Refusal::TooMany(_) => (
            "Too many wrong codes",
            "Wait a while before you try again. If your device still shows the same code then, it will do.",
        ),
        Refusal::Because(_) | Refusal::Protocol(_) => (
            "You cannot allow this",
            "Your account may not give the device what it asks for. Ask whoever runs the application.",
        ),
        Refusal::Busy | Refusal::Down(_) | Refusal::Failed(_) => (
            "This did not work",
            "Something is wrong on our side. Please try again in a moment.",
        ),
    };
    let status =
        StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = problem(call, title, text).into_response(status);
    if let Some(seconds) = refusal.retry_after() {
        answer::set(&mut response, header::RETRY_AFTER, &seconds.to_string());
    }
    response
}

/// What the browser was in the middle of cannot be gone on with.
pub(super) fn lost(call: &Call, error: OpenError) -> Response {
    let (title, text) = match error {
        OpenError::Failed(error) => return refused(call, &error.into()),
        OpenError::Expired => (
            "This took too long",
            "It was begun too long ago. Start again on your device.",
        ),
        OpenError::OtherBrowser => (
            "This was begun in another browser",
            "Type the code in this browser. If it keeps happening, check that cookies are allowed.",
        ),
        OpenError::Unknown => (
            "This link does not work",
            "It is incomplete or was changed.",
        ),
    };
    problem(call, title, text).into_response(StatusCode::BAD_REQUEST)
}
