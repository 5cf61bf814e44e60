//! How often an endpoint may be asked: by one client from one address, and by one address for all clients it names.

use serde_json::json;
use server::{RequestRate, RequestRates};

use crate::harness::{Answer, World};
use crate::on_each_engine;

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

const TEN_A_MINUTE: Option<RequestRate> = Some(RequestRate {
    count: 10,
    seconds: 60,
});

fn everywhere() -> RequestRates {
    RequestRates {
        token: TEN_A_MINUTE,
        introspection: TEN_A_MINUTE,
        pushed_authorization_request: TEN_A_MINUTE,
        device_authorization: TEN_A_MINUTE,
        backchannel_authentication: TEN_A_MINUTE,
        ..RequestRates::none()
    }
}

async fn ask(world: &World, path: &str, from: &str, client: (&str, &str)) -> Answer {
    world
        .post(path)
        .from(from)
        .basic(client.0, client.1)
        .form(&[GRANT])
        .send()
        .await
}

on_each_engine! {
    /// Each endpoint counts for itself; other clients and other addresses are not kept waiting; time gives back.
    async fn an_endpoint_may_be_asked_so_often_by_a_client_and_an_address(world: World) {
        let world = world.rated(everywhere()).await;
        let service = world.service().await;
        let other = world.client("other").grants(&["client_credentials"]).redirects(&[]).scope("notes.read").create().await;
        let own = ("service", service.secret.as_deref().unwrap());
        let others = ("other", other.secret.as_deref().unwrap());
        let here = "198.51.100.7";
        for path in ["/token", "/introspect", "/par", "/device_authorization", "/bc-authorize"] {
            for _ in 0..10 {
                let answer = ask(&world, path, here, own).await;
                assert!(answer.status != 429, "{path}: {answer:?}");
            }
            let answer = ask(&world, path, here, own).await;
            answer.refused(429, "temporarily_unavailable");
            assert_eq!(answer.header("retry-after"), "6", "{path}");
            for (from, client) in [(here, others), ("198.51.100.8", own)] {
                let answer = ask(&world, path, from, client).await;
                assert!(answer.status != 429, "{path}: {answer:?}");
            }
        }
        world.advance(6);
        ask(&world, "/token", here, own).await.status(200);
        ask(&world, "/token", here, own).await.status(429);
    }

    /// Whoever makes up a client for each request is bounded all the same, and a wrong secret costs what a right one does.
    async fn made_up_clients_are_no_way_around_a_limit(world: World) {
        let world = world.rated(everywhere()).await;
        let mut limited = 0;
        for number in 0..150 {
            let id = format!("made-up-{number}");
            let answer = ask(&world, "/token", "2001:db8:7:7::1", (&id, "not a secret of anybody")).await;
            limited += usize::from(answer.status == 429);
        }
        assert_eq!(limited, 50, "ten clients' worth");
        // All of an IPv6 network is one address.
        ask(&world, "/token", "2001:db8:7:7:ffff::1", ("new", "not a secret of anybody")).await.status(429);
        ask(&world, "/token", "2001:db8:7:8::1", ("new", "not a secret of anybody")).await.refused(401, "invalid_client");
    }

    /// Nor is a text that nobody here trusts, which has no client beside it: looking at it costs a signature.
    async fn assertions_of_strangers_are_no_way_around_a_limit(world: World) {
        let world = world.rated(everywhere()).await;
        let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", "e30.e30.AA")];
        let hand_in = || world.post("/token").from("198.51.100.9").form(&form).send();
        for _ in 0..10 {
            hand_in().await.refused(401, "invalid_client");
        }
        hand_in().await.refused(429, "temporarily_unavailable");
    }

    /// A realm takes so many registrations from wherever they come; another realm's are not counted with them.
    async fn a_realm_takes_so_many_registrations_from_wherever(world: World) {
        let rates = RequestRates { registration_in_realm: TEN_A_MINUTE, ..RequestRates::none() };
        let world = world.rated(rates).await;
        world.settings(|settings| settings.registration.mode = realm::Admission::Open).await;
        let stated = json!({"redirect_uris": ["https://app.example/callback"], "token_endpoint_auth_method": "none"});
        let register = |number: u8| world.post("/register").from(&format!("198.51.100.{number}")).json(&stated).send();
        for number in 0..10 {
            register(number).await.status(201);
        }
        let answer = register(200).await;
        answer.refused(429, "temporarily_unavailable");
        assert_eq!(answer.header("retry-after"), "6");
        world.advance(6);
        register(201).await.status(201);
        register(202).await.status(429);
    }

    /// One tenant's clients use up nothing of another's.
    async fn tenants_are_counted_apart(world: World) {
        let world = world.rated(everywhere()).await;
        let service = world.service().await;
        world.add_realm("acme").await;
        let own = ("service", service.secret.as_deref().unwrap());
        for _ in 0..11 {
            ask(&world, "/token", "198.51.100.7", own).await;
        }
        ask(&world, "/token", "198.51.100.7", own).await.status(429);
        ask(&world, "/realms/acme/token", "198.51.100.7", own).await.refused(401, "invalid_client");
    }

    /// What a load generator on this machine does is not refused unless an operator says so.
    async fn nobody_is_limited_at_the_token_endpoint_by_default(world: World) {
        let world = world.limited().await;
        let service = world.service().await;
        for _ in 0..1500 {
            service.token(&[GRANT]).await.status(200);
        }
    }
}
