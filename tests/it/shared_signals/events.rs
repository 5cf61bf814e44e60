//! Which events there are, and what they say (CAEP 1.0, RISC 1.0).

use super::*;
use crate::harness::Browser;

async fn sessions_of(world: &World, person: &str) -> Vec<identity::Session> {
    identity::session::of_person(world.realm(), person)
        .await
        .unwrap()
}

async fn signed_in(world: &World) -> Browser {
    let mut browser = world.browser();
    world.sign_in(&mut browser).await;
    browser
}

on_each_engine! {
    /// CAEP §3.1: a session that ends is named with its person; who ended it is said.
    async fn a_session_that_ends_is_revoked(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        let person = alice(&world).await;
        let mut browser = signed_in(&world).await;
        let session = sessions_of(&world, &person).await[0].id.clone();
        world.sign_out(&mut browser).await;
        settle(&world).await;
        let events = listener.poll(&id).await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["sub_id"], json!({
            "format": "complex",
            "user": {"format": "iss_sub", "iss": world.issuer(), "sub": person},
            "session": {"format": "opaque", "id": session},
        }));
        let said = json!({SESSION_REVOKED: {"event_timestamp": world.now(), "initiating_entity": "user"}});
        assert_eq!(events[0]["events"], said);
        assert!(events[0]["txn"].is_string());
        signed_in(&world).await;
        let session = sessions_of(&world, &person).await[0].id.clone();
        identity::session::terminate(world.realm(), &session, Some("test")).await.unwrap();
        settle(&world).await;
        let events = listener.poll(&id).await;
        assert_eq!(events[0]["events"][SESSION_REVOKED]["initiating_entity"], "admin");
        assert_eq!(events[0]["sub_id"]["session"]["id"], json!(session));
    }

    /// All sessions of a person at once: the subject is the person.
    async fn signing_out_everywhere_names_the_person(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        let person = alice(&world).await;
        sign_out_everywhere(&world, &person).await;
        settle(&world).await;
        let events = listener.poll(&id).await;
        assert_eq!(kinds(&events), [SESSION_REVOKED]);
        assert_eq!(events[0]["sub_id"], json!({"format": "iss_sub", "iss": world.issuer(), "sub": person}));
    }

    /// CAEP §3.3, RISC §2.2 to §2.4: what becomes of an account.
    async fn what_becomes_of_an_account_is_told(world: World) {
        use identity::people::{self, Sessions};
        let listener = begin(&world).await;
        let id = listener.polled().await;
        let person = alice(&world).await;
        let realm = world.realm();
        let pool = identity::Identity::new(identity::Options::for_tests(), world.node().ambient());
        let hash = pool.hash_password(ALICE.0, "another-long-password".into()).await.unwrap();
        people::set_password(realm, &person, hash, Sessions::Keep, Some("test")).await.unwrap();
        settle(&world).await;
        let events = listener.poll(&id).await;
        assert_eq!(events[0]["events"], json!({CREDENTIAL_CHANGE: {
            "credential_type": "password", "change_type": "update", "event_timestamp": world.now(), "initiating_entity": "admin",
        }}));
        people::disable(realm, &person, Some("test")).await.unwrap();
        settle(&world).await;
        assert_eq!(kinds(&listener.poll(&id).await), [SESSION_REVOKED, ACCOUNT_DISABLED]);
        people::enable(realm, &person, Some("test")).await.unwrap();
        settle(&world).await;
        let events = listener.poll(&id).await;
        assert_eq!(events[0]["events"], json!({ACCOUNT_ENABLED: {}}));
        people::delete(realm, &person, Some("test")).await.unwrap();
        settle(&world).await;
        let events = listener.poll(&id).await;
        assert_eq!(kinds(&events), [SESSION_REVOKED, ACCOUNT_PURGED]);
        assert!(events.iter().all(|event| event["sub_id"]["sub"] == json!(person)));
    }

    /// A stream carries what was asked for, and each stream its own.
    async fn a_stream_carries_what_was_asked_for(world: World) {
        let listener = begin(&world).await;
        let none = listener.stream(json!({"events_requested": []})).await;
        let purged = listener.stream(json!({"events_requested": [ACCOUNT_PURGED]})).await;
        let all = listener.polled().await;
        let person = alice(&world).await;
        identity::people::delete(world.realm(), &person, None).await.unwrap();
        settle(&world).await;
        assert!(listener.poll(&none).await.is_empty());
        assert_eq!(kinds(&listener.poll(&purged).await), [ACCOUNT_PURGED]);
        let events = listener.poll(&all).await;
        assert_eq!(kinds(&events), [SESSION_REVOKED, ACCOUNT_PURGED]);
        assert_ne!(events[0]["jti"], events[1]["jti"]);
        assert_eq!(events[0]["txn"], events[1]["txn"], "they have one cause");
    }

    /// OpenID Connect Core §8: a receiver with a sector is told of people and sessions as it knows them, and nothing by which two could compare.
    async fn a_pairwise_receiver_knows_people_by_its_own_names(world: World) {
        let listener = begin(&world).await;
        let of_all = listener.polled().await;
        let client = world.client("paired").grants(&["authorization_code", "client_credentials"]).trusted();
        let client = client.scope("openid ssf.manage").set("subject_type", json!("pairwise"));
        let client = client.set("backchannel_logout_uri", json!("https://paired.example/out")).create().await;
        let paired = of(&world, client.clone(), "ssf.manage").await;
        let id = paired.polled().await;
        let mut browser = world.browser();
        let tokens = world.flow(&client).with("scope", "openid").tokens_in(&mut browser).await;
        let known = world.claims(tokens.id()).await;
        world.sign_out(&mut browser).await;
        settle(&world).await;
        let (own, public) = (paired.poll(&id).await, listener.poll(&of_all).await);
        assert_eq!(own[0]["sub_id"]["user"]["sub"], known["sub"]);
        assert_eq!(own[0]["sub_id"]["session"]["id"], known["sid"]);
        for name in ["sub_id", "jti", "txn"] {
            assert_ne!(own[0][name], public[0][name]);
        }
        assert!(!own[0].to_string().contains(&alice(&world).await));
    }

    /// Without streams, or without the API, what happens leaves nothing behind.
    async fn without_streams_nothing_is_kept(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        realm::resources::delete(world.realm(), &format!("{}/ssf", world.issuer()), "test").await.unwrap();
        world.sync().await;
        sign_out_everywhere(&world, &alice(&world).await).await;
        settle(&world).await;
        assert_eq!(server::shared_signals::find(world.realm(), &id).await.unwrap().unwrap().1, 0);
        listener.ask("GET", "/ssf/streams", Value::Null).await.status(404);
    }
}
