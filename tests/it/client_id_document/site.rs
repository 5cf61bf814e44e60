//! A site on which an application describes itself, and is told of logouts.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use super::LOOPBACK;
use crate::harness::{Client, Flow, World};

/// A site on which an application describes itself.
pub struct Site {
    pub id: String,
    state: Arc<State>,
}

/// Status, headers and body.
pub type Said = (u16, Vec<(&'static str, String)>, Vec<u8>);

struct State {
    answer: Mutex<Said>,
    delay: Mutex<Duration>,
    requests: AtomicUsize,
    posted: Mutex<Vec<String>>,
}

impl Site {
    pub async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let id = format!("http://{}/client.json", listener.local_addr().unwrap());
        let state = Arc::new(State {
            answer: Mutex::default(),
            delay: Mutex::default(),
            requests: AtomicUsize::new(0),
            posted: Mutex::default(),
        });
        let shown = Arc::clone(&state);
        let answer = move |method: Method, body: String| {
            let state = Arc::clone(&shown);
            async move {
                if method == Method::POST {
                    state.posted.lock().unwrap().push(body);
                    return (StatusCode::OK, HeaderMap::new(), Vec::new());
                }
                state.requests.fetch_add(1, Ordering::SeqCst);
                let delay = *state.delay.lock().unwrap();
                tokio::time::sleep(delay).await;
                let (status, fields, body) = state.answer.lock().unwrap().clone();
                let mut headers = HeaderMap::new();
                for (name, value) in fields {
                    headers.insert(name, value.parse().unwrap());
                }
                let status = StatusCode::from_u16(status).unwrap();
                (status, headers, body)
            }
        };
        let router = axum::Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let site = Self { id, state };
        site.publish(json!({}));
        site
    }

    /// The usual document with changes.
    pub fn document(&self, changes: Value) -> Value {
        let mut document = json!({
            "client_id": self.id, "client_name": "Desktop notes", "redirect_uris": [LOOPBACK, "https://app.example/callback"],
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"], "token_endpoint_auth_method": "none",
            "id_token_signed_response_alg": "ES256", "something_new": [1],
        });
        for (name, value) in changes.as_object().unwrap() {
            document[name] = value.clone();
        }
        document
    }

    pub fn publish(&self, changes: Value) {
        let kind = vec![("content-type", "application/json".to_owned())];
        self.say(200, kind, self.document(changes).to_string().into_bytes());
    }

    pub fn say(&self, status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8>) {
        *self.state.answer.lock().unwrap() = (status, headers, body);
    }

    pub fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }

    pub fn client(&self, world: &World, redirect: &str) -> Client {
        Client::existing(world, &self.id, None, redirect)
    }

    pub fn flow(&self, world: &World) -> Flow {
        world.flow(&self.client(world, "https://app.example/callback"))
    }

    /// What was posted to it since this was asked last.
    pub fn posted(&self) -> Vec<String> {
        std::mem::take(&mut self.state.posted.lock().unwrap())
    }

    /// How long it takes to answer.
    pub fn takes(&self, delay: Duration) {
        *self.state.delay.lock().unwrap() = delay;
    }
}
