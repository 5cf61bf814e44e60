use oauth::metadata::{
    ClientMetadata, ProtectedResourceMetadata, ServerMetadata, protected_resource_url,
    well_known_urls,
};
use proptest::prelude::*;
use serde_json::json;

/// RFC 8414 §3.1 and §5, OpenID Connect Discovery §4.1.
#[test]
fn an_issuer_with_a_path_has_three_addresses() {
    let found = well_known_urls("https://example.com/issuer1");
    assert_eq!(
        found.all(),
        [
            "https://example.com/.well-known/oauth-authorization-server/issuer1",
            "https://example.com/.well-known/openid-configuration/issuer1",
            "https://example.com/issuer1/.well-known/openid-configuration",
        ]
    );
}

/// RFC 8414 §3.1: a terminating slash is removed.
#[test]
fn an_issuer_without_a_path_has_two_addresses() {
    for issuer in ["https://example.com", "https://example.com/"] {
        assert_eq!(
            well_known_urls(issuer).all(),
            [
                "https://example.com/.well-known/oauth-authorization-server",
                "https://example.com/.well-known/openid-configuration",
            ]
        );
    }
    assert_eq!(
        well_known_urls("http://localhost:8080/realms/a").oauth,
        "http://localhost:8080/.well-known/oauth-authorization-server/realms/a"
    );
}

/// RFC 9728 §3.1.
#[test]
fn an_api_has_its_address_before_path_and_query() {
    let of = |resource| protected_resource_url(resource).unwrap_or_default();
    let base = "https://resource.example.com/.well-known/oauth-protected-resource";
    assert_eq!(of("https://resource.example.com"), base);
    assert_eq!(of("https://resource.example.com/"), base);
    assert_eq!(
        of("https://resource.example.com/resource1"),
        format!("{base}/resource1")
    );
    assert_eq!(
        of("https://resource.example.com?k=v"),
        format!("{base}?k=v")
    );
    assert_eq!(protected_resource_url("urn:demo:notes"), None);
}

/// RFC 8414 §3.2: members without a value are left out.
#[test]
fn what_a_server_does_not_have_is_left_out() {
    let metadata = ServerMetadata {
        issuer: "https://as.example".to_owned(),
        response_types_supported: vec!["code".to_owned()],
        authorization_response_iss_parameter_supported: Some(true),
        ..ServerMetadata::default()
    };
    assert_eq!(
        serde_json::to_value(&metadata).unwrap(),
        json!({"issuer": "https://as.example", "response_types_supported": ["code"],
               "authorization_response_iss_parameter_supported": true})
    );
}

/// RFC 8414 §2, RFC 7591 §2, RFC 9728 §2: what is not understood is kept and otherwise ignored.
#[test]
fn unknown_members_are_kept() {
    let server: ServerMetadata =
        serde_json::from_value(json!({"issuer": "https://a", "x_new": [1]})).unwrap();
    assert_eq!(server.extra["x_new"], json!([1]));
    let client: ClientMetadata = serde_json::from_value(json!({
        "client_name": "App", "client_secret": "hush", "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none", "scope": "a b", "x_new": 1}))
    .unwrap();
    assert_eq!(client.extra["x_new"], 1);
    assert!(!format!("{client:?}").contains("hush"));
    let resource: ProtectedResourceMetadata =
        serde_json::from_value(json!({"resource": "urn:a", "x_new": 1})).unwrap();
    assert_eq!(resource.extra["x_new"], 1);
}

proptest! {
    #[test]
    fn any_text_has_addresses(text in ".*") {
        let _ = (well_known_urls(&text).all().len(), protected_resource_url(&text));
        let _ = serde_json::from_str::<ServerMetadata>(&text);
    }
}
