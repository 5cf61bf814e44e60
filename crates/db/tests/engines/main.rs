//! What holds on both engines.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

mod batches;
mod equality;
mod migrations;
mod postgres;
mod reads;
mod sqlite;

use db::{Db, Engine, Migration};

pub const SCHEMA: Migration = Migration {
    version: 1,
    name: "0001_code",
    sql: "CREATE TABLE code (
            realm TEXT NOT NULL, -- the tenant's TEXT
            hash TEXT NOT NULL,
            redeemed_at BIGINT,
            note TEXT,
            PRIMARY KEY (realm, hash),
            UNIQUE (realm, note)
        );
        CREATE INDEX code_redeemed_at ON code (redeemed_at);",
};

db::statements! {
    /// Adds a code.
    pub INSERT = "INSERT INTO code (realm, hash, redeemed_at, note) VALUES ($1, $2, $3, $4)";
    /// Adds or replaces a code.
    pub PUT = "INSERT INTO code (realm, hash, redeemed_at, note) VALUES ($1, $2, $3, $4) ON CONFLICT (realm, hash) DO UPDATE SET redeemed_at = $3, note = excluded.note";
    /// Adds it unless it is there.
    pub PUT_ONCE = "INSERT INTO code (realm, hash, redeemed_at, note) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    /// The guarded statement; its parameters are out of order.
    pub REDEEM = "UPDATE code SET redeemed_at = $3 WHERE realm = $1 AND hash = $2 AND redeemed_at IS NULL";
    /// The same, giving back what it was.
    pub REDEEM_RETURNING = "UPDATE code SET redeemed_at = $3 WHERE realm = $1 AND hash = $2 AND redeemed_at IS NULL RETURNING hash, note, redeemed_at";
    /// All of a realm.
    pub REDEEM_ALL = "UPDATE code SET redeemed_at = $2 WHERE realm = $1";
    /// A statement that cannot guard itself on PostgreSQL.
    pub DELETE_WITH = "WITH old AS (SELECT hash FROM code WHERE realm = $1 AND hash = $2) DELETE FROM code WHERE realm = $1 AND hash IN (SELECT hash FROM old)";
    /// Removes one.
    pub DELETE = "DELETE FROM code WHERE realm = $1 AND hash = $2 RETURNING hash";
    /// One code.
    pub FIND = "SELECT hash, redeemed_at, note FROM code WHERE hash = $2 AND realm = $1";
    /// All codes of a realm.
    pub LIST = "SELECT hash, redeemed_at, note FROM code WHERE realm = $1 ORDER BY hash";
    /// How many.
    pub COUNT = "SELECT COUNT(*), COUNT(*) > 0 FROM code WHERE realm = $1";
    /// Deletes nearly everything.
    pub CLEAR = "DELETE FROM code WHERE hash <> '1'";
    /// Not SQL on either.
    pub NONSENSE = "SELECT nothing FROM nowhere WHERE a = $1";
}

/// Every statement but the one that is meant to fail.
pub fn sound() -> Vec<&'static db::Stmt> {
    STATEMENTS
        .iter()
        .copied()
        .filter(|stmt| stmt.name != "NONSENSE")
        .collect()
}

pub async fn open(engine: Engine) -> Db {
    let url = db::testing::fresh(engine).await.unwrap();
    let db = Db::open(&url).await.unwrap();
    db.migrate(&[SCHEMA]).await.unwrap();
    db
}

/// Makes a test of `async fn NAME(engine)` for each engine.
#[macro_export]
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(db::Engine::Sqlite).await }
        )* }
        mod on_postgresql { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(db::Engine::Postgres).await }
        )* }
    };
}
