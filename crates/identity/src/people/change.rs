use db::{Batch, CommitError, Stmt, params};
use realm::outbox::Ended;
use realm::{Mark, Realm};
use serde::{Deserialize, Serialize};

use super::{Details, Person, Profile, rules, sql};
use crate::Error;
use crate::events::{Happened, record};
use crate::password_hash::PasswordHash;

/// The kind of the message ([`Ended`]) that says that everything of a person has ended so far, sessions and tokens.
pub const SIGNED_OUT: &str = "person.signed_out";
/// The kind of the message ([`Ended`]) that says that a person was deleted.
pub const DELETED: &str = "person.deleted";

/// The kind of the message ([`Changed`]) that says that an account has changed, for whoever is to be told of it.
pub const CHANGED: &str = "person.changed";

/// What became of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Whose.
    pub person: String,
    /// What.
    pub what: Change,
    /// When (unix seconds).
    pub at: i64,
    /// Whether somebody else than the person did it.
    #[serde(default)]
    pub by_admin: bool,
    /// The names of the claims about the person that are others now, for [`Change::Claims`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
}

/// What can become of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It has a password, and had none.
    FirstPassword,
    /// It has another password.
    Password,
    /// It cannot be used.
    Disabled,
    /// It can be used again.
    Enabled,
    /// What is told about the person.
    Claims,
    /// A refresh token of theirs was copied.
    RefreshToken,
}

/// What becomes of a person's sessions and tokens when the password changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    /// They go on.
    Keep,
    /// They end: whoever knew the old password is out.
    End,
}

/// Details that were checked and folded.
struct Checked {
    username: String,
    username_key: String,
    email: Option<String>,
    email_key: Option<String>,
    email_verified: bool,
    display_name: String,
    groups: Vec<String>,
    profile: Profile,
}

impl Checked {
    fn new(realm: &Realm, details: Details) -> Result<Self, Error> {
        let username = rules::username(&details.username)?;
        let email = details
            .email
            .as_deref()
            .map(str::trim)
            .filter(|email| !email.is_empty())
            .map(rules::email)
            .transpose()?;
        rules::profile(&details.profile)?;
        rules::locales(&details.profile, &realm.settings().claims_locales)?;
        Ok(Self {
            username_key: rules::username_key(&username),
            username,
            email_key: email.as_deref().map(rules::email_key),
            email_verified: email.is_some() && details.email_verified,
            email,
            display_name: rules::display_name(&details.display_name)?,
            groups: rules::groups(&details.groups)?,
            profile: details.profile,
        })
    }

    /// The person with these details instead of their own.
    fn instead_of(&self, old: &Person) -> Person {
        Person {
            username: self.username.clone(),
            email: self.email.clone(),
            email_verified: self.email_verified,
            display_name: self.display_name.clone(),
            groups: self.groups.clone(),
            profile: self.profile.clone(),
            ..old.clone()
        }
    }

    fn groups_json(&self) -> String {
        serde_json::to_string(&self.groups).unwrap_or_else(|_| "[]".to_owned())
    }

    fn profile_json(&self) -> String {
        serde_json::to_string(&self.profile).unwrap_or_else(|_| "{}".to_owned())
    }
}

/// Makes a person. `password` comes from [`crate::Identity::hash_password`]; without one they cannot sign in yet. `actor` says who did it, for
/// the audit.
///
/// # Errors
/// [`Error::Invalid`], [`Error::UsernameTaken`], or the database's.
pub async fn create(
    realm: &Realm,
    details: Details,
    password: Option<PasswordHash>,
    actor: Option<&str>,
) -> Result<Person, Error> {
    let new = Checked::new(realm, details)?;
    let (id, now) = (realm.ambient().id(), realm.now());
    let mut batch = Batch::new();
    batch.run(
        &sql::INSERT_PERSON,
        params![
            realm.name(),
            &id,
            &new.username,
            &new.username_key,
            new.email.as_deref(),
            new.email_key.as_deref(),
            new.email_verified,
            &new.display_name,
            new.groups_json(),
            new.profile_json(),
            password.as_ref().map(PasswordHash::as_str),
            now
        ],
    );
    record(
        realm,
        &mut batch,
        Happened::to("person.created", &id).by(actor),
    );
    realm.db().commit(batch).await.map_err(taken)?;
    Ok(Person {
        id,
        username: new.username,
        email: new.email,
        email_verified: new.email_verified,
        display_name: new.display_name,
        groups: new.groups,
        profile: new.profile,
        disabled: false,
        signed_out_at: 0,
        version: 1,
        created_at: now,
        updated_at: now,
    })
}

/// Replaces a person's details; `version` is that of the person they were made from.
///
/// # Errors
/// [`Error::Invalid`], [`Error::UsernameTaken`], [`Error::Changed`] (also when the person is gone), or the database's.
pub async fn update(
    realm: &Realm,
    id: &str,
    version: i64,
    details: Details,
    actor: Option<&str>,
) -> Result<Person, Error> {
    let new = Checked::new(realm, details)?;
    let old = super::find(realm, id).await?.ok_or(Error::Changed)?;
    let mut batch = Batch::new();
    batch.expect(
        &sql::UPDATE_PERSON,
        params![
            realm.name(),
            id,
            version,
            &new.username,
            &new.username_key,
            new.email.as_deref(),
            new.email_key.as_deref(),
            new.email_verified,
            &new.display_name,
            new.groups_json(),
            new.profile_json(),
            realm.now()
        ],
        1,
    );
    record(
        realm,
        &mut batch,
        Happened::to("person.updated", id).by(actor),
    );
    let claims = old.other_claims(&new.instead_of(&old));
    if !claims.is_empty() {
        let changed = Changed {
            claims,
            ..Changed::new(realm, (id, actor), Change::Claims)
        };
        tell(realm, &mut batch, &changed);
    }
    realm.commit(batch).await.map_err(taken)?;
    super::find(realm, id).await?.ok_or(Error::NotFound)
}

/// Sets a person's password.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub async fn set_password(
    realm: &Realm,
    id: &str,
    password: PasswordHash,
    sessions: Sessions,
    actor: Option<&str>,
) -> Result<(), Error> {
    let row = realm
        .db()
        .row(&sql::HAS_PASSWORD, params![realm.name(), id]);
    let row = row.await?.ok_or(Error::NotFound)?;
    let change = if row.flag(0) {
        Change::Password
    } else {
        Change::FirstPassword
    };
    let mut batch = Batch::new();
    batch.expect(
        &sql::UPDATE_PASSWORD,
        params![realm.name(), id, password.as_str(), realm.now()],
        1,
    );
    record(
        realm,
        &mut batch,
        Happened::to("person.password_changed", id).by(actor),
    );
    tell(realm, &mut batch, &Changed::new(realm, (id, actor), change));
    if sessions == Sessions::End {
        batch.run(
            &sql::SIGN_OUT_PERSON,
            params![realm.name(), id, realm.now()],
        );
        end_sessions(realm, &mut batch, (id, actor), SIGNED_OUT);
    }
    finish(realm, batch).await
}

/// Forbids a person to sign in, and ends their sessions and tokens.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub async fn disable(realm: &Realm, id: &str, actor: Option<&str>) -> Result<(), Error> {
    let happened = Happened::to("person.disabled", id).by(actor);
    let mut batch = marked(realm, &sql::DISABLE_PERSON, id, happened);
    let changed = Changed::new(realm, (id, actor), Change::Disabled);
    tell(realm, &mut batch, &changed);
    end_sessions(realm, &mut batch, (id, actor), SIGNED_OUT);
    finish(realm, batch).await
}

/// Lets a person sign in again.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub async fn enable(realm: &Realm, id: &str, actor: Option<&str>) -> Result<(), Error> {
    let happened = Happened::to("person.enabled", id).by(actor);
    let mut batch = marked(realm, &sql::ENABLE_PERSON, id, happened);
    let changed = Changed::new(realm, (id, actor), Change::Enabled);
    tell(realm, &mut batch, &changed);
    finish(realm, batch).await
}

/// Deletes a person, their sessions and, by a revocation that outlives the row, their tokens. The id is never used again; upper floors delete what they
/// keep under it when they hear of it.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub async fn delete(realm: &Realm, id: &str, actor: Option<&str>) -> Result<(), Error> {
    let mut batch = Batch::new();
    batch.expect(&sql::DELETE_PERSON, params![realm.name(), id], 1);
    record(
        realm,
        &mut batch,
        Happened::to("person.deleted", id).by(actor),
    );
    end_sessions(realm, &mut batch, (id, actor), DELETED);
    finish(realm, batch).await
}

/// Ends all of a person's sessions and tokens, on every device.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub async fn sign_out_everywhere(
    realm: &Realm,
    id: &str,
    actor: Option<&str>,
) -> Result<(), Error> {
    let happened = Happened::to("person.signed_out_everywhere", id).by(actor);
    let mut batch = marked(realm, &sql::SIGN_OUT_PERSON, id, happened);
    end_sessions(realm, &mut batch, (id, actor), SIGNED_OUT);
    finish(realm, batch).await
}

/// A batch that begins with a statement about one person, which takes the time and must find them, and with its event.
fn marked(realm: &Realm, stmt: &'static Stmt, id: &str, happened: Happened<'_>) -> Batch {
    let mut batch = Batch::new();
    batch.expect(stmt, params![realm.name(), id, realm.now()], 1);
    record(realm, &mut batch, happened);
    batch
}

impl Changed {
    /// That this became of a person just now, by the hand of `actor` or their own.
    pub fn new(realm: &Realm, (person, actor): (&str, Option<&str>), what: Change) -> Self {
        Self {
            person: person.to_owned(),
            what,
            at: realm.now(),
            by_admin: actor.is_some(),
            claims: Vec::new(),
        }
    }
}

/// Adds to the batch that changes an account the message that says so.
pub fn tell(realm: &Realm, batch: &mut Batch, changed: &Changed) {
    let payload = serde_json::json!(changed).to_string();
    realm.enqueue(batch, CHANGED, &payload, realm.now());
}

/// Deletes the rows of a person's sessions and revokes their tokens. A session that begins at the same time falls to `signed_out_at`, which
/// the caller sets in the same batch. Comes last in its batch, as every revocation does.
fn end_sessions(
    realm: &Realm,
    batch: &mut Batch,
    (person, actor): (&str, Option<&str>),
    message: &'static str,
) {
    batch.run(
        &sql::DELETE_SESSIONS_OF_PERSON,
        params![realm.name(), person],
    );
    let now = realm.now();
    let ended = Ended {
        by_admin: actor.is_some(),
        ..Ended::new(person, now)
    };
    realm.enqueue(batch, message, &ended.to_payload(), now);
    realm.revocations().revoke(batch, Mark::Person(person));
}

/// Adds the guard under which a session may begin: the person is still as they were when the password was checked.
pub(crate) fn hold_for_sign_in(
    realm: &Realm,
    batch: &mut Batch,
    person: &Person,
    rehashed: Option<&PasswordHash>,
) {
    batch.expect(
        &sql::SIGN_IN_PERSON,
        params![
            realm.name(),
            &person.id,
            person.version,
            rehashed.map(PasswordHash::as_str)
        ],
        1,
    );
}

async fn finish(realm: &Realm, batch: Batch) -> Result<(), Error> {
    match realm.commit(batch).await {
        Ok(_) => Ok(()),
        Err(CommitError::Guard { .. }) => Err(Error::NotFound),
        Err(error) => Err(error.into()),
    }
}

fn taken(error: CommitError) -> Error {
    match error {
        CommitError::Unique { .. } => Error::UsernameTaken,
        error => error.into(),
    }
}
