//! The person that a trusted issuer means.

use identity::Person;
use realm::issuers::PersonKey;
use serde_json::Value;

use super::Vouched;
use crate::call::Call;
use crate::refusal::{Reason, Refusal};

/// Finds the person that a claim names; somebody who is disabled, or signed out everywhere since it was signed, is not there.
///
/// # Errors
/// [`Reason::AssertionPerson`]; or the storage fails.
pub(crate) async fn find_person(
    call: &Call,
    vouched: &Vouched,
    (claim, by): (&str, PersonKey),
) -> Result<Person, Refusal> {
    let realm = &call.realm;
    let named = vouched.text(claim).ok_or(Reason::AssertionPerson)?;
    let found = match by {
        PersonKey::Id => identity::people::find(realm, named).await?,
        PersonKey::Username => identity::people::find_by_username(realm, named).await?,
        PersonKey::Email => {
            // An address that nobody verified is whatever somebody typed.
            if vouched.claims.get("email_verified") != Some(&Value::Bool(true)) {
                return Err(Reason::AssertionPerson.into());
            }
            identity::people::find_by_email(realm, named).await?
        }
    };
    let issued_at = vouched.accepted.issued_at;
    found
        .filter(|person| !person.disabled && issued_at > person.signed_out_at)
        .ok_or_else(|| Reason::AssertionPerson.into())
}
