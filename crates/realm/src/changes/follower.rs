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
    /// Rung when something for the outbox was committed here.
    pub(crate) post: Notify,
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
            post: Notify::new(),
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

    /// Acts on what is new in the log when it is called, and does not wait for what others go on announcing.
    pub(crate) async fn follow(&self) -> Result<(), Error> {
        let _one_at_a_time = self.following.lock().await;
        let last = last(&self.db).await?;
        let mut position = self.position.load(Ordering::SeqCst);
        if last < position {
            position = self.start_again(position, last).await?;
        }
        while position < last {
            let changes = self.db.rows(&sql::CHANGES_AFTER, params![position]).await?;
            let next = changes.first().map(|first| first.int(0));
            if next != Some(position + 1) {
                position = self.start_again(position, last).await?;
                continue;
            }
            for change in &changes {
                self.act(change).await?;
                position = change.int(0);
                self.position.store(position, Ordering::SeqCst);
            }
        }
        self.hosts.refresh(&self.db).await
    }

    /// Lines are missing: this node slept for long, or the database was restored. Nothing it remembers is certain.
    async fn start_again(&self, position: i64, last: i64) -> Result<i64, Error> {
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
        Ok(last)
    }

    async fn act(&self, change: &Row) -> Result<(), Error> {
        if change.text(2) == Kind::REALM {
            self.hosts.changed();
        }
        match self.find(change.text(1)) {
            Some(realm) => {
                let (kind, id, at) = (change.text(2), change.text(3), change.int(4));
                realm.changed(kind, id, at).await
            }
            None => Ok(()),
        }
    }
}

async fn last(db: &Db) -> Result<i64, Error> {
    let row = db.row(&sql::LAST_CHANGE, params![]).await?;
    row.map(|row| row.int(0))
        .ok_or_else(|| Error::not_found("row of change_counter", "1"))
}
