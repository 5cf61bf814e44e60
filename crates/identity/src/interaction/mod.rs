//! Interactions: what a browser is in the middle of while a person signs in or consents. The state travels sealed in the URL (or, beyond 4 KiB,
//! is stored under a random name) and is bound to a cookie of that browser, so that a link cannot carry it to another.

pub mod rules;
pub(crate) mod sql;

use db::{Batch, params};
use http::HeaderMap;
use realm::Realm;
use serde::{Deserialize, Serialize};
use web::cookie::{self, Jar, SetCookie};

use crate::Error;
use crate::digest::sha256;

const PURPOSE: &str = "interaction";
const COOKIE: &str = "browser";

/// What a browser is in the middle of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interaction {
    /// When it began (unix seconds). An authentication at or after this time, other than [`Request::before`], satisfies
    /// [`Request::reauthenticate`].
    pub issued_at: i64,
    /// When it can no longer be gone on with (unix seconds).
    pub expires_at: i64,
    /// SHA-256 of the browser's cookie.
    pub browser: String,
    /// The authentication ([`crate::Session::sign_in`]) with which the person chose to go on, where [`Request::select`] asks for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<String>,
    /// What was asked for.
    #[serde(flatten)]
    pub request: Request,
}

impl std::ops::Deref for Interaction {
    type Target = Request;

    fn deref(&self) -> &Request {
        &self.request
    }
}

/// What an upper floor asks for when it begins an interaction.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Where to go on afterwards: a path on this origin below the realm's, without the realm's prefix, such as `/authorize/continue`.
    pub resume: String,
    /// The application's name, to be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Who is expected to sign in; fills the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// Whether a session is not enough: the person has to authenticate after `issued_at`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reauthenticate: bool,
    /// Whether somebody else than who is signed in is expected.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub another: bool,
    /// Whether somebody who is signed in is to say who goes on, they or somebody else ([`Interaction::chosen`]).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub select: bool,
    /// The authentication ([`crate::Session::sign_in`]) that the browser had before: times count seconds, and one of the same second must not
    /// satisfy `reauthenticate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The origin that redirects after the form may lead to, for the page's Content-Security-Policy: Chromium applies `form-action` to the whole
    /// chain of redirects. From `ReturnTo::origin_for_csp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form_action: Option<String>,
    /// The upper floor's own state, given back untouched.
    pub body: String,
}

impl Request {
    /// Whether [`begin`] may have to store it. Whoever lets strangers do that limits how often.
    pub fn is_large(&self) -> bool {
        serde_json::to_vec(self).map_or(true, |text| text.len() > rules::TRAVELS_MAX)
    }
}

/// The body holds a whole authorization request: it is not shown.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("resume", &self.resume)
            .field("application", &self.application)
            .field("reauthenticate", &self.reauthenticate)
            .finish_non_exhaustive()
    }
}

/// The page an interaction leads to first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Sign-in, which this crate serves.
    Login,
    /// Consent, which the server serves.
    Consent,
}

impl Page {
    /// The page's address for an interaction, with the realm's prefix: for a `Location`.
    pub fn url(self, realm: &Realm, token: &str) -> String {
        let path = match self {
            Self::Login => "/login",
            Self::Consent => "/consent",
        };
        format!("{}{}", realm.path(), rules::with_interaction(path, token))
    }
}

/// An interaction that has begun.
#[derive(Clone)]
pub struct Begun {
    /// Names or holds the interaction: letters, digits, `-`, `_` and at most one `.`; at most 4098 characters.
    pub token: String,
    /// Where to send the browser (303), with the realm's prefix.
    pub url: String,
    /// What the browser has to be given, when it has no browser cookie yet.
    pub cookie: Option<SetCookie>,
}

impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Begun(…)")
    }
}

/// Why an interaction cannot be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The token was not made here, or was changed.
    #[error("the interaction is not known")]
    Unknown,
    /// It is too old.
    #[error("the interaction has expired")]
    Expired,
    /// It belongs to another browser, or this one sends no cookies.
    #[error("the interaction belongs to another browser")]
    OtherBrowser,
    /// The database failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Begins an interaction that leads to `page`. It lives as long as the setting `authorization_request` says.
///
/// # Errors
/// [`Error::BadInteraction`] when `resume` leaves this origin or the whole is larger than 64 KiB; otherwise the database's.
pub async fn begin(
    realm: &Realm,
    headers: &HeaderMap,
    page: Page,
    request: Request,
) -> Result<Begun, Error> {
    if !rules::is_local_path(&request.resume) {
        return Err(Error::BadInteraction);
    }
    let (browser, cookie) = browser(realm, headers);
    let issued_at = realm.now();
    let interaction = Interaction {
        issued_at,
        expires_at: issued_at + realm.settings().lifetimes.authorization_request,
        browser,
        chosen: None,
        request,
    };
    let token = written(realm, &interaction).await?;
    Ok(Begun {
        url: page.url(realm, &token),
        token,
        cookie,
    })
}

/// The same interaction, in which the person has chosen to go on with this authentication: its token.
///
/// # Errors
/// The database's.
pub(crate) async fn choose(
    realm: &Realm,
    interaction: &Interaction,
    sign_in: &str,
) -> Result<String, Error> {
    let chosen = Interaction {
        chosen: Some(sign_in.to_owned()),
        ..interaction.clone()
    };
    written(realm, &chosen).await
}

/// The token of an interaction.
async fn written(realm: &Realm, interaction: &Interaction) -> Result<String, Error> {
    let document = serde_json::to_vec(interaction).map_err(|_| Error::BadInteraction)?;
    if document.len() > rules::DOCUMENT_MAX {
        return Err(Error::BadInteraction);
    }
    let sealed = realm.seal(PURPOSE, &document);
    if sealed.len() <= rules::SEALED_MAX {
        Ok(sealed)
    } else {
        store(realm, &sealed, interaction.expires_at).await
    }
}

/// Opens the interaction that `token` holds or names, if it is this browser's and has not expired.
///
/// # Errors
/// [`OpenError`].
pub async fn open(
    realm: &Realm,
    headers: &HeaderMap,
    token: &str,
) -> Result<Interaction, OpenError> {
    if !rules::is_well_formed(token) {
        return Err(OpenError::Unknown);
    }
    let stored = match token.strip_prefix(rules::STORED_PREFIX) {
        Some(name) => Some(fetch(realm, name).await?),
        None => None,
    };
    let document = realm
        .unseal(PURPOSE, stored.as_deref().unwrap_or(token))
        .ok_or(OpenError::Unknown)?;
    let interaction: Interaction =
        serde_json::from_slice(&document).map_err(|_| OpenError::Unknown)?;
    if realm.now() >= interaction.expires_at {
        return Err(OpenError::Expired);
    }
    // Both are hashes of values nobody can choose: comparing them in constant time would gain nothing.
    match browser_cookie(realm, headers) {
        Some(value) if sha256(&value) == interaction.browser => Ok(interaction),
        _ => Err(OpenError::OtherBrowser),
    }
}

async fn store(realm: &Realm, sealed: &str, expires_at: i64) -> Result<String, Error> {
    let name = realm.ambient().token();
    let mut batch = Batch::new();
    batch.run(
        &sql::INSERT_INTERACTION,
        params![realm.name(), sha256(&name), sealed, expires_at],
    );
    realm.db().commit(batch).await?;
    Ok(format!("{}{name}", rules::STORED_PREFIX))
}

async fn fetch(realm: &Realm, name: &str) -> Result<String, OpenError> {
    let row = realm
        .db()
        .row(&sql::FIND_INTERACTION, params![realm.name(), sha256(name)])
        .await
        .map_err(Error::from)?;
    row.map(|row| row.text(0).to_owned())
        .ok_or(OpenError::Unknown)
}

/// The hash of the browser's cookie, and the cookie to set when it has none.
fn browser(realm: &Realm, headers: &HeaderMap) -> (String, Option<SetCookie>) {
    match browser_cookie(realm, headers) {
        Some(value) => (sha256(&value), None),
        None => {
            let value = realm.ambient().token();
            let cookie = SetCookie::new(cookie_name(realm), &value, realm.is_https());
            (sha256(&value), Some(cookie))
        }
    }
}

fn browser_cookie(realm: &Realm, headers: &HeaderMap) -> Option<String> {
    Jar::from_headers(headers)
        .get(&cookie_name(realm))
        .filter(|value| crate::session::is_token(value))
        .map(str::to_owned)
}

fn cookie_name(realm: &Realm) -> String {
    cookie::name(realm.name(), realm.is_https(), COOKIE)
}
