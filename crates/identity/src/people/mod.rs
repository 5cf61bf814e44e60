//! People: who can sign in, and what is said about them.

mod change;
mod person;
pub mod rules;
pub(crate) mod sql;

use db::{Row, params};
use realm::Realm;

pub(crate) use change::hold_for_sign_in;
pub use change::{
    CHANGED, Change, Changed, DELETED, SIGNED_OUT, Sessions, create, delete, disable, enable,
    set_password, sign_out_everywhere, tell, update,
};
pub use person::{Details, Person, Profile};

use crate::Error;
use crate::password_hash::PasswordHash;

/// Most people in one page of a list.
pub const PAGE_MAX: i64 = 500;

/// A page of a list of people.
#[derive(Clone, Debug)]
pub struct Page {
    /// In the order of their folded user names.
    pub people: Vec<Person>,
    /// What to give as `after` for the next page; `None` on the last.
    pub next: Option<String>,
}

/// What signing in is checked against.
pub(crate) struct Credentials {
    pub(crate) person: Person,
    pub(crate) password: Option<PasswordHash>,
}

/// The person with this id.
///
/// # Errors
/// When the database fails.
pub async fn find(realm: &Realm, id: &str) -> Result<Option<Person>, Error> {
    if id.contains('\0') {
        return Ok(None);
    }
    let row = realm
        .db()
        .row(&sql::FIND_PERSON, params![realm.name(), id])
        .await?;
    Ok(row.as_ref().map(from_row))
}

/// The person with this user name, however it is cased and composed.
///
/// # Errors
/// When the database fails.
pub async fn find_by_username(realm: &Realm, username: &str) -> Result<Option<Person>, Error> {
    Ok(credentials(realm, username)
        .await?
        .map(|credentials| credentials.person))
}

/// The one person to whom this e-mail address has been shown to belong, however it is cased and composed.
///
/// # Errors
/// When the database fails.
pub async fn find_by_email(realm: &Realm, email: &str) -> Result<Option<Person>, Error> {
    let Ok(email) = rules::email(email.trim()) else {
        return Ok(None);
    };
    let key = rules::email_key(&email);
    let rows = realm
        .db()
        .rows(&sql::FIND_PEOPLE_BY_EMAIL, params![realm.name(), key])
        .await?;
    Ok(match rows.as_slice() {
        [row] => Some(from_row(row)),
        _ => None,
    })
}

impl Person {
    /// Who the person is for rules that grant scopes.
    pub fn facts(&self) -> realm::PersonFacts {
        realm::PersonFacts {
            id: self.id.clone(),
            username: self.username.clone(),
            email: self.email.clone(),
            email_verified: self.email_verified,
            groups: self.groups.clone(),
        }
    }
}

/// At most `limit` people (1 to [`PAGE_MAX`]), after the cursor that the preceding page gave.
///
/// # Errors
/// When the database fails.
pub async fn list(realm: &Realm, after: Option<&str>, limit: i64) -> Result<Page, Error> {
    let limit = limit.clamp(1, PAGE_MAX);
    let after = after.unwrap_or_default();
    let rows = realm
        .db()
        .rows(&sql::LIST_PEOPLE, params![realm.name(), after, limit + 1])
        .await?;
    let full = i64::try_from(rows.len()).unwrap_or(i64::MAX) > limit;
    let kept = &rows[..rows.len() - usize::from(full)];
    Ok(Page {
        people: kept.iter().map(from_row).collect(),
        next: kept
            .last()
            .filter(|_| full)
            .map(|row| row.text(12).to_owned()),
    })
}

/// The person and the stored hash. A name that nobody can have is not looked up.
pub(crate) async fn credentials(
    realm: &Realm,
    username: &str,
) -> Result<Option<Credentials>, Error> {
    let Ok(username) = rules::username(username.trim()) else {
        return Ok(None);
    };
    let key = rules::username_key(&username);
    let row = realm
        .db()
        .row(&sql::FIND_PERSON_BY_USERNAME, params![realm.name(), key])
        .await?;
    Ok(row.as_ref().map(|row| Credentials {
        person: from_row(row),
        password: row.opt_text(12).map(PasswordHash::from_stored),
    }))
}

/// Reads the person's twelve columns, which come first in every statement that has them.
pub(crate) fn from_row(row: &Row) -> Person {
    Person {
        id: row.text(0).to_owned(),
        username: row.text(1).to_owned(),
        email: row.opt_text(2).map(str::to_owned),
        email_verified: row.flag(3),
        display_name: row.text(4).to_owned(),
        groups: serde_json::from_str(row.text(5)).unwrap_or_default(),
        profile: serde_json::from_str(row.text(6)).unwrap_or_default(),
        disabled: row.flag(7),
        signed_out_at: row.int(8),
        version: row.int(9),
        created_at: row.int(10),
        updated_at: row.int(11),
    }
}
