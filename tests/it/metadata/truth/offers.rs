//! What the realm offers: scopes, what may be asked for in particular, and the APIs behind them (RFC 9396 §10, RFC 9728).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::drawn::Drawn;
use super::stage::{API, DETAILS, SCOPES, said};
use super::walk::verified;
use crate::harness::NewClient;

/// All scopes that there are in some draw.
const ALL: [&str; 11] = [
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "offline_access",
    "notes.read",
    "notes.write",
    "employee",
    "ssf.read",
    "ssf.manage",
];

pub async fn offers(drawn: &Drawn<'_>) {
    let id = drawn.client(|client| client).await.unwrap();
    let mut works = BTreeSet::new();
    for scope in ALL.into_iter().chain(SCOPES).chain(["nothing.of.the.kind"]) {
        if drawn.taken(&id, &[("scope", scope)]).await {
            works.insert(scope);
        }
    }
    drawn.agree("scopes_supported", &works);
    let mut works = BTreeSet::new();
    let types = [DETAILS, "openid_credential", "unheard_of"];
    let own = drawn.announced("authorization_details_types_supported");
    let own: Vec<&str> = types.into_iter().filter(|one| own.contains(one)).collect();
    let with = |client: NewClient| client.set("authorization_details_types", json!(own));
    let id = drawn.client(with).await.unwrap();
    for kind in types {
        let details =
            json!([{"type": kind, "credential_configuration_id": "employee"}]).to_string();
        // Registering for it is refused where there is none.
        let registers =
            |client: NewClient| client.set("authorization_details_types", json!([kind]));
        let registered = drawn.accepts(registers).await;
        let taken = drawn
            .taken(&id, &[("authorization_details", &details)])
            .await;
        assert_eq!(registered, taken, "{kind} under {:?}", drawn.draw);
        if taken {
            works.insert(kind);
        }
    }
    drawn.agree("authorization_details_types_supported", &works);
    let mut works = BTreeSet::new();
    let signals = format!("{}/ssf", drawn.world.issuer());
    for resource in [
        API,
        &signals,
        drawn.world.issuer(),
        "https://nobody.example",
    ] {
        if drawn.taken(&id, &[("resource", resource)]).await {
            works.insert(resource);
        }
        let query = crate::harness::call::encode(&[("resource", resource)]);
        let document = drawn
            .get(&format!("/.well-known/oauth-protected-resource?{query}"))
            .await;
        assert_eq!(document.is_some(), works.contains(resource), "{resource}");
        if let Some(document) = document {
            described(drawn, resource, &document).await;
        }
    }
    drawn.agree("protected_resources", &works);
}

/// RFC 9728 §2.
async fn described(drawn: &Drawn<'_>, resource: &str, document: &Value) {
    let name = "resource";
    let same = [
        ("resource", json!(resource)),
        ("authorization_servers", json!([drawn.world.issuer()])),
    ];
    drawn.same(name, document, &same);
    let id = drawn.client(|client| client).await.unwrap();
    let mut works = BTreeSet::new();
    for scope in ALL.into_iter().skip(6).chain(SCOPES) {
        if drawn
            .taken(&id, &[("scope", scope), ("resource", resource)])
            .await
        {
            works.insert(scope);
        }
    }
    drawn.note("resource scopes_supported");
    let scopes = document.get("scopes_supported").map(super::super::texts);
    assert_eq!(scopes.unwrap_or_default(), works, "{resource}");
    drawn.note("resource resource_name");
    assert!(document["resource_name"].is_string());
    drawn.note("resource authorization_details_types_supported");
    let kinds = document.get("authorization_details_types_supported");
    let kinds = kinds.map(super::super::texts).unwrap_or_default();
    let own = if resource == API {
        DETAILS
    } else {
        "openid_credential"
    };
    let announced = drawn.announced("authorization_details_types_supported");
    let has_own = kinds.contains(own);
    assert!(!has_own || announced.contains(own));
    assert_eq!(kinds.len(), usize::from(has_own));
    if resource == API {
        assert_eq!(has_own, drawn.draw.offers.details);
        for (member, value) in said() {
            drawn.note(&format!("resource {member}"));
            let expected = if drawn.draw.offers.described {
                value
            } else {
                Value::Null
            };
            assert_eq!(document[member], expected, "{member}");
        }
    }
    drawn.signed(name, document).await;
    drawn.complete(name, document);
}

/// A document beside which its claims are signed (RFC 8414 §2.1, RFC 9728 §2.2).
pub async fn signed(drawn: &Drawn<'_>, document: &Value) {
    let text = document["signed_metadata"].as_str().unwrap();
    let algorithm = jose::jws::peek(text).unwrap().algorithm;
    assert_eq!(algorithm, drawn.settings.signing_alg);
    let mut claims = verified(drawn, text).await;
    let mut plain = document.clone();
    plain.as_object_mut().unwrap().remove("signed_metadata");
    for name in ["iss", "iat"] {
        claims.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(claims, plain);
}
