use crate::sealing::SealingError;

/// Why the realm could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database failed, or is busy.
    #[error(transparent)]
    Db(#[from] db::Error),
    /// A batch was not committed.
    #[error(transparent)]
    Commit(#[from] db::CommitError),
    /// A sealing key is missing, malformed or the wrong one, or something sealed was altered.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// A key could not be made or read.
    #[error("signing key: {0}")]
    Key(#[from] jose::Error),
    /// What was to be registered breaks a rule; nothing was changed.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no such client, resource, realm or key.
    #[error("there is no {what} `{id}`")]
    NotFound {
        /// What was looked for: `client`, `resource`, `realm`, `key`.
        what: &'static str,
        /// Its identifier.
        id: String,
    },
    /// There is one with this identifier already.
    #[error("there is a {what} `{id}` already")]
    Exists {
        /// What it is: `client`, `resource`, `realm`.
        what: &'static str,
        /// Its identifier.
        id: String,
    },
    /// Somebody else changed it since it was read: read it again and decide again.
    #[error("the {what} `{id}` was changed by somebody else in the meantime")]
    Conflict {
        /// What it is.
        what: &'static str,
        /// Its identifier.
        id: String,
    },
    /// A row holds what this version cannot read.
    #[error("the stored {what} `{id}` cannot be read: {reason}")]
    Stored {
        /// What it is.
        what: &'static str,
        /// Its identifier.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The database belongs to another issuer than the configuration names.
    #[error(
        "the database belongs to the issuer {stored}, the configuration says {configured}; tokens and registrations name the issuer, \
         so it is changed on purpose only (realms::set_issuer)"
    )]
    IssuerDiffers {
        /// The issuer of the first realm in the database.
        stored: String,
        /// What was asked for.
        configured: String,
    },
    /// A background task ended before its time (the process is shutting down).
    #[error("interrupted: the process is shutting down")]
    Interrupted,
}

/// A rule that a registration breaks: names the member and says what is wrong, for the person who registers it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Invalid {
    /// The member as it is written in the document, such as `redirect_uris`.
    pub field: &'static str,
    /// What is wrong with it and what would be right.
    pub reason: String,
}

impl Invalid {
    /// A broken rule of `field`.
    pub fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self {
            field,
            reason: reason.into(),
        }
    }
}

impl Error {
    pub(crate) fn not_found(what: &'static str, id: &str) -> Self {
        Self::NotFound {
            what,
            id: id.to_owned(),
        }
    }

    pub(crate) fn exists(what: &'static str, id: &str) -> Self {
        Self::Exists {
            what,
            id: id.to_owned(),
        }
    }

    pub(crate) fn conflict(what: &'static str, id: &str) -> Self {
        Self::Conflict {
            what,
            id: id.to_owned(),
        }
    }

    pub(crate) fn stored(what: &'static str, id: &str, reason: impl ToString) -> Self {
        Self::Stored {
            what,
            id: id.to_owned(),
            reason: reason.to_string(),
        }
    }

    /// Whether the database is away or failing: answer 503 with Retry-After.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Db(error) | Self::Commit(db::CommitError::Db(error)) => error.is_outage(),
            _ => false,
        }
    }

    /// Whether the database had more to do than it gets done: answer 503 with Retry-After.
    pub fn is_busy(&self) -> bool {
        matches!(
            self,
            Self::Db(db::Error::Busy) | Self::Commit(db::CommitError::Busy)
        )
    }
}
