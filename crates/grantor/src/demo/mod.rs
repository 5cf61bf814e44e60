//! The demo: a person, applications and an API, and an application to try them with. Everything here is a client of the server over HTTP, as
//! anybody's would be.

mod api;
mod app;
mod attack;
mod browser;
mod lessons;
mod outcome;
mod seed;
mod view;

use axum::Router;

pub(crate) use seed::{open, seed};

/// The demo person's user name.
pub(crate) const PERSON: &str = "alice";
/// The demo person's password.
pub(crate) const PASSWORD: &str = "correct-horse-battery";
/// The identifier of the demo API.
pub(crate) const API: &str = "urn:demo:notes";
const CLIENT: &str = "demo-web";
const CLIENT_SECRET: &str = "demo-web-secret";

/// The demo's application at `/` and its API at `/demo/notes`, for the server at `issuer`.
pub(crate) fn router(issuer: &str) -> Result<Router, crate::failure::Failure> {
    Ok(app::router(issuer)?.merge(api::router(issuer)?))
}
