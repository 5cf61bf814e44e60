//! `/authorize` (RFC 6749 §3.1, OpenID Connect Core §3.1.2) and `/authorize/continue`, where the browser comes back after signing in.
//!
//! 1. `request.rs` finds the client and the redirect URI; until both are known to be good a refusal is a page. 2. The session is read. 3. `rules.rs` says
//!    whether somebody has to sign in; then the browser goes to /login with the request sealed in an interaction. 4. The consent is read, and
//!    when something new is asked for the browser goes to /consent (`ask.rs`). 5. `issue.rs` makes the code in one batch and `response.rs` sends it back.

mod arrival;
pub(crate) mod ask;
mod decide;
mod form_post;
mod front_channel;
mod issue;
mod jarm;
pub mod pushed;
mod request;
pub mod rules;

pub(crate) mod response;

use axum::body::Body;
use axum::http::Uri;
use axum::response::Response;
use identity::interaction::{self, OpenError, Page};
use oauth::Params;

pub(crate) use self::arrival::open_pushed;
use self::decide::{Outcome, Standing, Wants, decide};
use self::issue::issue;
pub(crate) use self::request::check_pushed;
use self::request::{Checked, Stop, Travelled, check_again};
use crate::call::Call;
use crate::commit::TRIES;
use crate::consent::Described;
use crate::refusal::{Reason, Refusal};
use crate::{form, pages};

/// `GET /authorize`.
pub(crate) async fn get(call: Call, uri: Uri) -> Response {
    let checked = match form::query(&uri) {
        Ok(params) => request::check_new(&call, &params).await,
        Err(Reason::FormDuplicate) => {
            let params = Params::parse(uri.query().unwrap_or_default());
            Err(request::duplicated(&call, &params).await)
        }
        Err(reason) => Err(Stop::Page(reason.into())),
    };
    let arrival = Travelled::arrival(call.now());
    match checked {
        Ok(checked) => go_on(&call, &checked, &arrival).await,
        Err(stop) => stop.into_response(&call).await,
    }
}

/// `POST /authorize` (OpenID Connect Core §3.1.2.1). From another site it comes without the session's cookie, so the browser is sent to the same request
/// by GET, which has it.
pub(crate) async fn post(call: Call, body: Body) -> Response {
    match form::body_as_query(&call, body).await {
        Ok(query) => web::page::see_other(&format!("{}/authorize?{query}", call.realm.path())),
        Err(reason) => pages::refused(&call, &reason.into()),
    }
}

/// `GET /authorize/continue`: the browser comes back from a page of ours.
pub(crate) async fn resume(call: Call, uri: Uri) -> Response {
    match reopen(&call, &uri).await {
        Ok((checked, arrival)) => go_on(&call, &checked, &arrival).await,
        Err(stop) => stop.into_response(&call).await,
    }
}

async fn reopen(call: &Call, uri: &Uri) -> Result<(Checked, Travelled), Stop> {
    let params = form::query(uri).map_err(|reason| Stop::Page(reason.into()))?;
    let token = params
        .get("interaction")
        .ok_or(Stop::Lost(OpenError::Unknown))?;
    let interaction = interaction::open(&call.realm, &call.headers, token)
        .await
        .map_err(Stop::Lost)?;
    request::check_again(call, &interaction).await
}

/// Decides, and sends the browser where the decision leads.
pub(crate) async fn go_on(call: &Call, checked: &Checked, arrival: &Travelled) -> Response {
    match try_go_on(call, checked, arrival).await {
        Ok(response) => response,
        Err(stop) => stop.into_response(call).await,
    }
}

async fn try_go_on(call: &Call, checked: &Checked, arrival: &Travelled) -> Result<Response, Stop> {
    for _ in 0..TRIES {
        match decide(call, checked, arrival).await? {
            Outcome::SignIn { wants, before } => {
                let travelled = arrival.leaving(checked, before);
                return leave(call, checked, &travelled, (Page::Login, wants)).await;
            }
            Outcome::Ask(standing) => {
                let travelled = arrival.leaving(checked, Some(standing.session.sign_in));
                return leave(call, checked, &travelled, (Page::Consent, Wants::default())).await;
            }
            Outcome::Issue(standing) => {
                if let Some(given) = issue(call, checked, &standing, None).await? {
                    return Ok(response::given(call, &checked.answer, &given).await);
                }
            }
        }
    }
    Err(checked.refuse(Reason::Contended))
}

/// Sends the browser to a page of ours, with the request sealed.
async fn leave(
    call: &Call,
    checked: &Checked,
    travelled: &Travelled,
    (page, wants): (Page, Wants),
) -> Result<Response, Stop> {
    let described = Described::to(&checked.client, &checked.request.ui_locales, &call.headers);
    let mut request = interaction::Request {
        resume: "/authorize/continue".to_owned(),
        application: Some(described.name().to_owned()),
        login_hint: checked.request.login_hint.clone(),
        reauthenticate: wants.again,
        another: wants.another,
        select: wants.select,
        before: travelled.before().map(str::to_owned),
        form_action: Some(checked.answer.to.origin_for_csp()),
        body: travelled.text(checked)?,
    };
    if request.is_large()
        && let Some(light) = travelled.by_reference()
    {
        request.body = light.text(checked)?;
    }
    if request.is_large() {
        let verdict = call.server.guesses.large(call);
        verdict.map_err(|refusal| checked.refuse(refusal))?;
    }
    let begun = interaction::begin(&call.realm, &call.headers, page, request)
        .await
        .map_err(|error| match error {
            identity::Error::BadInteraction => Stop::Page(Reason::FormTooLarge.into()),
            error => checked.refuse(Refusal::from(error)),
        })?;
    let mut response = web::page::see_other(&begun.url);
    if let Some(cookie) = &begun.cookie {
        cookie.append_to(response.headers_mut());
    }
    if travelled.before().is_none() {
        call.forget_remains(&mut response).await;
    }
    Ok(response)
}

impl Stop {
    /// The answer: a redirect when the redirect URI is known to be good, else a page.
    pub(crate) async fn into_response(self, call: &Call) -> Response {
        match self {
            Self::Page(refusal) => pages::refused(call, &refusal),
            Self::Address(error) => pages::bad_redirect_uri(call, error),
            Self::Client(id) => pages::unknown_client(call, id.as_deref()),
            Self::Document(id, refusal) => pages::bad_document(call, &id, &refusal),
            Self::Lost(error) => pages::lost(call, error),
            Self::Redirect(answer, refusal) => {
                if let (Some(pushed), true) = (&answer.pushed, refusal.is_final())
                    && let Err(refusal) = pushed::answered(&call.realm, pushed).await
                {
                    return pages::refused(call, &refusal);
                }
                response::refusal(call, &answer, &refusal).await
            }
        }
    }
}
