//! ID tokens: OpenID Connect Core §2, §3.1.3.3, §3.1.3.6.

use serde_json::{Value, json};

use crate::harness::{START, World};
use crate::on_each_engine;

on_each_engine! {
    /// §2: who, for whom, by whom, when; with the nonce of the request.
    async fn an_id_token_says_who_signed_in(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).tokens().await;
        let claims = world.claims(tokens.id()).await;
        assert_eq!(claims["iss"], json!(world.issuer()));
        assert_eq!(claims["aud"], json!("app"));
        assert_eq!(claims["nonce"], json!("n-0S6_WzA2Mj"));
        assert_eq!(claims["iat"], json!(START));
        assert_eq!(claims["auth_time"], json!(START));
        assert!(claims["exp"].as_i64() > Some(START));
        assert!(claims["sub"].as_str().is_some_and(|sub| !sub.is_empty() && sub.len() <= 255));
        assert_eq!(claims["amr"], json!(["pwd"]), "RFC 8176 §2");
        assert!(claims["at_hash"].is_string());
    }

    /// §2, RFC 7519 §4.1.7: each has a name of its own, and no claim but those that clients know.
    async fn an_id_token_has_its_own_identifier_and_only_registered_claims(world: World) {
        let app = world.app().await;
        let first = world.claims(world.flow(&app).tokens().await.id()).await;
        let second = world.claims(world.flow(&app).tokens().await.id()).await;
        assert!(first["jti"].is_string());
        assert_ne!(first["jti"], second["jti"]);
        let known = ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "jti"];
        for name in first.as_object().unwrap().keys() {
            assert!(known.contains(&name.as_str()), "{name}");
        }
    }

    /// Back-Channel Logout §2.1, Front-Channel Logout §3: `sid` is for who is told of the session's end. Whoever is not needs no name for it, and signs its person
    /// out with the ID token all the same.
    async fn only_who_is_told_of_its_end_learns_the_name_of_a_session(world: World) {
        let told = world
            .client("told")
            .trusted()
            .set("backchannel_logout_uri", json!("https://told.example/logout"))
            .create()
            .await;
        let plain = world.app().await;
        let hidden = world.client("hidden").trusted().set("subject_type", json!("pairwise")).create().await;
        let mut browser = world.browser();
        let (first, second) = (world.flow(&told).tokens_in(&mut browser).await, world.flow(&plain).tokens_in(&mut browser).await);
        let third = world.flow(&hidden).tokens_in(&mut browser).await;
        assert!(world.claims(first.id()).await["sid"].is_string());
        for tokens in [&second, &third] {
            let claims = world.claims(tokens.id()).await;
            assert_eq!(claims.get("sid"), None);
        }
        let another = world.flow(&plain).tokens().await;
        for (tokens, ends) in [(&another, false), (&third, true)] {
            let page = browser.get(&format!("/logout?id_token_hint={}", tokens.id())).await;
            assert_eq!(page.has("sign-out"), !ends, "an ID token of another session asks");
        }
    }

    /// Relying Party Metadata Choices §2: of what an application can verify the first, post-quantum too; what is not known here is passed over, and a registered
    /// algorithm is settled.
    async fn an_application_lists_what_it_can_verify(world: World) {
        let cases = [
            (json!(["XY512", "ML-DSA-44", "ES256"]), json!(null), "ML-DSA-44"),
            (json!(["EdDSA", "ML-DSA-87"]), json!(null), "EdDSA"),
            (json!(["ML-DSA-65"]), json!("ES256"), "ES256"),
        ];
        world.app().await;
        for (index, (choices, registered, expected)) in cases.into_iter().enumerate() {
            let app = world
                .client(&format!("lists{index}"))
                .set("id_token_signing_alg_values_supported", choices)
                .set("id_token_signed_response_alg", registered)
                .create()
                .await;
            let token = world.flow(&app).tokens().await.id().to_owned();
            let (algorithm, claims) = world.verified(&token).await;
            assert_eq!(algorithm.as_str(), expected);
            assert_eq!(claims["aud"], json!(format!("lists{index}")));
        }
    }

    /// §2: RS256 unless the client registered another.
    async fn the_algorithm_is_that_of_the_registration(world: World) {
        let app = world.app_with(|client| client.set("id_token_signed_response_alg", json!(null))).await;
        let tokens = world.flow(&app).tokens().await;
        let alg = |token: &str| format!("{:?}", jsonwebtoken::decode_header(token).unwrap().alg);
        assert_eq!(alg(tokens.id()), "RS256");
        for algorithm in ["ES256", "EdDSA", "PS256"] {
            let other = world
                .client(algorithm)
                .set("id_token_signed_response_alg", json!(algorithm))
                .create()
                .await;
            let tokens = world.flow(&other).tokens().await;
            assert_eq!(alg(tokens.id()), algorithm);
            world.claims(tokens.id()).await;
        }
    }

    /// §3.1.2.1: without a nonce there is none.
    async fn without_a_nonce_there_is_none(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).without("nonce").tokens().await;
        assert_eq!(world.claims(tokens.id()).await.get("nonce"), None);
    }

    /// §3.1.2.1: without the scope `openid` the request is plain OAuth, and there is no ID token.
    async fn without_openid_there_is_no_id_token(world: World) {
        world.notes().await;
        let app = world.app_with(|client| client.scope("openid notes.read")).await;
        let tokens = world.flow(&app).with("scope", "notes.read").tokens().await;
        assert_eq!(tokens.0.get("id_token"), None);
    }

    /// §8.1: the subject is the same for each client and at each sign-in.
    async fn the_subject_stays_the_same(world: World) {
        let app = world.app().await;
        let other = world.client("other").create().await;
        let mut subjects = Vec::new();
        for flow in [world.flow(&app), world.flow(&app), world.flow(&other)] {
            let tokens = flow.tokens().await;
            subjects.push(world.claims(tokens.id()).await["sub"].clone());
        }
        assert!(subjects.iter().all(|subject| *subject == subjects[0]), "{subjects:?}");
    }

    /// §5.4: with an access token issued beside it, the claims of the scopes are at userinfo; the ID token stays small.
    async fn personal_claims_are_at_userinfo(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).with("scope", "openid email profile").tokens().await;
        let claims = world.claims(tokens.id()).await;
        assert_eq!(claims.get("email"), None);
        let seen = world.userinfo(tokens.access()).await.json();
        assert_eq!(seen["email"], json!("alice@example.com"));
    }

    /// `auth_time` is when the password was typed, not when the token was issued.
    async fn auth_time_is_when_the_person_signed_in(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        let flow = world.flow(&app);
        flow.code(&mut browser).await;
        world.advance(1000);
        let tokens = flow.tokens_in(&mut browser).await;
        let claims: Value = world.claims(tokens.id()).await;
        assert_eq!(claims["auth_time"], json!(START));
        assert_eq!(claims["iat"], json!(START + 1000));
    }
}
