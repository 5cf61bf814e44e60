//! `GET /.well-known/openid-federation`: what the realm says of itself as an entity (OpenID Federation 1.0 §3, §9).

use axum::http::StatusCode;
use axum::response::Response;
use oauth::federation::{ENTITY_STATEMENT, TrustMark};
use realm::{Realm, Settings};
use serde_json::{Map, Value, json};

use super::said::{ALGORITHM, LIFETIME, Said, signed, since};
use super::{
    federation_fetch, federation_historical_keys, federation_list, federation_resolve,
    federation_trust_mark, federation_trust_mark_list, federation_trust_mark_status,
};
use crate::answer;
use crate::call::Call;
use crate::metadata::describe;
use crate::refusal::Refusal;

/// The document; 404 where the realm is part of no federation.
pub(crate) async fn get(call: Call) -> Response {
    match statement(&call).await {
        Ok(Some((text, tag))) => answer::public_statement(&call, &text, &tag),
        Ok(None) => answer::empty(StatusCode::NOT_FOUND),
        Err(refusal) => answer::refused(&call, "federation", None, &refusal),
    }
}

/// The statement, if the realm is an entity.
pub(super) async fn statement(call: &Call) -> Result<Option<Said>, Refusal> {
    let realm = &call.realm;
    let (is_provider, is_superior) = (
        realm.settings().federation.is_on(),
        super::is_superior(call).await?,
    );
    if !is_provider && !is_superior {
        return Ok(None);
    }
    // Before its public half is asked for: at first there is none.
    realm.federation_keys().signer(ALGORITHM).await?;
    let issued_at = since(call.now());
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
    // Those of an anchor: its marks count in its federation (§3.2). What others say of that is passed over.
    let subordinates = realm.subordinates().await?;
    let given = subordinates.trust_mark_types().into_iter();
    let issuers: Map<String, Value> = given
        .map(|kind| (kind.to_owned(), json!([realm.issuer()])))
        .collect();
    if !issuers.is_empty() {
        claims.insert("trust_mark_issuers".to_owned(), issuers.into());
    }
    let mut entity = entity(&settings);
    if is_superior {
        entity.extend(endpoints(realm));
    }
    let mut metadata = Map::new();
    metadata.insert("federation_entity".to_owned(), entity.into());
    // Whoever trusts nobody takes no clients of a federation, and says nothing of how they register (§5.1.3).
    if is_provider {
        let catalogue = realm.catalogue().await?;
        let provider = describe(realm, &catalogue, &call.server.certificates);
        metadata.insert("openid_provider".to_owned(), json!(provider));
    }
    claims.insert("metadata".to_owned(), metadata.into());
    signed(call, ENTITY_STATEMENT, claims).await.map(Some)
}

/// Where those ask who look for what is below the realm (§5.1.1). A leaf must not have them.
fn endpoints(realm: &Realm) -> Map<String, Value> {
    let endpoints = [
        ("federation_fetch_endpoint", federation_fetch::PATH),
        (
            "federation_historical_keys_endpoint",
            federation_historical_keys::PATH,
        ),
        ("federation_list_endpoint", federation_list::PATH),
        ("federation_resolve_endpoint", federation_resolve::PATH),
        (
            "federation_trust_mark_endpoint",
            federation_trust_mark::PATH,
        ),
        (
            "federation_trust_mark_list_endpoint",
            federation_trust_mark_list::PATH,
        ),
        (
            "federation_trust_mark_status_endpoint",
            federation_trust_mark_status::PATH,
        ),
    ];
    let address = |(name, path): (&str, &str)| (name.to_owned(), realm.url(path).into());
    endpoints.into_iter().map(address).collect()
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
