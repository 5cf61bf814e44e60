//! Polling (RFC 8936) and verification (§8.1.4).

use super::*;

on_each_engine! {
    /// §8.1.4, RFC 8417 §2: a verification event names the stream and echoes the state.
    async fn a_stream_is_verified(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        listener.verify(&id, "s-1").await.status(204);
        let events = listener.poll(&id).await;
        assert_eq!(events.len(), 1);
        let claims = &events[0];
        assert_eq!(claims["events"], json!({VERIFICATION: {"state": "s-1"}}));
        assert_eq!(claims["sub_id"], json!({"format": "opaque", "id": id}));
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(world.issuer()), &json!("receiver")));
        assert_eq!(claims["iat"], world.now());
        assert!(claims.get("sub").is_none() && claims.get("exp").is_none());
        let soon = listener.verify(&id, "s-2").await;
        soon.status(429);
        assert_eq!(soon.header("retry-after"), "30");
        world.advance(30);
        listener.post("/ssf/verify", json!({"stream_id": id})).await.status(204);
        assert_eq!(listener.poll(&id).await[0]["events"], json!({VERIFICATION: {}}));
        listener.verify("nothing", "x").await.status(404);
        listener.post("/ssf/verify", json!({"stream_id": id, "state": 1})).await.status(400);
        listener.post("/ssf/verify", json!({})).await.status(400);
    }

    /// RFC 8936 §2.4: what is not acknowledged comes again, what is does not; so much at a time as is asked for.
    async fn what_is_not_acknowledged_comes_again(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        let person = alice(&world).await;
        for _ in 0..3 {
            sign_out_everywhere(&world, &person).await;
        }
        settle(&world).await;
        let poll = async |body: Value| {
            let answer = listener.poll_with(&id, body).await;
            answer.status(200);
            let ids: Vec<String> = answer.json()["sets"].as_object().unwrap().keys().cloned().collect();
            (ids, answer.json()["moreAvailable"] == true)
        };
        let (first, more) = poll(json!({"returnImmediately": true, "maxEvents": 2})).await;
        assert_eq!((first.len(), more), (2, true));
        let (again, _) = poll(json!({"returnImmediately": true, "maxEvents": 2})).await;
        assert_eq!(first, again);
        let refused = json!({&first[1]: {"err": "invalid_key", "description": "x"}});
        let (rest, more) = poll(json!({"returnImmediately": true, "ack": [first[0]], "setErrs": refused})).await;
        assert_eq!((rest.len(), more), (1, false));
        assert!(!first.contains(&rest[0]));
        let (none, _) = poll(json!({"returnImmediately": true, "maxEvents": 0, "ack": rest})).await;
        assert!(none.is_empty());
        assert!(listener.poll(&id).await.is_empty());
        listener.poll_with(&id, json!({"maxEvents": -1})).await.status(400);
        listener.poll_with("nothing", json!({})).await.status(404);
        let pushed = listener.pushed("https://wiki.example/events").await;
        listener.poll_with(&pushed, json!({})).await.status(400);
    }

    /// RFC 8936 §2.2: a poll that may wait is answered when something happens.
    async fn a_poll_waits_for_an_event(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        let waiting = listener.poll_with(&id, json!({}));
        let causing = async {
            tokio::task::yield_now().await;
            listener.verify(&id, "while it waits").await.status(204);
        };
        let (answer, ()) = tokio::join!(waiting, causing);
        assert_eq!(answer.json()["sets"].as_object().unwrap().len(), 1);
    }

    /// §8.1.2: a paused stream keeps its events, a disabled one has none.
    async fn a_paused_stream_keeps_events_and_a_disabled_one_does_not(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        let person = alice(&world).await;
        listener.status(&id, "paused").await.status(200);
        sign_out_everywhere(&world, &person).await;
        settle(&world).await;
        assert!(listener.poll(&id).await.is_empty());
        listener.status(&id, "enabled").await.status(200);
        assert_eq!(kinds(&listener.poll(&id).await), [SESSION_REVOKED]);
        sign_out_everywhere(&world, &person).await;
        settle(&world).await;
        listener.status(&id, "disabled").await.status(200);
        sign_out_everywhere(&world, &person).await;
        settle(&world).await;
        listener.verify(&id, "x").await.status(400);
        listener.status(&id, "enabled").await.status(200);
        assert!(listener.poll(&id).await.is_empty());
    }

    /// §8.1.5: who changes a stream for its receiver says so, also while it is paused.
    async fn a_receiver_hears_that_its_stream_was_changed(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        let paused = (oauth::shared_signals::Status::Paused, Some("maintenance"));
        server::shared_signals::set(world.realm(), &id, paused, "test").await.unwrap().unwrap();
        let events = listener.poll(&id).await;
        assert_eq!(events[0]["events"], json!({STREAM_UPDATED: {"status": "paused", "reason": "maintenance"}}));
        assert_eq!(events[0]["sub_id"], json!({"format": "opaque", "id": id}));
    }

    /// Nobody fetches them: after a week events are gone, and only so many are kept.
    async fn events_do_not_wait_for_ever(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        sign_out_everywhere(&world, &alice(&world).await).await;
        settle(&world).await;
        world.advance(7 * 24 * 3600 - 10);
        let listener = of(&world, listener.client.clone(), "ssf.manage").await;
        let left = listener.poll_with(&id, json!({"returnImmediately": true})).await;
        assert_eq!(left.json()["sets"].as_object().unwrap().len(), 1);
        world.advance(10);
        assert!(listener.poll(&id).await.is_empty());
        settle(&world).await;
        assert_eq!(server::shared_signals::find(world.realm(), &id).await.unwrap().unwrap().1, 0);
    }
}

on_each_engine! {
    /// §8.1.1: nothing heard of a receiver for the time that its stream says: paused, and told so. Polls count, and so does any request about the stream.
    async fn a_stream_whose_receiver_is_not_heard_of_is_paused(world: World) {
        const DAY: i64 = 86_400;
        world.settings(|settings| settings.signals_inactivity_timeout = DAY).await;
        let listener = begin(&world).await;
        let person = alice(&world).await;
        let (polled, idle, asked) = (listener.polled().await, listener.polled().await, listener.polled().await);
        let shown = listener.ask("GET", &format!("/ssf/streams?stream_id={idle}"), Value::Null).await;
        assert_eq!(shown.json()["inactivity_timeout"], DAY);
        let status = async |listener: &Listener, id: &str| {
            let at = format!("/ssf/status?stream_id={id}");
            listener.ask("GET", &at, Value::Null).await.text("status")
        };
        let mut listener = listener;
        for _ in 0..2 {
            world.advance(DAY - 60);
            listener = of(&world, listener.client.clone(), "ssf.manage").await;
            listener.poll(&polled).await;
            listener.verify(&asked, "x").await.status(204);
            sign_out_everywhere(&world, &person).await;
            settle(&world).await;
        }
        assert_eq!(status(&listener, &polled).await, "enabled");
        assert_eq!(status(&listener, &asked).await, "enabled");
        assert_eq!(status(&listener, &idle).await, "paused");
        let events = listener.poll(&idle).await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["events"], json!({STREAM_UPDATED: {"status": "paused", "reason": "nothing was heard of its receiver"}}));
        listener.status(&idle, "enabled").await.status(200);
        assert_eq!(kinds(&listener.poll(&idle).await), [SESSION_REVOKED; 2], "nothing is lost");
        sign_out_everywhere(&world, &person).await;
        settle(&world).await;
        assert_eq!(status(&listener, &idle).await, "enabled", "it was heard of");
        world.settings(|settings| settings.signals_inactivity_timeout = 0).await;
        world.advance(400 * DAY);
        sign_out_everywhere(&world, &person).await;
        settle(&world).await;
        let listener = of(&world, listener.client.clone(), "ssf.manage").await;
        assert_eq!(status(&listener, &idle).await, "enabled", "never");
        let shown = listener.ask("GET", &format!("/ssf/streams?stream_id={idle}"), Value::Null).await;
        assert_eq!(shown.json().get("inactivity_timeout"), None);
    }
}
