use tokio_postgres::Error as PgError;
use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::dialect::GUARD_MARK;
use crate::{CommitError, Error};

/// What an error of the driver means.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server refused the statement and the transaction is undone.
    Refused(Refusal),
    /// The connection failed, or the server gave up on it: nobody knows what became of a COMMIT that was sent.
    Lost(String),
}

#[derive(Debug)]
pub(super) enum Refusal {
    /// Another transaction was in the way: the same again may succeed.
    Conflict(String),
    /// A prepared statement is older than the schema.
    Stale(String),
    /// A guard within the statement met this many rows.
    Guard(u64),
    Unique,
    Other(String),
}

impl Failure {
    pub(super) fn of(error: &PgError) -> Self {
        match error.as_db_error() {
            Some(refusal) if is_final(refusal) => Self::Refused(refused(refusal)),
            Some(fatal) => Self::Lost(words(fatal)),
            None => Self::Lost(cause(error)),
        }
    }
}

impl Refusal {
    /// The same as an error of this statement, the `index`th of its batch.
    pub(super) fn of_statement(self, statement: &'static str, index: usize) -> CommitError {
        match self {
            Self::Guard(rows) => CommitError::Guard {
                statement,
                index,
                rows,
            },
            Self::Unique => CommitError::Unique { statement },
            Self::Conflict(message) | Self::Stale(message) | Self::Other(message) => {
                CommitError::Db(Error::Statement { statement, message })
            }
        }
    }

    pub(super) fn message(&self) -> String {
        match self {
            Self::Conflict(message) | Self::Stale(message) | Self::Other(message) => {
                message.clone()
            }
            Self::Guard(rows) => format!("a guard met {rows} rows"),
            Self::Unique => "a UNIQUE constraint".to_owned(),
        }
    }
}

/// An ERROR undoes the transaction and keeps the connection; FATAL and PANIC end the connection, at COMMIT even after it was made durable.
fn is_final(error: &DbError) -> bool {
    match error.parsed_severity() {
        Some(severity) => severity == Severity::Error,
        None => error.severity() == "ERROR",
    }
}

fn refused(error: &DbError) -> Refusal {
    let code = error.code();
    if let Some(rows) = guard_rows(error.message()) {
        Refusal::Guard(rows)
    } else if *code == SqlState::UNIQUE_VIOLATION {
        Refusal::Unique
    } else if [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
    ]
    .contains(code)
    {
        Refusal::Conflict(words(error))
    } else if *code == SqlState::INVALID_SQL_STATEMENT_NAME
        || (*code == SqlState::FEATURE_NOT_SUPPORTED
            && error.routine() == Some("RevalidateCachedQuery"))
    {
        Refusal::Stale(words(error))
    } else {
        Refusal::Other(words(error))
    }
}

/// The number behind the mark that a guarded statement puts into its own error.
fn guard_rows(message: &str) -> Option<u64> {
    let (_, rest) = message.split_once(GUARD_MARK)?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// Message and code; the detail is left out, as it quotes the row.
fn words(error: &DbError) -> String {
    format!("{} ({})", error.message(), error.code().code())
}

/// The driver's words and those of what it stands on.
pub(super) fn cause(error: &PgError) -> String {
    if let Some(refusal) = error.as_db_error() {
        return words(refusal);
    }
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
