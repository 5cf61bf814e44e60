//! `GET /federation_historical_keys` (OpenID Federation 1.0 §8.7): the keys with which the realm spoke as an entity before, for whoever has something old of it.

use axum::response::Response;
use oauth::federation::HISTORICAL_KEYS;
use realm::keys::{self, HistoricalKey};
use serde_json::{Map, Value, json};

use super::said::{Said, answered, signed, since};
use crate::answer;
use crate::call::Call;
use crate::refusal::Refusal;

const ENDPOINT: &str = "federation_historical_keys";
/// Where it is, below the issuer.
pub(super) const PATH: &str = "/federation_historical_keys";

/// The endpoint; 404 where the realm vouches for nobody.
pub(crate) async fn get(call: Call) -> Response {
    let said = history(&call).await;
    answered(&call, ENDPOINT, said, |(text, tag)| {
        answer::public_text(&call, "application/jwk-set+jwt", text.to_string(), &tag)
    })
}

async fn history(call: &Call) -> Result<Option<Said>, Refusal> {
    if !super::is_superior(call).await? {
        return Ok(None);
    }
    let all = keys::history(&call.realm).await?;
    let mut claims = Map::new();
    for (name, value) in [
        ("iss", json!(call.realm.issuer())),
        ("iat", json!(since(call.now()))),
        ("keys", all.iter().map(shown).collect()),
    ] {
        claims.insert(name.to_owned(), value);
    }
    signed(call, HISTORICAL_KEYS, claims).await.map(Some)
}

fn shown(key: &HistoricalKey) -> Value {
    let mut shown = key.jwk.to_value();
    shown["iat"] = key.created_at.into();
    shown["exp"] = key.expired_at.into();
    if key.compromised {
        shown["revoked"] = json!({"revoked_at": key.expired_at, "reason": "compromised"});
    }
    shown
}
