//! What a SQLite database takes on the disk, and what its rows need.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::Failure;

/// Bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    /// The file.
    pub(super) file: u64,
    /// The write-ahead log beside it.
    pub(super) wal: u64,
}

pub(super) fn of(path: &Path) -> Size {
    let length = |path: &Path| path.metadata().map_or(0, |metadata| metadata.len());
    Size {
        file: length(path),
        wal: length(&beside(path, "-wal")),
    }
}

/// What the live rows and their indexes need: the size of a copy that holds nothing else.
pub(super) fn live(path: &Path) -> Result<u64, Failure> {
    let copy = beside(path, ".copy");
    let connection = Connection::open(path)?;
    connection.execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
    let length = copy.metadata()?.len();
    std::fs::remove_file(copy)?;
    Ok(length)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
