use tokio_postgres::Client;

use super::pipeline::Lease;
use super::{Postgres, failure};
use crate::migration::{self, Applied};
use crate::{Error, Migration, dialect};

/// The first half of the advisory lock's key: "gran". The second is the schema, so that those who migrate different ones do not wait for each other.
const LOCK: i32 = 0x6772_616e;

impl Postgres {
    pub(crate) async fn migrate(&self, migrations: &[Migration]) -> Result<(), Error> {
        migration::pending(migrations, &[])?;
        let lease = Lease::new(self.connection().await?);
        apply(lease.client()?, migrations).await?;
        lease.clean();
        self.pool.manager().statement_caches.clear();
        Ok(())
    }
}

async fn apply(client: &Client, migrations: &[Migration]) -> Result<(), Error> {
    let failed = |error: tokio_postgres::Error| Error::Engine(failure::cause(&error));
    // READ COMMITTED, so that what is read behind the lock is what the one before us left.
    client
        .batch_execute(&format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({LOCK}, hashtext(COALESCE(current_schema(), '')))"
        ))
        .await
        .map_err(failed)?;
    client
        .batch_execute(&dialect::postgres_schema(migration::TABLE))
        .await
        .map_err(failed)?;
    let rows = client.query(migration::LIST, &[]).await.map_err(failed)?;
    let applied: Vec<Applied> = rows
        .iter()
        .map(|row| Applied {
            version: row.get(0),
            checksum: row.get(1),
        })
        .collect();
    for migration in migration::pending(migrations, &applied)? {
        let refused = |error: tokio_postgres::Error| migration.refused(failure::cause(&error));
        client
            .batch_execute(&dialect::postgres_schema(migration.sql))
            .await
            .map_err(refused)?;
        client
            .execute(
                "INSERT INTO schema_migration (version, name, checksum, applied_at) VALUES ($1, $2, $3, CAST(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) AS BIGINT))",
                &[&migration.version, &migration.name, &migration.checksum()],
            )
            .await
            .map_err(refused)?;
        tracing::info!(migration = migration.name, "schema migration applied");
    }
    client
        .batch_execute("COMMIT")
        .await
        .map_err(|error| Error::UnknownOutcome(failure::cause(&error)))
}
