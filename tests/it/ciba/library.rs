//! grantor-client asks people: signed requests, and calls in the modes ping and push.

use fetch::{Fetch, FetchOptions};
use grantor_client::{Client as Library, Credentials, Error, Notification, PendingApproval};
use jose::{Algorithm, JwkSet, SigningKey};

use super::notifications::called;
use super::*;
use crate::harness::{Heard, Receiver};

async fn library(world: &World, agent: &Client, key: Option<SigningKey>) -> Library {
    let secret = agent.secret.clone().unwrap();
    let builder = Library::builder(world.issuer(), Credentials::basic(&agent.id, secret))
        .ambient(world.node().ambient().clone())
        .fetch(Fetch::new(FetchOptions::loopback()).unwrap())
        .id_token_algorithm(Algorithm::Es256);
    let builder = match key {
        Some(key) => builder.request_key(key),
        None => builder,
    };
    builder.discover().await.unwrap()
}

fn read(heard: &Heard) -> Notification {
    Notification::read(Some(&heard.authorization), heard.body.as_bytes()).unwrap()
}

async fn ask(client: &Library) -> PendingApproval {
    let approval = client
        .approval(ALICE.0)
        .scope("openid offline_access notes.read");
    approval.called().start().await.unwrap()
}

on_each_engine! {
    /// CIBA Core §7.1.1: by a client that must sign, and not by one that need not.
    async fn the_library_signs_what_it_asks(world: World) {
        let world = world.listening().await;
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let keys = JwkSet { keys: vec![key.public_jwk().unwrap()] };
        let jwks = serde_json::to_value(keys).unwrap();
        let agent = agent_with(&world, |client| {
            client.set("jwks", jwks).set("backchannel_authentication_request_signing_alg", json!("ES256"))
        }).await;
        let client = library(&world, &agent, Some(key)).await;
        let approval = || client.approval(ALICE.0).scope("openid notes.read").resource("urn:example:notes").binding_message("blue 7").expires_in(90);
        assert!(approval().start().await.is_err(), "unsigned");
        let mut pending = approval().signed_request().start().await.unwrap();
        assert_eq!(pending.expires_at(), world.now() + 90);
        let (_, page) = waiting(&world).await;
        assert!(page.says("blue 7") && page.says("Read your notes"), "{}", page.words());
        approve(&world).await;
        let session = pending.poll().await.unwrap().unwrap();
        assert_eq!(session.tokens().await.unwrap().scope().to_string(), "openid notes.read");
        let stranger = library(&world, &agent, Some(SigningKey::generate(Algorithm::Es256).unwrap())).await;
        assert!(stranger.approval(ALICE.0).signed_request().start().await.is_err());
        assert!(matches!(library(&world, &agent, None).await.approval(ALICE.0).signed_request().start().await, Err(Error::Incomplete(_))));
    }

    /// CIBA Core §10.2: each request has a token of its own, so that nobody else wakes the application.
    async fn the_library_hears_a_ping(world: World) {
        let world = world.listening().await;
        let receiver = Receiver::new().await;
        let agent = agent_with(&world, |client| called(client, "ping", &receiver.url)).await;
        let client = library(&world, &agent, None).await;
        let mut pending = ask(&client).await;
        assert!(pending.poll().await.unwrap().is_none());
        approve(&world).await;
        world.sync().await;
        let heard = receiver.heard().remove(0);
        let other = ask(&client).await;
        let call = read(&heard);
        assert_eq!(call.auth_req_id(), pending.auth_req_id());
        assert!(pending.is_told_by(&call) && !other.is_told_by(&call));
        // The token of one request with the name of the other, and a made up one.
        let mixed = heard.body.replace(pending.auth_req_id(), other.auth_req_id());
        let mixed = Notification::read(Some(&heard.authorization), mixed.as_bytes()).unwrap();
        let guessed = Notification::read(Some("Bearer guessed"), heard.body.as_bytes()).unwrap();
        assert!(!other.is_told_by(&mixed) && !pending.is_told_by(&mixed) && !pending.is_told_by(&guessed));
        for (authorization, body) in [(None, heard.body.as_str()), (Some("Basic eA=="), &heard.body), (Some(heard.authorization.as_str()), "{}"), (Some("Bearer"), "")] {
            assert!(Notification::read(authorization, body.as_bytes()).is_none());
        }
        assert!(pending.poll().await.unwrap().is_some());
    }

    /// CIBA Core §10.3.1, §12: the tokens that are pushed, a denial, and no answer in time; and none of it once more for another request.
    async fn the_library_takes_what_is_pushed(world: World) {
        let world = world.listening().await;
        let receiver = Receiver::new().await;
        let agent = agent_with(&world, |client| called(client, "push", &receiver.url)).await;
        let client = library(&world, &agent, None).await;
        let pending = ask(&client).await;
        approve(&world).await;
        world.sync().await;
        let heard = receiver.heard().remove(0);
        let elsewhere = ask(&client).await;
        assert!(elsewhere.pushed(&read(&heard)).await.is_err());
        deny(&world).await;
        let session = pending.pushed(&read(&heard)).await.unwrap();
        let subject = session.userinfo().await.unwrap().sub;
        session.refresh().await.unwrap();
        assert_eq!(session.claims().unwrap().sub, subject);
        world.sync().await;
        receiver.heard();

        let denied = ask(&client).await;
        deny(&world).await;
        world.sync().await;
        let refused = denied.pushed(&read(&receiver.heard()[0])).await;
        assert!(matches!(refused, Err(Error::Authorization(_))), "{refused:?}");
        let forgotten = ask(&client).await;
        world.advance(400);
        world.sync().await;
        let late = forgotten.pushed(&read(&receiver.heard()[0])).await;
        assert!(matches!(late, Err(Error::TimedOut)), "{late:?}");
    }
}
