//! What a client, or a webhook, is at the other end: it notes what is said to it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::http::{HeaderMap, StatusCode};

/// The answer of one that never answers.
pub const HANGS: u16 = 0;

/// Where a client or a webhook is called.
#[derive(Clone)]
pub struct Receiver {
    /// Its address.
    pub url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    heard: Mutex<Vec<Heard>>,
    answers: Mutex<VecDeque<u16>>,
}

/// What was said to it.
#[derive(Clone, Debug)]
pub struct Heard {
    /// `Authorization`.
    pub authorization: String,
    /// `Content-Type`.
    pub content_type: String,
    /// The body.
    pub body: String,
}

impl Heard {
    /// The value of a member of a form.
    pub fn form(&self, name: &str) -> String {
        let mut pairs = url::form_urlencoded::parse(self.body.as_bytes());
        let found = pairs.find(|(known, _)| known == name);
        found
            .unwrap_or_else(|| panic!("no `{name}` in {}", self.body))
            .1
            .into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Receiver {
    /// One that answers.
    pub async fn new() -> Self {
        Self::at(0).await
    }

    /// One at a port of this machine.
    pub async fn at(port: u16) -> Self {
        let state = Arc::new(State::default());
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
            .await
            .unwrap();
        let url = format!("http://{}/called", listener.local_addr().unwrap());
        let shown = Arc::clone(&state);
        let answer = move |headers: HeaderMap, body: String| {
            let text = |name: &str| {
                let value = headers.get(name);
                value.map_or("", |value| value.to_str().unwrap()).to_owned()
            };
            shown.heard.lock().unwrap().push(Heard {
                authorization: text("authorization"),
                content_type: text("content-type"),
                body,
            });
            let status = shown.answers.lock().unwrap().pop_front().unwrap_or(204);
            async move {
                if status == HANGS {
                    return std::future::pending().await;
                }
                let location = [("location", "/elsewhere")];
                (StatusCode::from_u16(status).unwrap(), location)
            }
        };
        let router = axum::Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    /// Waits until each of these was told something, which may take two seconds since `begun`.
    pub async fn all_hear(mut waiting: Vec<Self>, begun: std::time::Instant) {
        while !waiting.is_empty() {
            waiting.retain(|receiver| receiver.heard().is_empty());
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            assert!(begun.elapsed().as_secs() < 2, "{} wait", waiting.len());
        }
    }

    /// What it answers to the next calls; 204 afterwards.
    pub fn answers(&self, statuses: &[u16]) {
        self.state.answers.lock().unwrap().extend(statuses);
    }

    /// What was said since this was asked last.
    pub fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut self.state.heard.lock().unwrap())
    }
}
