//! Copying the write-ahead log into the file, on a thread of its own. SQLite would do it in the middle of a commit, and everyone would wait while pages
//! from all over a large file are written and synced.

use std::fs::File;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use rusqlite::Connection;

use super::connection::{self, failed};
use crate::Error;

/// Frames in the log from which on it is copied: so many pages of 4 KiB, which a start after a crash has to read.
const FRAMES: i64 = 3000;

/// Frames from which on SQLite copies them within a commit after all: whoever writes faster than the disk takes it has to wait.
const AT_MOST: u32 = 16_000;

/// How many statements the writer commits before the log is looked at.
const STATEMENTS: usize = 256;

/// How long the writer waits for readers, and other processes, to let it begin the log anew. If they do not, it grows, and is tried again.
const PATIENCE: Duration = Duration::from_millis(4);

/// The writer's side.
pub(super) struct Log {
    statements: usize,
    bell: SyncSender<()>,
    copied: Receiver<()>,
}

/// The other side, for a thread of its own.
pub(super) struct Copier {
    path: PathBuf,
    synchronous: bool,
    bell: Receiver<()>,
    copied: SyncSender<()>,
}

/// Both sides, for the database at `path`.
pub(super) fn new(path: PathBuf, synchronous: bool) -> (Log, Copier) {
    let (ring, bell) = sync_channel(1);
    let (tell, copied) = sync_channel(1);
    let log = Log {
        statements: 0,
        bell: ring,
        copied,
    };
    let copier = Copier {
        path,
        synchronous,
        bell,
        copied: tell,
    };
    (log, copier)
}

impl Log {
    /// To be called by the writer, outside of a transaction, after it has committed so many statements.
    pub(super) fn grew(&mut self, connection: &Connection, statements: usize) {
        self.statements += statements;
        if self.statements >= STATEMENTS {
            self.statements = 0;
            // When the bell rings already, that will do.
            let _ = self.bell.try_send(());
        }
        if self.copied.try_recv().is_ok()
            && let Err(error) = begin_anew(connection)
        {
            tracing::error!(%error, "the log cannot be begun anew");
        }
    }
}

/// Copies what little is left and begins the log anew with the next commit.
fn begin_anew(connection: &Connection) -> Result<(), Error> {
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    let done = checkpoint(connection, "RESTART");
    connection
        .busy_timeout(connection::BUSY_TIMEOUT)
        .map_err(failed)?;
    done.map(|_| ())
}

impl Copier {
    /// Copies whenever there is enough, until the writer ends.
    pub(super) fn run(&self) {
        let mut open = None;
        while self.bell.recv().is_ok() {
            match self.look(&mut open) {
                Ok(true) => {
                    let _ = self.copied.try_send(());
                }
                Ok(false) => {}
                // Then the log grows, until the writer has to do this itself and meets the error.
                Err(error) => tracing::error!(%error, "the log cannot be copied"),
            }
        }
        if let Some((connection, file)) = open {
            drop(connection);
            // Closing it would drop the locks that other connections of this process have on the same file (POSIX: fcntl).
            std::mem::forget(file);
        }
    }

    /// Says whether most of the log has been copied.
    fn look(&self, open: &mut Option<(Connection, File)>) -> Result<bool, Error> {
        let (connection, file) = match open {
            Some(open) => open,
            None => open.insert(self.open()?),
        };
        let (frames, _) = checkpoint(connection, "NOOP")?;
        if frames < FRAMES {
            return Ok(false);
        }
        // While others commit, SQLite leaves it to whoever copies the last frame to sync the file, and that is the writer: so it is done here. The second
        // turn takes what was committed during the first.
        for _ in 0..2 {
            checkpoint(connection, "PASSIVE")?;
            if self.synchronous {
                file.sync_data()
                    .map_err(|error| Error::Engine(error.to_string()))?;
            }
        }
        Ok(true)
    }

    fn open(&self) -> Result<(Connection, File), Error> {
        let connection = connection::open(&self.path, self.synchronous)?;
        let file = File::open(&self.path)
            .map_err(|error| Error::Unavailable(format!("{}: {error}", self.path.display())))?;
        Ok((connection, file))
    }
}

/// How many frames the log has, and how many of them are in the file too.
fn checkpoint(connection: &Connection, mode: &str) -> Result<(i64, i64), Error> {
    let pragma = format!("PRAGMA wal_checkpoint({mode})");
    connection
        .query_row(&pragma, [], |row| Ok((row.get(1)?, row.get(2)?)))
        .map_err(failed)
}

/// Leaves to SQLite only what nobody else has done in time.
pub(super) fn limit(connection: &Connection) -> Result<(), Error> {
    let pragma = format!("PRAGMA wal_autocheckpoint = {AT_MOST}");
    connection
        .query_row(&pragma, [], |_| Ok(()))
        .map_err(failed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    struct Bed {
        connection: Connection,
        log: Log,
        copier: Copier,
        copying: Option<(Connection, File)>,
        directory: tempfile::TempDir,
    }

    fn bed() -> Bed {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.db");
        connection::create_file(&path).unwrap();
        let connection = connection::open(&path, false).unwrap();
        connection.execute_batch("CREATE TABLE t (v TEXT)").unwrap();
        let (log, copier) = new(path, false);
        Bed {
            connection,
            log,
            copier,
            copying: None,
            directory,
        }
    }

    impl Bed {
        /// Commits so many rows, each alone on a page.
        fn commit(&mut self, count: usize) {
            let row = "v".repeat(3000);
            for _ in 0..count {
                let insert = "INSERT INTO t (v) VALUES (?1)";
                self.connection.execute(insert, [&row]).unwrap();
                self.log.grew(&self.connection, 1);
            }
        }

        fn frames(&self) -> i64 {
            checkpoint(&self.connection, "NOOP").unwrap().0
        }

        /// What the thread does when the bell rings.
        fn look(&mut self) -> bool {
            self.copier.bell.try_recv().unwrap();
            let copied = self.copier.look(&mut self.copying).unwrap();
            if copied {
                self.copier.copied.send(()).unwrap();
            }
            copied
        }

        fn rows(&self) -> i64 {
            let path = self.directory.path().join("a.db");
            let count = |row: &rusqlite::Row<'_>| row.get(0);
            let reader = connection::open_reader(&path).unwrap();
            reader
                .query_row("SELECT COUNT(*) FROM t", [], count)
                .unwrap()
        }
    }

    #[test]
    fn a_log_that_has_grown_is_copied_and_begun_anew() {
        let mut bed = bed();
        bed.commit(300);
        assert!(!bed.look());
        bed.commit(2000);
        assert!(bed.frames() > FRAMES);
        assert!(bed.look());
        assert!(bed.frames() > FRAMES);
        // Also what is committed after it was copied.
        bed.commit(2);
        assert!(bed.frames() < 10);
        assert_eq!(bed.rows(), 2302);
    }

    #[test]
    fn whoever_reads_an_old_state_holds_up_neither_commits_nor_later_copies() {
        let mut bed = bed();
        bed.commit(10);
        let reader = Connection::open(bed.directory.path().join("a.db")).unwrap();
        reader
            .execute_batch("BEGIN; SELECT COUNT(*) FROM t")
            .unwrap();
        let seen = |reader: &Connection| -> i64 {
            let count = "SELECT COUNT(*) FROM t";
            reader.query_row(count, [], |row| row.get(0)).unwrap()
        };
        assert_eq!(seen(&reader), 10);
        bed.commit(2000);
        bed.look();
        bed.commit(500);
        assert!(bed.frames() > FRAMES);
        assert_eq!(seen(&reader), 10);
        reader.execute_batch("COMMIT").unwrap();
        assert!(bed.look());
        bed.commit(2);
        assert!(bed.frames() < 10);
        assert_eq!(bed.rows(), 2512);
    }

    #[test]
    fn commits_go_on_when_nobody_copies() {
        let mut bed = bed();
        bed.commit(100);
        let Bed {
            connection,
            mut log,
            copier,
            ..
        } = bed;
        drop(copier);
        for _ in 0..STATEMENTS {
            connection
                .execute("DELETE FROM t WHERE v = ''", [])
                .unwrap();
            log.grew(&connection, 1);
        }
    }
}
