//! The FAPI 2.0 Security Profile, switched on for a realm or a client.

use jose::jws::{self, Header};
use jose::{Algorithm, JwkSet, SigningKey};
use serde_json::{Value, json};

use crate::dpop::Key;
use crate::harness::authority::TRUSTED;
use crate::harness::{Answer, Browser, CALLBACK, Client, Flow, Page, World};
use crate::jwt_bearer::{GRANT, Issuer};
use crate::on_each_engine;
use crate::pushed_authorization_request::address;

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The client `app`, which signs its assertions and proofs.
pub struct Fapi {
    pub world: World,
    pub key: SigningKey,
    pub dpop: Key,
    pub client: Client,
    number: std::cell::Cell<u32>,
}

impl Fapi {
    /// alice, a realm of this profile, and the client.
    pub async fn new(world: &World, profile: &str) -> Self {
        world.profile(profile).await;
        Self::with(world, SigningKey::generate(Algorithm::Es256).unwrap(), &[]).await
    }

    /// alice and the client, with this key and these members.
    pub async fn with(world: &World, key: SigningKey, members: &[(&str, Value)]) -> Self {
        let keys = JwkSet {
            keys: vec![key.public_jwk().unwrap()],
        };
        let client = world.app_with(|client| {
            let client = client
                .public()
                .set("token_endpoint_auth_method", json!("private_key_jwt"))
                .set("jwks", serde_json::to_value(keys).unwrap());
            members.iter().fold(client, |client, (name, value)| {
                client.set(name, value.clone())
            })
        });
        Self {
            world: world.clone(),
            key,
            dpop: Key::new(),
            client: client.await,
            number: 0.into(),
        }
    }

    /// An assertion with other claims.
    pub fn assertion(&self, changes: &Value) -> String {
        self.number.set(self.number.get() + 1);
        let now = self.world.now();
        let mut claims = json!({
            "iss": self.client.id, "sub": self.client.id, "aud": self.world.issuer(),
            "iat": now, "exp": now + 60, "jti": format!("assertion {}", self.number.get()),
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let text = jws::sign(
            &self.key,
            &Header::typed("JWT", &self.key),
            claims.to_string().as_bytes(),
        );
        let text = text.unwrap();
        self.world.remember(&text);
        text
    }

    /// A request of the client to an endpoint, with this assertion and these proofs.
    pub async fn post(
        &self,
        path: &str,
        form: &[(&str, &str)],
        assertion: &str,
        proofs: &[&str],
    ) -> Answer {
        let mut form = form.to_vec();
        form.extend([
            ("client_assertion_type", TYPE),
            ("client_assertion", assertion),
        ]);
        let mut call = self.world.post(path).form(&form);
        for proof in proofs {
            call = call.header("dpop", proof);
        }
        call.send().await
    }

    pub fn flow(&self) -> Flow {
        self.world
            .flow(&self.client)
            .with("scope", "openid offline_access")
            .with("prompt", "consent")
    }

    /// Pushes a request.
    pub async fn push(&self, flow: &Flow) -> Answer {
        let form: Vec<(&str, &str)> = flow
            .parameters
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        self.post("/par", &form, &self.assertion(&json!({})), &[])
            .await
    }

    /// Where alice arrives with a pushed request.
    pub async fn walk(&self, flow: &Flow, browser: &mut Browser) -> Page {
        let answer = self.push(flow).await;
        answer.status(201);
        let page = browser
            .get(&address(&self.client.id, &answer.text("request_uri")))
            .await;
        flow.go_on(browser, page).await
    }

    pub async fn code(&self, flow: &Flow) -> String {
        let page = self.walk(flow, &mut self.world.browser()).await;
        flow.response(&page)["code"].clone()
    }

    pub fn redemption<'a>(&self, flow: &'a Flow, code: &'a str) -> [(&'a str, &'a str); 4] {
        [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", &flow.verifier),
            ("redirect_uri", CALLBACK),
        ]
    }

    pub async fn redeem(&self, flow: &Flow, code: &str) -> Answer {
        let form = self.redemption(flow, code);
        self.post(
            "/token",
            &form,
            &self.assertion(&json!({})),
            &[&self.dpop.proof(&self.world)],
        )
        .await
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.post(
            "/token",
            &form,
            &self.assertion(&json!({})),
            &[&self.dpop.proof(&self.world)],
        )
        .await
    }
}

const PROFILE: &str = "fapi2-security";

/// What names the rule that a client breaks.
#[track_caller]
pub fn names(answer: &Answer, section: &str) {
    named(&answer.text("error_description"), section);
}

/// A text that names the rule.
#[track_caller]
pub fn named(text: &str, section: &str) {
    let rule = text.split_once("FAPI").map(|(_, rule)| rule);
    assert!(rule.is_some_and(|rule| rule.contains(section)), "{text}");
}

on_each_engine! {
    /// §5.3: private_key_jwt and DPoP, from the push to the refresh.
    async fn the_whole_flow_with_assertions_and_proofs(world: World) {
        let fapi = Fapi::new(&world, PROFILE).await;
        let flow = fapi.flow();
        let code = fapi.code(&flow).await;
        let tokens = fapi.redeem(&flow, &code).await;
        tokens.status(200);
        assert_eq!(tokens.text("token_type"), "DPoP");
        let claims = world.claims(&tokens.text("access_token")).await;
        assert_eq!(claims["cnf"]["jkt"], json!(fapi.dpop.jkt()));
        fapi.refresh(&tokens.text("refresh_token")).await.status(200);
        fapi.redeem(&flow, &code).await.refused(400, "invalid_grant");
    }

    /// §5.3: mutual TLS for both, at the push too.
    async fn the_whole_flow_with_certificates(world: World) {
        world.profile(PROFILE).await;
        let app = world.app_with(|client| {
            client.public().set("token_endpoint_auth_method", json!("tls_client_auth")).set("tls_client_auth_san_dns", json!("service.example"))
                .set("tls_client_certificate_bound_access_tokens", json!(true))
        }).await;
        let certificate = TRUSTED.certify(|_| {});
        let flow = world.flow(&app);
        let form: Vec<(&str, &str)> = flow.parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        world.post("/par").form(&form).send().await.refused(401, "invalid_client");
        let answer = world.post("/par").form(&form).certificate(&certificate).send().await;
        answer.status(201);
        let mut browser = world.browser();
        let page = browser.get(&address("app", &answer.text("request_uri"))).await;
        let page = flow.go_on(&mut browser, page).await;
        let code = flow.response(&page)["code"].clone();
        let form = flow.redemption(&code);
        let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        world.post("/token").form(&form).send().await.refused(401, "invalid_client");
        let tokens = world.post("/token").form(&form).certificate(&certificate).send().await;
        tokens.status(200);
        let claims = world.claims(&tokens.text("access_token")).await;
        assert!(claims["cnf"]["x5t#S256"].is_string(), "{claims}");
    }

    /// §5.3.2.2: authorization requests are pushed, by a client that authenticates, with S256, code and a redirect URI.
    async fn requests_are_pushed_and_whole(world: World) {
        let fapi = Fapi::new(&world, PROFILE).await;
        let flow = fapi.flow();
        let response = flow.response(&world.browser().get(&flow.url()).await);
        assert_eq!(response["error"], "invalid_request");
        named(&response["error_description"], "Security Profile section 5.3.2.2");
        let form: Vec<(&str, &str)> = flow.parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        world.post("/par").form(&form).send().await.refused(401, "invalid_client");
        for case in [flow.clone().without_pkce(), flow.clone().without("redirect_uri").with("scope", "offline_access")] {
            names(fapi.push(&case).await.refused(400, "invalid_request"), "Security Profile section 5.3.2.2");
        }
        // Nobody else permits these either.
        for case in [
            flow.clone().with("code_challenge_method", "plain"),
            flow.clone().without("redirect_uri"),
            flow.clone().with("redirect_uri", "https://app.example/other"),
        ] {
            fapi.push(&case).await.refused(400, "invalid_request");
        }
        for kind in ["token", "code id_token", "id_token", "code token", "none"] {
            let answer = fapi.push(&flow.clone().with("response_type", kind)).await;
            assert_eq!(answer.status, 400, "{kind}: {answer:?}");
        }
    }

    /// §5.3.2.1: the issuer, as a string, and nothing else; a clock of 10 s is believed, one of a minute not.
    async fn assertions_are_for_the_issuer_alone(world: World) {
        let fapi = Fapi::new(&world, PROFILE).await;
        let (issuer, now) = (world.issuer().to_owned(), world.now());
        let flow = fapi.flow();
        let form: Vec<(&str, &str)> = flow.parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        for aud in [json!([issuer]), json!(format!("{issuer}/par")), json!(format!("{issuer}/token")), json!([issuer, "https://other.example"]), json!(format!("{issuer}/"))] {
            let assertion = fapi.assertion(&json!({"aud": aud}));
            fapi.post("/par", &form, &assertion, &[]).await.refused(401, "invalid_client");
            fapi.post("/token", &form, &assertion, &[&fapi.dpop.proof(&world)]).await.refused(401, "invalid_client");
        }
        for (ahead, status) in [(0, 201), (10, 201), (61, 401)] {
            for name in ["iat", "nbf"] {
                let assertion = fapi.assertion(&json!({ name: now + ahead }));
                assert_eq!(fapi.post("/par", &form, &assertion, &[]).await.status, status, "{name} {ahead}");
            }
        }
        for gone in [json!({"exp": now - 300}), json!({"sub": "other"}), json!({"jti": ""})] {
            fapi.post("/par", &form, &fapi.assertion(&gone), &[]).await.refused(401, "invalid_client");
        }
        let once = fapi.assertion(&json!({}));
        fapi.post("/par", &form, &once, &[]).await.status(201);
        fapi.post("/par", &form, &once, &[]).await.refused(401, "invalid_client");
    }

    /// §5.4.1: PS256, ES256 and EdDSA, and those after the quantum computer; for assertions and for proofs.
    async fn algorithms_are_the_profiles(world: World) {
        world.profile(PROFILE).await;
        let form = [("grant_type", "client_credentials")];
        world.person("bob", "correct-horse-battery").await;
        let cases = [(Algorithm::Ps256, true), (Algorithm::EdDsa, true), (Algorithm::MlDsa65, true), (Algorithm::Es384, false), (Algorithm::Rs256, false), (Algorithm::Es256k, false)];
        let mut fapi = Fapi::with(&world, SigningKey::generate(Algorithm::Es256).unwrap(), &[]).await;
        for (algorithm, good) in cases {
            let key = SigningKey::generate(algorithm).unwrap();
            let id = format!("client-{algorithm}");
            let keys = JwkSet { keys: vec![key.public_jwk().unwrap()] };
            world.client(&id).public().grants(&["client_credentials"]).redirects(&[]).scope("")
                .set("token_endpoint_auth_method", json!("private_key_jwt")).set("jwks", serde_json::to_value(keys).unwrap()).create().await;
            (fapi.client.id, fapi.key) = (id, key);
            let answer = fapi.post("/token", &form, &fapi.assertion(&json!({})), &[&fapi.dpop.proof(&world)]).await;
            assert_eq!(answer.json()["error"] == "invalid_client", !good, "{algorithm}: {answer:?}");
            if good {
                for (proves, error) in [(Algorithm::EdDsa, false), (Algorithm::Es384, true), (Algorithm::Rs256, true)] {
                    let proof = Key::of(proves).proof(&world);
                    let answer = fapi.post("/token", &form, &fapi.assertion(&json!({})), &[&proof]).await;
                    assert_eq!(answer.json()["error"] == "invalid_dpop_proof", error, "{proves}: {answer:?}");
                }
            }
        }
    }

    /// §5.3.2.1: no token without something that it is bound to, though the registration says nothing of it.
    async fn no_token_is_a_bearer_token(world: World) {
        let fapi = Fapi::new(&world, PROFILE).await;
        let flow = fapi.flow();
        let code = fapi.code(&flow).await;
        let form = fapi.redemption(&flow, &code);
        let unbound = fapi.post("/token", &form, &fapi.assertion(&json!({})), &[]).await;
        names(unbound.refused(400, "invalid_dpop_proof"), "5.3.2.1");
        fapi.redeem(&flow, &code).await.status(200);
        // The certificate of the connection will do as well.
        let code = fapi.code(&flow).await;
        let mut form = fapi.redemption(&flow, &code).to_vec();
        let assertion = fapi.assertion(&json!({}));
        form.extend([("client_assertion_type", TYPE), ("client_assertion", &assertion)]);
        let tokens = world.post("/token").certificate(&TRUSTED.certify(|_| {})).form(&form).send().await;
        tokens.status(200);
        assert!(world.claims(&tokens.text("access_token")).await["cnf"]["x5t#S256"].is_string());
    }

    /// §5.3.2.1: the refresh token stays, however often and from however many places at once it is used.
    async fn refresh_tokens_do_not_rotate(world: World) {
        let fapi = Fapi::new(&world, PROFILE).await;
        let flow = fapi.flow();
        let code = fapi.code(&flow).await;
        let token = fapi.redeem(&flow, &code).await.text("refresh_token");
        for wait in [0, 30, 61, 3600, 86_400] {
            world.advance(wait);
            let (one, other) = tokio::join!(fapi.refresh(&token), fapi.refresh(&token));
            for answer in [one, other] {
                answer.status(200);
                assert_eq!(answer.text("refresh_token"), token);
            }
        }
        // Each use is one: a month without any ends it, a month with some does not.
        for _ in 0..4 {
            world.advance(20 * 86_400);
            fapi.refresh(&token).await.status(200);
        }
        world.advance(31 * 86_400);
        fapi.refresh(&token).await.refused(400, "invalid_grant");
    }

    /// §5.3.2.1: a code lives for 60 seconds at most, whatever the realm has set.
    async fn a_code_lives_a_minute_at_most(world: World) {
        let fapi = Fapi::new(&world, PROFILE).await;
        let found = realm::realms::find(world.node(), "main").await.unwrap().unwrap();
        let mut settings = found.settings;
        settings.lifetimes.authorization_code = 600;
        realm::realms::update_settings(world.realm(), settings, found.version, "test").await.unwrap();
        let flow = fapi.flow();
        let (first, second) = (fapi.code(&flow).await, fapi.code(&flow).await);
        world.advance(59);
        fapi.redeem(&flow, &first).await.status(200);
        world.advance(1);
        fapi.redeem(&flow, &second).await.refused(400, "invalid_grant");
    }

    /// §5.3.2.1: what the profile forbids cannot be registered, and the rule is named.
    async fn what_is_forbidden_cannot_be_registered(world: World) {
        world.profile(PROFILE).await;
        for (method, secret) in [(Some("none"), false), (Some("client_secret_basic"), true), (Some("client_secret_post"), true), (Some("client_secret_jwt"), true), (None, true), (None, false)] {
            let client = world.client("app");
            let client = if secret { client.secret("a-secret-long-enough-to-sign-with-it") } else { client.public() };
            let made = match method {
                Some(method) => client.set("token_endpoint_auth_method", json!(method)),
                None => client.set("token_endpoint_auth_method", Value::Null),
            };
            named(&made.refusal().await, "5.3.2.1");
        }
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let keys = serde_json::to_value(JwkSet { keys: vec![key.public_jwk().unwrap()] }).unwrap();
        let signing = || world.client("app").public().set("token_endpoint_auth_method", json!("private_key_jwt")).set("jwks", keys.clone());
        for (name, value) in [("token_endpoint_auth_signing_alg", "RS256"), ("id_token_signed_response_alg", "RS256"), ("id_token_signed_response_alg", "ES384")] {
            named(&signing().set(name, json!(value)).refusal().await, "5.4.1");
        }
        let ciba = json!(["urn:openid:params:grant-type:ciba"]);
        let push = signing().set("grant_types", ciba).set("response_types", json!([])).set("backchannel_token_delivery_mode", json!("push"))
            .set("backchannel_client_notification_endpoint", json!("https://app.example/told"));
        named(&push.refusal().await, "5.2.2");
        for uri in ["http://app.example/callback", "https://*.example/"] {
            assert!(signing().redirects(&[uri]).try_create().await.is_none(), "{uri}");
        }
        let native = ["https://app.example/callback", "http://127.0.0.1/callback", "com.example.app:/callback"];
        assert!(signing().redirects(&native).try_create().await.is_some());
    }

    /// A realm that changes its profile leaves nobody behind in the old one: the client is refused everywhere, and told why.
    async fn a_client_from_before_is_refused_by_name(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        world.profile(PROFILE).await;
        let answer = flow.redeem(&code).await;
        names(answer.refused(400, "unauthorized_client"), "5.3.2.1");
        names(app.post("/par", &[]).await.refused(400, "unauthorized_client"), "5.3.2.1");
        let page = world.browser().get(&flow.url()).await;
        assert_eq!(flow.response(&page).get("error").map(String::as_str), Some("invalid_request"));
        // Its operator can still switch it off.
        let mut client = realm::clients::find(world.realm(), "app").await.unwrap().unwrap();
        client.disabled = true;
        realm::clients::update(world.realm(), client.clone(), realm::clients::SecretChange::Keep, "test").await.unwrap();
        client.disabled = false;
        client.version += 1;
        let back = realm::clients::update(world.realm(), client, realm::clients::SecretChange::Keep, "test").await;
        assert!(back.unwrap_err().to_string().contains("5.3.2.1"));
    }

    /// §5.4.1: an API whose tokens are signed by RS256 is not for clients of this profile.
    async fn access_tokens_are_signed_as_the_profile_says(world: World) {
        let document = json!({"id": "urn:example:old", "name": "Old", "signing_alg": "RS256", "scopes": [{"name": "old.read", "description": "Read"}]});
        world.resource_document(document).await;
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let fapi = Fapi::with(&world, key, &[("profile", json!(PROFILE)), ("scope", json!("openid old.read")), ("grant_types", json!(["authorization_code", "client_credentials"]))]).await;
        let form = [("grant_type", "client_credentials"), ("scope", "old.read")];
        let answer = fapi.post("/token", &form, &fapi.assertion(&json!({})), &[&fapi.dpop.proof(&world)]).await;
        names(answer.refused(400, "invalid_target"), "5.4.1");
        let flow = fapi.flow().with("scope", "openid old.read").with("resource", "urn:example:old");
        let code = fapi.code(&flow).await;
        names(fapi.redeem(&flow, &code).await.refused(400, "invalid_target"), "5.4.1");
    }

    /// §5.4.1: where an API or an application prefers what the profile does not permit, the first that it does permit is used.
    async fn what_the_profile_does_not_permit_falls_back_to_what_it_does(world: World) {
        let document = json!({"id": "urn:example:new", "name": "New", "signing_alg": ["RS512", "PS256"], "scopes": [{"name": "new.read", "description": "Read"}]});
        world.resource_document(document).await;
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let fapi = Fapi::with(&world, key, &[
            ("profile", json!(PROFILE)), ("scope", json!("openid new.read")), ("id_token_signed_response_alg", Value::Null),
            ("id_token_signing_alg_values_supported", json!(["ES384", "EdDSA"])),
        ]).await;
        let flow = fapi.flow().with("scope", "openid new.read").with("resource", "urn:example:new");
        let code = fapi.code(&flow).await;
        let answer = fapi.redeem(&flow, &code).await;
        for (name, expected) in [("access_token", Algorithm::Ps256), ("id_token", Algorithm::EdDsa)] {
            assert_eq!(jws::peek(&answer.text(name)).unwrap().algorithm, expected, "{name}");
        }
    }

    /// One client of a realm may have the profile for itself, and its neighbours are as they were.
    async fn a_client_has_a_profile_of_its_own(world: World) {
        let fapi = Fapi::with(&world, SigningKey::generate(Algorithm::Es256).unwrap(), &[("profile", json!(PROFILE))]).await;
        let other = world.client("other").create().await;
        assert_eq!(fapi.flow().error(&mut world.browser()).await, "invalid_request");
        let flow = fapi.flow();
        let code = fapi.code(&flow).await;
        fapi.redeem(&flow, &code).await.status(200);
        let flow = world.flow(&other);
        let code = flow.fresh_code().await;
        flow.redeem(&code).await.status(200);
        // What a client asks of itself is no rule of the profile.
        let pushing = world.client("pushing").public().set("require_pushed_authorization_requests", json!(true)).create().await;
        let flow = world.flow(&pushing);
        let response = flow.response(&world.browser().get(&flow.url()).await);
        assert_eq!(response["error"], "invalid_request");
        assert!(!response["error_description"].contains("FAPI"), "{response:?}");
    }

    /// §5.4.1: RS256, which OpenID Connect has where nothing is registered, is not there.
    async fn id_tokens_are_signed_as_the_profile_says(world: World) {
        world.profile(PROFILE).await;
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let fapi = Fapi::with(&world, key, &[("id_token_signed_response_alg", Value::Null)]).await;
        let flow = fapi.flow();
        let code = fapi.code(&flow).await;
        let token = fapi.redeem(&flow, &code).await.text("id_token");
        assert_eq!(jws::peek(&token).unwrap().algorithm, Algorithm::Es256);
    }

    /// RFC 8414: the realm announces what the profile leaves.
    async fn the_document_is_the_profiles(world: World) {
        world.profile(PROFILE).await;
        let document = world.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(document["require_pushed_authorization_requests"], json!(true));
        let methods = document["token_endpoint_auth_methods_supported"].as_array().unwrap();
        for method in methods {
            assert!(matches!(method.as_str(), Some("private_key_jwt" | "tls_client_auth" | "self_signed_tls_client_auth")), "{method}");
        }
        assert_eq!(methods.len(), 3);
        for name in ["token_endpoint_auth_signing_alg_values_supported", "id_token_signing_alg_values_supported", "dpop_signing_alg_values_supported"] {
            let algorithms = document[name].as_array().unwrap();
            assert!(algorithms.contains(&json!("PS256")) && algorithms.contains(&json!("ES256")), "{name}");
            assert!(!algorithms.contains(&json!("RS256")) && !algorithms.contains(&json!("ES384")), "{name}");
        }
        assert_eq!(document["response_types_supported"], json!(["code"]));
        assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
    }

    /// §5.3.2.1, §5.4.1: what somebody else signed about a client authenticates none of this profile, whatever keys the client has registered; and nothing that it
    /// hands in is signed by another algorithm.
    async fn what_others_sign_authenticates_no_client(world: World) {
        world.notes().await;
        let members = [("grant_types", json!(["client_credentials", GRANT])), ("scope", json!("notes.read")), ("redirect_uris", json!([])), ("response_types", json!([]))];
        world.profile(PROFILE).await;
        let fapi = Fapi::with(&world, SigningKey::generate(Algorithm::Es256).unwrap(), &members).await;
        for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
            let mut issuer = Issuer::new(&world, &format!("https://{algorithm}.example"));
            issuer.key = SigningKey::generate(algorithm).unwrap();
            issuer.trusted(json!([{"condition": "true", "subject": {"client": "app"}}]), json!({})).await;
            let says = || issuer.says("job", json!({}));
            for form in [
                vec![("client_assertion_type", TYPE.to_owned()), ("client_assertion", says()), ("grant_type", "client_credentials".to_owned())],
                vec![("grant_type", GRANT.to_owned()), ("assertion", says())],
                vec![("grant_type", GRANT.to_owned()), ("assertion", says()), ("client_id", "app".to_owned())],
            ] {
                let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let answer = world.post("/token").header("dpop", &fapi.dpop.proof(&world)).form(&form).send().await;
                names(answer.refused(401, "invalid_client"), "5.3.2.1");
            }
            let text = says();
            let form = [("grant_type", GRANT), ("assertion", text.as_str()), ("scope", "notes.read")];
            let answer = fapi.post("/token", &form, &fapi.assertion(&json!({})), &[&fapi.dpop.proof(&world)]).await;
            if algorithm == Algorithm::Es256 {
                answer.status(200);
            } else {
                names(answer.refused(400, "invalid_grant"), "5.4.1");
            }
        }
    }

    /// §5.3.2.1 item 2, §5.3.2.2 item 1: passwords and tokens through the browser are refused by the section, whatever else is switched on, and whether the realm's
    /// profile or the client's own says so.
    async fn retired_grants_are_refused_by_the_section(world: World) {
        let of_client = world.another(world.issuer()).await;
        of_client
            .settings(|settings| {
                settings.profile = realm::Profile::OpenId;
                settings.allow_retired_grants = true;
            })
            .await;
        let members = [("profile", json!(PROFILE))];
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        for fapi in [Fapi::new(&world, PROFILE).await, Fapi::with(&of_client, key, &members).await] {
            let form = [("grant_type", "password"), ("username", "alice"), ("password", "x")];
            let answer = fapi.post("/token", &form, &fapi.assertion(&json!({})), &[&fapi.dpop.proof(&fapi.world)]).await;
            answer.refused(400, "unsupported_grant_type");
            names(&answer, "5.3.2.1");
            for response_type in ["token", "id_token", "code id_token", "code token", "code id_token token"] {
                let pushed = fapi.push(&fapi.flow().with("response_type", response_type).with("nonce", "n")).await;
                pushed.refused(400, "unsupported_response_type");
                names(&pushed, "5.3.2.2");
            }
        }
        for grant in ["password", "implicit"] {
            let client = of_client.client("old").set("profile", json!(PROFILE)).set("grant_types", json!(["authorization_code", grant]));
            let types = if grant == "implicit" { json!(["code", "code id_token"]) } else { json!(["code"]) };
            let client = client.set("response_types", types);
            named(&client.refusal().await, "5.3.2.1");
        }
    }
}
