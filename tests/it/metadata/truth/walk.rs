//! A whole sign-in, by one way or another of those that are announced: what comes is as it was registered, and tells what is announced.

use std::collections::{BTreeMap, BTreeSet};

use jose::jwe::{self, Accepted, ContentEncryption, KeyManagement};
use jose::{Algorithm, JwkSet, KeySet, jws};
use oauth::dpop::token_hash;
use realm::keys::Family;
use serde_json::{Map, Value, json};

use super::drawn::{Drawn, OPENERS, TYPE, VERIFIER, all_jwks};
use super::stage::CLAIMS;
use crate::dpop::{Key, see};
use crate::harness::{CALLBACK, Client, NewClient, fragment_of, query_of};

/// Claims of answers themselves, or of tokens that come another way.
const ENVELOPE: [&str; 6] = [
    "jti",
    "_claim_names",
    "_claim_sources",
    "azp",
    "nbf",
    "client_id",
];
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";
const CHAT: &str = "https://chat.example";

/// A client with its tokens, bound to a key.
pub struct Walked {
    pub id: String,
    pub token: String,
    pub key: Key,
    pub id_token: String,
}

/// What an answer comes as, of what is announced for it; nothing where nothing was drawn.
#[derive(Clone, Debug)]
struct Form {
    signed: Option<String>,
    encrypted: Option<(String, String)>,
}

impl Form {
    fn drawn(drawn: &Drawn<'_>, what: &str, signs: bool) -> Self {
        let pick = |end: &str| drawn.pick(&format!("{what}_{end}_values_supported"));
        let encrypts = drawn.flip();
        Self {
            signed: (signs || encrypts || drawn.flip()).then(|| pick("signing_alg")),
            encrypted: encrypts.then(|| (pick("encryption_alg"), pick("encryption_enc"))),
        }
    }

    fn register(&self, client: NewClient, what: &str) -> NewClient {
        let mut client = client;
        if let Some(alg) = &self.signed {
            client = client.set(&format!("{what}_signed_response_alg"), json!(alg));
        }
        if let Some((alg, enc)) = &self.encrypted {
            client = client.set(&format!("{what}_encrypted_response_alg"), json!(alg));
            client = client.set(&format!("{what}_encrypted_response_enc"), json!(enc));
        }
        client
    }

    /// What was sent so: the text that was signed, and what it says.
    async fn open(&self, drawn: &Drawn<'_>, text: &str) -> (String, Value) {
        let text = match &self.encrypted {
            None => text.to_owned(),
            Some((alg, enc)) => opened(text, alg, enc),
        };
        match &self.signed {
            None => (String::new(), serde_json::from_str(&text).unwrap()),
            Some(alg) => {
                let read = jws::peek(&text).unwrap();
                assert_eq!(read.algorithm.as_str(), alg);
                let claims = verified(drawn, &text).await;
                (text, claims)
            }
        }
    }
}

fn opened(text: &str, alg: &str, enc: &str) -> String {
    let way: KeyManagement = alg.parse().unwrap();
    let content: ContentEncryption = enc.parse().unwrap();
    let accepted = Accepted {
        key_management: &[way],
        content: &[content],
    };
    let key = match Family::of(way).unwrap() {
        Family::EcdhEs => &OPENERS[0],
        Family::RsaOaep => &OPENERS[1],
    };
    let opened = jwe::decrypt(text, key, &accepted).unwrap();
    String::from_utf8(opened.plaintext).unwrap()
}

/// The claims of what the realm signed, by the keys that it publishes.
pub async fn verified(drawn: &Drawn<'_>, text: &str) -> Value {
    let keys = drawn.world.get("/jwks").send().await;
    let keys = KeySet::from_jwks(&JwkSet::from_json(&keys.body).unwrap());
    let read = jws::peek(text).unwrap();
    let key = keys.find(read.header.kid.as_deref(), read.algorithm);
    jws::verify(text, key.unwrap()).unwrap();
    Value::Object(read.claims().unwrap())
}

/// alice signs in to a new client, which asks for this.
async fn sign_in(
    drawn: &Drawn<'_>,
    describe: impl Fn(NewClient) -> NewClient,
    response: &Form,
    asked: &[(&str, &str)],
) -> (String, Key, Map<String, Value>) {
    let with = |client: NewClient| {
        response
            .register(describe(client), "authorization")
            .trusted()
    };
    let id = drawn
        .client(with)
        .await
        .unwrap_or_else(|| panic!("a client as announced: {response:?} {:?}", drawn.draw));
    let object = drawn.object(&id, &drawn.request(&id, asked), Algorithm::Es256);
    let form = [("client_id", id.as_str()), ("request", object.as_str())];
    let pushed = drawn.post("/par", (&id, Algorithm::Es256), &form).await;
    let pushed = pushed.status(201).text("request_uri");
    let query = crate::harness::call::encode(&[("client_id", &id), ("request_uri", &pushed)]);
    let client = Client::existing(&drawn.world, &id, None, CALLBACK);
    let mut browser = drawn.world.browser();
    let page = browser.get(&format!("/authorize?{query}")).await;
    let page = drawn.world.flow(&client).go_on(&mut browser, page).await;
    let url = page.left();
    let mut answered: BTreeMap<String, String> = match url.fragment() {
        Some(_) => fragment_of(url),
        None => query_of(url),
    };
    if let Some(text) = answered.get("response") {
        let (_, claims) = response.open(drawn, text).await;
        let texts = claims.as_object().unwrap().iter();
        answered = texts
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect();
    }
    // RFC 9207 §2.
    let named = *drawn.told("authorization_response_iss_parameter_supported") == json!(true);
    assert_eq!(
        answered
            .get("iss")
            .is_some_and(|iss| iss == drawn.world.issuer()),
        named
    );
    let code = answered
        .get("code")
        .unwrap_or_else(|| panic!("{answered:?}"));
    let (key, assertion) = (Key::new(), drawn.assertion(&id, Algorithm::Es256));
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", CALLBACK),
        ("client_assertion_type", TYPE),
        ("client_assertion", &assertion),
    ];
    let answer = drawn.token(&key, &form).await;
    let Value::Object(tokens) = answer.status(200).json() else {
        panic!("{answer:?}");
    };
    (id, key, tokens)
}

/// alice signs in to a new client for one scope.
pub async fn for_scope(drawn: &Drawn<'_>, scope: &str) -> Walked {
    let described = |client: NewClient| client.scope(scope);
    let plain = Form {
        signed: Some("ES256".to_owned()),
        encrypted: None,
    };
    let (id, key, tokens) = sign_in(drawn, described, &plain, &[("scope", scope)]).await;
    Walked {
        id,
        token: tokens["access_token"].as_str().unwrap().to_owned(),
        key,
        id_token: String::new(),
    }
}

/// alice signs in with everything that there is to be known, and nothing else is told.
pub async fn everything(drawn: &Drawn<'_>) {
    let (id_token, userinfo, response) = (
        Form::drawn(drawn, "id_token", true),
        Form::drawn(drawn, "userinfo", false),
        Form::drawn(drawn, "authorization", true),
    );
    let grants = ["authorization_code", "refresh_token", EXCHANGE];
    let known = json!([{"audience": CHAT, "client_id": "there", "scope": "chat.read"}]);
    let scope = drawn.announced("scopes_supported").into_iter();
    let scope: Vec<&str> = scope
        .filter(|one| !one.starts_with("ssf.") && !one.starts_with("notes.") && *one != "employee")
        .collect();
    let scope = scope.join(" ");
    let described = |client: NewClient| {
        let client = userinfo.register(id_token.register(client, "id_token"), "userinfo");
        let client = client
            .grants(&grants)
            .scope(&scope)
            .set("jwks", all_jwks())
            .set("backchannel_logout_uri", json!("https://app.example/out"))
            .set("backchannel_logout_session_required", json!(true));
        client.set("token_exchange", json!({"identity_assertions": known}))
    };
    let announced = drawn.announced("claims_supported");
    let each: Map<String, Value> = announced
        .iter()
        .map(|name| ((*name).to_owned(), Value::Null))
        .collect();
    let claims = json!({"id_token": {"email": null}, "userinfo": each}).to_string();
    let mode = drawn.pick_of(
        drawn
            .announced("response_modes_supported")
            .into_iter()
            .filter(|mode| !mode.starts_with("form_post")),
    );
    let asked = [
        ("scope", scope.as_str()),
        ("claims", &claims),
        ("response_mode", &mode),
        ("prompt", "consent"),
    ];
    let (id, key, tokens) = sign_in(drawn, described, &response, &asked).await;
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    let (signed, id_claims) = id_token
        .open(drawn, tokens["id_token"].as_str().unwrap())
        .await;
    // OpenID Connect Core §5.5: a single claim.
    let single = id_claims.get("email").is_some();
    assert_eq!(
        *drawn.told("claims_parameter_supported") == json!(true),
        single
    );
    let answer = see(&drawn.world, &token, &[&key.beside(&drawn.world, &token)]).await;
    let told = match (&userinfo.signed, &userinfo.encrypted) {
        (None, None) => answer.status(200).json(),
        _ => userinfo.open(drawn, answer.status(200).body.trim()).await.1,
    };
    claims_agree(drawn, &id_token, &id_claims, &told);
    let walked = Walked {
        id,
        token,
        key,
        id_token: signed,
    };
    id_jag(drawn, &walked).await;
}

/// OpenID Connect Discovery §3: `claims_supported`, `claim_types_supported`, `acr_values_supported`.
fn claims_agree(drawn: &Drawn<'_>, form: &Form, id_token: &Value, told: &Value) {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for claims in [id_token, told] {
        seen.extend(claims.as_object().unwrap().keys().map(String::as_str));
    }
    let elsewhere = told.get("_claim_names").and_then(Value::as_object);
    seen.extend(
        elsewhere
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str()),
    );
    let seen: BTreeSet<&str> = seen
        .into_iter()
        .filter(|name| !ENVELOPE.contains(name))
        .collect();
    let announced = drawn.announced("claims_supported");
    let mut by_others = vec!["c_hash", "s_hash"];
    // Of a signature without a hash of its own there is none (OpenID Connect Core §3.1.3.6).
    let signed = form.signed.as_deref().unwrap_or_default();
    if !["256", "384", "512"]
        .iter()
        .any(|hash| signed.ends_with(hash))
    {
        by_others.push("at_hash");
    }
    let announced: BTreeSet<&str> = announced
        .into_iter()
        .filter(|name| !by_others.contains(name))
        .collect();
    let seen: BTreeSet<&str> = seen
        .into_iter()
        .filter(|name| !by_others.contains(name))
        .collect();
    assert_eq!(announced, seen, "claims under {:?}", drawn.draw);
    let hybrid = drawn
        .announced("response_types_supported")
        .contains("code id_token");
    for hash in ["c_hash", "s_hash"] {
        assert_eq!(
            drawn.announced("claims_supported").contains(hash),
            hybrid,
            "{hash}"
        );
    }
    let own = CLAIMS.iter().any(|name| seen.contains(name));
    assert_eq!(own, drawn.draw.offers.api);
    let types = drawn.announced("claim_types_supported");
    let expected = match elsewhere.is_some() {
        true => ["aggregated", "distributed", "normal"].as_slice(),
        false => &["normal"],
    };
    assert_eq!(types, expected.iter().copied().collect());
    let strengths = drawn.announced("acr_values_supported");
    match id_token["acr"].as_str() {
        Some(acr) => assert!(strengths.contains(acr), "{acr} of {strengths:?}"),
        None => assert_eq!(strengths, BTreeSet::new()),
    }
}

/// What says to another server who a person is (draft-ietf-oauth-identity-assertion-authz-grant §6).
async fn id_jag(drawn: &Drawn<'_>, walked: &Walked) {
    let assertion = drawn.assertion(&walked.id, Algorithm::Es256);
    let form = [
        ("grant_type", EXCHANGE),
        ("requested_token_type", ID_JAG),
        ("subject_token", walked.id_token.as_str()),
        (
            "subject_token_type",
            "urn:ietf:params:oauth:token-type:id_token",
        ),
        ("audience", CHAT),
        ("client_assertion_type", TYPE),
        ("client_assertion", &assertion),
    ];
    let answer = drawn.token(&walked.key, &form).await;
    let mut works = BTreeSet::new();
    if answer.status == 200 {
        works.insert(ID_JAG);
    }
    assert_eq!(
        drawn.announced("identity_chaining_requested_token_types_supported"),
        works,
        "{answer:?}"
    );
}

impl Walked {
    /// A request with the token, and a proof of its key.
    pub async fn ask(
        &self,
        drawn: &Drawn<'_>,
        (method, path): (&str, &str),
        body: &Value,
    ) -> crate::harness::Answer {
        let call = self.call(drawn, method, path);
        match body {
            Value::Null => call.send().await,
            body => call.json(body).send().await,
        }
    }

    pub fn call(&self, drawn: &Drawn<'_>, method: &str, path: &str) -> crate::harness::Call {
        let htu = format!(
            "{}{}",
            drawn.world.issuer(),
            path.split('?').next().unwrap()
        );
        let proof = json!({"htm": method, "htu": htu, "ath": token_hash(&self.token)});
        let proof = self.key.with(&drawn.world, proof);
        let call = drawn.world.call(method, path);
        call.header("authorization", &format!("DPoP {}", self.token))
            .header("dpop", &proof)
    }
}
