//! The clients and people of a run, made through the crates that own them, beside the server that runs: 10,000 by the command line would be 10,000 processes.

use std::sync::Arc;

use ambient::Ambient;
use grantor_tests::live::SECRET;
use identity::{Details, Pool, PoolOptions, people};
use jose::{Algorithm, JwkSet, SigningKey};
use oauth::client_auth::{Method, basic};
use realm::clients::{self, PublicKeys, Secret};
use realm::{Client, GrantType, Node, NodeOptions, Realm, SealingKey};
use secrecy::SecretString;
use tokio::task::JoinSet;

use crate::Failure;

/// The API whose scope the clients ask for.
pub(crate) const API: &str = "urn:bench:api";
/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct-horse-battery";
/// A public client of a device.
pub(crate) const DEVICE: &str = "device";
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

/// Clients that can sign.
pub(crate) struct Keyed {
    pub(crate) key: SigningKey,
    /// The one that authenticates with the key.
    pub(crate) signing: String,
    /// The identifier and secret of the one that binds and exchanges its tokens.
    pub(crate) secret: (String, String),
}

/// Makes them, and the device.
pub(crate) async fn keyed(realm: &Realm) -> Result<Keyed, Failure> {
    let key = SigningKey::generate(Algorithm::Es256)?;
    let keys = JwkSet {
        keys: vec![key.public_jwk()?],
    };
    let service = |id: &str, grant_types: &[GrantType]| -> Result<Client, Failure> {
        Ok(Client {
            id: id.to_owned(),
            name: "Service".into(),
            grant_types: grant_types.to_vec(),
            response_types: Vec::new(),
            scope: "bench.read".parse()?,
            ..Client::default()
        })
    };
    let mut signing = service("signing", &[GrantType::ClientCredentials])?;
    signing.token_endpoint_auth_method = Some(Method::PrivateKeyJwt);
    signing.jwks = Some(PublicKeys::from_json(&serde_json::to_string(&keys)?)?);
    clients::create(realm, signing, Secret::None, ACTOR).await?;
    let both = [GrantType::ClientCredentials, GrantType::TokenExchange];
    let secret = Secret::Given(SECRET.to_owned());
    clients::create(realm, service("binding", &both)?, secret, ACTOR).await?;
    let mut device = service(DEVICE, &[GrantType::DeviceCode])?;
    device.token_endpoint_auth_method = Some(Method::None);
    clients::create(realm, device, Secret::None, ACTOR).await?;
    Ok(Keyed {
        key,
        signing: "signing".to_owned(),
        secret: ("binding".to_owned(), SECRET.to_owned()),
    })
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
