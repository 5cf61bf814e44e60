//! `/.well-known/ssf-configuration` (OpenID Shared Signals Framework §7).

use axum::http::StatusCode;
use axum::response::Response;
use oauth::shared_signals::{AuthorizationScheme, Method, SPEC_VERSION, TransmitterMetadata};
use realm::Realm;

use super::is_on;
use crate::answer;
use crate::call::Call;
use crate::refusal::Refusal;

/// By which specifications receivers show that they may: OAuth 2.0 with bearer tokens, or tokens bound to a certificate or a key.
const SCHEMES: [&str; 4] = [
    "urn:ietf:rfc:6749",
    "urn:ietf:rfc:6750",
    "urn:ietf:rfc:8705",
    "urn:ietf:rfc:9449",
];

/// `GET` at each of the well-known addresses.
pub(crate) async fn get(call: Call) -> Response {
    match call.realm.catalogue().await {
        Ok(catalogue) if is_on(&call.realm, &catalogue) => {
            answer::public(&call, "application/json", &describe(&call.realm))
        }
        Ok(_) => answer::empty(StatusCode::NOT_FOUND),
        Err(error) => answer::refused(&call, "metadata", None, &Refusal::from(error)),
    }
}

fn describe(realm: &Realm) -> TransmitterMetadata {
    let at = |path: &str| Some(realm.url(&format!("{}{path}", super::PATH)));
    TransmitterMetadata {
        spec_version: SPEC_VERSION.to_owned(),
        issuer: realm.issuer().to_owned(),
        jwks_uri: Some(realm.url("/jwks")),
        delivery_methods_supported: Method::ALL.map(|one| one.as_str().to_owned()).to_vec(),
        configuration_endpoint: at("/streams"),
        status_endpoint: at("/status"),
        add_subject_endpoint: at("/subjects/add"),
        remove_subject_endpoint: at("/subjects/remove"),
        verification_endpoint: at("/verify"),
        // Who passes over the session would sign a person out everywhere.
        critical_subject_members: ["user", "session"].map(str::to_owned).to_vec(),
        authorization_schemes: SCHEMES
            .map(|urn| AuthorizationScheme {
                spec_urn: urn.to_owned(),
            })
            .to_vec(),
        default_subjects: Some(realm.settings().signals_default_subjects),
    }
}
