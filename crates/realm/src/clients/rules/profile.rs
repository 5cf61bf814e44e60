//! Whether a client is what a profile lets it be.

use oauth::ciba::DeliveryMode;
use oauth::client_auth::Method;

use super::{Client, Invalid, backchannel};
use crate::settings::{FAPI_ALGORITHMS, FAPI_METHODS, Profile};

/// Checks a client against the profile that holds for it. Asked when the client is registered, and again whenever it comes, since the realm may have
/// changed its profile since.
///
/// # Errors
/// Names the member and the section that forbids it.
pub fn check_profile(client: &Client, profile: Profile) -> Result<(), Invalid> {
    if !profile.permits_retired_grants() {
        let retired = |name: &str| matches!(name, "implicit" | "password");
        if let Some(grant) = client.grant_types.iter().find(|it| retired(it.as_str())) {
            let section = if profile.is_fapi() {
                "FAPI 2.0 Security Profile section 5.3.2.1"
            } else {
                "OAuth 2.1 §10"
            };
            let reason = format!("the profile `{profile}` has no grant `{grant}` ({section})");
            return Err(Invalid::new("grant_types", reason));
        }
    }
    backchannel::check_profile(client, profile)?;
    if profile.is_fapi() {
        check_fapi(client)
    } else {
        Ok(())
    }
}

fn check_fapi(client: &Client) -> Result<(), Invalid> {
    let permitted = match client.token_endpoint_auth_method {
        Some(method) => FAPI_METHODS.contains(&method),
        None => false,
    };
    if !permitted {
        let names: Vec<&str> = FAPI_METHODS.iter().map(|it: &Method| it.as_str()).collect();
        let reason = format!(
            "FAPI 2.0 Security Profile section 5.3.2.1 permits {} only",
            names.join(", ")
        );
        return Err(Invalid::new("token_endpoint_auth_method", reason));
    }
    if client.response_types.iter().any(|it| it.as_str() != "code") {
        let reason = "FAPI 2.0 Security Profile section 5.3.2.2 permits code only";
        return Err(Invalid::new("response_types", reason));
    }
    if client.backchannel.mode() == DeliveryMode::Push {
        let reason = "FAPI CIBA section 5.2.2 has no push: such tokens are bound to nothing";
        return Err(Invalid::new("backchannel_token_delivery_mode", reason));
    }
    let algorithms = [
        (
            "token_endpoint_auth_signing_alg",
            client.token_endpoint_auth_signing_alg,
        ),
        (
            "request_object_signing_alg",
            client.request_object_signing_alg,
        ),
        (
            "authorization_signed_response_alg",
            client.authorization_signed_response_alg,
        ),
        (
            "introspection_signed_response_alg",
            client.introspection_signed_response_alg,
        ),
        (
            "backchannel_authentication_request_signing_alg",
            client.backchannel.signing_alg,
        ),
        (
            "id_token_signed_response_alg",
            client.id_token_signed_response_alg,
        ),
        (
            "userinfo_signed_response_alg",
            client.openid.userinfo_signed_response_alg,
        ),
    ];
    for (name, algorithm) in algorithms {
        if algorithm.is_some_and(|it| !FAPI_ALGORITHMS.contains(&it)) {
            let names: Vec<&str> = FAPI_ALGORITHMS.iter().map(|it| it.as_str()).collect();
            let reason = format!(
                "FAPI 2.0 Security Profile section 5.4.1 permits {} only",
                names.join(", ")
            );
            return Err(Invalid::new(name, reason));
        }
    }
    Ok(())
}
