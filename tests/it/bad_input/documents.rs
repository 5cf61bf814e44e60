//! What is there for everybody to read: the keys, the metadata, the frame of session management. They read nothing of a request but where it goes: odd requests get the same
//! document, and other addresses nothing.

use serde_json::json;

use crate::harness::{Answer, World};
use crate::on_each_engine;

const DOCUMENTS: &[&str] = &[
    "/jwks",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource?resource=urn%3Aexample%3Anotes",
    "/check_session",
];

/// Without what differs from one second to the next.
fn said(answer: &Answer) -> String {
    match answer.header("content-type") {
        "application/json" => {
            let mut document = answer.json();
            document.as_object_mut().unwrap().remove("signed_metadata");
            document.to_string()
        }
        _ => answer.body.clone(),
    }
}

on_each_engine! {
    /// RFC 9110 §15.5.6, RFC 8414 §3.1: GET alone; whatever else the request says, the document is the same.
    async fn a_document_is_the_same_however_it_is_asked_for(world: World) {
        world.notes().await;
        let long = "x".repeat(30_000);
        for path in DOCUMENTS {
            let usual = world.get(path).send().await;
            usual.status(200);
            assert!(usual.header("cache-control").contains("max-age"), "{path}: {usual:?}");
            for method in ["POST", "PUT", "PATCH", "DELETE"] {
                let answer = world.call(method, path).json(&json!({})).send().await;
                assert_eq!(answer.status, 405, "{method} {path}");
                assert!(answer.header("allow").contains("GET"), "{method} {path}: {answer:?}");
            }
            let with = |name: &str, value: &str| world.get(path).header(name, value);
            for (case, call) in [
                ("another type", with("accept", "text/html;q=0, application/x-nothing")),
                ("a type that is none", with("accept", "///;;,\u{e9}")),
                ("a token", with("authorization", "Bearer x")),
                ("a huge token", with("authorization", &format!("Bearer {long}"))),
                ("credentials that are none", with("authorization", "Basic ???")),
                ("a proof", with("dpop", "a.b.c")),
                ("a cookie", with("cookie", "grantor-main=x; =;;")),
                ("an entity tag that is none", with("if-none-match", "x\", W/, \"")),
                ("a date that is none", with("if-modified-since", "yesterday")),
                ("a range", with("range", "bytes=0-9999999999,5-4")),
                ("an origin", with("origin", "https://evil.example")),
                ("an origin that is none", with("origin", "null")),
                ("a body", world.get(path).body("application/json", b"\xff\x00{")),
                ("another host", with("x-forwarded-host", "evil.example")),
                ("another scheme", with("x-forwarded-proto", "gopher")),
                ("another path", with("x-original-url", "/account/approvals")),
            ] {
                let answer = call.send().await;
                assert_eq!(answer.status, 200, "{path}: {case}: {answer:?}");
                assert_eq!(said(&answer), said(&usual), "{path}: {case}");
                assert!(!answer.body.contains("evil.example"), "{path}: {case}");
                assert!(answer.headers.get("set-cookie").is_none(), "{path}: {case}");
            }
            let join = if path.contains('?') { '&' } else { '?' };
            for query in ["x=%FF", "x=%00", "x=1&x=1", "%", &format!("x={long}")] {
                let answer = world.get(&format!("{path}{join}{query}")).send().await;
                if !path.contains('?') {
                    assert_eq!((answer.status, said(&answer)), (200, said(&usual)), "{path} {query:.20}");
                }
                assert!(matches!(answer.status, 200 | 404), "{path} {query:.20}: {answer:?}");
            }
            let head = world.call("HEAD", path).send().await;
            assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
        }
    }

    /// RFC 9110 §13.1.2: what has not changed is not sent again.
    async fn a_document_that_is_known_is_not_sent_again(world: World) {
        for path in ["/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
            let tag = world.get(path).send().await.header("etag").to_owned();
            assert!(!tag.is_empty(), "{path}");
            for value in [tag.clone(), tag.replace("W/", ""), format!("\"x\", {tag}"), "*".to_owned()] {
                let answer = world.get(path).header("if-none-match", &value).send().await;
                assert_eq!((answer.status, answer.body.as_str()), (304, ""), "{path} {value}");
            }
        }
    }

    /// RFC 8414 §3, RFC 9728 §3: at their own addresses, and at none that look like them.
    async fn a_document_is_nowhere_else(world: World) {
        world.notes().await;
        world.resource("http://localhost:8080/files", &[("files.read", "Read files")]).await;
        for path in [
            "/jwks/", "/JWKS", "/jwks.json", "//jwks", "/%6awks/x", "/jwks%00", "/jwks;x", "/realms/nobody/jwks", "/realms//jwks", "/realms/main/jwks/x",
            "/.well-known", "/.well-known/",  "/.well-known/openid-configuration/nobody", "/.well-known/openid-configuration/realms/nobody",
            "/.well-known/oauth-authorization-server/nobody", "/.well-known/oauth-authorization-server/realms/nobody", "/realms/nobody/.well-known/openid-configuration",
            "/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/nothing", "/.well-known/oauth-protected-resource/files/", "/.well-known/oauth-protected-resource/FILES",
            "/.well-known/oauth-protected-resource/files?x", "/.well-known/oauth-protected-resource?resource=", "/.well-known/oauth-protected-resource?resource=urn:nothing",
             "/.well-known/oauth-protected-resource?resource=%FF",
            "/.well-known/oauth-protected-resource?resource=%00", "/.well-known/oauth-protected-resource/..%2ffiles", "/check_session/", "/check_session/x", "/challenge/x",
        ] {
            let answer = world.get(path).send().await;
            assert_eq!(answer.status, 404, "{path}: {answer:?}");
        }
        world.get("/.well-known/oauth-protected-resource/files").send().await.status(200);
    }

    /// draft-ietf-oauth-attestation-based-client-auth §6.1: /challenge takes POST, and reads nothing of it.
    async fn a_challenge_reads_nothing_of_what_is_sent(world: World) {
        for (kind, body) in [("", &b""[..]), ("application/json", b"{"), ("application/x-www-form-urlencoded", b"x=%FF&x=%00&x"), ("text/plain", b"\xff\xfe")] {
            let answer = world.post("/challenge").header("authorization", "Basic ???").body(kind, body).send().await;
            answer.status(200).not_stored();
            assert!(!answer.text("attestation_challenge").is_empty(), "{kind}");
        }
        for method in ["GET", "PUT", "DELETE"] {
            assert_eq!(world.call(method, "/challenge").send().await.status, 405, "{method}");
        }
    }
}
