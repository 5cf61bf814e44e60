//! Verify access tokens at an API: the resource server's side of OAuth 2.1.
//!
//! A [`Verifier`] knows one issuer and one audience. It discovers the issuer's keys, verifies tokens by itself (signature, issuer, audience, type,
//! times: RFC 9068 §4), asks the issuer only about tokens it cannot read (RFC 7662), and answers 401 and 403 with the challenges of RFC 6750.
//! [`Verifier::require`] makes a tower layer of it, for axum, hyper and tonic; [`AccessToken`] hands the verified claims to the handler.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use grantor_resource::{AccessToken, Verifier};
//!
//! async fn notes(token: AccessToken) -> String {
//!     format!("the notes of {}", token.sub)
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = Verifier::builder("https://id.example", "https://api.example").build()?;
//! let app: Router = Router::new()
//!     .route("/notes", get(notes))
//!     .layer(verifier.require("notes.read"));
//! # Ok(()) }
//! ```
//!
//! Keys are refreshed when a token names one that is unknown, at most once in [`Builder::refresh_interval`], so that forged `kid`s cannot make an API
//! flood its issuer. Tokens that are bound to a key (`cnf`) need a proof beside them where [`Builder::dpop`] says
//! how clients address the API, and are refused as bearer tokens everywhere (RFC 9449 §7.2). Those that are bound to a certificate need a
//! connection with it: put [`PeerCertificate`] into the extensions of the request (RFC 8705 §3).
//!
//! Opaque tokens are asked about: [`Builder::introspect_as`] with a secret, [`Builder::introspect_by`] with a key or a certificate. At a realm of FAPI 2.0, where
//! clients have no secrets and answers are signed (RFC 9701), that is
//!
//! ```no_run
//! # use grantor_resource::{Caller, Verifier};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let jwk = String::new();
//! use jose::Algorithm;
//!
//! let verifier = Verifier::builder("https://id.example", "https://api.example")
//!     .introspect_by(Caller::private_key_jwt("api", &jwk)?, 30)
//!     .signed_introspection(&[Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps256])
//!     .dpop("https://api.example")
//!     .build()?;
//! # Ok(()) }
//! ```
//!
//! for a client that is registered with `grantor client create --auth-method private_key_jwt --introspects https://api.example`.

mod builder;
mod caller;
mod certificate;
mod dpop;
mod introspection;
mod issuer;
mod layer;
mod refusal;
mod signed_answer;
mod step_up;
mod token;
mod verifier;

pub use builder::{BuildError, Builder};
pub use caller::Caller;
pub use certificate::PeerCertificate;
pub use dpop::{Arrival, Scheme};
pub use layer::{Protect, Protected};
pub use oauth::claims::AccessToken as Claims;
pub use oauth::token_exchange::{Actors, Party, Unreadable};
pub use refusal::Refusal;
pub use step_up::StepUp;
pub use token::AccessToken;
pub use verifier::{Admission, Verifier};
