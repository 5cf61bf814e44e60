//! Clients that are called: the mode ping (CIBA Core §10.2), and whom nobody is to call.

use super::*;
use crate::harness::Receiver;

/// What a client calls itself with.
pub(super) const TOKEN: &str = "8d67dc78-7faa-4d41-aabd-67707b374255";

/// A client that is called in this mode.
pub fn called(client: NewClient, mode: &str, url: &str) -> NewClient {
    client
        .set("backchannel_token_delivery_mode", json!(mode))
        .set("backchannel_client_notification_endpoint", json!(url))
}

pub async fn ask_to_call(client: &Client, scope: &str) -> Answer {
    let form = [
        ("scope", scope),
        ("login_hint", ALICE.0),
        ("client_notification_token", TOKEN),
    ];
    let answer = client.post("/bc-authorize", &form).await;
    answer.status(200);
    answer
}

async fn change(world: &World, change: impl FnOnce(&mut realm::Client)) {
    let found = realm::clients::find(world.realm(), "agent").await.unwrap();
    let mut client = found.unwrap();
    change(&mut client);
    let keep = realm::clients::SecretChange::Keep;
    realm::clients::update(world.realm(), client, keep, "test")
        .await
        .unwrap();
}

on_each_engine! {
    /// Once when the person has decided, either way; the tokens are fetched, and polling goes on working.
    async fn a_client_in_ping_mode_is_told_when_to_ask(world: World) {
        let receiver = Receiver::new().await;
        let agent = agent_with(&world, |client| called(client, "ping", &receiver.url)).await;
        let answer = ask_to_call(&agent, "openid").await;
        assert_eq!(answer.json()["interval"], json!(5));
        let request = answer.text("auth_req_id");
        world.sync().await;
        assert!(receiver.heard().is_empty(), "nobody has decided");
        poll(&agent, &request).await.refused(400, "authorization_pending");
        approve(&world).await;
        world.sync().await;
        let heard = receiver.heard();
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0].authorization, format!("Bearer {TOKEN}"));
        assert_eq!(heard[0].content_type, "application/json");
        assert_eq!(heard[0].json(), json!({"auth_req_id": request}));
        redeemed(&agent, &request).await;
        let denied = ask_to_call(&agent, "openid").await.text("auth_req_id");
        deny(&world).await;
        world.sync().await;
        assert_eq!(receiver.heard()[0].json(), json!({"auth_req_id": denied}));
        poll(&agent, &denied).await.refused(400, "access_denied");
        world.advance(400);
        world.sync().await;
        assert!(receiver.heard().is_empty(), "told once");
    }

    /// Also when nobody decides.
    async fn a_client_in_ping_mode_is_told_that_time_is_up(world: World) {
        let receiver = Receiver::new().await;
        let agent = agent_with(&world, |client| called(client, "ping", &receiver.url)).await;
        let request = ask_to_call(&agent, "openid").await.text("auth_req_id");
        world.advance(299);
        world.sync().await;
        assert!(receiver.heard().is_empty());
        world.advance(1);
        world.sync().await;
        assert_eq!(receiver.heard()[0].json(), json!({"auth_req_id": request}));
        poll(&agent, &request).await.refused(400, "expired_token");
    }

    /// A client that is away is told later; one that refuses is left alone; a redirect is not followed (§10.2).
    async fn a_ping_is_repeated_until_it_is_heard(world: World) {
        let receiver = Receiver::new().await;
        let agent = agent_with(&world, |client| called(client, "ping", &receiver.url)).await;
        for (answers, calls) in [(&[503, 429, 200][..], 3), (&[401], 1), (&[302], 1), (&[500, 307], 2)] {
            receiver.answers(answers);
            ask_to_call(&agent, "openid").await;
            deny(&world).await;
            for _ in 0..5 {
                world.sync().await;
                world.advance(40);
            }
            let heard = receiver.heard();
            assert_eq!(heard.len(), calls, "{answers:?}");
            assert!(heard.iter().all(|one| one.body == heard[0].body));
        }
    }

    /// What is called with is needed, and only of who is called.
    async fn a_client_that_is_called_says_with_which_token(world: World) {
        let receiver = Receiver::new().await;
        let agent = agent_with(&world, |client| called(client, "ping", &receiver.url)).await;
        let form = [("scope", "openid"), ("login_hint", ALICE.0)];
        agent.post("/bc-authorize", &form).await.refused(400, "invalid_request");
        let poller = asking(&world, "poller").create().await;
        let answer = ask_to_call(&poller, "openid").await;
        approve(&world).await;
        world.sync().await;
        assert!(receiver.heard().is_empty());
        redeemed(&poller, &answer.text("auth_req_id")).await;
    }

    /// A client that registered another mode since is not called as it was before, and one that polled is never pushed to.
    async fn nobody_is_called_otherwise_than_registered(world: World) {
        use oauth::ciba::DeliveryMode;
        let receiver = Receiver::new().await;
        let agent = agent(&world).await;
        let url = receiver.url.clone();
        let polled = ask_to_call(&agent, "openid").await.text("auth_req_id");
        change(&world, |client| {
            client.backchannel.delivery = Some(DeliveryMode::Push);
            client.backchannel.notification_endpoint = Some(url);
        })
        .await;
        approve(&world).await;
        world.sync().await;
        assert!(receiver.heard().is_empty(), "it asked as one that polls");
        redeemed(&agent, &polled).await;
        let pushed = ask_to_call(&agent, "openid").await.text("auth_req_id");
        change(&world, |client| client.backchannel.delivery = Some(DeliveryMode::Ping)).await;
        approve(&world).await;
        world.sync().await;
        assert!(receiver.heard().is_empty(), "it asked as one that is pushed to");
        poll(&agent, &pushed).await.refused(400, "unauthorized_client");
        let pinged = ask_to_call(&agent, "openid").await;
        change(&world, |client| client.disabled = true).await;
        world.advance(300);
        world.sync().await;
        assert!(receiver.heard().is_empty(), "it is switched off");
        drop(pinged);
    }

    /// The address of a client leads out, not to our own machine or network (server-side request forgery).
    async fn an_address_inside_is_not_called(world: World) {
        let world = world.limited().await;
        let receiver = Receiver::new().await;
        let agent = agent_with(&world, |client| called(client, "ping", &receiver.url)).await;
        let inside = receiver.url.replace("127.0.0.1", "localhost");
        let other = called(asking(&world, "other"), "push", &inside).create().await;
        ask_to_call(&agent, "openid").await;
        deny(&world).await;
        ask_to_call(&other, "openid").await;
        approve(&world).await;
        for _ in 0..3 {
            world.sync().await;
            world.advance(30);
        }
        assert!(receiver.heard().is_empty());
        for address in ["https://10.0.0.1/cb", "https://[::ffff:169.254.169.254]/", "https://metadata.internal/"] {
            let id = format!("at-{}", address.len());
            let third = called(asking(&world, &id), "ping", address).create().await;
            ask_to_call(&third, "openid").await;
            deny(&world).await;
        }
        world.sync().await;
    }
}
