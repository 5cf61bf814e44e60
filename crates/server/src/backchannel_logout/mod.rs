//! Telling clients that a session has ended (OpenID Connect Back-Channel Logout 1.0).
//!
//! 1. The commit that gives a client something of a session remembers that it was used there: one row for session and client, and only of clients that want to
//!    hear. 2. When the session ends, whatever ends it, `endings.rs` turns these rows into messages of the outbox. 3. [`Teller`] delivers each of them, again and
//!    again for about a day, until the client has heard it.

mod rest;
pub mod rules;
pub(crate) mod sql;

use std::sync::Arc;
use std::time::Duration;

use db::{Batch, CommitError, params};
use fetch::{Fetch, FetchOptions};
use identity::Session;
use jose::jwt;
use oauth::federation::is_entity_id;
use oauth::logout_token::{LogoutToken, PARAMETER, TYPE};
use realm::outbox::{Delivery, Ended, Handler, Message};
use realm::{Client, Error, Realm};
use serde::{Deserialize, Serialize};

use self::rest::Rest;
use self::rules::Heard;
use crate::client_auth::Envelope;
use crate::client_id_document::{self, Documents};
use crate::federation::Federation;
use crate::refusal::Refusal;
use crate::remote_keys::RemoteKeys;
use crate::tokens::{id_token, subject};

/// The kind of message. Its payload is a [`Notice`].
const KIND: &str = "logout.notice";
/// How many rows one commit turns into messages at most.
const STEP: usize = 100;
/// How long a client has for its answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much of its answer is read, in bytes; nothing in it matters.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// That a session has ended at a client.
#[derive(Serialize, Deserialize)]
struct Notice {
    client: String,
    person: String,
    session: String,
    /// When the session was first used there (unix seconds).
    at: i64,
}

/// Adds to the batch that gives a client something of a session that the client is told when the session ends, if it wants to hear of that. Costs a row
/// for the first time, and nothing after that.
pub(crate) fn remember(realm: &Realm, batch: &mut Batch, client: &Client, session: &Session) {
    if !client.logout.is_told() {
        return;
    }
    let lifetimes = identity::session::lifetimes(realm);
    batch.run(
        &sql::REMEMBER_CLIENT,
        params![
            realm.name(),
            &session.id,
            &client.id,
            &session.person,
            client.logout.frontchannel_uri.is_some(),
            realm.now().max(session.created_at),
            session.created_at.saturating_add(lifetimes.absolute),
            client.created_at
        ],
    );
}

/// Whose sessions have ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whose<'a> {
    /// This one.
    Session(&'a Ended),
    /// All of a person that began until then.
    Person(&'a Ended),
}

/// Turns what is remembered of sessions that have ended into messages, each once, on whichever node.
///
/// # Errors
/// When the database fails.
pub(crate) async fn announce(realm: &Realm, whose: Whose<'_>) -> Result<(), Error> {
    loop {
        let rows = match whose {
            Whose::Session(ended) => {
                let values = params![realm.name(), &ended.id, STEP as i64];
                realm.db().rows(&sql::CLIENTS_OF_SESSION, values).await?
            }
            Whose::Person(ended) => {
                let values = params![realm.name(), &ended.id, ended.at, STEP as i64];
                realm.db().rows(&sql::CLIENTS_OF_PERSON, values).await?
            }
        };
        if rows.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new();
        for row in &rows {
            let notice = Notice {
                session: row.text(0).to_owned(),
                client: row.text(1).to_owned(),
                person: row.text(2).to_owned(),
                at: row.int(3),
            };
            let own = params![realm.name(), &notice.session, &notice.client];
            batch.expect(&sql::FORGET_CLIENT, own, 1);
            let wants = match realm.client(&notice.client).await? {
                Some(client) => address(&client, &notice).is_some(),
                // What its document, or its federation, says by then counts.
                None => is_elsewhere(&notice.client),
            };
            if wants {
                let payload = serde_json::json!(notice).to_string();
                let whom = (KIND, notice.client.as_str());
                realm.enqueue_to(&mut batch, whom, &payload, realm.now());
            }
        }
        match realm.commit(batch).await {
            // Another node is at it too: what it took is gone, what is left is looked at again.
            Ok(_) | Err(CommitError::Guard { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether an identifier may be the address of a document about its client, or of an entity of a federation.
fn is_elsewhere(id: &str) -> bool {
    client_id_document::rules::address(id, true).is_some() || is_entity_id(id, true)
}

/// Where the client is told, if it is still the one at which the session was used.
fn address<'a>(client: &'a Client, notice: &Notice) -> Option<&'a str> {
    let is_same = !client.disabled && client.created_at <= notice.at;
    client.logout.backchannel_uri.as_deref().filter(|_| is_same)
}

/// What tells clients, through the guard: the kind of message and its handler.
pub(crate) fn handler(
    outbound: &FetchOptions,
    keys: &Arc<RemoteKeys>,
    (documents, federation): (&Arc<Documents>, &Arc<Federation>),
) -> Option<(&'static str, Arc<dyn Handler>)> {
    let options = FetchOptions {
        timeout: outbound.timeout.min(PATIENCE),
        max_bytes: LONGEST_ANSWER,
        ..outbound.clone()
    };
    let fetch = Fetch::new(options)
        .inspect_err(|error| tracing::error!(%error, "no client can be told of a logout"))
        .ok()?;
    let teller = Teller {
        fetch,
        keys: Arc::clone(keys),
        documents: Arc::clone(documents),
        federation: Arc::clone(federation),
        rest: Rest::default(),
    };
    Some((KIND, Arc::new(teller)))
}

/// Tells clients.
struct Teller {
    fetch: Fetch,
    /// Those to which ID tokens, and so these, are encrypted.
    keys: Arc<RemoteKeys>,
    /// Who describes themselves.
    documents: Arc<Documents>,
    /// For whom others vouch.
    federation: Arc<Federation>,
    rest: Rest,
}

impl Handler for Teller {
    fn deliver<'a>(&'a self, realm: &'a Arc<Realm>, message: &'a Message) -> Delivery<'a> {
        Box::pin(self.tell(realm, message))
    }
}

impl Teller {
    async fn tell(&self, realm: &Arc<Realm>, message: &Message) -> Result<(), String> {
        let notice: Notice = serde_json::from_str(&message.payload)
            .map_err(|_| "the payload cannot be read".to_owned())?;
        let client = self.client(realm, &notice.client).await;
        let client = client.map_err(Refusal::into_words)?;
        let found = client
            .as_deref()
            .and_then(|client| Some((client, address(client, &notice)?)));
        let Some((client, uri)) = found else {
            // Nobody is left who wants to hear it.
            return Ok(());
        };
        let whose = (realm.name(), client.id.as_str());
        self.rest.check(whose, realm.now())?;
        let token = self.token(realm, client, (&notice, &message.id)).await;
        let token = token.map_err(Refusal::into_words)?;
        let sent = self.fetch.post_form(uri, &[(PARAMETER, token)], &[]).await;
        let heard = match sent {
            Ok(answer) => rules::heard(answer.status.as_u16()),
            Err(error) => {
                self.rest.begin(whose, realm.now());
                Heard::Later(error.to_string())
            }
        };
        match heard {
            Heard::Yes => Ok(()),
            Heard::Refused(status) => {
                tracing::warn!(
                    realm = realm.name(),
                    client = client.id,
                    status,
                    "a client refused a logout token"
                );
                Ok(())
            }
            Heard::Later(why) => Err(why),
        }
    }

    /// The client, as it is registered, or as its federation or its document says now: found in the order of [`Call::client`](crate::call::Call::client).
    async fn client(&self, realm: &Arc<Realm>, id: &str) -> Result<Option<Arc<Client>>, Refusal> {
        if let Some(client) = realm.client(id).await? {
            return Ok(Some(client));
        }
        if let Some(client) = self.federation.find(realm, id).await? {
            return Ok(Some(client));
        }
        self.documents.find(realm, id).await
    }

    /// The logout token (§2.4), signed and encrypted as ID tokens are. Its identifier is that of the message, the same at every attempt; its times are those of
    /// this one.
    async fn token(
        &self,
        realm: &Realm,
        client: &Client,
        (notice, id): (&Notice, &str),
    ) -> Result<String, Refusal> {
        let now = realm.now();
        let claims = LogoutToken {
            iss: realm.issuer().to_owned(),
            sub: Some(subject::of(realm, client, &notice.person)),
            aud: client.id.as_str().into(),
            iat: now,
            exp: now.saturating_add(rules::LIFETIME),
            jti: id.to_owned(),
            events: LogoutToken::events(),
            sid: Some(subject::session(realm, client, &notice.session)),
            nonce: None,
        };
        let algorithm = id_token::algorithm(client, &realm.settings());
        let key = realm.keys().signer(algorithm).await?;
        let signed = jwt::sign(&key, TYPE, &claims)?;
        match Envelope::of_id_tokens(&self.keys, realm, client).await? {
            Some(envelope) => envelope.seal(&signed),
            None => Ok(signed),
        }
    }
}
