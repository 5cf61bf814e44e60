//! The OAuth and OpenID Connect endpoints, and consent.
//!
//! Each endpoint is a file named after its metadata key without `_endpoint`; each grant a folder named after its grant type. A request flows as
//! load, decide, commit: an endpoint reads parameters and authenticates the client, a folder's `mod.rs` loads with `sql.rs`, its `rules.rs` decides without
//! input or output, tokens are signed, and one guarded batch makes it true.

mod account_credentials;
mod answer;
mod attestation_challenges;
pub mod authorization;
pub mod authorization_code;
pub mod backchannel_logout;
mod call;
mod certified;
mod challenge;
mod check_session_iframe;
pub mod ciba;
pub mod client_auth;
pub mod client_credentials;
pub mod client_id_document;
mod commit;
pub mod consent;
mod cors;
pub mod credential;
mod decryption;
pub mod device_code;
mod dpop;
pub mod end_session;
mod endings;
pub mod federation;
mod form;
pub mod freshness;
mod frontchannel_logout;
pub mod granting;
mod guesses;
pub mod introspection;
mod jwks;
pub mod jwt_bearer;
mod limits;
pub mod metadata;
mod pages;
pub mod password;
pub mod pre_authorized_code;
mod pushed_authorization_request;
#[cfg(test)]
mod races;
pub mod refresh_token;
pub mod refusal;
pub mod registration;
pub mod remote_keys;
pub mod request_object;
mod revocation;
pub mod shared_signals;
mod sought;
pub mod status_list;
mod stored;
mod token;
pub mod token_exchange;
mod tokens;
pub mod trust;
mod userinfo;
pub mod waiting;
pub mod webfinger;

use std::sync::Arc;

use ambient::Ambient;
use axum::Router;
use axum::routing::{get, post};
use fetch::FetchOptions;
use identity::Identity;

pub use client_auth::{Aliases, AuthenticatedClient, ClientAuthorities, ClientCertificates};
pub use limits::{RequestRate, RequestRates};
pub use web::limit::Rate;

/// What the operator may say about the endpoints.
#[derive(Clone, Debug)]
pub struct Options {
    /// How often secrets, codes and refresh tokens may be guessed.
    pub guesses: Rate,
    /// How often people may type a device's code wrongly.
    pub devices: device_code::Rates,
    /// How often people may be asked by clients.
    pub ciba: ciba::Rates,
    /// How often a person may be offered credentials on their page.
    pub offers: Rate,
    /// How often a public client may push authorization requests from one address.
    pub pushes: Rate,
    /// How often an endpoint may be asked.
    pub requests: RequestRates,
    /// How often an address may make us fetch request objects.
    pub references: Rate,
    /// How what is at a client's addresses is fetched.
    pub outbound: FetchOptions,
    /// How letters go to people.
    pub mailer: mail::Mailer,
    /// How clients can show certificates.
    pub certificates: ClientCertificates,
    /// Origins of our own that the `Host` header may not show, behind a proxy that rewrites it.
    pub trusted_origins: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            guesses: guesses::DEFAULT,
            pushes: pushed_authorization_request::DEFAULT,
            offers: account_credentials::DEFAULT,
            references: request_object::DEFAULT,
            devices: device_code::Rates::default(),
            requests: RequestRates::default(),
            ciba: ciba::Rates::default(),
            outbound: FetchOptions::default(),
            mailer: mail::Mailer::none(),
            certificates: ClientCertificates::default(),
            trusted_origins: Vec::new(),
        }
    }
}

impl Options {
    /// Hardly any limits, for tests; addresses of this machine may be fetched from.
    pub fn for_tests() -> Self {
        let many = Rate {
            burst: 100_000,
            seconds_each: 1,
        };
        Self {
            guesses: many,
            pushes: many,
            offers: many,
            references: many,
            outbound: FetchOptions::loopback(),
            devices: device_code::Rates::all(many),
            requests: RequestRates::none(),
            ciba: ciba::Rates::all(many),
            ..Self::default()
        }
    }
}

/// What the endpoints of all realms of a process share.
pub struct Server {
    identity: Arc<Identity>,
    guesses: guesses::Guesses,
    pushes: web::limit::Limiter,
    offers: web::limit::Limiter,
    references: request_object::References,
    decryptions: decryption::Decryptions,
    logos: consent::Logos,
    proofs: oauth::dpop::Seen,
    devices: device_code::Limits,
    ciba: ciba::Ciba,
    requests: limits::Limits,
    outbound: Option<fetch::Fetch>,
    documents: Arc<client_id_document::Documents>,
    federation: Arc<federation::Federation>,
    errands: sought::Errands,
    remote_keys: Arc<remote_keys::RemoteKeys>,
    /// How clients are told that a session has ended.
    logout: Option<(&'static str, Arc<dyn realm::outbox::Handler>)>,
    /// How events are pushed to receivers.
    push: Option<(&'static str, Arc<dyn realm::outbox::Handler>)>,
    polls: shared_signals::Room,
    certificates: ClientCertificates,
    signed: metadata::signed::Signed,
    status_lists: status_list::Lists,
    trusted_origins: Vec<String>,
}

impl Server {
    /// Makes the limits; starts nothing.
    pub fn new(identity: Arc<Identity>, options: Options, ambient: &Ambient) -> Arc<Self> {
        let errands = sought::Errands::new(&ambient.clock);
        let remote_keys = remote_keys::RemoteKeys::new(options.outbound.clone(), &errands);
        let remote_keys = Arc::new(remote_keys);
        let documents = client_id_document::Documents::new(&options.outbound, &errands);
        let documents = Arc::new(documents);
        let federation = federation::Federation::new(&options.outbound, &errands);
        let federation = Arc::new(federation);
        Arc::new(Self {
            identity,
            guesses: guesses::Guesses::new(options.guesses, &ambient.clock),
            pushes: web::limit::Limiter::new(ambient.clock.clone(), options.pushes),
            offers: web::limit::Limiter::new(ambient.clock.clone(), options.offers),
            references: request_object::References::new(
                options.outbound.clone(),
                web::limit::Limiter::new(ambient.clock.clone(), options.references),
            ),
            decryptions: decryption::Decryptions::new(&ambient.clock),
            logos: consent::Logos::new(&options.outbound, &ambient.clock),
            proofs: oauth::dpop::Seen::new(dpop::REMEMBERED),
            devices: device_code::Limits::new(&options.devices, &ambient.clock),
            ciba: ciba::Ciba::new(
                (&options.ciba, &ambient.clock),
                (&options.outbound, &remote_keys),
                options.mailer,
            ),
            requests: limits::Limits::new(&options.requests, &ambient.clock),
            outbound: registration::outbound(&options.outbound),
            logout: backchannel_logout::handler(
                &options.outbound,
                &remote_keys,
                (&documents, &federation),
            ),
            documents,
            push: shared_signals::push(&options.outbound),
            polls: shared_signals::Room::new(),
            federation,
            errands,
            remote_keys,
            certificates: options.certificates,
            signed: metadata::signed::Signed::new(),
            status_lists: status_list::Lists::new(),
            trusted_origins: options.trusted_origins,
        })
    }

    /// What this process calls clients for, for [`realm::Node::handle`]: the kind of message and its handler.
    pub fn handlers(&self) -> Vec<(&'static str, Arc<dyn realm::outbox::Handler>)> {
        let mut handlers = self.ciba.handlers();
        handlers.extend(self.logout.clone());
        handlers.extend(self.push.clone());
        handlers
    }

    /// How people sign in.
    pub fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

/// All endpoints, with paths relative to a realm. Handlers take the realm from the extension `Arc<realm::Realm>` and the caller's address from
/// `web::address::ClientAddress`.
pub fn router(server: Arc<Server>) -> Router {
    let for_scripts = Router::new()
        .route(
            "/token",
            cors::for_scripts(post(token::post), "POST, OPTIONS"),
        )
        .route(
            "/userinfo",
            cors::for_scripts(
                get(userinfo::handle).post(userinfo::handle),
                "GET, HEAD, POST, OPTIONS",
            ),
        )
        .route(
            "/credential",
            cors::for_scripts(post(credential::post), "POST, OPTIONS"),
        )
        .route(
            "/notification",
            cors::for_scripts(post(credential::notify), "POST, OPTIONS"),
        )
        .route(
            "/par",
            cors::for_scripts(post(pushed_authorization_request::post), "POST, OPTIONS"),
        )
        .route(
            "/revoke",
            cors::for_scripts(post(revocation::post), "POST, OPTIONS"),
        )
        .route(
            "/register",
            cors::for_scripts(post(registration::post), "POST, OPTIONS"),
        )
        .route(
            "/register/{id}",
            cors::for_scripts(
                get(registration::get)
                    .put(registration::put)
                    .delete(registration::delete),
                "GET, HEAD, PUT, DELETE, OPTIONS",
            ),
        );
    let public = Router::new()
        .route("/jwks", get(jwks::get))
        .route("/nonce", post(credential::nonce))
        .route(
            "/credential_offer/{reference}",
            get(pre_authorized_code::fetch),
        )
        .route("/vct/{id}", get(credential::metadata::vct))
        .route("/status_list/{id}", get(status_list::get))
        .route("/status_lists", get(status_list::all))
        .merge(federation::of_superiors());
    let endpoints = Router::new()
        .route(
            "/authorize",
            get(authorization::get).post(authorization::post),
        )
        .route("/authorize/continue", get(authorization::resume))
        .route("/introspect", post(introspection::post))
        .route("/challenge", post(challenge::post))
        .route("/device_authorization", post(device_code::begin))
        .route("/bc-authorize", post(ciba::begin))
        .route(
            "/federation_registration",
            post(federation::federation_registration::post),
        )
        .route(
            "/federation_trust_mark_status",
            post(federation::federation_trust_mark_status::post),
        )
        .route("/check_session", get(check_session_iframe::get))
        .route("/logout", get(end_session::get).post(end_session::post));
    endpoints
        .merge(signals())
        .merge(pages(&server))
        .merge(for_scripts)
        .merge(web::cors::public(public))
        .with_state(Arc::clone(&server))
        .merge(metadata_router(server))
}

/// The endpoints for receivers of security events.
fn signals() -> Router<Arc<Server>> {
    Router::new()
        .route(
            "/ssf/streams",
            get(shared_signals::read)
                .post(shared_signals::create)
                .patch(shared_signals::patch)
                .put(shared_signals::replace)
                .delete(shared_signals::delete),
        )
        .route("/ssf/streams/{id}/poll", post(shared_signals::poll))
        .route(
            "/ssf/status",
            get(shared_signals::status).post(shared_signals::set_status),
        )
        .route("/ssf/subjects/add", post(shared_signals::add_subject))
        .route("/ssf/subjects/remove", post(shared_signals::remove_subject))
        .route("/ssf/verify", post(shared_signals::verify))
}

/// The pages whose forms change something, behind the origin check.
fn pages(server: &Server) -> Router<Arc<Server>> {
    let origins = server.trusted_origins.iter().map(String::as_str);
    match web::origin::guard(origins) {
        Ok(guard) => Router::new()
            .route(
                "/consent",
                get(authorization::ask::show).post(authorization::ask::submit),
            )
            .route(
                "/consent/applications",
                get(consent::list).post(consent::submit_withdrawal),
            )
            .route("/consent/logo", get(consent::logo))
            .route("/logout/confirm", post(end_session::confirm))
            .route("/device", get(device_code::show).post(device_code::submit))
            .route(
                "/device/continue",
                get(device_code::ask).post(device_code::answer),
            )
            .route(
                "/account/credentials",
                get(account_credentials::show).post(account_credentials::submit),
            )
            .route("/account/approvals", get(ciba::show).post(ciba::submit))
            .route(
                "/account/approvals/code",
                get(ciba::show_user_code).post(ciba::submit_user_code),
            )
            .layer(guard),
        Err(error) => {
            // Without their guard the pages are not served at all.
            tracing::error!(%error, "an origin in trusted_origins is not one: /consent is not served");
            Router::new()
        }
    }
}

/// The discovery documents after a realm's path: `/.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`. At the forms that come
/// before a realm's path the wiring serves the same router with that realm.
pub fn metadata_router(server: Arc<Server>) -> Router {
    let documents = Router::new()
        .route("/.well-known/openid-configuration", get(metadata::get))
        .route(
            "/.well-known/oauth-authorization-server",
            get(metadata::get),
        )
        .route("/.well-known/webfinger", get(webfinger::get))
        .route(
            "/.well-known/ssf-configuration",
            get(shared_signals::metadata),
        )
        .route(
            "/.well-known/openid-federation",
            get(federation::configuration::get),
        )
        .route(
            "/.well-known/oauth-protected-resource",
            get(metadata::protected_resource::get),
        )
        .route(
            "/.well-known/oauth-protected-resource/{*path}",
            get(metadata::protected_resource::get),
        )
        .route(
            "/.well-known/openid-credential-issuer",
            get(credential::metadata::get),
        )
        .route(
            "/.well-known/jwt-vc-issuer",
            get(credential::metadata::issuer),
        );
    web::cors::public(documents).with_state(server)
}

/// What this crate does about messages of lower floors, for [`realm::Node::handle`]: the kind and its handler.
pub fn handlers() -> Vec<(&'static str, Arc<dyn realm::outbox::Handler>)> {
    let mut handlers = endings::handlers();
    handlers.push(shared_signals::changes());
    handlers
}

/// What deletes the expired rows of this crate in the background: `$1` is now, `$2` how many rows at most.
pub fn sweeps() -> Vec<&'static db::Stmt> {
    vec![
        &authorization_code::sql::SWEEP_CODES,
        &refresh_token::sql::SWEEP_FAMILIES,
        &client_auth::sql::SWEEP_ASSERTIONS,
        &dpop::sql::SWEEP_PROOFS,
        &device_code::sql::SWEEP_DEVICES,
        &ciba::sql::SWEEP_AUTHENTICATIONS,
        &ciba::sql::SWEEP_ASKED_PEOPLE,
        &ciba::sql::SWEEP_LETTER_COUNTS,
        &backchannel_logout::sql::SWEEP_CLIENTS,
        &authorization::pushed::sql::SWEEP_PUSHED_REQUESTS,
        &shared_signals::sql::SWEEP_SIGNALS,
        &credential::sql::SWEEP_NOTIFICATIONS,
        &pre_authorized_code::sql::SWEEP_OFFERS,
        &status_list::sql::SWEEP_ISSUED,
        &status_list::sql::SWEEP_STATUS_LISTS,
    ]
}

/// Every statement of this crate, so that a test prepares them on both engines.
pub fn statements() -> Vec<&'static db::Stmt> {
    [
        authorization_code::sql::STATEMENTS,
        refresh_token::sql::STATEMENTS,
        consent::sql::STATEMENTS,
        client_auth::sql::STATEMENTS,
        dpop::sql::STATEMENTS,
        jwt_bearer::sql::STATEMENTS,
        device_code::sql::STATEMENTS,
        ciba::sql::STATEMENTS,
        credential::sql::STATEMENTS,
        pre_authorized_code::sql::STATEMENTS,
        backchannel_logout::sql::STATEMENTS,
        authorization::pushed::sql::STATEMENTS,
        shared_signals::sql::STATEMENTS,
        status_list::sql::STATEMENTS,
    ]
    .concat()
}
