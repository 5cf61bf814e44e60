//! The mode push (CIBA Core §10.3, §12).

use super::notifications::TOKEN;
use super::*;
use crate::harness::Receiver;

async fn pushed_to(world: &World, receiver: &Receiver) -> Client {
    agent_with(world, |client| called(client, "push", &receiver.url)).await
}

on_each_engine! {
    /// CIBA Core §10.3.1: the tokens, and an ID token that holds the hashes of both and the name of the request.
    async fn tokens_are_pushed_with_an_id_token_that_binds_them(world: World) {
        let receiver = Receiver::new().await;
        let agent = pushed_to(&world, &receiver).await;
        let answer = ask_to_call(&agent, "openid offline_access notes.read").await;
        assert_eq!(answer.json().get("interval"), None);
        let request = answer.text("auth_req_id");
        approve(&world).await;
        world.sync().await;
        let heard = receiver.heard();
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0].authorization, format!("Bearer {TOKEN}"));
        let pushed = heard[0].json();
        assert_eq!(pushed["auth_req_id"], json!(request));
        let tokens = Tokens(pushed);
        for secret in [tokens.access(), tokens.refresh(), tokens.id()] {
            world.remember(secret);
        }
        let id = world.claims(tokens.id()).await;
        let half = |token: &str| oauth::id_token::at_hash(jose::Algorithm::Es256, token).unwrap();
        assert_eq!(id["at_hash"], json!(half(tokens.access())));
        assert_eq!(id["urn:openid:params:jwt:claim:rt_hash"], json!(half(tokens.refresh())));
        assert_eq!(id["urn:openid:params:jwt:claim:auth_req_id"], json!(request));
        world.userinfo(tokens.access()).await.status(200);
        agent.refreshed(tokens.refresh()).await;
        world.advance(400);
        world.sync().await;
        assert!(receiver.heard().is_empty(), "sent once");
        assert_eq!(kinds(&world).await, ["ciba.allowed", "ciba.redeemed", "ciba.requested"]);
    }

    /// CIBA Core §11: the token endpoint has nothing for a client that is pushed to.
    async fn a_client_that_is_pushed_to_does_not_poll(world: World) {
        let receiver = Receiver::new().await;
        let agent = pushed_to(&world, &receiver).await;
        let request = ask_to_call(&agent, "openid").await.text("auth_req_id");
        poll(&agent, &request).await.refused(400, "unauthorized_client");
        approve(&world).await;
        poll(&agent, &request).await.refused(400, "unauthorized_client");
        world.sync().await;
        assert_eq!(receiver.heard().len(), 1);
        poll(&agent, &request).await.refused(400, "unauthorized_client");
    }

    /// CIBA Core §12: a denial, and no answer in time.
    async fn errors_are_pushed_too(world: World) {
        let receiver = Receiver::new().await;
        let agent = pushed_to(&world, &receiver).await;
        let request = ask_to_call(&agent, "openid").await.text("auth_req_id");
        deny(&world).await;
        world.sync().await;
        let error = receiver.heard()[0].json();
        assert_eq!((&error["auth_req_id"], &error["error"]), (&json!(request), &json!("access_denied")));
        assert_eq!(error.get("access_token"), None);
        ask_to_call(&agent, "openid").await;
        world.advance(300);
        world.sync().await;
        assert_eq!(receiver.heard()[0].json()["error"], json!("expired_token"));
        ask_to_call(&agent, "openid").await;
        let mut browser = approve(&world).await;
        world.sign_out(&mut browser).await;
        world.sync().await;
        assert_eq!(receiver.heard()[0].json()["error"], json!("transaction_failed"));
        assert!(!kinds(&world).await.contains(&"ciba.redeemed".to_owned()));
    }

    /// A client that is away gets the same tokens later; one set, however often they are sent.
    async fn a_push_that_was_not_heard_is_repeated_as_it_was(world: World) {
        let receiver = Receiver::new().await;
        let agent = pushed_to(&world, &receiver).await;
        receiver.answers(&[503, 500]);
        ask_to_call(&agent, "openid offline_access").await;
        approve(&world).await;
        for _ in 0..4 {
            world.sync().await;
            world.advance(20);
        }
        let heard = receiver.heard();
        assert_eq!(heard.len(), 3);
        assert!(heard.iter().all(|one| one.body == heard[0].body));
        let tokens = Tokens(heard[0].json());
        world.userinfo(tokens.access()).await.status(200);
        let redeemed = kinds(&world).await.into_iter().filter(|kind| kind == "ciba.redeemed");
        assert_eq!(redeemed.count(), 1);
    }

    /// Tokens that the client did not take, at once or in time, are worth nothing.
    async fn tokens_that_nobody_took_are_revoked(world: World) {
        let receiver = Receiver::new().await;
        let agent = pushed_to(&world, &receiver).await;
        receiver.answers(&[400]);
        ask_to_call(&agent, "openid offline_access").await;
        approve(&world).await;
        world.sync().await;
        let tokens = Tokens(receiver.heard()[0].json());
        world.userinfo(tokens.access()).await.status(401);
        agent.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
        receiver.answers(&[503; 9]);
        ask_to_call(&agent, "openid offline_access").await;
        approve(&world).await;
        for _ in 0..12 {
            world.sync().await;
            world.advance(40);
        }
        let heard = receiver.heard();
        assert!((2..9).contains(&heard.len()), "{}", heard.len());
        let tokens = Tokens(heard[0].json());
        agent.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
        let refused = kinds(&world).await.into_iter().filter(|kind| kind == "ciba.push_refused");
        assert_eq!(refused.count(), 2);
    }

    /// Two nodes that deliver at the same moment send one set of tokens.
    async fn two_nodes_push_one_set_of_tokens(world: World) {
        let receiver = Receiver::new().await;
        let agent = pushed_to(&world, &receiver).await;
        let beside = world.beside().await;
        for _ in 0..3 {
            ask_to_call(&agent, "openid").await;
            approve(&world).await;
            tokio::join!(world.sync(), beside.sync());
            let heard = receiver.heard();
            assert_eq!(heard.len(), 1, "{}", heard.len());
        }
    }
}
