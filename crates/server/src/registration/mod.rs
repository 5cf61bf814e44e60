//! Dynamic registration of clients (RFC 7591) and its management (RFC 7592): `POST /register`, and `GET`, `PUT`, `DELETE /register/ID`. The realm says who may
//! register; what a client may state, `rules.rs` says.

pub mod choices;
pub mod rules;
mod sector;
mod statement;

use axum::body::Body;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::Response;
use fetch::{Fetch, FetchOptions};
use oauth::challenge::Bearer;
use oauth::{Error as Wire, ErrorCode};
use realm::clients::{self, Registered, Secret};
use realm::{Admission, Client};
use serde_json::Value;
use web::form::FormError;

use self::rules::{Given, Members};
use crate::call::Call;
use crate::refusal::{Reason, Refusal};
use crate::{answer, cors};

const ENDPOINT: &str = "registration";
/// Who changes a registration, in the audit.
const ACTOR: &str = "registration";
/// How long what a client states may be, in bytes; there is room for its keys.
const LONGEST: usize = 128 * 1024;

/// What fetches the lists of sectors.
pub(crate) fn outbound(options: &FetchOptions) -> Option<Fetch> {
    let options = FetchOptions {
        max_bytes: sector::LONGEST,
        timeout: options.timeout.min(std::time::Duration::from_secs(5)),
        ..options.clone()
    };
    Fetch::new(options).ok()
}

/// What goes wrong, and what is known by then of the client: scripts of its origins may read why.
struct Failed {
    refusal: Refusal,
    client: Option<Box<Client>>,
}

impl<R: Into<Refusal>> From<R> for Failed {
    fn from(refusal: R) -> Self {
        Self {
            refusal: refusal.into(),
            client: None,
        }
    }
}

type Outcome<T> = Result<T, Failed>;

/// `POST /register` (RFC 7591 §3.1).
pub(crate) async fn post(call: Call, body: Body) -> Response {
    if call.realm.settings().registration.mode == Admission::Off {
        return answer::empty(StatusCode::NOT_FOUND);
    }
    match Box::pin(register(&call, body)).await {
        Ok((done, token)) => {
            let shown = shown(&call, &done, &token);
            let response = answer::json(StatusCode::CREATED, &Value::Object(shown));
            cors::allow(&call, Some(&done.client), response)
        }
        Err(failed) => refused(&call, &failed),
    }
}

/// `GET /register/ID` (RFC 7592 §2.1).
pub(crate) async fn get(call: Call, Path(id): Path<String>) -> Response {
    match managed(&call, &id).await {
        Ok((client, token)) => {
            let done = Registered {
                client,
                secret: None,
            };
            let shown = shown(&call, &done, &token);
            let response = answer::json(StatusCode::OK, &Value::Object(shown));
            cors::allow(&call, Some(&done.client), response)
        }
        Err(failed) => refused(&call, &failed),
    }
}

/// `PUT /register/ID` (RFC 7592 §2.2).
pub(crate) async fn put(call: Call, Path(id): Path<String>, body: Body) -> Response {
    if call.realm.settings().registration.mode == Admission::Off {
        return answer::empty(StatusCode::NOT_FOUND);
    }
    match Box::pin(change(&call, &id, body)).await {
        Ok((done, token)) => {
            let shown = shown(&call, &done, &token);
            let response = answer::json(StatusCode::OK, &Value::Object(shown));
            cors::allow(&call, Some(&done.client), response)
        }
        Err(failed) => refused(&call, &failed),
    }
}

/// `DELETE /register/ID` (RFC 7592 §2.3).
pub(crate) async fn delete(call: Call, Path(id): Path<String>) -> Response {
    let outcome = async {
        let (client, _) = managed(&call, &id).await?;
        match clients::delete(&call.realm, &id, ACTOR).await {
            // Somebody else was faster.
            Ok(()) | Err(realm::Error::NotFound { .. }) => Ok(client),
            Err(error) => Err(Failed::from(error)),
        }
    };
    match outcome.await {
        Ok(client) => {
            let response = answer::empty(StatusCode::NO_CONTENT);
            cors::allow(&call, Some(&client), response)
        }
        Err(failed) => refused(&call, &failed),
    }
}

async fn register(call: &Call, body: Body) -> Outcome<(Registered, String)> {
    call.server.requests.register(call)?;
    let realm = &call.realm;
    let mode = realm.settings().registration.mode;
    let initial = match mode {
        Admission::Token => Some(initial_token(call).await?),
        _ => None,
    };
    let members = members(call, body).await?;
    let client = stated(call, members, None).await?;
    call.server.requests.registered(call)?;
    let secret = if rules::has_secret(&client) {
        Secret::Generate
    } else {
        Secret::None
    };
    let address = call.address.map(|address| address.to_string());
    let known = Some(Box::new(client.clone()));
    let made = clients::register(realm, client, secret, (mode, initial), address).await;
    match made {
        Ok(made) => Ok((made.registered, made.token)),
        Err(error) => Err(Failed {
            refusal: reason(error),
            client: known,
        }),
    }
}

/// Reads what a client states, and what those whom it names say to it.
async fn stated(call: &Call, mut members: Members, old: Option<&Client>) -> Outcome<Client> {
    let settings = call.realm.settings();
    let mode = settings.registration.mode;
    members.retain(|_, value| !value.is_null());
    if members.contains_key("software_statement") {
        statement::apply(call, &mut members).await?;
    } else if mode == Admission::Statement {
        return Err(Reason::StatementMissing.into());
    }
    let catalogue = call.realm.catalogue().await?;
    let offered = call.server.certificates.methods(true);
    choices::settle_method(&mut members, settings.profile, &offered)?;
    choices::settle(&mut members, settings.profile)?;
    let given = Given {
        retired: settings.allow_retired_grants,
        old,
    };
    let client = rules::read(members, &catalogue, given)?;
    match sector::check(call, &client).await {
        Ok(()) => Ok(client),
        Err(refusal) => Err(Failed {
            refusal,
            client: Some(Box::new(client)),
        }),
    }
}

async fn change(call: &Call, id: &str, body: Body) -> Outcome<(Registered, String)> {
    call.server.requests.register(call)?;
    let (old, token) = managed(call, id).await?;
    let known = |refusal: Refusal| Failed {
        refusal,
        client: Some(Box::new(old.clone())),
    };
    let members = members(call, body).await?;
    if members.get("client_id").and_then(Value::as_str) != Some(id) {
        return Err(known(Reason::RegistrationOfAnother.into()));
    }
    if let Some(secret) = members.get("client_secret")
        && !secret
            .as_str()
            .is_some_and(|secret| old.verify_secret(&call.realm, secret))
    {
        return Err(known(Reason::RegistrationSecretWrong.into()));
    }
    let new = stated(call, members, Some(&old))
        .await
        .map_err(|failed| known(failed.refusal))?;
    let secret = rules::secret(&old, &new);
    let new = rules::replace(&old, new).map_err(|error| Refusal::Failed(error.to_string()))?;
    match clients::update(&call.realm, new, secret, ACTOR).await {
        Ok(done) => Ok((done, token)),
        Err(error) => Err(known(reason(error))),
    }
}

/// The client whose registration the caller may manage, as the database has it, and the token that says so. An unknown client, one that an operator made and a
/// wrong token look alike.
async fn managed(call: &Call, id: &str) -> Outcome<(Client, String)> {
    let server = &call.server;
    server.guesses.check(call, id)?;
    let wrong = || {
        server.guesses.failed(call, id);
        Failed::from(Reason::RegistrationTokenWrong)
    };
    let token = bearer(call).ok_or(Reason::RegistrationTokenWrong)?;
    let client = clients::find(&call.realm, id).await?;
    let client = client
        .filter(|client| !client.disabled && !client.is_expired(call.now()))
        .filter(|client| client.verify_registration_token(&call.realm, token));
    client
        .map(|client| (client, token.to_owned()))
        .ok_or_else(wrong)
}

/// The initial access token of the request (RFC 7591 §3), if it can be used.
async fn initial_token(call: &Call) -> Result<&str, Refusal> {
    call.server.guesses.check(call, "")?;
    let token = bearer(call).ok_or(Reason::InitialTokenUnusable)?;
    if realm::initial_access::is_usable(&call.realm, token).await? {
        return Ok(token);
    }
    call.server.guesses.failed(call, "");
    Err(Reason::InitialTokenUnusable.into())
}

fn bearer(call: &Call) -> Option<&str> {
    let (scheme, token) = call.authorization().ok()??.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty()).then_some(token)
}

async fn members(call: &Call, body: Body) -> Result<Members, Reason> {
    let text = web::json::read(&call.headers, body, LONGEST).await;
    let text = text.map_err(|error| match error {
        FormError::WrongContentType => Reason::JsonContentType,
        FormError::TooLarge => Reason::JsonTooLarge,
        FormError::Incomplete => Reason::FormIncomplete,
        FormError::Malformed | FormError::Duplicate(_) | FormError::Nul => Reason::JsonMalformed,
    })?;
    jose::json_object(&text).map_err(|_| Reason::JsonMalformed)
}

/// What a client is told of its registration (RFC 7591 §3.2.1, RFC 7592 §3).
fn shown(call: &Call, done: &Registered, token: &str) -> Members {
    let client = &done.client;
    let mut members = rules::echo(client);
    let uri = call.realm.url(&format!("/register/{}", client.id));
    let mut add = |name: &str, value: Value| {
        members.insert(name.to_owned(), value);
    };
    add("client_id", client.id.as_str().into());
    add("client_id_issued_at", client.created_at.into());
    add("registration_access_token", token.into());
    add("registration_client_uri", uri.into());
    if let Some(secret) = &done.secret {
        add("client_secret", secret.as_str().into());
    }
    if client.has_secret() {
        // It lives as long as the client does.
        add("client_secret_expires_at", 0.into());
    }
    members
}

fn reason(error: realm::Error) -> Refusal {
    match error {
        realm::Error::Invalid(rule) => rules::broken(&rule).into(),
        realm::Error::NotFound { what, .. } if what == realm::initial_access::UNUSABLE => {
            Reason::InitialTokenUnusable.into()
        }
        // It was deleted just now.
        realm::Error::NotFound { .. } => Reason::RegistrationTokenWrong.into(),
        realm::Error::Conflict { .. } => Reason::Contended.into(),
        error => error.into(),
    }
}

fn refused(call: &Call, failed: &Failed) -> Response {
    let client = failed.client.as_deref();
    let id = client.map(|client| client.id.as_str());
    let mut response = answer::refused(call, ENDPOINT, id, &failed.refusal);
    let (code, description) = failed.refusal.wire();
    if code == ErrorCode::InvalidToken {
        let challenge = Bearer::refusing(&Wire::new(code, description));
        let challenge = challenge.with_realm(call.realm.issuer()).to_string();
        answer::set(&mut response, header::WWW_AUTHENTICATE, &challenge);
    }
    cors::allow(call, client, response)
}
