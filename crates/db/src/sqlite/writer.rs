use std::sync::mpsc::Receiver;

use rusqlite::{Connection, ffi};
use tokio::sync::oneshot;

use super::checkpoint::Log;
use super::{connection, shrink};
use crate::batch::{Step, StepResult};
use crate::{Batch, CommitError, Committed, Error};

/// What the writer is asked to do.
pub(crate) enum Job {
    /// To commit a batch.
    Commit(Waiting),
    /// To give free pages back to the file system, so many at most; the answer is how many are left.
    Shrink(u32, oneshot::Sender<Result<u32, Error>>),
}

/// A batch and who waits for it.
pub(crate) struct Waiting {
    pub(crate) batch: Batch,
    pub(crate) reply: oneshot::Sender<Outcome>,
}

type Outcome = Result<Committed, CommitError>;

/// How many batches share one commit at most, so that the first of them does not wait for ever.
const GROUP: usize = 256;

/// Commits what arrives until nobody can send any more and the queue is empty.
pub(crate) fn run(connection: &Connection, jobs: &Receiver<Job>, log: &mut Log) {
    while let Ok(first) = jobs.recv() {
        let (mut group, mut statements) = (Vec::new(), 0);
        let mut next = Some(first);
        while let Some(job) = next.take() {
            match job {
                Job::Commit(waiting) => {
                    statements += waiting.batch.len();
                    group.push(waiting);
                }
                Job::Shrink(pages, reply) => {
                    statements += pages as usize;
                    let _ = reply.send(shrink::step(connection, pages));
                }
            }
            if group.len() < GROUP {
                next = jobs.try_recv().ok();
            }
        }
        if !group.is_empty() {
            commit_group(connection, group);
        }
        log.grew(connection, statements);
    }
}

/// One transaction for all and one sync of the disk; nobody hears of anything before that.
fn commit_group(connection: &Connection, group: Vec<Waiting>) {
    let (batches, replies): (Vec<_>, Vec<_>) =
        group.into_iter().map(|job| (job.batch, job.reply)).unzip();
    match transact(connection, &batches) {
        Ok(outcomes) => {
            for (reply, outcome) in replies.into_iter().zip(outcomes) {
                // Whoever waited may have gone away.
                let _ = reply.send(outcome);
            }
        }
        // Also those whose guard failed: it may have failed because of a batch that is now undone.
        Err(refusal) => {
            for reply in replies {
                let _ = reply.send(Err(refusal.clone()));
            }
        }
    }
}

/// Runs the batches and commits those that succeed. Mostly all do, or fail at a guard before they changed anything, so that there is nothing to undo;
/// only when one has to be undone everything is done again with a savepoint for each, which costs SQLite a copy of every page.
fn transact(connection: &Connection, batches: &[Batch]) -> Result<Vec<Outcome>, CommitError> {
    begin(connection)?;
    let outcomes = match all(connection, batches, attempt)? {
        Some(outcomes) => outcomes,
        None => {
            execute(connection, "ROLLBACK").map_err(lost)?;
            begin(connection)?;
            let isolated = |connection: &_, batch: &_| Some(isolate(connection, batch));
            all(connection, batches, isolated)?.unwrap_or_default()
        }
    };
    if let Err(error) = execute(connection, "COMMIT") {
        tracing::error!(%error, "commit failed");
        if !connection.is_autocommit() {
            let _ = execute(connection, "ROLLBACK");
        }
        return Err(CommitError::Db(Error::UnknownOutcome(error.to_string())));
    }
    Ok(outcomes)
}

fn begin(connection: &Connection) -> Result<(), CommitError> {
    execute(connection, "BEGIN IMMEDIATE").map_err(|error| match connection::failed(error) {
        Error::Busy => CommitError::Busy,
        other => CommitError::Db(other),
    })
}

fn lost(error: rusqlite::Error) -> CommitError {
    CommitError::Db(connection::failed(error))
}

/// Every batch's outcome; `None` as soon as `run` gives none for one of them.
fn all(
    connection: &Connection,
    batches: &[Batch],
    run: impl Fn(&Connection, &Batch) -> Option<Outcome>,
) -> Result<Option<Vec<Outcome>>, CommitError> {
    let mut outcomes = Vec::with_capacity(batches.len());
    for batch in batches {
        let outcome = run(connection, batch);
        // Some failures (disk full, input or output) end the whole transaction, and what others did in it is gone.
        if connection.is_autocommit() {
            return Err(match outcome {
                Some(Err(refusal @ CommitError::Db(_))) => refusal,
                _ => CommitError::Db(Error::Engine("the transaction was rolled back".to_owned())),
            });
        }
        match outcome {
            Some(outcome) => outcomes.push(outcome),
            None => return Ok(None),
        }
    }
    Ok(Some(outcomes))
}

/// Runs a batch; `None` when it failed after it had changed something.
fn attempt(connection: &Connection, batch: &Batch) -> Option<Outcome> {
    let before = connection.total_changes();
    let outcome = perform(connection, batch);
    let untouched = || connection.total_changes() == before || connection.is_autocommit();
    (outcome.is_ok() || untouched()).then_some(outcome)
}

/// Runs a batch in a savepoint of its own, which is undone when the batch fails.
fn isolate(connection: &Connection, batch: &Batch) -> Outcome {
    let failed = |error| CommitError::Db(connection::failed(error));
    execute(connection, "SAVEPOINT batch").map_err(failed)?;
    let outcome = perform(connection, batch);
    if outcome.is_err() && !connection.is_autocommit() {
        execute(connection, "ROLLBACK TO batch").map_err(failed)?;
    }
    if !connection.is_autocommit() {
        execute(connection, "RELEASE batch").map_err(failed)?;
    }
    outcome
}

fn perform(connection: &Connection, batch: &Batch) -> Outcome {
    let mut results = Vec::with_capacity(batch.len());
    for (index, step) in batch.steps.iter().enumerate() {
        let result = step_of(connection, step)?;
        step.judge(index, result.affected)?;
        results.push(result);
    }
    Ok(Committed { results })
}

fn step_of(connection: &Connection, step: &Step) -> Result<StepResult, CommitError> {
    let refuse = |error| refused(step, &error);
    let mut prepared = connection
        .prepare_cached(step.stmt.sqlite())
        .map_err(refuse)?;
    connection::bind(&mut prepared, step.stmt, &step.params)?;
    if prepared.column_count() == 0 {
        let affected = prepared.raw_execute().map_err(refuse)?;
        return Ok(StepResult {
            rows: Vec::new(),
            affected: affected as u64,
        });
    }
    let rows = connection::collect(&mut prepared, usize::MAX).map_err(refuse)?;
    let affected = rows.len() as u64;
    Ok(StepResult { rows, affected })
}

fn refused(step: &Step, error: &rusqlite::Error) -> CommitError {
    let unique = [
        ffi::SQLITE_CONSTRAINT_UNIQUE,
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
        ffi::SQLITE_CONSTRAINT_ROWID,
    ];
    match error {
        rusqlite::Error::SqliteFailure(failure, _) if unique.contains(&failure.extended_code) => {
            CommitError::Unique {
                statement: step.stmt.name,
            }
        }
        _ => match connection::refused(step.stmt, error) {
            Error::Busy => CommitError::Busy,
            other => CommitError::Db(other),
        },
    }
}

fn execute(connection: &Connection, sql: &str) -> Result<(), rusqlite::Error> {
    connection.prepare_cached(sql)?.raw_execute().map(|_| ())
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        missing_docs,
        dead_code,
        unreachable_pub
    )]
    use super::*;
    use crate::params;

    crate::statements! {
        PUT = "INSERT INTO t (k, v) VALUES ($1, $2)";
        KEEP = "INSERT INTO t (k, v) VALUES ($1, 0) ON CONFLICT (k) DO NOTHING";
        BUMP = "UPDATE t SET v = v + 1 WHERE k = $1 RETURNING v";
        TAKE = "DELETE FROM t WHERE k = $1";
        // Changes as many rows as it meets before two would have the same key.
        MERGE = "UPDATE t SET k = CASE WHEN v > $1 THEN 'same' ELSE k END";
        CLEAR = "DELETE FROM t";
        SEE = "SELECT k, v FROM t ORDER BY k";
    }

    /// Batches of one to three steps, among few keys, so that many of them fail, at each of their steps.
    fn batches(seed: u64) -> Vec<Batch> {
        let mut state = seed;
        let mut random = move |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % below
        };
        let mut batches = Vec::new();
        for _ in 0..=random(12) {
            let mut batch = Batch::new();
            for _ in 0..=random(3) {
                let key = ["a", "b", "c", "d"][random(4) as usize];
                match random(16) {
                    0..4 => batch.run(&PUT, params![key, random(5) as i64]),
                    4..6 => batch.expect(&KEEP, params![key], 1),
                    6..9 => batch.expect(&BUMP, params![key], 1),
                    9 => batch.run(&BUMP, params![key]),
                    10..12 => batch.expect(&TAKE, params![key], 1),
                    12 => batch.run(&TAKE, params![key]),
                    13 => batch.run(&MERGE, params![2]),
                    14 => batch.run(&CLEAR, params![]),
                    _ => batch.run(&SEE, params![]),
                };
            }
            batches.push(batch);
        }
        batches
    }

    fn database() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        let table = "CREATE TABLE t (k TEXT NOT NULL PRIMARY KEY, v BIGINT NOT NULL)";
        connection.execute_batch(table).unwrap();
        connection
    }

    fn rows(connection: &Connection) -> String {
        let mut batch = Batch::new();
        batch.run(&SEE, params![]);
        format!("{:?}", perform(connection, &batch))
    }

    #[test]
    fn a_group_does_what_its_batches_would_one_by_one_and_tells_each_its_own() {
        let mut failed = 0;
        let (grouped, alone) = (database(), database());
        for seed in 0..3_000 {
            let group = batches(seed);
            let outcomes = transact(&grouped, &group).unwrap();
            let expected: Vec<Outcome> = group
                .iter()
                .map(|batch| {
                    begin(&alone).unwrap();
                    let outcome = perform(&alone, batch);
                    let end = if outcome.is_ok() {
                        "COMMIT"
                    } else {
                        "ROLLBACK"
                    };
                    execute(&alone, end).unwrap();
                    outcome
                })
                .collect();
            assert_eq!(
                format!("{outcomes:?}"),
                format!("{expected:?}"),
                "{seed}: {group:?}"
            );
            assert_eq!(rows(&grouped), rows(&alone), "{seed}: {group:?}");
            assert!(grouped.is_autocommit());
            failed += outcomes.iter().filter(|outcome| outcome.is_err()).count();
        }
        assert!(failed > 2_000, "{failed}");
    }
}
