//! Realms from outside: nodes that share a database, on both engines, with a clock that stands still.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

/// Makes a test for each engine of an async function that takes a [`bed::Bed`].
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::bed::Bed::new(db::Engine::Sqlite).await).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::bed::Bed::new(db::Engine::Postgres).await).await;
            })*
        }
    };
}

mod bed;
mod clients;
mod keys;
mod nodes;
mod outbox;
mod realms;
mod resources;
mod revocations;
mod sweeping;
