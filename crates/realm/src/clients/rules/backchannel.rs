//! Whether a client can ask people as it says (OpenID Connect CIBA Core §4; FAPI-CIBA §5.2.2).

use jose::Algorithm;
use oauth::ciba::DeliveryMode;
use oauth::client_auth::assertion::ASYMMETRIC;

use super::{Client, GrantType, Invalid, is_endpoint};
use crate::settings::Profile;

const MODE: &str = "backchannel_token_delivery_mode";
const ENDPOINT: &str = "backchannel_client_notification_endpoint";
const SIGNING: &str = "backchannel_authentication_request_signing_alg";

pub(super) fn check(client: &Client) -> Result<(), Invalid> {
    let said = &client.backchannel;
    if client.allows_grant(GrantType::Ciba) {
        if client.is_public() {
            let reason = "urn:openid:params:grant-type:ciba needs a client that authenticates";
            return Err(Invalid::new("grant_types", reason));
        }
        if said.delivery.is_none() {
            let reason =
                "the grant type urn:openid:params:grant-type:ciba needs it: poll, ping or push";
            return Err(Invalid::new(MODE, reason));
        }
    }
    check_endpoint(client)?;
    check_signing(client, said.signing_alg)?;
    let bound =
        client.dpop_bound_access_tokens || client.tls_client_certificate_bound_access_tokens;
    if said.delivery == Some(DeliveryMode::Push) && bound {
        let reason = "tokens that are pushed are bound to nothing, as no request proves a key: use poll or ping";
        return Err(Invalid::new(MODE, reason));
    }
    Ok(())
}

fn check_endpoint(client: &Client) -> Result<(), Invalid> {
    let said = &client.backchannel;
    let Some(endpoint) = &said.notification_endpoint else {
        let Some(mode) = said.delivery.filter(|mode| mode.calls()) else {
            return Ok(());
        };
        return Err(Invalid::new(ENDPOINT, format!("the mode {mode} needs it")));
    };
    if !is_endpoint(endpoint) {
        let reason = format!(
            "`{}` is not an https address (http for a loopback host)",
            endpoint.escape_default()
        );
        return Err(Invalid::new(ENDPOINT, reason));
    }
    Ok(())
}

fn check_signing(client: &Client, algorithm: Option<Algorithm>) -> Result<(), Invalid> {
    let Some(algorithm) = algorithm else {
        return Ok(());
    };
    if !ASYMMETRIC.contains(&algorithm) {
        let reason = format!("{algorithm} is no asymmetric signature (CIBA Core section 4)");
        return Err(Invalid::new(SIGNING, reason));
    }
    if client.jwks.is_none() && client.jwks_uri.is_none() {
        return Err(Invalid::new(SIGNING, "it needs `jwks` or `jwks_uri`"));
    }
    Ok(())
}

/// FAPI-CIBA §5.2.2: signed requests, and no tokens that are pushed.
pub(super) fn check_profile(client: &Client, profile: Profile) -> Result<(), Invalid> {
    if !profile.is_fapi() || !client.allows_grant(GrantType::Ciba) {
        return Ok(());
    }
    let said = &client.backchannel;
    if said.delivery == Some(DeliveryMode::Push) {
        let reason = "FAPI-CIBA section 5.2.2 has no mode push";
        return Err(Invalid::new(MODE, reason));
    }
    match said.signing_alg {
        Some(algorithm) if profile.permits_algorithm(algorithm) => Ok(()),
        Some(_) => {
            let reason = "FAPI 2.0 Security Profile section 5.4.1 does not permit it";
            Err(Invalid::new(SIGNING, reason))
        }
        None => {
            let reason = "FAPI-CIBA section 5.2.2 demands signed requests";
            Err(Invalid::new(SIGNING, reason))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use crate::clients::Backchannel;

    fn client(backchannel: Backchannel) -> Client {
        Client {
            grant_types: vec![GrantType::Ciba],
            token_endpoint_auth_method: Some(oauth::client_auth::Method::TlsClientAuth),
            backchannel,
            ..Client::default()
        }
    }

    fn mode(delivery: DeliveryMode) -> Backchannel {
        Backchannel {
            delivery: Some(delivery),
            ..Backchannel::default()
        }
    }

    #[test]
    fn a_client_that_asks_people_states_how_tokens_reach_it_and_authenticates() {
        let field = |client: &Client| check(client).unwrap_err().field;
        assert_eq!(field(&client(Backchannel::default())), MODE);
        check(&client(mode(DeliveryMode::Poll))).unwrap();
        let public = Client {
            token_endpoint_auth_method: None,
            ..client(mode(DeliveryMode::Poll))
        };
        assert_eq!(field(&public), "grant_types");
    }

    #[test]
    fn a_client_that_is_called_says_where() {
        for delivery in [DeliveryMode::Ping, DeliveryMode::Push] {
            assert_eq!(check(&client(mode(delivery))).unwrap_err().field, ENDPOINT);
            for (endpoint, fits) in [
                ("https://app.example/cb", true),
                ("http://127.0.0.1:4/cb", true),
                ("http://app.example/cb", false),
                ("https://user:pw@app.example/cb", false),
                ("https://app.example/cb#x", false),
                ("file:///etc/passwd", false),
                ("app.example", false),
            ] {
                let said = Backchannel {
                    notification_endpoint: Some(endpoint.into()),
                    ..mode(delivery)
                };
                assert_eq!(check(&client(said)).is_ok(), fits, "{endpoint}");
            }
        }
    }

    #[test]
    fn requests_are_signed_by_keys_that_are_known() {
        let said = |algorithm| Backchannel {
            signing_alg: Some(algorithm),
            ..mode(DeliveryMode::Poll)
        };
        for algorithm in [Algorithm::Hs256, Algorithm::Es256] {
            let refused = check(&client(said(algorithm))).unwrap_err();
            assert_eq!(refused.field, SIGNING);
        }
        let keyed = Client {
            jwks_uri: Some("https://app.example/jwks".into()),
            ..client(said(Algorithm::Es256))
        };
        check(&keyed).unwrap();
        check_profile(&keyed, Profile::Fapi2Security).unwrap();
    }

    #[test]
    fn under_fapi_requests_are_signed_and_nothing_is_pushed() {
        let field = |client: &Client| {
            check_profile(client, Profile::Fapi2Security)
                .unwrap_err()
                .field
        };
        assert_eq!(field(&client(mode(DeliveryMode::Push))), MODE);
        assert_eq!(field(&client(mode(DeliveryMode::Ping))), SIGNING);
        check_profile(&client(mode(DeliveryMode::Push)), Profile::OAuth21).unwrap();
        let bound = Client {
            dpop_bound_access_tokens: true,
            backchannel: Backchannel {
                notification_endpoint: Some("https://app.example/cb".into()),
                ..mode(DeliveryMode::Push)
            },
            ..client(Backchannel::default())
        };
        assert_eq!(check(&bound).unwrap_err().field, MODE);
    }
}
