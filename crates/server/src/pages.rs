//! What a person reads when a request cannot go on and must not be answered by redirect.

use axum::http::{StatusCode, header};
use axum::response::Response;
use identity::interaction::OpenError;
use oauth::ErrorCode;
use oauth::redirect_uri::RedirectUriError;
use web::page::{Problem, Shell};

use crate::answer;
use crate::call::Call;
use crate::refusal::Refusal;

const ENDPOINT: &str = "authorization";

/// The shell of a page of this realm.
pub(crate) fn shell(call: &Call, title: &str) -> Shell {
    let realm = &call.realm;
    Shell::new(title).realm(realm.settings().display_name.clone(), realm.path())
}

fn problem(call: &Call, title: &str, text: &str) -> Problem {
    let realm = &call.realm;
    Problem::new(title, text).realm(realm.settings().display_name.clone(), realm.path())
}

/// A refusal with nowhere to send it.
pub(crate) fn refused(call: &Call, refusal: &Refusal) -> Response {
    refusal.log(call.realm.name(), ENDPOINT, None);
    let (code, description) = refusal.wire();
    let status =
        StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (title, text) = if status.is_server_error() {
        (
            "This did not work",
            "Something is wrong on our side. Please try again in a moment.",
        )
    } else {
        (
            "This request cannot be answered",
            "The application sent you here with a request that is not correct. Go back to the application and try again; if it keeps \
             happening, tell its developers.",
        )
    };
    let mut response = problem(call, title, text)
        .detail("error", code.as_str())
        .detail("error_description", description)
        .into_response(status);
    if let Some(seconds) = refusal.retry_after() {
        answer::set(&mut response, header::RETRY_AFTER, &seconds.to_string());
    }
    response
}

/// The client is not known: nobody may be sent anywhere (RFC 6749 §4.1.2.1).
pub(crate) fn unknown_client(call: &Call, id: Option<&str>) -> Response {
    tracing::info!(
        realm = call.realm.name(),
        endpoint = ENDPOINT,
        reason = "ClientUnknown",
        "refused"
    );
    let text = "The application that sent you here is not known to us, so we do not send you back to it. You can close this page.";
    let mut problem = problem(call, "Unknown application", text)
        .detail("error", "invalid_request")
        .detail(
            "error_description",
            match id {
                None => "The parameter 'client_id' is missing.",
                Some(_) => "There is no client with this client_id.",
            },
        );
    if let Some(id) = id {
        problem = problem.detail("client_id", id.chars().take(255).collect::<String>());
    }
    problem.into_response(StatusCode::BAD_REQUEST)
}

/// The document at the client's identifier cannot be used, or had: nobody may be sent anywhere.
pub(crate) fn bad_document(call: &Call, id: &str, refusal: &Refusal) -> Response {
    let (code, description) = refusal.wire();
    if code != ErrorCode::InvalidClient {
        return refused(call, refusal);
    }
    refusal.log(call.realm.name(), ENDPOINT, Some(id));
    let text = "The application that sent you here describes itself in a document that we cannot use, so we do not send you back to it. You can close this page.";
    problem(call, "Unknown application", text)
        .detail("error", code.as_str())
        .detail("error_description", description)
        .detail("client_id", id.chars().take(255).collect::<String>())
        .into_response(StatusCode::BAD_REQUEST)
}

/// The redirect URI is not the client's: nobody may be sent there.
pub(crate) fn bad_redirect_uri(call: &Call, error: RedirectUriError) -> Response {
    tracing::info!(
        realm = call.realm.name(),
        endpoint = ENDPOINT,
        reason = ?error,
        "refused"
    );
    let text = "The application asks us to send you to an address that is not registered for it, so we do not. You can close this page.";
    problem(call, "We cannot send you back", text)
        .detail("error", "invalid_request")
        .detail("error_description", error.to_string())
        .into_response(StatusCode::BAD_REQUEST)
}

/// The refusal of a request by an application that nobody here knows: whether the browser goes to its site is for the person to say.
pub(crate) fn unasked(call: &Call, host: &str, url: String) -> Response {
    let text = format!(
        "A site that is not known to us, {host}, sent you here with a request that we do not answer. Go back to it only if you know it, and never type \
         your password there."
    );
    problem(call, "Nothing happened here", &text)
        .action(format!("Go to {host}"), url)
        .into_response(StatusCode::BAD_REQUEST)
}

/// What the browser was in the middle of cannot be gone on with.
pub(crate) fn lost(call: &Call, error: OpenError) -> Response {
    let (title, text) = match error {
        OpenError::Failed(error) => return refused(call, &error.into()),
        OpenError::Expired => (
            "This took too long",
            "Your sign-in was started too long ago. Go back to the application and start again.",
        ),
        OpenError::OtherBrowser => (
            "This was started in another browser",
            "Go back to the application in this browser and start again. If it keeps happening, check that cookies are allowed.",
        ),
        OpenError::Unknown => (
            "This link does not work",
            "It is incomplete or was changed. Go back to the application and start again.",
        ),
    };
    problem(call, title, text).into_response(StatusCode::BAD_REQUEST)
}

/// Where somebody may not be sent after signing out.
pub(crate) fn bad_logout(call: &Call, text: &str) -> Response {
    tracing::info!(
        realm = call.realm.name(),
        endpoint = "end_session",
        reason = text,
        "refused"
    );
    problem(
        call,
        "You were not signed out",
        "The application asks us to send you to an address that is not registered for it, so we did nothing. You can sign out by yourself.",
    )
    .detail("error", "invalid_request")
    .detail("error_description", text)
    .action("Sign out", format!("{}/logout", call.realm.path()))
    .into_response(StatusCode::BAD_REQUEST)
}
