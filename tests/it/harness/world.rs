//! One grantor on a fresh database, and what the tests put into it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use ambient::{Ambient, Entropy};
use axum::Router;
use realm::{Node, NodeOptions, Realm, SealingKey};

use super::authority::TRUSTED;
use super::logs::{self, Secrets};
use super::{ALICE, Answer, Browser, Call, Client, Engine, Flow, NewClient};

/// Where every clock starts: 2026-11-21 08:00:00 UTC.
pub const START: i64 = 1_795_248_000;

/// The issuer of the first realm, unless the test asks for another.
pub const ISSUER: &str = "http://localhost:8080";

/// What a test may choose.
#[derive(Debug, Clone)]
pub struct WorldOptions {
    /// The issuer of the first realm; with `https` cookies are secure.
    pub issuer: String,
    /// Where the randomness starts.
    pub seed: u64,
    /// Where the clock starts, in unix seconds.
    pub start: i64,
    /// Whether guessing is limited as in production; otherwise a test may fail to sign in as often as it likes.
    pub limits: bool,
    /// How often endpoints may be asked.
    pub requests: server::RequestRates,
    /// How letters go to people.
    pub mailer: mail::Mailer,
    /// The proxies in front of it.
    pub proxies: web::address::TrustedProxies,
    /// How what applications name is reached; otherwise this machine is reached over plain http, and all else as in production.
    pub outbound: Option<fetch::FetchOptions>,
    /// How certificates of clients reach it; otherwise at an address of their own, with an authority.
    pub certificates: Option<server::ClientCertificates>,
}

/// One grantor: clones are the same one.
#[derive(Clone)]
pub struct World(Arc<Inner>);

struct Inner {
    engine: Engine,
    url: db::Url,
    options: WorldOptions,
    ambient: Ambient,
    node: Arc<Node>,
    realm: Arc<Realm>,
    router: Router,
    secrets: Secrets,
}

impl World {
    /// A world on a fresh database.
    pub async fn new(engine: Engine, seed: u64) -> Self {
        let options = WorldOptions {
            issuer: ISSUER.to_owned(),
            seed,
            start: START,
            limits: false,
            requests: server::RequestRates::none(),
            mailer: mail::Mailer::none(),
            proxies: web::address::TrustedProxies::default(),
            outbound: None,
            certificates: None,
        };
        Self::with(engine, options).await
    }

    /// A world with these options.
    pub async fn with(engine: Engine, options: WorldOptions) -> Self {
        let url = db::testing::fresh(engine).await.expect("a fresh database");
        let ambient = Ambient::manual(options.start, options.seed);
        Self::on(url, options, ambient).await
    }

    /// Another node on the same database and with the same clock.
    pub async fn beside(&self) -> Self {
        let mut options = self.0.options.clone();
        options.seed = options.seed.wrapping_add(2);
        let ambient = Ambient {
            clock: self.0.ambient.clock.clone(),
            entropy: Entropy::seeded(options.seed),
        };
        Self::on(self.0.url.clone(), options, ambient).await
    }

    async fn on(url: db::Url, options: WorldOptions, ambient: Ambient) -> Self {
        let secrets = logs::begin();
        let db = db::Db::open(&url).await.expect("the database opens");
        let key = SealingKey::from_bytes([7; 32]);
        let start = NodeOptions::new(db, ambient.clone(), key, &options.issuer);
        let node = Node::start(start).await.expect("the node starts");
        let realm = node.first();
        let router = grantor::app(node.clone(), app_options(&options));
        Self(Arc::new(Inner {
            engine: url.engine(),
            url,
            options,
            ambient,
            node,
            realm,
            router,
            secrets,
        }))
    }

    /// Another world on the same engine, with an issuer of its own.
    pub async fn another(&self, issuer: &str) -> Self {
        self.another_at(issuer, START).await
    }

    /// Another world on the same engine, with an issuer of its own, whose clock starts then.
    pub async fn another_at(&self, issuer: &str, start: i64) -> Self {
        let mut options = self.0.options.clone();
        options.issuer = issuer.to_owned();
        options.start = start;
        options.seed = options.seed.wrapping_add(1);
        Self::with(self.0.engine, options).await
    }

    /// Another world on the same engine, where guessing is limited as in production.
    pub async fn limited(&self) -> Self {
        let mut options = self.0.options.clone();
        options.limits = true;
        options.requests = server::RequestRates::default();
        Self::with(self.0.engine, options).await
    }

    /// Another world on the same engine, where endpoints may be asked so often.
    pub async fn rated(&self, requests: server::RequestRates) -> Self {
        let mut options = self.0.options.clone();
        options.requests = requests;
        Self::with(self.0.engine, options).await
    }

    /// Another world on the same engine, which writes to people like this.
    pub async fn mailing(&self, mailer: mail::Mailer) -> Self {
        let mut options = self.0.options.clone();
        options.mailer = mailer;
        Self::with(self.0.engine, options).await
    }

    /// Another world on the same engine, behind these proxies.
    pub async fn behind(&self, proxies: web::address::TrustedProxies) -> Self {
        let mut options = self.0.options.clone();
        options.proxies = proxies;
        Self::with(self.0.engine, options).await
    }

    /// Another world on the same engine, which reaches what applications name like this.
    pub async fn reaching(&self, outbound: fetch::FetchOptions) -> Self {
        let mut options = self.0.options.clone();
        options.outbound = Some(outbound);
        Self::with(self.0.engine, options).await
    }

    /// Another world on the same engine, which certificates of clients reach like this.
    pub async fn showing(&self, certificates: server::ClientCertificates) -> Self {
        let mut options = self.0.options.clone();
        options.certificates = Some(certificates);
        Self::with(self.0.engine, options).await
    }

    /// Whether certificates of clients reach it.
    pub fn sees_certificates(&self) -> bool {
        let shown = self.0.options.certificates.as_ref();
        shown.is_none_or(|shown| shown.reach_us)
    }

    /// The issuer of its first realm.
    pub fn issuer(&self) -> &str {
        &self.0.options.issuer
    }

    /// Its first realm, to make things as the commands make them.
    pub fn realm(&self) -> &Arc<Realm> {
        &self.0.realm
    }

    /// The file of its database, on SQLite.
    pub fn database(&self) -> Option<&Path> {
        self.0.url.path()
    }

    /// Its node.
    pub fn node(&self) -> &Arc<Node> {
        &self.0.node
    }

    /// The whole application.
    pub fn router(&self) -> Router {
        self.0.router.clone()
    }

    /// The time, in unix seconds.
    pub fn now(&self) -> i64 {
        self.0.ambient.now()
    }

    /// Moves the clock.
    pub fn advance(&self, seconds: i64) {
        self.0.ambient.clock.advance(seconds);
    }

    /// What a node does each second and each minute.
    pub async fn sync(&self) {
        self.node().sync().await.expect("the node keeps up");
    }

    /// Remembers a value that must not be logged.
    pub fn remember(&self, value: &str) {
        logs::remember(&self.0.secrets, value);
    }

    /// The lines of the log that hold a secret of this world.
    pub fn leaks(&self) -> Vec<String> {
        logs::leaks(&self.0.secrets)
    }

    /// Forgets the secrets, for the test that leaks one on purpose.
    pub fn forget_leaks(&self) {
        logs::forget(&self.0.secrets);
    }

    /// What was logged since this world began.
    pub fn logged(&self) -> String {
        logs::logged(&self.0.secrets)
    }

    /// A GET request to a path of the first realm.
    pub fn get(&self, path: &str) -> Call {
        Call::new(self.clone(), "GET", path)
    }

    /// A POST request to a path of the first realm.
    pub fn post(&self, path: &str) -> Call {
        Call::new(self.clone(), "POST", path)
    }

    /// A request with another method.
    pub fn call(&self, method: &str, path: &str) -> Call {
        Call::new(self.clone(), method, path)
    }

    /// A browser without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(self.clone())
    }

    /// The start of a new client.
    pub fn client(&self, id: &str) -> NewClient {
        NewClient::new(self.clone(), id)
    }

    /// Makes an API with scopes `(name, description)` that everyone may be granted.
    pub async fn resource(&self, id: &str, scopes: &[(&str, &str)]) {
        let scopes: Vec<_> = scopes
            .iter()
            .map(
                |(name, description)| serde_json::json!({"name": name, "description": description}),
            )
            .collect();
        let document = serde_json::json!({"id": id, "name": id, "scopes": scopes});
        self.resource_document(document).await;
    }

    /// Makes a person with a name, an e-mail address `NAME@example.com` and the password; hands back the identifier.
    pub async fn person(&self, username: &str, password: &str) -> String {
        self.remember(password);
        super::provision::person(self, username, password).await
    }

    /// alice, and the client `app` of [`NewClient::new`].
    pub async fn app(&self) -> Client {
        self.app_with(|client| client).await
    }

    /// alice, and the client `app` with changes.
    pub async fn app_with(&self, change: impl FnOnce(NewClient) -> NewClient) -> Client {
        self.person(ALICE.0, ALICE.1).await;
        change(self.client("app")).create().await
    }

    /// The API `urn:example:notes` with the scopes `notes.read` and `notes.write`.
    pub async fn notes(&self) {
        let scopes = [
            ("notes.read", "Read your notes"),
            ("notes.write", "Change your notes"),
        ];
        self.resource("urn:example:notes", &scopes).await;
    }

    /// That API, and the client `service`, which may use `notes.read` for itself.
    pub async fn service(&self) -> Client {
        self.service_with(|client| client).await
    }

    /// That API, and the client `service` with changes.
    pub async fn service_with(&self, change: impl FnOnce(NewClient) -> NewClient) -> Client {
        self.notes().await;
        let client = self
            .client("service")
            .grants(&["client_credentials"])
            .redirects(&[])
            .scope("notes.read")
            .default_scope("notes.read");
        change(client).create().await
    }

    /// A client that may introspect the tokens of that API.
    pub async fn api(&self, resource: &str) -> Client {
        let id = format!("api-{}", resource.rsplit(':').next().unwrap_or(resource));
        self.client(&id)
            .grants(&["client_credentials"])
            .redirects(&[])
            .scope("")
            .set("introspects", serde_json::json!([resource]))
            .create()
            .await
    }

    /// Asks userinfo.
    pub async fn userinfo(&self, token: &str) -> Answer {
        self.get("/userinfo").bearer(token).send().await
    }

    /// Signs alice in without any client.
    pub async fn sign_in(&self, browser: &mut Browser) {
        let page = browser.get("/login").await;
        let fields = [("username", ALICE.0), ("password", ALICE.1)];
        let page = browser.press(&page, "sign-in", &fields).await;
        assert_eq!(page.answer.status, 200, "{}", page.words());
    }

    /// Signs the person of this browser out.
    pub async fn sign_out(&self, browser: &mut Browser) {
        let page = browser.get("/logout").await;
        browser.press(&page, "sign-out", &[]).await;
    }

    /// Disables a person.
    pub async fn disable(&self, username: &str) {
        super::provision::disable(self, username).await;
    }

    /// Puts a person into a group.
    pub async fn join_group(&self, username: &str, group: &str) {
        super::provision::join_group(self, username, group).await;
    }

    /// Takes a person out of all groups.
    pub async fn leave_groups(&self, username: &str) {
        super::provision::leave_groups(self, username).await;
    }

    /// Makes a realm below the first one; hands back its issuer.
    pub async fn add_realm(&self, name: &str) -> String {
        super::provision::realm(self, name).await
    }

    /// Chooses the profile of the first realm: `oauth2.1` or `openid`.
    pub async fn profile(&self, name: &str) {
        super::provision::profile(self, name).await;
    }

    /// Changes the settings of the first realm.
    pub async fn settings(&self, change: impl FnOnce(&mut realm::Settings)) {
        super::provision::settings(self, change).await;
    }

    /// Makes an API from its document.
    pub async fn resource_document(&self, document: serde_json::Value) {
        super::provision::resource(self, document).await;
    }

    /// A code flow of that client.
    pub fn flow(&self, client: &Client) -> Flow {
        Flow::new(self.clone(), client)
    }

    /// The claims of a JWT of this world, its signature verified with the published keys by a foreign library.
    pub async fn claims(&self, token: &str) -> serde_json::Value {
        super::foreign::claims(self, token).await
    }

    /// The algorithm and the claims of a token, verified by our own code: for algorithms that nobody else knows yet.
    pub async fn verified(&self, token: &str) -> (jose::Algorithm, serde_json::Value) {
        super::foreign::verified(self, token).await
    }
}

fn app_options(options: &WorldOptions) -> grantor::AppOptions {
    let mut identity = identity::Options::for_tests();
    let mut server = server::Options::for_tests();
    if options.limits {
        identity.limits = identity::LimitOptions::default();
        server = server::Options::default();
    }
    server.requests = options.requests;
    server.mailer = options.mailer.clone();
    if let Some(outbound) = &options.outbound {
        server.outbound = outbound.clone();
    } else {
        // What hangs in a test shall not hang for long.
        server.outbound.timeout = std::time::Duration::from_millis(700);
    }
    let apart = || server::ClientCertificates {
        reach_us: true,
        authorities: server::ClientAuthorities::from_pem(TRUSTED.pem.as_bytes())
            .expect("an authority"),
        aliases: Some(server::Aliases {
            issuer: ISSUER.to_owned(),
            base: "https://mtls.example".to_owned(),
        }),
    };
    server.certificates = options.certificates.clone().unwrap_or_else(apart);
    grantor::AppOptions {
        identity,
        server,
        proxies: options.proxies.clone(),
        ..grantor::AppOptions::default()
    }
}

/// Everything alike in two lists, for assertions about sets.
pub fn set<'a>(values: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
    values.into_iter().collect()
}
