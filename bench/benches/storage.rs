//! Commits and point reads a second on both engines with their durable settings, beside what the engine itself can do: for PostgreSQL pgbench with
//! the same guarded statement, for SQLite its one client, who shares no commit. `cargo bench -p grantor-bench --bench storage`; docs/adr/0001-storage.md has the reading.
//!
//! All is measured in turn, several rounds long, so that what else the machine does meets everything alike; the median of the rounds stands beside the
//! least and the most.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use db::testing::Cluster;
use db::{Batch, Db, Migration, Stmt, Url, params};

const SCHEMA: Migration = Migration {
    version: 1,
    name: "0001_item",
    sql: "CREATE TABLE item (realm TEXT NOT NULL, id TEXT NOT NULL, version BIGINT NOT NULL, PRIMARY KEY (realm, id));
        CREATE TABLE event (realm TEXT NOT NULL, id TEXT NOT NULL, at BIGINT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (realm, id));",
};

db::statements! {
    FILL = "INSERT INTO item (realm, id, version) VALUES ($1, $2, 0)";
    STEP = "UPDATE item SET version = version + 1 WHERE realm = $1 AND id = $2 AND version >= $3";
    /// The same, in a form whose guard is checked by us, which takes a second round trip on PostgreSQL.
    STEP_WITH = "WITH wanted AS (SELECT 0) UPDATE item SET version = version + 1 WHERE realm = $1 AND id = $2 AND version >= $3";
    EVENT = "INSERT INTO event (realm, id, at, detail) VALUES ($1, $2, $3, $4)";
    FIND = "SELECT id, version FROM item WHERE realm = $1 AND id = $2";
}

/// Rows of the table; each client has some of its own.
const ROWS: usize = 6400;
const CLIENTS: [usize; 3] = [1, 16, 64];
const TIME: Duration = Duration::from_secs(1);
const ROUNDS: usize = 7;

#[derive(Clone, Copy)]
enum Work {
    Commit(&'static Stmt),
    CommitWithEvents,
    Read,
}

const WORK: [(&str, Work); 4] = [
    ("one guarded statement", Work::Commit(&STEP)),
    ("the same, guard checked by us", Work::Commit(&STEP_WITH)),
    ("guarded statement, two inserts", Work::CommitWithEvents),
    ("point read", Work::Read),
];

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = format!("sqlite:{}/bench.db", directory.path().display());
    let cluster = Cluster::start(true).unwrap();
    let engines = [
        ("SQLite", runtime.block_on(open(&file))),
        ("PostgreSQL", runtime.block_on(open(&cluster.url()))),
    ];
    let mut rates: BTreeMap<(String, usize), Vec<f64>> = BTreeMap::new();
    for _ in 0..ROUNDS {
        for clients in CLIENTS {
            for (name, work) in WORK {
                for (engine, db) in &engines {
                    let rate = runtime.block_on(load(db, work, clients));
                    let key = (format!("{engine}, {name}"), clients);
                    rates.entry(key).or_default().push(rate);
                }
            }
            let key = ("pgbench, one guarded statement".to_owned(), clients);
            rates
                .entry(key)
                .or_default()
                .push(pgbench(cluster.directory(), clients));
        }
    }
    for ((name, clients), mut rounds) in rates {
        rounds.sort_by(f64::total_cmp);
        let (least, median, most) = (rounds[0], rounds[ROUNDS / 2], rounds[ROUNDS - 1]);
        println!("{name:<45} {clients:>3} clients {median:>9.0}/s ({least:.0} to {most:.0})");
    }
}

async fn open(url: &str) -> Db {
    let db = Db::open(&Url::parse(url).unwrap()).await.unwrap();
    assert_eq!(db.durability().await.unwrap(), Vec::<String>::new());
    db.migrate(&[SCHEMA]).await.unwrap();
    for chunk in 0..ROWS / 100 {
        let mut batch = Batch::new();
        for row in 0..100 {
            batch.run(&FILL, params!["r", id(chunk * 100 + row)]);
        }
        db.commit(batch).await.unwrap();
    }
    db
}

fn id(row: usize) -> String {
    format!("item-{row:06}")
}

/// Operations a second.
async fn load(db: &Db, work: Work, clients: usize) -> f64 {
    let stop = Arc::new(AtomicBool::new(false));
    let begin = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let (db, stop) = (db.clone(), stop.clone());
            tokio::spawn(async move {
                let mut done = 0_usize;
                while !stop.load(Ordering::Relaxed) {
                    one(
                        &db,
                        work,
                        id((client + done * CLIENTS[2]) % ROWS),
                        (client, done),
                    )
                    .await;
                    done += 1;
                    // Reads on SQLite never wait, and would keep the others from running.
                    tokio::task::coop::consume_budget().await;
                }
                done
            })
        })
        .collect();
    tokio::time::sleep(TIME).await;
    stop.store(true, Ordering::Relaxed);
    let mut done = 0;
    for task in tasks {
        done += task.await.unwrap();
    }
    let seconds = begin.elapsed().as_secs_f64();
    done as f64 / seconds
}

async fn one(db: &Db, work: Work, id: String, unique: (usize, usize)) {
    let mut batch = Batch::new();
    match work {
        Work::Read => {
            let row = db.row(&FIND, params!["r", id]).await.unwrap().unwrap();
            assert!(row.int(1) >= 0);
            return;
        }
        Work::Commit(stmt) => {
            batch.expect(stmt, params!["r", id, 0], 1);
        }
        Work::CommitWithEvents => {
            batch.expect(&STEP, params!["r", &id, 0], 1);
            for kind in ["event", "log"] {
                // Unique for each number of clients as well: time only grows.
                let key = format!("{kind} {unique:?} {:?}", Instant::now());
                batch.run(
                    &EVENT,
                    params![
                        "r",
                        key,
                        1,
                        "a detail of some length about what happened to whom"
                    ],
                );
            }
        }
    }
    db.commit(batch).await.unwrap();
}

/// Transactions a second of PostgreSQL's own load generator, over the same socket.
fn pgbench(socket: &Path, clients: usize) -> f64 {
    let script = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        script.path(),
        format!(
            "\\set row random(0, {})\nUPDATE item SET version = version + 1 WHERE realm = 'r' AND id = 'item-' || lpad(CAST(:row AS TEXT), 6, '0') AND version >= 0;\n",
            ROWS - 1
        ),
    )
    .unwrap();
    let output = Command::new("pgbench")
        .args([
            "-n", "-M", "prepared", "-U", "postgres", "-T", "1", "-j", "2", "-h",
        ])
        .arg(socket)
        .args(["-c", &clients.to_string(), "-f"])
        .arg(script.path())
        .arg("postgres")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("tps"))
        .unwrap_or_else(|| panic!("{text}"));
    line.split_whitespace().nth(2).unwrap().parse().unwrap()
}
