//! Making a decision true. A race that was lost is loaded and decided again, at most twice.

use db::{Batch, CommitError, Committed};
use realm::Realm;

use crate::refusal::Refusal;

/// How often a decision is made before giving up.
pub(crate) const TRIES: usize = 3;

/// Commits a batch; `None` when a guard did not hold, so that the caller loads and decides again.
pub(crate) async fn commit(realm: &Realm, batch: Batch) -> Result<Option<Committed>, Refusal> {
    outcome(realm.db().commit(batch).await)
}

/// What came of a commit; `None` when a guard did not hold.
pub(crate) fn outcome(
    result: Result<Committed, CommitError>,
) -> Result<Option<Committed>, Refusal> {
    match result {
        Ok(committed) => Ok(Some(committed)),
        Err(CommitError::Guard { statement, .. } | CommitError::Unique { statement }) => {
            tracing::debug!(statement, "lost a race");
            Ok(None)
        }
        Err(CommitError::Busy) => Err(Refusal::Busy),
        Err(CommitError::Db(error)) => Err(error.into()),
    }
}
