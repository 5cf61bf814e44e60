//! Whom a client is told of (OpenID Connect Core §8): inside, a person always has the one identifier; what leaves for a client with a sector carries another
//! one, which is the same for its sector and says nothing to others (§8.1). Tokens that come back hold the person sealed, so that nobody has to look it up.

use oauth::claims::{AccessToken, IdToken, Origin};
use realm::{Client, Realm};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the MAC is for.
const PAIRWISE: &str = "pairwise_subject";
/// What the seal is for.
const PURPOSE: &str = "subject_of_token";
/// The claim of access tokens that holds what is sealed.
const SEALED: &str = "sealed";
/// What separates the name of an ID token from what is sealed in it. No identifier of ours has a dot.
const MARK: &str = ".p.";

/// What must not be read in an access token.
#[derive(Serialize, Deserialize)]
struct Inner {
    sub: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    from: Vec<Origin>,
}

/// What a client is told of a person as `sub`.
pub(crate) fn of(realm: &Realm, client: &Client, person: &str) -> String {
    match client.sector() {
        None => person.to_owned(),
        Some(sector) => {
            let named = [sector.as_bytes(), &[0], person.as_bytes()].concat();
            jose::base64url::encode(realm.mac(PAIRWISE, &named))
        }
    }
}

/// Whether a client is told the same as all others.
fn is_public(client: &Client) -> bool {
    client.sector().is_none()
}

/// An access token as its client and the APIs see it.
pub(super) fn mask(realm: &Realm, client: &Client, claims: &mut AccessToken) {
    if claims.grant_id.is_none() || is_public(client) {
        return;
    }
    let told = of(realm, client, &claims.sub);
    let inner = Inner {
        sub: std::mem::replace(&mut claims.sub, told),
        from: std::mem::take(&mut claims.exchanged_from),
    };
    let text = serde_json::to_vec(&inner).unwrap_or_default();
    let sealed = realm.seal(PURPOSE, text);
    claims.extra.insert(SEALED.to_owned(), sealed.into());
}

/// The same, as we see it; `None` when what it holds is not ours.
pub(super) fn unmask(realm: &Realm, mut claims: AccessToken) -> Option<AccessToken> {
    match claims.extra.remove(SEALED) {
        None => Some(claims),
        Some(Value::String(sealed)) => {
            let inner = realm.unseal(PURPOSE, &sealed)?;
            let inner: Inner = serde_json::from_slice(&inner).ok()?;
            claims.sub = inner.sub;
            claims.exchanged_from = inner.from;
            Some(claims)
        }
        Some(_) => None,
    }
}

/// `sub` and `jti` of a new ID token of this grant. The identifier starts with the grant's, so that the token can be traced to it without a claim that no
/// client knows, and goes on with the person where `sub` is not the person.
pub(crate) fn named(
    realm: &Realm,
    client: &Client,
    (person, grant): (&str, &str),
) -> (String, String) {
    if is_public(client) {
        return (
            person.to_owned(),
            format!("{grant}.{}", realm.ambient().id()),
        );
    }
    let sealed = realm.seal(PURPOSE, person);
    (of(realm, client, person), format!("{grant}{MARK}{sealed}"))
}

/// An ID token as we see it: its `sub` is the person. `None` when what it holds is not ours.
pub(super) fn revealed(realm: &Realm, mut claims: IdToken) -> Option<IdToken> {
    let sealed = claims.jti.as_deref().and_then(|jti| jti.split_once(MARK));
    if let Some((_, sealed)) = sealed {
        claims.sub = String::from_utf8(realm.unseal(PURPOSE, sealed)?).ok()?;
    }
    Some(claims)
}

/// Whether a client may know that this ID token of ours speaks of somebody: not when it was given to another and one of the two has a sector, or they could
/// find out whom they both know.
pub(crate) fn may_compare(client: &Client, hint: &IdToken) -> bool {
    let hidden = hint.jti.as_deref().is_some_and(|jti| jti.contains(MARK));
    hint.aud.contains(&client.id) || (!hidden && is_public(client))
}
