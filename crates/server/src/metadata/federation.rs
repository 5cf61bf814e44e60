//! How entities of a federation become clients (OpenID Federation 1.0 §5.1.3).

use oauth::client_auth::assertion::ASYMMETRIC;
use realm::{Realm, Settings};
use serde_json::{Map, Value, json};

/// Members of the provider's metadata that tell how entities become clients (§5.1.3); none where the realm is part of no federation.
pub(super) fn provider_members(realm: &Realm, settings: &Settings) -> Map<String, Value> {
    let federation = &settings.federation;
    let mut members = Map::new();
    if !federation.is_on() {
        return members;
    }
    let mut types = Vec::new();
    if federation.automatic_registration {
        types.push("automatic");
        members.insert(
            "request_authentication_methods_supported".to_owned(),
            json!({
                "authorization_endpoint": ["request_object"],
                "pushed_authorization_request_endpoint": ["private_key_jwt"],
            }),
        );
        members.insert(
            "request_authentication_signing_alg_values_supported".to_owned(),
            ASYMMETRIC
                .iter()
                .filter(|algorithm| settings.profile.permits_algorithm(**algorithm))
                .map(ToString::to_string)
                .collect(),
        );
    }
    if federation.explicit_registration {
        types.push("explicit");
        let endpoint = realm.url("/federation_registration");
        members.insert(
            "federation_registration_endpoint".to_owned(),
            endpoint.into(),
        );
    }
    members.insert(
        "client_registration_types_supported".to_owned(),
        json!(types),
    );
    members
}
