use db::{Batch, Db, Engine, Error, Migration, params};

use crate::{COUNT, INSERT, SCHEMA};

crate::on_both_engines!(
    nodes_that_start_at_once_apply_each_migration_once,
    a_changed_migration_stops_the_start_and_is_named,
    a_failing_migration_leaves_nothing_of_its_run,
    an_older_binary_runs_on_a_newer_schema,
    statements_that_were_prepared_survive_a_migration,
);

const SECOND: Migration = Migration {
    version: 2,
    name: "0002_label",
    sql: "ALTER TABLE code ADD COLUMN label TEXT; CREATE TABLE once (id TEXT NOT NULL PRIMARY KEY); INSERT INTO once (id) VALUES ('TEXT $1; --');",
};

db::statements! {
    ONCE = "SELECT id FROM once";
    STAR = "SELECT * FROM code WHERE realm = $1";
    VERSIONS = "SELECT version, name FROM schema_migration WHERE applied_at > 1700000000 ORDER BY version";
}

async fn versions(db: &Db) -> Vec<i64> {
    let rows = db.rows(&VERSIONS, params![]).await.unwrap();
    rows.iter().map(|row| row.int(0)).collect()
}

async fn nodes_that_start_at_once_apply_each_migration_once(engine: Engine) {
    let url = db::testing::fresh(engine).await.unwrap();
    let nodes: Vec<_> = (0..6)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move {
                let db = Db::open(&url).await.unwrap();
                db.migrate(&[SCHEMA, SECOND]).await.unwrap();
                db
            })
        })
        .collect();
    let mut last = None;
    for node in nodes {
        last = Some(node.await.unwrap());
    }
    let db = last.unwrap();
    assert_eq!(versions(&db).await, [1, 2]);
    assert_eq!(
        db.rows(&ONCE, params![]).await.unwrap()[0].text(0),
        "TEXT $1; --"
    );
}

async fn a_changed_migration_stops_the_start_and_is_named(engine: Engine) {
    let db = crate::open(engine).await;
    let changed = Migration {
        sql: "CREATE TABLE code (realm TEXT);",
        ..SCHEMA
    };
    let error = db.migrate(&[changed, SECOND]).await.unwrap_err();
    assert_eq!(
        error,
        Error::MigrationChanged {
            version: 1,
            name: "0001_code".to_owned()
        }
    );
    assert_eq!(versions(&db).await, [1]);
}

async fn a_failing_migration_leaves_nothing_of_its_run(engine: Engine) {
    let db = crate::open(engine).await;
    let broken = Migration {
        version: 3,
        name: "0003_broken",
        sql: "CREATE TABLE a (x TEXT); CREATE TABLE code (x TEXT);",
    };
    let error = db.migrate(&[SCHEMA, SECOND, broken]).await.unwrap_err();
    assert!(
        matches!(&error, Error::Migration { version: 3, name, .. } if name == "0003_broken"),
        "{error}"
    );
    assert_eq!(versions(&db).await, [1]);
    assert!(db.check(&[&ONCE]).await.is_err());
    db.migrate(&[SCHEMA, SECOND]).await.unwrap();
    assert_eq!(versions(&db).await, [1, 2]);
}

async fn an_older_binary_runs_on_a_newer_schema(engine: Engine) {
    let url = db::testing::fresh(engine).await.unwrap();
    Db::open(&url)
        .await
        .unwrap()
        .migrate(&[SCHEMA, SECOND])
        .await
        .unwrap();
    let older = Db::open(&url).await;
    // A database in a temporary directory lives on in its URL.
    let older = older.unwrap();
    older.migrate(&[SCHEMA]).await.unwrap();
    assert_eq!(versions(&older).await, [1, 2]);
    older.check(&[&COUNT]).await.unwrap();
}

async fn statements_that_were_prepared_survive_a_migration(engine: Engine) {
    let url = db::testing::fresh(engine).await.unwrap();
    let (old, new) = (Db::open(&url).await.unwrap(), Db::open(&url).await.unwrap());
    old.migrate(&[SCHEMA]).await.unwrap();
    let mut batch = Batch::new();
    batch.run(&INSERT, params!["r", "a", 1, None::<&str>]);
    old.commit(batch).await.unwrap();
    let before = old
        .row(&STAR, params!["r"])
        .await
        .unwrap()
        .unwrap()
        .values()
        .len();
    new.migrate(&[SCHEMA, SECOND]).await.unwrap();
    let after = old
        .row(&STAR, params!["r"])
        .await
        .unwrap()
        .unwrap()
        .values()
        .len();
    assert_eq!((before, after), (4, 5));
    let mut batch = Batch::new();
    batch.expect(&STAR, params!["r"], 1);
    old.commit(batch).await.unwrap();
}
