//! Clients whose identifier is the address of a document about them (draft-ietf-oauth-client-id-metadata-document): nobody registers them. Their documents are
//! fetched through the guard, kept in bounded memory for a bounded time, and asked for once however many wait.

pub mod rules;

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use fetch::{Fetch, FetchOptions};
use oauth::client_auth::Method;
use oauth::{Error as Wire, ErrorCode};
use realm::clients::Origin;
use realm::{Catalogue, Client, Realm};
use url::Url;

use crate::call::Call;
use crate::federation;
use crate::refusal::Refusal;
use crate::registration::choices;
use crate::sought::rules::Want;
use crate::sought::{Errands, Kept, Kind, Room, Sought, Standing, Wanted};

/// How long one may be, in bytes; the draft expects 5 KiB.
const LONGEST: usize = 16 * 1024;
/// How long one may take to arrive.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many are kept, and how many more names that nobody has heard of.
const DOCUMENTS: usize = 1000;

/// The documents of all realms of a process.
pub(crate) struct Documents {
    fetch: Option<Fetch>,
    loopback: bool,
    sought: Sought<Document>,
}

/// What a document says: the client, once for each way in which it may authenticate.
type Described = Arc<Vec<Arc<Client>>>;

struct Document;

impl Kind for Document {
    const NAME: &'static str = "the document of a client";
    type Value = Described;
    type Failure = Failure;

    fn is_final(failure: &Failure) -> bool {
        matches!(failure, Failure::Bad(_))
    }

    fn gave_way() -> Failure {
        Failure::Unreachable
    }
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
    pub(crate) fn new(options: &FetchOptions, errands: &Errands) -> Self {
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
            sought: Sought::new(DOCUMENTS, errands),
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

    fn kept(&self, realm: &Realm, id: &str) -> Option<Kept<Described>> {
        self.sought.kept(&name(realm, id))
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
    /// Counts that somebody makes us ask.
    fn count(&self) -> Result<(), Refusal> {
        match self.call {
            Some(call) => call.server.requests.fetch(call),
            None => Ok(()),
        }
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
        let first = kept.and_then(|kept| kept.value.first().cloned());
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
async fn described(asking: Asking<'_>, id: &str, url: &Url) -> Result<Described, Refusal> {
    let Asking {
        documents, realm, ..
    } = asking;
    let now = realm.now();
    let kept = documents.kept(realm, id);
    if let Some(kept) = &kept
        && now < kept.fresh_until
    {
        return Ok(Arc::clone(&kept.value));
    }
    let catalogue = realm.catalogue().await?;
    let wanted = Wanted {
        name: &name(realm, id),
        host: url.host_str().unwrap_or_default(),
        standing: Standing::Strange,
        want: Want::Current,
        now,
        count: &|| asking.count(),
    };
    let (fetch, whose, client) = (documents.fetch.clone(), Arc::clone(realm), id.to_owned());
    let host = wanted.host.to_owned();
    let seek = |room: Arc<Room>| async move {
        room.ask(&host).map_err(|_| Failure::Unreachable)?;
        let (described, seconds) = published(fetch, &whose, &client, &catalogue).await?;
        Ok((Arc::new(described), now.saturating_add(seconds)))
    };
    let is_good = |kept: &Kept<_>| now < kept.fresh_until.saturating_add(rules::STALE);
    match documents.sought.renew(wanted, seek).await {
        Ok((_, Some(Failure::Bad(error)))) => Err(error.into()),
        Ok((Some(kept), None)) if now < kept.fresh_until => Ok(kept.value),
        Ok((kept, _)) => match kept.filter(is_good) {
            Some(kept) => Ok(kept.value),
            None => Err(unreachable().into()),
        },
        // Who asks too much is not told less than before.
        Err(refusal) => kept.filter(is_good).map(|kept| kept.value).ok_or(refusal),
    }
}

fn unreachable() -> Wire {
    Wire::new(
        ErrorCode::InvalidClient,
        "the document at this client_id cannot be fetched",
    )
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
