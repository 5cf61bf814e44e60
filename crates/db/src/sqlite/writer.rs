use std::sync::mpsc::Receiver;

use rusqlite::{Connection, ffi};
use tokio::sync::oneshot;

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
pub(crate) fn run(connection: &Connection, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut group = Vec::new();
        let mut next = Some(first);
        while let Some(job) = next.take() {
            match job {
                Job::Commit(waiting) => group.push(waiting),
                Job::Shrink(pages, reply) => {
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
    }
}

/// One transaction for all, a savepoint for each, one sync of the disk; nobody hears of anything before that.
fn commit_group(connection: &Connection, group: Vec<Waiting>) {
    if let Err(error) = execute(connection, "BEGIN IMMEDIATE") {
        let refusal = match connection::failed(error) {
            Error::Busy => CommitError::Busy,
            other => CommitError::Db(other),
        };
        return fail(group.into_iter().map(|job| job.reply), &refusal);
    }
    let mut done = Vec::with_capacity(group.len());
    let mut group = group.into_iter();
    while let Some(job) = group.next() {
        let outcome = isolate(connection, &job.batch);
        // Some failures (disk full, input or output) end the whole transaction, and what others did in it is gone.
        if connection.is_autocommit() {
            let refusal = match outcome {
                Err(refusal @ CommitError::Db(_)) => refusal,
                _ => CommitError::Db(Error::Engine("the transaction was rolled back".to_owned())),
            };
            let waiting = done.into_iter().map(|(reply, _)| reply);
            let rest = std::iter::once(job.reply).chain(group.map(|job| job.reply));
            return fail(waiting.chain(rest), &refusal);
        }
        done.push((job.reply, outcome));
    }
    match execute(connection, "COMMIT") {
        Ok(()) => {
            for (reply, outcome) in done {
                // Whoever waited may have gone away.
                let _ = reply.send(outcome);
            }
        }
        // Also those whose guard failed: it may have failed because of a batch that is now undone.
        Err(error) => {
            tracing::error!(%error, "commit failed");
            if !connection.is_autocommit() {
                let _ = execute(connection, "ROLLBACK");
            }
            let refusal = CommitError::Db(Error::UnknownOutcome(error.to_string()));
            fail(done.into_iter().map(|(reply, _)| reply), &refusal);
        }
    }
}

fn fail(waiting: impl Iterator<Item = oneshot::Sender<Outcome>>, refusal: &CommitError) {
    for reply in waiting {
        let _ = reply.send(Err(refusal.clone()));
    }
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
