use db::params;

use crate::bed::{Bed, START, rows, run};

on_both_engines!(
    what_has_expired_is_deleted_in_steps_and_the_rest_stays,
    what_a_busy_minute_leaves_is_deleted_in_one_turn,
    the_change_log_stays_short,
);

db::statements! {
    PUT = "INSERT INTO interaction (realm, hash, document, expires_at) VALUES ('main', $1, '{}', $2)";
    COUNT = "SELECT COUNT(*) FROM interaction";
    SWEEP = "DELETE FROM interaction WHERE (realm, hash) IN (SELECT realm, hash FROM interaction WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    PUT_MANY = "INSERT INTO interaction (realm, hash, document, expires_at) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
        SELECT 'main', CAST(i AS TEXT), '{}', CAST($1 AS BIGINT) FROM n";
    COUNT_CHANGES = "SELECT COUNT(*) FROM change_log";
}

async fn what_has_expired_is_deleted_in_steps_and_the_rest_stays(bed: Bed) {
    let node = bed.node().await;
    node.sweep(&[&SWEEP, &SWEEP]);
    for i in 0..1200 {
        let expires = if i < 1190 { START + 10 } else { START + 11 };
        run(&node, &PUT, params![i.to_string(), expires]).await;
    }
    node.sync().await.unwrap();
    assert_eq!(rows(&node, &COUNT, params![]).await[0].int(0), 1200);
    bed.advance(10);
    node.sync().await.unwrap();
    assert_eq!(rows(&node, &COUNT, params![]).await[0].int(0), 10);
}

/// Three thousand flows a second for a minute.
async fn what_a_busy_minute_leaves_is_deleted_in_one_turn(bed: Bed) {
    let node = bed.node().await;
    node.sweep(&[&SWEEP]);
    run(&node, &PUT_MANY, params![START]).await;
    node.sync().await.unwrap();
    assert_eq!(rows(&node, &COUNT, params![]).await[0].int(0), 0);
}

async fn the_change_log_stays_short(bed: Bed) {
    let node = bed.node().await;
    let realm = node.first();
    let client = realm::clients::create(
        &realm,
        crate::bed::web("app"),
        realm::clients::Secret::None,
        "test",
    );
    client.await.unwrap();
    assert!(rows(&node, &COUNT_CHANGES, params![]).await[0].int(0) > 0);
    bed.advance(3600);
    node.sync().await.unwrap();
    assert_eq!(rows(&node, &COUNT_CHANGES, params![]).await[0].int(0), 0);
    node.sync().await.unwrap();
}
