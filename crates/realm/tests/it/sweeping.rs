use db::params;

use crate::bed::{Bed, START, rows, run};

on_both_engines!(
    what_has_expired_is_deleted_in_steps_and_the_rest_stays,
    the_change_log_stays_short,
);

db::statements! {
    PUT = "INSERT INTO interaction (realm, hash, document, expires_at) VALUES ('main', $1, '{}', $2)";
    COUNT = "SELECT COUNT(*) FROM interaction";
    SWEEP = "DELETE FROM interaction WHERE (realm, hash) IN (SELECT realm, hash FROM interaction WHERE expires_at <= $1 LIMIT $2)";
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
