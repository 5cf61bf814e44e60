//! Outbound HTTP that foreign input may steer: a client's metadata, a `jwks_uri`, a webhook. Every request has a time limit, a size limit and
//! an address limit (no request forgery into the operator's network), follows no redirect and says nothing about itself but its user agent.
//!
//! ```no_run
//! # async fn run() -> Result<(), fetch::Error> {
//! let fetch = fetch::Fetch::new(fetch::FetchOptions::default())?;
//! let response = fetch.get("https://issuer.example/jwks").await?;
//! if response.status == http::StatusCode::OK { let _document = response.text()?; }
//! # Ok(()) }
//! ```

mod client;
mod error;
pub mod guard;
mod options;
mod resolver;

pub use client::{Fetch, Response};
pub use error::Error;
pub use ipnet::IpNet;
pub use options::{ClientIdentity, FetchOptions};
