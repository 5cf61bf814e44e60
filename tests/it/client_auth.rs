//! Client authentication: RFC 6749 §2.3 and §3.2.1, RFC 9700 §2.5.

use serde_json::{Value, json};

use crate::harness::World;
use crate::on_each_engine;

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

on_each_engine! {
    /// RFC 6749 §2.3.1: in the header.
    async fn client_secret_basic_authenticates(world: World) {
        let service = world.service().await;
        service.token(&[GRANT]).await.status(200);
    }

    /// RFC 6749 §2.3.1: in the body.
    async fn client_secret_post_authenticates(world: World) {
        let service = world.service_with(|client| client.set("token_endpoint_auth_method", json!("client_secret_post"))).await;
        let secret = service.secret.clone().unwrap();
        let form = [GRANT, ("client_id", "service"), ("client_secret", &secret)];
        world.post("/token").form(&form).send().await.status(200);
    }

    /// RFC 6749 §2.3.1: a client that registered no method may use the header and the body.
    async fn a_client_without_a_method_may_use_header_and_body(world: World) {
        let service = world.service_with(|client| client.set("token_endpoint_auth_method", Value::Null)).await;
        let secret = service.secret.clone().unwrap();
        world.post("/token").basic("service", &secret).form(&[GRANT]).send().await.status(200);
        let form = [GRANT, ("client_id", "service"), ("client_secret", &secret)];
        world.post("/token").form(&form).send().await.status(200);
    }

    /// RFC 7591 §2: a client that registered one method uses that one.
    async fn another_method_than_the_registered_one_is_refused(world: World) {
        let service = world.service_with(|client| client.set("token_endpoint_auth_method", json!("client_secret_basic"))).await;
        let secret = service.secret.clone().unwrap();
        let form = [GRANT, ("client_id", "service"), ("client_secret", &secret)];
        world.post("/token").form(&form).send().await.refused(401, "invalid_client");
    }

    /// RFC 6749 §5.2: 401 with a challenge for the scheme that the client used; JSON, whatever `Accept` says.
    async fn a_wrong_secret_is_invalid_client(world: World) {
        let service = world.service().await;
        for accept in ["*/*", "text/html", "application/xml", "image/png;q=1.0"] {
            let answer = world
                .post("/token")
                .header("accept", accept)
                .basic("service", "not the secret of the service")
                .form(&[GRANT])
                .send()
                .await;
            answer.refused(401, "invalid_client");
            assert!(answer.header("www-authenticate").starts_with("Basic"), "{answer:?}");
        }
        service.token(&[GRANT]).await.status(200);
    }

    /// An unknown client and a wrong secret look alike.
    async fn an_unknown_client_is_not_told_apart(world: World) {
        world.service().await;
        let unknown = world.post("/token").basic("unknown", "not the secret of the service").form(&[GRANT]).send().await;
        let wrong = world.post("/token").basic("service", "not the secret of the service").form(&[GRANT]).send().await;
        unknown.refused(401, "invalid_client");
        assert_eq!(unknown.body, wrong.body);
        assert_eq!(unknown.status, wrong.status);
    }

    /// A secret that was changed at one node counts at the others at once, and the old one is void there within about a second.
    async fn a_new_secret_works_at_every_node(first: World) {
        let second = first.beside().await;
        let service = first.service().await;
        service.at(&second).token(&[GRANT]).await.status(200);
        let client = realm::clients::find(first.realm(), "service").await.unwrap().unwrap();
        let change = realm::clients::SecretChange::Given("another-secret-of-the-service".into());
        realm::clients::update(first.realm(), client, change, "test").await.unwrap();
        let renewed = service.with_secret("another-secret-of-the-service");
        renewed.at(&second).token(&[GRANT]).await.status(200);
        second.sync().await;
        service.at(&second).token(&[GRANT]).await.refused(401, "invalid_client");
        renewed.at(&second).token(&[GRANT]).await.status(200);
    }

    /// RFC 6749 §2.3: no more than one method in a request.
    async fn two_methods_at_once_are_refused(world: World) {
        let service = world.service().await;
        let secret = service.secret.clone().unwrap();
        let form = [GRANT, ("client_secret", &secret)];
        let answer = world.post("/token").basic("service", &secret).form(&form).send().await;
        answer.refused(400, "invalid_request");
    }

    /// RFC 6749 §2.3: a `client_id` in the body beside the header is harmless when it is the same, and wrong otherwise.
    async fn the_client_in_header_and_body_is_the_same(world: World) {
        let service = world.service().await;
        let secret = service.secret.clone().unwrap();
        let same = [GRANT, ("client_id", "service")];
        world.post("/token").basic("service", &secret).form(&same).send().await.status(200);
        let other = [GRANT, ("client_id", "other")];
        let answer = world.post("/token").basic("service", &secret).form(&other).send().await;
        assert!(matches!(answer.text("error").as_str(), "invalid_request" | "invalid_client"), "{answer:?}");
    }

    /// RFC 6749 §5.2 "no client authentication included".
    async fn nobody_is_invalid_client(world: World) {
        let answer = world.post("/token").form(&[GRANT]).send().await;
        assert!(matches!(answer.status, 400 | 401), "{answer:?}");
        assert!(matches!(answer.text("error").as_str(), "invalid_client" | "invalid_request"), "{answer:?}");
    }

    /// A confidential client does not become a public one by leaving its secret out.
    async fn a_confidential_client_needs_its_secret(world: World) {
        world.service().await;
        let form = [GRANT, ("client_id", "service")];
        world.post("/token").form(&form).send().await.refused(401, "invalid_client");
        let empty = [GRANT, ("client_id", "service"), ("client_secret", "")];
        world.post("/token").form(&empty).send().await.refused(401, "invalid_client");
    }

    /// A public client that sends a secret is mistaken or an attacker.
    async fn a_public_client_has_no_secret(world: World) {
        let app = world.app_with(|client| client.public()).await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        let answer = flow.redeem_with(&code, &[("client_secret", "a secret that does not exist")]).await;
        answer.refused(401, "invalid_client");
    }

    /// RFC 6749 §2.3.1 and appendix B: identifier and secret are form-encoded inside of Basic.
    async fn basic_credentials_are_form_encoded(world: World) {
        world.notes().await;
        let client = world
            .client("with&special=%2B+signs")
            .grants(&["client_credentials"])
            .scope("notes.read")
            .secret("p:a&ss%20word+and=more")
            .create()
            .await;
        client.token(&[GRANT]).await.status(200);
    }

    /// RFC 7617 §2: malformed headers are the client's fault and never ours.
    async fn a_malformed_header_is_refused(world: World) {
        world.service().await;
        for value in ["Basic", "Basic !!!", "Basic c2VydmljZQ==", "Basic /////w==", "Digest x", "Bearer", "basic", ""] {
            let answer = world.post("/token").header("authorization", value).form(&[GRANT]).send().await;
            assert!(matches!(answer.status, 400 | 401), "{value}: {answer:?}");
            assert!(matches!(answer.text("error").as_str(), "invalid_client" | "invalid_request"), "{value}: {answer:?}");
        }
    }

    /// RFC 9110 §11.1: the scheme's name has no case.
    async fn the_scheme_has_no_case(world: World) {
        let service = world.service().await;
        let secret = service.secret.clone().unwrap();
        let pair = crate::harness::base64(format!("service:{secret}").as_bytes());
        for scheme in ["basic", "BASIC"] {
            let value = format!("{scheme} {pair}");
            world.post("/token").header("authorization", &value).form(&[GRANT]).send().await.status(200);
        }
    }

    /// RFC 6749 §2.3.1: "MUST NOT be included in the request URI".
    async fn credentials_in_the_address_are_not_taken(world: World) {
        let service = world.service().await;
        let secret = service.secret.clone().unwrap();
        let path = format!("/token?client_id=service&client_secret={secret}");
        let answer = world.post(&path).form(&[GRANT]).send().await;
        assert!(matches!(answer.status, 400 | 401), "{answer:?}");
    }

    /// RFC 8414 §2, RFC 8705 §5: the metadata say how a client may authenticate, with what, and where certificates are asked for.
    async fn the_metadata_name_what_is_offered(world: World) {
        let document = world.get("/.well-known/oauth-authorization-server").send().await.json();
        let all = [
            "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth",
            "none",
        ];
        assert_eq!(document["token_endpoint_auth_methods_supported"], json!(all));
        assert_eq!(document["revocation_endpoint_auth_methods_supported"], json!(all));
        assert_eq!(document["introspection_endpoint_auth_methods_supported"], json!(all[..6]));
        for endpoint in ["token", "revocation", "introspection"] {
            let algorithms = document[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")].as_array().unwrap();
            for name in ["ES256", "EdDSA", "PS256", "RS256", "ML-DSA-65", "HS256"] {
                assert!(algorithms.contains(&json!(name)), "{endpoint} {name}");
            }
            assert!(!algorithms.contains(&json!("none")));
        }
        assert_eq!(document["tls_client_certificate_bound_access_tokens"], json!(true));
        assert_eq!(document["mtls_endpoint_aliases"]["token_endpoint"], json!("https://mtls.example/token"));
        assert_eq!(document["mtls_endpoint_aliases"]["introspection_endpoint"], json!("https://mtls.example/introspect"));
    }

    /// RFC 6749 §10.10: guessing is slowed down per client and address, and the owner elsewhere is not locked out.
    async fn guessing_a_secret_is_limited(world: World) {
        let world = world.limited().await;
        let service = world.service().await;
        let mut limited = None;
        for attempt in 0..200 {
            let secret = format!("the guess number {attempt}");
            let answer = world.post("/token").from("198.51.100.9").basic("service", &secret).form(&[GRANT]).send().await;
            if answer.status == 429 {
                limited = Some(answer);
                break;
            }
            answer.refused(401, "invalid_client");
        }
        let answer = limited.expect("guessing is limited");
        let wait: i64 = answer.header("retry-after").parse().expect("Retry-After in seconds");
        assert!(wait > 0);
        service.token(&[GRANT]).await.status(200);
        world.advance(wait + 1);
        let secret = service.secret.clone().unwrap();
        world.post("/token").from("198.51.100.9").basic("service", &secret).form(&[GRANT]).send().await.status(200);
    }
}
