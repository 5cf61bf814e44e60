//! What is signed by somebody else, for somebody else, at another time, twice, or is something else.

use jose::{Algorithm, SigningKey};
use serde_json::{Value, json};

use super::{GRANT, IDP, Issuer, alice, app, hand_in, jwks, people, sign};
use crate::harness::{World, altered, base64};
use crate::on_each_engine;

/// Claims with one other.
fn with(idp: &Issuer, name: &str, value: Value) -> Value {
    let mut said = alice();
    said[name] = value;
    idp.claims("00u1", said)
}

on_each_engine! {
    /// RFC 7523 §3: one after the other, at another node, and of racers one.
    async fn an_assertion_counts_once(world: World) {
        let app = app(&world).await;
        let beside = world.beside().await;
        let idp = Issuer::new(&world, IDP);
        idp.trusted(people(), json!({})).await;
        let assertion = idp.says("00u1", alice());
        hand_in(&app, &assertion, &[]).await.status(200);
        hand_in(&app, &assertion, &[]).await.refused(400, "invalid_grant");
        hand_in(&app.at(&beside), &assertion, &[]).await.refused(400, "invalid_grant");
        let assertion = idp.says("00u1", alice());
        let racers: Vec<_> = (0..6)
            .map(|number| {
                let app = if number % 2 == 0 { app.clone() } else { app.at(&beside) };
                let assertion = assertion.clone();
                tokio::spawn(async move { hand_in(&app, &assertion, &[]).await.status })
            })
            .collect();
        let mut won = 0;
        for racer in racers {
            won += usize::from(racer.await.unwrap() == 200);
        }
        assert_eq!(won, 1);
        // Another issuer's identifiers are its own.
        let second = Issuer::new(&world, "https://second.example");
        second.trusted(people(), json!({})).await;
        hand_in(&app, &second.says("00u1", alice()), &[]).await.status(200);
    }

    /// RFC 7523 §3: for us alone, now, and with an identifier.
    async fn what_is_for_another_server_or_time_is_refused(world: World) {
        let app = app(&world).await;
        let idp = Issuer::new(&world, IDP);
        idp.trusted(people(), json!({"audiences": ["api://grantor"]})).await;
        let now = world.now();
        let token = format!("{}/token", world.issuer());
        for aud in [json!(world.issuer()), json!(token), json!("api://grantor"), json!([world.issuer(), "api://grantor"])] {
            let assertion = sign(&world, &idp.key, "JWT", &with(&idp, "aud", aud.clone()));
            let answer = hand_in(&app, &assertion, &[]).await;
            assert_eq!(answer.status, 200, "{aud}");
        }
        for (name, value) in [
            ("aud", json!("https://other.example")),
            ("aud", json!([world.issuer(), "https://other.example"])),
            ("aud", json!([])),
            ("aud", json!(null)),
            ("aud", json!(format!("{}/", world.issuer()))),
            ("aud", json!(format!("{}/realms/acme", world.issuer()))),
            ("exp", json!(now - 31)),
            ("exp", json!(now + 3632)),
            ("exp", json!(null)),
            ("exp", json!("soon")),
            ("iat", json!(now + 31)),
            ("nbf", json!(now + 31)),
            ("jti", json!(null)),
            ("jti", json!("")),
            ("jti", json!(7)),
            ("jti", json!("x".repeat(1001))),
            ("sub", json!(null)),
            ("sub", json!(["00u1"])),
            ("iss", json!(null)),
            ("iss", json!("https://nobody.example")),
            ("iss", json!(world.issuer())),
            ("scope", json!(["notes.read"])),
            ("resource", json!(7)),
            ("cnf", json!({"jkt": "x"})),
            ("cnf", json!({"new": "x"})),
            ("cnf", json!("x")),
            ("act", json!("x")),
            ("may_act", json!({"sub": "app"})),
        ] {
            let claims = with(&idp, name, value.clone());
            let answer = hand_in(&app, &sign(&world, &idp.key, "JWT", &claims), &[]).await;
            assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_grant"), "{name} {value}");
        }
        // Still believed half a minute after its end, for clocks that differ, and no longer.
        let assertion = sign(&world, &idp.key, "JWT", &with(&idp, "exp", json!(now - 29)));
        hand_in(&app, &assertion, &[]).await.status(200);
    }

    /// RFC 8725 §2.1, §3.1, §3.11: nothing that the sender chooses says how, with which key, or as what it is read.
    async fn what_the_issuer_did_not_sign_as_that_is_refused(world: World) {
        let app = app(&world).await;
        let idp = Issuer::new(&world, IDP);
        idp.trusted(people(), json!({"algorithms": ["ES256"]})).await;
        let second = Issuer::new(&world, "https://second.example");
        second.trusted(people(), json!({})).await;
        let claims = idp.claims("00u1", alice());
        let good = sign(&world, &idp.key, "JWT", &claims);
        // Another issuer that is trusted too signs in this one's name (mix-up), by its own key or under its key's name.
        let mixed = sign(&world, &second.key, "JWT", &claims);
        let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
        let other = SigningKey::generate(Algorithm::EdDsa).unwrap();
        let none = format!("{}.{}.", base64url(r#"{"alg":"none","typ":"JWT"}"#), base64url(&claims.to_string()));
        let secret = b"any secret that has thirty-two bytes";
        let symmetric = jose::Jwk::symmetric(secret).unwrap().with_kid(idp.key.kid());
        let symmetric = SigningKey::from_jwk(&symmetric, Algorithm::Hs256).unwrap();
        for assertion in [
            mixed,
            sign(&world, &stranger, "JWT", &claims),
            sign(&world, &other, "JWT", &claims),
            sign(&world, &symmetric, "JWT", &claims),
            none,
            altered(&good, good.len() - 10),
            format!("{good}.x"),
            "x".to_owned(),
            "a.b.c".to_owned(),
        ] {
            hand_in(&app, &assertion, &[]).await.refused(400, "invalid_grant");
        }
        for typ in ["at+jwt", "dpop+jwt", "logout+jwt", "client-authentication+jwt", "secevent+jwt", "oauth-authz-req+jwt"] {
            let assertion = sign(&world, &idp.key, typ, &claims);
            hand_in(&app, &assertion, &[]).await.refused(400, "invalid_grant");
        }
        // Nothing of that spent it.
        hand_in(&app, &good, &[]).await.status(200);
        hand_in(&app, "", &[]).await.refused(400, "invalid_request");
    }

    /// RFC 8725 §3.1: an issuer has keys for more than it is said to sign with; only the named algorithms count, and by default every asymmetric one.
    async fn an_issuer_signs_with_what_it_is_said_to_sign_with(world: World) {
        let app = app(&world).await;
        for (name, algorithms, allowed) in [
            ("one", json!(["ES256"]), [true, false]),
            ("two", json!(["EdDSA"]), [false, true]),
            ("three", json!([]), [true, true]),
        ] {
            let idp = Issuer::new(&world, &format!("https://{name}.example"));
            let newer = SigningKey::generate(Algorithm::EdDsa).unwrap();
            idp.trusted(people(), json!({"jwks": jwks(&[&idp.key, &newer]), "algorithms": algorithms})).await;
            for (key, allowed) in [&idp.key, &newer].into_iter().zip(allowed) {
                let answer = hand_in(&app, &sign(&world, key, "JWT", &idp.claims("00u1", alice())), &[]).await;
                let expected = if allowed { 200 } else { 400 };
                assert_eq!(answer.status, expected, "{algorithms} {:?}: {answer:?}", key.algorithm());
            }
        }
    }

    /// What one tenant believes is nothing to another, not even about an issuer that both trust, with other keys.
    async fn trust_is_of_one_realm(world: World) {
        let app = app(&world).await;
        let idp = Issuer::new(&world, IDP);
        world.add_realm("second").await;
        let second = world.node().realm("second").await.unwrap().unwrap();
        let rules = json!([{"condition": "true", "subject": {"client": "app"}}]);
        idp.trusted_in(&second, rules, json!({})).await.unwrap();
        hand_in(&app, &idp.says("00u1", alice()), &[]).await.refused(400, "invalid_grant");
        let theirs = SigningKey::generate(Algorithm::Es256).unwrap();
        idp.trusted(people(), json!({"jwks": jwks(&[&theirs])})).await;
        hand_in(&app, &idp.says("00u1", alice()), &[]).await.refused(400, "invalid_grant");
        // Nor can this realm be its own trusted issuer.
        let own = Issuer::new(&world, world.issuer());
        assert!(own.trusted_in(world.realm(), people(), json!({})).await.is_err());
    }

    /// Tokens of our own are no assertions.
    async fn our_own_tokens_are_no_assertions(world: World) {
        let app = app(&world).await;
        let idp = Issuer::new(&world, IDP);
        idp.trusted(people(), json!({})).await;
        let own = app.client_credentials("notes.read").await.text("access_token");
        hand_in(&app, &own, &[]).await.refused(400, "invalid_grant");
    }

    /// RFC 6749 §5.2.
    async fn the_grant_is_for_clients_that_registered_it_and_authenticate(world: World) {
        app(&world).await;
        let idp = Issuer::new(&world, IDP);
        idp.trusted(people(), json!({})).await;
        let plain = world.client("plain").create().await;
        hand_in(&plain, &idp.says("00u1", alice()), &[]).await.refused(400, "unauthorized_client");
        let form = [("grant_type", GRANT), ("assertion", &idp.says("00u1", alice()))];
        world.post("/token").form(&form).send().await.refused(401, "invalid_client");
        let named = [form[0], form[1], ("client_id", "app")];
        world.post("/token").form(&named).send().await.refused(401, "invalid_client");
        let public = world.client("spa").public().grants(&["authorization_code", GRANT]).try_create().await;
        assert!(public.is_none());
    }
}

fn base64url(text: &str) -> String {
    base64(text.as_bytes())
        .replace('+', "-")
        .replace('/', "_")
        .replace('=', "")
}
