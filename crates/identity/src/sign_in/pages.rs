use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use http::header;
use realm::Realm;
use web::form::FormError;
use web::headers::Csp;
use web::limit::RetryAfter;
use web::page::{self, Problem, Shell};

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
    pub(super) error: Option<&'static str>,
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
    shell: Shell,
    form: &'a Form,
    application: Option<&'a str>,
    interaction: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "choose.html")]
struct ChoosePage<'a> {
    shell: Shell,
    application: Option<&'a str>,
    interaction: &'a str,
    name: &'a str,
    username: &'a str,
    person: &'a str,
}

#[derive(Template)]
#[template(path = "signed_in.html")]
struct SignedInPage<'a> {
    shell: Shell,
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
    let csp = Csp::form_action(request.and_then(|request| request.form_action.as_deref()));
    page::render(status, &page, &csp)
}

/// Asks who is signed in whether they go on, or somebody else (OpenID Connect Core §3.1.2.1, `select_account`).
pub(super) fn choose(visit: &Visit<'_>, person: &Person) -> Response {
    let request = visit.interaction.map(|interaction| &interaction.request);
    let page = ChoosePage {
        shell: shell(visit.realm, "Choose an account"),
        application: request.and_then(|request| request.application.as_deref()),
        interaction: visit.token.unwrap_or_default(),
        name: person.shown_name(),
        username: &person.username,
        person: &person.id,
    };
    let csp = Csp::form_action(request.and_then(|request| request.form_action.as_deref()));
    page::render(StatusCode::OK, &page, &csp)
}

/// Says who is signed in, and offers to sign out.
pub(super) fn signed_in(realm: &Realm, person: &Person) -> Response {
    let page = SignedInPage {
        shell: shell(realm, "Signed in"),
        name: person.shown_name(),
        username: &person.username,
    };
    page::render(StatusCode::OK, &page, &Csp::default())
}

/// Goes on with a GET.
pub(super) fn see_other(location: &str) -> Response {
    page::see_other(location)
}

/// The form could not be read.
pub(super) fn bad_form(realm: &Realm, error: &FormError) -> Response {
    let text = "What your browser sent cannot be read. Go back and try again.";
    problem(realm, error.status(), "That did not work", text)
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
    retry_after(page, wait)
}

/// The database failed, or there is more to do than gets done.
pub(super) fn failed(realm: &Realm, error: &Error) -> Response {
    if error.is_busy() {
        tracing::warn!(%error, "a sign-in page was refused for lack of capacity");
        let text = "There is much to do at the moment. Try again in a few seconds.";
        let page = problem(realm, StatusCode::SERVICE_UNAVAILABLE, "Busy", text);
        return retry_after(page, RetryAfter(2));
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

fn shell(realm: &Realm, title: &str) -> Shell {
    Shell::new(title).realm(realm.settings().display_name.as_str(), realm.path())
}

fn problem(realm: &Realm, status: StatusCode, title: &str, text: &str) -> Response {
    Problem::new(title, text)
        .realm(realm.settings().display_name.as_str(), realm.path())
        .into_response(status)
}

fn in_words(seconds: i64) -> String {
    match seconds {
        ..=1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", (seconds + 59) / 60),
    }
}

fn retry_after(mut response: Response, wait: RetryAfter) -> Response {
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, wait.header());
    response
}
