//! What people allow applications: how it is put to them, what is remembered, and how it is withdrawn. `authorization/ask.rs` asks.

mod applications;
mod described;
pub(crate) mod logo;
pub mod rules;
pub(crate) mod sql;
pub(crate) mod words;

use db::{Batch, params};
use realm::{Event, Realm};

use crate::refresh_token;
use crate::refusal::Refusal;

pub(crate) use applications::{list, submit_withdrawal};
pub(crate) use described::Described;
pub(crate) use logo::{Logos, logo};

/// Withdraws what a person allowed a client: the consent, every refresh token and every access token that came of it. Gives whether there was one.
///
/// # Errors
/// When the database fails.
pub async fn withdraw(
    realm: &Realm,
    person: &str,
    client: &str,
    address: Option<String>,
) -> Result<bool, Refusal> {
    let mut batch = Batch::new();
    let index = batch.run(
        &sql::WITHDRAW_CONSENT,
        params![realm.name(), person, client],
    );
    let mut event = Event::new("consent.withdrawn")
        .person(person)
        .client(client);
    event.address = address;
    realm.record(&mut batch, event);
    refresh_token::revoke_consent(realm, &mut batch, (person, client), realm.now());
    let committed = realm.commit(batch).await.map_err(realm::Error::from)?;
    Ok(committed.affected(index) > 0)
}
