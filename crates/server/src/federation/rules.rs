//! What the metadata of an entity must say to make a client of it (OpenID Federation 1.0 §5.1.2, §12).

use oauth::client_auth::Method;
use oauth::{Error as Wire, ErrorCode};
use realm::clients::Origin;
use realm::{Catalogue, Client};
use serde_json::Value;

use crate::registration::rules::{self as registration, Given, Members};

fn refused(reason: impl Into<String>) -> Wire {
    Wire::new(ErrorCode::InvalidMetadata, reason.into())
}

/// How an entity becomes a client (§5.1.2, `client_registration_types`).
fn has_type(metadata: &Members, wanted: &str) -> Result<(), Wire> {
    let types = metadata.get("client_registration_types");
    let types = types.and_then(Value::as_array).into_iter().flatten();
    if types.filter_map(Value::as_str).any(|one| one == wanted) {
        return Ok(());
    }
    Err(refused(format!(
        "client_registration_types of the entity does not hold {wanted}"
    )))
}

/// The client that an entity is without a registration (§12.1), once for each way in which it may authenticate: each of them by a key of its own (§12.1.1), and the
/// one that it prefers comes first. Where it says nothing of that, by what it signs.
///
/// # Errors
/// `invalid_metadata`, in words for the client's developer.
pub fn automatic(id: &str, metadata: Members, catalogue: &Catalogue) -> Result<Vec<Client>, Wire> {
    has_type(&metadata, "automatic")?;
    methods(&metadata)?
        .into_iter()
        .map(|method| {
            let mut client = read(id, (metadata.clone(), method), catalogue)?;
            client.origin = Origin::Federation;
            Ok(client)
        })
        .collect()
}

/// The client that an entity registers as (§12.2).
///
/// # Errors
/// As [`automatic`], or one of RFC 7591 §3.2.2.
pub fn explicit(id: &str, metadata: Members, catalogue: &Catalogue) -> Result<Client, Wire> {
    has_type(&metadata, "explicit")?;
    let method = match metadata.get("token_endpoint_auth_method") {
        None => Method::ClientSecretBasic,
        Some(stated) => parse(stated)
            .ok_or_else(|| refused("token_endpoint_auth_method is none that this server knows"))?,
    };
    read(id, (metadata, method), catalogue)
}

fn read(
    id: &str,
    (mut metadata, method): (Members, Method),
    catalogue: &Catalogue,
) -> Result<Client, Wire> {
    let has = |name: &str| metadata.contains_key(name);
    if has("signed_jwks_uri") && !has("jwks") && !has("jwks_uri") {
        return Err(refused(
            "signed_jwks_uri alone is not supported: publish jwks or jwks_uri beside it",
        ));
    }
    if has("jwks") && has("jwks_uri") {
        // The same keys (§5.2.1.1); these are part of what was signed.
        metadata.remove("jwks_uri");
    }
    metadata.insert(
        "token_endpoint_auth_method".to_owned(),
        method.as_str().into(),
    );
    let mut client = registration::read(metadata, catalogue, Given::default())?;
    client.id = id.to_owned();
    Ok(client)
}

fn parse(value: &Value) -> Option<Method> {
    serde_json::from_value(value.clone()).ok()
}

fn methods(metadata: &Members) -> Result<Vec<Method>, Wire> {
    let possible = |method: &Method| {
        matches!(
            method,
            Method::PrivateKeyJwt | Method::TlsClientAuth | Method::SelfSignedTlsClientAuth
        )
    };
    let mut methods = Vec::new();
    let stated = metadata.get("token_endpoint_auth_method");
    let choices = metadata.get("token_endpoint_auth_methods_supported");
    let choices = choices.and_then(Value::as_array).into_iter().flatten();
    for method in stated.into_iter().chain(choices).filter_map(parse) {
        if possible(&method) && !methods.contains(&method) {
            methods.push(method);
        }
    }
    if stated.is_none() && methods.is_empty() {
        methods.push(Method::PrivateKeyJwt);
    }
    if methods.is_empty() {
        return Err(refused(
            "token_endpoint_auth_method must be private_key_jwt, tls_client_auth or self_signed_tls_client_auth: nobody shares a secret with this client",
        ));
    }
    Ok(methods)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use serde_json::json;

    use super::*;

    const ID: &str = "https://rp.example";

    fn metadata(change: &Value) -> Members {
        let mut metadata = json!({
            "client_registration_types": ["automatic", "explicit"], "redirect_uris": ["https://rp.example/cb"],
            "jwks_uri": "https://rp.example/jwks", "client_id": "somebody else", "scope": "openid",
        });
        for (name, value) in change.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        metadata.as_object().unwrap().clone()
    }

    #[test]
    fn an_entity_is_a_client_that_shares_no_secret() {
        let of = |change: Value| {
            let clients = automatic(ID, metadata(&change), &Catalogue::default())?;
            assert!(
                clients
                    .iter()
                    .all(|client| client.id == ID && client.is_federated())
            );
            let method = |client: &Client| client.token_endpoint_auth_method.unwrap();
            Ok::<_, Wire>(clients.iter().map(method).collect::<Vec<_>>())
        };
        assert_eq!(of(json!({})).unwrap(), [Method::PrivateKeyJwt]);
        let choices = json!({"token_endpoint_auth_methods_supported": ["client_secret_basic", "self_signed_tls_client_auth", "private_key_jwt"]});
        assert_eq!(
            of(choices).unwrap(),
            [Method::SelfSignedTlsClientAuth, Method::PrivateKeyJwt]
        );
        for wrong in [
            json!({"client_registration_types": ["explicit"]}),
            json!({"client_registration_types": "automatic"}),
            json!({"client_registration_types": null}),
            json!({"token_endpoint_auth_method": "client_secret_basic"}),
            json!({"token_endpoint_auth_method": "none"}),
            json!({"redirect_uris": "https://rp.example/cb"}),
            json!({"jwks": {"keys": "x"}}),
        ] {
            assert!(of(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_entity_may_register_with_a_secret() {
        let of = |change: Value| explicit(ID, metadata(&change), &Catalogue::default());
        let client = of(json!({})).unwrap();
        assert_eq!(
            client.token_endpoint_auth_method,
            Some(Method::ClientSecretBasic)
        );
        assert_eq!(client.id, ID);
        assert!(of(json!({"token_endpoint_auth_method": "magic"})).is_err());
        assert!(of(json!({"client_registration_types": ["automatic"]})).is_err());
    }
}
