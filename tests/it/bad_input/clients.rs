//! What each endpoint answers that a client authenticates at: who asks wrongly, and what is no form.

use serde_json::json;

use super::FORMS;
use super::row::{FORM, refused, refuses};
use crate::harness::{ALICE, Client, World};
use crate::on_each_engine;

const SECRET: &str = "secret-of-all-0123456789";

/// A client that may do everything, and a request of it that each endpoint takes.
async fn all(world: &World) -> Client {
    world.person(ALICE.0, ALICE.1).await;
    world.notes().await;
    let grants = [
        "authorization_code",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:openid:params:grant-type:ciba",
    ];
    let client = world.client("all").grants(&grants);
    let client = client.set("backchannel_token_delivery_mode", json!("poll"));
    client.scope("openid notes.read").create().await
}

fn good(path: &str) -> &'static str {
    match path {
        "/token" => "grant_type=client_credentials&scope=notes.read",
        "/introspect" | "/revoke" => "token=x",
        "/device_authorization" => "scope=openid",
        "/bc-authorize" => "scope=openid&login_hint=alice",
        _ => {
            "response_type=code&client_id=all&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&scope=openid\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
        }
    }
}

on_each_engine! {
    /// RFC 6749 §2.3, §5.2; RFC 7009 §2.1; RFC 7662 §2.1; RFC 8628 §3.1; RFC 9126 §2; CIBA Core §7.1: who asks wrongly.
    async fn a_client_that_does_not_prove_itself_is_refused_everywhere(world: World) {
        all(&world).await;
        let off = world.client("off").grants(&["client_credentials"]).set("disabled", json!(true)).create().await;
        world.client("other").create().await;
        world.client("basic").set("token_endpoint_auth_method", json!("client_secret_basic")).create().await;
        world.add_realm("acme").await;
        let long = "x".repeat(20_000);
        for path in FORMS {
            // PAR names the client among its parameters anyway.
            let form = good(path);
            let bare = form.replace("&client_id=all", "");
            let post = || world.post(path).body(FORM, bare.as_bytes());
            assert!(matches!(post().basic("all", SECRET).send().await.status, 200 | 201), "{path}");
            for (case, call, expected) in [
                ("another secret", post().basic("all", "another-secret-0123"), (401, "invalid_client")),
                ("an empty secret", post().basic("all", ""), (401, "invalid_client")),
                ("a huge secret", post().basic("all", &long), (401, "invalid_client")),
                ("a control character in the secret", post().basic("all", "a\u{7}b"), (401, "invalid_client")),
                ("a client that is not there", post().basic("nobody", SECRET), (401, "invalid_client")),
                ("a client without a name", post().basic("", SECRET), (401, "invalid_client")),
                ("a huge client_id", post().basic(&long, SECRET), (401, "invalid_client")),
                ("another client's secret", post().basic("other", SECRET), (401, "invalid_client")),
                ("a client that is switched off", post().basic("off", off.secret.as_deref().unwrap()), (401, "invalid_client")),
                ("two headers", post().basic("all", SECRET).basic("all", SECRET), (401, "invalid_client")),
                ("an empty header", post().header("authorization", ""), (401, "invalid_client")),
                ("another scheme", post().bearer("a-token-of-somebody"), (401, "invalid_client")),
                ("Basic and nothing", post().header("authorization", "Basic"), (401, "invalid_client")),
                ("Basic that is no base64", post().header("authorization", "Basic ???"), (401, "invalid_client")),
                ("Basic without a colon", post().header("authorization", "Basic YWxs"), (401, "invalid_client")),
            ] {
                refuses(&format!("{path}: {case}"), call, expected).await;
            }
            for (case, more, expected) in [
                ("nothing that names a client", "", (401, "invalid_client")),
                ("a name alone", "&client_id=all", (401, "invalid_client")),
                ("an empty name", "&client_id=", (401, "invalid_client")),
                ("an empty secret in the body", "&client_id=all&client_secret=", (401, "invalid_client")),
                ("another secret in the body", "&client_id=all&client_secret=nonsense-0123", (401, "invalid_client")),
                ("a secret in the body where the header is registered", "&client_id=basic&client_secret=secret-of-basic-0123456789", (401, "invalid_client")),
                ("a secret without a name", "&client_secret=secret-of-all-0123456789", (400, "invalid_request")),
                ("a name twice", "&client_id=all&client_id=all", (400, "invalid_request")),
                ("a secret twice", "&client_id=all&client_secret=x&client_secret=y", (400, "invalid_request")),
                ("U+0000 in the name", "&client_id=a%00", (400, "invalid_request")),
                ("an assertion without its type", "&client_id=all&client_assertion=a.b.c", (401, "invalid_client")),
                ("an assertion of an unknown type", "&client_id=all&client_assertion=a.b.c&client_assertion_type=urn%3Ax", (401, "invalid_client")),
                ("a type without its assertion", "&client_id=all&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer", (401, "invalid_client")),
                ("an assertion that is none", "&client_id=all&client_assertion=x&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer", (401, "invalid_client")),
                ("a secret and an assertion", "&client_id=all&client_secret=x&client_assertion=a.b.c", (400, "invalid_request")),
            ] {
                let body = format!("{bare}{more}");
                refuses(&format!("{path}: {case}"), world.post(path).body(FORM, body.as_bytes()), expected).await;
            }
            let header = |more: &str| world.post(path).body(FORM, format!("{bare}{more}").as_bytes()).basic("all", SECRET);
            for (case, more) in [
                ("another client beside the header", "&client_id=other"),
                ("two ways at once", "&client_id=all&client_secret=secret-of-all-0123456789"),
                ("a header and an assertion", "&client_assertion=a.b.c&client_assertion_type=x"),
            ] {
                refuses(&format!("{path}: {case}"), header(more), (400, "invalid_request")).await;
            }
            // A client of one realm is nobody in another, whose challenge names itself.
            let elsewhere = world.post(&format!("/realms/acme{path}")).body(FORM, form.as_bytes()).basic("all", SECRET).send().await;
            refused(&format!("{path}: a client of another realm"), &elsewhere, (401, "invalid_client"));
            assert!(elsewhere.header("www-authenticate").contains("/realms/acme\""), "{elsewhere:?}");
        }
    }

    /// RFC 7662 §2.1, RFC 6749 §4.4, CIBA Core §7.1: where a client without credentials has no business.
    async fn a_public_client_is_refused_where_credentials_are_needed(world: World) {
        world.person(ALICE.0, ALICE.1).await;
        let public = world.client("public").public().create().await;
        for (path, form, expected) in [
            ("/introspect", &[("token", "x")][..], (401, "invalid_client")),
            ("/token", &[("grant_type", "client_credentials")], (400, "unauthorized_client")),
            ("/token", &[("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("subject_token", "x"),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token")], (400, "unauthorized_client")),
            ("/bc-authorize", &[("scope", "openid"), ("login_hint", "alice")], (401, "invalid_client")),
        ] {
            refused(path, &public.post(path, form).await, expected);
        }
        // A secret that it does not have is no help.
        for path in FORMS {
            let call = world.post(path).body(FORM, good(path).replace("client_id=all&", "").as_bytes());
            refuses(path, call.basic("public", "made-up-secret-0123"), (401, "invalid_client")).await;
        }
    }

    /// RFC 6749 §3.2, §5.2: what is no form, or too much of one.
    async fn what_is_no_form_is_refused_everywhere(world: World) {
        all(&world).await;
        let long = format!("x={}", "x".repeat(70_000));
        for path in FORMS {
            let form = good(path);
            for (case, kind, body) in [
                ("JSON", "application/json", "{}".to_owned()),
                ("a form that says it is JSON", "application/json", form.to_owned()),
                ("several parts", "multipart/form-data; boundary=x", format!("--x\r\n\r\n{form}\r\n--x--")),
                ("no type", "", form.to_owned()),
                ("U+0000 in a value", FORM, format!("{form}&x=%00")),
                ("U+0000 in a name", FORM, format!("{form}&%00=x")),
                ("no UTF-8", FORM, format!("{form}&x=%FF")),
                ("a parameter that nobody knows, twice", FORM, format!("{form}&x=1&x=1")),
                ("too long", FORM, format!("{form}&{long}")),
            ] {
                let call = world.post(path).basic("all", SECRET).body(kind, body.as_bytes());
                refuses(&format!("{path}: {case}"), call, (400, "invalid_request")).await;
            }
            let untyped = world.post(path).basic("all", SECRET).raw(form.as_bytes().to_vec());
            refuses(&format!("{path}: without a type"), untyped, (400, "invalid_request")).await;
            for method in ["GET", "PUT", "PATCH", "DELETE"] {
                let call = world.call(method, path).basic("all", SECRET).body(FORM, form.as_bytes());
                refuses(&format!("{method} {path}"), call, (405, "")).await;
            }
        }
    }

    /// RFC 7662 §2.1, §2.2 and RFC 7009 §2.1, §2.2: the token is needed once; whatever it is, what is not a living token of theirs is told alike.
    async fn what_is_asked_about_a_token_is_answered_by_the_book(world: World) {
        let client = all(&world).await;
        let other = world.client("other").create().await;
        let flow = world.flow(&client).with("scope", "notes.read");
        let access = flow.tokens().await.access().to_owned();
        let expired = client.client_credentials("notes.read").await.text("access_token");
        let revoked = client.client_credentials("notes.read").await.text("access_token");
        client.revoke(&revoked).await.status(200);
        let long = "x".repeat(60_000);
        for path in ["/introspect", "/revoke"] {
            for (case, body) in [
                ("no token", "x=y"),
                ("an empty body", ""),
                ("an empty token", "token="),
                ("a token twice", "token=a&token=b"),
                ("a hint alone", "token_type_hint=access_token"),
                ("a hint twice", "token=a&token_type_hint=access_token&token_type_hint=access_token"),
                ("U+0000", "token=a%00"),
                ("no UTF-8", "token=%FF"),
            ] {
                let call = world.post(path).basic("all", SECRET).body(FORM, body.as_bytes());
                refuses(&format!("{path}: {case}"), call, (400, "invalid_request")).await;
            }
            for token in ["x", "a.b.c", "..", "\u{7}\r\n", "\u{202e}ä", "' OR 1=1 --", "grt_", "grt_a.1.b", "gat_", &long, &revoked] {
                let answer = client.post(path, &[("token", token)]).await;
                answer.status(200).not_stored();
                let expected = if path == "/introspect" { "{\"active\":false}" } else { "" };
                assert_eq!(answer.body, expected, "{path} {token:.40}");
            }
        }
        // RFC 7009 §2.1: refused, and the token lives on; RFC 7662 §4: nothing is told.
        refused("another client revokes", &other.revoke(&access).await, (400, "invalid_grant"));
        assert_eq!(other.introspect(&access).await, json!({"active": false}));
        assert!(client.sees_active(&access).await);
        world.advance(301);
        assert_eq!(client.introspect(&expired).await, json!({"active": false}));
        client.revoke(&expired).await.status(200);
    }

    /// draft-ietf-oauth-attestation-based-client-auth §6.1: a challenge for whoever asks, by POST, whatever else is sent.
    async fn a_challenge_is_given_to_every_post_and_to_nothing_else(world: World) {
        for method in ["GET", "PUT", "PATCH", "DELETE"] {
            refuses(method, world.call(method, "/challenge"), (405, "")).await;
        }
        let long = vec![b'x'; 100_000];
        for (kind, body) in [(FORM, &b""[..]), (FORM, b"a=1&a=2"), (FORM, b"\xff\0"), ("application/json", b"[[["), ("", b"x"), ("text/plain", &long)] {
            let answer = world.post("/challenge").body(kind, body).header("authorization", "Basic ???").send().await;
            answer.status(200).not_stored();
            assert_eq!(answer.header("oauth-client-attestation-challenge"), answer.text("attestation_challenge"));
        }
        let answer = world.post("/realms/nobody/challenge").send().await;
        answer.status(404);
    }
}
