//! One SQL text on SQLite and PostgreSQL. Features read with [`Db::row`] and [`Db::rows`] and write with [`Db::commit`], whose [`Batch`] is a transaction
//! as data: it never stays open while feature code waits, and it is the same on both engines.
//!
//! The portable subset: TEXT and BIGINT only (unix seconds, base64url for bytes, JSON as text), `$1` parameters, `ON CONFLICT`, `RETURNING`, primary
//! keys with NOT NULL written out, `CAST(SUM(x) AS BIGINT)`; no `NOW()`, no JSON operators, no session state.

mod batch;
mod dialect;
mod error;
mod migration;
mod postgres;
mod row;
mod sqlite;
mod stmt;
#[cfg(feature = "testing")]
pub mod testing;
mod url;
mod value;

use std::fmt;
use std::sync::Arc;

pub use crate::batch::{Batch, Committed};
pub use crate::error::{CommitError, Error};
pub use crate::migration::Migration;
pub use crate::row::Row;
pub use crate::stmt::Stmt;
pub use crate::url::{Engine, Url};
pub use crate::value::{Params, Value};

/// An open database; clones share it.
#[derive(Clone)]
pub struct Db(Arc<Open>);

enum Open {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Db {
    /// Opens the database; a SQLite file and its directory are made when they are missing. Called inside a tokio runtime; connections to PostgreSQL
    /// live as long as that runtime, and the database can be used from any other one meanwhile.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be opened or reached.
    pub async fn open(url: &Url) -> Result<Self, Error> {
        let open = match &url.0 {
            url::Target::Sqlite(target) => Open::Sqlite(sqlite::Sqlite::open(target)?),
            url::Target::Postgres(target) => {
                Open::Postgres(postgres::Postgres::open(target).await?)
            }
        };
        Ok(Self(Arc::new(open)))
    }

    /// Which engine it is.
    pub fn engine(&self) -> Engine {
        match &*self.0 {
            Open::Sqlite(_) => Engine::Sqlite,
            Open::Postgres(_) => Engine::Postgres,
        }
    }

    /// Applies the migrations that are missing, all or none, in order. Several nodes may do so at once; versions it does not know are left alone.
    ///
    /// # Errors
    /// [`Error::MigrationChanged`] when one that was applied reads differently now, [`Error::Migration`] when the engine refuses one.
    pub async fn migrate(&self, migrations: &[Migration]) -> Result<(), Error> {
        match &*self.0 {
            Open::Sqlite(sqlite) => sqlite.migrate(migrations),
            Open::Postgres(postgres) => postgres.migrate(migrations).await,
        }
    }

    /// The names of the migrations that are missing, in order; changes nothing.
    ///
    /// # Errors
    /// [`Error::MigrationChanged`] when one that was applied reads differently now.
    pub async fn pending(
        &self,
        migrations: &'static [Migration],
    ) -> Result<Vec<&'static str>, Error> {
        let applied = match self.rows(&migration::APPLIED_MIGRATIONS, params![]).await {
            Ok(rows) => rows.iter().map(migration::Applied::read).collect(),
            // There is no such table yet.
            Err(Error::Statement { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        let pending = migration::pending(migrations, &applied)?;
        Ok(pending
            .into_iter()
            .map(|migration| migration.name)
            .collect())
    }

    /// The first row that a SELECT gives, if any. On SQLite it runs on the calling thread and takes microseconds.
    ///
    /// # Errors
    /// [`Error::Nul`], [`Error::Statement`], [`Error::Busy`], [`Error::Engine`].
    pub async fn row(&self, stmt: &Stmt, params: Params) -> Result<Option<Row>, Error> {
        check(stmt, &params)?;
        match &*self.0 {
            Open::Sqlite(sqlite) => Ok(sqlite.read(stmt, &params, 1)?.pop()),
            Open::Postgres(postgres) => {
                let rows = postgres.look_up(stmt, &params).await?;
                Ok(rows.into_iter().next())
            }
        }
    }

    /// All rows that a SELECT gives; the statement bounds them with LIMIT where they could be many.
    ///
    /// # Errors
    /// As [`Db::row`].
    pub async fn rows(&self, stmt: &Stmt, params: Params) -> Result<Vec<Row>, Error> {
        check(stmt, &params)?;
        match &*self.0 {
            Open::Sqlite(sqlite) => sqlite.read(stmt, &params, usize::MAX),
            Open::Postgres(postgres) => postgres.read(stmt, &params).await,
        }
    }

    /// Makes a batch true, durably, or leaves everything as it was. When the future is dropped before it ends, the batch may be committed or not.
    ///
    /// # Errors
    /// See [`CommitError`].
    pub async fn commit(&self, batch: Batch) -> Result<Committed, CommitError> {
        batch.check()?;
        if batch.is_empty() {
            return Ok(Committed::default());
        }
        match &*self.0 {
            Open::Sqlite(sqlite) => sqlite.commit(batch).await,
            Open::Postgres(postgres) => postgres.commit(&batch).await,
        }
    }

    /// Prepares each statement without running it, so that a test finds what an engine would refuse.
    ///
    /// # Errors
    /// [`Error::Statement`] of the first that is refused.
    pub async fn check(&self, statements: &[&Stmt]) -> Result<(), Error> {
        match &*self.0 {
            Open::Sqlite(sqlite) => sqlite.check(statements),
            Open::Postgres(postgres) => postgres.check(statements).await,
        }
    }

    /// In what ways this database can lose what it has acknowledged, each a sentence for the operator; empty when it is durable.
    ///
    /// # Errors
    /// When the engine cannot be asked.
    pub async fn durability(&self) -> Result<Vec<String>, Error> {
        match &*self.0 {
            Open::Sqlite(sqlite) => sqlite.durability(),
            Open::Postgres(postgres) => postgres.durability().await,
        }
    }

    /// Gives space that deletions left free back to the file system, in a step of `pages` pages at most so that no commit waits long for it; while more than a
    /// tenth of the file is free, until a twentieth is. Says how many pages are left for further steps. PostgreSQL does this by itself (autovacuum).
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Engine`].
    pub async fn shrink(&self, pages: u32) -> Result<u32, Error> {
        match &*self.0 {
            Open::Sqlite(sqlite) => sqlite.shrink(pages).await,
            Open::Postgres(_) => Ok(0),
        }
    }

    /// Finishes the commits that were accepted, refuses others with [`Error::Closed`], and lets the database go. A second call does nothing.
    pub async fn close(&self) {
        match &*self.0 {
            Open::Sqlite(sqlite) => sqlite.close().await,
            Open::Postgres(postgres) => postgres.close().await,
        }
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Db({})", self.engine())
    }
}

fn check(stmt: &Stmt, params: &Params) -> Result<(), Error> {
    if params.has_nul() {
        return Err(Error::Nul {
            statement: stmt.name,
        });
    }
    Ok(())
}
