//! The realm in federations (OpenID Federation 1.0): what it says of itself as an entity, and entities that are its clients without a registration by hand.
//!
//! A client is found by its entity identifier: `resolve.rs` finds a chain of trust to one of the realm's anchors, the rules of `oauth::federation` verify it, and
//! `rules.rs` makes a client of what the chain says. That is kept in bounded memory, for as long as the chain counts at most.

pub(crate) mod configuration;
mod federation_fetch;
mod federation_historical_keys;
mod federation_list;
pub(crate) mod federation_registration;
mod federation_resolve;
mod federation_trust_mark;
mod federation_trust_mark_list;
pub(crate) mod federation_trust_mark_status;
mod hint;
mod marks;
mod resolve;
pub mod rules;
mod said;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use fetch::{Fetch, FetchOptions};
use oauth::federation::{Chain, RELYING_PARTY, is_entity_id};
use oauth::{Error as Wire, ErrorCode};
use realm::{Client, Realm};
use url::Url;

use self::resolve::{Configuration, Failure, Own, Search, wire, within_patience};
use crate::Server;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::registration::choices;
use crate::sought;
use crate::sought::rules::Want;
use crate::sought::{Errands, Kept, Kind, Room, Sought, Standing, Wanted};

pub(crate) use hint::learn;

/// How many entities are kept, and how many more names that nobody has heard of.
const ENTITIES: usize = 1000;
/// How many are kept that were resolved for others, each with its whole chain.
const RESOLVED: usize = 200;
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a chain is used before it is sought again, in seconds, even if it counts for longer.
const FRESH: i64 = 3600;
/// How long it is remembered that an address is of no entity, in seconds.
const ABSENT: i64 = 60;

/// The entities of all realms of a process.
pub(crate) struct Federation {
    fetch: Option<Fetch>,
    loopback: bool,
    entities: Sought<Entity>,
    resolved: Sought<Resolved>,
    errands: Errands,
}

struct Entity;
struct Resolved;

impl Kind for Entity {
    const NAME: &'static str = "an entity of a federation";
    type Value = Known;
    type Failure = Failure;

    fn is_known(value: &Known) -> bool {
        matches!(value, Known::Trusted(_))
    }

    fn is_final(failure: &Failure) -> bool {
        matches!(failure, Failure::Bad(_))
    }

    fn gave_way() -> Failure {
        Failure::Unreachable
    }
}

impl Kind for Resolved {
    const NAME: &'static str = "an entity that somebody has resolved";
    type Value = Arc<federation_resolve::Found>;
    type Failure = Failure;

    fn is_final(failure: &Failure) -> bool {
        matches!(failure, Failure::Bad(_))
    }

    fn gave_way() -> Failure {
        Failure::Unreachable
    }
}

/// What is known of an address.
#[derive(Clone)]
enum Known {
    /// There is no entity.
    Absent,
    /// There is one that is trusted.
    Trusted(Arc<Trusted>),
}

/// An entity that is trusted.
struct Trusted {
    /// The client, once for each way in which it may authenticate.
    clients: Vec<Arc<Client>>,
    /// Until when (unix seconds).
    until: i64,
    /// When the entity said what it is (unix seconds).
    said_at: i64,
}

impl Federation {
    pub(crate) fn new(options: &FetchOptions, errands: &Errands) -> Self {
        let loopback = options.allow_loopback;
        let options = FetchOptions {
            timeout: options.timeout.min(PATIENCE),
            max_bytes: resolve::LONGEST,
            ..options.clone()
        };
        let fetch = Fetch::new(options).inspect_err(
            |error| tracing::error!(%error, "no entity of a federation can be fetched"),
        );
        Self {
            fetch: fetch.ok(),
            loopback,
            entities: Sought::new(ENTITIES, errands),
            resolved: Sought::new(RESOLVED, errands),
            errands: errands.clone(),
        }
    }

    /// Whether an identifier can be that of an entity, in a realm that takes such clients.
    fn is_entity(&self, realm: &Realm, id: &str) -> bool {
        // Nearly all are none.
        if !id.starts_with("http") {
            return false;
        }
        let settings = realm.settings();
        if !settings.federation.is_on() || !settings.federation.automatic_registration {
            return false;
        }
        self.is_foreign(realm, id)
    }

    /// Whether it is of an entity somewhere else.
    fn is_foreign(&self, realm: &Realm, id: &str) -> bool {
        let origin = |text: &str| Url::parse(text).ok().map(|url| url.origin());
        // A server that asks itself could be made to ask again.
        is_entity_id(id, self.loopback) && origin(id) != origin(realm.issuer())
    }

    /// Does what asks others because of an entity whose chain somebody brought along, and who may be anybody.
    ///
    /// # Errors
    /// As `seek`, and when too much is asked for.
    async fn errand<T, S>(&self, id: &str, seek: impl FnOnce(Arc<Room>) -> S) -> Result<T, Failure>
    where
        S: Future<Output = Result<T, Failure>>,
    {
        let room = self.errands.room(Standing::Strange);
        let errand = room.begin(&sought::host(id));
        let errand = errand.map_err(|_| Failure::Unreachable)?;
        let seeking = within_patience(seek(Arc::clone(room)));
        let done = errand.run(seeking).await;
        done.unwrap_or(Err(Failure::Unreachable))
    }

    fn known(&self, realm: &Realm, id: &str) -> Option<Kept<Known>> {
        self.entities.kept(&name(realm, id))
    }
}

/// The endpoints of realms that vouch for others (§8).
pub(crate) fn of_superiors() -> Router<Arc<Server>> {
    Router::new()
        .route(federation_fetch::PATH, get(federation_fetch::get))
        .route(
            federation_historical_keys::PATH,
            get(federation_historical_keys::get),
        )
        .route(federation_list::PATH, get(federation_list::get))
        .route(federation_resolve::PATH, get(federation_resolve::get))
        .route(federation_trust_mark::PATH, get(federation_trust_mark::get))
        .route(
            federation_trust_mark_list::PATH,
            get(federation_trust_mark_list::get),
        )
}

/// Whether the realm vouches for anybody: then it is an intermediate, or an anchor.
async fn is_superior(call: &Call) -> Result<bool, Refusal> {
    Ok(!call.realm.subordinates().await?.is_empty())
}

fn name(realm: &Realm, id: &str) -> String {
    format!("{} {id}", realm.name())
}

/// What a chain makes of its subject, and until when.
async fn trusted(realm: &Realm, chain: &Chain, until: i64) -> Result<Trusted, Failure> {
    let bad = |error: Wire| Failure::Bad(error);
    let metadata = chain.metadata(RELYING_PARTY).map_err(|it| bad(wire(&it)))?;
    let mut metadata = metadata.ok_or_else(|| {
        let words = "the entity is no openid_relying_party, or its superiors do not allow that";
        bad(Wire::new(ErrorCode::InvalidMetadata, words))
    })?;
    let catalogue = realm.catalogue().await.map_err(|_| Failure::Unreachable)?;
    choices::settle(&mut metadata, realm.settings().profile).map_err(bad)?;
    let read = rules::automatic(chain.subject(), metadata, &catalogue).map_err(bad)?;
    let mut clients = Vec::new();
    let mut problem = None;
    for client in read {
        match realm::clients::check(realm, &client).await {
            Ok(()) => clients.push(Arc::new(client)),
            Err(realm::Error::Invalid(rule)) => problem = problem.or(Some(rule)),
            Err(_) => return Err(Failure::Unreachable),
        }
    }
    match problem {
        Some(rule) if clients.is_empty() => {
            let words = format!("{}: {}", rule.field, rule.reason);
            Err(bad(Wire::new(ErrorCode::InvalidMetadata, words)))
        }
        _ => Ok(Trusted {
            clients,
            until,
            said_at: chain.configuration().issued_at,
        }),
    }
}

/// Finds out what is at an address.
async fn look(
    (fetch, loopback): (Option<Fetch>, bool),
    room: Arc<Room>,
    (realm, call): (Arc<Realm>, Option<Call>),
    id: String,
) -> Result<(Known, i64), Failure> {
    let own = match &call {
        Some(call) => Own::of(call).await?,
        // It is asked over the network like everybody else.
        None => None,
    };
    let fetch = fetch.ok_or(Failure::Unreachable)?;
    let (settings, now) = (realm.settings(), realm.now());
    let federation = &settings.federation;
    let anchors = &federation.trust_anchors;
    let mut search = Search::new((&fetch, loopback), &room, anchors, now).with(own);
    let Configuration::Found(subject) = search.configuration(&id).await? else {
        return Ok((Known::Absent, now.saturating_add(ABSENT)));
    };
    let chain = search.chain(*subject, None).await?;
    let until = search
        .marks(&chain, &federation.required_trust_marks)
        .await?;
    let trusted = trusted(&realm, &chain, until).await?;
    let fresh_until = until.min(now.saturating_add(FRESH));
    Ok((Known::Trusted(Arc::new(trusted)), fresh_until))
}

/// The client that an entity is, in a way of authenticating that `fits` if there is one; none where there is no entity.
///
/// # Errors
/// When there is an entity that is not trusted, or it cannot be found out.
pub(crate) async fn find_by(
    call: &Call,
    id: &str,
    fits: fn(oauth::client_auth::Method) -> bool,
) -> Result<Option<Arc<Client>>, Refusal> {
    let asking = (&call.realm, Some(call));
    let found = Box::pin(call.server.federation.trusted(asking, id)).await?;
    let Some(trusted) = found else {
        return Ok(None);
    };
    let method = |client: &&Arc<Client>| client.token_endpoint_auth_method.is_some_and(fits);
    let fitting = trusted.clients.iter().find(method);
    Ok(fitting.or(trusted.clients.first()).cloned())
}

/// For which realm an entity is looked at, and because of which call.
type Asking<'a> = (&'a Arc<Realm>, Option<&'a Call>);

impl Federation {
    /// The client that an entity is, for what nobody's call is about: as memory has it, and as those above it say where that is too old.
    ///
    /// # Errors
    /// When there is an entity that is not trusted, or it cannot be found out.
    pub(crate) async fn find(
        &self,
        realm: &Arc<Realm>,
        id: &str,
    ) -> Result<Option<Arc<Client>>, Refusal> {
        let found = Box::pin(self.trusted((realm, None), id)).await?;
        Ok(found.and_then(|trusted| trusted.clients.first().cloned()))
    }

    async fn trusted(&self, asking: Asking<'_>, id: &str) -> Result<Option<Arc<Trusted>>, Refusal> {
        let realm = asking.0;
        if !self.is_entity(realm, id) {
            return Ok(None);
        }
        let known = match self.known(realm, id) {
            Some(kept) if realm.now() < kept.fresh_until => kept.value,
            _ => renewed(self, asking, id).await?,
        };
        match known {
            Known::Trusted(trusted) => Ok(Some(trusted)),
            Known::Absent => Ok(None),
        }
    }
}

async fn renewed(
    federation: &Federation,
    (realm, call): Asking<'_>,
    id: &str,
) -> Result<Known, Refusal> {
    let now = realm.now();
    let wanted = Wanted {
        name: &name(realm, id),
        host: &sought::host(id),
        standing: Standing::Strange,
        want: Want::Current,
        now,
        count: &|| call.map_or(Ok(()), |call| call.server.requests.fetch(call)),
    };
    let ways = (federation.fetch.clone(), federation.loopback);
    let whose = (Arc::clone(realm), call.cloned());
    let subject = id.to_owned();
    let seek = |room| within_patience(look(ways, room, whose, subject));
    let (kept, failure) = federation.entities.renew(wanted, seek).await?;
    match (kept, failure) {
        (Some(kept), None) => Ok(kept.value),
        (_, Some(Failure::Bad(error))) => Err(error.into()),
        // As long as what was verified counts, who is away changes nothing.
        (Some(kept), Some(Failure::Unreachable)) => match kept.value {
            Known::Trusted(trusted) if now < trusted.until => Ok(Known::Trusted(trusted)),
            _ => Err(unreachable().into()),
        },
        (None, _) => Err(unreachable().into()),
    }
}

fn unreachable() -> Wire {
    Wire::new(
        ErrorCode::InvalidTrustChain,
        "the trust chain of this client cannot be fetched",
    )
}

/// What is in memory of a client that a federation vouches for.
pub(crate) fn remembered(call: &Call, id: &str) -> Option<Arc<Client>> {
    let kept = call.server.federation.known(&call.realm, id)?;
    match kept.value {
        Known::Trusted(trusted) => trusted.clients.first().cloned(),
        Known::Absent => None,
    }
}

/// Whether a client of this name, which is not in memory, would be one that a federation vouches for.
pub(crate) fn is_possible(call: &Call, id: &str) -> bool {
    call.server.federation.is_entity(&call.realm, id)
}
