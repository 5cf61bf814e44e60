//! PostgreSQL: a pool of connections with prepared statements, batches pipelined.

mod connect;
mod failure;
mod pipeline;
mod readers;
mod schema;
mod value;

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{
    ClientWrapper, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
    TimeoutType,
};
use tokio::sync::RwLock;
use tokio_postgres::Statement;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use self::failure::{Failure, Refusal};
use self::pipeline::{Attempt, Lease};
use self::readers::Readers;
use crate::url::PostgresTarget;
use crate::{Batch, CommitError, Committed, Error, Params, Row, Stmt};

/// How long to wait for a connection of the pool to come free before the answer is [`Error::Busy`].
const WAIT: Duration = Duration::from_secs(5);

/// How often a batch is tried when other transactions are in its way.
const TRIES: u32 = 8;

pub(crate) struct Postgres {
    pool: Pool,
    readers: Readers,
    /// Read by whoever works, written by who closes; `true` once it is closed.
    closed: RwLock<bool>,
}

impl Postgres {
    pub(crate) async fn open(target: &PostgresTarget) -> Result<Self, Error> {
        let runtime = tokio::runtime::Handle::try_current()
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        let dialer = connect::Dialer::new(runtime, &target.tls)?;
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = Manager::from_connect(target.config.clone(), dialer, recycling);
        let pool = Pool::builder(manager)
            .max_size(target.pool_size)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(WAIT * 2))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        let postgres = Self {
            pool,
            readers: Readers::new(Readers::count(target.pool_size)),
            closed: RwLock::new(false),
        };
        postgres.check_encoding().await?;
        Ok(postgres)
    }

    /// Reads a row or a few by their key, on a connection that is shared: nobody is to wait behind a long answer.
    pub(crate) async fn look_up(&self, stmt: &Stmt, params: &Params) -> Result<Vec<Row>, Error> {
        self.read_on(stmt, params, true).await
    }

    pub(crate) async fn read(&self, stmt: &Stmt, params: &Params) -> Result<Vec<Row>, Error> {
        self.read_on(stmt, params, false).await
    }

    async fn read_on(&self, stmt: &Stmt, params: &Params, shared: bool) -> Result<Vec<Row>, Error> {
        let _working = self.working().await?;
        let mut tries = 0;
        loop {
            let connection = self.reader(shared).await?;
            let error = match query(&connection, stmt, params).await {
                Ok(rows) => return Ok(rows),
                Err(Read::Refused(error)) => return Err(error),
                Err(Read::Driver(error)) => error,
            };
            tries += 1;
            let again = match Failure::of(&error) {
                Failure::Refused(Refusal::Stale(_)) => {
                    self.pool.manager().statement_caches.clear();
                    true
                }
                Failure::Refused(Refusal::Conflict(_)) => true,
                Failure::Refused(refusal) => {
                    return Err(Error::Statement {
                        statement: stmt.name,
                        message: refusal.message(),
                    });
                }
                // Reading twice does no harm, and a restarted server has taken all idle connections with it.
                Failure::Lost(_) => {
                    self.readers.forget(connection);
                    true
                }
            };
            if !again || tries >= 3 {
                return Err(Error::Engine(failure::cause(&error)));
            }
        }
    }

    pub(crate) async fn commit(&self, batch: &Batch) -> Result<Committed, CommitError> {
        let _working = self.working().await?;
        let mut tries = 0;
        loop {
            let lease = Lease::new(self.connection().await.map_err(busy)?);
            let failed = match pipeline::run(lease, batch).await {
                Ok(committed) => return Ok(committed),
                Err(failed) => failed,
            };
            tries += 1;
            match failed {
                Attempt::Conflict(_) if tries < TRIES => {
                    tokio::time::sleep(Duration::from_millis(u64::from(tries * tries) * 2)).await;
                }
                Attempt::Stale(_) if tries < 3 => self.pool.manager().statement_caches.clear(),
                failed => return Err(failed.into_error()),
            }
        }
    }

    pub(crate) async fn check(&self, statements: &[&Stmt]) -> Result<(), Error> {
        let connection = self.connection().await?;
        for stmt in statements {
            let guarded = stmt.guarded().map(|guarded| guarded.sql.as_str());
            for sql in std::iter::once(stmt.sql).chain(guarded) {
                let refused = |message| Error::Statement {
                    statement: stmt.name,
                    message,
                };
                let statement = connection
                    .prepare(sql)
                    .await
                    .map_err(|error| refused(failure::cause(&error)))?;
                check_columns(&statement, stmt)?;
            }
        }
        Ok(())
    }

    pub(crate) async fn durability(&self) -> Result<Vec<String>, Error> {
        let connection = self.connection().await?;
        let rows = connection
            .query(
                "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name",
                &[],
            )
            .await
            .map_err(|error| Error::Engine(failure::cause(&error)))?;
        let mut out = Vec::new();
        for row in rows {
            let (name, setting): (String, String) = (row.get(0), row.get(1));
            let harm = match (name.as_str(), setting.as_str()) {
                ("fsync", "off") => "a crash of the machine can destroy the whole database",
                ("full_page_writes", "off") => {
                    "a power failure in the middle of a write can corrupt the database"
                }
                ("synchronous_commit", "off") => {
                    "a crash loses commits that were acknowledged, so that a code can be redeemed twice"
                }
                _ => continue,
            };
            out.push(format!(
                "PostgreSQL runs with {name}={setting}: {harm}. Set {name}=on."
            ));
        }
        Ok(out)
    }

    pub(crate) async fn close(&self) {
        // Waits for those who work.
        *self.closed.write().await = true;
        self.readers.close();
        self.pool.close();
    }

    async fn working(&self) -> Result<tokio::sync::RwLockReadGuard<'_, bool>, Error> {
        let closed = self.closed.read().await;
        if *closed {
            Err(Error::Closed)
        } else {
            Ok(closed)
        }
    }

    async fn reader(&self, shared: bool) -> Result<Arc<Object>, Error> {
        let next = if shared {
            self.readers.next(&self.pool).await
        } else {
            None
        };
        match next {
            Some(next) => next.map_err(unavailable),
            None => self.connection().await.map(Arc::new),
        }
    }

    async fn connection(&self) -> Result<Object, Error> {
        self.pool.get().await.map_err(unavailable)
    }

    async fn check_encoding(&self) -> Result<(), Error> {
        let connection = self.connection().await?;
        let encoding: String = connection
            .query_one("SHOW server_encoding", &[])
            .await
            .and_then(|row| row.try_get(0))
            .map_err(|error| Error::Unavailable(failure::cause(&error)))?;
        if encoding.eq_ignore_ascii_case("UTF8") {
            return Ok(());
        }
        Err(Error::Unavailable(format!(
            "the database's encoding is {encoding}: create it with ENCODING 'UTF8'"
        )))
    }
}

/// The pool gave no connection.
fn unavailable(error: PoolError) -> Error {
    match error {
        PoolError::Closed => Error::Closed,
        PoolError::Timeout(TimeoutType::Wait) => Error::Busy,
        PoolError::Backend(error) if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS) => {
            Error::Busy
        }
        PoolError::Backend(error) => Error::Unavailable(failure::cause(&error)),
        other => Error::Unavailable(other.to_string()),
    }
}

enum Read {
    Refused(Error),
    Driver(tokio_postgres::Error),
}

async fn query(connection: &ClientWrapper, stmt: &Stmt, params: &Params) -> Result<Vec<Row>, Read> {
    let statement = connection
        .prepare_cached(stmt.sql)
        .await
        .map_err(Read::Driver)?;
    check_types(&statement, stmt, params).map_err(Read::Refused)?;
    let params: Vec<&(dyn ToSql + Sync)> = params.values().iter().map(|value| value as _).collect();
    let rows = connection
        .query(&statement, &params)
        .await
        .map_err(Read::Driver)?;
    rows.iter()
        .map(|row| value::row(row).map_err(Read::Driver))
        .collect()
}

/// That the parameters are the statement's in number and type, and its columns text or integers.
fn check_types(statement: &Statement, stmt: &Stmt, params: &Params) -> Result<(), Error> {
    let refused = |message| Error::Statement {
        statement: stmt.name,
        message,
    };
    let (wanted, given) = (statement.params(), params.values());
    if wanted.len() != given.len() {
        return Err(refused(format!(
            "has {} parameters and was given {}",
            wanted.len(),
            given.len()
        )));
    }
    for (place, (ty, value)) in wanted.iter().zip(given).enumerate() {
        if !value::fits(value, ty) {
            return Err(refused(format!(
                "${} is {ty} and was given {value:?}",
                place + 1
            )));
        }
    }
    check_columns(statement, stmt)
}

fn check_columns(statement: &Statement, stmt: &Stmt) -> Result<(), Error> {
    match statement
        .columns()
        .iter()
        .find(|column| !value::readable(column.type_()))
    {
        Some(column) => Err(Error::Statement {
            statement: stmt.name,
            message: format!(
                "column {} is {}: CAST it to TEXT or BIGINT",
                column.name(),
                column.type_()
            ),
        }),
        None => Ok(()),
    }
}

fn busy(error: Error) -> CommitError {
    match error {
        Error::Busy => CommitError::Busy,
        other => CommitError::Db(other),
    }
}
