//! How it is told: until it is heard, to whom it concerns, and to nobody inside.

use super::*;

db::statements! {
    LEFT = "SELECT (SELECT COUNT(*) FROM session_client) + (SELECT COUNT(*) FROM outbox)";
}

async fn left(world: &World) -> i64 {
    let row = world.node().db().row(&LEFT, db::params![]).await;
    row.unwrap().unwrap().int(0)
}

async fn change(world: &World, change: impl FnOnce(&mut realm::Client)) {
    let found = realm::clients::find(world.realm(), "app").await.unwrap();
    let mut client = found.unwrap();
    change(&mut client);
    let keep = realm::clients::SecretChange::Keep;
    realm::clients::update(world.realm(), client, keep, "test")
        .await
        .unwrap();
}

/// Signs in and out again in a browser of its own.
pub async fn in_and_out(world: &World, app: &Client) {
    let mut browser = world.browser();
    world.flow(app).tokens_in(&mut browser).await;
    world.sign_out(&mut browser).await;
}

on_each_engine! {
    /// A client that is not there for an hour is told when it is back, once.
    async fn a_client_that_was_down_for_an_hour_is_told_once(world: World) {
        let port = {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            listener.local_addr().unwrap().port()
        };
        world.person(ALICE.0, ALICE.1).await;
        let app = told(&world, "app", &format!("http://127.0.0.1:{port}/called")).await;
        in_and_out(&world, &app).await;
        for _ in 0..60 {
            settle(&world).await;
            world.advance(60);
        }
        let receiver = Receiver::at(port).await;
        let mut heard = Vec::new();
        for _ in 0..(3 * 24 * 6) {
            settle(&world).await;
            heard.extend(tokens(&world, &receiver).await);
            world.advance(600);
        }
        assert_eq!(heard.len(), 1);
        assert_eq!(left(&world).await, 0);
    }

    /// It is tried for a day at least, and not for ever; each time the token is fresh and says the same.
    async fn a_client_that_cannot_hear_is_told_again_for_a_day(world: World) {
        let receiver = Receiver::new().await;
        receiver.answers(&[503; 100]);
        let app = app(&world, &receiver).await;
        in_and_out(&world, &app).await;
        let began = world.now();
        let (mut heard, mut last) = (Vec::new(), 0);
        for _ in 0..(3 * 24 * 12) {
            settle(&world).await;
            for token in tokens(&world, &receiver).await {
                assert_eq!((&token["iat"], &token["exp"]), (&json!(world.now()), &json!(world.now() + 120)));
                last = world.now() - began;
                heard.push(token["jti"].clone());
            }
            world.advance(300);
        }
        assert!((20..40).contains(&heard.len()), "{}", heard.len());
        assert!(last > 20 * 3600, "{last}");
        assert!(heard.iter().all(|jti| *jti == heard[0]));
        assert_eq!(left(&world).await, 0, "given up");
    }

    /// §2.8: 400 is the answer of a client that has looked at the token; redirects are not followed, and count as no answer.
    async fn what_a_client_answers_counts(world: World) {
        let receiver = Receiver::new().await;
        let app = app(&world, &receiver).await;
        for (answers, times) in [(&[200][..], 1), (&[204], 1), (&[400], 1), (&[501], 1), (&[302, 404, 500, 200], 4)] {
            receiver.answers(answers);
            in_and_out(&world, &app).await;
            let mut heard = 0;
            for _ in 0..10 {
                settle(&world).await;
                heard += receiver.heard().len();
                world.advance(60);
            }
            assert_eq!(heard, times, "{answers:?}");
            assert_eq!(left(&world).await, 0, "{answers:?}");
        }
    }

    /// Who does not want to hear any more, is switched off, or only bears the name of who did, is not told.
    async fn nobody_is_told_otherwise_than_registered(world: World) {
        let receiver = Receiver::new().await;
        let app = app(&world, &receiver).await;
        let uri = Some(receiver.url.clone());
        for way in ["no longer", "disabled", "another"] {
            let mut browser = world.browser();
            world.flow(&app).tokens_in(&mut browser).await;
            world.advance(1);
            match way {
                "no longer" => change(&world, |client| client.logout.backchannel_uri = None).await,
                "disabled" => change(&world, |client| client.disabled = true).await,
                _ => {
                    realm::clients::delete(world.realm(), "app", "test").await.unwrap();
                    told(&world, "app", &receiver.url).await;
                }
            }
            world.sign_out(&mut browser).await;
            settle(&world).await;
            assert!(receiver.heard().is_empty(), "{way}");
            world.advance(2);
            if way != "another" {
                change(&world, |client| {
                    client.disabled = false;
                    client.logout.backchannel_uri.clone_from(&uri);
                })
                .await;
            }
        }
        in_and_out(&world, &app).await;
        settle(&world).await;
        assert_eq!(receiver.heard().len(), 1);
    }

    /// Two nodes that are at it at once tell a client once.
    async fn two_nodes_tell_a_client_once(world: World) {
        let receiver = Receiver::new().await;
        let app = app(&world, &receiver).await;
        let beside = world.beside().await;
        for _ in 0..5 {
            in_and_out(&world, &app).await;
        }
        for _ in 0..5 {
            tokio::join!(world.sync(), beside.sync());
        }
        let heard = tokens(&world, &receiver).await;
        let sessions = set(heard.iter().map(|token| token["sid"].as_str().unwrap()));
        assert_eq!((heard.len(), sessions.len()), (5, 5));
    }

    /// The address of a client leads out, not to our own machine or network (server-side request forgery).
    async fn an_address_inside_is_not_told(world: World) {
        let world = world.limited().await;
        let receiver = Receiver::new().await;
        let app = app(&world, &receiver).await;
        in_and_out(&world, &app).await;
        for _ in 0..5 {
            settle(&world).await;
            world.advance(60);
        }
        assert!(receiver.heard().is_empty());
        for address in ["https://10.0.0.1/out", "https://[::ffff:169.254.169.254]/", "https://metadata.internal/"] {
            let client = told(&world, &format!("at-{}", address.len()), address).await;
            in_and_out(&world, &client).await;
        }
        settle(&world).await;
    }

    /// What is remembered of sessions ends with them.
    async fn nothing_is_left_when_sessions_have_run_out(world: World) {
        let receiver = Receiver::new().await;
        let app = app(&world, &receiver).await;
        world.flow(&app).tokens_in(&mut world.browser()).await;
        assert_eq!(left(&world).await, 1);
        world.advance(realm::Lifetimes::default().session_absolute);
        settle(&world).await;
        assert_eq!(left(&world).await, 0);
    }
}

on_each_engine! {
    /// However many never answer, the other clients of the session are told within two seconds.
    async fn twenty_that_hang_keep_no_client_waiting(world: World) {
        let world = world.reaching(fetch::FetchOptions::loopback()).await;
        world.person(ALICE.0, ALICE.1).await;
        let hangs = Receiver::new().await;
        hangs.answers(&[HANGS; 1000]);
        let (mut browser, mut healthy) = (world.browser(), Vec::new());
        for i in 0..27 {
            let client = if i % 4 == 3 {
                let fine = Receiver::new().await;
                let client = told(&world, &format!("c{i}"), &fine.url).await;
                healthy.push(fine);
                client
            } else {
                told(&world, &format!("c{i}"), &hangs.url).await
            };
            world.flow(&client).code(&mut browser).await;
        }
        let person = identity::people::find_by_username(world.realm(), ALICE.0).await;
        let person = person.unwrap().unwrap().id;
        let running = tokio::spawn(world.node().background());
        let begun = std::time::Instant::now();
        identity::people::sign_out_everywhere(world.realm(), &person, None).await.unwrap();
        Receiver::all_hear(healthy, begun).await;
        running.abort();
        assert!(!hangs.heard().is_empty());
    }
}
