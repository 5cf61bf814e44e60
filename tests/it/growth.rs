//! What a database takes does not grow with what has been, only with what is.

use db::params;

use crate::harness::{Engine, World};
use crate::on_each_engine;

db::statements! {
    CODES = "SELECT COUNT(*) FROM authorization_code";
    FAMILIES = "SELECT COUNT(*) FROM refresh_family";
    SESSIONS = "SELECT COUNT(*) FROM session";
    EVENTS = "SELECT COUNT(*) FROM event";
}

const DAY: i64 = 86_400;

/// So many flows, then so many days, again and again; the expired rows of the rounds before are deleted on the way.
async fn pass(world: &World, rounds: usize, (flows, days): (usize, i64)) {
    let app = world.app_with(|client| client.trusted()).await;
    let flow = world.flow(&app).with("scope", "openid offline_access");
    for _ in 0..rounds {
        let mut browser = world.browser();
        for _ in 0..flows {
            flow.tokens_in(&mut browser).await;
        }
        world.advance(days * DAY);
        world.sync().await;
    }
}

on_each_engine! {
    /// Codes, families of refresh tokens, sessions and events all end.
    async fn nothing_is_left_of_flows_when_all_has_expired(world: World) {
        pass(&world, 3, (20, 40)).await;
        let left = async |stmt| {
            let row = world.node().db().row(stmt, params![]).await.unwrap();
            row.unwrap().int(0)
        };
        assert_eq!(left(&CODES).await, 0);
        assert!(left(&EVENTS).await >= 80);
        world.advance(200 * DAY);
        world.sync().await;
        for stmt in [&CODES, &FAMILIES, &SESSIONS, &EVENTS] {
            assert_eq!(left(stmt).await, 0, "{}", stmt.name);
        }
    }
}

/// The file is at most 1.5 times what a copy with nothing but the live rows takes: while flows go on, and after everything has expired.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_is_little_more_than_its_live_rows() {
    let world = World::new(Engine::Sqlite, 1).await;
    pass(&world, 10, (500, 9)).await;
    let path = world.database().unwrap();
    let connection = rusqlite::Connection::open(path).unwrap();
    let weigh = || {
        let copy = path.with_extension("copy");
        connection
            .execute("VACUUM INTO ?1", [copy.to_str().unwrap()])
            .unwrap();
        let live = copy.metadata().unwrap().len();
        std::fs::remove_file(copy).unwrap();
        // The file follows when the log is written back to it.
        connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .unwrap();
        (path.metadata().unwrap().len(), live)
    };
    let (before, live) = weigh();
    assert!(before * 2 <= live * 3, "{before} bytes for {live}");
    world.advance(200 * DAY);
    world.sync().await;
    let (after, live) = weigh();
    assert!(after * 2 <= live * 3, "{after} bytes for {live}");
    assert!(after * 2 < before, "{after} after {before}");
}
