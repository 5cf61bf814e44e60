//! The page at /account/approvals, in a real browser.

use serde_json::Value;

use crate::{ALICE, Chromium, Demo};

const GRANT: &str = "urn:openid:params:grant-type:ciba";

/// What the demo answers to `demo-agent`.
async fn post(demo: &Demo, path: &str, form: &[(&str, &str)]) -> Value {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.append_pair("client_id", "demo-agent")
        .append_pair("client_secret", "demo-agent-secret")
        .extend_pairs(form);
    let answer = reqwest::Client::new()
        .post(format!("{}{path}", demo.origin))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.finish())
        .send()
        .await
        .expect("the demo answers");
    let text = answer.text().await.expect("a body");
    serde_json::from_str(&text).expect("JSON")
}

/// alice is asked; hands back the form to poll with.
pub(crate) async fn ask(demo: &Demo, scope: &str, message: &str) -> String {
    let form = [
        ("scope", scope),
        ("login_hint", ALICE.0),
        ("binding_message", message),
    ];
    let answer = post(demo, "/bc-authorize", &form).await;
    let request = answer["auth_req_id"].as_str();
    request.unwrap_or_else(|| panic!("{answer}")).to_owned()
}

async fn poll(demo: &Demo, request: &str) -> Value {
    let form = [("grant_type", GRANT), ("auth_req_id", request)];
    post(demo, "/token", &form).await
}

/// Opens the page, through sign-in where that is needed.
async fn open(chromium: &Chromium, demo: &Demo) {
    chromium
        .open(&format!("{}/account/approvals", demo.origin))
        .await;
    chromium.find("#username, #allow, #none").await;
    if chromium.has("#username").await {
        chromium.fill("#username", ALICE.0).await;
        chromium.fill("#password", ALICE.1).await;
        chromium.click("#sign-in").await;
        chromium.find("#allow, #none").await;
    }
}

/// At the width of the smallest screen: one request is approved, another one denied, and then a code is set.
#[tokio::test]
async fn a_request_is_approved_and_another_denied() {
    let (demo, chromium) = (Demo::start().await, Chromium::start().await);
    chromium.screen(320, 640, false).await;
    let message = "Delete 3 notes of 2019 (reference-that-has-no-place-to-break)?";
    let request = ask(&demo, "openid notes.write", message).await;
    open(&chromium, &demo).await;
    fits(&chromium).await;
    let asked = chromium.text().await;
    for text in ["Demo Agent", message, "Add, change and delete your notes"] {
        assert!(asked.contains(text), "no {text}: {asked}");
    }
    assert_eq!(
        poll(&demo, &request).await["error"],
        "authorization_pending"
    );
    chromium.click("#allow").await;
    chromium.find("#allowed").await;
    fits(&chromium).await;
    assert!(poll(&demo, &request).await["access_token"].is_string());
    let second = ask(&demo, "openid", "Something else").await;
    open(&chromium, &demo).await;
    chromium.click("#deny").await;
    chromium.find("#denied").await;
    assert_eq!(poll(&demo, &second).await["error"], "access_denied");
    chromium.click("#user-code").await;
    chromium.find("#new_code").await;
    fits(&chromium).await;
    chromium.fill("#new_code", "zebra").await;
    chromium.click("#set").await;
    chromium.find("#code-changed").await;
    let form = [("scope", "openid"), ("login_hint", ALICE.0)];
    let refused = post(&demo, "/bc-authorize", &form).await;
    assert_eq!(refused["error"], "missing_user_code");
    assert_eq!(chromium.complaints().await, Vec::<String>::new());
}

async fn fits(chromium: &Chromium) {
    let script =
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    let beyond = chromium.script(script).await.as_i64();
    assert_eq!(beyond, Some(0), "{} scrolls sideways", chromium.url().await);
}
