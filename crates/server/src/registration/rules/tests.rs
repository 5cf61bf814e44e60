#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn members(value: Value) -> Members {
    match value {
        Value::Object(members) => members,
        other => panic!("{other}"),
    }
}

fn read_value(value: Value) -> Result<Client, Wire> {
    read(members(value), &Catalogue::default(), Given::default())
}

const RETIRED: Given<'_> = Given {
    retired: true,
    old: None,
};
const URIS: &str = "https://app.example/callback";

#[test]
fn what_is_not_stated_has_the_defaults_of_rfc_7591() {
    let client = read_value(json!({"redirect_uris": [URIS]})).unwrap();
    assert_eq!(client.grant_types, [GrantType::AuthorizationCode]);
    assert_eq!(
        client.token_endpoint_auth_method,
        Some(Method::ClientSecretBasic)
    );
    assert_eq!(client.application_type, Some(ApplicationType::Web));
    assert!(client.scope.is_empty());
}

#[test]
fn what_is_the_operators_business_is_passed_over() {
    let client = read_value(json!({
        "redirect_uris": [URIS], "client_id": "chosen", "client_secret": "chosen-by-the-client", "skip_consent": true, "introspects": ["urn:x"],
        "lifetimes": {"access_token": 86400}, "disabled": true, "profile": "openid", "require_pkce": false, "default_scope": "openid",
        "allowed_origins": ["https://evil.example"], "unknown": {"deep": [1]}, "require_dpop_nonce": "nonsense",
    }))
    .unwrap();
    let expected = read_value(json!({"redirect_uris": [URIS]})).unwrap();
    assert_eq!(client, expected);
    assert!(client.id.is_empty() && !client.skip_consent && client.introspects.is_empty());
}

#[test]
fn grants_without_a_person_are_passed_over_and_refused_when_nothing_is_left() {
    let of = |grants: Value| read_value(json!({"redirect_uris": [URIS], "grant_types": grants}));
    let kept = of(json!([
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:example:new",
    ]));
    assert_eq!(
        kept.unwrap().grant_types,
        [GrantType::AuthorizationCode, GrantType::RefreshToken]
    );
    for nothing in [
        json!(["client_credentials"]),
        json!(["implicit", "password"]),
    ] {
        let error = of(nothing).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidClientMetadata);
    }
    let device = of(json!(["urn:ietf:params:oauth:grant-type:device_code"])).unwrap();
    assert!(device.response_types.is_empty());
}

#[test]
fn an_error_names_the_member() {
    for (name, value) in [
        ("client_name", json!(7)),
        ("contacts", json!("one")),
        ("token_endpoint_auth_method", json!("carrier_pigeon")),
        ("id_token_signed_response_alg", json!("none")),
        ("jwks", json!({"keys": 7})),
        ("client_name#de", json!(["x"])),
        ("application_type", json!("desktop")),
        ("subject_type", json!("secret")),
        ("scope", json!("a  \u{7f}")),
    ] {
        let mut stated = members(json!({"redirect_uris": [URIS]}));
        stated.insert(name.to_owned(), value);
        let error = read(stated, &Catalogue::default(), Given::default()).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidClientMetadata, "{name}");
        assert!(error.description.as_str().starts_with(name), "{error:?}");
    }
    let error = read_value(json!({"redirect_uris": "https://app.example/"})).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidRedirectUri);
}

#[test]
fn the_kind_follows_from_the_redirects_when_it_is_not_stated() {
    let of = |uris: Value| {
        read_value(json!({"redirect_uris": uris}))
            .unwrap()
            .application_type
    };
    let native = Some(ApplicationType::Native);
    assert_eq!(
        of(json!(["http://127.0.0.1/cb", "com.example.app:/cb"])),
        native
    );
    assert_eq!(
        of(json!(["http://127.0.0.1/cb", URIS])),
        Some(ApplicationType::Web)
    );
}

#[test]
fn a_public_clients_scripts_may_come_from_where_it_is_sent_back_to() {
    let client = read_value(json!({
        "token_endpoint_auth_method": "none",
        "redirect_uris": [URIS, "https://app.example/other", "http://localhost:6274/cb", "com.example.app:/cb"],
    }))
    .unwrap();
    let expected = ["http://localhost:6274", "https://app.example"];
    assert_eq!(client.allowed_origins, expected);
    let confidential = read_value(json!({"redirect_uris": [URIS]})).unwrap();
    assert!(confidential.allowed_origins.is_empty());
}

#[test]
fn what_the_operator_said_outlives_what_the_client_states_anew() {
    let mut old = read_value(
        json!({"redirect_uris": [URIS], "client_name": "Old", "tos_uri": "https://a.example"}),
    )
    .unwrap();
    old.id = "id".to_owned();
    old.version = 7;
    old.disabled = true;
    old.skip_consent = true;
    old.introspects = vec!["urn:x".to_owned()];
    old.scope = "openid".parse().unwrap();
    let new = read_value(json!({"redirect_uris": [URIS], "client_name": "New"})).unwrap();
    let client = replace(&old, new).unwrap();
    assert_eq!(
        (client.name.as_str(), client.tos_uri.as_deref()),
        ("New", None)
    );
    assert_eq!((client.id.as_str(), client.version), ("id", 7));
    assert!(client.disabled && client.skip_consent);
    assert_eq!(
        (client.introspects, client.scope),
        (old.introspects, old.scope)
    );
}

fn junk() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
        Just(json!("openid")),
        Just(json!("none")),
        Just(json!(["client_credentials", "authorization_code"])),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever is stated, nobody gets what only an operator gives, and what is told is what was read.
    #[test]
    fn no_statement_gives_what_an_operator_gives(
        stated in proptest::collection::hash_map(
            prop_oneof![
                proptest::sample::select(REGISTRABLE.to_vec()).prop_map(str::to_owned),
                proptest::sample::select(vec!["skip_consent", "introspects", "profile", "disabled", "lifetimes", "default_scope", "require_pkce", "client_id"])
                    .prop_map(str::to_owned),
                "[a-z_#-]{1,20}",
            ],
            junk(), 0..8,
        ),
    ) {
        let stated: Members = stated.into_iter().collect();
        if let Ok(client) = read(stated, &Catalogue::default(), Given::default()) {
            prop_assert!(client.id.is_empty() && !client.skip_consent && client.introspects.is_empty() && !client.disabled);
            prop_assert!(client.profile.is_none() && client.lifetimes.is_empty() && client.scope.is_empty() && client.require_pkce.is_none());
            prop_assert!(!client.allows_grant(GrantType::ClientCredentials));
            let again = read(echo(&client), &Catalogue::default(), Given::default()).unwrap();
            prop_assert_eq!(again, client);
        }
    }
}

/// OpenID Connect Registration §2: tokens through the browser only where the operator lets every client have them.
#[test]
fn response_types_with_tokens_are_for_realms_that_allow_them() {
    let stated = || {
        members(json!({
            "redirect_uris": ["https://app.example/cb"],
            "grant_types": ["authorization_code", "implicit"],
            "response_types": ["code id_token"],
        }))
    };
    let error = read(stated(), &Catalogue::default(), Given::default()).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidClientMetadata);
    let client = read(stated(), &Catalogue::default(), RETIRED).unwrap();
    assert!(client.allows_grant(GrantType::Implicit));
    assert_eq!(client.response_types.len(), 1);
    let mut password = stated();
    password.insert(
        "grant_types".into(),
        json!(["password", "client_credentials"]),
    );
    assert!(read(password, &Catalogue::default(), RETIRED).is_err());
}

/// RFC 7592 §2.2: who reads its registration and writes it back loses nothing that an operator gave, and gains nothing.
#[test]
fn what_an_operator_gave_is_kept_and_not_widened() {
    let mut old = read_value(json!({"redirect_uris": [URIS]})).unwrap();
    old.grant_types = vec![GrantType::AuthorizationCode, GrantType::ClientCredentials];
    old.response_types = vec![ResponseType::Code, ResponseType::CodeIdToken];
    let given = Given {
        retired: false,
        old: Some(&old),
    };
    let mut stated = echo(&old);
    let again = read(stated.clone(), &Catalogue::default(), given).unwrap();
    assert_eq!(again.grant_types, old.grant_types);
    assert_eq!(again.response_types, old.response_types);
    stated.insert(
        "grant_types".into(),
        json!(["authorization_code", "client_credentials", "password"]),
    );
    stated.insert(
        "response_types".into(),
        json!(["code", "id_token code", "token"]),
    );
    let more = read(stated, &Catalogue::default(), given).unwrap();
    assert_eq!(more.grant_types, old.grant_types);
    assert_eq!(more.response_types, old.response_types);
    let new = read_value(echo(&old).into()).unwrap();
    assert_eq!(new.grant_types, [GrantType::AuthorizationCode]);
}

#[test]
fn origins_that_an_operator_added_stay_and_those_of_former_redirects_go() {
    let public = |uri: &str| {
        read_value(json!({"redirect_uris": [uri], "token_endpoint_auth_method": "none"})).unwrap()
    };
    let mut old = public(URIS);
    old.allowed_origins.push("https://more.example".to_owned());
    let new = replace(&old, public("https://new.example/cb")).unwrap();
    assert_eq!(
        new.allowed_origins,
        ["https://more.example", "https://new.example"]
    );
}
