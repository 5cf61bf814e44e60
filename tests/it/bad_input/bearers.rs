//! Where a token opens the door: /userinfo (RFC 6750 §3.1), and the address of a registration (RFC 7592 §2, §3).

use realm::Admission;
use serde_json::{Value, json};

use super::row::{FORM, refused, refuses};
use crate::harness::{CALLBACK, Call, World, altered};
use crate::on_each_engine;

const LONG: usize = 60_000;

async fn registered(world: &World) -> Value {
    let metadata = json!({"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none", "id_token_signed_response_alg": "ES256"});
    let answer = world.post("/register").json(&metadata).send().await;
    answer.status(201);
    answer.json()
}

fn member<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap()
}

on_each_engine! {
    /// OpenID Connect Core §5.3.3, RFC 6750 §3.1.
    async fn userinfo_refuses_by_the_book(world: World) {
        world.notes().await;
        let app = world.app_with(|client| client.scope("openid offline_access notes.read")).await;
        let flow = world.flow(&app).with("scope", "openid offline_access").with("prompt", "consent");
        let tokens = flow.tokens().await;
        let spare = flow.fresh_code().await;
        let other = world.flow(&app).with("scope", "notes.read").tokens().await;
        let revoked = world.flow(&app).tokens().await;
        app.revoke(revoked.access()).await.status(200);
        let access = tokens.access();
        let long = "x".repeat(LONG);
        let get = |token: &str| world.get("/userinfo").bearer(token);
        let form = |body: String| world.post("/userinfo").body(FORM, body.as_bytes());
        let wrong = (401, "invalid_token");
        for (case, call, expected) in [
            ("text", get("x"), wrong),
            ("three parts", get("a.b.c"), wrong),
            ("an opaque one", get("gat_x"), wrong),
            ("huge", get(&long), wrong),
            ("altered", get(&altered(access, access.len() - 9)), wrong),
            ("an ID token", get(tokens.id()), wrong),
            ("a refresh token", get(tokens.refresh()), wrong),
            ("a code", get(&spare), wrong),
            ("revoked", get(revoked.access()), wrong),
            ("for an API", get(other.access()), (403, "insufficient_scope")),
            ("two words", get("a b"), wrong),
            ("empty", world.get("/userinfo").header("authorization", "Bearer "), wrong),
            ("the scheme alone", world.get("/userinfo").header("authorization", "Bearer"), wrong),
            ("Basic", world.get("/userinfo").header("authorization", "Basic eDp5"), wrong),
            ("the scheme DPoP for a token that is not bound", world.get("/userinfo").header("authorization", &format!("DPoP {access}")), wrong),
            ("two headers", get(access).bearer(access), (400, "invalid_request")),
            ("header and form", form(format!("access_token={access}")).bearer(access), (400, "invalid_request")),
            ("twice in the form", form(format!("access_token={access}&access_token={access}")), (400, "invalid_request")),
            ("U+0000 in the form", form("access_token=%00".to_owned()), (400, "invalid_request")),
            ("no UTF-8 in the form", form("access_token=%FF".to_owned()), (400, "invalid_request")),
            ("too long a form", form(format!("access_token={}", "x".repeat(70_000))), (400, "invalid_request")),
            ("a bad one in the form", form("access_token=x".to_owned()), wrong),
        ] {
            refuses(case, call, expected).await;
        }
        // RFC 6750 §3: who brings nothing is told no error.
        let query = format!("/userinfo?access_token={access}");
        for (case, call) in [
            ("nothing", world.get("/userinfo")),
            ("a token in the address", world.get(&query)),
            ("nothing, by POST", world.post("/userinfo")),
            ("an empty token in the form", form("access_token=".to_owned())),
            ("a token in JSON", world.post("/userinfo").json(&json!({"access_token": access}))),
        ] {
            let answer = call.send().await;
            assert_eq!(answer.status, 401, "{case}");
            assert!(!answer.body.contains("error"), "{case}: {answer:?}");
            let challenge = answer.header("www-authenticate");
            assert!(challenge.starts_with("Bearer ") && !challenge.contains("error"), "{case}: {challenge}");
        }
        for method in ["PUT", "PATCH", "DELETE"] {
            refuses(method, world.call(method, "/userinfo").bearer(access), (405, "")).await;
        }
        world.add_realm("acme").await;
        let elsewhere = world.get("/realms/acme/userinfo").bearer(access).send().await;
        refused("another realm", &elsewhere, wrong);
        assert!(elsewhere.header("www-authenticate").contains("/realms/acme\""), "{elsewhere:?}");
        world.userinfo(access).await.status(200);
        world.advance(301);
        refuses("expired", get(access), wrong).await;
    }

    /// RFC 7592 §2.1, §2.2, §2.3, §3: each method, with each wrong token.
    async fn a_registration_is_not_managed_with_a_wrong_token(world: World) {
        world.settings(|settings| settings.registration.mode = Admission::Open).await;
        world.client("operators").create().await;
        world.add_realm("acme").await;
        let (mine, theirs) = (registered(&world).await, registered(&world).await);
        let path = format!("/register/{}", member(&mine, "client_id"));
        let token = member(&mine, "registration_access_token");
        let body = json!({"client_id": mine["client_id"], "redirect_uris": ["https://evil.example/"]});
        let long = "x".repeat(LONG);
        for method in ["GET", "PUT", "DELETE"] {
            let at = |path: &str| {
                let call = world.call(method, path);
                if method == "PUT" { call.json(&body) } else { call }
            };
            let calls: Vec<(&str, Call)> = vec![
                ("no token", at(&path)),
                ("an empty token", at(&path).header("authorization", "Bearer ")),
                ("the scheme alone", at(&path).header("authorization", "Bearer")),
                ("another scheme", at(&path).header("authorization", &format!("Basic {token}"))),
                ("a token without a scheme", at(&path).header("authorization", token)),
                ("two headers", at(&path).bearer(token).bearer(token)),
                ("a token in the address", at(&format!("{path}?access_token={token}"))),
                ("text", at(&path).bearer("x")),
                ("huge", at(&path).bearer(&long)),
                ("altered", at(&path).bearer(&altered(token, token.len() - 5))),
                ("another client's", at(&path).bearer(member(&theirs, "registration_access_token"))),
                ("for a client that is not there", at("/register/nobody").bearer(token)),
                ("for an operator's client", at("/register/operators").bearer(token)),
                ("for a strange identifier", at("/register/%00").bearer(token)),
                ("for a huge identifier", at(&format!("/register/{}", "x".repeat(5000))).bearer(token)),
            ];
            for (case, call) in calls {
                refuses(&format!("{method} {case}"), call, (401, "invalid_token")).await;
            }
            let elsewhere = at(&format!("/realms/acme{path}")).bearer(token).send().await;
            match method {
                // Where nobody may register there is nothing to state.
                "PUT" => assert_eq!(elsewhere.status, 404),
                _ => refused("another realm", &elsewhere, (401, "invalid_token")),
            }
        }
        for method in ["POST", "PATCH"] {
            refuses(method, world.call(method, &path).bearer(token).json(&body), (405, "")).await;
        }
        let mut off = realm::clients::find(world.realm(), member(&theirs, "client_id")).await.unwrap().unwrap();
        off.disabled = true;
        realm::clients::update(world.realm(), off, realm::clients::SecretChange::Keep, "test").await.unwrap();
        let closed = format!("/register/{}", member(&theirs, "client_id"));
        for method in ["GET", "PUT", "DELETE"] {
            let call = world.call(method, &closed).bearer(member(&theirs, "registration_access_token"));
            refuses(&format!("{method} of a client that is switched off"), call.json(&body), (401, "invalid_token")).await;
        }
        // None of that did anything.
        let kept = world.get(&path).bearer(token).send().await;
        assert_eq!(kept.status(200).json()["redirect_uris"], json!([CALLBACK]));
        world.call("DELETE", &path).bearer(token).send().await.status(204);
        for method in ["GET", "PUT", "DELETE"] {
            refuses("after its end", world.call(method, &path).bearer(token).json(&body), (401, "invalid_token")).await;
        }
    }

    /// RFC 7592 §2.2, RFC 7591 §3.2.2: what is stated anew and cannot be.
    async fn a_registration_is_not_changed_into_nonsense(world: World) {
        world.settings(|settings| settings.registration.mode = Admission::Open).await;
        let mine = registered(&world).await;
        let path = format!("/register/{}", member(&mine, "client_id"));
        let token = member(&mine, "registration_access_token");
        let put = |kind: &str, body: &str| world.call("PUT", &path).bearer(token).body(kind, body.as_bytes());
        let good = json!({"client_id": mine["client_id"], "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"});
        for (case, kind, body) in [
            ("a form", FORM, "client_id=x".to_owned()),
            ("text", "text/plain", good.to_string()),
            ("no type", "", good.to_string()),
            ("nothing", "application/json", String::new()),
            ("a list", "application/json", "[]".to_owned()),
            ("null", "application/json", "null".to_owned()),
            ("no JSON", "application/json", "{".to_owned()),
            ("two documents", "application/json", format!("{good}{good}")),
            ("a member twice", "application/json", "{\"client_id\":\"a\",\"client_id\":\"b\"}".to_owned()),
            ("too deep", "application/json", format!("{{\"x\":{}", "[".repeat(50_000))),
            ("too long", "application/json", format!("{{\"x\":\"{}\"}}", "x".repeat(200_000))),
        ] {
            refuses(case, put(kind, &body), (400, "invalid_request")).await;
        }
        let with = |name: &str, value: Value| {
            let mut body = good.clone();
            body[name] = value;
            body
        };
        for (case, body, code) in [
            ("no client_id", with("client_id", Value::Null), "invalid_client_metadata"),
            ("another client_id", with("client_id", json!("other")), "invalid_client_metadata"),
            ("a client_id that is a number", with("client_id", json!(7)), "invalid_client_metadata"),
            ("a secret that it never had", with("client_secret", json!("made-up-secret")), "invalid_client_metadata"),
            ("a secret that is a number", with("client_secret", json!(7)), "invalid_client_metadata"),
            ("no redirect URI", with("redirect_uris", json!([])), "invalid_redirect_uri"),
            ("no list of redirect URIs", with("redirect_uris", json!("https://app.example/")), "invalid_redirect_uri"),
            ("a redirect URI without TLS", with("redirect_uris", json!(["http://app.example/"])), "invalid_redirect_uri"),
            ("a redirect URI that is a script", with("redirect_uris", json!(["javascript:x"])), "invalid_redirect_uri"),
            ("a redirect URI with U+0000", with("redirect_uris", json!(["https://app.example/\u{0}"])), "invalid_redirect_uri"),
            ("a huge redirect URI", with("redirect_uris", json!([format!("https://app.example/{}", "x".repeat(9000))])), "invalid_redirect_uri"),
            ("an unknown method", with("token_endpoint_auth_method", json!("magic")), "invalid_client_metadata"),
            ("a grant that nobody registers", with("grant_types", json!(["client_credentials"])), "invalid_client_metadata"),
            ("a name with control characters", with("client_name", json!("a\u{7}b")), "invalid_client_metadata"),
            ("a huge name", with("client_name", json!("x".repeat(300))), "invalid_client_metadata"),
            ("a software statement of nobody", with("software_statement", json!("a.b.c")), "invalid_software_statement"),
            ("a software statement that is a number", with("software_statement", json!(7)), "invalid_software_statement"),
        ] {
            refuses(case, put("application/json", &body.to_string()), (400, code)).await;
        }
        let kept = world.get(&path).bearer(token).send().await;
        assert_eq!(kept.status(200).json()["redirect_uris"], json!([CALLBACK]));
        refused("what is right", &put("application/json", &with("client_id", json!("other")).to_string()).send().await, (400, "invalid_client_metadata"));
        put("application/json", &good.to_string()).send().await.status(200);
    }
}
