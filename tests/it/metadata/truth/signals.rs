//! Streams of security events (OpenID Shared Signals Framework §7).

use std::collections::BTreeSet;

use jose::Algorithm;
use serde_json::{Value, json};

use super::drawn::{Drawn, TYPE};
use super::walk::Walked;
use crate::dpop::Key;
use crate::harness::NewClient;

const PUSH: &str = "urn:ietf:rfc:8935";
const POLL: &str = "urn:ietf:rfc:8936";

pub async fn signals(drawn: &Drawn<'_>) {
    let document = drawn.get("/.well-known/ssf-configuration").await;
    assert_eq!(document.is_some(), drawn.draw.offers.signals);
    let Some(document) = document else {
        let answer = drawn.world.get("/ssf/streams").send().await;
        assert_ne!(answer.status, 200);
        return;
    };
    let issuer = drawn.world.issuer();
    let at = |path: &str| json!(format!("{issuer}/ssf{path}"));
    let default = match drawn.draw.everybody {
        true => "ALL",
        false => "NONE",
    };
    let schemes = [
        "urn:ietf:rfc:6749",
        "urn:ietf:rfc:6750",
        "urn:ietf:rfc:8705",
        "urn:ietf:rfc:9449",
    ];
    let schemes: Value = schemes.iter().map(|urn| json!({"spec_urn": urn})).collect();
    let same = [
        ("spec_version", json!("1_0")),
        ("issuer", json!(issuer)),
        ("jwks_uri", json!(format!("{issuer}/jwks"))),
        ("configuration_endpoint", at("/streams")),
        ("status_endpoint", at("/status")),
        ("add_subject_endpoint", at("/subjects/add")),
        ("remove_subject_endpoint", at("/subjects/remove")),
        ("verification_endpoint", at("/verify")),
        ("default_subjects", json!(default)),
        // What events say, and which tokens are taken: compared where they are.
        ("critical_subject_members", json!(["user", "session"])),
        ("authorization_schemes", schemes),
    ];
    drawn.same("ssf", &document, &same);
    let receiver = receiver(drawn).await;
    let mut works = BTreeSet::new();
    for method in [PUSH, POLL, "urn:ietf:rfc:9999"] {
        let mut delivery = json!({ "method": method });
        if method != POLL {
            delivery["endpoint_url"] = json!("https://receiver.example/events");
        }
        let body = json!({ "delivery": delivery });
        let made = receiver.ask(drawn, ("POST", "/ssf/streams"), &body).await;
        if made.status != 201 {
            continue;
        }
        works.insert(method);
        let stream = made.text("stream_id");
        let subject = json!({"stream_id": stream, "subject": {"format": "email", "email": "alice@example.com"}});
        let named = format!("?stream_id={stream}");
        for (call, body, status) in [
            (("GET", format!("/ssf/streams{named}")), Value::Null, 200),
            (("GET", format!("/ssf/status{named}")), Value::Null, 200),
            (
                ("POST", "/ssf/subjects/add".to_owned()),
                subject.clone(),
                200,
            ),
            (("POST", "/ssf/subjects/remove".to_owned()), subject, 204),
            (
                ("POST", "/ssf/verify".to_owned()),
                json!({ "stream_id": stream }),
                204,
            ),
            (("DELETE", format!("/ssf/streams{named}")), Value::Null, 204),
        ] {
            let answer = receiver.ask(drawn, (call.0, &call.1), &body).await;
            assert_eq!(answer.status, status, "{call:?} {answer:?}");
        }
    }
    drawn.note("ssf delivery_methods_supported");
    assert_eq!(
        super::super::texts(&document["delivery_methods_supported"]),
        works
    );
    drawn.complete("ssf", &document);
}

/// A receiver with a token of its own.
async fn receiver(drawn: &Drawn<'_>) -> Walked {
    let with = |client: NewClient| {
        let client = client.grants(&["client_credentials"]).redirects(&[]);
        client.scope("ssf.read ssf.manage email")
    };
    let id = drawn.client(with).await.unwrap();
    let (key, assertion) = (Key::new(), drawn.assertion(&id, Algorithm::Es256));
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "ssf.read ssf.manage"),
        ("client_assertion_type", TYPE),
        ("client_assertion", &assertion),
    ];
    let token = drawn
        .token(&key, &form)
        .await
        .status(200)
        .text("access_token");
    Walked {
        id,
        token,
        key,
        id_token: String::new(),
    }
}
