//! The anchor of a federation whose one member is grantor, for the plan that looks at a federation from outside: `API/anchor` (OpenID Federation 1.0 §8).

use std::sync::Arc;

use ambient::Clock;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use fetch::{Fetch, FetchOptions};
use jose::{Algorithm, Jwk, SigningKey, jws};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Failure;
use crate::grantor::Grantor;

/// The name of its key among those of the plan.
pub(crate) const KEY: &str = "own-anchor";

const STATEMENT: &str = "entity-statement+jwt";
const RESOLVED: &str = "resolve-response+jwt";

/// What it needs to speak.
pub(crate) struct Anchor {
    id: String,
    key: SigningKey,
    member: String,
    fetch: Fetch,
}

#[derive(Deserialize)]
struct About {
    sub: Option<String>,
}

type Spoken = Result<Response, (StatusCode, Json<Value>)>;

impl Anchor {
    /// One at this API, with this key.
    pub(crate) fn new(api: &str, key: &Value, grantor: &Grantor) -> Result<Self, Failure> {
        let trusting = FetchOptions {
            extra_roots: vec![grantor.certificate.clone()],
            ..FetchOptions::loopback()
        };
        Ok(Self {
            id: format!("{api}/anchor"),
            key: SigningKey::from_jwk(&Jwk::from_value(key.clone())?, Algorithm::Ps256)?,
            member: grantor.issuer.clone(),
            fetch: Fetch::new(trusting)?,
        })
    }

    /// Its endpoints.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/anchor/.well-known/openid-federation", get(configuration))
            .route("/anchor/list", get(list))
            .route("/anchor/fetch", get(fetch))
            .route("/anchor/resolve", get(resolve))
            .with_state(Arc::new(self))
    }

    fn said(&self, typ: &str, sub: &str, more: Value) -> Result<String, Failure> {
        let now = Clock::System.now();
        let mut claims = json!({"iss": self.id, "sub": sub, "iat": now, "exp": now + 300});
        if let (Some(claims), Value::Object(more)) = (claims.as_object_mut(), more) {
            claims.extend(more);
        }
        let header = jws::Header::typed(typ, &self.key);
        Ok(jws::sign(
            &self.key,
            &header,
            claims.to_string().as_bytes(),
        )?)
    }

    fn own(&self) -> Result<String, Failure> {
        let at = |name: &str| format!("{}/{name}", self.id);
        let endpoints = json!({
            "federation_fetch_endpoint": at("fetch"), "federation_list_endpoint": at("list"), "federation_resolve_endpoint": at("resolve"),
        });
        let keys = json!({"keys": [self.key.public_jwk()?]});
        let more = json!({"jwks": keys, "metadata": {"federation_entity": endpoints}});
        self.said(STATEMENT, &self.id, more)
    }

    /// What grantor says of itself: its text and its claims.
    async fn members(&self) -> Result<(String, Value), Failure> {
        let url = format!("{}/.well-known/openid-federation", self.member);
        let text = self.fetch.get(&url).await?.text()?.to_owned();
        let claims = Value::Object(jws::peek(&text)?.claims()?);
        Ok((text, claims))
    }

    /// What it says of a member.
    async fn of(&self, sub: Option<&str>) -> Result<(String, String, Value), Spoken> {
        let refused = |code: &str| {
            let status = if code == "not_found" { 404 } else { 400 };
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            Err((status, Json(json!({"error": code}))))
        };
        match sub {
            Some(sub) if sub == self.member => {}
            Some(sub) if sub == self.id => return Err(refused("invalid_request")),
            Some(_) => return Err(refused("not_found")),
            None => return Err(refused("invalid_request")),
        }
        let (text, claims) = self.members().await.map_err(|error| failed(&error))?;
        let more = json!({"jwks": claims["jwks"], "source_endpoint": format!("{}/fetch", self.id)});
        let statement = self.said(STATEMENT, &self.member, more);
        Ok((statement.map_err(|error| failed(&error))?, text, claims))
    }
}

fn failed(error: &Failure) -> Spoken {
    let words = json!({"error": "server_error", "error_description": error.to_string()});
    Err((StatusCode::INTERNAL_SERVER_ERROR, Json(words)))
}

fn signed(typ: &str, text: Result<String, Failure>) -> Spoken {
    match text {
        Ok(text) => Ok(([("content-type", format!("application/{typ}"))], text).into_response()),
        Err(error) => failed(&error),
    }
}

async fn configuration(State(anchor): State<Arc<Anchor>>) -> Spoken {
    signed(STATEMENT, anchor.own())
}

async fn list(State(anchor): State<Arc<Anchor>>) -> Json<Value> {
    Json(json!([anchor.member]))
}

async fn fetch(State(anchor): State<Arc<Anchor>>, Query(about): Query<About>) -> Spoken {
    match anchor.of(about.sub.as_deref()).await {
        Ok((statement, _, _)) => signed(STATEMENT, Ok(statement)),
        Err(spoken) => spoken,
    }
}

async fn resolve(State(anchor): State<Arc<Anchor>>, Query(about): Query<About>) -> Spoken {
    let (statement, own, claims) = match anchor.of(about.sub.as_deref()).await {
        Ok(of) => of,
        Err(spoken) => return spoken,
    };
    let chain = match anchor.own() {
        Ok(last) => json!([own, statement, last]),
        Err(error) => return failed(&error),
    };
    let more = json!({"metadata": claims["metadata"], "trust_chain": chain});
    signed(RESOLVED, anchor.said(RESOLVED, &anchor.member, more))
}
