//! What the credential issuer says about itself (§12.2), and about its types (SD-JWT VC §3.5, §6).

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use jose::jwe::ContentEncryption;
use jose::{Jwk, KeyType, KeyUse};
use oauth::credential::{ALGORITHMS, FORMAT, METADATA_TYPE, MOST_PROOFS};
use realm::resources::Named;
use realm::{Catalogue, CredentialConfiguration, Realm};
use serde_json::{Map, Value, json};

use super::endpoint::{self, KEY_MANAGEMENT};
use super::notification;
use crate::answer;
use crate::call::Call;
use crate::metadata::signed;
use crate::refusal::Refusal;

/// The media type of signed metadata.
const JWT: &str = "application/jwt";

/// `GET /.well-known/openid-credential-issuer`: JSON, or signed where that is asked for (§12.2.2). 404 where nothing is issued.
pub(crate) async fn get(call: Call) -> Response {
    let mut response = match described(&call).await {
        Ok(None) => return answer::empty(StatusCode::NOT_FOUND),
        Ok(Some(document)) if prefers_jwt(&call) => {
            match signed::text(&call, METADATA_TYPE, &document).await {
                Ok((text, tag)) => answer::public_text(&call, JWT, text, &tag),
                Err(refusal) => return answer::refused(&call, "metadata", None, &refusal),
            }
        }
        Ok(Some(document)) => answer::public(&call, "application/json", &document),
        Err(refusal) => return answer::refused(&call, "metadata", None, &refusal),
    };
    let vary = HeaderValue::from_static("Accept");
    response.headers_mut().append(header::VARY, vary);
    response
}

async fn described(call: &Call) -> Result<Option<Value>, Refusal> {
    let catalogue = call.realm.catalogue().await?;
    if catalogue.credentials().next().is_none() {
        return Ok(None);
    }
    let keys = encryption_keys(&call.realm).await?;
    Ok(Some(describe(&call.realm, &catalogue, &keys)))
}

/// Whether `Accept` names the signed form, and names JSON less.
fn prefers_jwt(call: &Call) -> bool {
    let accepted = call.headers.get_all(header::ACCEPT).iter();
    let accepted: Vec<&str> = accepted.filter_map(|value| value.to_str().ok()).collect();
    let weight = |name: &str| {
        let ranges = accepted.iter().flat_map(|value| value.split(','));
        let mut weights = ranges.filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let named = parts.next()?.eq_ignore_ascii_case(name);
            let q = parts.find_map(|part| part.strip_prefix("q="));
            named.then(|| q.map_or(1.0, |q| q.parse().unwrap_or(0.0)))
        });
        weights.next().unwrap_or(0.0_f32)
    };
    let jwt = weight(JWT);
    jwt > 0.0 && jwt >= weight("application/json")
}

/// The keys to which requests may be encrypted.
async fn encryption_keys(realm: &Realm) -> Result<Vec<Value>, Refusal> {
    realm.keys().publish_encryption().await?;
    let published = realm.keys().jwks().await?;
    let keys = published.keys.iter();
    let keys = keys.filter(|key| key.key_use() == Some(KeyUse::Encryption));
    let keys = keys.filter(|key| key.key_type() == KeyType::Ec);
    let named = |key: &Jwk| {
        let mut key = key.to_value();
        // §12.2.4: each says for what it is.
        if let Some(members) = key.as_object_mut() {
            members.insert("alg".to_owned(), endpoint::REQUESTS.as_str().into());
        }
        key
    };
    Ok(keys.map(named).collect())
}

/// The document (§12.2.4).
fn describe(realm: &Realm, catalogue: &Catalogue, keys: &[Value]) -> Value {
    let kinds = catalogue.credentials();
    let kinds: Map<String, Value> = kinds.map(|one| (one.id.clone(), kind(one))).collect();
    let methods: Vec<&str> = ContentEncryption::ALL
        .iter()
        .map(|it| it.as_str())
        .collect();
    let management: Vec<&str> = KEY_MANAGEMENT.iter().map(|it| it.as_str()).collect();
    json!({
        "credential_issuer": realm.issuer(),
        "credential_endpoint": realm.url(endpoint::PATH),
        "nonce_endpoint": realm.url("/nonce"),
        "notification_endpoint": realm.url(notification::PATH),
        "credential_request_encryption": {
            "jwks": {"keys": keys},
            "enc_values_supported": methods,
            "encryption_required": false,
        },
        "credential_response_encryption": {
            "alg_values_supported": management,
            "enc_values_supported": methods,
            "encryption_required": false,
        },
        "batch_credential_issuance": {"batch_size": MOST_PROOFS},
        "display": [{"name": realm.settings().display_name}],
        "credential_configurations_supported": kinds,
    })
}

fn kind(one: &CredentialConfiguration) -> Value {
    let algorithms: Vec<&str> = ALGORITHMS.iter().map(|it| it.as_str()).collect();
    let claims: Vec<Value> = one
        .claims
        .iter()
        .map(|claim| {
            let mut described = json!({"path": claim.path, "mandatory": claim.mandatory});
            if !claim.display.is_empty() {
                described["display"] = display(&claim.display, "name");
            }
            described
        })
        .collect();
    let mut kind = json!({
        "format": FORMAT,
        "vct": one.vct,
        "credential_signing_alg_values_supported": [one.signing_alg.as_str()],
        "credential_metadata": {"display": display(&one.display, "name"), "claims": claims},
    });
    if let Some(scope) = &one.scope {
        kind["scope"] = scope.as_str().into();
    }
    if one.unbound {
        return kind;
    }
    kind["cryptographic_binding_methods_supported"] = json!(["jwk"]);
    let mut proof = json!({ "proof_signing_alg_values_supported": algorithms });
    let mut types = Map::new();
    if one.key_attestation_jwks.is_some() {
        proof["key_attestations_required"] = json!({});
        types.insert("attestation".to_owned(), proof.clone());
    }
    types.insert("jwt".to_owned(), proof);
    kind["proof_types_supported"] = Value::Object(types);
    kind
}

fn display(names: &[Named], member: &str) -> Value {
    let all = names.iter().map(|named| {
        let mut one = Map::new();
        one.insert(member.to_owned(), named.name.as_str().into());
        if let Some(locale) = &named.locale {
            one.insert("locale".to_owned(), locale.as_str().into());
        }
        Value::Object(one)
    });
    Value::Array(all.collect())
}

/// `GET /.well-known/jwt-vc-issuer` (SD-JWT VC §3.5): where the keys are that sign credentials.
pub(crate) async fn issuer(call: Call) -> Response {
    let realm = &call.realm;
    match realm.catalogue().await {
        Ok(catalogue) if catalogue.credentials().next().is_some() => {
            let document = json!({"issuer": realm.issuer(), "jwks_uri": realm.url("/jwks")});
            answer::public(&call, "application/json", &document)
        }
        Ok(_) => answer::empty(StatusCode::NOT_FOUND),
        Err(error) => answer::refused(&call, "metadata", None, &Refusal::from(error)),
    }
}

/// `GET /vct/NAME`: what a type means (SD-JWT VC §6.2), for those whose `vct` is this address.
pub(crate) async fn vct(call: Call, Path(id): Path<String>) -> Response {
    let realm = &call.realm;
    let catalogue = match realm.catalogue().await {
        Ok(catalogue) => catalogue,
        Err(error) => return answer::refused(&call, "metadata", None, &Refusal::from(error)),
    };
    let here = realm.url(&format!("/vct/{id}"));
    match catalogue.credential(&id).filter(|one| one.vct == here) {
        Some(one) => answer::public(&call, "application/json", &type_metadata(one)),
        None => answer::empty(StatusCode::NOT_FOUND),
    }
}

fn type_metadata(one: &CredentialConfiguration) -> Value {
    // Without a language there is no place for a name but the one at the top.
    let told = |names: &[Named], member: &str| {
        let told: Vec<Named> = names
            .iter()
            .filter(|it| it.locale.is_some())
            .cloned()
            .collect();
        (!told.is_empty()).then(|| display(&told, member))
    };
    let claims = one.claims.iter().map(|claim| {
        let mut described =
            json!({"path": claim.path, "mandatory": claim.mandatory, "sd": "always"});
        if let Some(names) = told(&claim.display, "label") {
            described["display"] = names;
        }
        described
    });
    let claims: Vec<Value> = claims.collect();
    let mut document = json!({"vct": one.vct, "name": one.name(), "claims": claims});
    if let Some(names) = told(&one.display, "name") {
        document["display"] = names;
    }
    document
}
