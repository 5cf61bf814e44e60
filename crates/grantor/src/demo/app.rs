//! The demo's application, made with `grantor-client`: it signs in, reads the claims, calls the API and shows every step of it.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use fetch::{Fetch, FetchOptions};
use grantor_client::{Client, Credentials};
use http::header::SET_COOKIE;
use jose::Algorithm;

use super::attack::{self, Attack};
use super::browser::{Browser, Browsers, Topic, Visit};
use super::outcome;
use super::{API, CLIENT, CLIENT_SECRET, view};
use crate::failure::Failure;

#[derive(Clone)]
pub(super) struct App {
    issuer: String,
    fetch: Fetch,
    browsers: Browsers,
}

/// The pages of the application, at the root of the host that the issuer is on.
pub(super) fn router(issuer: &str) -> Result<Router, Failure> {
    let app = App {
        issuer: issuer.to_owned(),
        fetch: Fetch::new(FetchOptions::loopback())?,
        browsers: Browsers::default(),
    };
    let forms = Router::new()
        .route("/sign-in", post(sign_in))
        .route("/refresh", post(refresh))
        .route("/attack/{which}", post(attempt))
        .route("/sign-out", post(sign_out));
    let none: [&str; 0] = [];
    let forms = forms.layer(web::origin::guard(none)?);
    Ok(Router::new()
        .route("/", get(start))
        .route("/callback", get(callback))
        .merge(forms)
        .with_state(app))
}

/// The newest chapter on the page.
const LATEST: &str = "/#latest";

/// Where the browser goes when a step is done, with its cookie if it is new.
fn home(cookie: Option<http::HeaderValue>, target: &str) -> Response {
    let mut response = Redirect::to(target).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

async fn start(State(app): State<App>, headers: HeaderMap) -> Response {
    // The address of the issuer is the one cookies and redirects agree on.
    let host = headers.get(http::header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or("");
    if !app.issuer.ends_with(&format!("//{host}")) {
        return Redirect::to(&format!("{}/", app.issuer)).into_response();
    }
    let Visit { browser, cookie } = app.browsers.visit(&headers);
    let mut browser = browser.lock().await;
    let mut response = view::page(&browser, &app.issuer).await;
    browser.message = None;
    if let Some(cookie) = cookie {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

impl App {
    async fn client(&self, browser: &Browser) -> Result<Client, grantor_client::Error> {
        let credentials = Credentials::basic(CLIENT, CLIENT_SECRET);
        Client::builder(self.issuer.clone(), credentials)
            .id_token_algorithm(Algorithm::Es256)
            .fetch(self.fetch.clone())
            .observer(browser.observer())
            .discover()
            .await
    }

    fn redirect_uri(&self) -> String {
        format!("{}/callback", self.issuer)
    }

    fn notes(&self) -> String {
        format!("{}/demo/notes", self.issuer)
    }
}

async fn sign_in(State(app): State<App>, headers: HeaderMap) -> Response {
    let Visit { browser, cookie } = app.browsers.visit(&headers);
    let mut browser = browser.lock().await;
    browser.forget();
    browser.begin(Topic::SignIn);
    let begun = async {
        let client = app.client(&browser).await?;
        client
            .authorize()
            .scope("openid profile email offline_access notes.read")
            .resource(API)
            .redirect_uri(app.redirect_uri())
            .start()
            .await
    };
    match begun.await {
        Ok(pending) => {
            let url = pending.url().to_owned();
            browser.pending = Some(pending);
            home(cookie, &url)
        }
        Err(error) => {
            browser.end(outcome::sign_in_failed(&error));
            home(cookie, "/")
        }
    }
}

async fn callback(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Visit { browser, cookie } = app.browsers.visit(&headers);
    let mut browser = browser.lock().await;
    let Some(pending) = browser.pending.take() else {
        browser.message = Some(outcome::unexpected());
        return home(cookie, "/");
    };
    let finished = async {
        let client = app.client_again(&browser).await?;
        let session = client.finish(&pending, &query.unwrap_or_default()).await?;
        session.userinfo().await?;
        Ok::<_, grantor_client::Error>(session)
    };
    match finished.await {
        Ok(session) => {
            browser.notes = read_notes(&session, &app.notes()).await;
            browser.session = Some(session);
        }
        Err(error) => browser.end(outcome::sign_in_failed(&error)),
    }
    home(cookie, "/")
}

impl App {
    /// The client without discovery among the steps, since that was shown when the flow began.
    async fn client_again(&self, browser: &Browser) -> Result<Client, grantor_client::Error> {
        let silent = Client::builder(
            self.issuer.clone(),
            Credentials::basic(CLIENT, CLIENT_SECRET),
        )
        .id_token_algorithm(Algorithm::Es256)
        .fetch(self.fetch.clone())
        .discover()
        .await?;
        Ok(silent.observed_by(browser.observer()))
    }
}

async fn read_notes(session: &grantor_client::Session, url: &str) -> Vec<String> {
    let Ok(response) = session.get(url).await else {
        return Vec::new();
    };
    let body: serde_json::Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let notes = body["notes"].as_array().into_iter().flatten();
    notes
        .filter_map(|note| note["text"].as_str().map(str::to_owned))
        .collect()
}

async fn refresh(State(app): State<App>, headers: HeaderMap) -> Response {
    let Visit { browser, cookie } = app.browsers.visit(&headers);
    let mut browser = browser.lock().await;
    let Some(session) = browser.session.clone() else {
        return home(cookie, "/");
    };
    browser.begin(Topic::Refresh);
    let result = session.refresh().await.map(|_| ());
    browser.ended |= matches!(result, Err(grantor_client::Error::SignInAgain));
    browser.notes = read_notes(&session, &app.notes()).await;
    browser.end(outcome::refreshed(&result));
    home(cookie, LATEST)
}

async fn attempt(
    State(app): State<App>,
    axum::extract::Path(which): axum::extract::Path<String>,
    headers: HeaderMap,
) -> Response {
    let Visit { browser, cookie } = app.browsers.visit(&headers);
    let browser = browser.lock().await;
    let (Some(attack), true) = (Attack::named(&which), browser.session.is_some()) else {
        return home(cookie, "/");
    };
    browser.begin(Topic::Attack(attack));
    let said = attack::carry_out(attack, &app.fetch, &app.issuer, &browser).await;
    browser.end(said);
    home(cookie, LATEST)
}

async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Response {
    let Visit { browser, cookie } = app.browsers.visit(&headers);
    let mut browser = browser.lock().await;
    let back = format!("{}/", app.issuer);
    let session = browser.session.take();
    browser.forget();
    let Some(session) = session else {
        return home(cookie, &back);
    };
    browser.begin(Topic::SignOut);
    // What the application holds is revoked too: a sign-out that leaves tokens behind is half of one. It forgets the ID token as well.
    let tokens = session.tokens().await;
    let revoked = session.revoke().await.is_ok();
    let hint = tokens.as_ref().and_then(grantor_client::Tokens::id_token);
    let target = app.client_again(&browser).await;
    let target = target.and_then(|client| client.end_session_url(hint, Some(&back)));
    browser.end(outcome::signed_out(revoked));
    home(cookie, &target.unwrap_or(back))
}
