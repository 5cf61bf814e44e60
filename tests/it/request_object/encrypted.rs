//! Objects that nobody on the way can read (RFC 9101 §6.1).

use jose::jwe::{self, ContentEncryption, KeyManagement};
use jose::jws::Header;
use jose::{Jwk, base64url};
use realm::keys::{Family, Role, Rotation, rotate};
use serde_json::{Value, json};

use super::{REFUSED, Signing};
use crate::harness::World;
use crate::on_each_engine;

/// The key of P-256 that /jwks says is for this.
pub async fn published(world: &World, path: &str) -> Jwk {
    recipient(world, path, Family::EcdhEs).await
}

/// The one key of a family that /jwks says is for this.
pub async fn recipient(world: &World, path: &str, family: Family) -> Jwk {
    let keys = world.get(path).send().await.json();
    let kind = match family {
        Family::EcdhEs => "EC",
        Family::RsaOaep => "RSA",
    };
    let keys = keys["keys"].as_array().unwrap().iter();
    let found = keys.filter(|key| key["use"] == json!("enc") && key["kty"] == json!(kind));
    let found: Vec<_> = found.collect();
    let [key] = found.as_slice() else {
        panic!("{found:?}");
    };
    for private in ["d", "p", "q", "dp", "dq", "qi"] {
        assert!(key.get(private).is_none());
    }
    Jwk::from_value((*key).clone()).unwrap()
}

fn without(key: &Jwk, member: &str) -> Value {
    let mut value = key.to_value();
    value.as_object_mut().unwrap().remove(member);
    value
}

pub fn encrypt(
    text: &str,
    key: &Jwk,
    management: KeyManagement,
    encryption: ContentEncryption,
) -> String {
    let header = Header {
        cty: Some("JWT".into()),
        kid: key.kid().map(str::to_owned),
        ..Header::default()
    };
    jwe::encrypt(text.as_bytes(), key, management, encryption, &header).unwrap()
}

/// The name of the RSA key that signs.
async fn signing_kid(world: &World) -> String {
    let keys = world.get("/jwks").send().await.json();
    let mut keys = keys["keys"].as_array().unwrap().iter();
    let key = keys.find(|key| key["alg"] == json!("RS256")).unwrap();
    key["kid"].as_str().unwrap().to_owned()
}

async fn replaced(world: &World, family: Family, management: KeyManagement) {
    let app = Signing::new(world).await;
    let beside = world.beside().await;
    let old = recipient(world, "/jwks", family).await;
    assert_eq!(recipient(&beside, "/jwks", family).await, old);
    let seal = |key: &Jwk| {
        let signed = app.sign(&app.claims());
        encrypt(&signed, key, management, ContentEncryption::A256Gcm)
    };
    let role = Role::RequestObjects(family);
    rotate(world.realm(), role, Rotation::Now, "test")
        .await
        .unwrap();
    world.sync().await;
    let new = recipient(world, "/jwks", family).await;
    assert_ne!(new, old);
    world.advance(1);
    let push = async |world: &World, object: &str| {
        let (id, secret) = (&app.client.id, app.client.secret.as_deref().unwrap());
        let form = [("client_id", id.as_str()), ("request", object)];
        world
            .post("/par")
            .form(&form)
            .basic(id, secret)
            .send()
            .await
    };
    for key in [&old, &new] {
        app.outcome(&seal(key)).await.unwrap();
        // Where nobody has read of the change yet.
        push(&beside, &seal(key)).await.status(201);
    }
    // Whoever names no key is understood too, and whoever names one that is not ours is not.
    let unnamed = Jwk::from_value(without(&new, "kid")).unwrap();
    app.pushed(&seal(&unnamed)).await.status(201);
    let unknown = app.pushed(&seal(&unnamed.with_kid("unknown"))).await;
    unknown.refused(400, REFUSED);
    rotate(world.realm(), role, Rotation::Compromised, "test")
        .await
        .unwrap();
    for node in [world, &beside] {
        node.sync().await;
        for key in [&old, &new] {
            push(node, &seal(key)).await.refused(400, REFUSED);
        }
        let fresh = recipient(node, "/jwks", family).await;
        push(node, &seal(&fresh)).await.status(201);
    }
}

on_each_engine! {
    /// Signed, then encrypted; in each way that is announced.
    async fn an_encrypted_request_becomes_a_code(world: World) {
        let app = Signing::new(&world).await;
        let document = world.get("/.well-known/openid-configuration").send().await.json();
        let managements = document["request_object_encryption_alg_values_supported"].as_array().unwrap();
        let encryptions = document["request_object_encryption_enc_values_supported"].as_array().unwrap();
        for (number, management) in managements.iter().enumerate() {
            let encryption: ContentEncryption = encryptions[number % encryptions.len()].as_str().unwrap().parse().unwrap();
            let management: KeyManagement = management.as_str().unwrap().parse().unwrap();
            let key = recipient(&world, "/jwks", Family::of(management).unwrap()).await;
            let object = encrypt(&app.sign(&app.claims()), &key, management, encryption);
            app.outcome(&object).await.unwrap();
            app.pushed(&object).await.status(201);
        }
        // The same keys at another node, and others in another realm.
        let beside = world.beside().await;
        world.add_realm("second").await;
        for family in Family::ALL {
            let key = recipient(&world, "/jwks", family).await;
            assert_eq!(recipient(&beside, "/jwks", family).await, key);
            assert_ne!(recipient(&world, "/realms/second/jwks", family).await, key);
        }
    }

    /// RFC 7516 §11.5, RFC 8725 §3.2: whatever is wrong with what is encrypted by RSA, the answer is the same, so that nobody learns from it how far we came.
    async fn what_rsa_does_not_open_is_refused_in_one_way(world: World) {
        let app = Signing::new(&world).await;
        let key = recipient(&world, "/jwks", Family::RsaOaep).await;
        let signed = app.sign(&app.claims());
        let (way, content) = (KeyManagement::RsaOaep256, ContentEncryption::A256Gcm);
        let good = encrypt(&signed, &key, way, content);
        app.pushed(&good).await.status(201);
        let parts: Vec<&str> = good.split('.').collect();
        let with = |index: usize, part: &str| {
            let mut all = parts.clone();
            all[index] = part;
            all.join(".")
        };
        let header = |members: Value| base64url::encode(members.to_string());
        let kid = key.kid().unwrap();
        let own = jose::SigningKey::generate(jose::Algorithm::Rs256).unwrap().public_jwk().unwrap().to_value();
        let stranger = Jwk::from_value(json!({"kty": "RSA", "n": own["n"], "e": own["e"], "kid": kid})).unwrap();
        let other = encrypt(&signed, &key, way, ContentEncryption::A128CbcHs256);
        let other: Vec<&str> = other.split('.').collect();
        let mut bodies = std::collections::BTreeSet::new();
        for (case, object) in [
            ("padding", with(1, &base64url::encode([0x42; 256]))),
            ("a number that is too large", with(1, &base64url::encode([0xff; 256]))),
            ("a number that is too long", with(1, &base64url::encode([0x42; 257]))),
            ("a number that is too short", with(1, &base64url::encode([0x42; 16]))),
            ("no number", with(1, "")),
            ("a key for other content", with(1, other[1])),
            ("content", with(3, &base64url::encode(vec![1; signed.len()]))),
            ("tag", with(4, &base64url::encode([1; 16]))),
            ("vector", with(2, &base64url::encode([1; 12]))),
            ("another hash", with(0, &header(json!({"alg": "RSA-OAEP", "enc": "A256GCM", "cty": "JWT", "kid": kid})))),
            ("another content encryption", with(0, &header(json!({"alg": "RSA-OAEP-256", "enc": "A128GCM", "cty": "JWT", "kid": kid})))),
            ("the padding of before", with(0, &header(json!({"alg": "RSA1_5", "enc": "A256GCM", "cty": "JWT", "kid": kid})))),
            ("agreement", with(0, &header(json!({"alg": "ECDH-ES", "enc": "A256GCM", "cty": "JWT", "kid": kid})))),
            ("a key of another's", encrypt(&signed, &stranger, way, content)),
            ("a key that signs", with(0, &header(json!({"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": signing_kid(&world).await})))),
            ("a key that nobody has", with(0, &header(json!({"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": "nobody's"})))),
        ] {
            let answer = app.pushed(&object).await;
            answer.refused(400, REFUSED);
            bodies.insert(answer.body.clone());
            assert_eq!(bodies.len(), 1, "{case}: {bodies:?}");
        }
    }

    /// Each decryption by RSA costs us as much as a signature, and nobody has proved anything before: an address gets a share, and takes nothing from others.
    async fn a_flood_of_rsa_is_bounded(world: World) {
        let app = Signing::new(&world).await;
        let key = recipient(&world, "/jwks", Family::RsaOaep).await;
        let (here, there) = ("198.51.100.7", "198.51.100.8");
        let seal = |key: &Jwk, management| encrypt("{}", key, management, ContentEncryption::A128Gcm);
        let (flood, agreed) = (seal(&key, KeyManagement::RsaOaep), seal(&published(&world, "/jwks").await, KeyManagement::EcdhEs));
        let (id, secret) = (&app.client.id, app.client.secret.as_deref().unwrap());
        let ask = async |from: &str, object: &str| {
            let form = [("client_id", id.as_str()), ("request", object)];
            world.post("/par").from(from).basic(id, secret).form(&form).send().await
        };
        for _ in 0..100 {
            ask(here, &flood).await.refused(400, REFUSED);
        }
        let stopped = ask(here, &flood).await;
        assert_eq!((stopped.status, stopped.header("retry-after")), (429, "1"));
        let led_back = world.get(&app.address(&flood, &[])).from(here).send().await;
        assert!(led_back.status(303).header("location").contains("error=temporarily_unavailable"), "{led_back:?}");
        // A hint is as costly.
        world.get(&format!("/logout?id_token_hint={flood}")).from(here).send().await.status(429);
        for (from, object) in [(there, &flood), (here, &agreed)] {
            ask(from, object).await.refused(400, REFUSED);
        }
        // What names no key of ours costs nothing, and counts nothing.
        let unknown = seal(&key.clone().with_kid("nobody's"), KeyManagement::RsaOaep);
        ask(here, &unknown).await.refused(400, REFUSED);
        world.advance(1);
        ask(here, &flood).await.refused(400, REFUSED);
    }

    /// OpenID Connect Core §10.2.1: while keys are replaced, what was encrypted to the one before is taken for a bounded time, at every node; a new request finds the new
    /// key alone; and what has leaked opens nothing.
    async fn keys_are_replaced_while_requests_are_under_way(world: World) {
        for (family, management) in [(Family::EcdhEs, KeyManagement::EcdhEsA128Kw), (Family::RsaOaep, KeyManagement::RsaOaep)] {
            replaced(&world.another(world.issuer()).await, family, management).await;
        }
    }

    /// Whoever has our public key can encrypt: only the signature inside says who.
    async fn what_is_encrypted_must_be_signed(world: World) {
        let app = Signing::new(&world).await;
        let key = published(&world, "/jwks").await;
        let (management, encryption) = (KeyManagement::EcdhEs, ContentEncryption::A256Gcm);
        let seal = |text: &str| encrypt(text, &key, management, encryption);
        let signed = app.sign(&app.claims());
        let good = seal(&signed);
        let mut altered = good.clone().into_bytes();
        let at = good.rfind('.').unwrap() - 5;
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let none = format!("{}.{}.", base64url::encode(r#"{"alg":"none"}"#), base64url::encode(app.claims().to_string()));
        // A key of the realm, of the same curve, which is for something else.
        let keys = world.get("/jwks").send().await.json();
        let mut signing = keys["keys"].as_array().unwrap().iter().find(|key| key["alg"] == json!("ES256")).unwrap().clone();
        for member in ["use", "alg"] {
            signing.as_object_mut().unwrap().remove(member);
        }
        let signing = Jwk::from_value(signing).unwrap();
        let stranger = Jwk::from_value(json!({"kty": "oct", "k": base64url::encode([7; 32])})).unwrap();
        for (case, object) in [
            ("claims alone", seal(&app.claims().to_string())),
            ("unsigned", seal(&none)),
            ("twice", seal(&good)),
            ("altered", String::from_utf8(altered).unwrap()),
            ("for another", encrypt(&signed, &stranger, KeyManagement::Dir, ContentEncryption::A256Gcm)),
            ("to a key that signs", encrypt(&signed, &signing, management, encryption)),
            ("to a key that signs, unnamed", encrypt(&signed, &Jwk::from_value(without(&signing, "kid")).unwrap(), management, encryption)),
            ("nothing", "....".to_owned()),
            ("no base64", "ä.a.a.a.a".to_owned()),
            ("no header", format!("{}.a.a.a.a", base64url::encode("[]"))),
        ] {
            assert_eq!(app.outcome(&object).await.unwrap_err(), REFUSED, "{case}");
            app.pushed(&object).await.refused(400, REFUSED);
        }
    }

    /// OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2: a hint may be encrypted to us; it has to be an ID token of ours all the same.
    async fn a_hint_may_be_encrypted_to_us(world: World) {
        let app = world.app_with(|client| client.trusted()).await;
        let key = published(&world, "/jwks").await;
        let seal = |text: &str| encrypt(text, &key, KeyManagement::EcdhEs, ContentEncryption::A256Gcm);
        let mut browser = world.browser();
        let tokens = world.flow(&app).tokens_in(&mut browser).await;
        let flow = |hint: &str| world.flow(&app).with("prompt", "none").with("id_token_hint", hint);
        assert!(!flow(&seal(tokens.id())).code(&mut browser).await.is_empty());
        let stranger = Jwk::from_value(json!({"kty": "oct", "k": base64url::encode([7; 32])})).unwrap();
        for wrong in [seal(tokens.access()), seal("{}"), seal(&seal(tokens.id())), encrypt(tokens.id(), &stranger, KeyManagement::Dir, ContentEncryption::A256Gcm)] {
            assert_eq!(flow(&wrong).error(&mut browser).await, "invalid_request");
        }
        let page = browser.get(&format!("/logout?id_token_hint={}", seal(tokens.id()))).await;
        assert!(!page.has("sign-out"), "{}", page.words());
        assert_eq!(world.flow(&app).with("prompt", "none").error(&mut browser).await, "login_required");
    }
}
