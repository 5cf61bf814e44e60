//! The realm as an entity of a federation (OpenID Federation 1.0 §3, §5.1.3).

use std::collections::BTreeSet;

use jose::jws;
use serde_json::{Value, json};

use super::drawn::{Drawn, TYPE};
use crate::federation::configuration::configuration;
use crate::harness::{Federation, changed};

pub async fn entity(drawn: &Drawn<'_>, objects: &BTreeSet<&'static str>) {
    let [on, _, _, words] = drawn.draw.federation;
    let it = drawn.stage.federation.at(&drawn.world);
    it.describe(json!({"token_endpoint_auth_method": "private_key_jwt"}));
    registrations(drawn, &it, objects).await;
    let answer = drawn
        .world
        .get("/.well-known/openid-federation")
        .send()
        .await;
    let superior = drawn.draw.superior;
    assert_eq!(answer.status == 200, on || superior, "{:?}", drawn.draw);
    let below = superior_endpoints(drawn).await;
    if !on && !superior {
        assert_eq!(below, json!({}));
        return;
    }
    // Verified with the keys in it.
    let claims = configuration(&drawn.world).await;
    let (issuer, now) = (drawn.world.issuer(), drawn.world.now());
    let hints = if on {
        json!([it.id("middle")])
    } else {
        Value::Null
    };
    drawn.same(
        "entity",
        &claims,
        &[
            ("iss", json!(issuer)),
            ("sub", json!(issuer)),
            ("authority_hints", hints),
        ],
    );
    for member in ["iat", "exp", "jwks", "metadata"] {
        drawn.note(&format!("entity {member}"));
    }
    assert!(claims["iat"].as_i64().unwrap() <= now && now < claims["exp"].as_i64().unwrap());
    drawn.complete("entity", &claims);
    let mut discovery = drawn.document.clone();
    discovery.as_object_mut().unwrap().remove("signed_metadata");
    let mut who = match words && on {
        true => {
            json!({"organization_name": "The organization", "contacts": ["ops@example.com"], "logo_uri": "https://example.com/logo.png",
            "policy_uri": "https://example.com/policy", "organization_uri": "https://example.com/"})
        }
        false => json!({"organization_name": drawn.settings.display_name}),
    };
    for (name, address) in below.as_object().unwrap() {
        who[name] = address.clone();
    }
    let mut metadata = json!({ "federation_entity": who });
    if on {
        metadata["openid_provider"] = discovery;
    }
    assert_eq!(claims["metadata"], metadata);
}

/// Where others ask about what is below the realm, as far as something answers there (§5.1.1).
async fn superior_endpoints(drawn: &Drawn<'_>) -> Value {
    let mut there = json!({});
    for (member, path, post) in [
        ("federation_fetch_endpoint", "/federation_fetch", false),
        ("federation_list_endpoint", "/federation_list", false),
        ("federation_resolve_endpoint", "/federation_resolve", false),
        (
            "federation_historical_keys_endpoint",
            "/federation_historical_keys",
            false,
        ),
        (
            "federation_trust_mark_endpoint",
            "/federation_trust_mark",
            false,
        ),
        (
            "federation_trust_mark_list_endpoint",
            "/federation_trust_mark_list",
            false,
        ),
        (
            "federation_trust_mark_status_endpoint",
            "/federation_trust_mark_status",
            true,
        ),
    ] {
        let method = if post { "POST" } else { "GET" };
        let answer = drawn.world.call(method, path).send().await;
        // What is asked for wrongly is told so; where nobody listens there is nothing.
        let says = answer.header("content-type");
        if answer.status != 405 && (answer.status != 404 || says == "application/json") {
            there[member] = json!(format!("{}{path}", drawn.world.issuer()));
        }
    }
    there
}

/// How entities become clients.
async fn registrations(drawn: &Drawn<'_>, it: &Federation, objects: &BTreeSet<&'static str>) {
    let (world, leaf) = (&drawn.world, it.id("leaf"));
    let jarm = drawn.settings.profile.demands_jarm();
    let mode = if jarm { json!("jwt") } else { Value::Null };
    let mut works = BTreeSet::new();
    let mut ways = BTreeSet::new();
    for way in ["request_object", "private_key_jwt"] {
        let (object, assertion) = (
            it.object(&json!({"response_mode": mode, "nbf": world.now()})),
            it.assertion(world.issuer()),
        );
        let mut form = vec![("client_id", leaf.as_str()), ("request", object.as_str())];
        if way == "private_key_jwt" {
            form.extend([
                ("client_assertion_type", TYPE),
                ("client_assertion", assertion.as_str()),
            ]);
        }
        if world.post("/par").form(&form).send().await.status == 201 {
            works.insert("automatic");
            ways.insert(way);
        }
    }
    let statement = jws::peek(&it.statement("leaf", "leaf"))
        .unwrap()
        .claims()
        .unwrap();
    let own = json!({"aud": world.issuer(), "jti": world.realm().ambient().token()});
    let request = it.sign(
        "leaf",
        "entity-statement+jwt",
        &changed(Value::Object(statement), &own),
    );
    let call = world.post("/federation_registration");
    let answer = call
        .body("application/entity-statement+jwt", request.as_bytes())
        .send()
        .await;
    if answer.status == 200 {
        works.insert("explicit");
    }
    // As if it had never been.
    let _ = realm::clients::delete(world.realm(), &leaf, "test").await;
    world.sync().await;
    drawn.agree("client_registration_types_supported", &works);
    let announced = drawn.told("request_authentication_methods_supported");
    assert_eq!(announced.is_object(), works.contains("automatic"));
    if announced.is_object() {
        let at = |endpoint: &str| super::super::texts(&announced[endpoint]);
        assert_eq!(
            at("pushed_authorization_request_endpoint"),
            ways,
            "{:?}",
            drawn.draw
        );
        // Where requests are pushed, only what was pushed gets in by /authorize.
        assert_eq!(
            at("authorization_endpoint"),
            BTreeSet::from(["request_object"])
        );
    }
    let algorithms = drawn.announced("request_authentication_signing_alg_values_supported");
    let expected = if announced.is_object() {
        objects.clone()
    } else {
        BTreeSet::new()
    };
    assert_eq!(algorithms, expected);
}
