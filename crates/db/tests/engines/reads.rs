use db::{Batch, CommitError, Db, Engine, Error, params};

use crate::{COUNT, FIND, INSERT, LIST, NONSENSE, open, sound};

crate::on_both_engines!(
    a_read_sees_what_was_committed_before_it,
    text_is_ordered_by_its_bytes,
    u_0000_is_refused_everywhere,
    large_and_strange_text_comes_back_as_it_was,
    integers_have_64_bits_and_truth_is_one,
    every_statement_can_be_prepared_and_a_wrong_one_is_named,
    an_absent_row_is_none,
    readers_at_once_each_get_their_own_row_whoever_goes_away,
    the_database_works_from_any_runtime,
);

async fn put(
    db: &Db,
    hash: &str,
    number: Option<i64>,
    note: Option<&str>,
) -> Result<db::Committed, CommitError> {
    let mut batch = Batch::new();
    batch.expect(&INSERT, params!["r", hash, number, note], 1);
    db.commit(batch).await
}

async fn a_read_sees_what_was_committed_before_it(engine: Engine) {
    let db = open(engine).await;
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let db = db.clone();
            tokio::spawn(async move {
                for round in 0..20 {
                    let hash = format!("{task} {round}");
                    put(&db, &hash, None, None).await.unwrap();
                    assert!(db.row(&FIND, params!["r", &hash]).await.unwrap().is_some());
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

async fn readers_at_once_each_get_their_own_row_whoever_goes_away(engine: Engine) {
    let db = open(engine).await;
    for number in 0..40 {
        put(&db, &number.to_string(), Some(number), None)
            .await
            .unwrap();
    }
    for _ in 0..10 {
        let readers: Vec<_> = (0..200_i64)
            .map(|reader| {
                let (db, number) = (db.clone(), reader % 50);
                tokio::spawn(async move {
                    let key = params!["r", number.to_string()];
                    let row = db.row(&FIND, key).await.unwrap();
                    assert_eq!(
                        row.map(|row| row.opt_int(1)),
                        (number < 40).then_some(Some(number))
                    );
                })
            })
            .collect();
        tokio::task::yield_now().await;
        for (index, reader) in readers.into_iter().enumerate() {
            if index % 7 == 0 {
                reader.abort();
            } else {
                reader.await.unwrap();
            }
        }
    }
}

async fn text_is_ordered_by_its_bytes(engine: Engine) {
    let db = open(engine).await;
    for hash in ["b", "a", "B", "A", "_", "ä", "é", "~", "10", "9", ""] {
        put(&db, hash, None, None).await.unwrap();
    }
    let rows = db.rows(&LIST, params!["r"]).await.unwrap();
    let found: Vec<&str> = rows.iter().map(|row| row.text(0)).collect();
    assert_eq!(
        found,
        ["", "10", "9", "A", "B", "_", "a", "b", "~", "ä", "é"]
    );
}

async fn u_0000_is_refused_everywhere(engine: Engine) {
    let db = open(engine).await;
    let refused = Error::Nul {
        statement: "INSERT",
    };
    assert_eq!(
        put(&db, "a\0b", None, None).await,
        Err(CommitError::Db(refused))
    );
    let refused = Error::Nul { statement: "FIND" };
    assert_eq!(
        db.row(&FIND, params!["r", "\0"]).await,
        Err(refused.clone())
    );
    assert_eq!(db.rows(&FIND, params!["r", "\0"]).await, Err(refused));
}

async fn large_and_strange_text_comes_back_as_it_was(engine: Engine) {
    let db = open(engine).await;
    let large = "grüße, 世界 \u{10ffff}\r\n\t\u{1}'\"\\$1?1%".repeat(30_000);
    // In a column without an index: PostgreSQL bounds the size of what it indexes.
    let mut batch = Batch::new();
    batch.run(&WIDE, params![&large, i64::MIN]);
    let committed = db.commit(batch).await.unwrap();
    assert_eq!(committed.rows(0)[0].text(0), large);
    let found = db.row(&WIDE, params![&large, 1]).await.unwrap().unwrap();
    assert_eq!((found.text(0), found.int(1)), (large.as_str(), 1));
}

db::statements! {
    WIDE = "SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT)";
}

async fn integers_have_64_bits_and_truth_is_one(engine: Engine) {
    let db = open(engine).await;
    for (hash, number) in [("low", i64::MIN), ("high", i64::MAX)] {
        put(&db, hash, Some(number), None).await.unwrap();
        let row = db.row(&FIND, params!["r", hash]).await.unwrap().unwrap();
        assert_eq!((row.int(1), row.opt_text(2)), (number, None));
    }
    let row = db.row(&COUNT, params!["r"]).await.unwrap().unwrap();
    assert_eq!((row.int(0), row.flag(1)), (2, true));
}

async fn every_statement_can_be_prepared_and_a_wrong_one_is_named(engine: Engine) {
    let db = open(engine).await;
    db.check(&sound()).await.unwrap();
    let error = db.check(&[&FIND, &NONSENSE]).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Statement {
                statement: "NONSENSE",
                ..
            }
        ),
        "{error}"
    );
}

async fn an_absent_row_is_none(engine: Engine) {
    let db = open(engine).await;
    assert_eq!(db.row(&FIND, params!["r", "nothing"]).await.unwrap(), None);
    assert!(db.rows(&LIST, params!["r"]).await.unwrap().is_empty());
}

async fn the_database_works_from_any_runtime(engine: Engine) {
    let db = open(engine).await;
    for round in 0..3 {
        let db = db.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                put(&db, &format!("{round}"), None, None).await.unwrap();
                db.row(&COUNT, params!["r"]).await.unwrap().unwrap().int(0)
            })
        });
        let counted = tokio::task::spawn_blocking(|| thread.join().unwrap())
            .await
            .unwrap();
        assert_eq!(counted, round + 1);
    }
}
