//! The page at /device, in a real browser.

use std::collections::BTreeMap;

use crate::{ALICE, Chromium, Demo};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What the demo answers to `demo-cli`, as its text members.
pub(crate) async fn post(
    demo: &Demo,
    path: &str,
    form: &[(&str, &str)],
) -> BTreeMap<String, String> {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.append_pair("client_id", "demo-cli").extend_pairs(form);
    let answer = reqwest::Client::new()
        .post(format!("{}{path}", demo.origin))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.finish())
        .send()
        .await
        .expect("the demo answers");
    let text = answer.text().await.expect("a body");
    let members: serde_json::Map<_, _> = serde_json::from_str(&text).expect("JSON");
    let texts = members.into_iter().filter_map(|(name, value)| {
        let text = value.as_str()?.to_owned();
        Some((name, text))
    });
    texts.collect()
}

/// Types the code and signs in, up to the question.
async fn to_question(chromium: &Chromium, demo: &Demo, code: &str) {
    chromium.open(&format!("{}/device", demo.origin)).await;
    chromium.fill("#user_code", code).await;
    chromium.click("#continue").await;
    chromium.find("#username, #allow").await;
    if chromium.has("#username").await {
        chromium.fill("#username", ALICE.0).await;
        chromium.fill("#password", ALICE.1).await;
        chromium.click("#sign-in").await;
    }
    chromium.find("#allow").await;
}

/// With the keyboard, at the width of the smallest screen, from the code to the tokens; then a second device is denied.
#[tokio::test]
async fn a_device_is_connected_and_another_denied() {
    let (demo, chromium) = (Demo::start().await, Chromium::start().await);
    chromium.screen(320, 640, false).await;
    let scope = [("scope", "openid notes.read")];
    let codes = post(&demo, "/device_authorization", &scope).await;
    chromium.open(&codes["verification_uri_complete"]).await;
    chromium.find("#continue").await;
    fits(&chromium).await;
    to_question(&chromium, &demo, &codes["user_code"].to_lowercase()).await;
    fits(&chromium).await;
    let asked = chromium.text().await;
    for text in ["Demo Command Line", "Read your notes", &codes["user_code"]] {
        assert!(asked.contains(text), "no {text}: {asked}");
    }
    let form = [
        ("grant_type", GRANT),
        ("device_code", &codes["device_code"]),
    ];
    let waiting = post(&demo, "/token", &form).await;
    assert_eq!(waiting["error"], "authorization_pending");
    chromium.click("#allow").await;
    chromium.find("#allowed").await;
    fits(&chromium).await;
    assert!(
        post(&demo, "/token", &form)
            .await
            .contains_key("access_token")
    );
    let second = post(&demo, "/device_authorization", &scope).await;
    to_question(&chromium, &demo, &second["user_code"]).await;
    chromium.click("#deny").await;
    chromium.find("#denied").await;
    let form = [
        ("grant_type", GRANT),
        ("device_code", &second["device_code"]),
    ];
    assert_eq!(post(&demo, "/token", &form).await["error"], "access_denied");
    assert_eq!(chromium.complaints().await, Vec::<String>::new());
}

async fn fits(chromium: &Chromium) {
    let script =
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    let beyond = chromium.script(script).await.as_i64();
    assert_eq!(beyond, Some(0), "{} scrolls sideways", chromium.url().await);
}
