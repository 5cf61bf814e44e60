//! `/logout` (OpenID Connect RP-Initiated Logout 1.0): ends the session and clears the browser's cookies. What ends with the session, and who has to hear of it,
//! is queued in the same commit, so that it takes no longer with many applications than with one.
//!
//! An `id_token_hint` of this very session ends it at once. Without one a page asks first, so that no other site can sign anybody out. The pages are in
//! English; `ui_locales` chooses what the application is called on them.

pub mod rules;

use askama::Template;
use axum::body::Body;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use db::{Batch, params};
use identity::{Person, Session};
use oauth::Params;
use oauth::authorization::{ui_locales, with_query};
use oauth::claims::IdToken;
use oauth::redirect_uri::{self, ReturnTo};
use realm::{Client, Mark};
use web::headers::Csp;
use web::page::{self, Shell};

use self::rules::{SignedIn, Step, Way};
use crate::backchannel_logout::sql::LEFT_OF_SESSION;
use crate::call::Call;
use crate::consent::Described;
use crate::frontchannel_logout::{self, Frames};
use crate::refusal::Refusal;
use crate::tokens::{id_token, subject};
use crate::{form, pages};

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
    /// The person's languages, the best first.
    locales: Vec<String>,
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
        let is_self_made = wish.client.as_ref().is_none_or(|it| it.is_self_made());
        let way = rules::way(wish.hint.is_some(), is_self_made);
        let frames = match &wish.hint {
            Some(hint) => end_rest(call, hint).await?,
            None => Frames::default(),
        };
        let mut response = done(call, (wish.back.as_ref(), way), frames);
        call.forget_remains(&mut response).await;
        return Ok(response);
    };
    let names = names(call, wish.client.as_deref(), (&session, &person));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let signed_in = SignedIn {
        person: &person.id,
        session: &session.id,
        names: &names,
    };
    let hint = wish.hint.as_ref();
    match rules::decide(Some(&signed_in), hint, params.get("logout_hint")) {
        Step::End => end(call, (&session, &person), (&wish, Way::Straight), false).await,
        Step::Nothing | Step::Ask => Ok(ask(call, &wish, person.shown_name())),
    }
}

/// What a `logout_hint` may call the person (§2): to a client of a sector, what it is told of them, so that no hint shows it whether it has guessed more.
fn names(
    call: &Call,
    client: Option<&Client>,
    (session, person): (&Session, &Person),
) -> Vec<String> {
    let realm = &call.realm;
    let told = client.map(|client| {
        [
            subject::of(realm, client, &person.id),
            subject::session(realm, client, &session.id),
        ]
    });
    let mut names: Vec<String> = told.into_iter().flatten().collect();
    if client.is_none_or(|client| client.sector().is_none()) {
        names.extend([person.username.clone(), session.id.clone()]);
        names.extend(person.email.clone());
    }
    names
}

/// Ends what is left of the session of a hint when it does not live any more: applications that the person went on working in. One that lives, on whichever
/// browser, is left alone, as a hint may have been stolen.
async fn end_rest(call: &Call, hint: &IdToken) -> Result<Frames, Stop> {
    let realm = &call.realm;
    let Some(session) = hint.sid.as_deref() else {
        return Ok(Frames::default());
    };
    let revocations = realm.revocations();
    if revocations.is_revoked(Mark::Session(session), hint.iat)
        || identity::session::find(realm, session).await?.is_some()
    {
        return Ok(Frames::default());
    }
    let values = params![realm.name(), session];
    let left = realm.db().row(&LEFT_OF_SESSION, values).await?;
    if left.is_none() {
        return Ok(Frames::default());
    }
    let frames = frontchannel_logout::frames(call, session).await?;
    let mut batch = Batch::new();
    let address = call.address.map(|address| address.0);
    identity::session::end_rest(realm, &mut batch, (session, &hint.sub), address);
    realm.commit(batch).await.map_err(realm::Error::from)?;
    Ok(frames)
}

async fn confirmed(call: &Call, params: &Params) -> Result<Response, Stop> {
    let wish = read(call, params).await?;
    let everywhere = params.get("everywhere").is_some();
    // The page asked about signing out, and did not say what kind of site would come next.
    let way = rules::way_from_question(wish.client.as_ref().is_some_and(|it| it.is_self_made()));
    match identity::session::current(&call.realm, &call.headers).await? {
        Some((session, person)) => end(call, (&session, &person), (&wish, way), everywhere).await,
        None => Ok(done(call, (wish.back.as_ref(), way), Frames::default())),
    }
}

async fn read(call: &Call, params: &Params) -> Result<Wish, Stop> {
    // A hint that is not ours is no hint: then a page asks.
    let hint = match params.get("id_token_hint") {
        None => None,
        Some(hint) => match id_token::read_hint(call, hint).await {
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
    Ok(Wish {
        hint,
        client,
        back,
        locales: ui_locales(params),
    })
}

/// Ends the session, or all that the person has.
async fn end(
    call: &Call,
    (session, person): (&Session, &Person),
    (wish, way): (&Wish, Way),
    everywhere: bool,
) -> Result<Response, Stop> {
    let realm = &call.realm;
    let frames = frontchannel_logout::frames(call, &session.id).await?;
    if everywhere {
        identity::people::sign_out_everywhere(realm, &person.id, None).await?;
    } else {
        let mut batch = Batch::new();
        let address = call.address.map(|address| address.0);
        identity::session::end(realm, &mut batch, session, address);
        realm.commit(batch).await.map_err(realm::Error::from)?;
    }
    let mut response = done(call, (wish.back.as_ref(), way), frames);
    for cookie in identity::session::forget_cookies(realm) {
        cookie.append_to(response.headers_mut());
    }
    Ok(response)
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut<'a> {
    shell: Shell,
    frames: &'a [String],
    /// Where the person may go on to: its host and its address.
    next: Option<(&'a str, &'a str)>,
    /// The script that goes there by itself.
    script: Option<&'static str>,
}

/// The end: straight to where the client wants the browser, or a page, which opens the frames of those who are told through the browser.
fn done(call: &Call, (back, way): (Option<&Return>, Way), frames: Frames) -> Response {
    let next = back.map(|Return { to, state }| {
        let pairs: Vec<(&str, &str)> = state
            .iter()
            .map(|state| ("state", state.as_str()))
            .collect();
        (to.host(), with_query(to.as_str(), &pairs))
    });
    if let (Some((_, url)), Way::Straight, true) = (&next, way, frames.addresses.is_empty()) {
        return web::page::see_other(url);
    }
    let goes_on = next.is_some() && way == Way::Straight;
    let page = SignedOut {
        shell: pages::shell(call, "Signed out"),
        frames: &frames.addresses,
        next: next.as_ref().map(|(host, url)| (*host, url.as_str())),
        script: goes_on.then(web::assets::go_on_script_path),
    };
    let mut csp = Csp {
        frame_src: frames.origins,
        ..Csp::default()
    };
    if goes_on {
        csp = csp.with_scripts();
    }
    page::render(StatusCode::OK, &page, &csp)
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
    let client = wish.client.as_ref();
    let page = SignOut {
        shell: pages::shell(call, "Sign out"),
        person,
        application: client
            .map(|client| Described::to(client, &wish.locales, &call.headers).name()),
        fields,
    };
    let csp = Csp::form_action(wish.back.iter().map(|back| back.to.origin_for_csp()));
    page::render(StatusCode::OK, &page, &csp)
}
