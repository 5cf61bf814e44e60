use db::{Batch, CommitError, Db, Engine, Error, Params, Stmt, params};

use crate::{
    COUNT, DELETE, DELETE_WITH, FIND, INSERT, LIST, NONSENSE, PUT_ONCE, REDEEM, REDEEM_ALL,
    REDEEM_RETURNING, open,
};

crate::on_both_engines!(
    a_batch_happens_as_a_whole,
    a_failed_guard_undoes_its_batch_and_says_which_it_was,
    a_guard_that_met_too_many_rows_undoes_what_it_changed,
    a_guard_of_another_number_than_one_and_one_that_cannot_check_itself_hold,
    returning_gives_the_rows_of_each_statement,
    a_unique_violation_is_told_from_other_refusals,
    one_code_is_redeemed_by_one_of_64_tasks,
    a_failing_batch_leaves_the_others_of_its_group_alone,
    a_counter_that_many_advance_loses_no_step,
    an_empty_batch_succeeds,
    after_close_everything_is_refused_and_what_was_accepted_has_happened,
    a_wrong_number_of_parameters_is_refused_before_anything_happens,
    a_commit_whose_caller_went_away_leaves_a_usable_database,
);

async fn one(db: &Db, stmt: &'static Stmt, params: Params) -> Result<db::Committed, CommitError> {
    let mut batch = Batch::new();
    batch.expect(stmt, params, 1);
    db.commit(batch).await
}

async fn count(db: &Db, realm: &str) -> i64 {
    db.row(&COUNT, params![realm])
        .await
        .unwrap()
        .unwrap()
        .int(0)
}

async fn a_batch_happens_as_a_whole(engine: Engine) {
    let db = open(engine).await;
    let mut batch = Batch::new();
    batch.run(&INSERT, params!["r", "a", None::<i64>, None::<&str>]);
    batch.run(&INSERT, params!["r", "b", None::<i64>, "x"]);
    // Later statements see what earlier ones did.
    batch.expect(&REDEEM, params!["r", "a", 5], 1);
    let committed = db.commit(batch).await.unwrap();
    assert_eq!(committed.affected(2), 1);
    let row = db.row(&FIND, params!["r", "a"]).await.unwrap().unwrap();
    assert_eq!(
        (row.text(0), row.opt_int(1), row.opt_text(2)),
        ("a", Some(5), None)
    );

    let mut batch = Batch::new();
    batch.run(&INSERT, params!["r", "c", 1, None::<&str>]);
    batch.run(&INSERT, params!["r", "a", 1, None::<&str>]);
    assert!(db.commit(batch).await.unwrap_err().is_unique(&INSERT));
    assert_eq!(count(&db, "r").await, 2);
}

async fn a_failed_guard_undoes_its_batch_and_says_which_it_was(engine: Engine) {
    let db = open(engine).await;
    for stmt in [&REDEEM, &REDEEM_RETURNING, &DELETE_WITH] {
        let mut batch = Batch::new();
        batch.run(&INSERT, params!["r", "a", None::<i64>, None::<&str>]);
        let params = if stmt.name == "DELETE_WITH" {
            params!["r", "missing"]
        } else {
            params!["r", "missing", 5]
        };
        let index = batch.expect(stmt, params, 1);
        let error = db.commit(batch).await.unwrap_err();
        assert_eq!(
            error,
            CommitError::Guard {
                statement: stmt.name,
                index,
                rows: 0
            }
        );
        assert!(error.is_guard(stmt));
        assert_eq!(count(&db, "r").await, 0);
    }
    // Alone as well.
    let error = one(&db, &REDEEM, params!["r", "missing", 5])
        .await
        .unwrap_err();
    assert_eq!(
        error,
        CommitError::Guard {
            statement: "REDEEM",
            index: 0,
            rows: 0
        }
    );
}

async fn a_guard_that_met_too_many_rows_undoes_what_it_changed(engine: Engine) {
    let db = open(engine).await;
    let mut batch = Batch::new();
    batch.run(&INSERT, params!["r", "a", None::<i64>, None::<&str>]);
    batch.run(&INSERT, params!["r", "b", None::<i64>, None::<&str>]);
    db.commit(batch).await.unwrap();
    let error = one(&db, &REDEEM_ALL, params!["r", 7]).await.unwrap_err();
    assert_eq!(
        error,
        CommitError::Guard {
            statement: "REDEEM_ALL",
            index: 0,
            rows: 2
        }
    );
    for row in db.rows(&LIST, params!["r"]).await.unwrap() {
        assert_eq!(row.opt_int(1), None);
    }
}

async fn a_guard_of_another_number_than_one_and_one_that_cannot_check_itself_hold(engine: Engine) {
    let db = open(engine).await;
    let mut batch = Batch::new();
    for hash in ["a", "b", "c"] {
        batch.expect(&INSERT, params!["r", hash, None::<i64>, None::<&str>], 1);
    }
    batch.expect(&REDEEM_ALL, params!["r", 1], 3);
    batch.expect(&REDEEM_ALL, params!["other", 1], 0);
    batch.expect(&DELETE_WITH, params!["r", "a"], 1);
    db.commit(batch).await.unwrap();
    assert_eq!(count(&db, "r").await, 2);
    let mut batch = Batch::new();
    batch.expect(&REDEEM_ALL, params!["r", 9], 3);
    assert!(db.commit(batch).await.unwrap_err().is_guard(&REDEEM_ALL));
    assert_eq!(
        db.row(&FIND, params!["r", "b"])
            .await
            .unwrap()
            .unwrap()
            .int(1),
        1
    );
}

async fn returning_gives_the_rows_of_each_statement(engine: Engine) {
    let db = open(engine).await;
    let mut batch = Batch::new();
    let insert = batch.run(&INSERT, params!["r", "a", None::<i64>, "note"]);
    let guarded = batch.expect(&REDEEM_RETURNING, params!["r", "a", 5], 1);
    let again = batch.run(&REDEEM_RETURNING, params!["r", "a", 6]);
    let delete = batch.run(&DELETE, params!["r", "a"]);
    let committed = db.commit(batch).await.unwrap();
    assert!(committed.rows(insert).is_empty() && committed.rows(again).is_empty());
    assert_eq!(committed.affected(insert), 1);
    let row = &committed.rows(guarded)[0];
    assert_eq!((row.text(0), row.text(1), row.int(2)), ("a", "note", 5));
    assert_eq!(committed.rows(delete)[0].text(0), "a");
    assert!(committed.rows(99).is_empty());
}

async fn a_unique_violation_is_told_from_other_refusals(engine: Engine) {
    let db = open(engine).await;
    one(&db, &INSERT, params!["r", "a", None::<i64>, "x"])
        .await
        .unwrap();
    for taken in [
        params!["r", "a", None::<i64>, None::<&str>],
        params!["r", "b", None::<i64>, "x"],
    ] {
        let error = one(&db, &INSERT, taken).await.unwrap_err();
        assert_eq!(
            error,
            CommitError::Unique {
                statement: "INSERT"
            }
        );
    }
    // NOT NULL
    let error = one(&db, &INSERT, params!["r", None::<&str>, 1, None::<&str>])
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            CommitError::Db(Error::Statement {
                statement: "INSERT",
                ..
            })
        ),
        "{error}"
    );
    let error = one(&db, &NONSENSE, params!["r"]).await.unwrap_err();
    assert!(
        matches!(
            error,
            CommitError::Db(Error::Statement {
                statement: "NONSENSE",
                ..
            })
        ),
        "{error}"
    );
    assert!(
        one(&db, &PUT_ONCE, params!["r", "a", None::<i64>, None::<&str>])
            .await
            .unwrap_err()
            .is_guard(&PUT_ONCE)
    );
}

async fn one_code_is_redeemed_by_one_of_64_tasks(engine: Engine) {
    let db = open(engine).await;
    for round in 0..5_i64 {
        let hash = format!("code {round}");
        one(&db, &INSERT, params!["r", &hash, None::<i64>, None::<&str>])
            .await
            .unwrap();
        let tasks: Vec<_> = (0..64_i64)
            .map(|task| {
                let (db, hash) = (db.clone(), hash.clone());
                tokio::spawn(async move {
                    let mut batch = Batch::new();
                    batch.expect(&REDEEM, params!["r", &hash, task], 1);
                    batch.run(
                        &INSERT,
                        params!["log", format!("{hash} {task}"), task, None::<&str>],
                    );
                    db.commit(batch).await
                })
            })
            .collect();
        let mut won = Vec::new();
        for (task, handle) in tasks.into_iter().enumerate() {
            match handle.await.unwrap() {
                Ok(_) => won.push(task as i64),
                Err(error) => assert!(error.is_guard(&REDEEM), "{error}"),
            }
        }
        assert_eq!(won.len(), 1);
        let row = db.row(&FIND, params!["r", &hash]).await.unwrap().unwrap();
        assert_eq!(row.int(1), won[0]);
        assert_eq!(count(&db, "log").await, round + 1);
    }
}

async fn a_failing_batch_leaves_the_others_of_its_group_alone(engine: Engine) {
    let db = open(engine).await;
    let tasks: Vec<_> = (0..100_i64)
        .map(|task| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut batch = Batch::new();
                batch.run(
                    &INSERT,
                    params!["r", format!("{task:03}"), task, None::<&str>],
                );
                match task % 4 {
                    1 => batch.expect(&REDEEM, params!["r", "missing", task], 1),
                    2 => batch.run(
                        &INSERT,
                        params!["r", format!("{task:03}"), task, None::<&str>],
                    ),
                    3 => batch.run(
                        &INSERT,
                        params!["r", "text for", None::<&str>, None::<&str>],
                    ),
                    _ => batch.run(&DELETE, params!["r", "missing"]),
                };
                (task, db.commit(batch).await)
            })
        })
        .collect();
    let mut third = 0;
    for handle in tasks {
        let (task, outcome) = handle.await.unwrap();
        match task % 4 {
            0 => drop(outcome.unwrap()),
            1 => assert!(outcome.unwrap_err().is_guard(&REDEEM)),
            2 => assert!(outcome.unwrap_err().is_unique(&INSERT)),
            // Of these only the first can put its second row.
            _ => match outcome {
                Ok(_) => third += 1,
                Err(error) => assert!(error.is_unique(&INSERT)),
            },
        }
    }
    assert_eq!(third, 1);
    let mut found: Vec<String> = db
        .rows(&LIST, params!["r"])
        .await
        .unwrap()
        .iter()
        .map(|row| row.text(0).to_owned())
        .collect();
    assert_eq!(found.pop().unwrap(), "text for");
    found.retain(|hash| hash.parse::<i64>().unwrap() % 4 == 0);
    let expected: Vec<String> = (0..25).map(|n| format!("{:03}", n * 4)).collect();
    assert_eq!(found, expected);
    assert_eq!(count(&db, "r").await, 27);
}

db::statements! {
    ADVANCE = "UPDATE code SET redeemed_at = redeemed_at + 1 WHERE realm = $1 AND hash = 'counter' RETURNING redeemed_at";
}

async fn a_counter_that_many_advance_loses_no_step(engine: Engine) {
    let db = open(engine).await;
    one(&db, &INSERT, params!["r", "counter", 0, None::<&str>])
        .await
        .unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut seen = Vec::new();
                for _ in 0..25 {
                    let committed = one(&db, &ADVANCE, params!["r"]).await.unwrap();
                    seen.push(committed.rows(0)[0].int(0));
                }
                seen
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    all.sort_unstable();
    assert_eq!(all, (1..=200).collect::<Vec<i64>>());
}

async fn an_empty_batch_succeeds(engine: Engine) {
    let db = open(engine).await;
    assert!(db.commit(Batch::new()).await.unwrap().rows(0).is_empty());
}

async fn after_close_everything_is_refused_and_what_was_accepted_has_happened(engine: Engine) {
    let url = db::testing::fresh(engine).await.unwrap();
    let db = Db::open(&url).await.unwrap();
    db.migrate(&[crate::SCHEMA]).await.unwrap();
    let tasks: Vec<_> = (0..50_i64)
        .map(|task| {
            let db = db.clone();
            tokio::spawn(async move {
                one(
                    &db,
                    &INSERT,
                    params!["r", format!("{task}"), task, None::<&str>],
                )
                .await
            })
        })
        .collect();
    tokio::task::yield_now().await;
    db.close().await;
    db.close().await;
    let mut accepted = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => accepted += 1,
            Err(error) => assert_eq!(error, CommitError::Db(Error::Closed)),
        }
    }
    let refused = one(&db, &INSERT, params!["r", "late", 1, None::<&str>]).await;
    assert_eq!(refused, Err(CommitError::Db(Error::Closed)));
    assert_eq!(db.row(&COUNT, params!["r"]).await, Err(Error::Closed));
    let again = Db::open(&url).await.unwrap();
    assert_eq!(count(&again, "r").await, accepted);
}

async fn a_wrong_number_of_parameters_is_refused_before_anything_happens(engine: Engine) {
    let db = open(engine).await;
    for wrong in [params!["r", "a"], params!["r", "a", 1, 2]] {
        let mut batch = Batch::new();
        batch.run(&INSERT, params!["r", "a", None::<i64>, None::<&str>]);
        batch.expect(&REDEEM, wrong, 1);
        let error = db.commit(batch).await.unwrap_err();
        assert!(
            matches!(
                error,
                CommitError::Db(Error::Statement {
                    statement: "REDEEM",
                    ..
                })
            ),
            "{error}"
        );
        assert_eq!(count(&db, "r").await, 0);
    }
    assert!(matches!(
        db.row(&FIND, params!["r"]).await,
        Err(Error::Statement {
            statement: "FIND",
            ..
        })
    ));
}

async fn a_commit_whose_caller_went_away_leaves_a_usable_database(engine: Engine) {
    let db = open(engine).await;
    for task in 0..40_i64 {
        let commit = one(
            &db,
            &INSERT,
            params!["r", format!("{task}"), task, None::<&str>],
        );
        let _ = tokio::time::timeout(
            std::time::Duration::from_micros(50 * (task as u64 % 8)),
            commit,
        )
        .await;
        let mut batch = Batch::new();
        batch.run(
            &INSERT,
            params!["r", format!("two {task}"), task, None::<&str>],
        );
        batch.expect(&REDEEM_ALL, params!["nobody", task], 0);
        let _ = tokio::time::timeout(
            std::time::Duration::from_micros(60 * (task as u64 % 8)),
            db.commit(batch),
        )
        .await;
    }
    one(&db, &INSERT, params!["r", "last", 1, None::<&str>])
        .await
        .unwrap();
    assert!(db.row(&FIND, params!["r", "last"]).await.unwrap().is_some());
}
