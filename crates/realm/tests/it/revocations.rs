use std::time::Duration;

use db::{Batch, params};
use realm::{LONGEST_TOKEN, Mark, Node};

use crate::bed::{Bed, START, rows, run};

on_both_engines!(
    a_revocation_counts_here_at_once_and_elsewhere_after_the_next_look,
    a_revocation_counts_here_even_when_the_change_log_cannot_be_read,
    the_background_hears_of_a_revocation_that_was_committed_without_it,
    a_node_that_starts_later_knows_what_was_revoked,
    a_node_that_starts_later_knows_more_than_is_read_at_a_time,
    revoking_again_moves_the_moment,
    what_no_token_can_need_is_forgotten,
    the_revocation_of_one_token_is_forgotten_soon_after_the_token_expires,
    a_node_that_slept_past_the_log_reads_everything_again,
    a_batch_that_fails_revokes_nothing,
);

db::statements! {
    ALL_REVOCATIONS = "SELECT id FROM revocation";
    LOSE_COUNTER = "DELETE FROM change_counter";
    CUT_LOG = "DELETE FROM change_log";
    NEVER = "UPDATE realm SET version = version WHERE name = $1";
}

fn grant(id: &str) -> Mark<'_> {
    Mark::Grant(id)
}

fn person(id: &str) -> Mark<'_> {
    Mark::Person(id)
}

fn is_revoked(node: &Node, mark: Mark<'_>, at: i64) -> bool {
    node.first().revocations().is_revoked(mark, at)
}

async fn revoke(node: &Node, mark: Mark<'_>) {
    let mut batch = Batch::new();
    node.first().revoke(&mut batch, mark);
    node.first().commit(batch).await.unwrap();
}

async fn a_revocation_counts_here_at_once_and_elsewhere_after_the_next_look(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    revoke(&a, grant("g")).await;
    revoke(&a, person("p")).await;
    assert!(is_revoked(&a, grant("g"), START));
    assert!(!is_revoked(&b, grant("g"), START));
    b.sync().await.unwrap();
    for node in [&a, &b] {
        // A grant is over; a person may sign in again.
        assert!(is_revoked(node, grant("g"), START + 1000));
        assert!(is_revoked(node, person("p"), START));
        assert!(!is_revoked(node, person("p"), START + 1));
        assert!(!is_revoked(node, grant("p"), START));
        assert!(!is_revoked(node, Mark::Session("g"), START));
    }
}

/// A database that goes away right after the commit must not make the node that answered for it forget.
async fn a_revocation_counts_here_even_when_the_change_log_cannot_be_read(bed: Bed) {
    let node = bed.node().await;
    let mut batch = Batch::new();
    node.first().revoke(&mut batch, grant("g"));
    batch.run(&LOSE_COUNTER, params![]);
    node.first().commit(batch).await.unwrap();
    assert!(node.sync().await.is_err());
    assert!(is_revoked(&node, grant("g"), START));
}

async fn the_background_hears_of_a_revocation_that_was_committed_without_it(bed: Bed) {
    let node = bed.node().await;
    let background = tokio::spawn(node.background());
    let mut batch = Batch::new();
    node.first().revocations().revoke(&mut batch, grant("g"));
    node.db().commit(batch).await.unwrap();
    for _ in 0..200 {
        if is_revoked(&node, grant("g"), START) {
            background.abort();
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not heard of in two seconds");
}

async fn a_node_that_starts_later_knows_what_was_revoked(bed: Bed) {
    let a = bed.node().await;
    revoke(&a, grant("g")).await;
    let later = bed.node().await;
    assert!(is_revoked(&later, grant("g"), START));
}

async fn a_node_that_starts_later_knows_more_than_is_read_at_a_time(bed: Bed) {
    let a = bed.node().await;
    let ids: Vec<String> = (0..2100).map(|_| a.first().ambient().id()).collect();
    for some in ids.chunks(300) {
        let mut batch = Batch::new();
        for (index, id) in some.iter().enumerate() {
            let mark = [Mark::Token(id), Mark::Session(id), Mark::Client(id)][index % 3];
            a.first().revocations().revoke(&mut batch, mark);
        }
        a.db().commit(batch).await.unwrap();
    }
    let later = bed.node().await;
    let revocations = later.first().revocations().len();
    assert_eq!(revocations, ids.len());
    assert!(is_revoked(&later, Mark::Token(&ids[0]), START + 1000));
    assert!(!is_revoked(&later, Mark::Token(&ids[1]), START));
}

async fn revoking_again_moves_the_moment(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    revoke(&a, person("p")).await;
    bed.advance(100);
    revoke(&a, person("p")).await;
    b.sync().await.unwrap();
    assert!(is_revoked(&b, person("p"), START + 100));
    assert!(!is_revoked(&b, person("p"), START + 101));
    assert_eq!(rows(&a, &ALL_REVOCATIONS, params![]).await.len(), 1);
}

async fn what_no_token_can_need_is_forgotten(bed: Bed) {
    let node = bed.node().await;
    revoke(&node, grant("g")).await;
    bed.advance(LONGEST_TOKEN);
    node.sync().await.unwrap();
    assert!(is_revoked(&node, grant("g"), START));
    bed.advance(301);
    node.sync().await.unwrap();
    assert!(node.first().revocations().is_empty());
    assert!(rows(&node, &ALL_REVOCATIONS, params![]).await.is_empty());
}

async fn a_node_that_slept_past_the_log_reads_everything_again(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    let name = async |node: &Node| {
        node.first()
            .client("app")
            .await
            .unwrap()
            .map(|c| c.name.clone())
    };
    let realm = a.first();
    let made = realm::clients::create(
        &realm,
        crate::bed::web("app"),
        realm::clients::Secret::None,
        "test",
    );
    let made = made.await.unwrap().client;
    assert!(name(&b).await.is_some());
    let change = realm::Client {
        name: "New".to_owned(),
        ..made
    };
    realm::clients::update(
        &a.first(),
        change,
        realm::clients::SecretChange::Keep,
        "test",
    )
    .await
    .unwrap();
    revoke(&a, grant("g")).await;
    run(&a, &CUT_LOG, params![]).await;
    b.sync().await.unwrap();
    assert_eq!(name(&b).await.as_deref(), Some("New"));
    assert!(is_revoked(&b, grant("g"), START));

    // The same when the log goes on after the gap.
    run(&a, &CUT_LOG, params![]).await;
    revoke(&a, grant("h")).await;
    run(&a, &CUT_LOG, params![]).await;
    revoke(&a, grant("i")).await;
    b.sync().await.unwrap();
    assert!(is_revoked(&b, grant("h"), START) && is_revoked(&b, grant("i"), START));
}

async fn the_revocation_of_one_token_is_forgotten_soon_after_the_token_expires(bed: Bed) {
    let node = bed.node().await;
    let realm = node.first();
    let mut batch = Batch::new();
    let token = Mark::Token("t");
    realm
        .revocations()
        .revoke_until(&mut batch, token, START + 60);
    realm.commit(batch).await.unwrap();
    bed.advance(60);
    node.sync().await.unwrap();
    assert!(is_revoked(&node, token, START));
    bed.advance(301);
    node.sync().await.unwrap();
    assert_eq!(realm.revocations().len(), 0);
}

async fn a_batch_that_fails_revokes_nothing(bed: Bed) {
    let node = bed.node().await;
    let mut batch = Batch::new();
    node.first().revoke(&mut batch, grant("g"));
    batch.expect(&NEVER, params!["none"], 1);
    assert!(node.first().commit(batch).await.is_err());
    node.sync().await.unwrap();
    assert!(!is_revoked(&node, grant("g"), START));
}
