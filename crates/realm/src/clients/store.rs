use std::fmt;

use db::{Batch, CommitError, Row, Stmt, Value, params};

use super::origin::{Origin, Registration};
use super::secret::{self, SealedSecret, Secret, SecretChange, SecretHash};
use super::{Client, rules, sql, stored};
use crate::changes::Kind;
use crate::error::Error;
use crate::events::Event;
use crate::outbox::Ended;
use crate::revocations::Mark;
use crate::settings::Admission;
use crate::tenant::Realm;

pub(super) const WHAT: &str = "client";

/// The kind of the message ([`Ended`]) that says that a client was removed.
pub const DELETED: &str = "client.deleted";

/// A client that was made or changed, and its new secret if it got one: the only time that anybody sees it. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Registered {
    /// As it is stored now.
    pub client: Client,
    /// The secret it was given or that was generated.
    pub secret: Option<String>,
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registered")
            .field("client", &self.client)
            .field("secret", &self.secret.as_ref().map(|_| "…"))
            .finish()
    }
}

/// Registers a client, with the identifier it states or a new one. `actor` is who does it, for the audit.
///
/// # Errors
/// [`Error::Invalid`] names the member that breaks a rule; [`Error::Exists`].
pub async fn create(
    realm: &Realm,
    client: Client,
    secret: Secret,
    actor: &str,
) -> Result<Registered, Error> {
    let event = Event::new("client.created").actor(actor);
    insert(realm, client, secret, (Batch::new(), event)).await
}

/// As [`create`], in a batch that begins with something else.
pub(super) async fn insert(
    realm: &Realm,
    mut client: Client,
    secret: Secret,
    (mut batch, event): (Batch, Event),
) -> Result<Registered, Error> {
    if client.id.is_empty() {
        client.id = realm.ambient().id();
    }
    let secret = match secret {
        Secret::None => None,
        Secret::Generate => Some(secret::generate(realm.ambient(), &client)),
        Secret::Given(secret) => Some(secret),
    };
    set_secret(realm, &mut client, secret.as_deref())?;
    rules::check(&client, &*realm.catalogue().await?)?;
    check_profile(realm, &client)?;
    publish_key(realm, &client).await?;
    let now = realm.now();
    (client.version, client.created_at, client.updated_at) = (1, now, now);
    batch.run(
        &sql::INSERT_CLIENT,
        params![
            realm.name(),
            &client.id,
            document(&client)?,
            hash_text(&client),
            now,
            sealed_text(&client),
            registration_text(&client),
            client.expires_at(),
            admission_text(&client)
        ],
    );
    done(realm, &mut batch, &client, event);
    match realm.commit(batch).await {
        Err(error) if error.is_unique(&sql::INSERT_CLIENT) => Err(Error::exists(WHAT, &client.id)),
        other => other
            .map(|_| Registered { client, secret })
            .map_err(Error::from),
    }
}

/// Changes the client with this identifier to what `client` says, provided that nobody has changed it since `client` was read (its `version`).
/// A client that becomes disabled, or of another sector (OpenID Connect Core §8.1), loses the tokens it has.
///
/// # Errors
/// [`Error::Invalid`], [`Error::NotFound`], [`Error::Conflict`]; [`Error::Stored`] when a newer version wrote what would be lost.
pub async fn update(
    realm: &Realm,
    mut client: Client,
    secret: SecretChange,
    actor: &str,
) -> Result<Registered, Error> {
    let old = realm
        .db()
        .row(&sql::FIND_CLIENT, params![realm.name(), &client.id])
        .await?
        .ok_or_else(|| Error::not_found(WHAT, &client.id))?;
    serde_json::from_str::<Client>(old.text(1))
        .map_err(|error| Error::stored(WHAT, &client.id, error))?;
    let old = read(&old)?;
    let former = old.sector();
    client.origin = old.origin;
    client.secret_hash = old.secret_hash;
    client.sealed_secret = old.sealed_secret.filter(|_| secret::signs(&client));
    let secret = match secret {
        SecretChange::Keep => None,
        SecretChange::Remove => {
            set_secret(realm, &mut client, None)?;
            None
        }
        SecretChange::Generate => Some(secret::generate(realm.ambient(), &client)),
        SecretChange::Given(secret) => Some(secret),
    };
    if secret.is_some() {
        set_secret(realm, &mut client, secret.as_deref())?;
    }
    rules::check(&client, &*realm.catalogue().await?)?;
    check_profile(realm, &client)?;
    publish_key(realm, &client).await?;
    let replacing = Replacing {
        stmt: &sql::UPDATE_CLIENT,
        expires_at: None,
        revoked_at: old.revoked_at,
        ends: (client.disabled && !old.disabled) || client.sector() != former,
        event: Event::new("client.changed").actor(actor),
    };
    replace(realm, client, secret, replacing).await
}

/// How a client takes the place of what it was.
pub(super) struct Replacing {
    /// With the columns of [`sql::UPDATE_CLIENT`]; behind them, where there is one, `expires_at`.
    pub(super) stmt: &'static Stmt,
    /// Until when it is registered (unix seconds), where that changes.
    pub(super) expires_at: Option<i64>,
    /// Since when its tokens count (unix seconds), if they go on.
    pub(super) revoked_at: i64,
    /// Whether they end. They have to when its sector is another: whom a token tells of is what its client's sector is told, and the tokens of the former must not
    /// tell the present one.
    pub(super) ends: bool,
    pub(super) event: Event,
}

/// Writes a client that keeps to the rules over the one of its name and version.
pub(super) async fn replace(
    realm: &Realm,
    mut client: Client,
    secret: Option<String>,
    replacing: Replacing,
) -> Result<Registered, Error> {
    let now = realm.now();
    let ends = replacing.ends;
    client.revoked_at = if ends { now } else { replacing.revoked_at };
    let mut values: Vec<Value> = vec![
        realm.name().into(),
        client.id.as_str().into(),
        client.version.into(),
        document(&client)?.into(),
        hash_text(&client).into(),
        now.into(),
        sealed_text(&client).into(),
        client.revoked_at.into(),
    ];
    values.extend(replacing.expires_at.map(Value::from));
    let mut batch = Batch::new();
    batch.expect(replacing.stmt, values.into(), 1);
    if ends {
        let mark = Mark::Client(&client.id);
        realm.revocations().revoke(&mut batch, mark);
    }
    done(realm, &mut batch, &client, replacing.event);
    match realm.commit(batch).await {
        Err(error) if error.is_guard(replacing.stmt) => Err(Error::conflict(WHAT, &client.id)),
        Err(error) => Err(error.into()),
        Ok(_) => {
            client.version += 1;
            client.updated_at = now;
            Ok(Registered { client, secret })
        }
    }
}

/// One that is switched off may be what it likes: nobody shall have to mend it for that.
pub(super) fn check_profile(realm: &Realm, client: &Client) -> Result<(), Error> {
    if client.disabled {
        return Ok(());
    }
    let settings = realm.settings();
    rules::check_profile(client, client.profile(&settings))?;
    rules::check_retired(client, &settings)?;
    let mut retired = client.grant_types.iter().filter(|grant| grant.is_retired());
    if let Some(grant) = retired.next() {
        tracing::warn!(
            realm = realm.name(),
            client = client.id,
            "the client is registered for `{grant}`, which OAuth 2.1 has left out (RFC 9700 §2.1.2, §2.4)"
        );
    }
    Ok(())
}

/// Makes the keys that will sign what it gets, so that they are among the published ones before the client reads them, which many do just once.
pub(super) async fn publish_key(realm: &Realm, client: &Client) -> Result<(), Error> {
    let algorithms = [
        client.id_token_signed_response_alg,
        client.authorization_signed_response_alg,
        client.introspection_signed_response_alg,
        client.openid.userinfo_signed_response_alg,
    ];
    for algorithm in algorithms.into_iter().flatten() {
        realm.keys().signer(algorithm).await?;
    }
    Ok(())
}

/// Removes a client; tokens issued to it are void from now on, also when another one gets its identifier.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn delete(realm: &Realm, id: &str, actor: &str) -> Result<(), Error> {
    let mut batch = Batch::new();
    batch.expect(&sql::DELETE_CLIENT, params![realm.name(), id], 1);
    let event = Event::new("client.deleted").actor(actor);
    ended(realm, &mut batch, id, event);
    match realm.commit(batch).await {
        Err(CommitError::Guard { .. }) => Err(Error::not_found(WHAT, id)),
        other => other.map(drop).map_err(Error::from),
    }
}

/// Whether a client that is not stored keeps to the rules, and to what the realm demands.
///
/// # Errors
/// [`Error::Invalid`] names the member that breaks a rule.
pub async fn check(realm: &Realm, client: &Client) -> Result<(), Error> {
    rules::check(client, &*realm.catalogue().await?)?;
    check_profile(realm, client)
}

/// What follows when a client is gone.
pub(super) fn ended(realm: &Realm, batch: &mut Batch, id: &str, event: Event) {
    realm.record(batch, event.client(id));
    let now = realm.now();
    realm.enqueue(batch, DELETED, &Ended::payload(id, now), now);
    realm.revocations().revoke(batch, Mark::Client(id));
    realm.announce(batch, Kind::CLIENT, id);
}

/// The client as the database has it now, for changing it; [`Realm::client`] is faster.
///
/// # Errors
/// When the database fails or the row cannot be read.
pub async fn find(realm: &Realm, id: &str) -> Result<Option<Client>, Error> {
    load(realm.db(), realm.name(), id).await
}

/// At most `limit` clients, in the order of their identifiers, after the one named `after` (empty for the first page).
///
/// # Errors
/// When the database fails or a row cannot be read.
pub async fn list(realm: &Realm, after: &str, limit: i64) -> Result<Vec<Client>, Error> {
    let rows = realm
        .db()
        .rows(&sql::LIST_CLIENTS, params![realm.name(), after, limit])
        .await?;
    rows.iter().map(read).collect()
}

/// As [`list`], only those whose registration says by itself that grants may be there that OAuth 2.1 has left out.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub async fn list_retired(realm: &Realm, after: &str, limit: i64) -> Result<Vec<Client>, Error> {
    let values = params![realm.name(), after, limit];
    let rows = realm.db().rows(&sql::LIST_RETIRED_CLIENTS, values).await?;
    rows.iter().map(read).collect()
}

pub(crate) async fn load(db: &db::Db, realm: &str, id: &str) -> Result<Option<Client>, Error> {
    if id.contains('\0') {
        return Ok(None);
    }
    let row = db.row(&sql::FIND_CLIENT, params![realm, id]).await?;
    row.as_ref().map(read).transpose()
}

pub(super) fn read(row: &Row) -> Result<Client, Error> {
    let id = row.text(0);
    let mut client = stored::read(row.text(1)).map_err(|error| Error::stored(WHAT, id, error))?;
    client.id = id.to_owned();
    client.secret_hash = match row.opt_text(2) {
        None => None,
        Some(text) => {
            let bytes = mac(text).ok_or_else(|| Error::stored(WHAT, id, "secret_hash"))?;
            Some(SecretHash(bytes))
        }
    };
    client.sealed_secret = row.opt_text(6).map(|text| SealedSecret(text.to_owned()));
    (client.version, client.created_at, client.updated_at) = (row.int(3), row.int(4), row.int(5));
    client.revoked_at = row.int(9);
    client.origin = match (row.opt_text(7), row.opt_int(8)) {
        (Some(text), expires_at) => {
            let token = mac(text).ok_or_else(|| Error::stored(WHAT, id, "registration_token"))?;
            let admission = row.opt_text(10).and_then(Admission::named);
            Origin::Registration(Registration {
                token,
                expires_at,
                admission,
            })
        }
        (None, Some(expires_at)) => Origin::FederationRegistration { expires_at },
        (None, None) => Origin::Operator,
    };
    Ok(client)
}

fn mac(text: &str) -> Option<[u8; 32]> {
    jose::base64url::decode(text).ok()?.try_into().ok()
}

fn registration_text(client: &Client) -> Option<String> {
    match &client.origin {
        Origin::Registration(registration) => Some(jose::base64url::encode(registration.token)),
        Origin::Operator
        | Origin::Document
        | Origin::Federation
        | Origin::FederationRegistration { .. } => None,
    }
}

fn admission_text(client: &Client) -> Option<&'static str> {
    match &client.origin {
        Origin::Registration(registration) => registration.admission.map(Admission::as_str),
        _ => None,
    }
}

pub(super) fn document(client: &Client) -> Result<String, Error> {
    serde_json::to_string(client).map_err(|error| Error::stored(WHAT, &client.id, error))
}

pub(super) fn hash_text(client: &Client) -> Option<String> {
    client
        .secret_hash
        .map(|hash| jose::base64url::encode(hash.0))
}

pub(super) fn sealed_text(client: &Client) -> Option<String> {
    client.sealed_secret.as_ref().map(|sealed| sealed.0.clone())
}

pub(super) fn set_secret(
    realm: &Realm,
    client: &mut Client,
    secret: Option<&str>,
) -> Result<(), Error> {
    (client.secret_hash, client.sealed_secret) = match secret {
        None => (None, None),
        Some(secret) => {
            secret::check_for(client, secret)?;
            let hash = secret::hash(realm, &client.id, secret);
            (Some(hash), secret::seal(realm, client, secret))
        }
    };
    Ok(())
}

pub(super) fn done(realm: &Realm, batch: &mut Batch, client: &Client, event: Event) {
    realm.record(batch, event.client(&client.id));
    realm.announce(batch, Kind::CLIENT, &client.id);
}
