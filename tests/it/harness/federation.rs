//! A small federation on a socket: an anchor, an intermediate, and below it an application.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jose::{Algorithm, SigningKey, jws};
use serde_json::{Value, json};

use super::{Answer, Browser, Client, Flow, Page, World};

/// Where the application has its answers sent.
pub const RP_CALLBACK: &str = "https://rp.example/callback";

/// The federation, and the application `leaf` as its own developers have it.
#[derive(Clone)]
pub struct Federation {
    pub world: World,
    state: Arc<State>,
    /// The application's protocol key, which is none of its federation keys.
    pub key: Arc<SigningKey>,
}

struct State {
    world: World,
    base: String,
    entities: Mutex<BTreeMap<String, Entity>>,
    requests: AtomicUsize,
    delay: Mutex<Duration>,
}

struct Entity {
    key: Arc<SigningKey>,
    /// What it says of itself beyond the usual.
    own: Value,
    /// What it says of those right below it beyond the usual.
    below: BTreeMap<String, Value>,
    /// What its site answers, if not that.
    status: Option<u16>,
}

/// Members replaced, or removed where they are null.
pub fn changed(mut claims: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn jwks(key: &SigningKey) -> Value {
    let mut public = key.public_jwk().unwrap().to_value();
    public["kid"] = json!(key.kid());
    json!({"keys": [public]})
}

fn sign(key: &SigningKey, typ: &str, claims: &Value) -> String {
    let header = jws::Header::typed(typ, key);
    jws::sign(key, &header, claims.to_string().as_bytes()).unwrap()
}

impl State {
    fn id(&self, name: &str) -> String {
        format!("{}/{name}", self.base)
    }

    fn key(&self, name: &str) -> Arc<SigningKey> {
        Arc::clone(&self.entities.lock().unwrap()[name].key)
    }

    fn statement(&self, issuer: &str, of: &str) -> Option<String> {
        let (usual, key) = {
            let entities = self.entities.lock().unwrap();
            let entity = entities.get(issuer)?;
            let now = self.world.now();
            let mut claims =
                json!({"iss": self.id(issuer), "sub": self.id(of), "iat": now, "exp": now + 7200});
            if let Some(subject) = entities.get(of) {
                claims["jwks"] = jwks(&subject.key);
            }
            let changes = if issuer == of {
                let endpoint = format!("{}/fetch", self.id(issuer));
                claims["metadata"] =
                    json!({"federation_entity": {"federation_fetch_endpoint": endpoint}});
                &entity.own
            } else {
                entity.below.get(of)?
            };
            (changed(claims, changes), Arc::clone(&entity.key))
        };
        Some(sign(&key, "entity-statement+jwt", &usual))
    }

    async fn answer(self: Arc<Self>, request: Request) -> Response {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let delay = *self.delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        let path = request.uri().path().trim_start_matches('/').to_owned();
        let name = path.split('/').next().unwrap_or_default();
        let status = self
            .entities
            .lock()
            .unwrap()
            .get(name)
            .and_then(|it| it.status);
        if let Some(status) = status {
            return StatusCode::from_u16(status).unwrap().into_response();
        }
        let said = if path.ends_with("/.well-known/openid-federation") {
            self.statement(name, name)
        } else if path.ends_with("/fetch") {
            let query = request.uri().query().unwrap_or_default();
            let sub = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "sub");
            let sub = sub.map(|(_, sub)| sub.into_owned()).unwrap_or_default();
            let own = sub.strip_prefix(&format!("{}/", self.base));
            self.statement(name, own.unwrap_or(&sub))
        } else {
            None
        };
        match said {
            Some(text) => {
                ([("content-type", "application/entity-statement+jwt")], text).into_response()
            }
            None => (
                StatusCode::NOT_FOUND,
                [("content-type", "application/json")],
                r#"{"error":"not_found"}"#,
            )
                .into_response(),
        }
    }
}

impl Federation {
    /// A federation whose anchor the first realm of this world trusts.
    pub async fn new(world: &World) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            world: world.clone(),
            base,
            entities: Mutex::default(),
            requests: AtomicUsize::new(0),
            delay: Mutex::default(),
        });
        let shown = Arc::clone(&state);
        let router =
            axum::Router::new().fallback(move |request| Arc::clone(&shown).answer(request));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let key = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
        let it = Self {
            world: world.clone(),
            state,
            key,
        };
        for name in ["anchor", "middle", "leaf"] {
            it.add(name);
        }
        it.configure("middle", json!({"authority_hints": [it.id("anchor")]}));
        it.describe(json!({}));
        it.vouch("anchor", "middle", json!({}));
        it.vouch("middle", "leaf", json!({}));
        let anchor = json!([{"entity_id": it.id("anchor"), "jwks": jwks(&it.state.key("anchor"))}]);
        let hint = it.id("middle");
        world
            .settings(|settings| {
                settings.federation.trust_anchors = serde_json::from_value(anchor).unwrap();
                settings.federation.authority_hints = vec![hint];
            })
            .await;
        it
    }

    /// The same federation, whose application goes to another node or grantor.
    pub fn at(&self, world: &World) -> Self {
        let world = world.clone();
        Self {
            world,
            ..self.clone()
        }
    }

    /// Another entity, whom nobody knows yet.
    pub fn add(&self, name: &str) {
        let entity = Entity {
            key: Arc::new(SigningKey::generate(Algorithm::Es256).unwrap()),
            own: json!({}),
            below: BTreeMap::new(),
            status: None,
        };
        self.state
            .entities
            .lock()
            .unwrap()
            .insert(name.to_owned(), entity);
    }

    pub fn id(&self, name: &str) -> String {
        self.state.id(name)
    }

    /// The federation keys of an entity, as it tells them to those right above it.
    pub fn jwks(&self, name: &str) -> Value {
        jwks(&self.state.key(name))
    }

    fn change<T>(&self, name: &str, change: impl FnOnce(&mut Entity) -> T) -> T {
        change(self.state.entities.lock().unwrap().get_mut(name).unwrap())
    }

    /// What an entity says of itself beyond the usual.
    pub fn configure(&self, name: &str, own: Value) {
        self.change(name, |entity| entity.own = own);
    }

    /// What the application says it is, with changes.
    pub fn describe(&self, changes: Value) {
        self.describe_as("leaf", changes);
    }

    /// As another entity says it of itself.
    pub fn describe_as(&self, name: &str, changes: Value) {
        let usual = json!({
            "client_registration_types": ["automatic", "explicit"], "client_name": "The library", "redirect_uris": [RP_CALLBACK],
            "response_types": ["code"], "grant_types": ["authorization_code", "refresh_token"], "id_token_signed_response_alg": "ES256",
            "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&self.key),
        });
        let metadata = json!({"openid_relying_party": changed(usual, &changes)});
        self.configure(
            name,
            json!({"authority_hints": [self.id("middle")], "metadata": metadata}),
        );
    }

    /// What a superior says of somebody right below it beyond the usual.
    pub fn vouch(&self, superior: &str, of: &str, claims: Value) {
        self.change(superior, |entity| {
            entity.below.insert(of.to_owned(), claims)
        });
    }

    /// What a superior says of somebody who is not of this site.
    pub fn vouch_for_stranger(&self, superior: &str, of: &str, claims: Value) {
        let mut claims = claims;
        claims["sub"] = json!(of);
        self.vouch(superior, of, claims);
    }

    /// The trust marks that an entity shows.
    pub fn bear(&self, name: &str, marks: Value) {
        self.change(name, |entity| entity.own["trust_marks"] = marks);
    }

    /// Who is right above an entity, as it says.
    pub fn hint(&self, name: &str, superior: &str) {
        self.change(name, |entity| {
            entity.own["authority_hints"] = json!([superior])
        });
    }

    /// The site of an entity answers with a status alone, or as usual again.
    pub fn fail(&self, name: &str, status: Option<u16>) {
        self.change(name, |entity| entity.status = status);
    }

    /// An entity has another key from now on.
    pub fn rekey(&self, name: &str) {
        let key = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
        self.change(name, |entity| entity.key = key);
    }

    pub fn slow(&self, delay: Duration) {
        *self.state.delay.lock().unwrap() = delay;
    }

    /// What one entity says of another, or of itself.
    pub fn statement(&self, issuer: &str, of: &str) -> String {
        self.state.statement(issuer, of).unwrap()
    }

    /// The application's chain.
    pub fn chain(&self) -> Vec<String> {
        let pairs = [
            ("leaf", "leaf"),
            ("middle", "leaf"),
            ("anchor", "middle"),
            ("anchor", "anchor"),
        ];
        pairs
            .iter()
            .map(|(issuer, of)| self.statement(issuer, of))
            .collect()
    }

    /// A JWT of an entity.
    pub fn sign(&self, name: &str, typ: &str, claims: &Value) -> String {
        sign(&self.state.key(name), typ, claims)
    }

    /// How often the sites were asked.
    pub fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }

    pub fn client(&self) -> Client {
        Client::existing(&self.world, &self.id("leaf"), None, RP_CALLBACK)
    }

    pub fn flow(&self) -> Flow {
        self.world.flow(&self.client())
    }

    /// What a request of the application says, with changes.
    pub fn claims(&self, changes: &Value) -> Value {
        let parameters = self.flow().parameters.into_iter();
        let mut claims: Value = parameters
            .map(|(name, value)| (name, Value::from(value)))
            .collect();
        claims["iss"] = json!(self.id("leaf"));
        claims["aud"] = json!(self.world.issuer());
        claims["exp"] = json!(self.world.now() + 60);
        claims["jti"] = json!(self.world.realm().ambient().token());
        changed(claims, changes)
    }

    /// A request object of the application.
    pub fn object(&self, changes: &Value) -> String {
        sign(&self.key, "oauth-authz-req+jwt", &self.claims(changes))
    }

    /// The same with a chain in its header.
    pub fn object_with_chain(&self, chain: &[String]) -> String {
        let mut header = jws::Header::typed("oauth-authz-req+jwt", &self.key);
        header.extra.insert("trust_chain".to_owned(), json!(chain));
        jws::sign(
            &self.key,
            &header,
            self.claims(&json!({})).to_string().as_bytes(),
        )
        .unwrap()
    }

    /// An assertion that authenticates the application.
    pub fn assertion(&self, audience: &str) -> String {
        let id = self.id("leaf");
        let claims = json!({"iss": id, "sub": id, "aud": audience, "exp": self.world.now() + 60, "jti": self.world.realm().ambient().token()});
        sign(&self.key, "JWT", &claims)
    }

    /// The first page that a browser sees with a request object.
    pub async fn arrives(&self, object: &str) -> Page {
        self.arrives_as("leaf", object).await
    }

    /// As another entity.
    pub async fn arrives_as(&self, name: &str, object: &str) -> Page {
        let query = super::call::encode(&[("client_id", &self.id(name)), ("request", object)]);
        self.world
            .browser()
            .get(&format!("/authorize?{query}"))
            .await
    }

    /// Whether a person who comes with a new request of the application is asked to sign in; else what the page or the application is told.
    pub async fn admits(&self) -> Result<(), String> {
        outcome(&self.arrives(&self.object(&json!({}))).await)
    }

    /// The code of a whole walk with an object.
    pub async fn code(&self, object: &str) -> String {
        self.code_in(&mut self.world.browser(), object).await
    }

    /// The same in a browser.
    pub async fn code_in(&self, browser: &mut Browser, object: &str) -> String {
        let query = super::call::encode(&[("client_id", &self.id("leaf")), ("request", object)]);
        let page = browser.get(&format!("/authorize?{query}")).await;
        let page = self.flow().go_on(browser, page).await;
        self.flow().response(&page)["code"].clone()
    }

    /// Redeems a code as the application does.
    pub async fn redeem(&self, code: &str) -> Answer {
        let assertion = self.assertion(self.world.issuer());
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let changes = [
            ("client_assertion_type", kind),
            ("client_assertion", assertion.as_str()),
        ];
        self.flow().redeem_with(code, &changes).await
    }
}

/// Whether the page asks to sign in; else the error that it shows or that goes to the application.
pub fn outcome(page: &Page) -> Result<(), String> {
    if page.leaving.is_some() {
        let query = super::query_of(page.left());
        return Err(format!("{} to the application", query["error"]));
    }
    if page.has("password") {
        return Ok(());
    }
    Err(page.words())
}
