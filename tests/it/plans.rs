//! No statement reads a whole table, or all that a realm has in it: each has an index for what it looks for.

use std::sync::atomic::{AtomicU64, Ordering};

use db::{Batch, Stmt, Value, params};

use crate::harness::{Engine, World};

/// Statements about all that a realm has, where that is little or all of it is wanted; those that purge a removed realm are among them.
const WHOLE_REALM: &[&str] = &[
    "COUNT_SUBORDINATES",
    "LIST_HISTORY",
    "LIST_ISSUERS",
    "LIST_KEYS",
    "LIST_RESOURCES",
    "LIST_REVOCATIONS",
    "LIST_STANDINGS",
    "LIST_STATUS_LISTS",
    "LOOK_SOON",
];

/// Statements about all there is, run when a node starts and when a realm changes: the hosts that realms have for themselves.
const WHOLE: &[&str] = &["REALMS_ELSEWHERE"];

/// The complaints about each statement's plan.
async fn complaints(engine: Engine, judge: fn(&str) -> Option<Fault>) -> Vec<String> {
    let world = World::new(engine, 1).await;
    let all = [
        realm::statements(),
        identity::statements(),
        server::statements(),
    ]
    .concat();
    let mut out = Vec::new();
    for stmt in all {
        let steps = match engine {
            Engine::Sqlite => sqlite(&world, stmt).await,
            Engine::Postgres => postgres(&world, stmt).await,
        };
        let wanted = WHOLE_REALM.contains(&stmt.name) || stmt.name.starts_with("PURGE_");
        for step in steps {
            match judge(&step) {
                Some(Fault::WholeRealm) if wanted => {}
                Some(Fault::WholeTable) if WHOLE.contains(&stmt.name) => {}
                Some(_) => out.push(format!("{}: {step}", stmt.name)),
                None => {}
            }
        }
    }
    out
}

enum Fault {
    WholeTable,
    WholeRealm,
}

#[tokio::test]
async fn no_statement_scans_a_table() {
    let scans = complaints(Engine::Sqlite, |step| {
        // The one row of a SELECT without a table.
        if step == "SCAN CONSTANT ROW" {
            None
        } else if step.starts_with("SCAN") || step.contains("AUTOMATIC") {
            Some(Fault::WholeTable)
        } else if step.ends_with("(realm=?)") {
            Some(Fault::WholeRealm)
        } else {
            None
        }
    });
    let scans = scans.await;
    assert!(scans.is_empty(), "{scans:#?}");
}

/// With sequential scans made as dear as they can be, PostgreSQL chooses one only where no index would do. Which index it would choose says little as long as its
/// tables are empty.
#[tokio::test]
async fn no_statement_scans_a_table_of_postgresql() {
    let scans = complaints(Engine::Postgres, |step| {
        let whole_index =
            step.contains("Index") && step.contains("Scan using") && !step.contains("Index Cond");
        if step.contains("Seq Scan") || whole_index {
            Some(Fault::WholeTable)
        } else {
            None
        }
    });
    let scans = scans.await;
    assert!(scans.is_empty(), "{scans:#?}");
}

/// What SQLite will do for a statement.
async fn sqlite(world: &World, stmt: &Stmt) -> Vec<String> {
    let explain = leak(format!("EXPLAIN QUERY PLAN {}", stmt.sql));
    let nothing = vec![Value::Null; parameters(stmt)];
    let rows = world.node().db().rows(explain, nothing.into()).await;
    let rows = rows.unwrap();
    rows.iter().map(|row| row.text(3).to_owned()).collect()
}

/// What PostgreSQL will do for it whatever its parameters are: each node of the plan with what is said of it.
async fn postgres(world: &World, stmt: &Stmt) -> Vec<String> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = format!("planned_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let nothing = vec!["NULL"; parameters(stmt)].join(", ");
    let arguments = if nothing.is_empty() {
        nothing
    } else {
        format!("({nothing})")
    };
    let mut batch = Batch::new();
    for setting in [
        "SELECT set_config('enable_seqscan', 'off', true)",
        "SELECT set_config('plan_cache_mode', 'force_generic_plan', true)",
    ] {
        batch.run(leak(setting.to_owned()), params![]);
    }
    batch.run(leak(format!("PREPARE {name} AS {}", stmt.sql)), params![]);
    let explain = leak(format!("EXPLAIN EXECUTE {name}{arguments}"));
    let index = batch.run(explain, params![]);
    let committed = world.node().db().commit(batch).await.unwrap();
    let mut nodes: Vec<String> = Vec::new();
    for row in committed.rows(index) {
        let line = row.text(0).trim();
        match nodes.last_mut() {
            // What is said of a node follows it.
            Some(node) if !line.contains("(cost=") => node.push_str(&format!("; {line}")),
            _ => nodes.push(line.to_owned()),
        }
    }
    nodes
}

/// How many parameters a statement has.
fn parameters(stmt: &Stmt) -> usize {
    let highest = (1..=40)
        .filter(|n| stmt.sql.contains(&format!("${n}")))
        .max();
    highest.unwrap_or(0)
}

fn leak(sql: String) -> &'static Stmt {
    Box::leak(Box::new(Stmt::new("PLAN", sql.leak())))
}
