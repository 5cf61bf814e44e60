//! A realm with settings of some kind, and a client that asks it for one thing after the other.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use jose::jws::{self, Header};
use jose::{Algorithm, Jwk, JwkSet, SigningKey};
use realm::Settings;
use serde_json::{Value, json};

use super::super::texts;
use super::draw::Draw;
use super::stage::Stage;
use crate::dpop::Key;
use crate::harness::{Answer, CALLBACK, NewClient, World};

pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
pub const SECRET: &str =
    "a-secret-with-enough-bytes-for-an-hmac-with-any-hash-of-up-to-512-bits-0123";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

static KEYS: LazyLock<Vec<Arc<SigningKey>>> = LazyLock::new(|| {
    // One of RSA for all of its algorithms: it takes long to make.
    let rsa = SigningKey::generate(Algorithm::Rs256).unwrap().jwk();
    let with = |algorithm: Algorithm| {
        let name = algorithm.as_str();
        if !name.starts_with("RS") && !name.starts_with("PS") {
            return SigningKey::generate(algorithm).unwrap();
        }
        let mut members = rsa.to_value();
        members["alg"] = json!(name);
        members["kid"] = json!(name);
        SigningKey::from_jwk(&Jwk::from_value(members).unwrap(), algorithm).unwrap()
    };
    let all = Algorithm::ALL.into_iter().filter(|it| !it.is_symmetric());
    all.map(|algorithm| Arc::new(with(algorithm))).collect()
});

/// Keys to encrypt to, of P-256 and of RSA: private.
pub static OPENERS: LazyLock<[Jwk; 2]> = LazyLock::new(|| {
    [Algorithm::Es256, Algorithm::Rs256].map(|algorithm| {
        let mut members = key(algorithm).jwk().to_value();
        members["use"] = json!("enc");
        members["kid"] = json!(format!("opens {algorithm}"));
        members.as_object_mut().unwrap().remove("alg");
        Jwk::from_value(members).unwrap()
    })
});

/// The key that signs ES256, and those to encrypt to.
pub fn all_jwks() -> Value {
    let mut all = jwks(&[Algorithm::Es256]);
    let openers = OPENERS.iter().map(|key| key.public().unwrap().to_value());
    all["keys"].as_array_mut().unwrap().extend(openers);
    all
}

/// The key of an algorithm; the secret's for a symmetric one.
pub fn key(algorithm: Algorithm) -> Arc<SigningKey> {
    match KEYS.iter().find(|key| key.algorithm() == algorithm) {
        Some(key) => Arc::clone(key),
        None => {
            let secret = Jwk::symmetric(SECRET.as_bytes()).unwrap().with_kid("s");
            Arc::new(SigningKey::from_jwk(&secret, algorithm).unwrap())
        }
    }
}

pub fn jwks(algorithms: &[Algorithm]) -> Value {
    let keys = algorithms.iter().map(|it| key(*it).public_jwk().unwrap());
    serde_json::to_value(JwkSet {
        keys: keys.collect(),
    })
    .unwrap()
}

pub fn number() -> usize {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    NUMBER.fetch_add(1, Ordering::SeqCst)
}

/// A realm with settings of some kind.
pub struct Drawn<'a> {
    pub stage: &'a Stage,
    pub draw: &'a Draw,
    pub world: World,
    pub settings: Settings,
    pub document: Value,
    /// The members that something was compared with, of each document.
    compared: Mutex<BTreeSet<String>>,
    /// What is chosen next.
    next: AtomicU64,
}

impl<'a> Drawn<'a> {
    pub async fn new(stage: &'a Stage, draw: &'a Draw) -> Self {
        let (world, settings) = (stage.world.clone(), draw.settings(stage));
        let wanted = settings.clone();
        world.settings(|all| *all = wanted).await;
        stage.offer(&draw.offers).await;
        stage.vouch(draw.superior).await;
        // What counts seconds counts anew.
        world.advance(61);
        let document = world
            .get("/.well-known/openid-configuration")
            .send()
            .await
            .json();
        Self {
            stage,
            draw,
            world,
            settings,
            document,
            compared: Mutex::default(),
            next: AtomicU64::new(draw.seed),
        }
    }

    /// What is announced as a list, to be compared.
    pub fn announced(&self, member: &str) -> BTreeSet<&str> {
        self.note(member);
        self.document.get(member).map(texts).unwrap_or_default()
    }

    /// What is announced, to be compared.
    pub fn told(&self, member: &str) -> &Value {
        self.note(member);
        &self.document[member]
    }

    /// A member of a document is compared: `name`, or `document name`.
    pub fn note(&self, member: &str) {
        self.compared.lock().unwrap().insert(member.to_owned());
    }

    /// Compares a member of another document.
    pub fn same(&self, name: &str, document: &Value, expected: &[(&str, Value)]) {
        for (member, value) in expected {
            self.note(&format!("{name} {member}"));
            assert_eq!(document[member], *value, "{name} {member}");
        }
    }

    /// A number that follows from the draw.
    fn number(&self) -> usize {
        let last = self.next.load(Ordering::SeqCst);
        let next = last
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.next.store(next, Ordering::SeqCst);
        usize::try_from(next >> 33).unwrap()
    }

    pub fn flip(&self) -> bool {
        self.number().is_multiple_of(2)
    }

    /// One of what is announced as a list.
    pub fn pick(&self, member: &str) -> String {
        self.pick_of(self.announced(member))
    }

    pub fn pick_of<'v>(&self, all: impl IntoIterator<Item = &'v str>) -> String {
        let all: Vec<&str> = all.into_iter().collect();
        all[self.number() % all.len()].to_owned()
    }

    /// `signed_metadata`.
    pub async fn signed(&self, name: &str, document: &Value) {
        self.note(format!("{name} signed_metadata").trim());
        super::offers::signed(self, document).await;
    }

    /// Every member of a document was compared with something.
    pub fn complete(&self, name: &str, document: &Value) {
        let compared = self.compared.lock().unwrap();
        for member in document.as_object().unwrap().keys() {
            let member = format!("{name} {member}");
            assert!(
                compared.contains(member.trim()),
                "nothing compares {member}"
            );
        }
    }

    /// A document of the realm; nothing where there is none.
    pub async fn get(&self, path: &str) -> Option<Value> {
        let answer = self.world.get(path).send().await;
        (answer.status != 404).then(|| answer.status(200).json())
    }

    /// Compares what is announced with what works.
    pub fn agree(&self, member: &str, works: &BTreeSet<&str>) {
        assert_eq!(
            self.announced(member),
            *works,
            "{member} under {:?}",
            self.settings
        );
    }

    /// A client that signs its assertions, with changes; nothing where it may not be registered so.
    pub async fn client(&self, change: impl FnOnce(NewClient) -> NewClient) -> Option<String> {
        change(self.new_client())
            .try_create()
            .await
            .map(|client| client.id)
    }

    fn new_client(&self) -> NewClient {
        let id = format!("client-{}", number());
        let client = self.world.client(&id).public().scope("");
        client
            .set("token_endpoint_auth_method", json!("private_key_jwt"))
            .set("jwks", jwks(&[Algorithm::Es256]))
    }

    /// Whether such a client could be registered.
    pub async fn accepts(&self, change: impl FnOnce(NewClient) -> NewClient) -> bool {
        change(self.new_client()).could_be().await
    }

    /// Compares a list with those of the values with which a client can be registered.
    pub async fn registrable<'v>(
        &self,
        (list, member): (&str, &str),
        values: impl IntoIterator<Item = &'v str>,
        change: impl Fn(NewClient) -> NewClient,
    ) {
        let mut works = BTreeSet::new();
        for value in values {
            let with = |client: NewClient| change(client).set(member, json!(value));
            if self.accepts(with).await {
                works.insert(value);
            }
        }
        self.agree(list, &works);
    }

    pub fn assertion(&self, id: &str, algorithm: Algorithm) -> String {
        let now = self.world.now();
        let claims = json!({
            "iss": id, "sub": id, "aud": self.world.issuer(), "iat": now, "exp": now + 60, "jti": format!("assertion {}", number()),
        });
        self.sign("JWT", &claims, algorithm)
    }

    pub fn sign(&self, typ: &str, claims: &Value, algorithm: Algorithm) -> String {
        let key = key(algorithm);
        let text = jws::sign(
            &key,
            &Header::typed(typ, &key),
            claims.to_string().as_bytes(),
        )
        .unwrap();
        self.world.remember(&text);
        text
    }

    pub async fn post(
        &self,
        path: &str,
        (id, algorithm): (&str, Algorithm),
        form: &[(&str, &str)],
    ) -> Answer {
        let assertion = self.assertion(id, algorithm);
        let own = [
            ("client_assertion_type", TYPE),
            ("client_assertion", &assertion),
        ];
        let form = [form, &own[..]].concat();
        let call = self.world.post(path).form(&form);
        match path {
            "/token" => {
                call.header("dpop", &Key::new().proof(&self.world))
                    .send()
                    .await
            }
            _ => call.send().await,
        }
    }

    /// What the token endpoint says to this grant.
    pub async fn error(&self, client: (&str, Algorithm), grant: &str) -> String {
        let form = [
            ("grant_type", grant),
            ("code", "x"),
            ("code_verifier", VERIFIER),
            ("redirect_uri", CALLBACK),
            ("refresh_token", "x"),
            ("device_code", "x"),
            ("pre-authorized_code", "x"),
            ("auth_req_id", "x"),
            ("assertion", "x"),
            ("subject_token", "x"),
            ("username", "nobody"),
            ("password", "x"),
            (
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:access_token",
            ),
        ];
        let answer = self.post("/token", client, &form).await;
        answer.json()["error"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// The parameters of a request that is good in every realm, with changes.
    pub fn request(&self, id: &str, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        let mode = self
            .settings
            .profile
            .demands_jarm()
            .then_some(("response_mode", "jwt"));
        let plain = [
            ("client_id", id),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", "s"),
            ("nonce", "n"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let kept = plain
            .into_iter()
            .chain(mode)
            .filter(|(name, _)| changes.iter().all(|(other, _)| other != name));
        kept.chain(changes.iter().copied())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// A request to the token endpoint with a proof of this key.
    pub async fn token(&self, key: &Key, form: &[(&str, &str)]) -> Answer {
        let call = self.world.post("/token").form(form);
        call.header("dpop", &key.proof(&self.world)).send().await
    }

    /// Whether an object is taken that is pushed by a client that proves who it is.
    pub async fn pushes(&self, id: &str, object: &str) -> bool {
        let form = [("client_id", id), ("request", object)];
        let client = (id, Algorithm::Es256);
        self.post("/par", client, &form).await.status == 201
    }

    pub fn object(&self, id: &str, request: &[(String, String)], algorithm: Algorithm) -> String {
        let now = self.world.now();
        let mut claims =
            json!({"iss": id, "aud": self.world.issuer(), "nbf": now, "exp": now + 60});
        for (name, value) in request {
            claims[name] = match name.as_str() {
                "claims" | "authorization_details" => serde_json::from_str(value).unwrap(),
                _ => json!(value),
            };
        }
        self.sign("oauth-authz-req+jwt", &claims, algorithm)
    }

    /// Whether a request with these parameters, signed and pushed as every realm takes it, is taken.
    pub async fn taken(&self, id: &str, changes: &[(&str, &str)]) -> bool {
        self.taken_signed(id, changes, Algorithm::Es256).await
    }

    pub async fn taken_signed(
        &self,
        id: &str,
        changes: &[(&str, &str)],
        algorithm: Algorithm,
    ) -> bool {
        let object = self.object(id, &self.request(id, changes), algorithm);
        self.pushes(id, &object).await
    }
}
