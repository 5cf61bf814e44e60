use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use db::{Batch, CommitError, Db, Url, params};

use crate::{CLEAR, COUNT, INSERT, SCHEMA};

async fn open(path: &std::path::Path, options: &str) -> Db {
    let url = Url::parse(&format!("sqlite:{}{options}", path.display())).unwrap();
    let db = Db::open(&url).await.unwrap();
    db.migrate(&[SCHEMA]).await.unwrap();
    db
}

fn insert(hash: &str) -> Batch {
    let mut batch = Batch::new();
    batch.run(&INSERT, params!["r", hash, 1, None::<&str>]);
    batch
}

#[tokio::test]
async fn the_file_and_its_directory_are_for_the_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data/here/grantor.db");
    let db = open(&path, "").await;
    db.commit(insert("a")).await.unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&path.with_extension("db-wal")), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}

#[tokio::test]
async fn a_durable_database_has_no_warnings_and_one_that_is_not_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("grantor.db");
    assert!(open(&path, "").await.durability().await.unwrap().is_empty());
    let warnings = open(&path, "?synchronous=off")
        .await
        .durability()
        .await
        .unwrap();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].contains("power failure loses commits"),
        "{warnings:?}"
    );
}

#[tokio::test]
async fn a_second_process_writes_between_ours_and_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("grantor.db");
    let (server, command) = (open(&path, "").await, open(&path, "").await);
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting = {
        let server = server.clone();
        tokio::spawn(async move { server.commit(insert("a")).await })
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    // Reading goes on meanwhile.
    assert_eq!(
        server
            .row(&COUNT, params!["r"])
            .await
            .unwrap()
            .unwrap()
            .int(0),
        0
    );
    other.execute_batch("COMMIT").unwrap();
    waiting.await.unwrap().unwrap();
    command.commit(insert("b")).await.unwrap();
    assert_eq!(
        server
            .row(&COUNT, params!["r"])
            .await
            .unwrap()
            .unwrap()
            .int(0),
        2
    );
}

#[tokio::test]
async fn a_full_queue_answers_busy_at_once_and_loses_nothing_it_took() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("grantor.db");
    let db = open(&path, "").await;
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut waiting: Vec<_> = Vec::new();
    let mut busy = 0;
    for number in 0..3000 {
        let db = db.clone();
        let mut commit = Box::pin(async move { db.commit(insert(&format!("{number}"))).await });
        // Polled once, it is in the queue or refused.
        match std::future::poll_fn(|context| std::task::Poll::Ready(commit.as_mut().poll(context)))
            .await
        {
            std::task::Poll::Ready(refused) => {
                assert_eq!(refused, Err(CommitError::Busy));
                busy += 1;
            }
            std::task::Poll::Pending => waiting.push(commit),
        }
    }
    assert!(busy > 1000, "{busy}");
    other.execute_batch("COMMIT").unwrap();
    let taken = waiting.len() as i64;
    for commit in waiting {
        commit.await.unwrap();
    }
    assert_eq!(
        db.row(&COUNT, params!["r"]).await.unwrap().unwrap().int(0),
        taken
    );
}

#[tokio::test]
async fn a_commit_that_fails_fails_every_waiter_even_one_whose_guard_failed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("grantor.db");
    let db = open(&path, "").await;
    db.migrate(&[SCHEMA, DEFERRED]).await.unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // All of these wait for the writer, so that they share one group; the orphan makes its COMMIT fail.
    let commits: Vec<_> = [0, 1, 2]
        .into_iter()
        .map(|kind| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut batch = Batch::new();
                match kind {
                    0 => batch.run(&INSERT, params!["r", "good", 1, None::<&str>]),
                    1 => batch.run(&ORPHAN, params!["nobody"]),
                    _ => batch.expect(&crate::REDEEM, params!["r", "good", 1], 1),
                };
                db.commit(batch).await
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    other.execute_batch("COMMIT").unwrap();
    let mut outcomes = Vec::new();
    for commit in commits {
        outcomes.push(commit.await.unwrap());
    }
    // The first may have been taken alone, before the others arrived.
    assert!(
        outcomes[1].as_ref().unwrap_err().is_unknown(),
        "{outcomes:?}"
    );
    assert!(
        outcomes[2].as_ref().unwrap_err().is_unknown(),
        "{outcomes:?}"
    );
    db.commit(insert("later")).await.unwrap();
    let expected = if outcomes[0].is_ok() { 2 } else { 1 };
    assert_eq!(
        db.row(&COUNT, params!["r"]).await.unwrap().unwrap().int(0),
        expected
    );
}

const DEFERRED: db::Migration = db::Migration {
    version: 2,
    name: "0002_deferred",
    sql: "CREATE TABLE parent (id TEXT NOT NULL PRIMARY KEY); CREATE TABLE child (id TEXT NOT NULL REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);",
};

db::statements! {
    ORPHAN = "INSERT INTO child (id) VALUES ($1)";
}

#[tokio::test]
async fn the_space_of_what_was_deleted_is_given_back_in_steps() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("grantor.db");
    let db = open(&path, "").await;
    let mut batch = Batch::new();
    for i in 0..5000 {
        let note = format!("{i:0400}");
        batch.run(&INSERT, params!["r", i.to_string(), 1, note]);
    }
    db.commit(batch).await.unwrap();
    // Nothing is free: nothing happens.
    assert_eq!(db.shrink(100).await.unwrap(), 0);
    let pages = || {
        let other = rusqlite::Connection::open(&path).unwrap();
        let count: u32 = other
            .query_row("PRAGMA page_count", [], |row| row.get(0))
            .unwrap();
        count
    };
    let full = pages();
    let mut batch = Batch::new();
    batch.run(&CLEAR, params![]);
    db.commit(batch).await.unwrap();
    assert_eq!(pages(), full);
    let left = db.shrink(100).await.unwrap();
    assert!(pages().abs_diff(full - 100) <= 1 && left > 100, "{left}");
    while db.shrink(100).await.unwrap() > 0 {}
    assert!(pages() < 12, "{} of {full}", pages());
    db.commit(insert("a")).await.unwrap();
    db.close().await;
    // The file itself follows when the log is written back.
    assert!(path.metadata().unwrap().len() < 60_000);
    let other = rusqlite::Connection::open(&path).unwrap();
    let sound: String = other
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
}

#[tokio::test]
async fn a_file_of_an_older_version_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("grantor.db");
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE old (x TEXT); INSERT INTO old VALUES (hex(zeroblob(100000))); DELETE FROM old")
        .unwrap();
    let db = open(&path, "").await;
    assert_eq!(db.shrink(100).await.unwrap(), 0);
    db.commit(insert("a")).await.unwrap();
}
