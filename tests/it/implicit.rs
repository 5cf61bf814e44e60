//! Tokens that come through the browser: the implicit grant (RFC 6749 §4.2) and the hybrid flow (OpenID Connect Core §3.2, §3.3), where somebody switched
//! them on.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::harness::{CALLBACK, Client, Flow, NewClient, Page, World, fragment_of, query_of, set};
use crate::on_each_engine;

/// Every type that brings tokens.
const FRONT: [&str; 6] = [
    "id_token",
    "id_token token",
    "code id_token",
    "code token",
    "code id_token token",
    "token",
];

/// A client that is switched on for these response types.
fn retired(client: NewClient, types: &[&str]) -> NewClient {
    let mut grants = vec!["refresh_token", "implicit"];
    if types.iter().any(|it| it.contains("code")) {
        grants.push("authorization_code");
    } else {
        grants.retain(|it| *it != "refresh_token");
    }
    client
        .set("profile", json!("openid"))
        .set("allow_retired_grants", json!(true))
        .set("grant_types", json!(grants))
        .set("response_types", json!(types))
        .scope("openid profile email offline_access notes.read")
}

/// The same with all types, and asking nobody.
async fn app(world: &World) -> Client {
    world.notes().await;
    let all: Vec<&str> = FRONT.into_iter().chain(["code"]).collect();
    world
        .app_with(|client| retired(client, &all).trusted())
        .await
}

fn flow(world: &World, app: &Client, response_type: &str) -> Flow {
    let flow = world.flow(app).with("response_type", response_type);
    if response_type.contains("code") {
        flow
    } else {
        flow.without_pkce()
    }
}

/// The left half of the SHA-256, as `at_hash` and its kind have it for ES256.
fn half(text: &str) -> Value {
    json!(jose::base64url::encode(
        &digest(&SHA256, text.as_bytes()).as_ref()[..16]
    ))
}

/// The parameters in the fragment, nothing being in the query.
#[track_caller]
fn fragment(page: &Page) -> BTreeMap<String, String> {
    assert_eq!(page.left().query(), None, "{}", page.left());
    assert!(page.left().as_str().starts_with(CALLBACK));
    fragment_of(page.left())
}

on_each_engine! {
    /// Core §3.2.2.5, §3.3.2.5: each type brings what it names, in the fragment and nowhere else; the ID token vouches for all that is beside it.
    async fn each_type_brings_what_it_names(world: World) {
        let app = app(&world).await;
        let api = world.api("urn:example:notes").await;
        let mut browser = world.browser();
        for response_type in FRONT {
            let flow = flow(&world, &app, response_type).with("scope", "openid notes.read");
            let page = flow.walk(&mut browser).await;
            page.answer.not_stored();
            let found = fragment(&page);
            flow.response(&page);
            let words = set(response_type.split(' '));
            let mut expected = set(["iss", "state", "session_state"]);
            if words.contains("code") {
                expected.insert("code");
            }
            if words.contains("id_token") {
                expected.insert("id_token");
            }
            if words.contains("token") {
                expected.extend(["access_token", "token_type", "expires_in", "scope"]);
            }
            let names = set(found.keys().map(String::as_str));
            assert_eq!(names, expected, "{response_type}");
            if let Some(token) = found.get("access_token") {
                assert_eq!((found["token_type"].as_str(), found["expires_in"].as_str()), ("Bearer", "300"));
                world.userinfo(token).await.status(200);
                assert!(api.sees_active(token).await);
                let claims = world.claims(token).await;
                assert_eq!(claims["scope"], json!("openid notes.read"));
                assert_eq!(claims["client_id"], json!("app"));
            }
            if let Some(token) = found.get("id_token") {
                let claims = world.claims(token).await;
                assert_eq!((&claims["aud"], &claims["nonce"]), (&json!("app"), &json!("n-0S6_WzA2Mj")));
                let hash = |name: &str| found.get(name).map_or(Value::Null, |text| half(text));
                assert_eq!(claims["at_hash"], hash("access_token"), "{response_type}");
                assert_eq!(claims["c_hash"], hash("code"), "{response_type}");
                assert_eq!(claims["s_hash"], half("a state & more"));
                assert!(claims["auth_time"].is_i64() && claims["jti"].is_string());
            }
            if let Some(code) = found.get("code") {
                let tokens = flow.redeem(code).await;
                tokens.status(200);
                // The same sign-in at both ends (Core §3.3.3.6).
                if let Some(first) = found.get("id_token") {
                    let (first, second) = (world.claims(first).await, world.claims(&tokens.text("id_token")).await);
                    for name in ["iss", "sub", "aud", "nonce", "sid", "auth_time"] {
                        assert_eq!(first[name], second[name], "{name}");
                    }
                }
            }
        }
    }

    /// Core §5.4: what the scopes say about the person is in the ID token where there will be no access token to ask with, and nowhere else.
    async fn claims_are_in_the_id_token_where_nothing_else_brings_them(world: World) {
        let app = app(&world).await;
        let mut browser = world.browser();
        for (response_type, there) in [("id_token", true), ("id_token token", false), ("code id_token", false)] {
            let flow = flow(&world, &app, response_type).with("scope", "openid email");
            let found = fragment(&flow.walk(&mut browser).await);
            let claims = world.claims(&found["id_token"]).await;
            assert_eq!(claims["email"] == json!("alice@example.com"), there, "{response_type}: {claims}");
            assert_eq!(claims.get("name"), None);
        }
    }

    /// Multiple Response Types §3 and §5, JARM §2.3.1: never in the query, whatever is asked for; the refusal is not there either.
    async fn tokens_are_never_in_the_query(world: World) {
        let app = app(&world).await;
        let mut browser = world.browser();
        for response_type in FRONT {
            for mode in ["query", "query.jwt"] {
                let flow = flow(&world, &app, response_type).with("response_mode", mode);
                let found = fragment(&flow.walk(&mut browser).await);
                if mode == "query" {
                    assert_eq!(found["error"], "invalid_request", "{response_type}");
                }
                assert!(!found.contains_key("access_token") && !found.contains_key("id_token"));
            }
            let posted = flow(&world, &app, response_type).with("response_mode", "form_post");
            let page = posted.walk(&mut browser).await;
            assert!(page.leaving.is_none());
            let form = page.form("continue");
            let names = set(form.fields.iter().map(|(name, _)| name.as_str()));
            assert!(names.contains("state") && !names.contains("error"), "{names:?}");
        }
        // Signed, as one (JARM §2.3.4).
        let flow = flow(&world, &app, "code id_token token").with("response_mode", "jwt");
        let found = fragment(&flow.walk(&mut browser).await);
        assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), ["response"]);
    }

    /// Core §3.2.2.1 and §3.3.2.11: an ID token from the authorization endpoint needs `nonce` and `openid`.
    async fn a_nonce_and_openid_are_needed(world: World) {
        let app = app(&world).await;
        let mut browser = world.browser();
        for response_type in FRONT {
            let needs = response_type.contains("id_token");
            for flow in [
                flow(&world, &app, response_type).without("nonce"),
                flow(&world, &app, response_type).with("scope", "notes.read"),
            ] {
                let found = fragment(&flow.walk(&mut browser).await);
                assert_eq!(found.get("error").is_some_and(|error| error == "invalid_request"), needs, "{response_type}");
            }
        }
    }

    /// Off unless it was switched on: not by the registration alone, nor by a profile alone, nor under one that has no place for it.
    async fn it_is_off_unless_switched_on(world: World) {
        world.notes().await;
        let table: [(&str, &[(&str, Value)]); 6] = [
            ("nothing", &[("profile", Value::Null), ("allow_retired_grants", Value::Null)]),
            ("no switch", &[("allow_retired_grants", Value::Null)]),
            ("switched off", &[("allow_retired_grants", json!(false))]),
            ("OAuth 2.1", &[("profile", json!("oauth2.1"))]),
            ("FAPI", &[("profile", json!("fapi2-security"))]),
            ("no grant", &[("grant_types", json!(["authorization_code"]))]),
        ];
        for (what, members) in table {
            let client = members.iter().fold(retired(world.client("x"), &["code", "token"]), |client, (name, value)| client.set(name, value.clone()));
            assert!(client.try_create().await.is_none(), "{what}");
        }
        // A client as usual asks in vain, whatever it asks for.
        let app = world.app().await;
        for response_type in FRONT {
            let found = fragment(&flow(&world, &app, response_type).walk(&mut world.browser()).await);
            assert_eq!(found["error"], "unsupported_response_type", "{response_type}");
        }
    }

    /// The realm's switch holds for its clients, and what it let in is out again when it is turned off; the metadata follow.
    async fn the_realm_has_a_switch(world: World) {
        let listed = async |name: &str| {
            let document = world.get("/.well-known/openid-configuration").send().await.json();
            document[name].as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(listed("response_types_supported").await, ["code"]);
        world.settings(|settings| {
            settings.profile = realm::Profile::OpenId;
            settings.allow_retired_grants = true;
        }).await;
        assert_eq!(listed("response_types_supported").await.len(), 7);
        assert!(listed("grant_types_supported").await.contains(&"implicit".to_owned()));
        world.notes().await;
        let plain = |client: NewClient| {
            retired(client, &["code", "token"]).set("profile", Value::Null).set("allow_retired_grants", Value::Null).trusted()
        };
        let app = world.app_with(plain).await;
        assert!(world.logged().contains("which OAuth 2.1 has left out"), "no warning");
        let mut browser = world.browser();
        let flow = flow(&world, &app, "token");
        assert!(fragment(&flow.walk(&mut browser).await).contains_key("access_token"));
        world.settings(|settings| settings.allow_retired_grants = false).await;
        assert_eq!(fragment(&flow.walk(&mut browser).await)["error"], "unsupported_response_type");
        assert_eq!(listed("response_types_supported").await, ["code"]);
        // Not under another profile.
        let refused = realm::Settings { allow_retired_grants: true, ..realm::Settings::default() };
        assert_eq!(refused.check().unwrap_err().field, "allow_retired_grants");
    }

    /// Confused deputies: a client gets the types that it registered and no others, not the code either.
    async fn a_client_gets_the_types_it_registered(world: World) {
        world.notes().await;
        let app = world.app_with(|client| retired(client, &["id_token"]).trusted()).await;
        let mut browser = world.browser();
        assert!(fragment(&flow(&world, &app, "id_token").walk(&mut browser).await).contains_key("id_token"));
        for response_type in ["id_token token", "code id_token", "code token", "token", "token id_token code"] {
            let found = fragment(&flow(&world, &app, response_type).walk(&mut browser).await);
            assert_eq!(found["error"], "unauthorized_client", "{response_type}");
        }
        let page = world.flow(&app).walk(&mut browser).await;
        assert_eq!(query_of(page.left())["error"], "unauthorized_client");
        let answer = app.token(&[("grant_type", "implicit")]).await;
        answer.refused(400, "unsupported_grant_type");
    }

    /// OpenID Connect Core §3.2.2.9, §3.3.2.11: no ID token stands beside a code or a token that it cannot vouch for; ML-DSA names no hash to do it with.
    async fn an_id_token_vouches_for_what_is_beside_it_or_there_is_none(world: World) {
        world.notes().await;
        let app = world.app_with(|client| retired(client, &FRONT).trusted().set("id_token_signed_response_alg", json!("ML-DSA-65"))).await;
        let mut browser = world.browser();
        for response_type in ["code id_token", "id_token token", "code id_token token"] {
            let found = fragment(&flow(&world, &app, response_type).walk(&mut browser).await);
            assert_eq!(found.get("error").map(String::as_str), Some("unsupported_response_type"), "{response_type}: {found:?}");
        }
        for (response_type, member) in [("id_token", "id_token"), ("code token", "code")] {
            let found = fragment(&flow(&world, &app, response_type).walk(&mut browser).await);
            assert!(found.contains_key(member), "{response_type}: {found:?}");
        }
    }

    /// PKCE guards codes: a hybrid flow of a public client needs it, a flow without a code has nothing to guard.
    async fn a_code_beside_tokens_needs_pkce(world: World) {
        world.notes().await;
        let app = world.app_with(|client| retired(client, &["code id_token", "token"]).public().trusted()).await;
        let mut browser = world.browser();
        let hybrid = flow(&world, &app, "code id_token");
        let found = fragment(&hybrid.clone().without_pkce().walk(&mut browser).await);
        assert_eq!(found["error"], "invalid_request");
        let found = fragment(&hybrid.walk(&mut browser).await);
        hybrid.redeem_with(&found["code"], &[("code_verifier", "")]).await.refused(400, "invalid_grant");
        hybrid.redeem(&found["code"]).await.status(200);
        assert!(fragment(&flow(&world, &app, "token").walk(&mut browser).await).contains_key("access_token"));
    }

    /// A token from the front channel belongs to a grant like any other: it falls by itself, with its code, with the consent, with the session and with the
    /// person.
    async fn a_token_of_the_front_channel_can_be_revoked(world: World) {
        let app = app(&world).await;
        let live = async |token: &str| world.userinfo(token).await.status == 200;
        let mut browser = world.browser();
        let implicit = flow(&world, &app, "token");
        let first = fragment(&implicit.walk(&mut browser).await)["access_token"].clone();
        let second = fragment(&implicit.walk(&mut browser).await)["access_token"].clone();
        app.revoke(&first).await.status(200);
        assert!(!live(&first).await && live(&second).await);
        // A replayed code (RFC 6749 §4.1.2) ends what came beside it.
        let hybrid = flow(&world, &app, "code token");
        let found = fragment(&hybrid.walk(&mut browser).await);
        let redeemed = hybrid.redeem(&found["code"]).await.text("access_token");
        assert!(live(&found["access_token"]).await && live(&redeemed).await);
        hybrid.redeem(&found["code"]).await.refused(400, "invalid_grant");
        assert!(!live(&found["access_token"]).await && !live(&redeemed).await);
        // Signing out.
        world.sign_out(&mut browser).await;
        assert!(!live(&second).await);
        let third = fragment(&implicit.walk(&mut browser).await)["access_token"].clone();
        assert!(live(&third).await);
        world.disable("alice").await;
        world.sync().await;
        assert!(!live(&third).await);
    }

    /// No way around a binding that was registered (RFC 9449 §5.2, RFC 8705 §3.4).
    async fn a_bound_client_gets_no_token_through_the_browser(world: World) {
        world.notes().await;
        for member in ["dpop_bound_access_tokens", "tls_client_certificate_bound_access_tokens"] {
            for types in [["token"], ["id_token token"]] {
                let client = retired(world.client("x"), &types).set(member, json!(true));
                assert!(client.try_create().await.is_none(), "{member}");
            }
        }
        let app = world.app_with(|client| retired(client, &["id_token", "token"]).trusted()).await;
        let jkt = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let flow = flow(&world, &app, "token").with("dpop_jkt", jkt);
        assert_eq!(fragment(&flow.walk(&mut world.browser()).await)["error"], "invalid_request");
    }

    /// Core §11: without a code there is no refresh token, so nobody is asked for one.
    async fn without_a_code_nothing_is_offline(world: World) {
        let app = app(&world).await;
        let mut browser = world.browser();
        let scope = "openid offline_access notes.read";
        let found = fragment(&flow(&world, &app, "id_token token").with("scope", scope).walk(&mut browser).await);
        assert_eq!(found["scope"], "openid notes.read");
        let hybrid = flow(&world, &app, "code token").with("scope", scope);
        let found = fragment(&hybrid.walk(&mut browser).await);
        let tokens = hybrid.redeem(&found["code"]).await;
        assert!(tokens.json()["refresh_token"].is_string());
    }

    /// Core §3.2.2.1, §3.1.2.6: `prompt=none` renews in silence once the person allowed it, and says so in the fragment before; a person asks nobody for less.
    async fn silence_needs_a_consent(world: World) {
        world.notes().await;
        let app = world.app_with(|client| retired(client, &["id_token token"])).await;
        let mut browser = world.browser();
        let silent = flow(&world, &app, "id_token token").with("prompt", "none");
        assert_eq!(fragment(&silent.walk(&mut browser).await)["error"], "login_required");
        world.sign_in(&mut browser).await;
        assert_eq!(fragment(&silent.walk(&mut browser).await)["error"], "consent_required");
        let page = browser.get(&flow(&world, &app, "id_token token").url()).await;
        let denied = browser.press(&page, "deny", &[]).await;
        assert_eq!(fragment(&denied)["error"], "access_denied");
        // What was allowed without openid brings no ID token.
        let without = browser.press(&page, "allow", &[("scope", "")]).await;
        assert_eq!(fragment(&without)["error"], "invalid_scope");
        let page = flow(&world, &app, "id_token token").walk(&mut browser).await;
        assert!(fragment(&page).contains_key("id_token"));
        assert!(fragment(&silent.walk(&mut browser).await).contains_key("access_token"));
    }
}
