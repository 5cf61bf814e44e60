//! Request objects (RFC 9101, OpenID Connect Core §6).

mod by_reference;
pub mod encrypted;
mod message_signing;

use jose::jws::{self, Header};
use jose::{Algorithm, Jwk, JwkSet, SigningKey, base64url};
use serde_json::{Map, Value, json};

use crate::harness::call::encode;
use crate::harness::{CALLBACK, Client, Flow, NewClient, Page, World};
use crate::on_each_engine;

/// The client `app`, which signs its requests.
pub struct Signing {
    pub world: World,
    pub key: SigningKey,
    pub client: Client,
}

impl Signing {
    pub async fn new(world: &World) -> Self {
        Self::with(world, Algorithm::Es256, |client| client).await
    }

    pub async fn with(
        world: &World,
        algorithm: Algorithm,
        change: impl FnOnce(NewClient) -> NewClient,
    ) -> Self {
        let key = SigningKey::generate(algorithm).unwrap();
        let keys = JwkSet {
            keys: vec![key.public_jwk().unwrap()],
        };
        let keys = serde_json::to_value(keys).unwrap();
        let client = world
            .app_with(|client| change(client.set("jwks", keys)))
            .await;
        Self {
            world: world.clone(),
            key,
            client,
        }
    }

    pub fn flow(&self) -> Flow {
        self.world.flow(&self.client)
    }

    /// What a request says.
    pub fn claims(&self) -> Value {
        let mut claims: Map<String, Value> = self
            .flow()
            .parameters
            .into_iter()
            .map(|(name, value)| (name, value.into()))
            .collect();
        let now = self.world.now();
        for (name, value) in [
            ("iss", json!("app")),
            ("aud", json!(self.world.issuer())),
            ("exp", json!(now + 60)),
            ("nbf", json!(now)),
        ] {
            claims.insert(name.into(), value);
        }
        claims.into()
    }

    pub fn changed(&self, changes: Value) -> Value {
        let mut claims = self.claims();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    pub fn without(&self, name: &str) -> Value {
        let mut claims = self.claims();
        claims.as_object_mut().unwrap().remove(name);
        claims
    }

    pub fn sign(&self, claims: &Value) -> String {
        sign(&self.key, "oauth-authz-req+jwt", claims)
    }

    /// Where the browser goes with an object.
    pub fn address(&self, object: &str, beside: &[(&str, &str)]) -> String {
        let mut pairs = vec![("client_id", "app"), ("request", object)];
        pairs.extend(beside);
        format!("/authorize?{}", encode(&pairs))
    }

    /// What becomes of an object in a browser of its own: the code, or the error that the client gets or the page shows.
    pub async fn outcome(&self, object: &str) -> Result<String, String> {
        let mut browser = self.world.browser();
        let page = browser.get(&self.address(object, &[])).await;
        self.end(&self.flow().go_on(&mut browser, page).await)
    }

    pub fn end(&self, page: &Page) -> Result<String, String> {
        if page.leaving.is_none() {
            let words = page.words();
            let known = [
                "invalid_request_object",
                "invalid_request_uri",
                "invalid_request",
            ];
            let found = known.iter().find(|it| words.contains(*it));
            return Err(found.unwrap_or_else(|| panic!("{words}")).to_string());
        }
        let query = crate::harness::query_of(page.left());
        match query.get("code") {
            Some(code) => Ok(code.clone()),
            None => Err(query["error"].clone()),
        }
    }

    /// What /par says of it.
    pub async fn pushed(&self, object: &str) -> crate::harness::Answer {
        self.client.post("/par", &[("request", object)]).await
    }
}

pub fn sign(key: &SigningKey, typ: &str, claims: &Value) -> String {
    jws::sign(key, &Header::typed(typ, key), claims.to_string().as_bytes()).unwrap()
}

fn hmac(secret: &[u8]) -> SigningKey {
    SigningKey::from_jwk(&Jwk::symmetric(secret).unwrap(), Algorithm::Hs256).unwrap()
}

const REFUSED: &str = "invalid_request_object";

on_each_engine! {
    /// RFC 9101 §5.1: by value, at /authorize and pushed.
    async fn a_signed_request_becomes_tokens(world: World) {
        let app = Signing::new(&world).await;
        let code = app.outcome(&app.sign(&app.claims())).await.unwrap();
        let tokens = app.flow().redeem(&code).await;
        tokens.status(200);
        assert_eq!(world.claims(&tokens.text("id_token")).await["nonce"], json!("n-0S6_WzA2Mj"));
        let answer = app.pushed(&app.sign(&app.claims())).await;
        answer.status(201);
        let mut browser = world.browser();
        let page = browser.get(&crate::pushed_authorization_request::address("app", &answer.text("request_uri"))).await;
        let page = app.flow().go_on(&mut browser, page).await;
        app.flow().redeem(&app.end(&page).unwrap()).await.status(200);
    }

    /// Every algorithm that there is a public key for.
    async fn each_algorithm_signs_requests(world: World) {
        world.person("bob", "correct-horse-battery").await;
        let mut app = Signing::new(&world).await;
        for algorithm in Algorithm::ALL.into_iter().filter(|it| !it.is_symmetric()) {
            let id = format!("app-{algorithm}");
            app.key = SigningKey::generate(algorithm).unwrap();
            let keys = JwkSet { keys: vec![app.key.public_jwk().unwrap()] };
            app.client = world.client(&id).set("jwks", serde_json::to_value(keys).unwrap()).set("request_object_signing_alg", json!(algorithm.as_str())).create().await;
            let claims = app.changed(json!({"client_id": id, "iss": id}));
            app.pushed(&app.sign(&claims)).await.status(201);
        }
    }

    /// OpenID Connect Core §6.1: by the client's secret, when it registered that.
    async fn a_secret_signs_requests_of_a_client_that_registered_it(world: World) {
        let secret = "a-secret-that-signs-0123456789abcdef";
        let app = world.app_with(|client| client.secret(secret).set("request_object_signing_alg", json!("HS256"))).await;
        let other = world.client("other").secret(secret).create().await;
        for (client, status) in [(&app, 201), (&other, 400)] {
            let key = hmac(client.secret.as_deref().unwrap().as_bytes());
            let now = world.now();
            let mut claims: Map<String, Value> = world.flow(client).parameters.into_iter().map(|(n, v)| (n, v.into())).collect();
            claims.extend([("exp".to_owned(), json!(now + 60))]);
            let object = sign(&key, "JWT", &claims.into());
            assert_eq!(client.post("/par", &[("request", &object)]).await.status, status);
        }
    }

    /// RFC 9101 §6.2, §10.8, RFC 8725: what is not signed by this client, as it registered, is no request.
    async fn what_the_client_did_not_sign_is_refused(world: World) {
        let app = Signing::new(&world).await;
        let thief = SigningKey::generate(Algorithm::Es256).unwrap();
        let claims = app.claims();
        let good = app.sign(&claims);
        let part = |value: &Value| base64url::encode(value.to_string());
        let none = format!("{}.{}.", part(&json!({"alg": "none"})), part(&claims));
        let public = app.key.public_jwk().unwrap();
        let header = json!({"alg": "ES256", "jwk": thief.public_jwk().unwrap().to_value()});
        let input = format!("{}.{}", part(&header), part(&claims));
        let embedded = format!("{input}.{}", base64url::encode(thief.sign(input.as_bytes()).unwrap()));
        // The public key as the key of an HMAC.
        let secret = base64url::decode(public.to_value()["x"].as_str().unwrap()).unwrap();
        let confused = hmac(&secret);
        let mut crit = Header::typed("oauth-authz-req+jwt", &app.key);
        crit.extra.insert("jku".into(), json!("https://evil.example/keys"));
        let elsewhere = jws::sign(&app.key, &crit, claims.to_string().as_bytes()).unwrap();
        let payload = good.split('.').nth(1).unwrap();
        let widened = good.replace(payload, &part(&app.changed(json!({"scope": "openid email"}))));
        let huge = app.sign(&app.changed(json!({"state": "x".repeat(20)}))) + &"A".repeat(20_000);
        for (case, object) in [
            ("none", none), ("a key of its own", embedded), ("another key", sign(&thief, "JWT", &claims)), ("an HMAC", sign(&confused, "JWT", &claims)),
            ("a place for keys", elsewhere), ("changed", widened), ("cut", good[..good.len() - 4].to_owned()), ("no token", "request".to_owned()),
            ("a list", sign(&app.key, "JWT", &json!([1]))), ("huge", huge), ("five parts", format!("{good}.a.b")), ("empty parts", "..".to_owned()),
        ] {
            assert_eq!(app.outcome(&object).await.unwrap_err(), REFUSED, "{case}");
            let answer = app.pushed(&object).await;
            assert_eq!(answer.json()["error"], json!(REFUSED), "{case}: {answer:?}");
        }
        assert_eq!(world.leaks(), Vec::<String>::new());
    }

    /// RFC 9101 §4, §5, §10.8: the same claims with something wrong in them.
    async fn an_object_that_says_something_else_is_refused(world: World) {
        let app = Signing::new(&world).await;
        world.client("other").create().await;
        let (now, issuer) = (world.now(), world.issuer().to_owned());
        let assertion = json!({"iss": "app", "sub": "app", "aud": issuer, "exp": now + 60, "iat": now, "jti": "1", "client_id": "app", "response_type": "code"});
        for (case, claims) in [
            ("another issuer", app.changed(json!({"iss": "other"}))),
            ("another server", app.changed(json!({"aud": "https://other.example"}))),
            ("another client", app.changed(json!({"client_id": "other"}))),
            ("no client", app.without("client_id")),
            ("expired", app.changed(json!({"exp": now - 60}))),
            ("not yet", app.changed(json!({"nbf": now + 60}))),
            ("made tomorrow", app.changed(json!({"iat": now + 60}))),
            ("no number", app.changed(json!({"exp": "tomorrow"}))),
            ("nested", app.changed(json!({"request": app.sign(&app.claims())}))),
            ("leading elsewhere", app.changed(json!({"request_uri": "urn:ietf:params:oauth:request_uri:x"}))),
            ("an assertion", assertion),
            ("a zero byte", app.changed(json!({"state": "a\u{0}b"}))),
        ] {
            let object = app.sign(&claims);
            assert_eq!(app.outcome(&object).await.unwrap_err(), REFUSED, "{case}");
            app.pushed(&object).await.refused(400, REFUSED);
        }
        for typ in ["client-authentication+jwt", "at+jwt", "dpop+jwt", "logout+jwt"] {
            assert_eq!(app.outcome(&sign(&app.key, typ, &app.claims())).await.unwrap_err(), REFUSED, "{typ}");
        }
        for typ in ["JWT", "application/oauth-authz-req+jwt", "OAuth-Authz-Req+JWT"] {
            app.outcome(&sign(&app.key, typ, &app.claims())).await.unwrap();
        }
        let both = [("request_uri", "urn:ietf:params:oauth:request_uri:x")];
        let page = world.browser().get(&app.address(&app.sign(&app.claims()), &both)).await;
        assert!(page.leaving.is_none() || app.end(&page).is_err());
    }

    /// A request object is no assertion, though the same key signed it.
    async fn a_request_authenticates_nobody(world: World) {
        let app = Signing::with(&world, Algorithm::Es256, |client| client.public().set("token_endpoint_auth_method", json!("private_key_jwt"))).await;
        for typ in ["JWT", "oauth-authz-req+jwt"] {
            let object = sign(&app.key, typ, &app.changed(json!({"jti": "1", "iat": world.now()})));
            let form = [("grant_type", "authorization_code"), ("code", "x"), ("client_assertion", &object), ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")];
            world.post("/token").form(&form).send().await.refused(401, "invalid_client");
        }
    }

    /// RFC 9101 §5, §6.3: nothing beside the object counts, and nothing in it goes unchecked.
    async fn parameters_beside_an_object_do_not_count(world: World) {
        let app = Signing::new(&world).await;
        let beside = [("scope", "openid email"), ("state", "mine"), ("redirect_uri", "https://evil.example/"), ("response_mode", "form_post"), ("prompt", "none"), ("response_type", "token")];
        let mut browser = world.browser();
        let page = browser.get(&app.address(&app.sign(&app.claims()), &beside)).await;
        let page = app.flow().go_on(&mut browser, page).await;
        let code = app.flow().response(&page)["code"].clone();
        assert_eq!(app.flow().redeem(&code).await.text("scope"), "openid");
        for (claims, error) in [
            (app.without("code_challenge"), "invalid_request"),
            (app.without("response_type"), "invalid_request"),
            (app.changed(json!({"scope": "a\\b"})), "invalid_scope"),
        ] {
            assert_eq!(app.outcome(&app.sign(&claims)).await.unwrap_err(), error);
            app.pushed(&app.sign(&claims)).await.refused(400, error);
        }
        let stray = app.sign(&app.changed(json!({"redirect_uri": "https://evil.example/"})));
        let page = world.browser().get(&app.address(&stray, &[("redirect_uri", CALLBACK)])).await;
        assert!(page.leaving.is_none(), "{:?}", page.leaving);
    }

    /// OpenID Connect Core §6.1: under that profile the rest is taken from beside it, and what was signed wins.
    async fn openid_takes_the_rest_from_beside_the_object(world: World) {
        world.profile("openid").await;
        let app = Signing::new(&world).await;
        let object = app.sign(&json!({"scope": "openid email", "nonce": "signed"}));
        let flow = app.flow().with("nonce", "unsigned").with("request", &object);
        let mut browser = world.browser();
        let page = flow.walk(&mut browser).await;
        let tokens = flow.redeem(&flow.response(&page)["code"]).await;
        assert_eq!(tokens.text("scope"), "openid email");
        assert_eq!(world.claims(&tokens.text("id_token")).await["nonce"], json!("signed"));
        for (name, value) in [("response_type", "code id_token"), ("client_id", "other")] {
            let object = app.sign(&json!({ name: value }));
            let page = world.browser().get(&app.flow().with("request", &object).url()).await;
            assert_eq!(app.end(&page).unwrap_err(), REFUSED, "{name}");
        }
    }

    /// RFC 9101 §10.5: the realm or a client takes nothing unsigned.
    async fn signing_can_be_required(world: World) {
        let app = Signing::with(&world, Algorithm::Es256, |client| client.set("require_signed_request_object", json!(true))).await;
        assert_eq!(app.flow().error(&mut world.browser()).await, "invalid_request");
        crate::pushed_authorization_request::push(&app.flow()).await.refused(400, "invalid_request");
        app.outcome(&app.sign(&app.claims())).await.unwrap();
        app.pushed(&app.sign(&app.claims())).await.status(201);
    }

    /// RFC 9101 §5, §10.5: where requests must be signed, nothing unsigned counts under any profile.
    async fn where_signing_is_required_nothing_is_taken_from_beside_the_object(world: World) {
        world.profile("openid").await;
        let app = Signing::with(&world, Algorithm::Es256, |client| client.set("require_signed_request_object", json!(true))).await;
        let object = app.sign(&app.without("scope"));
        let page = world.browser().get(&app.address(&object, &[("scope", "openid email"), ("login_hint", "mallory")])).await;
        assert!(!page.html().contains("mallory"), "{}", page.html());
        let object = app.sign(&app.without("redirect_uri"));
        let page = world.browser().get(&app.address(&object, &[("redirect_uri", CALLBACK)])).await;
        assert_eq!(app.end(&page).unwrap_err(), "invalid_request");
        let object = app.sign(&app.without("response_type"));
        let page = world.browser().get(&app.address(&object, &[("response_type", "code")])).await;
        assert_eq!(app.end(&page).unwrap_err(), "invalid_request");
        app.client.post("/par", &[("request", &object), ("response_type", "code")]).await.refused(400, "invalid_request");
        app.outcome(&app.sign(&app.claims())).await.unwrap();
    }

    /// RFC 9101 §10.1: the algorithm that was registered, and no other that the client has a key for.
    async fn only_the_registered_algorithm_signs(world: World) {
        let other = SigningKey::generate(Algorithm::EdDsa).unwrap();
        let both = other.public_jwk().unwrap();
        let mut app = Signing::with(&world, Algorithm::Es256, |client| client.set("request_object_signing_alg", json!("ES256"))).await;
        let mut document = realm::clients::find(world.realm(), "app").await.unwrap().unwrap();
        let keys = JwkSet { keys: vec![app.key.public_jwk().unwrap(), both] };
        document.jwks = Some(realm::clients::PublicKeys::from_json(&serde_json::to_string(&keys).unwrap()).unwrap());
        realm::clients::update(world.realm(), document, realm::clients::SecretChange::Keep, "test").await.unwrap();
        world.sync().await;
        app.outcome(&app.sign(&app.claims())).await.unwrap();
        app.key = other;
        assert_eq!(app.outcome(&app.sign(&app.claims())).await.unwrap_err(), REFUSED);
    }

    /// RFC 9101 §4, RFC 9396 §2: numbers, lists and objects in the object are parameters like others; RFC 9449 §10 works from within.
    async fn what_has_structure_is_read(world: World) {
        world.notes().await;
        let app = Signing::with(&world, Algorithm::Es256, |client| client.scope("openid notes.read")).await;
        let claims = app.changed(json!({"max_age": 3600, "resource": ["urn:example:notes"], "scope": "openid notes.read", "dpop_jkt": crate::dpop::Key::new().jkt()}));
        let code = app.outcome(&app.sign(&claims)).await.unwrap();
        app.flow().redeem(&code).await.refused(400, "invalid_grant");
        let claims = app.changed(json!({"max_age": 3600, "resource": ["urn:example:notes"], "scope": "openid notes.read"}));
        let code = app.outcome(&app.sign(&claims)).await.unwrap();
        let tokens = app.flow().redeem(&code).await;
        assert!(world.claims(&tokens.text("access_token")).await["aud"].as_array().unwrap().contains(&json!("urn:example:notes")));
    }

    /// RFC 9449 §10.1: a proof beside a pushed object binds the code, though nothing beside the object counts.
    async fn a_proof_beside_a_pushed_object_binds(world: World) {
        let app = Signing::new(&world).await;
        let key = crate::dpop::Key::new();
        let proof = key.with(&world, json!({"htu": format!("{}/par", world.issuer())}));
        let object = app.sign(&app.claims());
        let answer = world.post("/par").header("dpop", &proof).form(&[("request", &object)]).basic("app", app.client.secret.as_deref().unwrap()).send().await;
        answer.status(201);
        let mut browser = world.browser();
        let page = browser.get(&crate::pushed_authorization_request::address("app", &answer.text("request_uri"))).await;
        let code = app.end(&app.flow().go_on(&mut browser, page).await).unwrap();
        app.flow().redeem(&code).await.refused(400, "invalid_grant");
        crate::dpop::redeem(&app.flow(), &world, &code, &[&key.proof(&world)]).await.status(200);
    }

    /// RFC 9101 §10.5, OpenID Connect Discovery §3.
    async fn the_document_names_what_is_taken(world: World) {
        let document = world.get("/.well-known/openid-configuration").send().await.json();
        for name in ["request_parameter_supported", "request_uri_parameter_supported", "require_request_uri_registration"] {
            assert_eq!(document[name], json!(true), "{name}");
        }
        assert_eq!(document["require_signed_request_object"], json!(false));
        let algorithms = document["request_object_signing_alg_values_supported"].as_array().unwrap();
        assert!(algorithms.contains(&json!("ML-DSA-65")) && !algorithms.contains(&json!("none")));
        assert!(document["request_object_encryption_alg_values_supported"].as_array().unwrap().contains(&json!("ECDH-ES")));
    }
}
