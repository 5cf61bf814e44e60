//! The yardstick: an axum handler that signs one ES256 JWT, and one that verifies one. Nothing is checked, stored or logged.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use jose::{Algorithm, JwkSet, KeySet, SigningKey, jwt};
use serde_json::{Value, json};

use crate::Failure;

struct Keys {
    signer: jwt::Signer,
    set: KeySet,
    token: String,
}

const NOW: i64 = 1_800_000_000;

fn claims(jti: u64) -> Value {
    json!({
        "iss": "http://localhost:8080", "sub": "bench", "aud": "urn:bench:api", "iat": NOW, "exp": NOW + 300,
        "jti": format!("{jti:022}"), "client_id": "bench", "scope": "bench.read",
    })
}

pub(crate) async fn serve(port: u16) -> Result<(), Failure> {
    let key = Arc::new(SigningKey::generate(Algorithm::Es256)?);
    let set = KeySet::from_jwks(&JwkSet {
        keys: vec![key.public_jwk()?],
    });
    let signer = jwt::Signer::new(key, "at+jwt")?;
    let token = signer.sign(&claims(0))?;
    let keys = Arc::new(Keys { signer, set, token });
    let app = Router::new()
        .route("/sign", post(sign))
        .route("/verify", post(verify))
        .with_state(keys);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(listener, app).await?;
    Ok(())
}

async fn sign(State(keys): State<Arc<Keys>>, body: String) -> Json<Value> {
    let token = keys
        .signer
        .sign(&claims(body.len() as u64))
        .unwrap_or_default();
    Json(json!({"access_token": token, "token_type": "Bearer", "expires_in": 300}))
}

async fn verify(State(keys): State<Arc<Keys>>, _body: String) -> Json<Value> {
    let policy = jwt::Policy {
        issuer: jwt::Issuer::Is("http://localhost:8080"),
        audience: jwt::Audience::Includes("urn:bench:api"),
        algorithms: &[Algorithm::Es256],
        typ: jwt::Type::Is("at+jwt"),
        lifetime: jwt::Lifetime::Expires,
        now: NOW,
        leeway: 0,
    };
    let verified = jwt::verify::<oauth::claims::AccessToken>(&keys.token, &keys.set, &policy);
    Json(json!({"active": verified.is_ok()}))
}

/// The bare handlers in a process of their own, as grantor is.
pub(crate) struct Process {
    child: Child,
    port: u16,
}

impl Process {
    pub(crate) async fn start() -> Result<Self, Failure> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?
            .local_addr()?
            .port();
        let child = Command::new(std::env::current_exe()?)
            .args(["bare", &port.to_string()])
            .stdin(Stdio::null())
            .spawn()?;
        let process = Self { child, port };
        for _ in 0..500 {
            if std::net::TcpStream::connect(process.address()).is_ok() {
                return Ok(process);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err("the bare handlers do not listen".into())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
