//! Throw-away databases for tests.
use crate::{Engine, Error, Url};

/// The URL of a fresh, empty database of this engine.
///
/// # Errors
/// When PostgreSQL cannot be started or reached.
pub async fn fresh(engine: Engine) -> Result<Url, Error> {
    match engine {
        Engine::Sqlite => Url::parse("sqlite::memory:"),
        Engine::Postgres => Err(Error::Closed),
    }
}
