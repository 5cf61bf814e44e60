use crate::Stmt;

/// What a database answers instead of what it was asked for. Messages are the engine's own, without the values of parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database URL cannot be used.
    #[error("database URL: {0}")]
    Url(String),
    /// The database cannot be opened or reached.
    #[error("database cannot be reached: {0}")]
    Unavailable(String),
    /// More work is waiting than the database gets done. Nothing has happened; answer 503 with Retry-After.
    #[error("database is busy")]
    Busy,
    /// [`Db::close`](crate::Db::close) has been called.
    #[error("database is closed")]
    Closed,
    /// A text parameter holds U+0000.
    #[error("statement {statement}: a text holds U+0000")]
    Nul {
        /// The statement's name.
        statement: &'static str,
    },
    /// The engine refused a statement: a constraint other than uniqueness, a type, its SQL.
    #[error("statement {statement}: {message}")]
    Statement {
        /// The statement's name.
        statement: &'static str,
        /// The engine's words.
        message: String,
    },
    /// The connection or the disk failed while the commit was under way: it may have happened or not. Never repeat it blindly, never say that it
    /// succeeded.
    #[error("outcome of the commit is unknown: {0}")]
    UnknownOutcome(String),
    /// The engine failed as a whole: disk full, input or output error, connection lost during a read. Nothing was changed.
    #[error("database failed: {0}")]
    Engine(String),
    /// The list of migrations is not in ascending order of version.
    #[error("migration {version} ({name}) is out of order")]
    MigrationOrder {
        /// The version that stands in the wrong place.
        version: i64,
        /// Its name.
        name: String,
    },
    /// A migration that has been applied to this database reads differently now.
    #[error("migration {version} ({name}) was changed after it was applied to this database")]
    MigrationChanged {
        /// Its version.
        version: i64,
        /// Its name.
        name: String,
    },
    /// The engine refused a migration; nothing of this run was applied.
    #[error("migration {version} ({name}): {message}")]
    Migration {
        /// Its version.
        version: i64,
        /// Its name.
        name: String,
        /// The engine's words.
        message: String,
    },
}

impl Error {
    /// Whether the database as a whole is away or failing, whatever was asked of it: answer 503 with Retry-After.
    pub fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::Closed | Self::Engine(_) | Self::UnknownOutcome(_)
        )
    }
}

/// Why a batch was not committed. Except for [`Error::UnknownOutcome`] nothing of it has happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// A guard did not hold: somebody else was faster, or what was read is no longer so. Load and decide again.
    #[error("guard {statement} (statement {index} of its batch) met {rows} rows")]
    Guard {
        /// The statement's name.
        statement: &'static str,
        /// Its index in the batch.
        index: usize,
        /// How many rows it met.
        rows: u64,
    },
    /// A row with this key exists already.
    #[error("statement {statement} would break a UNIQUE constraint")]
    Unique {
        /// The statement's name.
        statement: &'static str,
    },
    /// More work is waiting than the database gets done; answer 503 with Retry-After.
    #[error("database is busy")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] Error),
}

impl CommitError {
    /// Whether it was this statement's guard that did not hold.
    pub fn is_guard(&self, stmt: &Stmt) -> bool {
        matches!(self, Self::Guard { statement, .. } if *statement == stmt.name)
    }

    /// Whether it was this statement that would have broken a UNIQUE constraint.
    pub fn is_unique(&self, stmt: &Stmt) -> bool {
        matches!(self, Self::Unique { statement } if *statement == stmt.name)
    }

    /// Whether the batch may have been committed all the same.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Db(Error::UnknownOutcome(_)))
    }
}
