//! `GET /.well-known/openid-federation`: what the realm says of itself as an entity (OpenID Federation 1.0 §3, §9).

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::StatusCode;
use axum::response::Response;
use jose::{Algorithm, jws};
use oauth::federation::{ENTITY_STATEMENT, TrustMark};
use realm::Settings;
use serde_json::{Map, Value, json};

use crate::answer;
use crate::call::Call;
use crate::metadata::describe;
use crate::refusal::Refusal;

/// What federation keys sign with.
pub(super) const ALGORITHM: Algorithm = Algorithm::Es256;
/// How long what the realm says counts, in seconds.
const LIFETIME: i64 = 24 * 3600;
/// How often it is said anew, in seconds: until then it is the same text, which caches may keep.
const ANEW: i64 = 3600;

/// The document; 404 where the realm is part of no federation.
pub(crate) async fn get(call: Call) -> Response {
    if !call.realm.settings().federation.is_on() {
        return answer::empty(StatusCode::NOT_FOUND);
    }
    match statement(&call).await {
        Ok((text, tag)) => answer::public_statement(&call, &text, &tag),
        Err(refusal) => answer::refused(&call, "federation", None, &refusal),
    }
}

/// The statement, and a tag of what it says.
async fn statement(call: &Call) -> Result<(std::sync::Arc<str>, String), Refusal> {
    let realm = &call.realm;
    let key = realm.federation_keys().signer(ALGORITHM).await?;
    let issued_at = call.now() - call.now().rem_euclid(ANEW);
    let claims = json!({
        "iss": realm.issuer(),
        "sub": realm.issuer(),
        "iat": issued_at,
        "exp": issued_at + LIFETIME,
        "jwks": &*realm.federation_keys().jwks().await?,
    });
    let Value::Object(mut claims) = claims else {
        return Err(Refusal::Failed("a statement cannot be written".to_owned()));
    };
    let settings = realm.settings();
    if !settings.federation.authority_hints.is_empty() {
        claims.insert(
            "authority_hints".to_owned(),
            json!(settings.federation.authority_hints),
        );
    }
    let marks = trust_marks(&settings);
    if !marks.is_empty() {
        claims.insert("trust_marks".to_owned(), marks.into());
    }
    let catalogue = realm.catalogue().await?;
    let provider = describe(realm, &catalogue, &call.server.certificates);
    let metadata = json!({"openid_provider": provider, "federation_entity": entity(&settings)});
    claims.insert("metadata".to_owned(), metadata);
    let text = Value::Object(claims).to_string();
    let named = [realm.name(), key.kid(), &text].join("\n");
    let hash = digest(&SHA256, named.as_bytes());
    let mut name = [0; 32];
    name.copy_from_slice(hash.as_ref());
    // It may be longer than the tokens that this product reads.
    let header = jws::Header::typed(ENTITY_STATEMENT, &key);
    let sign = || jws::sign(&key, &header, text.as_bytes());
    let signed = call.server.signed.get(name, sign)?;
    Ok((signed, jose::base64url::encode(&name[..12])))
}

/// Those that were given to the realm, each with its type beside it (§3.2).
fn trust_marks(settings: &Settings) -> Vec<Value> {
    let marks = settings.federation.trust_marks.iter();
    marks
        .filter_map(|text| TrustMark::parse(text).ok())
        .map(|mark| json!({"trust_mark_type": mark.kind, "trust_mark": mark.text()}))
        .collect()
}

/// Who runs the realm (§5.1.1, §5.2.2).
fn entity(settings: &Settings) -> Map<String, Value> {
    let federation = &settings.federation;
    let name = match federation.organization_name.as_str() {
        "" => settings.display_name.as_str(),
        own => own,
    };
    let mut members = Map::new();
    members.insert("organization_name".to_owned(), name.into());
    for (name, value) in [
        ("logo_uri", &federation.logo_uri),
        ("policy_uri", &federation.policy_uri),
        ("organization_uri", &federation.organization_uri),
    ] {
        if !value.is_empty() {
            members.insert(name.to_owned(), value.as_str().into());
        }
    }
    if !federation.contacts.is_empty() {
        members.insert("contacts".to_owned(), json!(federation.contacts));
    }
    members
}
