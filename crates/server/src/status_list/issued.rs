//! What was issued to whom, and taking it back.

use db::{Batch, Row, params};
use oauth::status_list::Status;
use realm::{Error, Event, Invalid, Realm};
use serde_json::json;

pub use super::rules::Change;
use super::{rules, sql};
use crate::commit::TRIES;

/// How many credentials one commit changes.
const STEP: i64 = 100;
const WHAT: &str = "issued credential";

/// A credential that was issued, and has not expired. What it says is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its list.
    list: String,
    /// Its place in it.
    index: i64,
    /// What is said of it.
    pub status: Status,
    /// The name of its kind.
    pub credential: String,
    /// Whom it was issued to.
    pub person: String,
    /// Which wallet fetched it.
    pub client: String,
    /// When (unix seconds).
    pub issued_at: i64,
    /// Until when it is valid (unix seconds).
    pub expires_at: i64,
    bits: i64,
}

impl Issued {
    /// Its name here: what it says about its status itself, the end of the address and the place.
    pub fn id(&self) -> String {
        format!("{}.{}", self.list, self.index)
    }

    /// Whether it can be suspended and restored.
    pub fn is_suspendable(&self) -> bool {
        self.bits > 1
    }

    fn read(row: &Row) -> Self {
        Self {
            list: row.text(0).to_owned(),
            index: row.int(1),
            // What a later version may have written is no reason to trust it.
            status: Status::of(row.int(2)).unwrap_or(Status::Invalid),
            credential: row.text(3).to_owned(),
            person: row.text(4).to_owned(),
            client: row.text(5).to_owned(),
            issued_at: row.int(6),
            expires_at: row.int(7),
            bits: row.int(8),
        }
    }
}

/// A page of what was issued, of one person where one is named, in the order of their places; after the one with this name, or from the first for an empty one.
///
/// # Errors
/// When the database fails.
pub async fn list(
    realm: &Realm,
    person: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<Issued>, Error> {
    let (list, index) = place(after).unwrap_or(("", -1));
    let rows = match person {
        None => {
            let values = params![realm.name(), list, index, realm.now(), limit];
            realm.db().rows(&sql::LIST_ISSUED, values).await?
        }
        Some(person) => {
            let values = params![realm.name(), list, index, realm.now(), limit, person];
            realm.db().rows(&sql::LIST_ISSUED_TO, values).await?
        }
    };
    Ok(rows.iter().map(Issued::read).collect())
}

/// The credential with this name.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(realm: &Realm, id: &str) -> Result<Issued, Error> {
    let missing = || Error::NotFound {
        what: WHAT,
        id: id.to_owned(),
    };
    let (list, index) = place(id).ok_or_else(missing)?;
    let values = params![realm.name(), list, index, realm.now()];
    let row = realm.db().row(&sql::FIND_ISSUED, values).await?;
    row.as_ref().map(Issued::read).ok_or_else(missing)
}

/// Takes a credential back, or gives it back; nothing where that is so already. `actor` is who does it, for the audit.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] when it cannot be: what is revoked stays so.
pub async fn change(realm: &Realm, id: &str, how: Change, actor: &str) -> Result<(), Error> {
    for _ in 0..TRIES {
        let one = find(realm, id).await?;
        if apply(realm, std::slice::from_ref(&one), how, actor).await? {
            return Ok(());
        }
    }
    Err(Error::Conflict {
        what: WHAT,
        id: id.to_owned(),
    })
}

/// The same with all that a person has, of one kind where one is named. What cannot be so is passed over. Says how many there are that it was done to.
///
/// # Errors
/// When the database fails.
pub async fn change_all(
    realm: &Realm,
    (person, credential): (&str, Option<&str>),
    how: Change,
    actor: &str,
) -> Result<usize, Error> {
    let (mut after, mut done) = (String::new(), 0);
    loop {
        let page = list(realm, Some(person), &after, STEP).await?;
        let Some(last) = page.last().map(Issued::id) else {
            return Ok(done);
        };
        let may = |one: &Issued| matches!(rules::change(one.status, how, one.bits), Ok(Some(_)));
        let is_meant = |one: &Issued| credential.is_none_or(|id| one.credential == id);
        let some: Vec<Issued> = page
            .into_iter()
            .filter(|one| is_meant(one) && may(one))
            .collect();
        // Where somebody changed one of them meanwhile, this page comes again.
        if apply(realm, &some, how, actor).await? {
            done += some.len();
            after = last;
        }
    }
}

/// Revokes what ends with an account.
///
/// # Errors
/// When the database fails.
pub(crate) async fn end_with(realm: &Realm, person: &str) -> Result<(), Error> {
    loop {
        let values = params![realm.name(), person, realm.now(), STEP];
        let rows = realm.db().rows(&sql::ENDS_WITH_PERSON, values).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let some: Vec<Issued> = rows.iter().map(Issued::read).collect();
        apply(realm, &some, Change::Revoke, "grantor").await?;
    }
}

/// Changes them all, or none and says `false` when one was changed since it was read.
async fn apply(realm: &Realm, some: &[Issued], how: Change, actor: &str) -> Result<bool, Error> {
    let mut batch = Batch::new();
    for one in some {
        let next = rules::change(one.status, how, one.bits);
        let Some(next) = next.map_err(|why| Invalid::new("status", why.as_str()))? else {
            continue;
        };
        let (from, to) = (i64::from(one.status.value()), i64::from(next.value()));
        let values = params![realm.name(), one.list.as_str(), one.index, from, to];
        batch.expect(&sql::SET_STATUS, values, 1);
        let event = Event::new(how.event()).actor(actor).person(&one.person);
        let detail = json!({ "credential": one.credential, "id": one.id() });
        realm.record(&mut batch, event.client(&one.client).detail(detail));
    }
    match realm.commit(batch).await {
        Err(error) if error.is_guard(&sql::SET_STATUS) => Ok(false),
        other => other.map(|_| true).map_err(Error::from),
    }
}

fn place(id: &str) -> Option<(&str, i64)> {
    let (list, index) = id.rsplit_once('.')?;
    (!list.contains('\0')).then_some((list, index.parse().ok()?))
}
