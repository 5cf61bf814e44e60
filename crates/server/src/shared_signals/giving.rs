//! Giving events to streams: what one cause brings is one commit, for however many streams.

use db::{Batch, CommitError, params};
use oauth::shared_signals::{Method, Status};
use realm::Realm;

use super::stored::{self, Signal, Stream, failed};
use super::{push, rules, sql};
use crate::refusal::{Reason, Refusal};

/// How often it is tried for all at once, and then for each alone.
const TRIES: usize = 4;

/// A stream and its events.
pub(super) type Gift = (Stream, Vec<Signal>);

/// Gives each of the streams its events: all of them get theirs, or none does. They are in the order of their identifiers, so that nobody waits for each other. Where
/// others are at them all the time, each stream gets its own alone; whoever calls comes again until all have them. Costs those that push at the same time nothing.
///
/// # Errors
/// When the database fails.
pub(super) async fn give(realm: &Realm, mut gifts: Vec<Gift>) -> Result<(), Refusal> {
    for _ in 0..TRIES {
        if attempt(realm, &gifts).await? {
            return Ok(());
        }
        gifts = again(realm, gifts).await?;
    }
    for gift in gifts {
        let mut gift = vec![gift];
        let mut tries = 0;
        while !attempt(realm, &gift).await? {
            tries += 1;
            if tries == TRIES {
                return Err(Reason::Contended.into());
            }
            gift = again(realm, gift).await?;
        }
    }
    Ok(())
}

/// `false` when one of the streams was changed meanwhile.
async fn attempt(realm: &Realm, gifts: &[Gift]) -> Result<bool, Refusal> {
    let mut batch = Batch::new();
    for (stream, signals) in gifts {
        add(realm, &mut batch, stream, signals);
    }
    match realm.commit(batch).await {
        Ok(_) => Ok(true),
        Err(CommitError::Guard { .. }) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

fn add(realm: &Realm, batch: &mut Batch, stream: &Stream, signals: &[Signal]) {
    for signal in signals {
        put(realm, batch, (&stream.id, signal));
    }
    if stream.method == Method::Push {
        let now = realm.now();
        let at = if stream.is_queued(now) {
            stream.push_at
        } else {
            push::enqueue(realm, batch, &stream.id, now);
            now
        };
        let values = params![realm.name(), &stream.id, stream.push_at, at];
        batch.expect(&sql::QUEUE_PUSH, values, 1);
    }
}

/// The streams as they are by now, without those that are gone or disabled.
async fn again(realm: &Realm, gifts: Vec<Gift>) -> Result<Vec<Gift>, Refusal> {
    let mut left = Vec::with_capacity(gifts.len());
    for (stream, signals) in gifts {
        if let Some(stream) = stored::find(realm, &stream.id).await?
            && stream.status != Status::Disabled
        {
            left.push((stream, signals));
        }
    }
    Ok(left)
}

/// Adds an event for a stream to a batch.
pub(super) fn put(realm: &Realm, batch: &mut Batch, (stream, signal): (&str, &Signal)) {
    let now = realm.now();
    let claims = serde_json::json!(signal.claims).to_string();
    let values = params![
        realm.name(),
        stream,
        &signal.jti,
        signal.control,
        claims,
        now,
        now.saturating_add(rules::LIFETIME)
    ];
    batch.run(&sql::INSERT_SIGNAL, values);
    let trim = params![realm.name(), stream, rules::WAITING];
    batch.run(&sql::TRIM_SIGNALS, trim);
}
