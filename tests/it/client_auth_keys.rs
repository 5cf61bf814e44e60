//! Keys at a client's `jwks_uri`: when they are fetched, what is believed of them, and whom it disturbs (OpenID Connect Core §10.1).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jose::jws::{self, Header};
use jose::{Algorithm, JwkSet, SigningKey};
use serde_json::json;
use tokio::sync::Notify;

use crate::harness::{Answer, World};
use crate::on_each_engine;

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// Where a client publishes its keys.
struct Publisher {
    uri: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    body: Mutex<String>,
    control: Mutex<&'static str>,
    requests: AtomicUsize,
    hangs: std::sync::atomic::AtomicBool,
    arrived: Notify,
    released: Notify,
}

impl Publisher {
    async fn new(keys: &[&SigningKey]) -> Self {
        let state = Arc::new(State::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/jwks", listener.local_addr().unwrap());
        let shown = Arc::clone(&state);
        let answer = move || {
            let state = Arc::clone(&shown);
            async move {
                state.requests.fetch_add(1, Ordering::SeqCst);
                state.arrived.notify_one();
                if state.hangs.load(Ordering::SeqCst) {
                    state.released.notified().await;
                }
                let control = *state.control.lock().unwrap();
                (
                    [("cache-control", control)],
                    state.body.lock().unwrap().clone(),
                )
            }
        };
        let router = axum::Router::new().route("/jwks", axum::routing::get(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let publisher = Self { uri, state };
        publisher.publish(keys);
        publisher
    }

    fn publish(&self, keys: &[&SigningKey]) {
        let keys = keys.iter().map(|key| key.public_jwk().unwrap()).collect();
        self.say(serde_json::to_string(&JwkSet { keys }).unwrap());
    }

    fn say(&self, body: String) {
        *self.state.body.lock().unwrap() = body;
    }

    /// What is said from now on about how long the keys are good.
    fn control(&self, said: &'static str) {
        *self.state.control.lock().unwrap() = said;
    }

    fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }
}

/// A client of that name whose keys are there.
async fn client(world: &World, id: &str, uri: &str) {
    world
        .client(id)
        .public()
        .grants(&["client_credentials"])
        .redirects(&[])
        .scope("notes.read")
        .set("token_endpoint_auth_method", json!("private_key_jwt"))
        .set("jwks_uri", json!(uri))
        .create()
        .await;
}

/// A token request with an assertion by that key.
async fn ask(world: &World, id: &str, key: &SigningKey) -> Answer {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let jti = NUMBER.fetch_add(1, Ordering::SeqCst).to_string();
    let claims =
        json!({"iss": id, "sub": id, "aud": world.issuer(), "exp": world.now() + 60, "jti": jti});
    let assertion = jws::sign(
        key,
        &Header::typed("JWT", key),
        claims.to_string().as_bytes(),
    )
    .unwrap();
    world.remember(&assertion);
    let form = [
        GRANT,
        ("scope", "notes.read"),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", &assertion),
    ];
    world.post("/token").form(&form).send().await
}

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

on_each_engine! {
    /// §10.2.1: the keys are taken as they are for as long as their server says, ten minutes at most and a minute at least.
    async fn keys_are_fresh_as_long_as_their_server_says(world: World) {
        world.notes().await;
        let own = key();
        let answers = [("max-age=120", 120), ("public, max-age=86400", 600), ("no-cache", 60), ("max-age=0", 60), ("", 600)];
        for (number, (said, seconds)) in answers.into_iter().enumerate() {
            let publisher = Publisher::new(&[&own]).await;
            publisher.control(said);
            let id = format!("remote{number}");
            client(&world, &id, &publisher.uri).await;
            for (later, requests) in [(0, 1), (seconds - 1, 1), (1, 2)] {
                world.advance(later);
                ask(&world, &id, &own).await.status(200);
                assert_eq!(publisher.requests(), requests, "{said} {later}");
            }
        }
    }

    /// Keys are fetched once and kept; a new one is found when the client signs with it; one that was taken back is not believed for long.
    async fn keys_are_fetched_when_they_are_needed(world: World) {
        world.notes().await;
        let (first, second) = (key(), key());
        let publisher = Publisher::new(&[&first]).await;
        client(&world, "remote", &publisher.uri).await;
        for _ in 0..3 {
            ask(&world, "remote", &first).await.status(200);
        }
        assert_eq!(publisher.requests(), 1);
        publisher.publish(&[&second]);
        world.advance(10);
        ask(&world, "remote", &second).await.status(200);
        assert_eq!(publisher.requests(), 2);
        ask(&world, "remote", &first).await.refused(401, "invalid_client");
        publisher.publish(&[]);
        world.advance(600);
        ask(&world, "remote", &second).await.refused(401, "invalid_client");
    }

    /// Whoever makes up names of keys does not make grantor call the client's server again and again.
    async fn unknown_keys_are_looked_for_at_a_bounded_rate(world: World) {
        world.notes().await;
        let own = key();
        let publisher = Publisher::new(&[&own]).await;
        client(&world, "remote", &publisher.uri).await;
        ask(&world, "remote", &own).await.status(200);
        for _ in 0..20 {
            ask(&world, "remote", &key()).await.refused(401, "invalid_client");
        }
        assert_eq!(publisher.requests(), 1, "within the rest after the first");
        world.advance(10);
        for _ in 0..20 {
            ask(&world, "remote", &key()).await.refused(401, "invalid_client");
        }
        assert_eq!(publisher.requests(), 2);
        ask(&world, "remote", &own).await.status(200);
    }

    /// A server that does not answer costs its own client its time, and nobody else theirs. What was fetched before is used for a while.
    async fn a_server_that_hangs_keeps_nobody_else_waiting(world: World) {
        world.notes().await;
        let (slow, quick) = (key(), key());
        let hanging = Publisher::new(&[&slow]).await;
        let publisher = Publisher::new(&[&quick]).await;
        client(&world, "slow", &hanging.uri).await;
        client(&world, "quick", &publisher.uri).await;
        ask(&world, "slow", &slow).await.status(200);
        hanging.state.hangs.store(true, Ordering::SeqCst);
        world.advance(3600);
        let waiting: Vec<_> = (0..5)
            .map(|_| {
                let (world, slow) = (world.clone(), SigningKey::from_jwk(&slow.jwk(), Algorithm::Es256).unwrap());
                tokio::spawn(async move { ask(&world, "slow", &slow).await.status })
            })
            .collect();
        for _ in 0..5 {
            ask(&world, "quick", &quick).await.status(200);
        }
        for waiting in waiting {
            let status = tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("a limit of time");
            assert_eq!(status.unwrap(), 401);
        }
        assert_eq!(hanging.requests(), 2, "one of them asked for all");
        hanging.state.hangs.store(false, Ordering::SeqCst);
        world.advance(10);
        ask(&world, "slow", &slow).await.status(200);
        hanging.state.hangs.store(true, Ordering::SeqCst);
        world.advance(601);
        ask(&world, "slow", &slow).await.status(200);
    }

    /// Whoever hangs up while keys are fetched does not keep them from the others.
    async fn a_fetch_is_not_stopped_by_hanging_up(world: World) {
        world.notes().await;
        let own = key();
        let publisher = Publisher::new(&[&own]).await;
        publisher.state.hangs.store(true, Ordering::SeqCst);
        client(&world, "remote", &publisher.uri).await;
        let asking = {
            let (world, own) = (world.clone(), SigningKey::from_jwk(&own.jwk(), Algorithm::Es256).unwrap());
            tokio::spawn(async move { ask(&world, "remote", &own).await.status })
        };
        publisher.state.arrived.notified().await;
        asking.abort();
        assert!(asking.await.unwrap_err().is_cancelled());
        publisher.state.released.notify_one();
        ask(&world, "remote", &own).await.status(200);
        assert_eq!(publisher.requests(), 1);
    }

    /// What is no set of public keys, or too large, is not believed; a good key beside bad ones is.
    async fn odd_documents_are_not_believed(world: World) {
        world.notes().await;
        let own = key();
        let public = own.public_jwk().unwrap().to_value();
        let publisher = Publisher::new(&[&own]).await;
        client(&world, "remote", &publisher.uri).await;
        let mut for_encryption = public.clone();
        for_encryption["use"] = json!("enc");
        let many: Vec<_> = (0..33).map(|_| key().public_jwk().unwrap().to_value()).chain([public.clone()]).collect();
        let cases = [
            ("nothing", String::new()),
            ("no set", public.to_string()),
            ("a page", "<html></html>".to_owned()),
            ("too large", json!({"keys": [public], "padding": "x".repeat(200_000)}).to_string()),
            ("too many", json!({"keys": many}).to_string()),
            ("private", json!({"keys": [own.jwk().to_value()]}).to_string()),
            ("for encryption", json!({"keys": [for_encryption]}).to_string()),
            ("names twice", format!(r#"{{"keys":[],"keys":[{public}]}}"#)),
        ];
        for (case, body) in cases {
            publisher.say(body);
            world.advance(10);
            let answer = ask(&world, "remote", &own).await;
            assert_eq!((answer.status, answer.text("error").as_str()), (401, "invalid_client"), "{case}: {answer:?}");
        }
        publisher.say(json!({"keys": [{"kty": "XX"}, {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, public]}).to_string());
        world.advance(10);
        ask(&world, "remote", &own).await.status(200);
    }

    /// Whoever may register a client does not get to call what only grantor can reach.
    async fn an_address_of_this_machine_is_not_called(world: World) {
        let world = world.limited().await;
        world.notes().await;
        let own = key();
        let publisher = Publisher::new(&[&own]).await;
        client(&world, "remote", &publisher.uri).await;
        ask(&world, "remote", &own).await.refused(401, "invalid_client");
        let port = publisher.uri.rsplit(':').next().unwrap();
        for (number, host) in ["localhost", "127.1", "[::1]", "[::ffff:127.0.0.1]"].into_iter().enumerate() {
            let id = format!("remote-{number}");
            for scheme in ["http", "https"] {
                let uri = format!("{scheme}://{host}:{port}");
                let made = world
                    .client(&format!("{id}-{scheme}"))
                    .public()
                    .grants(&["client_credentials"])
                    .redirects(&[])
                    .set("token_endpoint_auth_method", json!("private_key_jwt"))
                    .set("jwks_uri", json!(uri))
                    .try_create()
                    .await;
                if made.is_some() {
                    ask(&world, &format!("{id}-{scheme}"), &own).await.refused(401, "invalid_client");
                }
            }
        }
        assert_eq!(publisher.requests(), 0);
    }
}
