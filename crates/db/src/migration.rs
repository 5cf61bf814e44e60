use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};

use crate::{Error, Row, Stmt};

/// One step of the schema: SQL in the portable subset, any number of statements. On PostgreSQL each TEXT column gets `COLLATE "C"`, so that both engines
/// compare and order bytes.
///
/// Write them expand-then-contract: a node of the version before runs on the new schema while nodes are being replaced, so a migration adds what
/// the old code ignores, and removes only what no running version reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Ascending, unique, never used again.
    pub version: i64,
    /// The file's stem.
    pub name: &'static str,
    /// The text; it must never change once it has been released.
    pub sql: &'static str,
}

/// What was applied.
pub(crate) static APPLIED_MIGRATIONS: Stmt = Stmt::new("APPLIED_MIGRATIONS", LIST);

/// What the table `schema_migration` knows of one applied migration.
pub(crate) struct Applied {
    pub(crate) version: i64,
    pub(crate) checksum: String,
}

impl Applied {
    pub(crate) fn read(row: &Row) -> Self {
        Self {
            version: row.int(0),
            checksum: row.text(1).to_owned(),
        }
    }
}

impl Migration {
    /// SHA-256 of the text in hexadecimal; line ends do not count, as checkouts differ in them.
    pub(crate) fn checksum(&self) -> String {
        let text = self.sql.replace("\r\n", "\n");
        let mut out = String::with_capacity(64);
        for byte in digest(&SHA256, text.as_bytes()).as_ref() {
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        out
    }

    pub(crate) fn refused(&self, message: impl Into<String>) -> Error {
        Error::Migration {
            version: self.version,
            name: self.name.to_owned(),
            message: message.into(),
        }
    }
}

/// Which of `all` have still to be applied, in order. Applied versions that `all` does not have are left alone: a newer node made them.
pub(crate) fn pending<'a>(
    all: &'a [Migration],
    applied: &[Applied],
) -> Result<Vec<&'a Migration>, Error> {
    if let Some(pair) = all
        .windows(2)
        .find(|pair| pair[0].version >= pair[1].version)
    {
        return Err(Error::MigrationOrder {
            version: pair[1].version,
            name: pair[1].name.to_owned(),
        });
    }
    let known: BTreeMap<i64, &str> = applied
        .iter()
        .map(|row| (row.version, row.checksum.as_str()))
        .collect();
    let mut out = Vec::new();
    for migration in all {
        match known.get(&migration.version) {
            None => out.push(migration),
            Some(checksum) if *checksum == migration.checksum() => {}
            Some(_) => {
                return Err(Error::MigrationChanged {
                    version: migration.version,
                    name: migration.name.to_owned(),
                });
            }
        }
    }
    Ok(out)
}

/// The table that remembers what was applied.
pub(crate) const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)";

/// Reads that table.
pub(crate) const LIST: &str = "SELECT version, checksum FROM schema_migration ORDER BY version";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    const ONE: Migration = Migration {
        version: 1,
        name: "0001_one",
        sql: "CREATE TABLE a (x TEXT);\n",
    };
    const TWO: Migration = Migration {
        version: 2,
        name: "0002_two",
        sql: "CREATE TABLE b (x TEXT);\n",
    };

    fn applied(migration: &Migration) -> Applied {
        Applied {
            version: migration.version,
            checksum: migration.checksum(),
        }
    }

    #[test]
    fn only_what_is_missing_is_pending_and_newer_versions_are_tolerated() {
        let newer = Applied {
            version: 9,
            checksum: "of a newer node".to_owned(),
        };
        assert_eq!(
            pending(&[ONE, TWO], &[applied(&ONE), newer]).unwrap(),
            vec![&TWO]
        );
    }

    #[test]
    fn a_changed_migration_is_named_and_line_ends_are_not_a_change() {
        let windows = Migration {
            sql: "CREATE TABLE a (x TEXT);\r\n",
            ..ONE
        };
        assert!(pending(&[windows], &[applied(&ONE)]).unwrap().is_empty());
        let changed = Migration {
            sql: "CREATE TABLE a (x BIGINT);\n",
            ..ONE
        };
        assert_eq!(
            pending(&[changed], &[applied(&ONE)]).unwrap_err(),
            Error::MigrationChanged {
                version: 1,
                name: "0001_one".to_owned()
            }
        );
    }

    #[test]
    fn a_list_out_of_order_is_refused() {
        assert!(matches!(
            pending(&[TWO, ONE], &[]),
            Err(Error::MigrationOrder { version: 1, .. })
        ));
    }
}
