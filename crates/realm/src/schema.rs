//! The schema of the whole product: every crate's migrations, in one order.

use db::Migration;

/// All migrations in order. The files are in `migrations/`; one that has been released never changes.
pub static MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "0001_realm",
        sql: include_str!("../../../migrations/0001_realm.sql"),
    },
    Migration {
        version: 2,
        name: "0002_identity",
        sql: include_str!("../../../migrations/0002_identity.sql"),
    },
    Migration {
        version: 3,
        name: "0003_server",
        sql: include_str!("../../../migrations/0003_server.sql"),
    },
    Migration {
        version: 4,
        name: "0004_retention",
        sql: include_str!("../../../migrations/0004_retention.sql"),
    },
    Migration {
        version: 5,
        name: "0005_key_rotation",
        sql: include_str!("../../../migrations/0005_key_rotation.sql"),
    },
    Migration {
        version: 6,
        name: "0006_client_authentication",
        sql: include_str!("../../../migrations/0006_client_authentication.sql"),
    },
    Migration {
        version: 7,
        name: "0007_dpop",
        sql: include_str!("../../../migrations/0007_dpop.sql"),
    },
    Migration {
        version: 10,
        name: "0010_device_code",
        sql: include_str!("../../../migrations/0010_device_code.sql"),
    },
];
