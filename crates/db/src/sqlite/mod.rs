//! SQLite: reads on the calling thread, writes through one thread that commits them in groups.

mod checkpoint;
mod connection;
mod shrink;
mod writer;

use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use crate::migration::{self, Applied};
use crate::url::{SqliteTarget, ThrowAway};
use crate::{Batch, CommitError, Committed, Error, Migration, Params, Row, Stmt};

/// How many batches may wait for the writer; one more is refused. At ten thousand commits a second, this is a tenth of a second of work.
const QUEUE: usize = 1024;

/// How many idle read connections are kept: more readers than this at once open one each, and close it again.
const IDLE_READERS: usize = 32;

pub(crate) struct Sqlite {
    path: PathBuf,
    synchronous: bool,
    readers: Mutex<Vec<Connection>>,
    /// `None` once it is closed.
    queue: RwLock<Option<SyncSender<writer::Job>>>,
    /// Closes when the writer has ended.
    writer_alive: watch::Receiver<()>,
    /// Last, so that the files go away after the connections.
    _throw_away: Option<Arc<ThrowAway>>,
}

impl Sqlite {
    pub(crate) fn open(target: &SqliteTarget) -> Result<Self, Error> {
        connection::create_file(&target.path)?;
        let connection = connection::open(&target.path, target.synchronous)?;
        let (queue, jobs) = sync_channel(QUEUE);
        let (alive, writer_alive) = watch::channel(());
        let (mut log, copier) = checkpoint::new(target.path.clone(), target.synchronous);
        let copier = spawn("sqlite-copier", move || copier.run())?;
        let throw_away = target.throw_away.clone();
        spawn("sqlite-writer", move || {
            writer::run(&connection, &jobs, &mut log);
            // One connection after the other: the last to be closed takes the log away.
            drop(log);
            let _ = copier.join();
            drop(connection);
            drop(throw_away);
            drop(alive);
        })?;
        Ok(Self {
            path: target.path.clone(),
            synchronous: target.synchronous,
            readers: Mutex::new(Vec::new()),
            queue: RwLock::new(Some(queue)),
            writer_alive,
            _throw_away: target.throw_away.clone(),
        })
    }

    /// At most `limit` rows of a SELECT.
    pub(crate) fn read(
        &self,
        stmt: &Stmt,
        params: &Params,
        limit: usize,
    ) -> Result<Vec<Row>, Error> {
        self.with_reader(|reader| connection::select(reader, stmt, params, limit))
    }

    pub(crate) async fn commit(&self, batch: Batch) -> Result<Committed, CommitError> {
        let (reply, answer) = oneshot::channel();
        match self.send(writer::Job::Commit(writer::Waiting { batch, reply })) {
            Ok(()) => {}
            Err(Error::Busy) => return Err(CommitError::Busy),
            Err(error) => return Err(CommitError::Db(error)),
        }
        answer
            .await
            .unwrap_or_else(|_| Err(CommitError::Db(ended())))
    }

    pub(crate) async fn shrink(&self, pages: u32) -> Result<u32, Error> {
        let (reply, answer) = oneshot::channel();
        self.send(writer::Job::Shrink(pages, reply))?;
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Puts a job into the writer's queue, if there is room.
    fn send(&self, job: writer::Job) -> Result<(), Error> {
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
        match queue.as_ref().map(|queue| queue.try_send(job)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_))) => Err(Error::Busy),
            Some(Err(TrySendError::Disconnected(_))) | None => Err(Error::Closed),
        }
    }

    pub(crate) fn migrate(&self, migrations: &[Migration]) -> Result<(), Error> {
        migration::pending(migrations, &[])?;
        let connection = connection::open(&self.path, self.synchronous)?;
        // Another node may be applying a long migration: wait for it rather than fail.
        connection
            .busy_timeout(std::time::Duration::from_secs(600))
            .map_err(connection::failed)?;
        connection
            .execute_batch("BEGIN IMMEDIATE")
            .map_err(connection::failed)?;
        apply(&connection, migrations)?;
        connection
            .execute_batch("COMMIT")
            .map_err(|error| Error::UnknownOutcome(error.to_string()))
    }

    pub(crate) fn check(&self, statements: &[&Stmt]) -> Result<(), Error> {
        self.with_reader(|reader| {
            for stmt in statements {
                reader
                    .prepare(stmt.sqlite())
                    .map_err(|error| connection::refused(stmt, &error))?;
            }
            Ok(())
        })
    }

    pub(crate) fn durability(&self) -> Result<Vec<String>, Error> {
        // What a new connection gets is what the writer has.
        let connection = connection::open(&self.path, self.synchronous)?;
        let synchronous: i64 = connection
            .query_row("PRAGMA synchronous", [], |row| row.get(0))
            .map_err(connection::failed)?;
        let journal: String = connection
            .query_row("PRAGMA journal_mode", [], |row| row.get(0))
            .map_err(connection::failed)?;
        let mut out = Vec::new();
        if synchronous < 2 {
            out.push(format!(
                "SQLite runs with synchronous={synchronous}, not FULL: a power failure loses commits that were acknowledged, so that a code can be redeemed twice. Remove synchronous=off from the database URL."
            ));
        }
        if journal != "wal" {
            out.push(format!(
                "SQLite's journal_mode is {journal} although WAL was asked for: the file system does not support it (a network share?), and readers and writers will block each other."
            ));
        }
        Ok(out)
    }

    pub(crate) async fn close(&self) {
        drop(
            self.queue
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let mut alive = self.writer_alive.clone();
        // Nothing is ever sent: an error means that the writer has drained its queue and ended.
        while alive.changed().await.is_ok() {}
        self.idle().clear();
    }

    fn with_reader<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self
            .queue
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_none()
        {
            return Err(Error::Closed);
        }
        let idle = self.idle().pop();
        let reader = match idle {
            Some(reader) => reader,
            None => connection::open_reader(&self.path)?,
        };
        let result = work(&reader);
        let mut idle = self.idle();
        if idle.len() < IDLE_READERS {
            idle.push(reader);
        }
        result
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| Error::Unavailable(error.to_string()))
}

fn ended() -> Error {
    Error::UnknownOutcome("the writer ended".to_owned())
}

fn apply(connection: &Connection, migrations: &[Migration]) -> Result<(), Error> {
    connection
        .execute_batch(migration::TABLE)
        .map_err(connection::failed)?;
    let applied: Vec<Applied> = connection
        .prepare(migration::LIST)
        .and_then(|mut list| {
            list.query_map([], |row| {
                Ok(Applied {
                    version: row.get(0)?,
                    checksum: row.get(1)?,
                })
            })?
            .collect()
        })
        .map_err(connection::failed)?;
    for migration in migration::pending(migrations, &applied)? {
        connection
            .execute_batch(migration.sql)
            .and_then(|()| {
                connection.execute(
                    "INSERT INTO schema_migration (version, name, checksum, applied_at) VALUES (?1, ?2, ?3, CAST(strftime('%s', 'now') AS INTEGER))",
                    (migration.version, migration.name, migration.checksum()),
                )
            })
            .map_err(|error| migration.refused(error.to_string()))?;
        tracing::info!(migration = migration.name, "schema migration applied");
    }
    Ok(())
}
