//! Attestation-based client authentication: draft-ietf-oauth-attestation-based-client-auth.

mod instances;

use std::sync::atomic::{AtomicUsize, Ordering};

use jose::jws::{self, Header};
use jose::{Algorithm, JwkSet, SigningKey};
use serde_json::{Value, json};

use crate::harness::{Answer, Tokens, World};
use crate::on_each_engine;

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// A client whose instances are attested by `attester`.
struct Wallet {
    world: World,
    attester: SigningKey,
    instance: SigningKey,
}

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

fn set(key: &SigningKey) -> Value {
    let keys = vec![key.public_jwk().unwrap()];
    serde_json::to_value(JwkSet { keys }).unwrap()
}

fn sign(key: &SigningKey, typ: &str, claims: &Value) -> String {
    jws::sign(key, &Header::typed(typ, key), claims.to_string().as_bytes()).unwrap()
}

fn changed(mut claims: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
    }
    claims
}

impl Wallet {
    /// The client `service`, which trusts one attester.
    async fn new(world: &World) -> Self {
        let attester = key();
        let keys = set(&attester);
        let change = |client: crate::harness::NewClient| {
            let client = client.public();
            let client = client.set(
                "token_endpoint_auth_method",
                json!("attest_jwt_client_auth"),
            );
            client.set("client_attestation_jwks", keys)
        };
        world.service_with(change).await;
        Self {
            world: world.clone(),
            attester,
            instance: key(),
        }
    }

    fn attests(&self, changes: Value) -> Value {
        let jwk = self.instance.public_jwk().unwrap().to_value();
        let now = self.world.now();
        changed(
            json!({"sub": "service", "iat": now, "exp": now + 3600, "cnf": {"jwk": jwk}}),
            changes,
        )
    }

    fn attestation(&self) -> String {
        sign(
            &self.attester,
            "oauth-client-attestation+jwt",
            &self.attests(json!({})),
        )
    }

    fn proves(&self, changes: Value) -> Value {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let jti = format!("proof-{}", NUMBER.fetch_add(1, Ordering::SeqCst));
        changed(
            json!({"aud": self.world.issuer(), "iat": self.world.now(), "jti": jti}),
            changes,
        )
    }

    fn proof(&self, changes: Value) -> String {
        sign(
            &self.instance,
            "oauth-client-attestation-pop+jwt",
            &self.proves(changes),
        )
    }

    async fn ask(&self, attestation: &str, proof: &str) -> Answer {
        send(&self.world, "/token", &[GRANT], (attestation, proof)).await
    }
}

async fn send(
    world: &World,
    path: &str,
    form: &[(&str, &str)],
    (attestation, proof): (&str, &str),
) -> Answer {
    for text in [attestation, proof] {
        world.remember(text);
    }
    let mut form = form.to_vec();
    if !form.iter().any(|(name, _)| *name == "client_id") {
        form.push(("client_id", "service"));
    }
    let call = world
        .post(path)
        .form(&form)
        .header("oauth-client-attestation", attestation);
    call.header("oauth-client-attestation-pop", proof)
        .send()
        .await
}

/// Changes the settings of the first realm.
async fn settings(world: &World, change: impl FnOnce(&mut realm::Settings)) {
    let info = realm::realms::find(world.node(), world.realm().name())
        .await
        .unwrap()
        .unwrap();
    let mut settings = info.settings;
    change(&mut settings);
    realm::realms::update_settings(world.realm(), settings, info.version, "test")
        .await
        .unwrap();
}

on_each_engine! {
    /// §5, §7: an attestation of a trusted attester and a proof of the attested key, in place of a secret; wherever clients authenticate.
    async fn an_attested_instance_authenticates(world: World) {
        let wallet = Wallet::new(&world).await;
        let answer = wallet.ask(&wallet.attestation(), &wallet.proof(json!({}))).await;
        let token = answer.status(200).text("access_token");
        let headers = (wallet.attestation(), wallet.proof(json!({"iss": "service"})));
        let seen = send(&world, "/introspect", &[("token", &token)], (&headers.0, &headers.1)).await;
        assert_eq!(seen.status(200).json()["active"], json!(true));
    }

    /// §7: the attestation names the client where the request does not, and may bring the certificates that some profiles want, which are not looked at.
    async fn an_attestation_names_its_client(world: World) {
        let wallet = Wallet::new(&world).await;
        let unnamed = [GRANT, ("client_id", "")];
        let certified = |attester: &SigningKey| {
            let mut header = Header::typed("oauth-client-attestation+jwt", attester);
            header.extra.insert("x5c".into(), json!(["AAAA"]));
            jws::sign(attester, &header, wallet.attests(json!({})).to_string().as_bytes()).unwrap()
        };
        for attestation in [wallet.attestation(), certified(&wallet.attester)] {
            let headers = (attestation.as_str(), &*wallet.proof(json!({})));
            send(&world, "/token", &unnamed, headers).await.status(200);
        }
        let headers = (&*certified(&key()), &*wallet.proof(json!({})));
        send(&world, "/token", &unnamed, headers).await.refused(401, "invalid_client");
        let answer = send(&world, "/token", &unnamed, ("a.b.c", "d")).await;
        answer.refused(401, "invalid_client");
    }

    /// §7: whatever is not as it must be is refused, and what exactly is wrong is not told.
    async fn what_is_not_attested_and_proven_is_refused(world: World) {
        let wallet = Wallet::new(&world).await;
        let (stranger, now) = (key(), world.now());
        let attest = |key: &SigningKey, typ: &str, changes: Value| sign(key, typ, &wallet.attests(changes));
        let prove = |key: &SigningKey, typ: &str, changes: Value| sign(key, typ, &wallet.proves(changes));
        const A: &str = "oauth-client-attestation+jwt";
        const P: &str = "oauth-client-attestation-pop+jwt";
        let (good, fine) = (|| wallet.attestation(), || wallet.proof(json!({})));
        let own = &wallet.attester;
        let its = &wallet.instance;
        let private = its.jwk().to_value();
        let theirs = stranger.public_jwk().unwrap().to_value();
        let issuer = world.issuer().to_owned();
        for (case, attestation, proof) in [
            ("attested by itself", attest(its, A, json!({})), fine()),
            ("attested by a stranger", attest(&stranger, A, json!({})), fine()),
            ("of another type", attest(own, "JWT", json!({})), fine()),
            ("expired", attest(own, A, json!({"exp": now - 60})), fine()),
            ("without an end", attest(own, A, json!({"exp": null})), fine()),
            ("of the future", attest(own, A, json!({"nbf": now + 120})), fine()),
            ("of another client", attest(own, A, json!({"sub": "other"})), fine()),
            ("without a key", attest(own, A, json!({"cnf": null})), fine()),
            ("with a private key", attest(own, A, json!({"cnf": {"jwk": private}})), fine()),
            ("with a shared key", attest(own, A, json!({"cnf": {"jwk": {"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}}})), fine()),
            ("with another key", attest(own, A, json!({"cnf": {"jwk": theirs}})), fine()),
            ("proven by a stranger", good(), prove(&stranger, P, json!({}))),
            ("proven by the attester", good(), prove(own, P, json!({}))),
            ("a proof of another type", good(), prove(its, "dpop+jwt", json!({}))),
            ("a proof for another server", good(), prove(its, P, json!({"aud": "https://other.example"}))),
            ("a proof for another server too", good(), prove(its, P, json!({"aud": [issuer, "https://other.example"]}))),
            ("a proof for nobody", good(), prove(its, P, json!({"aud": null}))),
            ("an old proof", good(), prove(its, P, json!({"iat": now - 400}))),
            ("a proof of the future", good(), prove(its, P, json!({"iat": now + 120}))),
            ("a proof without a time", good(), prove(its, P, json!({"iat": null}))),
            ("a proof without a name", good(), prove(its, P, json!({"jti": null}))),
            ("a proof with an empty name", good(), prove(its, P, json!({"jti": ""}))),
            ("a proof of another client", good(), prove(its, P, json!({"iss": "other"}))),
            ("the attestation twice", good(), good()),
            ("the proof twice", fine(), fine()),
            ("no signature", format!("{}.", good().rsplit_once('.').unwrap().0), fine()),
            ("nothing", String::new(), String::new()),
            ("too long", "a".repeat(20_000), fine()),
        ] {
            let answer = wallet.ask(&attestation, &proof).await;
            assert_eq!(answer.status, 401, "{case}: {answer:?}");
            let body = json!({"error": "invalid_client", "error_description": "client authentication failed"});
            assert_eq!(answer.json(), body, "{case}");
        }
        let form = [GRANT, ("client_id", "service")];
        world.post("/token").form(&form).send().await.refused(401, "invalid_client");
        let call = world.post("/token").form(&form).header("oauth-client-attestation", &good());
        call.send().await.refused(401, "invalid_client");
        let call = world.post("/token").form(&form).header("oauth-client-attestation", &good());
        let call = call.header("oauth-client-attestation-pop", &fine()).header("oauth-client-attestation-pop", &fine());
        call.send().await.refused(401, "invalid_client");
    }

    /// §12.1: a proof counts once, at whichever node; a fresh one works again.
    async fn a_proof_of_an_instance_is_used_once(world: World) {
        let wallet = Wallet::new(&world).await;
        let other = world.beside().await;
        let (attestation, proof) = (wallet.attestation(), wallet.proof(json!({})));
        wallet.ask(&attestation, &proof).await.status(200);
        wallet.ask(&attestation, &proof).await.refused(401, "invalid_client");
        send(&other, "/token", &[GRANT], (&attestation, &proof)).await.refused(401, "invalid_client");
        let racing = wallet.proof(json!({}));
        let answers = tokio::join!(wallet.ask(&attestation, &racing), send(&other, "/token", &[GRANT], (&attestation, &racing)));
        let mut both = [answers.0.status, answers.1.status];
        both.sort_unstable();
        assert_eq!(both, [200, 401]);
        wallet.ask(&attestation, &wallet.proof(json!({}))).await.status(200);
    }

    /// §6: a challenge is handed out, may be demanded, gets old, and is nobody else's.
    async fn a_challenge_may_be_demanded(world: World) {
        let wallet = Wallet::new(&world).await;
        settings(&world, |settings| settings.require_attestation_challenge = true).await;
        let refused = wallet.ask(&wallet.attestation(), &wallet.proof(json!({}))).await;
        refused.refused(400, "use_attestation_challenge");
        let offered = refused.header("oauth-client-attestation-challenge").to_owned();
        let asked = world.post("/challenge").send().await;
        asked.status(200).not_stored();
        assert_eq!(asked.text("attestation_challenge"), offered);
        wallet.ask(&wallet.attestation(), &wallet.proof(json!({"challenge": offered}))).await.status(200);
        world.add_realm("second").await;
        let foreign = world.post("/realms/second/challenge").send().await.text("attestation_challenge");
        for wrong in [foreign.as_str(), "", "made up"] {
            let answer = wallet.ask(&wallet.attestation(), &wallet.proof(json!({"challenge": wrong}))).await;
            answer.refused(400, "use_attestation_challenge");
        }
        world.advance(300);
        let answer = wallet.ask(&wallet.attestation(), &wallet.proof(json!({"challenge": offered}))).await;
        answer.refused(400, "use_attestation_challenge");
        world.get("/challenge").send().await.status(405);
    }

    /// §8: refresh tokens are for the instance that got them: another one of the same client, attested as well, has no use for them.
    async fn a_refresh_token_is_bound_to_its_instance(world: World) {
        let wallet = Wallet::new(&world).await;
        world.person(crate::harness::ALICE.0, crate::harness::ALICE.1).await;
        let keys = set(&wallet.attester);
        let app = world.client("app").public().set("token_endpoint_auth_method", json!("attest_jwt_client_auth"));
        let app = app.set("client_attestation_jwks", keys).create().await;
        let flow = world.flow(&app).with("scope", "openid offline_access").with("prompt", "consent");
        let code = flow.fresh_code().await;
        let headers = |instance: &SigningKey| {
            let jwk = instance.public_jwk().unwrap().to_value();
            let attests = wallet.attests(json!({"sub": "app", "cnf": {"jwk": jwk}}));
            let attestation = sign(&wallet.attester, "oauth-client-attestation+jwt", &attests);
            (attestation, sign(instance, "oauth-client-attestation-pop+jwt", &wallet.proves(json!({}))))
        };
        let form = flow.redemption(&code);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let (attestation, proof) = headers(&wallet.instance);
        let answer = send(&world, "/token", &form, (&attestation, &proof)).await;
        let tokens = Tokens(answer.status(200).json());
        let form = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh()), ("client_id", "app")];
        let (attestation, proof) = headers(&key());
        send(&world, "/token", &form, (&attestation, &proof)).await.refused(400, "invalid_grant");
        let (attestation, proof) = headers(&wallet.instance);
        send(&world, "/token", &form, (&attestation, &proof)).await.status(200);
    }

    /// Who is trusted to attest: those of the client, or those of its realm, and never those of another client or realm.
    async fn attesters_are_trusted_by_client_and_realm(world: World) {
        let wallet = Wallet::new(&world).await;
        let (of_realm, of_client) = (key(), key());
        let keys = serde_json::from_value(set(&of_realm)).unwrap();
        settings(&world, |settings| settings.client_attestation_jwks = Some(keys)).await;
        let plain = |id: &str| world.client(id).public().grants(&["client_credentials"]).redirects(&[]).scope("notes.read").default_scope("notes.read")
            .set("token_endpoint_auth_method", json!("attest_jwt_client_auth"));
        plain("by-realm").create().await;
        plain("by-client").set("client_attestation_jwks", set(&of_client)).create().await;
        for (client, attester, status) in [
            ("by-realm", &of_realm, 200), ("by-realm", &of_client, 401), ("by-realm", &wallet.attester, 401),
            ("by-client", &of_client, 200), ("by-client", &of_realm, 401), ("by-client", &wallet.attester, 401),
        ] {
            let attestation = sign(attester, "oauth-client-attestation+jwt", &wallet.attests(json!({"sub": client})));
            let answer = send(&world, "/token", &[GRANT, ("client_id", client)], (&attestation, &wallet.proof(json!({})))).await;
            assert_eq!(answer.status, status, "{client}: {answer:?}");
        }
        settings(&world, |settings| settings.client_attestation_jwks = None).await;
        let attestation = sign(&of_realm, "oauth-client-attestation+jwt", &wallet.attests(json!({"sub": "by-realm"})));
        let answer = send(&world, "/token", &[GRANT, ("client_id", "by-realm")], (&attestation, &wallet.proof(json!({})))).await;
        answer.refused(401, "invalid_client");
    }

    /// The headers are no way around what another client registered.
    async fn an_attestation_replaces_no_other_method(world: World) {
        let wallet = Wallet::new(&world).await;
        let other = world.client("other").grants(&["client_credentials"]).redirects(&[]).scope("notes.read").create().await;
        let attestation = sign(&wallet.attester, "oauth-client-attestation+jwt", &wallet.attests(json!({"sub": "other"})));
        let answer = send(&world, "/token", &[GRANT, ("client_id", &other.id)], (&attestation, &wallet.proof(json!({})))).await;
        answer.refused(401, "invalid_client");
        let call = world.post("/token").form(&[GRANT]).basic("service", "not a secret at all").header("oauth-client-attestation", &wallet.attestation());
        call.header("oauth-client-attestation-pop", &wallet.proof(json!({}))).send().await.refused(401, "invalid_client");
        for (case, members) in [
            ("a secret beside it", vec![("token_endpoint_auth_method", json!("attest_jwt_client_auth"))]),
            ("attesters for nothing", vec![("client_attestation_jwks", set(&key()))]),
        ] {
            let mut client = world.client("bad");
            for (name, value) in members {
                client = client.set(name, value);
            }
            assert!(client.try_create().await.is_none(), "{case}");
        }
    }

    /// §9: the metadata say that it is offered, with which algorithms, and where challenges are: where the realm trusts attesters, and its profile lets it.
    async fn the_metadata_offer_attestation(world: World) {
        let silent = async || {
            let document = world.get("/.well-known/oauth-authorization-server").send().await;
            let members = ["challenge_endpoint", "client_attestation_signing_alg_values_supported", "client_attestation_pop_signing_alg_values_supported"];
            !document.body.contains("attest_jwt_client_auth") && members.iter().all(|member| !document.body.contains(member))
        };
        assert!(silent().await, "nobody is trusted");
        let keys: realm::clients::PublicKeys = serde_json::from_value(set(&key())).unwrap();
        world.settings(|settings| settings.client_attestation_jwks = Some(keys)).await;
        world.profile("fapi2-security").await;
        assert!(silent().await, "FAPI 2.0 has no place for it");
        world.profile("oauth2.1").await;
        let document = world.get("/.well-known/oauth-authorization-server").send().await.json();
        let methods = document["token_endpoint_auth_methods_supported"].as_array().unwrap();
        assert!(methods.contains(&json!("attest_jwt_client_auth")));
        assert_eq!(document["challenge_endpoint"], json!(format!("{}/challenge", world.issuer())));
        for member in ["client_attestation_signing_alg_values_supported", "client_attestation_pop_signing_alg_values_supported"] {
            let algorithms = document[member].as_array().unwrap();
            assert!(algorithms.contains(&json!("ES256")) && !algorithms.contains(&json!("HS256")), "{member}");
        }
    }
}
