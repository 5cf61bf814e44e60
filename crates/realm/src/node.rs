use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ambient::Ambient;
use db::{Batch, Db, Stmt, params};
use jose::Algorithm;
use tokio::sync::Mutex;

use crate::background;
use crate::cache::Cache;
use crate::changes::{self, Follower, Kind};
use crate::clients;
use crate::error::Error;
use crate::keys::{self, Purpose, Role, rules::Schedule};
use crate::outbox::{self, Handler, Handlers};
use crate::realms::{self, Stored};
use crate::sealing::SealingKey;
use crate::settings::Settings;
use crate::tenant::Realm;
use crate::{schema, sweep};

/// The name of the first realm, whose issuer has no path of its own.
pub const FIRST_REALM: &str = "main";

/// How many realms are kept in memory, besides the first.
const REALMS: usize = 1000;

/// What a node is started with.
#[derive(Clone)]
pub struct NodeOptions {
    /// The database; its schema is brought up to date.
    pub db: Db,
    /// The clock and the randomness.
    pub ambient: Ambient,
    /// The key that opens the realms' root secrets.
    pub sealing_key: SealingKey,
    /// The issuer of the first realm, which is made with it. When there is one already it must be the same; empty: whatever the database says.
    pub issuer: String,
}

impl NodeOptions {
    /// These.
    pub fn new(
        db: Db,
        ambient: Ambient,
        sealing_key: SealingKey,
        issuer: impl Into<String>,
    ) -> Self {
        Self {
            db,
            ambient,
            sealing_key,
            issuer: issuer.into(),
        }
    }
}

/// This process: its database, its clock, its sealing key, and the realms it holds in memory.
pub struct Node {
    db: Db,
    ambient: Ambient,
    sealing_key: SealingKey,
    follower: Arc<Follower>,
    first: Arc<Realm>,
    realms: Cache<Realm>,
    loading: Mutex<()>,
    handlers: Handlers,
    sweeps: RwLock<Vec<&'static Stmt>>,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Node")
    }
}

impl Node {
    /// Brings the schema up to date, makes the first realm if there is none, and reads what is held in memory. An ES256 key is there when it returns; RSA keys
    /// are made when they are asked for.
    ///
    /// # Errors
    /// [`Error::Sealing`] when the key is not the one this database was made with, [`Error::IssuerDiffers`], and when the database fails.
    pub async fn start(options: NodeOptions) -> Result<Arc<Self>, Error> {
        let NodeOptions {
            db,
            ambient,
            sealing_key,
            issuer,
        } = options;
        db.migrate(schema::MIGRATIONS).await?;
        let follower = Arc::new(Follower::start(db.clone()).await?);
        let stored = first(&db, &ambient, &sealing_key, &issuer).await?;
        let root = stored.open(&sealing_key)?;
        let realm = Realm::new(
            stored,
            &root,
            (db.clone(), ambient.clone()),
            Arc::clone(&follower),
        );
        let first = Arc::new(realm);
        ready(&follower, &first).await?;
        follower.follow().await?;
        first.keys().signer(Algorithm::Es256).await?;
        Ok(Arc::new(Self {
            db,
            ambient,
            sealing_key,
            follower,
            first,
            realms: Cache::new(REALMS),
            loading: Mutex::new(()),
            handlers: Handlers::default(),
            sweeps: RwLock::new(sweep::OWN.to_vec()),
        }))
    }

    /// The realm of this name; `None` when there is none. Memory only for the first one and for those that were asked for lately.
    ///
    /// # Errors
    /// When the database fails, or the realm's secret does not open.
    pub async fn realm(&self, name: &str) -> Result<Option<Arc<Realm>>, Error> {
        if name == FIRST_REALM {
            return Ok(Some(Arc::clone(&self.first)));
        }
        match self.realms.get(name) {
            Some(realm) if realm.is_over() => self.realms.forget(name),
            Some(realm) => return Ok(Some(realm)),
            None => {}
        }
        // A name nobody could have made, or that nobody made, must not queue for the lock.
        if realms::check_name(name).is_err() || realms::load(&self.db, name).await?.is_none() {
            return Ok(None);
        }
        let _one_at_a_time = self.loading.lock().await;
        let epoch = self.realms.epoch();
        let realm = match self.follower.find(name) {
            Some(realm) if !realm.is_over() => realm,
            _ => match realms::load(&self.db, name).await? {
                None => return Ok(None),
                Some(stored) => {
                    let root = stored.open(&self.sealing_key)?;
                    let parts = (self.db.clone(), self.ambient.clone());
                    let realm =
                        Arc::new(Realm::new(stored, &root, parts, Arc::clone(&self.follower)));
                    ready(&self.follower, &realm).await?;
                    realm
                }
            },
        };
        self.realms.keep(name, &realm, epoch);
        Ok(Some(realm))
    }

    /// The name of the realm that has this authority (host, and port unless it is the scheme's own) for itself. Memory only.
    pub fn realm_at(&self, authority: &str) -> Option<Arc<str>> {
        self.follower.hosts.find(authority)
    }

    /// The first realm, `main`.
    pub fn first(&self) -> Arc<Realm> {
        Arc::clone(&self.first)
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The clock and the randomness.
    pub fn ambient(&self) -> &Ambient {
        &self.ambient
    }

    pub(crate) fn sealing_key(&self) -> &SealingKey {
        &self.sealing_key
    }

    pub(crate) fn handlers(&self) -> &Handlers {
        &self.handlers
    }

    pub(crate) fn follower(&self) -> &Arc<Follower> {
        &self.follower
    }

    /// Gives messages of this kind (see [`Realm::enqueue`]) to a handler. Messages of a kind without a handler wait.
    pub fn handle(&self, kind: &'static str, handler: Arc<dyn Handler>) {
        self.handlers.add(kind, handler);
    }

    /// Runs these statements each minute. Each deletes rows that have expired at `$1` (unix seconds), `$2` of them at most:
    /// `DELETE FROM t WHERE (realm, id) IN (SELECT realm, id FROM t WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`, with an index on `expires_at`.
    pub fn sweep(&self, statements: &[&'static Stmt]) {
        let mut sweeps = self.sweeps.write().unwrap_or_else(PoisonError::into_inner);
        for stmt in statements {
            if !sweeps.iter().any(|known| std::ptr::eq(*known, *stmt)) {
                sweeps.push(stmt);
            }
        }
    }

    /// What a node does besides answering: follows the change log each second, rotates keys and deletes what has expired each minute, delivers the
    /// outbox. To be spawned; it ends when it is dropped. Errors are logged, and it goes on.
    pub fn background(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        background::run(Arc::clone(self))
    }

    /// One step of everything that [`background`](Self::background) does.
    ///
    /// # Errors
    /// The first that occurs.
    pub async fn sync(&self) -> Result<(), Error> {
        self.follow().await?;
        self.rotate().await?;
        while self.clean(Duration::ZERO).await? {}
        outbox::deliver(self).await?;
        Ok(())
    }

    /// Acts on what is new in the change log.
    pub(crate) async fn follow(&self) -> Result<(), Error> {
        self.follower.follow().await
    }

    /// Makes the keys that are due, in every realm. One realm's trouble does not keep the others waiting.
    pub(crate) async fn rotate(&self) -> Result<(), Error> {
        let now = self.ambient.now();
        let due = keys::to_look_at(&self.db, now).await?;
        let mut result = Ok(());
        for (name, algorithm) in due {
            if let Err(error) = self.rotate_in(&name, &algorithm).await {
                tracing::warn!(realm = name, algorithm, %error, "keys cannot be rotated just now");
                result = result.and(Err(error));
            }
        }
        result
    }

    async fn rotate_in(&self, name: &str, slot: &str) -> Result<(), Error> {
        let (purpose, algorithm) = Purpose::of(slot);
        // What a newer version made, and what a removed realm left behind, is passed over.
        let Ok(role) = algorithm.parse::<Role>() else {
            return Ok(());
        };
        let Some(realm) = self.realm(name).await? else {
            return Ok(());
        };
        let lifetimes = realm.settings().lifetimes;
        let schedule = Schedule {
            rotation: lifetimes.key_rotation,
            lead: lifetimes.key_lead,
        };
        let keys = match purpose {
            Purpose::Tokens => realm.keys(),
            Purpose::Federation => realm.federation_keys(),
        };
        keys.turn(role, schedule).await
    }

    /// Deletes what has expired, with a rest after each step. Says whether there is more to do.
    pub(crate) async fn clean(&self, rest: Duration) -> Result<bool, Error> {
        let now = self.ambient.now();
        let sweeps = self
            .sweeps
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let more = sweep::turn(&self.db, sweeps, now, rest).await?;
        let more = clients::forget_unused(self).await? || more;
        let expired = self
            .db
            .rows(&keys::sql::EXPIRED_KEYS, params![now, 100])
            .await?;
        for row in expired {
            let (realm, kid) = (row.text(0), row.text(1));
            let mut batch = Batch::new();
            keys::remember_expired(&mut batch, (realm, kid), row.text(2), now);
            batch.run(&keys::sql::DELETE_EXPIRED_KEY, params![realm, kid, now]);
            changes::announce(&mut batch, realm, (Kind::KEYS, row.text(2)), now);
            self.db.commit(batch).await?;
        }
        for realm in self.follower.realms() {
            realm.revocations().drop_expired(now);
        }
        self.follow().await?;
        Ok(more)
    }
}

/// The row of the first realm, made if there is none.
async fn first(
    db: &Db,
    ambient: &Ambient,
    sealing_key: &SealingKey,
    issuer: &str,
) -> Result<Stored, Error> {
    let configured = match issuer {
        "" => None,
        issuer => Some(realms::check_issuer(issuer)?),
    };
    if let (None, Some(issuer)) = (realms::load(db, FIRST_REALM).await?, &configured) {
        let parts = (db, ambient, sealing_key);
        match realms::write(parts, FIRST_REALM, issuer, (Settings::default(), "start")).await {
            // Another node that starts at the same time was faster.
            Ok(()) | Err(Error::Exists { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let stored = realms::load(db, FIRST_REALM)
        .await?
        .ok_or_else(|| Error::not_found("realm", FIRST_REALM))?;
    match configured {
        Some(configured) if configured != stored.issuer => Err(Error::IssuerDiffers {
            stored: stored.issuer,
            configured,
        }),
        _ => Ok(stored),
    }
}

/// Makes the realm current: from here on it hears of changes, and what came before is read after that.
async fn ready(follower: &Follower, realm: &Arc<Realm>) -> Result<(), Error> {
    follower.add(realm);
    realm.refresh().await?;
    realm.revocations().load().await
}
