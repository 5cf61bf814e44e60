//! What the credential issuer says about itself: OpenID4VCI 1.0 §12.2, SD-JWT VC §3.5, §6.

use jose::{Jwk, VerifyingKey, jws};
use realm::CredentialConfiguration;
use realm::resources::{Named, issuing};
use serde_json::{Value, json};

use super::{ACTOR, claim, employee, issue, shop};
use crate::harness::World;
use crate::on_each_engine;

const ISSUER: &str = "/.well-known/openid-credential-issuer";

on_each_engine! {
    /// §12.2.2: nothing is there before something is issued; then it is at each form of the address, and goes away again.
    async fn nothing_is_said_before_something_is_issued(world: World) {
        for path in [ISSUER, "/.well-known/jwt-vc-issuer", "/vct/employee"] {
            world.get(path).send().await.status(404);
        }
        let before = world.get("/.well-known/openid-configuration").send().await.json();
        assert!(before.get("authorization_details_types_supported").is_none(), "{before}");
        shop(&world).await;
        let document = world.get(ISSUER).send().await;
        let json = document.status(200).json();
        assert_eq!(json["credential_issuer"], world.issuer());
        assert_eq!(document.header("cache-control"), "public, max-age=300");
        let again = world.get(ISSUER).header("if-none-match", document.header("etag"));
        again.send().await.status(304);
        for name in ["credential_endpoint", "nonce_endpoint", "notification_endpoint"] {
            let url = json[name].as_str().unwrap().strip_prefix(world.issuer()).unwrap().to_owned();
            let there = world.post(&url).send().await.status;
            assert!(there == 200 || there == 401, "{name}: {there}");
        }
        let after = world.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(after["authorization_details_types_supported"], json!(["openid_credential"]));
        assert!(after["scopes_supported"].as_array().unwrap().contains(&json!("employee")));
        let issuer = world.get("/.well-known/jwt-vc-issuer").send().await.json();
        assert_eq!(issuer, json!({"issuer": world.issuer(), "jwks_uri": format!("{}/jwks", world.issuer())}));
        issuing::withdraw(world.realm(), "employee", ACTOR).await.unwrap();
        world.get(ISSUER).send().await.status(404);
    }

    /// §12.2.4, SD-JWT VC §6.2: each kind, and its type where that is an address here.
    async fn a_kind_of_credential_says_what_it_is(world: World) {
        let mut one = employee(&world);
        one.display.push(Named { name: "Ausweis".into(), locale: Some("de".into()) });
        one.claims[0].mandatory = true;
        one.claims[0].display = vec![Named { name: "Name".into(), locale: Some("en".into()) }];
        issue(&world, one.clone()).await;
        let kinds = world.get(ISSUER).send().await.json()["credential_configurations_supported"].clone();
        let algorithms = json!(["ES256", "ES384", "ES512", "EdDSA"]);
        let expected = json!({
            "format": "dc+sd-jwt", "vct": one.vct, "scope": "employee", "credential_signing_alg_values_supported": ["ES256"],
            "cryptographic_binding_methods_supported": ["jwk"], "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": algorithms}},
            "credential_metadata": {
                "display": [{"name": "Employee pass"}, {"name": "Ausweis", "locale": "de"}],
                "claims": [
                    {"path": ["name"], "mandatory": true, "display": [{"name": "Name", "locale": "en"}]},
                    {"path": ["contact", "email"], "mandatory": false}, {"path": ["department"], "mandatory": false},
                ],
            },
        });
        assert_eq!(kinds["employee"], expected);
        let vct = world.get("/vct/employee").send().await.json();
        let expected = json!({
            "vct": one.vct, "name": "Employee pass", "display": [{"name": "Ausweis", "locale": "de"}],
            "claims": [
                {"path": ["name"], "mandatory": true, "sd": "always", "display": [{"label": "Name", "locale": "en"}]},
                {"path": ["contact", "email"], "mandatory": false, "sd": "always"}, {"path": ["department"], "mandatory": false, "sd": "always"},
            ],
        });
        assert_eq!(vct, expected);
        issuing::change(world.realm(), CredentialConfiguration { vct: "urn:example:pass".into(), ..one }, ACTOR).await.unwrap();
        world.get("/vct/employee").send().await.status(404);
    }

    /// §12.2.2, §12.2.3: signed where that is asked for, the same otherwise.
    async fn metadata_are_signed_for_who_asks(world: World) {
        shop(&world).await;
        let plain = world.get(ISSUER).header("accept", "application/json, application/jwt;q=0.5").send().await;
        assert!(plain.header("vary").to_ascii_lowercase().contains("accept"));
        let plain = plain.json();
        let signed = world.get(ISSUER).header("accept", "application/jwt").send().await;
        assert_eq!(signed.header("content-type"), "application/jwt");
        let peeked = jws::peek(&signed.body).unwrap();
        assert_eq!(peeked.header.typ.as_deref(), Some("openidvci-issuer-metadata+jwt"));
        let jwk: Jwk = peeked.header.jwk.clone().unwrap();
        let published = world.get("/jwks").send().await.json();
        let ours = published["keys"].as_array().unwrap().iter().any(|key| key["x"] == jwk.to_value()["x"]);
        assert!(ours, "the key is one of ours");
        let key = VerifyingKey::from_jwk(&jwk, peeked.algorithm).unwrap();
        let (input, signature) = signed.body.rsplit_once('.').unwrap();
        key.verify(input.as_bytes(), &jose::base64url::decode(signature).unwrap()).unwrap();
        let mut claims = peeked.claims().unwrap();
        for (name, value) in [("sub", json!(world.issuer())), ("iss", json!(world.issuer())), ("iat", json!(world.now()))] {
            assert_eq!(claims.remove(name), Some(value));
        }
        assert_eq!(Value::Object(claims), plain);
    }

    /// A realm below another has its own, at all three addresses (§12.2.2).
    async fn each_realm_issues_its_own(world: World) {
        shop(&world).await;
        world.add_realm("acme").await;
        for path in [format!("{ISSUER}/realms/acme"), format!("/realms/acme{ISSUER}")] {
            world.get(&path).send().await.status(404);
        }
        let acme = world.node().realm("acme").await.unwrap().unwrap();
        let vct = acme.url("/vct/member");
        let mut one = CredentialConfiguration::new("member", &vct, "Member");
        one.claims = vec![claim("name", "profile.name")];
        issuing::offer(&acme, one, ACTOR).await.unwrap();
        for path in [format!("{ISSUER}/realms/acme"), format!("/realms/acme{ISSUER}")] {
            let document = world.get(&path).send().await.json();
            assert_eq!(document["credential_issuer"], acme.issuer(), "{path}");
            let kinds = document["credential_configurations_supported"].as_object().unwrap();
            assert!(kinds.contains_key("member") && !kinds.contains_key("employee"));
        }
        let first = world.get(ISSUER).send().await.json();
        assert!(first["credential_configurations_supported"].get("member").is_none());
    }

    /// What could not be issued, or would mean something else, cannot be registered.
    async fn what_makes_no_credential_is_not_registered(world: World) {
        let refuse = async |case: &str, change: fn(&mut CredentialConfiguration)| {
            let mut one = employee(&world);
            change(&mut one);
            let refused = issuing::offer(world.realm(), one, ACTOR).await;
            assert!(matches!(refused, Err(realm::Error::Invalid(_))), "{case}: {refused:?}");
        };
        refuse("no name", |one| one.id.clear()).await;
        refuse("a name with a space", |one| one.id = "a b".into()).await;
        refuse("no type", |one| one.vct.clear()).await;
        refuse("no words", |one| one.display.clear()).await;
        refuse("hidden words", |one| one.display[0].name = "a\u{202e}b".into()).await;
        refuse("two names of a language", |one| one.display.push(one.display[0].clone())).await;
        refuse("no language", |one| one.display[0].locale = Some("d e".into())).await;
        refuse("a scope of OpenID Connect", |one| one.scope = Some("profile".into())).await;
        refuse("no claims", |one| one.claims.clear()).await;
        refuse("a claim twice", |one| one.claims.push(one.claims[0].clone())).await;
        refuse("a claim in a claim", |one| one.claims.push(claim("name.first", "'x'"))).await;
        refuse("no expression", |one| one.claims[0].value = "profile.".into()).await;
        refuse("an unknown variable", |one| one.claims[0].value = "secret.x".into()).await;
        refuse("an hour", |one| one.lifetime = 3600).await;
        refuse("a century", |one| one.lifetime = 3_153_600_000).await;
        refuse("a secret's algorithm", |one| one.signing_alg = jose::Algorithm::Hs256).await;
        for name in ["iss", "exp", "nbf", "iat", "cnf", "vct", "status", "_sd", "...", "a._sd", "a._sd_alg", "", "a.", "a.b.c.d.e"] {
            let mut one = employee(&world);
            one.claims = vec![claim(name, "'x'")];
            let refused = issuing::offer(world.realm(), one, ACTOR).await;
            assert!(matches!(refused, Err(realm::Error::Invalid(_))), "{name}: {refused:?}");
        }
        issue(&world, employee(&world)).await;
        let twice = issuing::offer(world.realm(), employee(&world), ACTOR).await;
        assert!(matches!(twice, Err(realm::Error::Exists { .. })));
    }
}
