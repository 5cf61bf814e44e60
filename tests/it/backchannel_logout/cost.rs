//! What a session at 200 clients costs, beside one at a single client.

use std::time::{Duration, Instant};

use super::*;
use crate::harness::Engine;

const ROUNDS: usize = 5;

/// The shortest of several times: what else the machine does makes some longer, and none shorter.
#[derive(Clone, Copy)]
struct Shortest(Duration);

impl Shortest {
    fn new() -> Self {
        Self(Duration::MAX)
    }

    fn note(&mut self, began: Instant) {
        self.0 = self.0.min(began.elapsed());
    }
}

/// Signing in at one more client, allowing something to another, and signing out: the times for a session at so many clients.
async fn times(
    world: &World,
    clients: &[Client],
    extra: &Client,
    asking: &Client,
) -> [Shortest; 3] {
    let mut times = [Shortest::new(); 3];
    for _ in 0..ROUNDS {
        let mut browser = world.browser();
        let mut hint = None;
        for client in clients {
            let code = world.flow(client).code(&mut browser).await;
            if hint.is_none() {
                hint = Some(Tokens(world.flow(client).redeem(&code).await.json()));
            }
        }
        let flow = world.flow(extra);
        let began = Instant::now();
        flow.code(&mut browser).await;
        times[0].note(began);
        let flow = world.flow(asking).with("prompt", "consent");
        let page = flow.consent_in(&mut browser).await;
        let began = Instant::now();
        browser.press(&page, "allow", &[]).await;
        times[1].note(began);
        let path = format!("/logout?id_token_hint={}", hint.unwrap().id());
        let began = Instant::now();
        let page = browser.get(&path).await;
        times[2].note(began);
        assert!(page.has("signed-out"), "{}", page.words());
    }
    times
}

/// Signing in, consent and signing out take as long with 200 clients as with one: what is told is queued.
#[tokio::test]
async fn a_session_at_many_clients_costs_what_one_costs() {
    let world = World::new(Engine::Sqlite, 1).await;
    world.person(ALICE.0, ALICE.1).await;
    let receiver = Receiver::new().await;
    let mut clients = Vec::new();
    for i in 0..200 {
        clients.push(told(&world, &format!("c{i}"), &receiver.url).await);
    }
    let extra = told(&world, "extra", &receiver.url).await;
    let asking = world
        .client("asking")
        .set("backchannel_logout_uri", json!(receiver.url))
        .create()
        .await;
    let one = times(&world, &clients[..1], &extra, &asking).await;
    let many = times(&world, &clients, &extra, &asking).await;
    let names = ["sign-in", "consent", "logout"];
    for (name, (one, many)) in names.iter().zip(one.iter().zip(&many)) {
        assert!(
            many.0 < one.0 * 2 + Duration::from_millis(1),
            "{name}: {:?} {:?}",
            one.0,
            many.0
        );
    }
}
