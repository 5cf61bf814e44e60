//! Fills a database: realms, keys and clients as grantor makes them, everything that there is much of by bulk SQL with the schema of the migrations.

use std::path::Path;
use std::time::Instant;

use ambient::Ambient;
use realm::clients::{self, Secret};
use realm::{Client, Node, NodeOptions, Resource, SealingKey, Settings, realms, resources};
use rusqlite::Connection;
use serde_json::json;

use super::population::Sizes;
use super::random::Random;
use super::{SECRET, grants, say};
use crate::Failure;

/// The API whose tokens are issued and introspected.
pub(super) const API: &str = "urn:bench:api";
const ACTOR: &str = "bench";

/// Makes the database at `path`, whose issuer is at `port` of this machine.
pub(super) async fn fill(path: &Path, sizes: Sizes, port: u16) -> Result<(), Failure> {
    if path.exists() {
        return Err(format!("{} exists", path.display()).into());
    }
    let start = Instant::now();
    let done = |what: &str| say(format!("{:>7.1} s: {what}", start.elapsed().as_secs_f64()));
    let url = db::Url::parse(&format!("sqlite:{}?synchronous=off", path.display()))?;
    let db = db::Db::open(&url).await?;
    let ambient = Ambient::system();
    let now = ambient.now();
    let key = SealingKey::from_base64url(&super::process::sealing_key())?;
    let issuer = format!("http://localhost:{port}");
    let options = NodeOptions::new(db.clone(), ambient, key, issuer);
    let node = Node::start(options).await?;
    let mut names = vec![realm::FIRST_REALM.to_owned()];
    for index in 1..sizes.realms {
        let name = format!("tenant-{index}");
        realms::create(&node, &name, None, Settings::default(), ACTOR).await?;
        names.push(name);
    }
    done("realms and keys");
    for (index, name) in names.iter().enumerate() {
        applications(&node, name, sizes.of_realm(index as u64).clients).await?;
    }
    done("clients");
    // Settles when to look at each key.
    for _ in 0..sizes.realms.div_ceil(400) + 1 {
        node.sync().await?;
    }
    drop(node);
    db.close().await;

    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -600000; PRAGMA threads = 2; PRAGMA locking_mode = EXCLUSIVE",
    )?;
    let indexes = set_aside_indexes(&connection)?;
    connection.execute_batch("BEGIN")?;
    // The clients have been there longer than their grants.
    connection.execute("UPDATE client SET created_at = created_at - 94608000", [])?;
    let mut random = Random::new(sizes.people);
    for (index, name) in names.iter().enumerate() {
        let tenant = grants::Tenant {
            name,
            sizes: sizes.of_realm(index as u64),
            now,
        };
        grants::fill(&connection, &tenant, &mut random)?;
    }
    connection.execute_batch("COMMIT")?;
    done("people, sessions, grants, events");
    for sql in indexes {
        connection.execute_batch(&sql)?;
    }
    done("indexes");
    for table in ["person", "client", "refresh_family", "consent", "event"] {
        let count = format!("SELECT COUNT(*) FROM {table}");
        let count: i64 = connection.query_row(&count, [], |row| row.get(0))?;
        say(format!("           {table}: {count}"));
    }
    drop(connection);
    say(format!(
        "           {:.2} GB: {}",
        std::fs::metadata(path)?.len() as f64 / 1e9,
        path.display()
    ));
    Ok(())
}

/// Drops the indexes that statements of the migrations made, and gives these statements: built at the end, they cost a fraction.
fn set_aside_indexes(connection: &Connection) -> Result<Vec<String>, Failure> {
    let mut list = connection
        .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")?;
    let indexes: Vec<(String, String)> = list
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    drop(list);
    for (name, _) in &indexes {
        connection.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    Ok(indexes.into_iter().map(|(_, sql)| sql).collect())
}

/// Registers clients that may do everything that is measured.
async fn applications(node: &Node, name: &str, count: u64) -> Result<(), Failure> {
    let realm = node.realm(name).await?.ok_or("the realm is there")?;
    let mut scope = super::SCOPE.to_owned();
    if name == realm::FIRST_REALM {
        let scopes = [json!({"name": "bench.read", "description": "Read"})];
        let api: Resource =
            serde_json::from_value(json!({"id": API, "name": "Bench", "scopes": scopes}))?;
        resources::create(&realm, api, ACTOR).await?;
        scope.push_str(" bench.read");
    }
    for index in 0..count {
        let client: Client = serde_json::from_value(json!({
            "client_name": format!("Application {index}"),
            "redirect_uris": [grantor_tests::live::REDIRECT],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "response_types": ["code"],
            "scope": scope,
            "id_token_signed_response_alg": "ES256",
            "introspects": if name == realm::FIRST_REALM { vec![API] } else { Vec::new() },
        }))?;
        clients::create(&realm, client, Secret::Given(SECRET.to_owned()), ACTOR).await?;
    }
    Ok(())
}
