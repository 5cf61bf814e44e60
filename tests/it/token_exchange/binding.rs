//! Tokens that are bound to a key stay bound, or are rebound where the policy says so (RFC 9449, RFC 8705).

use serde_json::{Value, json};

use super::{ACCESS, FILES, GRANT, Parties, REFRESH, claims, parties, parties_with, tokens};
use crate::dpop::{self, Key};
use crate::harness::authority::TRUSTED;
use crate::harness::{Answer, CALLBACK, Client, Flow, World};
use crate::on_each_engine;

async fn exchange(world: &World, client: &Client, token: &str, proofs: &[&str]) -> Answer {
    let form = [
        ("grant_type", GRANT),
        ("subject_token", token),
        ("subject_token_type", ACCESS),
        FILES,
    ];
    dpop::ask(world, client, &form, proofs).await
}

/// alice's access token, bound to this key.
async fn bound(world: &World, app: &Client, key: &Key) -> String {
    let flow: Flow = world.flow(app).with("scope", "notes.read");
    let code = flow.fresh_code().await;
    let answer = dpop::redeem(&flow, world, &code, &[&key.proof(world)]).await;
    answer.status(200);
    answer.text("access_token")
}

/// A token request on a connection with this certificate.
async fn connected(
    world: &World,
    client: &Client,
    form: &[(&str, &str)],
    certificate: Option<&[u8]>,
) -> Answer {
    let call = world.post("/token").form(form);
    let call = call.basic(&client.id, client.secret.as_deref().unwrap());
    match certificate {
        Some(der) => call.certificate(der),
        None => call,
    }
    .send()
    .await
}

/// A client whose tokens are bound to its certificate, and which exchanges some by this policy.
async fn certified(world: &World, id: &str, policy: Value) -> Client {
    world
        .client(id)
        .grants(&["authorization_code", "client_credentials", GRANT])
        .scope("notes.read files.read")
        .set("introspects", json!(["urn:example:notes"]))
        .set("token_exchange", policy)
        .set("tls_client_certificate_bound_access_tokens", json!(true))
        .create()
        .await
}

on_each_engine! {
    /// Without the key it is not exchanged; with another one neither.
    async fn a_bound_token_needs_its_key(world: World) {
        let Parties { app, notes } = parties(&world).await;
        let (key, other) = (Key::new(), Key::new());
        let token = bound(&world, &app, &key).await;
        exchange(&world, &notes, &token, &[]).await.refused(400, "invalid_request");
        exchange(&world, &notes, &token, &[&other.proof(&world)]).await.refused(400, "invalid_request");
        let answer = exchange(&world, &notes, &token, &[&key.proof(&world)]).await;
        assert_eq!(answer.text("token_type"), "DPoP");
        assert_eq!(claims(&world, &answer).await["cnf"], json!({"jkt": key.jkt()}));
    }

    /// Where the policy allows it, to what the request proves; never to nothing.
    async fn a_policy_may_let_a_token_be_rebound(world: World) {
        let policy = json!({"scopes": {"files.read": ["notes.read"]}, "rebinding": true});
        let Parties { app, notes } = parties_with(&world, policy).await;
        let (key, other) = (Key::new(), Key::new());
        let token = bound(&world, &app, &key).await;
        exchange(&world, &notes, &token, &[]).await.refused(400, "invalid_request");
        let answer = exchange(&world, &notes, &token, &[&other.proof(&world)]).await;
        assert_eq!(claims(&world, &answer).await["cnf"], json!({"jkt": other.jkt()}));
    }

    /// RFC 8705 §3: a token that is bound to a certificate needs that certificate, and what is issued for it is bound to it as well.
    async fn a_token_of_a_certificate_stays_bound_to_it(world: World) {
        let Parties { notes, .. } = parties(&world).await;
        let policy = json!({"scopes": {"files.read": ["notes.read"]}});
        let bank = certified(&world, "bank", policy.clone()).await;
        let rebinding = certified(&world, "rebinding", json!({"scopes": policy["scopes"], "rebinding": true})).await;
        let (own, other) = (TRUSTED.certify(|_| {}), TRUSTED.certify(|_| {}));
        let flow = world.flow(&bank).with("scope", "notes.read");
        let code = flow.fresh_code().await;
        let form = [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", &flow.verifier), ("redirect_uri", CALLBACK)];
        let token = connected(&world, &bank, &form, Some(&own)).await.text("access_token");
        let bound = world.claims(&token).await["cnf"].clone();
        assert!(bound["x5t#S256"].is_string(), "{bound}");
        let form = [("grant_type", GRANT), ("subject_token", &token), ("subject_token_type", ACCESS), FILES];
        for (client, certificate) in [(&bank, None), (&bank, Some(&other)), (&rebinding, None), (&notes, None), (&notes, Some(&other))] {
            let answer = connected(&world, client, &form, certificate.map(Vec::as_slice)).await;
            answer.refused(400, "invalid_request");
        }
        let answer = exchange(&world, &notes, &token, &[&Key::new().proof(&world)]).await;
        answer.refused(400, "invalid_request");
        let answer = connected(&world, &bank, &form, Some(&own)).await;
        assert_eq!(claims(&world, &answer).await["cnf"], bound);
        let answer = connected(&world, &rebinding, &form, Some(&other)).await;
        let rebound = claims(&world, &answer).await["cnf"].clone();
        assert!(rebound["x5t#S256"].is_string() && rebound != bound, "{rebound}");
    }

    /// An unbound token becomes bound by a proof, which counts once.
    async fn a_proof_binds_what_is_issued_and_counts_once(world: World) {
        let Parties { app, notes } = parties(&world).await;
        let alice = tokens(&world, &app, "notes.read").await;
        let key = Key::new();
        let proof = key.proof(&world);
        let answer = exchange(&world, &notes, alice.access(), &[&proof]).await;
        assert_eq!(claims(&world, &answer).await["cnf"], json!({"jkt": key.jkt()}));
        exchange(&world, &notes, alice.access(), &[&proof]).await.refused(400, "invalid_dpop_proof");
    }

    /// An actor's token that is bound is proven too, whatever the policy.
    async fn a_bound_actor_needs_its_key(world: World) {
        let policy = json!({"scopes": {"files.read": ["notes.read"]}, "rebinding": true});
        let Parties { app, notes } = parties_with(&world, policy).await;
        let alice = tokens(&world, &app, "notes.read").await;
        let (key, other) = (Key::new(), Key::new());
        let form = [("grant_type", "client_credentials"), ("scope", "notes.read")];
        let own = dpop::ask(&world, &notes, &form, &[&key.proof(&world)]).await.text("access_token");
        let form = [("grant_type", GRANT), ("subject_token", alice.access()), ("subject_token_type", ACCESS), FILES,
            ("actor_token", own.as_str()), ("actor_token_type", ACCESS)];
        dpop::ask(&world, &notes, &form, &[]).await.refused(400, "invalid_request");
        dpop::ask(&world, &notes, &form, &[&other.proof(&world)]).await.refused(400, "invalid_request");
        dpop::ask(&world, &notes, &form, &[&key.proof(&world)]).await.status(200);
    }

    /// A refresh token of a bound grant is no way around the binding: what it is exchanged for is bound, to whatever key its client has.
    async fn a_refresh_token_of_a_bound_grant_gives_nothing_unbound(world: World) {
        world.notes().await;
        let app = world.app_with(|client| client.grants(&["authorization_code", "refresh_token", GRANT]).scope("offline_access notes.read")).await;
        let flow = world.flow(&app).with("scope", "offline_access notes.read").with("prompt", "consent");
        let (key, other) = (Key::new(), Key::new());
        let code = flow.fresh_code().await;
        let token = dpop::redeem(&flow, &world, &code, &[&key.proof(&world)]).await.text("refresh_token");
        let form = [("grant_type", GRANT), ("subject_token", token.as_str()), ("subject_token_type", REFRESH), ("scope", "notes.read")];
        dpop::ask(&world, &app, &form, &[]).await.refused(400, "invalid_request");
        let answer = dpop::ask(&world, &app, &form, &[&other.proof(&world)]).await;
        assert_eq!(answer.text("token_type"), "DPoP");
        assert_eq!(claims(&world, &answer).await["cnf"], json!({"jkt": other.jkt()}));
    }
}
