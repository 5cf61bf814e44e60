use db::Batch;
use realm::Realm;
use secrecy::SecretString;
use web::address::ClientAddress;

use super::limits::Tried;
use super::submit::USERNAME_MAX;
use crate::events::{Happened, record};
use crate::methods::Method;
use crate::methods::password::{Attempt, Refusal, attempt};
use crate::session::Authentication;
use crate::{Error, Identity, Person};

/// What a user name and a password come to that were told to an application instead of a page of ours.
#[derive(Debug)]
pub enum PasswordCheck {
    /// They are right, and the person may sign in with them alone.
    Right {
        /// Who it is.
        person: Box<Person>,
        /// How they have signed in.
        authentication: Authentication,
    },
    /// They are not, whoever the name belongs to, if to anybody.
    Wrong,
    /// There were too many tries: how long to wait, in seconds.
    TooMany(i64),
}

impl Identity {
    /// Checks a user name and a password, as the sign-in page does: the same limits, the same pool, one read and one hash whoever the name belongs to, and a
    /// failure is written down. No session begins.
    ///
    /// # Errors
    /// When the database fails, or too many wait for the pool.
    pub async fn check_password(
        &self,
        realm: &Realm,
        address: ClientAddress,
        (username, password): (&str, SecretString),
    ) -> Result<PasswordCheck, Error> {
        let username = if username.len() > USERNAME_MAX {
            "\u{0}"
        } else {
            username
        };
        let tried = Tried {
            realm: realm.name(),
            username,
            address,
        };
        if let Err(wait) = self.limits.check(&tried) {
            return Ok(PasswordCheck::TooMany(wait.0));
        }
        match attempt(realm, &self.passwords, username, password).await? {
            Attempt::Right { person, .. } => {
                self.limits.succeeded(&tried);
                Ok(PasswordCheck::Right {
                    person,
                    authentication: Authentication::by(Method::Password, Some(address.0)),
                })
            }
            Attempt::Refused { person, reason } => {
                self.limits.failed(&tried);
                refused(self, realm, address, (person.as_deref(), reason)).await;
                Ok(PasswordCheck::Wrong)
            }
        }
    }
}

/// Writes a failed attempt down, within bounds. That it could not be written does not change the answer.
pub(super) async fn refused(
    identity: &Identity,
    realm: &Realm,
    address: ClientAddress,
    (person, reason): (Option<&str>, Refusal),
) {
    let reason = reason.as_str();
    tracing::info!(person, reason, "a sign-in failed");
    if !identity.limits.may_record_failure(realm.name(), address) {
        return;
    }
    let mut batch = Batch::new();
    let happened = Happened::new("sign_in.failed")
        .about(person)
        .from(Some(address.0))
        .with(serde_json::json!({ "method": "password", "reason": reason }));
    record(realm, &mut batch, happened);
    if let Err(error) = realm.db().commit(batch).await {
        tracing::warn!(%error, "a failed sign-in could not be recorded");
    }
}
