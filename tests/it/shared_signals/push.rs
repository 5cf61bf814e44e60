//! Pushing (RFC 8935).

use super::*;
use crate::harness::HANGS;

on_each_engine! {
    /// §2.1, §2.2: each event once, with the receiver's own header, which nobody else gets to see.
    async fn an_event_is_pushed_with_the_header_of_its_receiver(world: World) {
        let (listener, receiver) = (begin(&world).await, Receiver::new().await);
        let delivery = json!({"method": PUSH, "endpoint_url": receiver.url, "authorization_header": "Bearer of-the-receiver"});
        world.remember("of-the-receiver");
        let id = listener.stream(json!({"delivery": delivery})).await;
        listener.verify(&id, "s").await.status(204);
        settle(&world).await;
        let all = receiver.heard();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].authorization, "Bearer of-the-receiver");
        assert_eq!(all[0].content_type, "application/secevent+jwt");
        let claims = world.claims(&all[0].body).await;
        assert_eq!(claims["events"], json!({VERIFICATION: {"state": "s"}}));
        settle(&world).await;
        assert!(receiver.heard().is_empty(), "once");
        let rows = world.realm().db().rows(&STORED, db::params![]).await.unwrap();
        assert!(!format!("{:?}", rows[0].values()).contains("of-the-receiver"), "sealed");
        let plain = listener.pushed(&receiver.url).await;
        listener.verify(&plain, "s").await.status(204);
        settle(&world).await;
        assert_eq!(receiver.heard()[0].authorization, "");
        assert_eq!(world.leaks(), Vec::<String>::new());
    }

    /// A receiver that is down hears it when it is back, in order; what it refuses is not sent again (§2.3).
    async fn a_receiver_that_was_down_hears_it_when_it_is_back(world: World) {
        let (listener, receiver) = (begin(&world).await, Receiver::new().await);
        listener.pushed(&receiver.url).await;
        let person = alice(&world).await;
        receiver.answers(&[503, 401, 302, HANGS]);
        sign_out_everywhere(&world, &person).await;
        settle(&world).await;
        let first = heard(&world, &receiver).await;
        assert_eq!(first.len(), 1, "the others wait");
        for pause in [5, 10, 20] {
            world.advance(pause - 1);
            settle(&world).await;
            assert!(receiver.heard().is_empty());
            world.advance(1);
            settle(&world).await;
            assert_eq!(heard(&world, &receiver).await, first, "the same token");
        }
        identity::people::disable(world.realm(), &person, Some("test")).await.unwrap();
        settle(&world).await;
        assert!(receiver.heard().is_empty(), "in order");
        world.advance(40);
        settle(&world).await;
        let all = heard(&world, &receiver).await;
        assert_eq!((all.len(), &all[0]), (3, &first[0]));
        settle(&world).await;
        assert!(receiver.heard().is_empty());
    }

    /// A receiver that is gone for a day is not called any more, until it enables its stream again; what waited is there.
    async fn a_stream_is_paused_when_pushes_fail_for_a_day(world: World) {
        let (listener, receiver) = (begin(&world).await, Receiver::new().await);
        let id = listener.pushed(&receiver.url).await;
        sign_out_everywhere(&world, &alice(&world).await).await;
        receiver.answers(&[500; 400]);
        for _ in 0..300 {
            settle(&world).await;
            world.advance(300);
        }
        let listener = of(&world, listener.client.clone(), "ssf.manage").await;
        let at = format!("/ssf/status?stream_id={id}");
        let status = listener.ask("GET", &at, Value::Null).await;
        assert_eq!((status.text("status"), status.text("reason")), ("paused".to_owned(), "pushes failed for a day".to_owned()));
        let tried = receiver.heard().len();
        assert!((280..320).contains(&tried), "{tried}");
        let back = Receiver::new().await;
        let delivery = json!({"method": PUSH, "endpoint_url": back.url});
        listener.ask("PATCH", "/ssf/streams", json!({"stream_id": id, "delivery": delivery})).await.status(200);
        listener.status(&id, "enabled").await.status(200);
        world.advance(3600);
        settle(&world).await;
        let all = heard(&world, &back).await;
        assert_eq!(kinds(&all), [SESSION_REVOKED, STREAM_UPDATED]);
    }

    /// What was held while a stream was paused is pushed when it goes on, also to another address, and also by poll.
    async fn what_waits_goes_where_the_receiver_says_by_then(world: World) {
        let (listener, one, two) = (begin(&world).await, Receiver::new().await, Receiver::new().await);
        let id = listener.pushed(&one.url).await;
        let person = alice(&world).await;
        listener.status(&id, "paused").await.status(200);
        sign_out_everywhere(&world, &person).await;
        settle(&world).await;
        assert!(one.heard().is_empty());
        let to = |delivery: Value| json!({"stream_id": id, "delivery": delivery});
        let moved = to(json!({"method": PUSH, "endpoint_url": two.url}));
        listener.ask("PATCH", "/ssf/streams", moved).await.status(200);
        listener.status(&id, "enabled").await.status(200);
        settle(&world).await;
        assert!(one.heard().is_empty());
        assert_eq!(kinds(&heard(&world, &two).await), [SESSION_REVOKED]);
        listener.status(&id, "paused").await.status(200);
        sign_out_everywhere(&world, &person).await;
        settle(&world).await;
        listener.ask("PATCH", "/ssf/streams", to(json!({"method": "urn:ietf:rfc:8936"}))).await.status(200);
        listener.status(&id, "enabled").await.status(200);
        settle(&world).await;
        assert_eq!(kinds(&listener.poll(&id).await), [SESSION_REVOKED]);
        assert!(two.heard().is_empty());
    }

    /// Two nodes, one message.
    async fn another_node_pushes_nothing_twice(world: World) {
        let (listener, receiver) = (begin(&world).await, Receiver::new().await);
        listener.pushed(&receiver.url).await;
        let other = world.beside().await;
        sign_out_everywhere(&world, &alice(&world).await).await;
        for _ in 0..3 {
            tokio::join!(world.sync(), other.sync());
        }
        assert_eq!(receiver.heard().len(), 1);
    }

    /// A receiver that never answers keeps nobody else waiting.
    async fn a_receiver_that_hangs_keeps_no_other_waiting(world: World) {
        let (listener, hangs, fine) = (begin(&world).await, Receiver::new().await, Receiver::new().await);
        hangs.answers(&[HANGS; 50]);
        listener.pushed(&hangs.url).await;
        listener.pushed(&fine.url).await;
        let person = alice(&world).await;
        for _ in 0..3 {
            sign_out_everywhere(&world, &person).await;
        }
        settle(&world).await;
        assert_eq!(fine.heard().len(), 3);
        assert_eq!(hangs.heard().len(), 1);
    }

    /// "Sign out everywhere" reaches every receiver within two seconds: on a running node, whoever causes it on another one.
    async fn signing_out_everywhere_reaches_everybody_within_two_seconds(world: World) {
        let listener = begin(&world).await;
        let mut receivers = Vec::new();
        for _ in 0..3 {
            let receiver = Receiver::new().await;
            listener.pushed(&receiver.url).await;
            receivers.push(receiver);
        }
        let polled = listener.polled().await;
        let running = tokio::spawn(world.node().background());
        let person = alice(&world).await;
        let other = world.beside().await;
        let work = async {
            sign_out_everywhere(&other, &person).await;
            let begun = std::time::Instant::now();
            let waits = listener.poll_with(&polled, json!({})).await;
            assert_eq!(waits.json()["sets"].as_object().unwrap().len(), 1);
            let mut missing = receivers.clone();
            while !missing.is_empty() {
                missing.retain(|receiver| receiver.heard().is_empty());
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
            begun.elapsed()
        };
        let took = work.await;
        running.abort();
        assert!(took < std::time::Duration::from_secs(2), "{took:?}");
    }
}

on_each_engine! {
    /// However many never answer, the others hear of the end of all sessions within two seconds.
    async fn twenty_that_hang_keep_nobody_waiting(world: World) {
        let world = world.reaching(fetch::FetchOptions::loopback()).await;
        begin(&world).await;
        let hangs = Receiver::new().await;
        hangs.answers(&[HANGS; 1000]);
        let mut healthy = Vec::new();
        for i in 0..7 {
            let listener = listener(&world, &format!("r{i}"), "ssf.manage").await;
            for _ in 0..3 {
                listener.pushed(&hangs.url).await;
            }
            let fine = Receiver::new().await;
            listener.pushed(&fine.url).await;
            healthy.push(fine);
        }
        let running = tokio::spawn(world.node().background());
        let begun = std::time::Instant::now();
        sign_out_everywhere(&world, &alice(&world).await).await;
        Receiver::all_hear(healthy, begun).await;
        running.abort();
        assert!(!hangs.heard().is_empty());
    }
}

db::statements! {
    STORED = "SELECT authorization_header FROM signal_stream WHERE authorization_header IS NOT NULL";
}
