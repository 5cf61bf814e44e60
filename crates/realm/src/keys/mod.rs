//! Keys that rotate by themselves: those that sign are published before and kept until what they signed has expired; of those that request objects are encrypted
//! to the youngest of each family is published, and the others open what still comes. They are the same on every node.

pub mod certificates;
mod encryption;
mod history;
mod purpose;
mod ring;
mod role;
pub(crate) mod rules;
pub(crate) mod sql;
mod store;

use std::collections::BTreeSet;
use std::sync::Arc;

use ambient::Ambient;
use db::{Batch, Db, params};
use jose::{Algorithm, Jwk, JwkSet, KeySet, SigningKey};
use tokio::sync::{Mutex, MutexGuard};

use crate::cache::Slot;
use crate::error::Error;
use crate::sealing::Secrets;
use ring::Ring;

pub(crate) use history::remember_expired;
pub use history::{HistoricalKey, history};
pub use purpose::Purpose;
pub use role::{Family, Role, UnknownRole};
pub use rules::Rotation;
pub use store::{KeyInfo, list, rotate, rotate_federation};

/// How many keys are looked at in one round.
const LOOKS: i64 = 500;
/// When keys are looked at again that nobody here could do anything about, in seconds.
const LATER: i64 = 3600;

/// The realms and algorithms whose keys may need a successor by now. They are put off at once, so that what cannot be settled does not stand in the way of the
/// others.
pub(crate) async fn to_look_at(db: &Db, now: i64) -> Result<BTreeSet<(String, String)>, Error> {
    let rows = db.rows(&sql::KEYS_TO_LOOK_AT, params![now, LOOKS]).await?;
    let mut due = BTreeSet::new();
    let mut batch = Batch::new();
    for row in rows {
        let (realm, algorithm) = (row.text(0), row.text(1));
        if due.insert((realm.to_owned(), algorithm.to_owned())) {
            let values = params![realm, algorithm, now, now + LATER];
            batch.run(&sql::LOOK_LATER, values);
        }
    }
    db.commit(batch).await?;
    Ok(due)
}

/// The keys of one realm for one purpose.
pub struct Keys {
    pub(crate) purpose: Purpose,
    pub(crate) realm: String,
    pub(crate) db: Db,
    pub(crate) ambient: Ambient,
    pub(crate) secrets: Arc<Secrets>,
    ring: Slot<Ring>,
    /// Held while a key is made, so that this process makes one; other processes are held off by the table's key.
    making: Making,
}

/// One for each kind of keys, so that two of RSA are made side by side.
#[derive(Default)]
struct Making {
    signing: Mutex<()>,
    agreeing: Mutex<()>,
    opening: Mutex<()>,
}

impl Making {
    async fn one_at_a_time(&self, role: Role) -> MutexGuard<'_, ()> {
        let lock = match role {
            Role::Signing(_) => &self.signing,
            Role::RequestObjects(Family::EcdhEs) => &self.agreeing,
            Role::RequestObjects(Family::RsaOaep) => &self.opening,
        };
        lock.lock().await
    }
}

impl Keys {
    pub(crate) fn new(
        purpose: Purpose,
        realm: &str,
        (db, ambient): (Db, Ambient),
        secrets: Arc<Secrets>,
    ) -> Self {
        Self {
            purpose,
            realm: realm.to_owned(),
            db,
            ambient,
            secrets,
            ring: Slot::empty(),
            making: Making::default(),
        }
    }

    /// The key that signs with this algorithm now. Memory only, but for the first time that an algorithm is asked for: then its key is made,
    /// which takes an RSA key a moment, and whoever asks meanwhile waits for the same one.
    ///
    /// # Errors
    /// When the database fails, or for a symmetric algorithm.
    pub async fn signer(&self, algorithm: Algorithm) -> Result<Arc<SigningKey>, Error> {
        if let Some(key) = self
            .ring
            .get()
            .and_then(|ring| ring.signer(algorithm, self.ambient.now()))
        {
            return Ok(key);
        }
        let ring = self.first(algorithm.into()).await?;
        ring.signer(algorithm, self.ambient.now())
            .ok_or_else(|| Error::not_found("key", algorithm.as_str()))
    }

    /// What is said in the header parameter `x5c` of what this key signs (RFC 7515 §4.1.6), if an authority certified it and the certificate is valid. Memory
    /// only.
    pub fn x5c(&self, kid: &str) -> Option<serde_json::Value> {
        self.ring.get()?.x5c(kid, self.ambient.now())
    }

    /// The key of this name, whether it signs now or not.
    pub(crate) async fn signing(&self, kid: &str) -> Result<Option<Arc<SigningKey>>, Error> {
        Ok(self.ring().await?.signing(kid))
    }

    /// All keys that somebody may have to verify with: those that sign, those that will, those that did. Memory only, but for the first time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn key_set(&self) -> Result<Arc<KeySet>, Error> {
        Ok(Arc::clone(&self.ring().await?.key_set))
    }

    /// As [`key_set`](Self::key_set), for a token that names its key: when the key is not among those in memory, the database is asked, at most once a
    /// second, because another node may have made it just now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn key_set_with(&self, kid: &str) -> Result<Arc<KeySet>, Error> {
        let ring = self.ring().await?;
        if ring.key_set.knows(kid) || ring.read_at == self.ambient.now() {
            return Ok(Arc::clone(&ring.key_set));
        }
        Ok(Arc::clone(&self.reload().await?.key_set))
    }

    /// The public keys as /jwks publishes them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn jwks(&self) -> Result<Arc<JwkSet>, Error> {
        Ok(Arc::clone(&self.ring().await?.jwks))
    }

    /// Sees to it that there are keys to which clients can encrypt their request objects (RFC 9101 §6.1), one of each family, so that [`jwks`](Self::jwks) has
    /// them. Memory only, but for the first time, when one of RSA takes a moment to make.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn publish_encryption(&self) -> Result<(), Error> {
        for family in Family::ALL {
            self.opening(family).await?;
        }
        Ok(())
    }

    /// The keys, both halves, of a family that may open a request object whose header names its key so: one, or none, or all that still count when it names
    /// none. When there is none in memory the database is asked, at most once a second, because another node may have made the key just now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn opening_keys(
        &self,
        family: Family,
        kid: Option<&str>,
    ) -> Result<Vec<Arc<Jwk>>, Error> {
        let mut ring = match family {
            // The first one derives: clients may have known it before it stood in the table.
            Family::EcdhEs => self.opening(family).await?,
            // Nobody makes us make one who has not seen one.
            Family::RsaOaep => self.ring().await?,
        };
        let now = self.ambient.now();
        let unknown = ring.opening(family, kid, now).next().is_none();
        if unknown && ring.read_at != now {
            ring = self.reload().await?;
        }
        Ok(ring.opening(family, kid, now).collect())
    }

    async fn opening(&self, family: Family) -> Result<Arc<Ring>, Error> {
        let role = Role::RequestObjects(family);
        let known = self.ring.get();
        match known.filter(|ring| ring.has(role, self.ambient.now())) {
            Some(ring) => Ok(ring),
            None => self.first(role).await,
        }
    }

    async fn ring(&self) -> Result<Arc<Ring>, Error> {
        match self.ring.get() {
            Some(ring) => Ok(ring),
            None => self.reload().await,
        }
    }

    /// Reads the keys again; until then the old ones serve.
    pub(crate) async fn reload(&self) -> Result<Arc<Ring>, Error> {
        let epoch = self.ring.epoch();
        let ring = Arc::new(ring::load(self, self.ring.get()).await?);
        self.ring.keep(&ring, epoch);
        Ok(ring)
    }

    /// A change was announced.
    pub(crate) async fn changed(&self) -> Result<(), Error> {
        self.ring.outdate();
        if self.ring.get().is_some() {
            self.reload().await?;
        }
        Ok(())
    }

    async fn first(&self, role: Role) -> Result<Arc<Ring>, Error> {
        let _one_at_a_time = self.making.one_at_a_time(role).await;
        // Another task, or another node, may have been faster.
        for _ in 0..3 {
            // Before the keys: a key that is made in between breaks the table's key instead of getting a successor.
            let youngest = store::youngest(self, role).await?;
            let ring = self.reload().await?;
            if ring.has(role, self.ambient.now()) {
                return Ok(ring);
            }
            let next = rules::first(youngest, self.ambient.now());
            store::make(self, role, next).await?;
            self.ring.outdate();
        }
        Err(Error::not_found("key", role.as_str()))
    }

    /// Makes the next key for this when its time has come, and settles when to look again.
    pub(crate) async fn turn(&self, role: Role, schedule: rules::Schedule) -> Result<(), Error> {
        let _one_at_a_time = self.making.one_at_a_time(role).await;
        let slot = self.purpose.slot(role);
        if !self.purpose.turns_by_itself() {
            return self.look_again(&slot, i64::MAX, 0).await;
        }
        let ring = self.reload().await?;
        let times = ring.times(role);
        if let Some(next) = rules::next(&times, self.ambient.now(), schedule) {
            store::make(self, role, next).await?;
            // Whichever node made it, it is looked at next.
            return self.changed().await;
        }
        match rules::look_at(&times, schedule) {
            Some((youngest, at)) => self.look_again(&slot, youngest, at).await,
            None => Ok(()),
        }
    }

    async fn look_again(&self, slot: &str, youngest: i64, at: i64) -> Result<(), Error> {
        let mut batch = Batch::new();
        batch.run(&sql::LOOK_AGAIN, params![&self.realm, slot, youngest, at]);
        self.db.commit(batch).await?;
        Ok(())
    }
}
