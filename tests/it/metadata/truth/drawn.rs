//! A realm with settings of some kind, and a client that asks it for one thing after the other.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use jose::jws::{self, Header};
use jose::{Algorithm, Jwk, JwkSet, SigningKey};
use realm::Settings;
use serde_json::{Value, json};

use super::super::texts;
use crate::dpop::Key;
use crate::harness::{Answer, CALLBACK, NewClient, World};

pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
pub const SECRET: &str =
    "a-secret-with-enough-bytes-for-an-hmac-with-any-hash-of-up-to-512-bits-0123";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

static KEYS: LazyLock<Vec<Arc<SigningKey>>> = LazyLock::new(|| {
    let own = |algorithm: &Algorithm| !algorithm.as_str().starts_with("HS");
    let all = Algorithm::ALL.into_iter().filter(own);
    all.map(|algorithm| Arc::new(SigningKey::generate(algorithm).unwrap()))
        .collect()
});

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
pub struct Drawn {
    pub world: World,
    pub settings: Settings,
    pub document: Value,
}

impl Drawn {
    pub async fn new(world: &World, settings: Settings) -> Self {
        let world = world.another(world.issuer()).await;
        world.notes().await;
        let wanted = settings.clone();
        world.settings(|all| *all = wanted).await;
        let document = world
            .get("/.well-known/openid-configuration")
            .send()
            .await
            .json();
        Self {
            world,
            settings,
            document,
        }
    }

    pub fn announced(&self, member: &str) -> BTreeSet<&str> {
        self.document.get(member).map(texts).unwrap_or_default()
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
        let id = format!("client-{}", number());
        let client = self.world.client(&id).public().scope("");
        let client = client
            .set("token_endpoint_auth_method", json!("private_key_jwt"))
            .set("jwks", jwks(&[Algorithm::Es256]));
        change(client).try_create().await.map(|client| client.id)
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

    pub fn object(&self, id: &str, request: &[(String, String)], algorithm: Algorithm) -> String {
        let now = self.world.now();
        let mut claims =
            json!({"iss": id, "aud": self.world.issuer(), "nbf": now, "exp": now + 60});
        for (name, value) in request {
            claims[name] = json!(value);
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
        let form = [("client_id", id), ("request", &object)];
        self.post("/par", (id, Algorithm::Es256), &form)
            .await
            .status
            == 201
    }
}
