//! Clients whose identifier is the address of a document about them (draft-ietf-oauth-client-id-metadata-document): nobody registers them. Their documents are
//! fetched through the guard, kept in bounded memory for a bounded time, and asked for once however many wait.

mod rooms;
pub mod rules;

use std::sync::Arc;
use std::time::Duration;

use ambient::Clock;
use axum::http::StatusCode;
use fetch::{Fetch, FetchOptions};
use oauth::client_auth::Method;
use oauth::{Error as Wire, ErrorCode};
use realm::clients::Origin;
use realm::{Catalogue, Client, Realm};
use url::Url;

use self::rooms::{Entry, Kept, Rooms};
use crate::call::Call;
use crate::federation;
use crate::refusal::Refusal;
use crate::registration::choices;

/// How long one may be, in bytes; the draft expects 5 KiB.
const LONGEST: usize = 16 * 1024;
/// How long one may take to arrive.
const PATIENCE: Duration = Duration::from_secs(5);

/// The documents of all realms of a process.
pub(crate) struct Documents {
    fetch: Option<Fetch>,
    loopback: bool,
    rooms: Rooms,
}

/// Why there is no client.
#[derive(Clone, Debug)]
enum Failure {
    /// Its server cannot be reached, or has troubles of its own.
    Unreachable,
    /// What is there describes no client.
    Bad(Wire),
}

impl Documents {
    pub(crate) fn new(options: &FetchOptions, clock: &Clock) -> Self {
        let loopback = options.allow_loopback;
        let options = FetchOptions {
            timeout: options.timeout.min(PATIENCE),
            max_bytes: LONGEST,
            ..options.clone()
        };
        let fetch = Fetch::new(options)
            .inspect_err(|error| tracing::error!(%error, "no document of a client can be fetched"));
        Self {
            fetch: fetch.ok(),
            loopback,
            rooms: Rooms::new(clock),
        }
    }

    /// The address that an identifier is, where the realm allows its host.
    fn address(&self, realm: &Realm, id: &str) -> Option<Url> {
        // Nearly all are none.
        if !id.starts_with("http") {
            return None;
        }
        let url = rules::address(id, self.loopback)?;
        let own = Url::parse(realm.issuer()).ok();
        // A server that asks itself could be made to ask again.
        if own.is_some_and(|own| own.origin() == url.origin()) {
            return None;
        }
        let settings = realm.settings();
        let allowed = settings.client_id_documents.allows(url.host_str()?);
        allowed.then_some(url)
    }

    /// The client that is described at this address, for what nobody's call is about: as memory has it, and fetched where that is too old.
    ///
    /// # Errors
    /// When the document describes no client or cannot be had.
    pub(crate) async fn find(
        &self,
        realm: &Arc<Realm>,
        id: &str,
    ) -> Result<Option<Arc<Client>>, Refusal> {
        let Some(url) = self.address(realm, id) else {
            return Ok(None);
        };
        let asking = Asking {
            documents: self,
            realm,
            call: None,
        };
        let described = Box::pin(described(asking, id, &url)).await?;
        Ok(described.first().cloned())
    }

    fn kept(&self, realm: &Realm, id: &str) -> Option<Kept> {
        self.rooms.find(&name(realm, id))?.latest()
    }
}

/// On whose behalf a document is asked for.
#[derive(Clone, Copy)]
struct Asking<'a> {
    documents: &'a Documents,
    realm: &'a Arc<Realm>,
    /// Whoever calls can make us fetch only so often.
    call: Option<&'a Call>,
}

impl Asking<'_> {
    /// Counts that somebody makes us ask there.
    fn count(&self, url: &Url, entry: Option<&Entry>) -> Result<(), Refusal> {
        if let Some(call) = self.call {
            call.server.requests.fetch(call)?;
        }
        let host = url.host_str().unwrap_or_default();
        self.documents.rooms.count(host, entry)
    }
}

fn name(realm: &Realm, id: &str) -> String {
    format!("{} {id}", realm.name())
}

impl Call {
    /// The client with this identifier: one that is registered, else one that a federation vouches for, else one that is described at that address, in the way that it
    /// prefers to authenticate.
    ///
    /// # Errors
    /// When a document is there and describes no client, cannot be had, or too many were asked for.
    pub(crate) async fn client(&self, id: &str) -> Result<Option<Arc<Client>>, Refusal> {
        self.client_by(id, |_| true).await
    }

    /// As [`client`](Self::client), for one that authenticates by a method that `fits`, if it may.
    pub(crate) async fn client_by(
        &self,
        id: &str,
        fits: fn(Method) -> bool,
    ) -> Result<Option<Arc<Client>>, Refusal> {
        if let Some(client) = self.realm.client(id).await? {
            return Ok(Some(client));
        }
        // Those who vouch for an entity say more than it says itself.
        if federation::is_possible(self, id)
            && let Some(client) = Box::pin(federation::find_by(self, id, fits)).await?
        {
            return Ok(Some(client));
        }
        let Some(url) = self.server.documents.address(&self.realm, id) else {
            return Ok(None);
        };
        let asking = Asking {
            documents: &self.server.documents,
            realm: &self.realm,
            call: Some(self),
        };
        let described = Box::pin(described(asking, id, &url)).await?;
        let method = |client: &Client| client.token_endpoint_auth_method;
        let fitting = described
            .iter()
            .find(|client| method(client).is_some_and(fits));
        Ok(fitting.or(described.first()).cloned())
    }

    /// The client that a token was issued to, without asking anybody else: of one that is described at its address, what is in memory, or its name alone. Only for
    /// one of a federation that is not in memory its superiors are asked.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn holder(&self, id: &str) -> Result<Option<Arc<Client>>, realm::Error> {
        if let Some(client) = self.realm.client(id).await? {
            return Ok(Some(client));
        }
        let documents = &self.server.documents;
        let kept = documents.kept(&self.realm, id);
        let first = kept.and_then(|kept| kept.described.first().cloned());
        if first.is_none() && federation::is_possible(self, id) {
            // Its name alone would not tell which of its names a person has there.
            let known = match federation::remembered(self, id) {
                Some(client) => Some(client),
                None => Box::pin(federation::find_by(self, id, |_| true))
                    .await
                    .ok()
                    .flatten(),
            };
            if known.is_some() {
                return Ok(known);
            }
        }
        if documents.address(&self.realm, id).is_none() {
            return Ok(None);
        }
        let alone = || Client {
            id: id.to_owned(),
            origin: Origin::Document,
            ..Client::default()
        };
        Ok(Some(first.unwrap_or_else(|| Arc::new(alone()))))
    }
}

/// What the document says: from memory while it is fresh, and for a while longer when it cannot be had.
async fn described(
    asking: Asking<'_>,
    id: &str,
    url: &Url,
) -> Result<Arc<Vec<Arc<Client>>>, Refusal> {
    let Asking {
        documents, realm, ..
    } = asking;
    let now = realm.now();
    if let Some(kept) = documents.kept(realm, id)
        && now < kept.fresh_until
    {
        return Ok(kept.described);
    }
    let name = name(realm, id);
    // Nothing is kept of what somebody may not ask for.
    let (entry, counted) = match documents.rooms.find(&name) {
        Some(entry) => (entry, false),
        None => {
            asking.count(url, None)?;
            (documents.rooms.begin(&name)?, true)
        }
    };
    let renewed = renew(asking, (&entry, counted), (id, url), now).await;
    let kept = entry.latest();
    let still_good = |kept: &Kept| now < kept.fresh_until.saturating_add(rules::STALE);
    match (kept, renewed) {
        (Some(kept), Ok(None)) if now < kept.fresh_until => Ok(kept.described),
        (_, Ok(Some(Failure::Bad(error)))) => Err(error.into()),
        (Some(kept), Ok(Some(Failure::Unreachable)) | Err(_)) if still_good(&kept) => {
            Ok(kept.described)
        }
        (_, Err(refusal)) => Err(refusal),
        _ => Err(unreachable().into()),
    }
}

fn unreachable() -> Wire {
    Wire::new(
        ErrorCode::InvalidClient,
        "the document at this client_id cannot be fetched",
    )
}

/// Fetches the document unless somebody else just did. Gives what went wrong.
async fn renew(
    asking: Asking<'_>,
    (entry, counted): (&Arc<Entry>, bool),
    (id, url): (&str, &Url),
    now: i64,
) -> Result<Option<Failure>, Refusal> {
    let Asking {
        documents, realm, ..
    } = asking;
    let mut failed = Arc::clone(&entry.failed).lock_owned().await;
    let fresh = |kept: Kept| now < kept.fresh_until;
    if entry.latest().is_some_and(fresh) {
        return Ok(None);
    }
    if let Some((at, failure)) = &*failed
        && (*at..at.saturating_add(rules::REST)).contains(&now)
    {
        return Ok(Some(failure.clone()));
    }
    if !counted {
        asking.count(url, Some(entry))?;
    }
    let permit = documents.rooms.permit(entry)?;
    let catalogue = realm.catalogue().await?;
    let (fetch, realm, id) = (documents.fetch.clone(), Arc::clone(realm), id.to_owned());
    let (rooms, entry, name) = (
        documents.rooms.clone(),
        Arc::clone(entry),
        name(&realm, &id),
    );
    let fetching = async move {
        let outcome = published(fetch, &realm, &id, &catalogue).await;
        let failure = match outcome {
            Ok((described, seconds)) => {
                let fresh_until = now.saturating_add(seconds);
                let described = Arc::new(described);
                let kept = Kept {
                    described,
                    fresh_until,
                };
                rooms.keep(&name, &entry, Some(kept));
                None
            }
            Err(failure) => {
                tracing::info!(
                    realm = realm.name(),
                    client = id,
                    ?failure,
                    "the document of a client cannot be used"
                );
                if matches!(failure, Failure::Bad(_)) {
                    rooms.keep(&name, &entry, None);
                }
                Some(failure)
            }
        };
        *failed = failure.clone().map(|failure| (now, failure));
        drop(permit);
        failure
    };
    // On its own, so that nobody stops it for others by hanging up.
    let done = tokio::spawn(fetching).await;
    done.map_err(|error| Refusal::Failed(error.to_string()))
}

async fn published(
    fetch: Option<Fetch>,
    realm: &Realm,
    id: &str,
    catalogue: &Catalogue,
) -> Result<(Vec<Arc<Client>>, i64), Failure> {
    let bad = |words: &'static str| Failure::Bad(Wire::new(ErrorCode::InvalidClient, words));
    let fetch = fetch.ok_or(Failure::Unreachable)?;
    let response = fetch.get(id).await.map_err(|error| match error {
        fetch::Error::TooLarge => bad("the document at this client_id is too large"),
        _ => Failure::Unreachable,
    })?;
    if response.status.is_server_error() || response.status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Failure::Unreachable);
    }
    if response.status != StatusCode::OK {
        return Err(bad("there is no document at this client_id"));
    }
    let kind = response.media_type().unwrap_or_default();
    let json =
        kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"));
    if !json {
        return Err(bad(
            "the document at this client_id is not application/json",
        ));
    }
    let text = response
        .text()
        .map_err(|_| bad("the document at this client_id is not UTF-8"))?;
    let mut members = jose::json_object(text)
        .map_err(|_| bad("the document at this client_id is not one JSON object"))?;
    choices::settle(&mut members, realm.settings().profile).map_err(Failure::Bad)?;
    let described = rules::read(id, members, catalogue).map_err(Failure::Bad)?;
    let mut usable = Vec::new();
    let mut first = None;
    for client in described {
        match realm::clients::check(realm, &client).await {
            Ok(()) => usable.push(Arc::new(client)),
            Err(realm::Error::Invalid(rule)) => first = first.or(Some(rule)),
            Err(_) => return Err(Failure::Unreachable),
        }
    }
    match (usable.is_empty(), first) {
        (true, Some(rule)) => {
            let words = format!("{}: {}", rule.field, rule.reason);
            Err(Failure::Bad(Wire::new(ErrorCode::InvalidClient, words)))
        }
        _ => {
            let (control, age) = (response.header("cache-control"), response.header("age"));
            Ok((usable, rules::freshness(control, age)))
        }
    }
}
