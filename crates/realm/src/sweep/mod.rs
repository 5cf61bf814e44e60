//! What has expired is deleted in the background, in steps small enough that nobody waits for them.

use db::{Batch, Db, Stmt, params};

use crate::error::Error;

/// How many rows one step deletes at most.
pub(crate) const STEP: i64 = 500;
/// How many steps one statement gets in one round; the next round goes on.
const STEPS: u32 = 100;

/// This crate's own.
pub(crate) static OWN: [&Stmt; 3] = [
    &crate::events::sql::SWEEP_EVENTS,
    &crate::revocations::sql::SWEEP_REVOCATIONS,
    &crate::changes::sql::SWEEP_CHANGES,
];

/// Runs one sweep statement (`$1` is now, `$2` how many rows at most) until it finds nothing more, or its turn is over. Gives the number of
/// rows it deleted.
pub(crate) async fn run(db: &Db, stmt: &'static Stmt, now: i64) -> Result<u64, Error> {
    let mut deleted = 0;
    for _ in 0..STEPS {
        let mut batch = Batch::new();
        let index = batch.run(stmt, params![now, STEP]);
        let step = db.commit(batch).await?.affected(index);
        deleted += step;
        if step < STEP.unsigned_abs() {
            break;
        }
    }
    Ok(deleted)
}
