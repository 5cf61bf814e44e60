use std::sync::Arc;
use std::time::Duration;

use db::{Batch, CommitError, params};
use tokio::task::JoinSet;

use super::{Handler, Message, rules, sql};
use crate::error::Error;
use crate::events::Event;
use crate::node::Node;
use crate::tenant::Realm;

/// How many messages of one kind are taken at a time; they are delivered side by side.
const AT_ONCE: i64 = 16;

/// Delivers what is due, once. Gives how many messages were taken.
pub(crate) async fn deliver(node: &Node) -> Result<usize, Error> {
    let mut taken = 0;
    for (kind, handler) in node.handlers().all() {
        let now = node.ambient().now();
        let due = node
            .db()
            .rows(&sql::DUE_MESSAGES, params![kind, now, AT_ONCE])
            .await?;
        let mut running = JoinSet::new();
        for row in due {
            let Some(realm) = node.realm(row.text(0)).await? else {
                // The realm was removed, and purging it was cut short.
                let mut batch = Batch::new();
                batch.run(&sql::DISCARD_MESSAGE, params![row.text(0), row.text(1)]);
                node.db().commit(batch).await?;
                continue;
            };
            if let Some((lease, message)) = take(&realm, row.text(1)).await? {
                taken += 1;
                running.spawn(one(realm, Arc::clone(&handler), lease, message));
            }
        }
        while let Some(done) = running.join_next().await {
            match done {
                Ok(result) => result?,
                // The handler panicked: the lease runs out, and the message is taken again.
                Err(error) => tracing::error!(kind, %error, "a delivery broke off"),
            }
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

async fn one(
    realm: Arc<Realm>,
    handler: Arc<dyn Handler>,
    lease: String,
    message: Message,
) -> Result<(), Error> {
    let patience = Duration::from_secs(rules::PATIENCE);
    let outcome = match tokio::time::timeout(patience, handler.deliver(&realm, &message)).await {
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
