//! Who acts is said by somebody else: the actor's token of a trusted issuer (RFC 8693 §2.1, §4.1, §4.4).

use jose::{Algorithm, SigningKey};
use serde_json::{Value, json};

use super::{
    ACCESS, FILES, JWT, Parties, claims, exchange, exchange_of, exchanger, parties_with, tokens,
};
use crate::harness::{Answer, Client, World};
use crate::jwt_bearer::{IDP, Issuer, sign};
use crate::on_each_engine;

/// What `notes` may do: have `files.read` for `notes.read`, also with what `bank` was given.
fn policy() -> Value {
    json!({"scopes": {"files.read": ["notes.read"]}, "subject_clients": ["app", "bank"]})
}

/// The rules of an identity provider: bob's word counts when `notes` brings it, and the job `deploy` is the client `robot`.
fn rules() -> Value {
    json!([
        {"condition": "claims.sub == 'deploy'", "subject": {"client": "robot"}, "clients": ["notes"]},
        {"condition": "claims.sub != 'deploy'", "subject": {"person": {"claim": "email", "by": "email"}}, "clients": ["notes"], "scope": "notes.read"},
    ])
}

fn bob() -> Value {
    json!({"email": "bob@example.com", "email_verified": true})
}

async fn provider(world: &World) -> Issuer {
    world.person("bob", "bobs-good-password").await;
    let robot = world
        .client("robot")
        .redirects(&[])
        .grants(&["client_credentials"]);
    robot.scope("notes.read").create().await;
    let idp = Issuer::new(world, IDP);
    idp.trusted(rules(), json!({})).await;
    idp
}

async fn identifier(world: &World, username: &str) -> String {
    let person = identity::people::find_by_username(world.realm(), username).await;
    person.unwrap().unwrap().id
}

/// `client` exchanges a token with the actor's token of the provider.
async fn acting(client: &Client, token: &str, actor: &str) -> Answer {
    let more = [FILES, ("actor_token", actor), ("actor_token_type", JWT)];
    exchange(client, token, &more).await
}

on_each_engine! {
    /// §4.1: the subject is ours, the actor theirs: a person by their e-mail address or a job by the operator's rule, named as we name them.
    async fn a_trusted_issuer_says_who_acts(world: World) {
        let Parties { app, notes } = parties_with(&world, policy()).await;
        let idp = provider(&world).await;
        let alice = tokens(&world, &app, "notes.read").await;
        let bobs = identifier(&world, "bob").await;
        for (said, expected) in [(idp.says("00u2", bob()), bobs.as_str()), (idp.says("deploy", json!({})), "robot")] {
            for kind in ["jwt", "id_token"] {
                let kind = format!("urn:ietf:params:oauth:token-type:{kind}");
                let more = [FILES, ("actor_token", said.as_str()), ("actor_token_type", &kind)];
                let answer = exchange(&notes, alice.access(), &more).await;
                let after = claims(&world, &answer).await;
                assert_eq!(after["act"], json!({"sub": expected}));
                assert_eq!(after["sub"], world.claims(alice.access()).await["sub"]);
                assert_eq!((&after["client_id"], &after["aud"]), (&json!("notes"), &json!("urn:example:files")));
            }
        }
        // It lives no longer than the word of either.
        let short = idp.says("00u2", json!({"email": "bob@example.com", "email_verified": true, "exp": world.now() + 40}));
        let after = claims(&world, &acting(&notes, alice.access(), &short).await).await;
        assert!(after["exp"].as_i64().unwrap() <= world.now() + 40, "{after}");
    }

    /// §2.1, §2.2.2: what does not say who acts, or not to this client, is invalid_request.
    async fn an_actor_that_nobody_vouches_for_does_not_act(world: World) {
        let Parties { app, notes } = parties_with(&world, policy()).await;
        let idp = provider(&world).await;
        let alice = tokens(&world, &app, "notes.read").await;
        let with = |name: &str, value: Value| {
            let mut said = bob();
            said[name] = value;
            idp.says("00u2", said)
        };
        let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
        let forged = sign(&world, &stranger, "JWT", &idp.claims("00u2", bob()));
        let unknown = Issuer::new(&world, "https://nobody.example").says("00u2", bob());
        let now = world.now();
        for (case, actor) in [
            ("expired", with("exp", json!(now - 60))),
            ("not for us", with("aud", json!("https://other.example"))),
            ("nobody here", with("email", json!("mallory@example.com"))),
            ("an address that nobody proved", with("email_verified", json!(false))),
            ("somebody acts for the actor", with("act", json!({"sub": "another"}))),
            ("bound to a key that is not shown", with("cnf", json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}))),
            ("forged", forged),
            ("of an issuer that nobody trusts", unknown),
            ("an ID-JAG", sign(&world, &idp.key, "oauth-id-jag+jwt", &idp.claims("00u2", bob()))),
            ("text", "x".to_owned()),
        ] {
            let answer = acting(&notes, alice.access(), &actor).await;
            assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_request"), "{case}");
        }
        // It is said to `notes`: another client that brings it has stolen it.
        let thief = exchanger(&world, "thief", policy()).await;
        acting(&thief, alice.access(), &idp.says("00u2", bob())).await.refused(400, "invalid_request");
        let more = [FILES, ("actor_token", &idp.says("00u2", bob())), ("actor_token_type", ACCESS)];
        exchange(&notes, alice.access(), &more).await.refused(400, "invalid_request");
        // Who is disabled acts no more, and whoever was trusted may not be.
        let good = idp.says("00u2", bob());
        world.disable("bob").await;
        acting(&notes, alice.access(), &good).await.refused(400, "invalid_request");
        realm::issuers::remove(world.realm(), IDP, "test").await.unwrap();
        acting(&notes, alice.access(), &idp.says("deploy", json!({}))).await.refused(400, "invalid_request");
    }

    /// §4.4: `may_act` of our token names whom it lets act, however they are vouched for; nobody else does.
    async fn may_act_binds_a_foreign_actor(world: World) {
        let Parties { notes, .. } = parties_with(&world, policy()).await;
        let idp = provider(&world).await;
        let bank = world
            .client("bank")
            .scope("openid offline_access notes.read files.read")
            .set("may_act", json!({"sub": "robot"}))
            .create()
            .await;
        let alice = tokens(&world, &bank, "notes.read").await;
        assert_eq!(world.claims(alice.access()).await["may_act"], json!({"sub": "robot"}));
        acting(&notes, alice.access(), &idp.says("00u2", bob())).await.refused(400, "invalid_request");
        exchange(&notes, alice.access(), &[FILES]).await.refused(400, "invalid_request");
        let answer = acting(&notes, alice.access(), &idp.says("deploy", json!({}))).await;
        assert_eq!(claims(&world, &answer).await["act"], json!({"sub": "robot"}));
    }

    /// §4.4: `may_act` of the provider's own token names its own people by its own names, and nobody of ours or of another provider by the same name.
    async fn may_act_of_a_provider_names_its_own(world: World) {
        let Parties { notes, .. } = parties_with(&world, policy()).await;
        let idp = provider(&world).await;
        let second = Issuer::new(&world, "https://second.example");
        second.trusted(rules(), json!({})).await;
        let subject = |may_act: Value| idp.says("00u1", json!({"email": "alice@example.com", "email_verified": true, "may_act": may_act}));
        let exchanged = async |may_act: Value, actor: String| {
            let more = [FILES, ("actor_token", actor.as_str()), ("actor_token_type", JWT)];
            exchange_of(&notes, (&subject(may_act), JWT), &more).await
        };
        for (may_act, from, sub, allowed) in [
            (json!({"sub": "00u2"}), &idp, "00u2", true),
            (json!({"sub": "00u2", "iss": IDP}), &idp, "00u2", true),
            (json!({"sub": "deploy"}), &idp, "deploy", true),
            (json!({"sub": "robot", "iss": world.issuer()}), &idp, "deploy", true),
            (json!({"sub": "00u2", "iss": second.id}), &second, "00u2", true),
            (json!({"sub": "00u2"}), &second, "00u2", false),
            (json!({"sub": "00u2", "iss": second.id}), &idp, "00u2", false),
            (json!({"sub": "00u3"}), &idp, "00u2", false),
            (json!({"sub": "robot"}), &idp, "deploy", false),
            (json!({"sub": "00u2", "client_id": "notes"}), &idp, "00u2", false),
            (json!({"client_id": "robot"}), &idp, "deploy", false),
            (json!({}), &idp, "00u2", false),
        ] {
            let said = if sub == "deploy" { json!({}) } else { bob() };
            let answer = exchanged(may_act.clone(), from.says(sub, said)).await;
            assert_eq!(answer.status == 200, allowed, "{may_act} {} {sub}: {answer:?}", from.id);
            if !allowed {
                answer.refused(400, "invalid_request");
            }
        }
    }
}
