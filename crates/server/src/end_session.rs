//! `/logout` (OpenID Connect RP-Initiated Logout §2): ends the session, the refresh tokens that end with it, and the browser's cookie.
//!
//! An `id_token_hint` for this very session ends it at once. Without one a page asks first, so that no other site can sign anybody out.

use askama::Template;
use axum::body::Body;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use db::Batch;
use identity::Session;
use oauth::Params;
use oauth::authorization::with_query;
use oauth::claims::IdToken;
use oauth::redirect_uri::{self, ReturnTo};
use realm::Client;
use web::headers::Csp;
use web::page::{self, Shell};

use crate::call::Call;
use crate::refusal::Refusal;
use crate::tokens::id_token;
use crate::{form, pages, refresh_token};

/// Where the browser goes afterwards.
struct Return {
    to: ReturnTo,
    state: Option<String>,
}

/// What the request says, verified.
struct Wish {
    hint: Option<IdToken>,
    client: Option<std::sync::Arc<Client>>,
    back: Option<Return>,
}

enum Stop {
    Refused(&'static str),
    Failed(Refusal),
}

impl<E: Into<Refusal>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Stop {
    fn into_response(self, call: &Call) -> Response {
        match self {
            Self::Refused(text) => pages::bad_logout(call, text),
            Self::Failed(refusal) => pages::refused(call, &refusal),
        }
    }
}

/// `GET /logout`.
pub(crate) async fn get(call: Call, uri: Uri) -> Response {
    let params = match form::query(&uri) {
        Ok(params) => params,
        Err(reason) => return pages::refused(&call, &reason.into()),
    };
    match begin(&call, &params).await {
        Ok(response) => response,
        Err(stop) => stop.into_response(&call),
    }
}

/// `POST /logout`: from another site it comes without the cookie, so it goes on as a GET.
pub(crate) async fn post(call: Call, body: Body) -> Response {
    match form::body_as_query(&call, body).await {
        Ok(query) => web::page::see_other(&format!("{}/logout?{query}", call.realm.path())),
        Err(reason) => pages::refused(&call, &reason.into()),
    }
}

/// `POST /logout/confirm`: the person said yes on our page.
pub(crate) async fn confirm(call: Call, body: Body) -> Response {
    let params = match form::body(&call, body).await {
        Ok(params) => params,
        Err(reason) => return pages::refused(&call, &reason.into()),
    };
    match confirmed(&call, &params).await {
        Ok(response) => response,
        Err(stop) => stop.into_response(&call),
    }
}

async fn begin(call: &Call, params: &Params) -> Result<Response, Stop> {
    let wish = read(call, params).await?;
    let current = identity::session::current(&call.realm, &call.headers).await?;
    let Some((session, person)) = current else {
        return Ok(done(call, wish.back.as_ref()));
    };
    let meant = wish.hint.as_ref().is_some_and(|hint| {
        hint.sub == person.id && hint.sid.as_ref().is_none_or(|sid| *sid == session.id)
    });
    if meant {
        return end(call, &session, wish.back.as_ref()).await;
    }
    Ok(ask(call, &wish, person.shown_name()))
}

async fn confirmed(call: &Call, params: &Params) -> Result<Response, Stop> {
    let wish = read(call, params).await?;
    match identity::session::current(&call.realm, &call.headers).await? {
        Some((session, _)) => end(call, &session, wish.back.as_ref()).await,
        None => Ok(done(call, wish.back.as_ref())),
    }
}

async fn read(call: &Call, params: &Params) -> Result<Wish, Stop> {
    // A hint that is not ours is no hint: then a page asks.
    let hint = match params.get("id_token_hint") {
        None => None,
        Some(hint) => match id_token::read_hint(&call.realm, hint, call.now()).await {
            Ok(hint) => Some(hint),
            Err(Refusal::Because(_)) => None,
            Err(failed) => return Err(Stop::Failed(failed)),
        },
    };
    let named = params.get("client_id");
    if let (Some(hint), Some(named)) = (&hint, named)
        && !hint.aud.contains(named)
    {
        return Err(Stop::Refused(
            "client_id is not the client of the id_token_hint",
        ));
    }
    let id = named.or_else(|| hint.as_ref().and_then(|hint| hint.aud.iter().next()));
    let client = match id {
        Some(id) => call.client(id).await?,
        None => None,
    };
    // Nobody is sent to a client that is switched off, as at /authorize.
    let client = client.filter(|client| !client.disabled);
    let back = match params.get("post_logout_redirect_uri") {
        None => None,
        Some(uri) => {
            let client = client.as_ref().ok_or(Stop::Refused(
                "post_logout_redirect_uri needs an id_token_hint or a client_id",
            ))?;
            let to =
                redirect_uri::find(&client.post_logout_redirect_uris, Some(uri)).map_err(|_| {
                    Stop::Refused("post_logout_redirect_uri is not registered for the client")
                })?;
            Some(Return {
                to,
                state: params.owned("state"),
            })
        }
    };
    Ok(Wish { hint, client, back })
}

async fn end(call: &Call, session: &Session, back: Option<&Return>) -> Result<Response, Stop> {
    let realm = &call.realm;
    let mut batch = Batch::new();
    refresh_token::revoke_session(realm, &mut batch, &session.id, call.now());
    let (_, cookie) = identity::session::sign_out(
        realm,
        &call.headers,
        call.address.map(|address| address.0),
        batch,
    )
    .await?;
    let mut response = done(call, back);
    cookie.append_to(response.headers_mut());
    Ok(response)
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut {
    shell: Shell,
}

fn done(call: &Call, back: Option<&Return>) -> Response {
    match back {
        Some(Return { to, state }) => {
            let pairs: Vec<(&str, &str)> = state
                .iter()
                .map(|state| ("state", state.as_str()))
                .collect();
            web::page::see_other(&with_query(to.as_str(), &pairs))
        }
        None => {
            let page = SignedOut {
                shell: pages::shell(call, "Signed out"),
            };
            page::render(StatusCode::OK, &page, &Csp::default())
        }
    }
}

#[derive(Template)]
#[template(path = "sign_out.html")]
struct SignOut<'a> {
    shell: Shell,
    person: &'a str,
    application: Option<&'a str>,
    fields: Vec<(&'a str, &'a str)>,
}

fn ask(call: &Call, wish: &Wish, person: &str) -> Response {
    let mut fields = Vec::new();
    if let Some(client) = &wish.client {
        fields.push(("client_id", client.id.as_str()));
    }
    if let Some(Return { to, state }) = &wish.back {
        fields.push(("post_logout_redirect_uri", to.as_str()));
        if let Some(state) = state {
            fields.push(("state", state));
        }
    }
    let page = SignOut {
        shell: pages::shell(call, "Sign out"),
        person,
        application: wish.client.as_ref().map(|client| client.display_name()),
        fields,
    };
    let csp = Csp::form_action(wish.back.iter().map(|back| back.to.origin_for_csp()));
    page::render(StatusCode::OK, &page, &csp)
}
