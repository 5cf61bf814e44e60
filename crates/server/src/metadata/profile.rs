//! What a realm's profile leaves of all that the server can do: the documents announce nothing that it refuses.

use jose::Algorithm;
use oauth::ciba::DeliveryMode;
use oauth::client_auth::Method;
use oauth::metadata::ServerMetadata;
use realm::Settings;

/// Takes out what the profile and the settings do not permit. Clients with a profile, attesters
/// or a switch of their own are told apart.
pub(super) fn narrow(document: &mut ServerMetadata, settings: &Settings) {
    let profile = settings.profile;
    if !(profile.permits_retired_grants() && settings.allow_retired_grants) {
        let retired = |name: &str| matches!(name, "implicit" | "password");
        document.grant_types_supported.retain(|it| !retired(it));
        document.response_types_supported.retain(|it| it == "code");
        let hashes = |name: &str| matches!(name, "c_hash" | "s_hash");
        document.claims_supported.retain(|it| !hashes(it));
    }
    let attested = Method::AttestJwtClientAuth;
    if settings.client_attestation_jwks.is_none() || !profile.permits_method(attested) {
        for methods in methods(document) {
            methods.retain(|it| it != attested.as_str());
        }
        document.challenge_endpoint = None;
        document
            .client_attestation_signing_alg_values_supported
            .clear();
        document
            .client_attestation_pop_signing_alg_values_supported
            .clear();
    }
    if !profile.is_fapi() {
        return;
    }
    let push = DeliveryMode::Push.to_string();
    let modes = &mut document.backchannel_token_delivery_modes_supported;
    modes.retain(|it| *it != push);
    if profile.demands_jarm() {
        document
            .response_modes_supported
            .retain(|it| it == "jwt" || it.ends_with(".jwt"));
    }
    for methods in methods(document) {
        methods.retain(|it| {
            let method = it.parse::<Method>();
            method.is_ok_and(|method| profile.permits_method(method))
        });
    }
    let algorithms = [
        &mut document.token_endpoint_auth_signing_alg_values_supported,
        &mut document.revocation_endpoint_auth_signing_alg_values_supported,
        &mut document.introspection_endpoint_auth_signing_alg_values_supported,
        &mut document.id_token_signing_alg_values_supported,
        &mut document.dpop_signing_alg_values_supported,
        &mut document.authorization_signing_alg_values_supported,
        &mut document.introspection_signing_alg_values_supported,
        &mut document.userinfo_signing_alg_values_supported,
        &mut document.request_object_signing_alg_values_supported,
        &mut document.backchannel_authentication_request_signing_alg_values_supported,
    ];
    for algorithms in algorithms {
        algorithms.retain(|it| {
            let algorithm = it.parse::<Algorithm>();
            algorithm.is_ok_and(|algorithm| profile.permits_algorithm(algorithm))
        });
    }
}

/// How clients authenticate, at each endpoint that says so.
fn methods(document: &mut ServerMetadata) -> [&mut Vec<String>; 3] {
    [
        &mut document.token_endpoint_auth_methods_supported,
        &mut document.revocation_endpoint_auth_methods_supported,
        &mut document.introspection_endpoint_auth_methods_supported,
    ]
}
