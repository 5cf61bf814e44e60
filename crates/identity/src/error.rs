use db::CommitError;

use crate::methods::password::{Full, SetError};
use crate::people::rules::Invalid;

/// Why something about a person, a session or an interaction was not done. No value of it holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The details are refused.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The password is refused.
    #[error(transparent)]
    Unfit(#[from] crate::methods::password::rules::Unfit),
    /// Somebody else has this user name.
    #[error("the user name is taken")]
    UsernameTaken,
    /// There is no such person.
    #[error("there is no such person")]
    NotFound,
    /// What is to be changed was changed meanwhile: load it and decide again.
    #[error("it was changed meanwhile")]
    Changed,
    /// An interaction leads off this origin, or is larger than 64 KiB.
    #[error("the interaction is not one that can be begun")]
    BadInteraction,
    /// More work is waiting than gets done; answer 503 with Retry-After.
    #[error("too much work is waiting")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
    /// The realm failed.
    #[error(transparent)]
    Realm(#[from] realm::Error),
}

impl Error {
    /// Whether trying again in a second or so may succeed.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy | Self::Changed | Self::Db(db::Error::Busy))
    }
}

impl From<CommitError> for Error {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Guard { .. } | CommitError::Unique { .. } => Self::Changed,
            CommitError::Busy => Self::Busy,
            CommitError::Db(error) => Self::Db(error),
        }
    }
}

impl From<Full> for Error {
    fn from(_: Full) -> Self {
        Self::Busy
    }
}

impl From<SetError> for Error {
    fn from(error: SetError) -> Self {
        match error {
            SetError::Unfit(unfit) => Self::Unfit(unfit),
            SetError::Full(_) => Self::Busy,
        }
    }
}
