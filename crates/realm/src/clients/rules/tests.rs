#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
use oauth::client_auth::Method;

use super::*;
use crate::resources::{Resource, ScopeDefinition};
use crate::settings::LifetimeOverrides;

fn catalogue() -> Catalogue {
    Catalogue::new(vec![Resource {
        id: "urn:demo:notes".to_owned(),
        scopes: vec![ScopeDefinition {
            name: "notes.read".to_owned(),
            description: "Read your notes".to_owned(),
            grantable: crate::resources::Grantable::Everyone,
            claims: Vec::new(),
        }],
        ..Resource::default()
    }])
}

fn confidential() -> Client {
    Client {
        id: "demo-web".to_owned(),
        redirect_uris: vec!["https://app.example/callback".to_owned()],
        scope: "openid notes.read".parse().unwrap(),
        secret_hash: Some(super::super::SecretHash([0; 32])),
        ..Client::default()
    }
}

fn refused(change: impl FnOnce(&mut Client)) -> Invalid {
    let mut client = confidential();
    change(&mut client);
    check(&client, &catalogue()).unwrap_err()
}

#[test]
fn a_sound_client_is_taken() {
    check(&confidential(), &catalogue()).unwrap();
    let public = Client {
        secret_hash: None,
        token_endpoint_auth_method: Some(Method::None),
        redirect_uris: vec![
            "http://127.0.0.1/callback".to_owned(),
            "com.example.app:/back".to_owned(),
        ],
        ..confidential()
    };
    check(&public, &catalogue()).unwrap();
    assert!(public.is_public());
}

#[test]
fn each_broken_member_is_named() {
    type Change = Box<dyn FnOnce(&mut Client)>;
    let fields: [(&str, Change); 22] = [
        ("client_id", Box::new(|c| c.id = "a b".to_owned())),
        ("client_id", Box::new(|c| c.id = "x".repeat(256))),
        ("client_name", Box::new(|c| c.name = "a\nb".to_owned())),
        ("redirect_uris", Box::new(|c| c.redirect_uris.clear())),
        (
            "redirect_uris",
            Box::new(|c| c.redirect_uris = vec!["http://app.example/".to_owned()]),
        ),
        (
            "redirect_uris",
            Box::new(|c| c.redirect_uris.push(c.redirect_uris[0].clone())),
        ),
        (
            "post_logout_redirect_uris",
            Box::new(|c| c.post_logout_redirect_uris = vec!["javascript:alert(1)".to_owned()]),
        ),
        ("grant_types", Box::new(|c| c.grant_types.clear())),
        (
            "grant_types",
            Box::new(|c| {
                c.grant_types = vec![GrantType::RefreshToken];
                c.response_types.clear();
            }),
        ),
        (
            "grant_types",
            Box::new(|c| {
                c.secret_hash = None;
                c.grant_types.push(GrantType::ClientCredentials);
            }),
        ),
        ("response_types", Box::new(|c| c.response_types.clear())),
        (
            "response_types",
            Box::new(|c| c.grant_types = vec![GrantType::ClientCredentials]),
        ),
        (
            "token_endpoint_auth_method",
            Box::new(|c| c.token_endpoint_auth_method = Some(Method::None)),
        ),
        (
            "token_endpoint_auth_method",
            Box::new(|c| {
                c.secret_hash = None;
                c.token_endpoint_auth_method = Some(Method::ClientSecretPost);
            }),
        ),
        (
            "token_endpoint_auth_method",
            Box::new(|c| c.token_endpoint_auth_method = Some(Method::TlsClientAuth)),
        ),
        (
            "scope",
            Box::new(|c| c.scope = "openid notes.burn".parse().unwrap()),
        ),
        (
            "default_scope",
            Box::new(|c| c.default_scope = "openid email".parse().unwrap()),
        ),
        (
            "introspects",
            Box::new(|c| c.introspects = vec!["urn:nothing".to_owned()]),
        ),
        (
            "logo_uri",
            Box::new(|c| c.logo_uri = Some("data:image/png;base64,".to_owned())),
        ),
        (
            "allowed_origins",
            Box::new(|c| c.allowed_origins = vec!["https://app.example/".to_owned()]),
        ),
        (
            "id_token_signed_response_alg",
            Box::new(|c| c.id_token_signed_response_alg = Some(Algorithm::Hs256)),
        ),
        (
            "access_token",
            Box::new(|c| {
                c.lifetimes = LifetimeOverrides {
                    access_token: Some(1),
                    ..LifetimeOverrides::default()
                }
            }),
        ),
    ];
    for (field, change) in fields {
        let refusal = refused(change);
        assert_eq!(refusal.field, field, "{refusal}");
        assert!(!refusal.reason.is_empty());
    }
}

#[test]
fn the_document_has_the_member_names_of_rfc_7591_and_never_the_secret() {
    let client = Client {
        name: "Demo".to_owned(),
        token_endpoint_auth_method: Some(Method::ClientSecretBasic),
        ..confidential()
    };
    let value = serde_json::to_value(&client).unwrap();
    let expected = serde_json::json!({
        "client_id": "demo-web",
        "client_name": "Demo",
        "redirect_uris": ["https://app.example/callback"],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "scope": "openid notes.read",
        "token_endpoint_auth_method": "client_secret_basic",
    });
    assert_eq!(value, expected);
    let back: Client = serde_json::from_value(value).unwrap();
    assert_eq!(
        Client {
            secret_hash: client.secret_hash,
            ..back
        },
        client
    );
}

#[test]
fn only_a_confidential_client_of_the_openid_profile_goes_without_pkce() {
    use crate::settings::{Profile, Settings};
    let openid = Settings {
        profile: Profile::OpenId,
        require_pkce: Some(false),
        ..Settings::default()
    };
    assert!(!confidential().requires_pkce(&openid));
    assert!(confidential().requires_pkce(&Settings::default()));
    assert!(
        Client {
            require_pkce: Some(true),
            ..confidential()
        }
        .requires_pkce(&openid)
    );
    assert!(
        Client {
            secret_hash: None,
            ..confidential()
        }
        .requires_pkce(&openid)
    );
    let own = Client {
        profile: Some(Profile::OpenId),
        require_pkce: Some(false),
        ..confidential()
    };
    assert!(!own.requires_pkce(&Settings::default()));
}
