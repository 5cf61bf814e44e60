use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags, ToSql};

use super::checkpoint;
use crate::{Error, Params, Row, Stmt, Value};

/// How long to wait for another process (the command line beside a running server) to let go of the file.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Statements kept prepared per connection: all that grantor has, with room.
const CACHED_STATEMENTS: usize = 512;

/// Makes an empty file that only its owner can read, and its directory; SQLite would make it readable by everyone.
pub(crate) fn create_file(path: &Path) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::Unavailable(format!("{}: {error}", path.display()));
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(failed)?;
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(_) => std::fs::File::open(directory)
            .and_then(|directory| directory.sync_all())
            .map_err(failed),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

/// A connection that may write.
pub(crate) fn open(path: &Path, synchronous: bool) -> Result<Connection, Error> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Counts for a file that is still empty: its free pages can be given back. On any other it does nothing.
    connection
        .execute_batch("PRAGMA auto_vacuum = INCREMENTAL")
        .map_err(failed)?;
    let journal: Result<String, _> =
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
    journal.map_err(failed)?;
    connection
        .execute_batch(if synchronous {
            "PRAGMA synchronous = FULL"
        } else {
            "PRAGMA synchronous = OFF"
        })
        .map_err(failed)?;
    connection
        .execute_batch("PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32000")
        .map_err(failed)?;
    checkpoint::limit(&connection)?;
    Ok(connection)
}

/// A connection for reading: it cannot write, not even by mistake.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, Error> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection
        // A small cache: SQLite empties it whenever another connection has committed.
        .execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -2000")
        .map_err(failed)?;
    Ok(connection)
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, Error> {
    // One thread uses a connection at a time, so SQLite need not lock it again.
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)
        .map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    // A plan once made stands. Without this SQLite prepares a statement anew whenever a value is bound that might deserve another plan, which costs
    // more than running it.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection
        .execute_batch(
            "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY",
        )
        .map_err(failed)?;
    Ok(connection)
}

/// At most `limit` rows of a SELECT.
pub(crate) fn select(
    connection: &Connection,
    stmt: &Stmt,
    params: &Params,
    limit: usize,
) -> Result<Vec<Row>, Error> {
    let refuse = |error| refused(stmt, &error);
    let mut prepared = connection.prepare_cached(stmt.sqlite()).map_err(refuse)?;
    bind(&mut prepared, stmt, params)?;
    collect(&mut prepared, limit).map_err(refuse)
}

/// Sets the parameters, whose number must be the statement's: SQLite would take a missing one as NULL.
pub(crate) fn bind(
    prepared: &mut CachedStatement<'_>,
    stmt: &Stmt,
    params: &Params,
) -> Result<(), Error> {
    let (wanted, given) = (prepared.parameter_count(), params.values().len());
    if wanted != given {
        return Err(Error::Statement {
            statement: stmt.name,
            message: format!("has {wanted} parameters and was given {given}"),
        });
    }
    for (place, value) in params.values().iter().enumerate() {
        prepared
            .raw_bind_parameter(place + 1, value)
            .map_err(|error| refused(stmt, &error))?;
    }
    Ok(())
}

/// The rows of a bound statement.
pub(crate) fn collect(
    prepared: &mut CachedStatement<'_>,
    limit: usize,
) -> Result<Vec<Row>, rusqlite::Error> {
    let mut out = Vec::new();
    let mut rows = prepared.raw_query();
    while out.len() < limit {
        let Some(row) = rows.next()? else { break };
        // Only now: the first step prepares the statement again when the schema has changed.
        let columns = row.as_ref().column_count();
        let values: Result<Vec<Value>, rusqlite::Error> =
            (0..columns).map(|column| value(row, column)).collect();
        out.push(Row::new(values?));
    }
    Ok(out)
}

fn value(row: &rusqlite::Row<'_>, column: usize) -> Result<Value, rusqlite::Error> {
    let found = row.get_ref(column)?;
    match found {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(int) => Ok(Value::Int(int)),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Value::Text(text.to_owned())),
            Err(error) => Err(rusqlite::Error::Utf8Error(column, error)),
        },
        ValueRef::Real(_) | ValueRef::Blob(_) => Err(rusqlite::Error::InvalidColumnType(
            column,
            "neither TEXT nor BIGINT".to_owned(),
            found.data_type(),
        )),
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Int(int) => ValueRef::Integer(*int),
            Self::Null => ValueRef::Null,
        }))
    }
}

/// Whether another process held the file for longer than we wait.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// An error of the engine as a whole.
pub(crate) fn failed(error: rusqlite::Error) -> Error {
    if is_busy(&error) {
        return Error::Busy;
    }
    Error::Engine(error.to_string())
}

/// An error of one statement.
pub(crate) fn refused(stmt: &Stmt, error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        _ if is_busy(error) => Error::Busy,
        Some(
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::OutOfMemory
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly,
        ) => Error::Engine(error.to_string()),
        _ => Error::Statement {
            statement: stmt.name,
            message: error.to_string(),
        },
    }
}
