//! Who wants a credential that is not theirs.

use jose::Algorithm;
use jose::SigningKey;
use jose::jws::{self, Header};
use serde_json::{Value, json};

use super::{
    by_details, by_scope, credentials, details, employee, events, fetch, fresh, issue, key, named,
    nonce, proof, request, shop, wallet,
};
use crate::dpop::Key;
use crate::harness::{Tokens, World};
use crate::on_each_engine;

on_each_engine! {
    /// Appendix F.1, §8.2: every rule of a proof, one broken at a time.
    async fn a_proof_for_somebody_else_proves_nothing(world: World) {
        let app = shop(&world).await;
        let tokens = by_scope(&world, &app).await;
        let (holder, nonce, now) = (key(), nonce(&world).await, world.now());
        let with = |changes: Value| {
            let mut all = json!({"nonce": nonce});
            all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            proof(&world, &holder, all)
        };
        let under = |header: Header, claims: Value| jws::sign(&holder, &header, claims.to_string().as_bytes()).unwrap();
        let claims = json!({"aud": world.issuer(), "iat": now, "nonce": nonce});
        let jwk = || Some(holder.public_jwk().unwrap());
        let typ = || Some("openid4vci-proof+jwt".to_owned());
        let mut certified = Header { typ: typ(), jwk: jwk(), ..Header::default() };
        certified.extra.insert("x5c".into(), json!(["AAAA"]));
        let secret = jose::Jwk::symmetric(&[7; 64]).unwrap();
        let mac = SigningKey::from_jwk(&secret, Algorithm::Hs256).unwrap();
        let symmetric = jws::sign(&mac, &Header { typ: typ(), ..Header::default() }, claims.to_string().as_bytes()).unwrap();
        let good = with(json!({}));
        let (head, rest) = good.split_once('.').unwrap();
        let stolen = format!("{head}.{}.{}", jose::base64url::encode(claims.to_string()), rest.split_once('.').unwrap().1);
        for (case, wrong) in [
            ("for another issuer", with(json!({"aud": "https://other.example"}))),
            ("for others too", with(json!({"aud": [world.issuer(), "https://other.example"]}))),
            ("for nobody", with(json!({"aud": null}))),
            ("for the endpoint", with(json!({"aud": format!("{}/credential", world.issuer())}))),
            ("of another wallet", with(json!({"iss": "other"}))),
            ("old", with(json!({"iat": now - 400}))),
            ("of tomorrow", with(json!({"iat": now + 400}))),
            ("of no time", with(json!({"iat": null}))),
            ("without a nonce", with(json!({"nonce": null}))),
            ("of another type", under(Header { typ: Some("JWT".into()), jwk: jwk(), ..Header::default() }, claims.clone())),
            ("without a key", under(Header { typ: typ(), ..Header::default() }, claims.clone())),
            ("with two names of the key", under(Header { typ: typ(), jwk: jwk(), kid: Some("k".into()), ..Header::default() }, claims.clone())),
            ("with a certificate", under(certified, claims.clone())),
            ("with a secret", symmetric),
            ("a DPoP proof", Key::new().proof(&world)),
            ("other claims under the signature", stolen),
            ("nothing", String::new()),
            ("no JWT", "a.b.c".to_owned()),
        ] {
            let answer = fetch(&world, tokens.access(), &request(&[&wrong])).await;
            assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_proof"), "{case}");
            // One that is wrong makes all wrong.
            let answer = fetch(&world, tokens.access(), &request(&[&good, &wrong])).await;
            assert_eq!(answer.status, 400, "{case}");
        }
        fetch(&world, tokens.access(), &request(&[&good, &good])).await.refused(400, "invalid_proof");
        let anonymous = with(json!({"iss": null}));
        assert_eq!(credentials(&fetch(&world, tokens.access(), &request(&[&anonymous])).await).len(), 1);
        assert_eq!(events(&world).await, ["credential.issued"], "nothing else was issued");
    }

    /// §7, §8.3.1.2: a nonce is of this realm and of now.
    async fn a_nonce_of_another_place_or_time_is_not_taken(world: World) {
        let app = shop(&world).await;
        let tokens = by_scope(&world, &app).await;
        let holder = key();
        let elsewhere = world.another("https://other.example").await;
        let theirs = nonce(&elsewhere).await;
        for wrong in [theirs.as_str(), "", "x", &"A".repeat(10_000)] {
            let proof = proof(&world, &holder, json!({ "nonce": wrong }));
            fetch(&world, tokens.access(), &request(&[&proof])).await.refused(400, "invalid_nonce");
        }
        let old = nonce(&world).await;
        world.advance(250);
        let proof = proof(&world, &holder, json!({ "nonce": old }));
        fetch(&world, tokens.access(), &request(&[&proof])).await.refused(400, "invalid_nonce");
    }

    /// §8.2: what is not a request is refused before anything is signed; sizes are bounded.
    async fn a_request_that_is_none_is_refused(world: World) {
        let app = shop(&world).await;
        let tokens = by_scope(&world, &app).await;
        let proof = fresh(&world, &key()).await;
        let many: Vec<&str> = vec![&proof; 6];
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        for (body, error) in [
            (json!({}), "invalid_credential_request"),
            (json!({"credential_configuration_id": "employee", "credential_identifier": "x"}), "invalid_credential_request"),
            (json!({"credential_configuration_id": 7}), "invalid_credential_request"),
            (json!({"credential_configuration_id": ""}), "invalid_credential_request"),
            (json!({"credential_configuration_id": "x".repeat(600)}), "invalid_credential_request"),
            (json!({"credential_configuration_id": "other"}), "unknown_credential_configuration"),
            (json!({"credential_identifier": "employee"}), "unknown_credential_identifier"),
            (json!({"credential_configuration_id": "employee"}), "invalid_proof"),
            (json!({"credential_configuration_id": "employee", "proofs": {}}), "invalid_proof"),
            (json!({"credential_configuration_id": "employee", "proofs": [proof]}), "invalid_proof"),
            (json!({"credential_configuration_id": "employee", "proofs": {"jwt": []}}), "invalid_proof"),
            (json!({"credential_configuration_id": "employee", "proofs": {"jwt": proof}}), "invalid_proof"),
            (json!({"credential_configuration_id": "employee", "proofs": {"jwt": [1]}}), "invalid_proof"),
            (json!({"credential_configuration_id": "employee", "proofs": {"di_vp": [{}]}}), "invalid_proof"),
            (json!({"credential_configuration_id": "employee", "proofs": {"attestation": [proof]}}), "invalid_proof"),
            (json!({"credential_configuration_id": "employee", "proofs": {"jwt": [proof], "attestation": [proof]}}), "invalid_proof"),
            (request(&many), "invalid_proof"),
        ] {
            let answer = fetch(&world, tokens.access(), &body).await;
            assert_eq!((answer.status, answer.text("error").as_str()), (400, error), "{body}");
        }
        for (kind, body) in [
            ("application/json", "{".to_owned()),
            ("application/json", "[]".to_owned()),
            ("application/json", deep),
            ("application/json", r#"{"credential_configuration_id":"employee","credential_configuration_id":"employee"}"#.to_owned()),
            ("text/plain", "{}".to_owned()),
            ("application/x-www-form-urlencoded", "credential_configuration_id=employee".to_owned()),
        ] {
            let call = world.post("/credential").bearer(tokens.access());
            call.body(kind, body.as_bytes()).send().await.refused(400, "invalid_credential_request");
        }
        let huge = vec![b' '; 70_000];
        let answer = world.post("/credential").bearer(tokens.access()).body("application/json", &huge).send().await;
        answer.refused(400, "invalid_request");
    }

    /// §8.1: only a token that a person's grant gave this wallet for this, and from the header.
    async fn a_token_for_something_else_gets_nothing(world: World) {
        let app = shop(&world).await;
        world.notes().await;
        let body = request(&[&fresh(&world, &key()).await]);
        let answer = world.post("/credential").json(&body).send().await;
        assert!(answer.status == 401 && answer.header("www-authenticate").starts_with("Bearer"));
        let tokens = by_scope(&world, &app).await;
        let in_query = format!("/credential?access_token={}", tokens.access());
        world.post(&in_query).json(&body).send().await.status(401);
        fetch(&world, "x", &body).await.refused(401, "invalid_token");
        // Of the person, but for something else.
        let other = world.flow(&app).with("scope", "openid offline_access").tokens().await;
        fetch(&world, other.access(), &body).await.refused(400, "credential_request_denied");
        // Of a client for itself, and of another API.
        let service = world.client("service").scope("employee notes.read").grants(&["client_credentials"]).create().await;
        let own = service.client_credentials("employee").await;
        if own.status == 200 {
            fetch(&world, &own.text("access_token"), &body).await.refused(401, "invalid_token");
        }
        let notes = service.client_credentials("notes.read").await.text("access_token");
        fetch(&world, &notes, &body).await.refused(401, "invalid_token");
        // Withdrawn, and of somebody who is gone.
        app.revoke(tokens.access()).await.status(200);
        fetch(&world, tokens.access(), &body).await.refused(401, "invalid_token");
        let tokens = by_scope(&world, &app).await;
        world.disable("alice").await;
        let answer = fetch(&world, tokens.access(), &body).await;
        assert!(answer.status == 400 || answer.status == 401, "{}", answer.status);
        assert!(events(&world).await.is_empty());
    }

    /// §6.2: a name is of one person, one realm and one grant.
    async fn another_persons_name_for_a_credential_is_none(world: World) {
        let app = shop(&world).await;
        let tokens = by_details(&world, &app).await;
        world.person("bob", "correct-horse-battery").await;
        let flow = world.flow(&app).with("scope", "offline_access").with("authorization_details", &details().to_string());
        let mut browser = world.browser();
        let page = browser.get(&flow.url()).await;
        let page = browser.press(&page, "sign-in", &[("username", "bob"), ("password", "correct-horse-battery")]).await;
        let page = flow.go_on(&mut browser, page).await;
        let bobs = flow.redeem(&flow.response(&page)["code"]).await;
        let bobs = Tokens(bobs.status(200).json());
        assert_ne!(named(&bobs), named(&tokens));
        let proof = fresh(&world, &key()).await;
        let body = json!({"credential_identifier": named(&tokens), "proofs": {"jwt": [proof]}});
        fetch(&world, bobs.access(), &body).await.refused(400, "unknown_credential_identifier");
        // Nor does it help whoever has a token by scope.
        let plain = by_scope(&world, &app).await;
        fetch(&world, plain.access(), &body).await.refused(400, "unknown_credential_identifier");
        assert_eq!(credentials(&fetch(&world, tokens.access(), &body).await).len(), 1);
    }

    /// A token of one realm is nothing to another, which issues the same.
    async fn a_token_of_another_realm_gets_nothing(world: World) {
        let app = shop(&world).await;
        let other = world.another("https://other.example").await;
        issue(&other, employee(&other)).await;
        let theirs = other.app_with(wallet).await;
        let tokens = by_scope(&world, &app).await;
        let holder = key();
        let nonce = nonce(&other).await;
        let proof = proof(&other, &holder, json!({ "nonce": nonce }));
        fetch(&other, tokens.access(), &request(&[&proof])).await.refused(401, "invalid_token");
        let tokens = by_scope(&other, &theirs).await;
        assert_eq!(credentials(&fetch(&other, tokens.access(), &request(&[&proof])).await).len(), 1);
    }

    /// RFC 9449 §7.1: a bound token is taken with its key alone, and each proof of it once.
    async fn a_bound_token_needs_its_key(world: World) {
        let app = shop(&world).await;
        let flow = world.flow(&app).with("scope", "employee");
        let key_of_token = Key::new();
        let code = flow.fresh_code().await;
        let answer = crate::dpop::redeem(&flow, &world, &code, &[&key_of_token.proof(&world)]).await;
        let token = answer.status(200).text("access_token");
        let body = request(&[&fresh(&world, &key()).await]);
        fetch(&world, &token, &body).await.refused(401, "invalid_token");
        let at = |path: &str| {
            let ath = oauth::dpop::token_hash(&token);
            json!({"htu": format!("{}{path}", world.issuer()), "ath": ath})
        };
        let ask = async |proof: &str| {
            let call = world.post("/credential").header("authorization", &format!("DPoP {token}"));
            call.header("dpop", proof).json(&body).send().await
        };
        ask(&key_of_token.with(&world, at("/userinfo"))).await.refused(401, "invalid_dpop_proof");
        ask(&Key::new().with(&world, at("/credential"))).await.refused(401, "invalid_token");
        let good = key_of_token.with(&world, at("/credential"));
        assert_eq!(credentials(&ask(&good).await).len(), 1);
        ask(&good).await.refused(401, "invalid_dpop_proof");
    }
}
