//! Throw-away databases of both engines.

mod cluster;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

pub use self::cluster::Cluster;
use crate::{Engine, Error, Url};

/// Names a running PostgreSQL server (a URL of a user who may create schemas) that tests use instead of starting one per process.
pub const SERVER: &str = "GRANTOR_TEST_POSTGRES";

/// The URL of a fresh, empty database of this engine; clones of it name the same one. Neither is durable, which is fast.
///
/// On PostgreSQL it is a schema of its own on the server that [`SERVER`] names or else on one that is started for this process and ends with it.
///
/// # Errors
/// When PostgreSQL is not installed, or cannot be started or reached.
pub async fn fresh(engine: Engine) -> Result<Url, Error> {
    match engine {
        Engine::Sqlite => Url::parse("sqlite::memory:"),
        Engine::Postgres => {
            let server = server()?;
            let schema = make_schema(&server).await?;
            let separator = if server.contains('?') { '&' } else { '?' };
            Url::parse(&format!(
                "{server}{separator}options=-c%20search_path%3D{schema}&pool_size=8"
            ))
        }
    }
}

/// The server of all tests of this process.
fn server() -> Result<String, Error> {
    static SHARED: OnceLock<Result<Cluster, Error>> = OnceLock::new();
    if let Ok(url) = std::env::var(SERVER) {
        return Ok(url);
    }
    match SHARED.get_or_init(|| Cluster::start(false)) {
        Ok(cluster) => Ok(cluster.url()),
        Err(error) => Err(error.clone()),
    }
}

async fn make_schema(server: &str) -> Result<String, Error> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let unavailable = |error: tokio_postgres::Error| Error::Unavailable(error.to_string());
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls)
        .await
        .map_err(unavailable)?;
    let driver = tokio::spawn(connection);
    let name = loop {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        match client.batch_execute(&format!("CREATE SCHEMA {name}")).await {
            Ok(()) => break name,
            // Of an earlier process with our number.
            Err(error)
                if error.code() == Some(&tokio_postgres::error::SqlState::DUPLICATE_SCHEMA) => {}
            Err(error) => return Err(unavailable(error)),
        }
    };
    drop(client);
    let _ = driver.await;
    Ok(name)
}
