//! Status lists (draft-ietf-oauth-status-list): credentials that can be taken back say where the word about them is, and that is one place among a hundred
//! thousand in a document which everybody may fetch and keep: whoever asks does not say about whom.
//!
//! 1. `places.rs` gives each credential its place, in the commit that issues it. 2. `issued.rs` takes credentials back. 3. Here the lists are published.

pub mod issued;
pub(crate) mod places;
pub mod rules;
pub(crate) mod sql;

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;
use db::params;
use jose::Algorithm;
use jose::jws::{self, Header};
use oauth::status_list::{Bits, MEDIA_TYPE, Status, StatusList, TYPE};
use quick_cache::sync::Cache;
use realm::Realm;
use serde_json::{Value, json};

use self::rules::SIZE;
use crate::answer;
use crate::call::Call;
use crate::certified::certified;
use crate::refusal::Refusal;

/// How long whoever has a list may take it for the present one, in seconds (`ttl`, §5.1); as long as caches keep it.
const TTL: i64 = 300;
/// How long it may be taken for one at all, in seconds, should no other be had.
const LIFETIME: i64 = 86_400;
/// How often a list is written anew at most, in seconds.
const FRESH: i64 = 60;
/// How many lists are kept in memory. Each takes at most as many kilobytes as credentials have bits times 22.
const KEPT: usize = 100;
/// How many lists are named at most.
const NAMED: i64 = 10_000;
/// The path of the endpoint that names all lists.
const AGGREGATION: &str = "/status_lists";

/// Lists as they were last written, so that nobody can make us sign without end.
pub(crate) struct Lists(Cache<String, Arc<Written>>);

struct Written {
    at: i64,
    text: String,
    tag: String,
}

impl Lists {
    pub(crate) fn new() -> Self {
        Self(Cache::new(KEPT))
    }
}

/// Where a list is.
fn address(realm: &Realm, list: &str) -> String {
    realm.url(&format!("/status_list/{list}"))
}

/// Where all lists are named (§9.1).
pub(crate) fn aggregation(realm: &Realm) -> String {
    realm.url(AGGREGATION)
}

/// `GET /status_list/NAME` (§8.1): the list, signed.
pub(crate) async fn get(call: Call, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    if url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "time") {
        // §8.4: nothing is known of the past.
        return answer::empty(StatusCode::NOT_IMPLEMENTED);
    }
    match written(&call, &id).await {
        Ok(Some(list)) => answer::public_text(&call, MEDIA_TYPE, list.text.clone(), &list.tag),
        Ok(None) => answer::empty(StatusCode::NOT_FOUND),
        Err(refusal) => answer::refused(&call, "status_list", None, &refusal),
    }
}

/// `GET /status_lists` (§9.2): where all lists are, for those who fetch them in advance, so that they are asked about none.
pub(crate) async fn all(call: Call) -> Response {
    let values = params![call.realm.name(), NAMED];
    match call.realm.db().rows(&sql::LIST_STATUS_LISTS, values).await {
        Ok(rows) => {
            let lists = rows.iter().map(|row| address(&call.realm, row.text(0)));
            let lists: Vec<String> = lists.collect();
            answer::public(&call, "application/json", &json!({ "status_lists": lists }))
        }
        Err(error) => answer::refused(&call, "status_list", None, &Refusal::from(error)),
    }
}

async fn written(call: &Call, id: &str) -> Result<Option<Arc<Written>>, Refusal> {
    let realm = &call.realm;
    if id.len() > 64 || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(None);
    }
    // The same on every node, so that what they write differs by the signature only.
    let at = call.now() - call.now().rem_euclid(FRESH);
    let name = [realm.name(), id].join(" ");
    let lists = &call.server.status_lists.0;
    if let Some(list) = lists.get(&name).filter(|list| list.at == at) {
        return Ok(Some(list));
    }
    let Some(list) = write(realm, id, at).await? else {
        lists.remove(&name);
        return Ok(None);
    };
    let list = Arc::new(list);
    lists.insert(name, Arc::clone(&list));
    Ok(Some(list))
}

async fn write(realm: &Realm, id: &str, at: i64) -> Result<Option<Written>, Refusal> {
    let values = || params![realm.name(), id];
    let Some(row) = realm.db().row(&sql::FIND_STATUS_LIST, values()).await? else {
        return Ok(None);
    };
    let unknown = || Refusal::Failed("a status list that this version does not know".to_owned());
    let algorithm: Algorithm = row.text(0).parse().map_err(|_| unknown())?;
    let bits = match row.int(1) {
        1 => Bits::One,
        2 => Bits::Two,
        _ => return Err(unknown()),
    };
    let mut list = StatusList::new(bits, SIZE as usize);
    for row in realm.db().rows(&sql::SAID_OF_LIST, values()).await? {
        let status = Status::of(row.int(1)).unwrap_or(Status::Invalid);
        let index = usize::try_from(row.int(0)).map_err(|_| unknown())?;
        if !list.set(index, status) {
            return Err(unknown());
        }
    }
    let key = realm.keys().signer(algorithm).await?;
    let uri = address(realm, id);
    let claims = json!({
        "iss": realm.issuer(),
        "sub": uri,
        "iat": at,
        "exp": at.saturating_add(LIFETIME),
        "ttl": TTL,
        "status_list": list.claim(&aggregation(realm)),
    });
    // With the key in it, as signed metadata have it: some verifiers look nowhere else. Which keys are the issuer's is said where its credentials' are.
    let mut header = Header {
        jwk: Some(key.public_jwk()?),
        ..Header::typed(TYPE, &key)
    };
    header.extra.extend(certified(realm, &key));
    let certificates = Value::Object(header.extra.clone()).to_string();
    let named = [key.kid(), &certificates, &claims.to_string()].join("\n");
    let hash = digest(&SHA256, named.as_bytes());
    Ok(Some(Written {
        at,
        text: jws::sign(&key, &header, claims.to_string().as_bytes())?,
        tag: jose::base64url::encode(&hash.as_ref()[..12]),
    }))
}
