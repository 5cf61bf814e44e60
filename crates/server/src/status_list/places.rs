//! Giving credentials their places: at random, so that a place says nothing about whose it is, when it was given, or what else was given with it (§12).

use db::{Batch, Value, params};
use oauth::claims::AccessToken;
use oauth::status_list::reference;
use realm::{CredentialConfiguration, Mark, Realm};
use serde_json::Value as Json;

use super::rules::{self, DRAWN, MOST};
use super::{address, sql};
use crate::refusal::{Reason, Refusal};

/// How long places of a list are given, in seconds: 90 days.
const OPEN: i64 = 90 * 86_400;
/// How often places are drawn before giving up.
const DRAWS: usize = 8;

/// Places for the credentials of one answer; nobody has them before they are taken.
pub(crate) struct Places {
    list: String,
    /// Whether the list is new: with what algorithm and how many bits.
    new: Option<(&'static str, i64)>,
    closes_at: i64,
    indexes: Vec<i64>,
    with_person: bool,
}

impl Places {
    /// Finds as many free places as there are credentials of this kind to be issued; none where they cannot be taken back.
    ///
    /// # Errors
    /// When the database fails, or luck does.
    pub(crate) async fn find(
        realm: &Realm,
        one: &CredentialConfiguration,
        count: usize,
    ) -> Result<Option<Self>, Refusal> {
        let Some(revocable) = one.status else {
            return Ok(None);
        };
        let (alg, bits) = (
            one.signing_alg.as_str(),
            1 + i64::from(revocable.suspendable),
        );
        let room = MOST - i64::try_from(count).unwrap_or(MOST);
        let open = params![realm.name(), alg, bits, room, realm.now()];
        let row = realm.db().row(&sql::OPEN_STATUS_LIST, open).await?;
        let (list, closes_at, new) = match row {
            Some(row) => (row.text(0).to_owned(), row.int(1), None),
            None => {
                let closes_at = realm.now().saturating_add(OPEN);
                (realm.ambient().id(), closes_at, Some((alg, bits)))
            }
        };
        for _ in 0..DRAWS {
            let drawn = draw(realm);
            let taken = match new {
                None => taken(realm, &list, &drawn).await?,
                Some(_) => Vec::new(),
            };
            if let Some(indexes) = rules::free(&drawn, &taken, count) {
                return Ok(Some(Self {
                    list,
                    new,
                    closes_at,
                    indexes,
                    with_person: revocable.with_person,
                }));
            }
        }
        Err(Reason::Contended.into())
    }

    /// What the credential at this position says about its place (§6.2).
    pub(crate) fn claim(&self, realm: &Realm, position: usize) -> Option<Json> {
        let index = self.indexes.get(position)?;
        Some(reference(&address(realm, &self.list), *index))
    }

    /// Takes the places in the batch that issues the credentials, to be committed only if all are free still.
    pub(crate) fn take(
        &self,
        realm: &Realm,
        batch: &mut Batch,
        (credential, claims): (&str, &AccessToken),
        expires_at: i64,
    ) {
        let (name, now) = (realm.name(), realm.now());
        if let Some((alg, bits)) = self.new {
            let values = params![name, self.list.as_str(), alg, bits, self.closes_at];
            batch.expect(&sql::INSERT_STATUS_LIST, values, 1);
        }
        // Kept while its list is open, so that nobody else gets its place.
        let keep_until = expires_at.max(self.closes_at);
        let count = i64::try_from(self.indexes.len()).unwrap_or(MOST);
        let grant = claims.grant_id.as_deref().unwrap_or_default();
        let values = params![
            name,
            self.list.as_str(),
            count,
            keep_until,
            MOST,
            now,
            Mark::Grant(grant).id(),
            Mark::Person(&claims.sub).id(),
            claims.iat,
        ];
        batch.expect(&sql::COUNT_PLACES, values, 1);
        for index in &self.indexes {
            let values = params![
                name,
                self.list.as_str(),
                *index,
                credential,
                claims.sub.as_str(),
                claims.client_id.as_str(),
                i64::from(self.with_person),
                now,
                expires_at,
                keep_until,
            ];
            batch.expect(&sql::GIVE_PLACE, values, 1);
        }
    }
}

fn draw(realm: &Realm) -> Vec<i64> {
    let entropy = &realm.ambient().entropy;
    let one = |_| rules::place(u32::from_be_bytes(entropy.bytes()));
    (0..DRAWN).map(one).collect()
}

async fn taken(realm: &Realm, list: &str, drawn: &[i64]) -> Result<Vec<i64>, Refusal> {
    let mut values: Vec<Value> = vec![realm.name().into(), list.into()];
    values.extend(drawn.iter().map(|place| Value::from(*place)));
    let rows = realm.db().rows(&sql::TAKEN_PLACES, values.into()).await?;
    Ok(rows.iter().map(|row| row.int(0)).collect())
}
