//! Client authentication by assertion: `private_key_jwt` and `client_secret_jwt` (RFC 7521 §4.2, RFC 7523 §3, OpenID Connect Core §9).

use jose::jws::{self, Header};
use jose::{Algorithm, JwkSet, SigningKey};
use serde_json::{Value, json};

use crate::harness::{Answer, World};
use crate::on_each_engine;

const GRANT: (&str, &str) = ("grant_type", "client_credentials");
const TYPE: (&str, &str) = (
    "client_assertion_type",
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
);

/// A client that signs, and what it has signed so far.
struct Signing {
    world: World,
    key: SigningKey,
}

fn jwks(keys: &[&SigningKey]) -> Value {
    let keys = keys.iter().map(|key| key.public_jwk().unwrap()).collect();
    serde_json::to_value(JwkSet { keys }).unwrap()
}

impl Signing {
    /// The client `service` with an ES256 key.
    async fn new(world: &World) -> Self {
        Self::with(
            world,
            SigningKey::generate(Algorithm::Es256).unwrap(),
            json!({}),
        )
        .await
    }

    /// The client `service` with this key and these members.
    async fn with(world: &World, key: SigningKey, members: Value) -> Self {
        let keys = jwks(&[&key]);
        world
            .service_with(|client| {
                let mut client = client
                    .public()
                    .set("token_endpoint_auth_method", json!("private_key_jwt"));
                if members.get("jwks_uri").is_none() {
                    client = client.set("jwks", keys);
                }
                for (name, value) in members.as_object().unwrap() {
                    client = client.set(name, value.clone());
                }
                client
            })
            .await;
        Self {
            world: world.clone(),
            key,
        }
    }

    /// What it says to its own server.
    fn claims(&self, jti: &str) -> Value {
        let now = self.world.now();
        json!({"iss": "service", "sub": "service", "aud": self.world.issuer(), "iat": now, "exp": now + 60, "jti": jti})
    }

    fn sign(&self, claims: &Value) -> String {
        sign(&self.key, "JWT", claims)
    }

    async fn present(&self, assertion: &str) -> Answer {
        present(&self.world, "/token", &[GRANT], assertion).await
    }
}

fn sign(key: &SigningKey, typ: &str, claims: &Value) -> String {
    jws::sign(key, &Header::typed(typ, key), claims.to_string().as_bytes()).unwrap()
}

async fn present(world: &World, path: &str, form: &[(&str, &str)], assertion: &str) -> Answer {
    world.remember(assertion);
    let mut form = form.to_vec();
    form.extend([TYPE, ("client_assertion", assertion)]);
    world.post(path).form(&form).send().await
}

/// What is sent about a client that was not believed: always the same.
#[track_caller]
fn disbelieved(answer: &Answer, case: &str) {
    assert_eq!(answer.status, 401, "{case}: {answer:?}");
    let body =
        json!({"error": "invalid_client", "error_description": "client authentication failed"});
    assert_eq!(answer.json(), body, "{case}");
}

fn changed(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

fn without(claims: &Value, name: &str) -> Value {
    let mut claims = claims.clone();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

on_each_engine! {
    /// OpenID Connect Core §9: signed with a registered key, in place of a secret; `client_id` beside it is no second method.
    async fn private_key_jwt_authenticates(world: World) {
        let service = Signing::new(&world).await;
        let assertion = service.sign(&service.claims("1"));
        service.present(&assertion).await.status(200).not_stored();
        let assertion = service.sign(&service.claims("2"));
        let form = [GRANT, ("client_id", "service")];
        present(&world, "/token", &form, &assertion).await.status(200);
        assert_eq!(world.leaks(), Vec::<String>::new());
    }

    /// Each algorithm that a client may sign with, those after the quantum computer among them.
    async fn a_client_signs_with_any_algorithm(world: World) {
        world.notes().await;
        for algorithm in [Algorithm::Ps256, Algorithm::Es384, Algorithm::EdDsa, Algorithm::MlDsa44, Algorithm::MlDsa65, Algorithm::MlDsa87] {
            let key = SigningKey::generate(algorithm).unwrap();
            let id = algorithm.as_str();
            world
                .client(id)
                .public()
                .grants(&["client_credentials"])
                .redirects(&[])
                .set("token_endpoint_auth_method", json!("private_key_jwt"))
                .set("token_endpoint_auth_signing_alg", json!(id))
                .set("jwks", jwks(&[&key]))
                .scope("notes.read")
                .create()
                .await;
            let now = world.now();
            let claims = json!({"iss": id, "sub": id, "aud": world.issuer(), "exp": now + 60, "jti": "1"});
            let form = [GRANT, ("scope", "notes.read")];
            present(&world, "/token", &form, &sign(&key, "JWT", &claims)).await.status(200);
        }
    }

    /// RFC 7523 §3 (7): an assertion counts once, at every endpoint, whatever became of the request it came with.
    async fn an_assertion_is_used_once(world: World) {
        let service = Signing::new(&world).await;
        let assertion = service.sign(&service.claims("1"));
        service.present(&assertion).await.status(200);
        disbelieved(&service.present(&assertion).await, "at the same endpoint");
        for path in ["/introspect", "/revoke"] {
            disbelieved(&present(&world, path, &[("token", "x")], &assertion).await, path);
        }
        let failing = service.sign(&service.claims("2"));
        let form = [("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", "https://a.example/")];
        present(&world, "/token", &form, &failing).await.refused(400, "unauthorized_client");
        disbelieved(&service.present(&failing).await, "after a grant that failed");
        let asked = service.sign(&service.claims("3"));
        present(&world, "/introspect", &[("token", "x")], &asked).await.status(200);
        disbelieved(&service.present(&asked).await, "after introspection");
        let revoking = service.sign(&service.claims("4"));
        present(&world, "/revoke", &[("token", "x")], &revoking).await.status(200);
        disbelieved(&service.present(&revoking).await, "after revocation");
    }

    /// The same on another node.
    async fn an_assertion_is_used_at_one_node(world: World) {
        let other = world.beside().await;
        let service = Signing::new(&world).await;
        let assertion = service.sign(&service.claims("1"));
        service.present(&assertion).await.status(200);
        disbelieved(&present(&other, "/token", &[GRANT], &assertion).await, "at another node");
        let racing = service.sign(&service.claims("2"));
        let racers: Vec<_> = (0..8)
            .map(|number| {
                let (world, racing) = (if number % 2 == 0 { world.clone() } else { other.clone() }, racing.clone());
                tokio::spawn(async move { present(&world, "/token", &[GRANT], &racing).await.status })
            })
            .collect();
        let mut won = 0;
        for racer in racers {
            won += usize::from(racer.await.unwrap() == 200);
        }
        assert_eq!(won, 1);
    }

    /// One commit makes the redemption true and the assertion spent: a code that comes with a spent one is not redeemed.
    async fn a_spent_assertion_redeems_nothing(world: World) {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let keys = jwks(&[&key]);
        let app = world
            .app_with(|client| client.public().set("token_endpoint_auth_method", json!("private_key_jwt")).set("jwks", keys))
            .await;
        let flow = world.flow(&app).with("scope", "openid offline_access").with("prompt", "consent");
        let now = world.now();
        let assertion = |jti: &str| {
            let claims = json!({"iss": "app", "sub": "app", "aud": world.issuer(), "exp": now + 60, "jti": jti});
            sign(&key, "JWT", &claims)
        };
        let code = flow.fresh_code().await;
        let spent = assertion("1");
        present(&world, "/introspect", &[("token", "x")], &spent).await.status(200);
        let answer = flow.redeem_with(&code, &[TYPE, ("client_assertion", &spent)]).await;
        disbelieved(&answer, "a code");
        let good = assertion("2");
        let answer = flow.redeem_with(&code, &[TYPE, ("client_assertion", &good)]).await;
        answer.status(200);
        let refresh = answer.text("refresh_token");
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        disbelieved(&present(&world, "/token", &form, &good).await, "a refresh token");
        present(&world, "/token", &form, &assertion("3")).await.status(200);
        // A replay of the whole request does no harm either.
        let answer = flow.redeem_with(&code, &[TYPE, ("client_assertion", &good)]).await;
        disbelieved(&answer, "the whole request");
        present(&world, "/token", &form, &assertion("4")).await.status(200);
    }

    /// RFC 7523 §3, bullet by bullet: what an assertion must say.
    async fn an_assertion_that_says_something_else_is_refused(world: World) {
        let service = Signing::new(&world).await;
        let (now, issuer) = (world.now(), world.issuer().to_owned());
        let good = service.claims("bad");
        let longer = format!("{issuer}/");
        let another_realm = format!("{issuer}/realms/other");
        let cases = [
            ("iss another", changed(&good, "iss", json!("other"))),
            ("iss missing", without(&good, "iss")),
            ("sub another", changed(&good, "sub", json!("other"))),
            ("sub missing", without(&good, "sub")),
            ("aud missing", without(&good, "aud")),
            ("aud empty", changed(&good, "aud", json!([]))),
            ("aud another server", changed(&good, "aud", json!("https://other.example"))),
            ("aud another realm", changed(&good, "aud", json!(another_realm))),
            ("aud another realm's endpoint", changed(&good, "aud", json!(format!("{another_realm}/token")))),
            ("aud almost the issuer", changed(&good, "aud", json!(longer))),
            ("aud another endpoint", changed(&good, "aud", json!(format!("{issuer}/introspect")))),
            ("aud for two servers", changed(&good, "aud", json!([issuer, "https://other.example"]))),
            ("aud a number", changed(&good, "aud", json!(7))),
            ("exp missing", without(&good, "exp")),
            ("exp past", changed(&good, "exp", json!(now - 30))),
            ("exp years ahead", changed(&good, "exp", json!(now + 5 * 365 * 86_400))),
            ("exp endless", changed(&good, "exp", json!(i64::MAX))),
            ("exp a string", changed(&good, "exp", json!("tomorrow"))),
            ("a lifetime of years", changed(&good, "iat", json!(now - 3 * 365 * 86_400))),
            ("iat ahead", changed(&good, "iat", json!(now + 31))),
            ("nbf ahead", changed(&good, "nbf", json!(now + 31))),
            ("jti missing", without(&good, "jti")),
            ("jti empty", changed(&good, "jti", json!(""))),
            ("jti of 10 kB", changed(&good, "jti", json!("x".repeat(10_000)))),
            ("jti a number", changed(&good, "jti", json!(7))),
        ];
        for (case, claims) in cases {
            let answer = service.present(&service.sign(&claims)).await;
            assert_eq!((answer.status, answer.text("error").as_str()), (401, "invalid_client"), "{case}: {answer:?}");
        }
        // The last `jti` of this test was never spent by any of them.
        service.present(&service.sign(&good)).await.status(200);
    }

    /// What varies between honest clients: their clocks, and how they name this server.
    async fn honest_assertions_are_believed(world: World) {
        let service = Signing::new(&world).await;
        let (now, issuer) = (world.now(), world.issuer().to_owned());
        let token = format!("{issuer}/token");
        let good = service.claims("");
        let cases = [
            ("a slow clock", changed(&changed(&good, "iat", json!(now - 89)), "exp", json!(now - 29))),
            ("a fast clock", changed(&good, "iat", json!(now + 30))),
            ("nbf a little ahead", changed(&good, "nbf", json!(now + 10))),
            ("no iat", without(&good, "iat")),
            ("fractions of a second", changed(&changed(&good, "iat", json!(now as f64 - 0.5)), "exp", json!(now as f64 + 60.25))),
            ("ten minutes", changed(&good, "exp", json!(now + 600))),
            ("aud the token endpoint", changed(&good, "aud", json!(token))),
            ("aud a list of one", changed(&good, "aud", json!([issuer]))),
            ("aud both names", changed(&good, "aud", json!([issuer, token]))),
        ];
        for (number, (case, claims)) in cases.into_iter().enumerate() {
            let claims = changed(&claims, "jti", json!(format!("honest {number}")));
            let answer = service.present(&service.sign(&claims)).await;
            assert_eq!(answer.status, 200, "{case}: {answer:?}");
        }
        let asked = changed(&changed(&good, "aud", json!(format!("{issuer}/introspect"))), "jti", json!("asked"));
        present(&world, "/introspect", &[("token", "x")], &service.sign(&asked)).await.status(200);
    }

    /// draft-ietf-oauth-rfc7523bis §4: an assertion that says what it is for names the issuer alone, as a string.
    async fn a_typed_assertion_names_the_issuer_alone(world: World) {
        let service = Signing::new(&world).await;
        let issuer = world.issuer().to_owned();
        let typed = |aud: Value, jti: &str| {
            sign(&service.key, "client-authentication+jwt", &changed(&service.claims(jti), "aud", aud))
        };
        service.present(&typed(json!(issuer), "1")).await.status(200);
        disbelieved(&service.present(&typed(json!([issuer]), "2")).await, "a list");
        disbelieved(&service.present(&typed(json!(format!("{issuer}/token")), "3")).await, "an endpoint");
        for typ in ["at+jwt", "dpop+jwt", "logout+jwt"] {
            let assertion = sign(&service.key, typ, &service.claims(typ));
            disbelieved(&service.present(&assertion).await, typ);
        }
    }

    /// The signature: by a key of the client, by an algorithm of that key, and by nothing that the assertion brings along.
    async fn an_assertion_that_is_not_signed_by_the_client_is_refused(world: World) {
        let service = Signing::new(&world).await;
        let other = SigningKey::generate(Algorithm::Es256).unwrap();
        let claims = service.claims("bad");
        let payload = claims.to_string();
        let encoded = |text: &str| jose::base64url::encode(text);
        let named = Header { kid: Some(service.key.kid().to_owned()), ..Header::default() };
        let own = |extra: Value| {
            let mut header = named.clone();
            header.extra = extra.as_object().cloned().unwrap();
            jws::sign(&service.key, &header, payload.as_bytes()).unwrap()
        };
        let embedded = Header { jwk: Some(other.public_jwk().unwrap()), ..named.clone() };
        // The public key's own text as the key of an HMAC (RFC 8725 §2.1).
        let public = service.key.public_jwk().unwrap().to_value().to_string();
        let input = format!("{}.{}", encoded(&json!({"alg": "HS256", "kid": service.key.kid()}).to_string()), encoded(&payload));
        let confused = aws_hmac(public.as_bytes(), input.as_bytes());
        let good = service.sign(&claims);
        let (rest, signature) = good.rsplit_once('.').unwrap();
        let critical = format!(
            "{}.{}.{signature}",
            encoded(&json!({"alg": "ES256", "kid": service.key.kid(), "crit": ["exp"]}).to_string()),
            encoded(&payload)
        );
        let cases = [
            ("another key", sign(&other, "JWT", &claims)),
            ("another key of that name", jws::sign(&other, &named, payload.as_bytes()).unwrap()),
            ("a key in the header", jws::sign(&other, &embedded, payload.as_bytes()).unwrap()),
            ("a place for keys", own(json!({"jku": "https://evil.example/jwks"}))),
            ("a place for certificates", own(json!({"x5u": "https://evil.example/cert"}))),
            ("certificates", own(json!({"x5c": ["MIIB"]}))),
            ("crit", critical),
            ("none", format!("{}.{}.", encoded(r#"{"alg":"none"}"#), encoded(&payload))),
            ("None", format!("{}.{}.", encoded(r#"{"alg":"None"}"#), encoded(&payload))),
            ("algorithms confused", format!("{input}.{confused}")),
            ("no signature", format!("{rest}.")),
            ("a cut signature", format!("{rest}.{}", &signature[..40])),
            ("five parts", format!("{good}.x.y")),
        ];
        for (case, assertion) in cases {
            let answer = service.present(&assertion).await;
            assert_eq!((answer.status, answer.text("error").as_str()), (401, "invalid_client"), "{case}: {answer:?}");
        }
        for text in ["", "x", "a.b.c", "..", "\u{1F512}", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA", &"x".repeat(30_000)] {
            let answer = present(&world, "/token", &[GRANT], text).await;
            assert_eq!((answer.status, answer.text("error").as_str()), (401, "invalid_client"), "{answer:?}");
        }
        service.present(&good).await.status(200);
    }

    /// An assertion of one client is nothing for another one, and goes with no other method.
    async fn an_assertion_is_for_its_own_client(world: World) {
        let service = Signing::new(&world).await;
        let other = world.client("other").grants(&["client_credentials"]).redirects(&[]).scope("notes.read").create().await;
        let secret = other.secret.clone().unwrap();
        let assertion = service.sign(&service.claims("1"));
        let form = [GRANT, ("client_id", "other")];
        present(&world, "/token", &form, &assertion).await.refused(401, "invalid_client");
        let form = [GRANT, ("client_id", "other"), ("client_secret", &secret)];
        present(&world, "/token", &form, &assertion).await.refused(400, "invalid_request");
        let both = world.post("/token").basic("other", &secret).form(&[GRANT, TYPE, ("client_assertion", &assertion)]);
        both.send().await.refused(400, "invalid_request");
        // Nor does the other client's registered method change because somebody signs.
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let now = world.now();
        let claims = json!({"iss": "other", "sub": "other", "aud": world.issuer(), "exp": now + 60, "jti": "1"});
        disbelieved(&present(&world, "/token", &[GRANT], &sign(&key, "JWT", &claims)).await, "a client with a secret");
        // A client that signs has no other way in.
        let form = [GRANT, ("client_id", "service")];
        world.post("/token").form(&form).send().await.refused(401, "invalid_client");
        world.post("/token").basic("service", "a secret of nobody").form(&[GRANT]).send().await.refused(401, "invalid_client");
        for kind in ["", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer", "x"] {
            let form = [GRANT, ("client_assertion_type", kind), ("client_assertion", &assertion)];
            world.post("/token").form(&form).send().await.refused(401, "invalid_client");
        }
        service.present(&assertion).await.status(200);
    }

    /// OpenID Connect Registration §2: a client that registered an algorithm uses that one.
    async fn a_registered_algorithm_is_the_only_one(world: World) {
        let key = SigningKey::generate(Algorithm::Ps256).unwrap();
        let service = Signing::with(&world, key, json!({"token_endpoint_auth_signing_alg": "RS256"})).await;
        disbelieved(&service.present(&service.sign(&service.claims("1"))).await, "PS256 for RS256");
    }

    /// OpenID Connect Core §9: an HMAC keyed with the secret, which is kept sealed.
    async fn client_secret_jwt_authenticates(world: World) {
        let secret = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        world
            .service_with(|client| client.secret(secret).set("token_endpoint_auth_method", json!("client_secret_jwt")))
            .await;
        let key = |secret: &str, algorithm| SigningKey::from_jwk(&jose::Jwk::symmetric(secret.as_bytes()).unwrap().with_kid("s"), algorithm).unwrap();
        let now = world.now();
        let claims = |jti: &str| json!({"iss": "service", "sub": "service", "aud": world.issuer(), "exp": now + 60, "jti": jti});
        for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
            let assertion = sign(&key(secret, algorithm), "JWT", &claims(algorithm.as_str()));
            present(&world, "/token", &[GRANT], &assertion).await.status(200);
            disbelieved(&present(&world, "/token", &[GRANT], &assertion).await, "a replay");
        }
        let wrong = sign(&key(&secret.replace('0', "1"), Algorithm::Hs256), "JWT", &claims("1"));
        disbelieved(&present(&world, "/token", &[GRANT], &wrong).await, "another secret");
        let own = SigningKey::generate(Algorithm::Es256).unwrap();
        disbelieved(&present(&world, "/token", &[GRANT], &sign(&own, "JWT", &claims("2"))).await, "a key of its own");
        // The secret itself is not accepted from a client that registered to sign with it.
        world.post("/token").basic("service", secret).form(&[GRANT]).send().await.refused(401, "invalid_client");
        assert_eq!(world.leaks(), Vec::<String>::new());
    }

    /// What has expired is forgotten, and what has not is kept, so that the table stays small.
    async fn spent_assertions_are_swept(world: World) {
        let service = Signing::new(&world).await;
        let assertion = service.sign(&service.claims("1"));
        service.present(&assertion).await.status(200);
        world.advance(85);
        world.sync().await;
        disbelieved(&service.present(&assertion).await, "still kept");
        world.advance(10);
        world.sync().await;
        disbelieved(&service.present(&assertion).await, "expired");
        world.advance(60);
        world.sync().await;
        let again = service.sign(&service.claims("1"));
        service.present(&again).await.status(200);
    }
}

/// HMAC-SHA256, base64url.
fn aws_hmac(key: &[u8], message: &[u8]) -> String {
    // `jose` refuses a public key as a secret, so the attacker's library is played by a key of the same bytes, hashed by hand.
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key);
    jose::base64url::encode(aws_lc_rs::hmac::sign(&key, message))
}
