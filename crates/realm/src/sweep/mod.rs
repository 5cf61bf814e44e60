//! What has expired is deleted in the background, in steps small enough that nobody waits for them, and as fast as a busy server makes it.

use std::time::Duration;

use db::{Batch, CommitError, Db, Stmt, params};

use crate::error::Error;

/// How many rows one step deletes at most: some milliseconds of the one writer that SQLite has.
pub(crate) const STEP: i64 = 300;
/// How many steps each statement gets in one turn at most.
const STEPS: u32 = 1000;
/// How many pages of the file one step gives back at most.
const PAGES: u32 = 128;
/// How long a step waits for a database that is too busy for it, and how often.
const BUSY: (Duration, u32) = (Duration::from_millis(250), 20);

/// This crate's own.
pub(crate) static OWN: [&Stmt; 4] = [
    &crate::events::sql::SWEEP_EVENTS,
    &crate::revocations::sql::SWEEP_REVOCATIONS,
    &crate::changes::sql::SWEEP_CHANGES,
    &crate::initial_access::sql::SWEEP_INITIAL_TOKENS,
];

/// Runs sweep statements (`$1` is now, `$2` how many rows at most), a step of each in turn, until they find nothing more or the turn is over; then gives back
/// the space that is free. After each step that found something it rests for `rest`. Says whether there is more to do.
pub(crate) async fn turn(
    db: &Db,
    sweeps: Vec<&'static Stmt>,
    now: i64,
    rest: Duration,
) -> Result<bool, Error> {
    let mut left = sweeps;
    for _ in 0..STEPS {
        let mut unfinished = Vec::new();
        for stmt in left {
            let deleted = step(db, stmt, now).await?;
            if deleted > 0 {
                tracing::trace!(statement = stmt.name, deleted, "deleted what had expired");
                pause(rest).await;
            }
            if deleted >= STEP.unsigned_abs() {
                unfinished.push(stmt);
            }
        }
        left = unfinished;
        if left.is_empty() {
            break;
        }
    }
    for _ in 0..STEPS {
        if db.shrink(PAGES).await? == 0 {
            return Ok(!left.is_empty());
        }
        pause(rest).await;
    }
    Ok(true)
}

async fn pause(rest: Duration) {
    if !rest.is_zero() {
        tokio::time::sleep(rest).await;
    }
}

async fn step(db: &Db, stmt: &'static Stmt, now: i64) -> Result<u64, Error> {
    let (wait, times) = BUSY;
    for _ in 0..times {
        let mut batch = Batch::new();
        let index = batch.run(stmt, params![now, STEP]);
        match db.commit(batch).await {
            Ok(committed) => return Ok(committed.affected(index)),
            Err(CommitError::Busy) => tokio::time::sleep(wait).await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(CommitError::Busy.into())
}
