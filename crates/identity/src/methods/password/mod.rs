//! Signing in with a user name and a password.

mod pool;
pub mod rules;
mod threads;

use realm::Realm;
use secrecy::{ExposeSecret, SecretString};

pub(crate) use pool::Verdict;
pub use pool::{Full, Pool, PoolOptions, SetError};

use crate::Error;
use crate::password_hash::PasswordHash;
use crate::people::{self, Person};

/// What an attempt came to. Why it was refused is for the audit, never for whoever tried.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// The password is right.
    Right {
        person: Box<Person>,
        rehashed: Option<PasswordHash>,
    },
    /// It is not, or they may not sign in.
    Refused {
        person: Option<String>,
        reason: Refusal,
    },
}

/// Why an attempt was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    UnknownPerson,
    NoPassword,
    WrongPassword,
    Disabled,
}

impl Refusal {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::UnknownPerson => "unknown_person",
            Self::NoPassword => "no_password",
            Self::WrongPassword => "wrong_password",
            Self::Disabled => "disabled",
        }
    }
}

/// Checks a user name and a password. Whoever the name belongs to, if to anybody, one read and one hash are done: the time does not tell.
pub(crate) async fn attempt(
    realm: &Realm,
    pool: &Pool,
    username: &str,
    password: SecretString,
) -> Result<Attempt, Error> {
    let credentials = people::credentials(realm, username).await?;
    let stored = credentials
        .as_ref()
        .and_then(|known| known.password.clone());
    let has_password = stored.is_some();
    // A password that cannot be right costs as much as one that can: it is checked against the dummy.
    let stored = stored.filter(|_| rules::is_worth_trying(password.expose_secret()));
    let verdict = pool.verify(stored, password).await?;
    let Some(known) = credentials else {
        return Ok(refused(None, Refusal::UnknownPerson));
    };
    let id = Some(known.person.id.clone());
    Ok(match verdict {
        Verdict::Wrong if has_password => refused(id, Refusal::WrongPassword),
        Verdict::Wrong => refused(id, Refusal::NoPassword),
        Verdict::Right { .. } if known.person.disabled => refused(id, Refusal::Disabled),
        Verdict::Right { rehashed } => Attempt::Right {
            person: Box::new(known.person),
            rehashed,
        },
    })
}

fn refused(person: Option<String>, reason: Refusal) -> Attempt {
    Attempt::Refused { person, reason }
}
