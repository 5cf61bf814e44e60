//! Obtain tokens: the client side of OAuth 2.1 and OpenID Connect, for applications that sign people in and for programs that call APIs.
//!
//! Everything that a client has to check is checked here, and cannot be left out: PKCE with S256, `state`, `nonce`, the issuer of the answer
//! (RFC 9207), and the ID token to the letter of OpenID Connect Core §3.1.3.7. Tokens refresh before they expire, with one request in flight
//! however many tasks ask.
//!
//! A first real client, for a command line or a desktop application:
//!
//! ```no_run
//! use grantor_client::{Client, Credentials};
//!
//! # async fn run() -> Result<(), grantor_client::Error> {
//! let client = Client::discover("https://id.example.com", Credentials::public("my-app")).await?;
//! let sign_in = client.authorize().scope("openid profile offline_access").on_loopback().await?;
//! eprintln!("Open {}", sign_in.url());
//! let session = sign_in.finish().await?;
//! if let Some(person) = session.claims() {
//!     eprintln!("Hello, {}", person.sub);
//! }
//! let notes = session.get("https://api.example.com/notes").await?; // with a token that is fresh
//! # let _ = notes; Ok(()) }
//! ```
//!
//! A web application has a redirect URI of its own. It keeps the [`Pending`] beside the browser's session, sends the browser to its `url`, and
//! finishes with the query that the browser brings back:
//!
//! ```no_run
//! # use grantor_client::{Client, Credentials};
//! # async fn run(client: Client, query: &str) -> Result<(), grantor_client::Error> {
//! let pending = client.authorize().scope("openid").redirect_uri("https://app.example.com/callback").start().await?;
//! // … 303 to pending.url(), and later, at /callback?code=…&state=…&iss=…
//! let session = client.finish(&pending, query).await?;
//! # let _ = session; Ok(()) }
//! ```
//!
//! When the person's session at the server ends, the server says so at the `backchannel_logout_uri`, and the application ends its own (OpenID Connect
//! Back-Channel Logout):
//!
//! ```no_run
//! # use grantor_client::Client;
//! # async fn run(client: Client, logout_token: &str) -> Result<(), grantor_client::Error> {
//! let ended = client.back_channel_logout(logout_token).await?; // 400 when this is an error
//! // … forget every session whose ID token has this `sid`, and answer 200
//! # let _ = ended.session(); Ok(()) }
//! ```
//!
//! A device without a browser shows a code, which the person types elsewhere (RFC 8628):
//!
//! ```no_run
//! # use grantor_client::{Client, Credentials};
//! # async fn run(client: Client) -> Result<(), grantor_client::Error> {
//! let sign_in = client.device().scope("openid notes.read").start().await?;
//! eprintln!("Open {} and type {}", sign_in.verification_uri(), sign_in.user_code());
//! let session = sign_in.finish().await?;
//! # let _ = session; Ok(()) }
//! ```
//!
//! An agent asks a person for one act, who approves it on a device of theirs (OpenID Connect CIBA):
//!
//! ```no_run
//! # use grantor_client::{Client, Credentials};
//! # async fn run(client: Client) -> Result<(), grantor_client::Error> {
//! let request = client.approval("alice").scope("openid notes.write").binding_message("Delete 3 notes?").start().await?;
//! let session = request.finish().await?; // Error::Authorization when alice says no
//! # let _ = session; Ok(()) }
//! ```
//!
//! An application that keeps nothing in memory keeps what waits where it likes: a [`Pending`], a [`KeptApproval`] or [`KeptDevice`], and a session's
//! [`Tokens`] serialise, and [`Client::finish`], [`Client::resume_approval`], [`Client::resume_device`] and [`Client::resume`] go on with them.
//!
//! Where the server knows nothing of the application yet, it registers itself ([`Registration`]), and what is asked for in particular is a type of
//! the application's own ([`Tokens::details`]).
//!
//! An API calls another one for the person whose token it was sent (RFC 8693):
//!
//! ```no_run
//! # use grantor_client::{Client, Credentials, TokenType};
//! # async fn run(client: Client, received: &str) -> Result<(), grantor_client::Error> {
//! let exchange = client.exchange(received, TokenType::AccessToken).resource("https://files.example.com");
//! let tokens = exchange.tokens().await?;
//! # let _ = tokens.access_token(); Ok(()) }
//! ```
//!
//! A service asks for tokens of its own:
//!
//! ```no_run
//! # use grantor_client::{Client, Credentials};
//! # async fn run() -> Result<(), grantor_client::Error> {
//! let client = Client::discover("https://id.example.com", Credentials::basic("nightly", "its secret")).await?;
//! let tokens = client.service().scope("notes.read").tokens()?;
//! let header = tokens.access_token().await?.authorization();
//! # let _ = header; Ok(()) }
//! ```

mod approval;
mod attestation;
mod authorization;
mod client;
mod credentials;
mod details;
mod device;
mod discovery;
mod dpop;
mod end_session;
mod error;
mod exchange;
mod id_token;
mod initiated;
mod jarm;
mod keys;
mod logout;
mod loopback;
mod notification;
mod observer;
mod pending;
mod polling;
mod pushed;
mod registration;
mod request_object;
mod sealed;
mod service;
mod session;
mod source;
mod step_up;
mod token;
mod token_exchange;
mod userinfo;

pub use approval::{Approval, KeptApproval, PendingApproval};
pub use authorization::Authorization;
pub use client::{Client, ClientBuilder};
pub use credentials::Credentials;
pub use device::{DeviceAuthorization, DeviceSignIn, KeptDevice};
pub use error::{CallbackError, Error, IdTokenError, LogoutError};
pub use initiated::InitiatedLogin;
pub use logout::LoggedOut;
pub use loopback::LoopbackSignIn;
pub use notification::Notification;
pub use oauth::metadata::ClientMetadata;
pub use oauth::token::GrantType;
pub use oauth::token_exchange::TokenType;
pub use observer::{Exchange, Observer, Parameter, Step};
pub use pending::Pending;
pub use registration::{Registered, Registration};
pub use service::Service;
pub use session::Session;
pub use source::{AccessToken, TokenSource};
pub use step_up::step_up_challenge;
pub use token::Tokens;
pub use token_exchange::{JwtBearer, TokenExchange};
