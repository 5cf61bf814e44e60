//! Whom a client is told of (OpenID Connect Core §8): inside, a person always has the one identifier; what leaves for a client with a sector carries another
//! one, which is the same for its sector and says nothing to others (§8.1). Tokens that come back hold the person sealed, so that nobody has to look it up.

use oauth::claims::{AccessToken, IdToken, Origin};
use realm::{Client, Realm};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the MACs are for.
const PAIRWISE: &str = "pairwise_subject";
const SESSION: &str = "pairwise_session";
/// What the seal is for.
const PURPOSE: &str = "subject_of_token";
/// The claim of access tokens that holds what is sealed.
const SEALED: &str = "sealed";
/// What separates the name of an ID token from what is sealed in it. No identifier of ours has a dot.
const MARK: &str = ".p.";
/// What separates it from the session, where nothing is sealed.
const UNTOLD: &str = ".s.";

/// What must not be read in an access token.
#[derive(Serialize, Deserialize)]
struct Inner {
    sub: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    from: Vec<Origin>,
}

/// What a client is told of a person as `sub`.
pub(crate) fn of(realm: &Realm, client: &Client, person: &str) -> String {
    told(realm, client, (PAIRWISE, person))
}

/// What a client is told of a session as `sid`: the same for all would let clients of different sectors find out whom they share.
pub(crate) fn session(realm: &Realm, client: &Client, session: &str) -> String {
    told(realm, client, (SESSION, session))
}

fn told(realm: &Realm, client: &Client, (purpose, what): (&str, &str)) -> String {
    match client.sector() {
        None => what.to_owned(),
        Some(sector) => {
            let named = [sector.as_bytes(), &[0], what.as_bytes()].concat();
            jose::base64url::encode(realm.mac(purpose, &named))
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
    let sid = claims.sid.take();
    claims.sid = sid.as_deref().map(|sid| session(realm, client, sid));
    let inner = Inner {
        sub: std::mem::replace(&mut claims.sub, told),
        sid,
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
            claims.sid = inner.sid;
            claims.exchanged_from = inner.from;
            Some(claims)
        }
        Some(_) => None,
    }
}

/// What names the person in an ID token.
pub(crate) struct Names {
    pub(crate) sub: String,
    pub(crate) sid: Option<String>,
    pub(crate) jti: String,
}

/// The names in a new ID token of this grant and session. Its identifier starts with the grant's, so that the token can be traced to it without a claim that no
/// client knows, and goes on with the person and the session where `sub` and `sid` are not those. `sid` is for clients that are told when it ends (OpenID Connect
/// Back-Channel Logout §2.1, Front-Channel Logout §3).
pub(crate) fn named(
    realm: &Realm,
    client: &Client,
    (person, grant): (&str, &str),
    session_id: Option<&str>,
) -> Names {
    let told = session_id.filter(|_| client.logout.is_told());
    if is_public(client) {
        let before = match (session_id, told) {
            (Some(untold), None) => format!("{grant}{UNTOLD}{untold}"),
            _ => grant.to_owned(),
        };
        return Names {
            sub: person.to_owned(),
            sid: told.map(str::to_owned),
            jti: format!("{before}.{}", realm.ambient().id()),
        };
    }
    // No identifier of ours has a space.
    let both = format!("{person} {}", session_id.unwrap_or_default());
    let sealed = realm.seal(PURPOSE, both);
    Names {
        sub: of(realm, client, person),
        sid: told.map(|id| session(realm, client, id)),
        jti: format!("{grant}{MARK}{sealed}"),
    }
}

/// An ID token as we see it: its `sub` is the person, its `sid` the session. `None` when what it holds is not ours.
pub(super) fn revealed(realm: &Realm, mut claims: IdToken) -> Option<IdToken> {
    let sealed = claims.jti.as_deref().and_then(|jti| jti.split_once(MARK));
    if let Some((_, sealed)) = sealed {
        let both = String::from_utf8(realm.unseal(PURPOSE, sealed)?).ok()?;
        let (person, session) = both.split_once(' ')?;
        person.clone_into(&mut claims.sub);
        claims.sid = (!session.is_empty()).then(|| session.to_owned());
    } else if claims.sid.is_none() {
        let untold = claims.jti.as_deref().and_then(|jti| jti.split_once(UNTOLD));
        let untold = untold.and_then(|(_, rest)| rest.split_once('.'));
        claims.sid = untold.map(|(session, _)| session.to_owned());
    }
    Some(claims)
}

/// Whether a client may know that this ID token of ours speaks of somebody: not when it was given to another and one of the two has a sector, or they could
/// find out whom they both know.
pub(crate) fn may_compare(client: &Client, hint: &IdToken) -> bool {
    let hidden = hint.jti.as_deref().is_some_and(|jti| jti.contains(MARK));
    hint.aud.contains(&client.id) || (!hidden && is_public(client))
}
