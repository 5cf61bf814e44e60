//! The clients and people of a run, made through the crates that own them, beside the server that runs: 10,000 by the command line would be 10,000 processes.

use std::sync::Arc;

use ambient::Ambient;
use identity::{Details, Pool, PoolOptions, people};
use oauth::client_auth::basic;
use realm::clients::{self, Secret};
use realm::{Client, GrantType, Node, NodeOptions, Realm, SealingKey};
use secrecy::SecretString;
use tokio::task::JoinSet;

use crate::Failure;

/// The API whose scope the clients ask for.
pub(crate) const API: &str = "urn:bench:api";
/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct-horse-battery";
const ACTOR: &str = "benchmark";
/// How many are written at a time: their commits share a write.
const TOGETHER: usize = 64;

/// The realm of the server under test, opened beside it. `GRANTOR_SEALING_KEY` of the live harness is its key.
pub(crate) async fn realm(database: &str) -> Result<Arc<Realm>, Failure> {
    let db = db::Db::open(&db::Url::parse(database)?).await?;
    let key = SealingKey::from_base64url(&"A".repeat(43))?;
    let options = NodeOptions::new(db, Ambient::system(), key, "");
    Ok(Node::start(options).await?.first())
}

/// Makes so many clients that may use client credentials; their `Authorization` headers.
pub(crate) async fn clients(realm: &Arc<Realm>, count: usize) -> Result<Vec<String>, Failure> {
    let mut authorizations = Vec::with_capacity(count);
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let (id, secret) = (
            format!("service-{number:05}"),
            format!("secret-of-{number:05}"),
        );
        authorizations.push(basic(&id, &secret));
        let client = Client {
            id,
            name: "Service".into(),
            grant_types: vec![GrantType::ClientCredentials],
            response_types: Vec::new(),
            scope: "bench.read".parse()?,
            ..Client::default()
        };
        let realm = Arc::clone(realm);
        if tasks.len() >= TOGETHER {
            finished(tasks.join_next().await)?;
        }
        tasks.spawn(async move {
            clients::create(&realm, client, Secret::Given(secret), ACTOR).await?;
            Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        finished(Some(done))?;
    }
    Ok(authorizations)
}

/// Makes so many people with [`PASSWORD`]; their user names. One hash serves them all: to check it costs the same, and to make it a thousand times takes long.
pub(crate) async fn people(realm: &Arc<Realm>, count: usize) -> Result<Vec<String>, Failure> {
    let pool = Pool::new(PoolOptions::default(), realm.ambient().entropy.clone());
    let hash = pool.set("bench", SecretString::from(PASSWORD)).await?;
    let mut names = Vec::with_capacity(count);
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let username = format!("person-{number:05}");
        names.push(username.clone());
        let details = Details {
            username,
            ..Details::default()
        };
        let (realm, hash) = (Arc::clone(realm), hash.clone());
        if tasks.len() >= TOGETHER {
            finished(tasks.join_next().await)?;
        }
        tasks.spawn(async move {
            people::create(&realm, details, Some(hash), Some(ACTOR)).await?;
            Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        finished(Some(done))?;
    }
    Ok(names)
}

fn finished(
    done: Option<Result<Result<(), Failure>, tokio::task::JoinError>>,
) -> Result<(), Failure> {
    done.map_or(Ok(()), |joined| joined?)
}
