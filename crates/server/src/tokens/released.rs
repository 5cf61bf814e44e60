//! What scopes of the operator's own say about a person, beyond the standard claims (OpenID Connect Core §5.1.2, §5.6.2).

use std::collections::BTreeSet;

use identity::Person;
use oauth::claims::{StandardClaims, Wanted, chosen};
use oauth::{Scope, language};
use realm::resources::{Place, Telling};
use realm::{Catalogue, Client, Realm, STANDARD_SCOPES};
use serde_json::{Map, Value};

use super::subject;

/// Who hears of whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    /// The client.
    pub(crate) client: &'a Client,
    /// The person.
    pub(crate) person: &'a Person,
    /// What was granted.
    pub(crate) scope: &'a Scope,
}

/// The claims that these scopes release there: none, at no cost, where the operator added none.
pub(crate) fn claims(
    realm: &Realm,
    catalogue: &Catalogue,
    about: About<'_>,
    place: Place,
) -> Map<String, Value> {
    // An API reads all that its operator has put there.
    all(realm, catalogue, about, (&[place], Wanted::default())).0
}

/// The claims that these scopes release at these places, and those that were asked for one by one (§5.5), which are told as the first scope tells them that may
/// be granted; in the languages that were asked for (§5.2).
pub(crate) fn told(
    realm: &Realm,
    catalogue: &Catalogue,
    about: About<'_>,
    (places, wanted): (&[Place], Wanted<'_>),
) -> Map<String, Value> {
    let (all, whole) = all(realm, catalogue, about, (places, wanted));
    let is_whole =
        |claim: &str| whole.contains(claim) || wanted.names.iter().any(|name| name == claim);
    chosen(all, is_whole, wanted)
}

/// The same in every language, and of which claims the scopes tell one.
fn all(
    realm: &Realm,
    catalogue: &Catalogue,
    about: About<'_>,
    (places, wanted): (&[Place], Wanted<'_>),
) -> (Map<String, Value>, BTreeSet<String>) {
    let names = wanted.names;
    let About {
        client,
        person,
        scope,
    } = about;
    let by_scope = places.iter().any(|it| catalogue.releases(scope, *it));
    let mut claims = Map::new();
    if !by_scope && !names.iter().any(|name| catalogue.is_added(name)) {
        return (claims, BTreeSet::new());
    }
    let all = Scope::of(STANDARD_SCOPES.map(|(name, _)| name)).unwrap_or_default();
    let profile = serde_json::to_value(person.claims(&all)).unwrap_or_default();
    let none = Map::new();
    // As the client knows the person: an operator's expression must not give a pairwise subject away by accident.
    let facts = realm::PersonFacts {
        id: subject::of(realm, client, &person.id),
        ..person.facts()
    };
    let telling = |place: Place| Telling {
        place,
        person: &facts,
        profile: profile.as_object().unwrap_or(&none),
        client,
    };
    for place in places {
        catalogue.release(scope, &telling(*place), &mut claims);
    }
    let base = |name: &String| language::split(name).map(|(base, _)| base.to_owned());
    let whole = claims.keys().filter_map(base).collect();
    let own = person.facts();
    for name in names.iter().filter(|name| catalogue.is_added(name)) {
        let mut scopes = catalogue.scopes_of_claim(name);
        let Some(scope) = scopes.find(|it| catalogue.may_grant(it, Some(&own), client)) else {
            continue;
        };
        // Of what is asked for in a language alone, what has none is not told.
        let plain = language::split(name).map(|(base, _)| base);
        let plain = plain.filter(|base| !claims.contains_key(*base));
        for place in places {
            catalogue.release_claim((scope, name), &telling(*place), &mut claims);
        }
        plain.map(|base| claims.remove(base));
    }
    (claims, whole)
}

/// Adds them to what an ID token or an answer says anyhow.
pub(crate) fn add(told: &mut StandardClaims, released: Map<String, Value>) {
    told.extra.extend(released);
}
