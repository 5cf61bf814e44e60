//! Sign-in, sessions and people from outside: through the router and the public functions, on both engines, with a clock that stands still.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

/// Makes a test for each engine of an async function that takes the engine.
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(db::Engine::Sqlite).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name(db::Engine::Postgres).await;
            })*
        }
    };
}

mod browser;
mod hostile;
mod interactions;
mod login;
mod people;
mod sessions;
