use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex as StdMutex, PoisonError, Weak};

use db::{Db, Row, params};
use tokio::sync::{Mutex, Notify};

use super::{Kind, sql};
use crate::error::Error;
use crate::hosts::Hosts;
use crate::tenant::Realm;

/// Follows the change log for all realms that this process holds.
pub(crate) struct Follower {
    db: Db,
    /// The last change that was acted on.
    position: AtomicI64,
    following: Mutex<()>,
    live: StdMutex<HashMap<String, Weak<Realm>>>,
    /// Which realms have a host for themselves.
    pub(crate) hosts: Hosts,
    /// Rung when something is about to be committed here.
    pub(crate) bell: Notify,
}

impl Follower {
    /// Starts at the end of the log; to be made before anything else is read.
    pub(crate) async fn start(db: Db) -> Result<Self, Error> {
        let position = last(&db).await?;
        Ok(Self {
            db,
            position: AtomicI64::new(position),
            following: Mutex::new(()),
            live: StdMutex::new(HashMap::new()),
            hosts: Hosts::new(),
            bell: Notify::new(),
        })
    }

    /// Tells this realm of changes for as long as it lives.
    pub(crate) fn add(&self, realm: &Arc<Realm>) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if live.len() % 64 == 63 {
            live.retain(|_, realm| realm.strong_count() > 0);
        }
        live.insert(realm.name().to_owned(), Arc::downgrade(realm));
    }

    /// The realm, if somebody holds it. Of one issuer there is never a second value, so none misses a change.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Realm>> {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.get(name).and_then(Weak::upgrade)
    }

    pub(crate) fn realms(&self) -> Vec<Arc<Realm>> {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.values().filter_map(Weak::upgrade).collect()
    }

    /// Acts on what is new in the log.
    pub(crate) async fn follow(&self) -> Result<(), Error> {
        let _one_at_a_time = self.following.lock().await;
        loop {
            let (position, last) = (self.position.load(Ordering::SeqCst), last(&self.db).await?);
            if last == position {
                return self.hosts.refresh(&self.db).await;
            }
            let changes = self.db.rows(&sql::CHANGES_AFTER, params![position]).await?;
            match changes.first() {
                Some(first) if first.int(0) == position + 1 => {
                    for change in &changes {
                        self.act(change).await?;
                        self.position.store(change.int(0), Ordering::SeqCst);
                    }
                }
                // Lines are missing: this node slept for long, or the database was restored. Nothing it remembers is certain.
                _ => {
                    tracing::info!(
                        position,
                        last,
                        "the change log does not go on where this node stopped: reading everything again"
                    );
                    self.hosts.changed();
                    for realm in self.realms() {
                        realm.forget_everything().await?;
                    }
                    self.position.store(last, Ordering::SeqCst);
                }
            }
        }
    }

    async fn act(&self, change: &Row) -> Result<(), Error> {
        if change.text(2) == Kind::REALM {
            self.hosts.changed();
        }
        match self.find(change.text(1)) {
            Some(realm) => realm.changed(change.text(2), change.text(3)).await,
            None => Ok(()),
        }
    }
}

async fn last(db: &Db) -> Result<i64, Error> {
    let row = db.row(&sql::LAST_CHANGE, params![]).await?;
    row.map(|row| row.int(0))
        .ok_or_else(|| Error::not_found("row of change_counter", "1"))
}
