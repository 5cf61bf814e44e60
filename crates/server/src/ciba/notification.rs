//! Calling a client when the person has decided, or nobody did in time (OpenID Connect CIBA Core §10.2, §10.3, §12). What is to be said is a message in the
//! outbox, written with the decision; it is said by whichever node takes it, again and again until the client has heard it.

use std::sync::Arc;
use std::time::Duration;

use db::{Batch, params};
use fetch::Fetch;
use oauth::ciba::{DeliveryMode, Ping};
use oauth::claims::Confirmation;
use oauth::token::{GrantType, TokenResponse};
use realm::outbox::{Delivery, Handler, Message};
use realm::{Client, Realm};
use serde::{Deserialize, Serialize};

use super::push;
use super::rules;
use super::sql::{self, Found};
use crate::authorization_code;
use crate::refusal::Refusal;
use crate::remote_keys::RemoteKeys;

/// The kind of message. Its payload is the hash of the `auth_req_id`, as a JSON string.
pub(super) const KIND: &str = "ciba.decided";
/// How long a client has for its answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// How much of its answer is read, in bytes.
pub(super) const LONGEST_ANSWER: usize = 64 * 1024;

const PURPOSE: &str = "ciba_notification";

/// What a client is called with: kept sealed until it has been.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    /// The request.
    pub(super) auth_req_id: String,
    /// `client_notification_token`.
    token: String,
    /// The thumbprint of the key of the instance that asked, if an attester vouches for that: what is pushed is that one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) instance: Option<String>,
    /// What is pushed, once it has been made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tokens: Option<Made>,
}

/// Tokens that are on their way.
#[derive(Serialize, Deserialize)]
pub(super) struct Made {
    /// When they were made (unix seconds).
    pub(super) at: i64,
    /// The tokens.
    pub(super) tokens: TokenResponse,
}

impl Kept {
    /// Of a request that waits.
    pub(super) fn waiting(auth_req_id: &str, token: &str, instance: Option<&Confirmation>) -> Self {
        Self {
            auth_req_id: auth_req_id.to_owned(),
            token: token.to_owned(),
            instance: instance.and_then(|key| key.jkt.clone()),
            tokens: None,
        }
    }

    /// Seals it for the row with this hash.
    pub(super) fn seal(&self, realm: &Realm) -> Result<String, Refusal> {
        let text = serde_json::to_vec(self)
            .map_err(|_| Refusal::Failed("a notification cannot be written".to_owned()))?;
        Ok(realm.seal(PURPOSE, text))
    }

    /// Opens what stands in the row with this hash; nothing that was moved there from another row.
    fn open(realm: &Realm, sealed: &str, hash: &str) -> Option<Self> {
        let kept: Self = serde_json::from_slice(&realm.unseal(PURPOSE, sealed)?).ok()?;
        (authorization_code::hash(&kept.auth_req_id) == hash).then_some(kept)
    }
}

/// Adds to a batch that the client is to be called from `due_at` on about the request with this hash.
pub(super) fn enqueue(realm: &Realm, batch: &mut Batch, (client, hash): (&str, &str), due_at: i64) {
    let payload = serde_json::Value::from(hash).to_string();
    realm.enqueue_to(batch, (KIND, client), &payload, due_at);
}

/// Adds to a batch that nothing is left to be said.
pub(super) fn forget(realm: &Realm, batch: &mut Batch, hash: &str) {
    batch.run(&sql::FORGET_NOTIFICATION, params![realm.name(), hash]);
}

/// What a client answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It has heard.
    Yes,
    /// It does not want to hear: asking again would change nothing.
    Never,
}

/// Calls clients.
pub(super) struct Caller {
    pub(super) fetch: Fetch,
    pub(super) keys: Arc<RemoteKeys>,
}

impl Caller {
    /// Says something to a client, as JSON. Redirects are not followed (§10.2).
    ///
    /// # Errors
    /// When it may hear it later.
    pub(super) async fn say<T: Serialize>(
        &self,
        endpoint: &str,
        kept: &Kept,
        what: &T,
    ) -> Result<Heard, String> {
        let text = serde_json::to_string(what).map_err(|error| error.to_string())?;
        let authorization = format!("Bearer {}", kept.token);
        let headers = [("authorization", authorization.as_str())];
        let answer = self.fetch.post_json(endpoint, text, &headers).await;
        let status = answer.map_err(|error| error.to_string())?.status;
        match status.as_u16() {
            200..=299 => Ok(Heard::Yes),
            408 | 425 | 429 | 500.. => Err(format!("status {}", status.as_u16())),
            _ => Ok(Heard::Never),
        }
    }
}

impl Handler for Caller {
    fn deliver<'a>(&'a self, realm: &'a Arc<Realm>, message: &'a Message) -> Delivery<'a> {
        Box::pin(async move {
            let hash: String = serde_json::from_str(&message.payload)
                .map_err(|_| "the payload cannot be read".to_owned())?;
            let found = sql::find(realm, &hash).await.map_err(words)?;
            match found {
                Some(found) => self.tell(realm, &found).await,
                // Too long ago for anybody to care.
                None => Ok(()),
            }
        })
    }
}

impl Caller {
    async fn tell(&self, realm: &Arc<Realm>, found: &Found) -> Result<(), String> {
        // What was said before is not there any more.
        let Some(sealed) = &found.notification else {
            return Ok(());
        };
        let asked = &found.asked;
        if rules::waits(asked, realm.now()) {
            return Err("nobody has decided, and there is time left".to_owned());
        }
        let client = realm.client(&asked.client).await;
        let client = client.map_err(|error| error.to_string())?;
        let kept = Kept::open(realm, sealed, &found.hash);
        let (Some((client, endpoint)), Some(kept)) =
            (client.as_deref().and_then(|it| endpoint(it, found)), kept)
        else {
            tracing::info!(
                realm = realm.name(),
                client = asked.client,
                "a client that asked is not there any more, or wants to hear otherwise"
            );
            return done(realm, found).await;
        };
        if asked.delivery == DeliveryMode::Push {
            return push::deliver(self, realm, (client, endpoint), (found, kept)).await;
        }
        let ping = Ping {
            auth_req_id: kept.auth_req_id.clone(),
        };
        if self.say(endpoint, &kept, &ping).await? == Heard::Never {
            tracing::warn!(
                realm = realm.name(),
                client = client.id,
                "a ping was refused"
            );
        }
        done(realm, found).await
    }
}

/// The client and where it is called, if it is the one that asked and is registered for it as it was then.
fn endpoint<'a>(client: &'a Client, found: &Found) -> Option<(&'a Client, &'a str)> {
    let asked = &found.asked;
    let is_same = !client.disabled
        && rules::is_of(asked, client)
        && client.allows_grant(GrantType::Ciba)
        && client.backchannel.mode() == asked.delivery;
    let endpoint = client.backchannel.notification_endpoint.as_deref()?;
    is_same.then_some((client, endpoint))
}

/// Nothing is left to be said.
async fn done(realm: &Realm, found: &Found) -> Result<(), String> {
    let mut batch = Batch::new();
    forget(realm, &mut batch, &found.hash);
    realm
        .db()
        .commit(batch)
        .await
        .map_err(|error| error.to_string())?;
    Ok(())
}

/// A refusal for the log of the outbox.
pub(super) fn words(refusal: Refusal) -> String {
    refusal.into_words()
}
