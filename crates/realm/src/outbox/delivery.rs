use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use db::{Batch, CommitError, params};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinSet};

use super::{Handler, Message, rules, sql};
use crate::error::Error;
use crate::events::Event;
use crate::node::Node;
use crate::tenant::Realm;

/// How many messages of one kind a node delivers at a time, side by side.
const AT_ONCE: usize = 16;

/// A message whose lease this node has.
struct Taken {
    realm: Arc<Realm>,
    handler: Arc<dyn Handler>,
    lease: String,
    message: Message,
}

/// Delivers what is due, once. Gives how many messages were taken.
pub(crate) async fn deliver(node: &Node) -> Result<usize, Error> {
    let mut taken = 0;
    for (kind, handler) in node.handlers().all() {
        let mut running = JoinSet::new();
        for one in due(node, (kind, handler), AT_ONCE).await? {
            taken += 1;
            running.spawn(one.deliver());
        }
        while let Some(done) = running.join_next().await {
            match done {
                Ok(result) => result?,
                Err(error) => broke_off(&error),
            }
        }
    }
    Ok(taken)
}

/// What is being delivered: of each kind so much at a time, so that a receiver that hangs keeps no other kind waiting, nor, while there is room, its own.
#[derive(Default)]
pub(crate) struct Deliveries {
    running: JoinSet<Result<(), Error>>,
    room: HashMap<&'static str, Arc<Semaphore>>,
}

impl Deliveries {
    /// Begins what is due, as far as there is room. Gives how many messages were taken.
    pub(crate) async fn begin(&mut self, node: &Node) -> Result<usize, Error> {
        let mut begun = 0;
        for (kind, handler) in node.handlers().all() {
            let room = self.room.entry(kind);
            let room = room.or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE)));
            let free: Vec<OwnedSemaphorePermit> = (0..AT_ONCE)
                .map_while(|_| Arc::clone(room).try_acquire_owned().ok())
                .collect();
            if free.is_empty() {
                continue;
            }
            let taken = due(node, (kind, handler), free.len()).await?;
            for (one, place) in taken.into_iter().zip(free) {
                begun += 1;
                self.running.spawn(async move {
                    let result = one.deliver().await;
                    drop(place);
                    result
                });
            }
        }
        Ok(begun)
    }

    /// Waits until something was delivered, or not; for ever when nothing is under way.
    pub(crate) async fn one_done(&mut self) {
        let Some(first) = self.running.join_next().await else {
            return std::future::pending().await;
        };
        done(first);
        while let Some(next) = self.running.try_join_next() {
            done(next);
        }
    }
}

fn done(result: Result<Result<(), Error>, JoinError>) {
    match result {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(%error, "what came of a delivery cannot be written down just now");
        }
        Err(error) => broke_off(&error),
    }
}

/// The handler panicked: the lease runs out, and the message is taken again.
fn broke_off(error: &JoinError) {
    tracing::error!(%error, "a delivery broke off");
}

/// Takes messages of a kind that are due, so many at most.
async fn due(
    node: &Node,
    (kind, handler): (&'static str, Arc<dyn Handler>),
    most: usize,
) -> Result<Vec<Taken>, Error> {
    let now = node.ambient().now();
    let values = params![kind, now, i64::try_from(most).unwrap_or(1)];
    let due = node.db().rows(&sql::DUE_MESSAGES, values).await?;
    let mut taken = Vec::new();
    for row in due {
        let Some(realm) = node.realm(row.text(0)).await? else {
            // The realm was removed, and purging it was cut short.
            let mut batch = Batch::new();
            batch.run(&sql::DISCARD_MESSAGE, params![row.text(0), row.text(1)]);
            node.db().commit(batch).await?;
            continue;
        };
        if let Some((lease, message)) = take(&realm, row.text(1)).await? {
            let handler = Arc::clone(&handler);
            taken.push(Taken {
                realm,
                handler,
                lease,
                message,
            });
        }
    }
    Ok(taken)
}

async fn take(realm: &Realm, id: &str) -> Result<Option<(String, Message)>, Error> {
    let (lease, now) = (realm.ambient().token(), realm.now());
    let mut batch = Batch::new();
    let index = batch.expect(
        &sql::TAKE_LEASE,
        params![realm.name(), id, &lease, now + rules::LEASE, now],
        1,
    );
    match realm.db().commit(batch).await {
        Ok(committed) => Ok(committed.rows(index).first().map(|row| {
            let message = Message {
                id: id.to_owned(),
                kind: row.text(0).to_owned(),
                payload: row.text(1).to_owned(),
                attempt: row.int(2),
            };
            (lease, message)
        })),
        // Another node was faster.
        Err(CommitError::Guard { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Taken {
    async fn deliver(self) -> Result<(), Error> {
        let Self {
            realm,
            handler,
            lease,
            message,
        } = self;
        let patience = Duration::from_secs(rules::PATIENCE);
        let outcome = match tokio::time::timeout(patience, handler.deliver(&realm, &message)).await
        {
            Ok(outcome) => outcome,
            Err(_) => Err(format!("took longer than {} seconds", rules::PATIENCE)),
        };
        let own = params![realm.name(), &message.id, &lease];
        let mut batch = Batch::new();
        match outcome {
            Ok(()) => {
                batch.run(&sql::DELETE_MESSAGE, own);
            }
            Err(reason) if message.attempt >= rules::ATTEMPTS => {
                tracing::error!(
                    kind = message.kind,
                    id = message.id,
                    reason,
                    "a delivery was given up"
                );
                batch.run(&sql::DELETE_MESSAGE, own);
                let detail = serde_json::json!({ "message": message.id, "kind": message.kind, "attempts": message.attempt });
                realm.record(&mut batch, Event::new("outbox.given_up").detail(detail));
            }
            Err(reason) => {
                let again = rules::retry_at(message.attempt, realm.now());
                tracing::warn!(
                    kind = message.kind,
                    id = message.id,
                    attempt = message.attempt,
                    reason,
                    "a delivery failed and will be tried again"
                );
                batch.run(
                    &sql::RETRY_MESSAGE,
                    params![realm.name(), &message.id, &lease, again],
                );
            }
        }
        realm.db().commit(batch).await?;
        Ok(())
    }
}
