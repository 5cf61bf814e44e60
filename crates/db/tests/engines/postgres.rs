use db::testing::Cluster;
use db::{Batch, Db, Url, params};

use crate::{COUNT, INSERT, SCHEMA};

fn insert(hash: &str) -> Batch {
    let mut batch = Batch::new();
    batch.expect(&INSERT, params!["r", hash, 1, None::<&str>], 1);
    batch
}

/// One durable server of its own for what would disturb the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_no_acknowledged_commit_and_is_used_again_when_it_is_back() {
    let cluster = Cluster::start(true).unwrap();
    let db = Db::open(&Url::parse(&cluster.url()).unwrap())
        .await
        .unwrap();
    db.migrate(&[SCHEMA]).await.unwrap();
    assert!(db.durability().await.unwrap().is_empty());
    let writer = {
        let db = db.clone();
        tokio::spawn(async move {
            let (mut sure, mut unsure) = (0, 0);
            for number in 0.. {
                match db.commit(insert(&format!("{number}"))).await {
                    Ok(_) => sure += 1,
                    Err(error) => {
                        unsure += i64::from(error.is_unknown());
                        break;
                    }
                }
            }
            (sure, unsure)
        })
    };
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    cluster.kill().unwrap();
    let (sure, unsure) = writer.await.unwrap();
    assert!(sure > 0);
    assert!(db.commit(insert("down")).await.is_err());
    cluster.restart().unwrap();
    let found = db.row(&COUNT, params!["r"]).await.unwrap().unwrap().int(0);
    assert!(
        (sure..=sure + unsure).contains(&found),
        "{sure} + {unsure} acknowledged, {found} found"
    );
    db.commit(insert("back")).await.unwrap();

    let url = Url::parse(&format!("{}?synchronous=off", cluster.url())).unwrap();
    let warnings = Db::open(&url).await.unwrap().durability().await.unwrap();
    assert!(
        warnings[0].contains("synchronous_commit=off"),
        "{warnings:?}"
    );
}

db::statements! {
    SLEEP = "SELECT CAST(pg_sleep(0.3) AS TEXT)";
    FIRST = "UPDATE code SET redeemed_at = $1 WHERE hash = 'first'";
    SECOND = "UPDATE code SET redeemed_at = $1 WHERE hash = 'second'";
}

/// Two batches that lock two rows in opposite order: one is chosen to fail, and tried again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_tried_again() {
    let db = crate::open(db::Engine::Postgres).await;
    db.commit(insert("first")).await.unwrap();
    db.commit(insert("second")).await.unwrap();
    let batch = |stmts: [&'static db::Stmt; 2], at: i64| {
        let mut batch = Batch::new();
        batch.run(stmts[0], params![at]);
        batch.run(&SLEEP, params![]);
        batch.run(stmts[1], params![at]);
        batch
    };
    let (a, b) = tokio::join!(
        db.commit(batch([&FIRST, &SECOND], 1)),
        db.commit(batch([&SECOND, &FIRST], 2)),
    );
    a.unwrap();
    b.unwrap();
}

#[tokio::test]
async fn a_server_without_tls_is_refused_when_tls_is_required() {
    let url = Url::parse("postgres://u:p@127.0.0.1:1/g?sslmode=verify-full").unwrap();
    let error = Db::open(&url).await.unwrap_err();
    assert!(
        matches!(error, db::Error::Unavailable(_) | db::Error::Url(_)),
        "{error}"
    );
}
