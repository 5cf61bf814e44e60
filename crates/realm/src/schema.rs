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
    Migration {
        version: 11,
        name: "0011_pushed_authorization_request",
        sql: include_str!("../../../migrations/0011_pushed_authorization_request.sql"),
    },
    Migration {
        version: 13,
        name: "0013_trusted_issuer",
        sql: include_str!("../../../migrations/0013_trusted_issuer.sql"),
    },
    Migration {
        version: 14,
        name: "0014_ciba",
        sql: include_str!("../../../migrations/0014_ciba.sql"),
    },
    Migration {
        version: 15,
        name: "0015_authorization_details",
        sql: include_str!("../../../migrations/0015_authorization_details.sql"),
    },
    Migration {
        version: 16,
        name: "0016_registration",
        sql: include_str!("../../../migrations/0016_registration.sql"),
    },
    Migration {
        version: 17,
        name: "0017_claims_request",
        sql: include_str!("../../../migrations/0017_claims_request.sql"),
    },
    Migration {
        version: 18,
        name: "0018_mail",
        sql: include_str!("../../../migrations/0018_mail.sql"),
    },
    Migration {
        version: 20,
        name: "0020_logout",
        sql: include_str!("../../../migrations/0020_logout.sql"),
    },
    Migration {
        version: 21,
        name: "0021_client_ending",
        sql: include_str!("../../../migrations/0021_client_ending.sql"),
    },
    Migration {
        version: 22,
        name: "0022_bound_grant",
        sql: include_str!("../../../migrations/0022_bound_grant.sql"),
    },
    Migration {
        version: 23,
        name: "0023_shared_signals",
        sql: include_str!("../../../migrations/0023_shared_signals.sql"),
    },
    Migration {
        version: 25,
        name: "0025_credential",
        sql: include_str!("../../../migrations/0025_credential.sql"),
    },
    Migration {
        version: 27,
        name: "0027_fairness",
        sql: include_str!("../../../migrations/0027_fairness.sql"),
    },
    Migration {
        version: 28,
        name: "0028_subordinate",
        sql: include_str!("../../../migrations/0028_subordinate.sql"),
    },
    Migration {
        version: 30,
        name: "0030_status_list",
        sql: include_str!("../../../migrations/0030_status_list.sql"),
    },
    Migration {
        version: 31,
        name: "0031_signal_activity",
        sql: include_str!("../../../migrations/0031_signal_activity.sql"),
    },
];
