//! The wiring: which tenant a request is for, and which crate answers it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use realm::{Node, Realm};
use tower::ServiceExt;

/// What the wiring needs beyond the node.
#[derive(Clone, Debug)]
pub struct AppOptions {
    /// How many Argon2id computations run at once.
    pub password_workers: usize,
    /// How many sign-ins may wait for one of them.
    pub password_queue: usize,
    /// Networks whose forwarding headers are believed, as CIDR.
    pub trusted_proxies: Vec<String>,
}

impl Default for AppOptions {
    fn default() -> Self {
        Self {
            password_workers: 1,
            password_queue: 64,
            trusted_proxies: Vec::new(),
        }
    }
}
