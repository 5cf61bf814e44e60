use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use http::{HeaderValue, header};
use realm::Realm;
use web::cookie::SetCookie;
use web::form::FormError;
use web::headers::Csp;
use web::limit::RetryAfter;
use web::page::{self, Shell};

use super::Visit;
use crate::interaction::OpenError;
use crate::{Error, Person};

/// What the sign-in form shows.
#[derive(Default)]
pub(super) struct Form {
    /// The user name it is filled with.
    pub(super) username: String,
    /// Whether the user name cannot be changed: somebody who is known authenticates again.
    pub(super) fixed: bool,
    /// Why the last try came to nothing.
    error: Option<&'static str>,
}

impl Form {
    /// The form as it is first seen.
    pub(super) fn first(visit: &Visit<'_>) -> Self {
        let hint = visit
            .interaction
            .and_then(|interaction| interaction.login_hint.as_deref());
        Self {
            username: hint.unwrap_or_default().chars().take(128).collect(),
            ..Self::default()
        }
    }

    /// The form after a try that came to nothing.
    pub(super) fn refused(self, error: &'static str) -> Self {
        Self {
            error: Some(error),
            ..self
        }
    }
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    shell: Shell<'a>,
    form: &'a Form,
    application: Option<&'a str>,
    interaction: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "signed_in.html")]
struct SignedInPage<'a> {
    shell: Shell<'a>,
    name: &'a str,
    username: &'a str,
}

/// The sign-in form: 200 when it is first seen, 422 after a try that came to nothing.
pub(super) fn form(visit: &Visit<'_>, form: &Form) -> Response {
    let request = visit.interaction.map(|interaction| &interaction.request);
    let page = LoginPage {
        shell: shell(visit.realm, "Sign in"),
        form,
        application: request.and_then(|request| request.application.as_deref()),
        interaction: visit.token,
    };
    let status = match form.error {
        None => StatusCode::OK,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let csp = Csp::forms_to(request.and_then(|request| request.form_action.clone()));
    rendered(visit.realm, status, page.render(), csp)
}

/// Says who is signed in, and offers to sign out.
pub(super) fn signed_in(realm: &Realm, person: &Person) -> Response {
    let page = SignedInPage {
        shell: shell(realm, "Signed in"),
        name: person.shown_name(),
        username: &person.username,
    };
    rendered(realm, StatusCode::OK, page.render(), Csp::default())
}

/// Goes on with a GET.
pub(super) fn see_other(location: &str) -> Response {
    let mut response = Response::default();
    match HeaderValue::from_str(location) {
        Ok(location) => {
            *response.status_mut() = StatusCode::SEE_OTHER;
            response.headers_mut().insert(header::LOCATION, location);
        }
        // Paths were checked to be printable ASCII when the interaction began.
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(super) fn with_cookie(mut response: Response, cookie: &SetCookie) -> Response {
    response
        .headers_mut()
        .append(header::SET_COOKIE, cookie.header_value());
    response
}

/// The form could not be read.
pub(super) fn bad_form(realm: &Realm, error: &FormError) -> Response {
    let status = match error {
        FormError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        FormError::WrongContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        _ => StatusCode::BAD_REQUEST,
    };
    let text = "What your browser sent cannot be read. Go back and try again.";
    problem(realm, status, "That did not work", text)
}

/// The interaction cannot be gone on with.
pub(super) fn cannot_go_on(realm: &Realm, error: OpenError) -> Response {
    let text = match error {
        OpenError::Failed(error) => return failed(realm, &error),
        OpenError::Unknown => {
            "This address is not complete. Go back to the application and start again there."
        }
        OpenError::Expired => {
            "This took too long and has expired. Go back to the application and start again there."
        }
        OpenError::OtherBrowser => {
            "This was begun in another browser, or your browser does not send cookies. Allow cookies for this site, go back to the \
             application and start again there."
        }
    };
    problem(realm, StatusCode::BAD_REQUEST, "Sign-in cannot go on", text)
}

/// Too many tries.
pub(super) fn too_many(realm: &Realm, wait: RetryAfter) -> Response {
    let text = format!(
        "There were too many tries. Wait {} and try again.",
        in_words(wait.0)
    );
    let page = problem(
        realm,
        StatusCode::TOO_MANY_REQUESTS,
        "Too many tries",
        &text,
    );
    retry_after(page, wait.0)
}

/// The database failed, or there is more to do than gets done.
pub(super) fn failed(realm: &Realm, error: &Error) -> Response {
    if error.is_busy() {
        tracing::warn!(%error, "a sign-in page was refused for lack of capacity");
        let text = "There is much to do at the moment. Try again in a few seconds.";
        let page = problem(realm, StatusCode::SERVICE_UNAVAILABLE, "Busy", text);
        return retry_after(page, 2);
    }
    tracing::error!(%error, "a sign-in page failed");
    let text = "Something went wrong on our side. Try again in a moment.";
    problem(
        realm,
        StatusCode::SERVICE_UNAVAILABLE,
        "Something went wrong",
        text,
    )
}

fn in_words(seconds: u64) -> String {
    match seconds {
        0 | 1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

fn retry_after(mut response: Response, seconds: u64) -> Response {
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response
}
