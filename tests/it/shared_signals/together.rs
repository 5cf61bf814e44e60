//! One event for many streams: none without it, none with it twice, and one commit.

use super::*;

db::statements! {
    COMMITS = "SELECT COUNT(DISTINCT xmin::text) FROM signal";
    GIVEN = "SELECT COUNT(*) FROM signal";
}

async fn count(world: &World, stmt: &'static db::Stmt) -> i64 {
    let row = world.realm().db().row(stmt, db::params![]).await;
    row.unwrap().unwrap().int(0)
}

on_each_engine! {
    /// Fifty streams cost the commits of one: all have the event, or none has.
    async fn an_event_for_fifty_streams_is_one_commit(world: World) {
        begin(&world).await;
        for receiver in 0..13 {
            let listener = listener(&world, &format!("r{receiver}"), "ssf.manage").await;
            for _ in 0..2 {
                listener.polled().await;
                let id = listener.pushed("https://receiver.example/events").await;
                listener.status(&id, "paused").await.status(200);
            }
        }
        let person = alice(&world).await;
        identity::people::delete(world.realm(), &person, None).await.unwrap();
        settle(&world).await;
        assert_eq!(count(&world, &GIVEN).await, 104, "session-revoked and account-purged");
        if world.node().db().engine() == db::Engine::Postgres {
            assert_eq!(count(&world, &COMMITS).await, 1);
        }
    }

    /// Several nodes make events and push them at the same time: each receiver hears each event, and once.
    async fn nothing_is_lost_where_many_are_at_it(world: World) {
        let (listener, other) = (begin(&world).await, world.beside().await);
        let mut receivers = Vec::new();
        for _ in 0..4 {
            let receiver = Receiver::new().await;
            listener.pushed(&receiver.url).await;
            receivers.push((receiver, Vec::new()));
        }
        let running = [&world, &other].map(|world| tokio::spawn(world.node().background()));
        let person = alice(&world).await;
        for _ in 0..10 {
            let (one, two) = (sign_out_everywhere(&world, &person), sign_out_everywhere(&other, &person));
            tokio::join!(one, two);
        }
        let begun = std::time::Instant::now();
        while receivers.iter().any(|(_, heard)| heard.len() < 20) && begun.elapsed().as_secs() < 20 {
            for (receiver, heard) in &mut receivers {
                heard.extend(super::heard(&world, receiver).await);
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        running.iter().for_each(tokio::task::JoinHandle::abort);
        for (_, heard) in &receivers {
            let ids = crate::harness::set(heard.iter().map(|event| event["jti"].as_str().unwrap()));
            assert_eq!((heard.len(), ids.len()), (20, 20));
        }
    }
}
