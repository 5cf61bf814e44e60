//! Where a command works: the configuration it reads, the database it opens, the tenant it means.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ambient::{Ambient, Entropy};
use clap::Args;
use realm::{Node, NodeOptions, Realm, SealingKey};

use crate::config::{Config, ConfigError, Secret};
use crate::failure::Failure;

/// The options of every command that works on a database.
#[derive(Args, Clone, Debug)]
pub(crate) struct Place {
    /// The configuration file; without it, grantor.toml in this folder if there is one. The environment (GRANTOR_…) wins
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Work on the data that `grantor demo --data DIR` keeps, instead of the configured database
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    pub(crate) data: Option<PathBuf>,
    /// The tenant
    #[arg(long, value_name = "NAME", default_value = "main")]
    pub(crate) realm: String,
}

impl Place {
    /// Opens the database and starts a node on it, without listening. What is changed reaches running nodes through the change log.
    pub(crate) async fn node(&self) -> Result<Arc<Node>, Failure> {
        let config = match &self.data {
            // Whatever issuer the demo was started with.
            Some(dir) => Config {
                issuer: String::new(),
                ..demo_config(dir, 0)
            },
            None => Config::load(self.config.as_deref())?,
        };
        open(&config, Ambient::system()).await
    }

    /// The tenant the command means.
    pub(crate) async fn realm(&self) -> Result<Arc<Realm>, Failure> {
        let node = self.node().await?;
        self.realm_of(&node).await
    }

    /// The tenant the command means, on a node that is open.
    pub(crate) async fn realm_of(&self, node: &Node) -> Result<Arc<Realm>, Failure> {
        match node.realm(&self.realm).await? {
            Some(realm) => Ok(realm),
            None => Err(format!(
                "there is no realm `{}` (see `grantor realm list`)",
                self.realm
            )
            .into()),
        }
    }
}

/// The configuration of a demo whose data is in `dir`.
pub(crate) fn demo_config(dir: &Path, port: u16) -> Config {
    Config {
        issuer: format!("http://localhost:{port}"),
        database: Secret(format!("sqlite:{}", dir.join("grantor.db").display())),
        ..Config::default()
    }
}

/// Opens the configured database, brings its schema up to date and starts a node on it. RSA keys wait until somebody needs one: making one takes
/// longer than all the rest.
pub(crate) async fn open(config: &Config, ambient: Ambient) -> Result<Arc<Node>, Failure> {
    // The first random bytes of a process take about 20 ms; the database can be opened meanwhile.
    std::thread::spawn(|| Entropy::System.bytes::<1>());
    let options = options(config, ambient).await?;
    Ok(Node::start(options).await?)
}

async fn options(config: &Config, ambient: Ambient) -> Result<NodeOptions, Failure> {
    let url = db::Url::parse(&config.database.0)?;
    let mut sealing_key = sealing_key(config, &url)?;
    if let Some(previous) = &config.sealing_key_previous {
        sealing_key = sealing_key.with_previous(SealingKey::from_base64url(&previous.0)?);
    }
    let db = db::Db::open(&url).await?;
    Ok(NodeOptions::new(
        db,
        ambient,
        sealing_key,
        config.issuer.clone(),
    ))
}

fn sealing_key(config: &Config, url: &db::Url) -> Result<SealingKey, Failure> {
    if let Some(key) = &config.sealing_key {
        return Ok(SealingKey::from_base64url(&key.0)?);
    }
    match (&config.sealing_key_file, beside(url)) {
        (Some(file), None) => Ok(SealingKey::load(file)?),
        (Some(file), Some(_)) => Ok(SealingKey::load_or_create(file)?),
        (None, Some(file)) => Ok(SealingKey::load_or_create(&file)?),
        (None, None) => Err(Box::new(ConfigError {
            place: "configuration".into(),
            message: "sealing_key: PostgreSQL needs an explicit key, the same on every node (32 random bytes as base64url, for instance from \
                      `openssl rand -base64 32 | tr '+/' '-_' | tr -d =`)"
                .into(),
        })),
    }
}

/// Where the sealing key is when nobody says: beside the SQLite file.
fn beside(url: &db::Url) -> Option<PathBuf> {
    url.path().map(|path| {
        let mut name = path.as_os_str().to_owned();
        name.push(".key");
        PathBuf::from(name)
    })
}

/// The file that should hold the sealing key and does not exist.
pub(crate) fn missing_sealing_key(config: &Config, url: &db::Url) -> Option<PathBuf> {
    let file = config.sealing_key_file.clone().or_else(|| beside(url));
    file.filter(|file| config.sealing_key.is_none() && !file.exists())
}
