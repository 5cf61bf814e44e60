use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use db::{Batch, CommitError, Row, Value, params};
use tokio::task::{JoinError, JoinSet};

use super::room::{Place, Room};
use super::{Handler, Message, rules, sql};
use crate::changes::Follower;
use crate::error::Error;
use crate::events::Event;
use crate::node::Node;
use crate::tenant::Realm;

/// What takes longer than that is slow.
const QUICK: Duration = Duration::from_millis(250);

/// A message whose lease this node has.
struct Taken {
    realm: Arc<Realm>,
    handler: Arc<dyn Handler>,
    lease: String,
    message: Message,
}

/// Delivers what is due and finds a place, once, one kind after the other. Gives how many messages were taken.
pub(crate) async fn deliver(node: &Node) -> Result<usize, Error> {
    let mut deliveries = Deliveries::default();
    let mut taken = 0;
    for (kind, handler) in node.handlers().all() {
        taken += deliveries.begin_kind(node, kind, &handler).await?;
        while let Some(done) = deliveries.running.join_next().await {
            match done {
                Ok(result) => result?,
                Err(error) => broke_off(&error),
            }
        }
    }
    Ok(taken)
}

/// What is being delivered: of each kind as much as there is [`Room`] for, so that a receiver that hangs keeps no other one waiting, of whatever kind and realm.
#[derive(Default)]
pub(crate) struct Deliveries {
    running: JoinSet<Result<(), Error>>,
    rooms: HashMap<&'static str, Room>,
}

impl Deliveries {
    /// Begins what is due, as far as there is room. Gives how many messages were taken.
    pub(crate) async fn begin(&mut self, node: &Node) -> Result<usize, Error> {
        let mut begun = 0;
        for (kind, handler) in node.handlers().all() {
            begun += self.begin_kind(node, kind, &handler).await?;
        }
        Ok(begun)
    }

    async fn begin_kind(
        &mut self,
        node: &Node,
        kind: &'static str,
        handler: &Arc<dyn Handler>,
    ) -> Result<usize, Error> {
        let mut begun = 0;
        let room = self.rooms.entry(kind).or_default().clone();
        while let Some(due) = due(node, kind, &room).await? {
            for one in due.messages {
                // What there is no place for waits for one.
                let Some(place) = room.place(&one.realm, &one.receiver) else {
                    continue;
                };
                let Some(taken) = take(node, handler, &one).await? else {
                    continue;
                };
                begun += 1;
                self.running
                    .spawn(taken.deliver_in(place, Arc::clone(node.follower())));
            }
            if !due.are_more {
                break;
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

/// A message that nobody holds.
struct Waiting {
    realm: String,
    id: String,
    receiver: String,
}

/// What of a kind is due.
struct Due {
    messages: Vec<Waiting>,
    /// Whether there may be more of it.
    are_more: bool,
}

/// Messages of a kind that are due and for which there is room; `None` when there is none.
async fn due(node: &Node, kind: &str, room: &Room) -> Result<Option<Due>, Error> {
    let (now, free, full) = (node.ambient().now(), room.free(), room.full());
    if free == 0 {
        return Ok(None);
    }
    let most = i64::try_from(free).unwrap_or(1);
    let mut values = vec![kind.into(), now.into(), most.into(), full.realm.into()];
    values.extend(full.receivers.map(Value::from));
    let rows = node.db().rows(&sql::DUE_MESSAGES, values.into());
    let rows = rows.await?;
    let read = |row: &Row| Waiting {
        realm: row.text(0).to_owned(),
        id: row.text(1).to_owned(),
        receiver: row.text(2).to_owned(),
    };
    Ok(Some(Due {
        messages: rows.iter().map(read).collect(),
        are_more: rows.len() == free,
    }))
}

/// Takes the lease of a message, unless another node was faster.
async fn take(
    node: &Node,
    handler: &Arc<dyn Handler>,
    one: &Waiting,
) -> Result<Option<Taken>, Error> {
    let Some(realm) = node.realm(&one.realm).await? else {
        // The realm was removed, and purging it was cut short.
        let mut batch = Batch::new();
        batch.run(&sql::DISCARD_MESSAGE, params![&one.realm, &one.id]);
        node.db().commit(batch).await?;
        return Ok(None);
    };
    let (lease, now) = (realm.ambient().token(), realm.now());
    let mut batch = Batch::new();
    let index = batch.expect(
        &sql::TAKE_LEASE,
        params![realm.name(), &one.id, &lease, now + rules::LEASE, now],
        1,
    );
    let committed = match realm.db().commit(batch).await {
        Ok(committed) => committed,
        // Another node was faster.
        Err(CommitError::Guard { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(committed.rows(index).first().map(|row| Taken {
        handler: Arc::clone(handler),
        lease,
        message: Message {
            id: one.id.clone(),
            kind: row.text(0).to_owned(),
            payload: row.text(1).to_owned(),
            attempt: row.int(2),
        },
        realm: Arc::clone(&realm),
    }))
}

impl Taken {
    /// Delivers; when that takes long, the place is left to others.
    async fn deliver_in(self, mut place: Place, follower: Arc<Follower>) -> Result<(), Error> {
        let mut delivery = pin!(self.deliver());
        if let Ok(result) = tokio::time::timeout(QUICK, &mut delivery).await {
            return result;
        }
        if place.linger() {
            follower.post.notify_one();
        }
        delivery.await
    }

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
