//! Signing credentials.

use identity::Person;
use jose::Jwk;
use jose::jws::Header;
use oauth::Scope;
use oauth::credential::FORMAT;
use realm::resources::{Place, Telling};
use realm::{Catalogue, Client, CredentialConfiguration, PersonFacts, Realm, STANDARD_SCOPES};
use serde_json::{Map, Value};

use super::rules::{self, Said};
use crate::certified::certified;
use crate::refusal::{Reason, Refusal};
use crate::status_list::places::Places;
use crate::tokens::subject;

/// Whom a wallet gets a credential about.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    /// The wallet.
    pub(super) client: &'a Client,
    /// The person.
    pub(super) person: &'a Person,
}

impl About<'_> {
    /// The person as the wallet's operator may know them: a pairwise subject is not given away by an expression.
    fn facts(&self, realm: &Realm) -> PersonFacts {
        PersonFacts {
            id: subject::of(realm, self.client, &self.person.id),
            ..self.person.facts()
        }
    }

    /// Whether the person may have it.
    ///
    /// # Errors
    /// `credential_request_denied`.
    pub(super) fn may_have(
        &self,
        catalogue: &Catalogue,
        one: &CredentialConfiguration,
    ) -> Result<(), Reason> {
        let facts = self.person.facts();
        match catalogue.allows_credential(&one.id, Some(&facts), self.client) {
            true => Ok(()),
            false => Err(Reason::CredentialNotGrantable),
        }
    }

    /// The value of each claim.
    pub(super) fn values(
        &self,
        realm: &Realm,
        catalogue: &Catalogue,
        one: &CredentialConfiguration,
    ) -> Vec<Option<Value>> {
        let all = Scope::of(STANDARD_SCOPES.map(|(name, _)| name)).unwrap_or_default();
        let profile = serde_json::to_value(self.person.claims(&all)).unwrap_or_default();
        let none = Map::new();
        let facts = self.facts(realm);
        let telling = Telling {
            place: Place::Userinfo,
            person: &facts,
            profile: profile.as_object().unwrap_or(&none),
            client: self.client,
        };
        catalogue.credential_values(&one.id, &telling)
    }
}

/// Signs one credential for each key, which says its place in a status list where there are such. The salts of each are its own, so that two of them have nothing in common but what they say openly.
pub(super) async fn sign(
    realm: &Realm,
    one: &CredentialConfiguration,
    (keys, places): (&[Option<Jwk>], Option<&Places>),
    values: &[Option<Value>],
) -> Result<Vec<String>, Refusal> {
    let key = realm.keys().signer(one.signing_alg).await?;
    let mut header = Header::typed(FORMAT, &key);
    // For verifiers that trust authorities and not addresses (SD-JWT VC §3.5, HAIP).
    header.extra.extend(certified(realm, &key));
    let said = Said {
        issuer: realm.issuer(),
        configuration: one,
        now: realm.now(),
    };
    let entropy = &realm.ambient().entropy;
    let mut all = Vec::with_capacity(keys.len());
    for (position, holder) in keys.iter().enumerate() {
        let status = places.and_then(|places| places.claim(realm, position));
        let claims = rules::claims(&said, (holder.as_ref(), status), values)?;
        all.push(claims.sign(&key, &header, || entropy.bytes())?);
    }
    Ok(all)
}
