#![allow(clippy::unwrap_used, clippy::panic)]

use axum::body::to_bytes;
use grantor_client::{Exchange, Parameter, Step};

use super::*;
use crate::demo::outcome::{self, Tone};

fn parameter(name: &str, value: &str, secret: bool) -> Parameter {
    Parameter {
        name: name.into(),
        value: value.into(),
        secret,
    }
}

fn sent() -> Step {
    Step::Redirect {
        url: "http://localhost/authorize".into(),
        parameters: vec![parameter("state", "s1", false)],
    }
}

fn came_back(parameters: &[(&str, &str)]) -> Step {
    let parameters = parameters
        .iter()
        .map(|(name, value)| parameter(name, value, *name == "code"));
    Step::Return {
        url: "http://localhost/callback".into(),
        parameters: parameters.collect(),
    }
}

fn answered(endpoint: &'static str, status: u16) -> Step {
    Step::Exchange(Exchange {
        endpoint,
        method: "POST",
        url: format!("http://localhost/{endpoint}"),
        headers: Vec::new(),
        form: Vec::new(),
        status: Some(status),
        response_headers: vec![parameter("content-type", "application/json", false)],
        response: vec![parameter("error", "invalid_grant", false)],
    })
}

fn titles(topic: Topic, steps: Vec<Step>) -> Vec<&'static str> {
    let setting = Setting {
        topic,
        newest: true,
    };
    step::steps(steps, setting, 0)
        .iter()
        .map(|step| step.title)
        .collect()
}

#[test]
fn signing_in_and_consenting_is_told_only_when_it_happened() {
    let told = |parameters| titles(Topic::SignIn, vec![sent(), came_back(parameters)]);
    assert!(told(&[("code", "c"), ("state", "s1")]).contains(&"You sign in and consent"));
    assert!(
        told(&[("error", "access_denied"), ("state", "s1")]).contains(&"You sign in, and say no")
    );
    assert_eq!(
        told(&[("error", "login_required"), ("state", "s1")]).len(),
        2
    );
    let forged = told(&[("code", "c"), ("state", "s2")]);
    assert_eq!(
        forged[1],
        "The browser brings an answer to another question"
    );
}

#[test]
fn a_refusal_counts_as_a_defence_only_where_it_is_one() {
    let step = |topic, status| {
        let setting = Setting {
            topic,
            newest: true,
        };
        step::steps(vec![answered("token", status)], setting, 0).remove(0)
    };
    let attack = step(Topic::Attack(Attack::ReplayCode), 400);
    assert!(attack.failed && attack.defended);
    let sign_in = step(Topic::SignIn, 400);
    assert!(sign_in.failed && !sign_in.defended);
    assert!(!step(Topic::Attack(Attack::ReplayCode), 200).defended);
}

#[test]
fn numbers_go_on_from_chapter_to_chapter_and_only_the_newest_stands_open() {
    let browser = Browser::default();
    for topic in [Topic::SignIn, Topic::Attack(Attack::ReplayCode)] {
        browser.begin(topic);
        browser.observer()(answered("token", 400));
    }
    let chapters = chapters(browser.chapters());
    let numbers: Vec<usize> = chapters.iter().map(|c| c.steps[0].number).collect();
    assert_eq!(numbers, [1, 2]);
    assert!(!chapters[0].steps[0].message.as_ref().unwrap().open);
    assert!(chapters[1].steps[0].message.as_ref().unwrap().open);
}

async fn html(browser: &Browser) -> String {
    let response = page(browser, "http://localhost:8080").await;
    assert_eq!(response.status(), StatusCode::OK);
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn the_page_escapes_what_came_from_outside_and_hides_secrets() {
    let browser = Browser::default();
    browser.begin(Topic::SignIn);
    let code = "gac_abcdefghijklmnopqrstuvwxyz0123456789";
    browser.observer()(sent());
    browser.observer()(came_back(&[
        ("state", "<script>x"),
        ("code", code),
        ("`odd`", "v"),
    ]));
    browser.end(Outcome::new(Tone::Bad, "<em>", "<i> `<u>`"));
    let html = html(&browser).await;
    for banned in ["<script", "<em>", "<i>", "<u>", "style=", code] {
        assert!(!html.contains(banned), "{banned} in {html}");
    }
}

#[tokio::test]
async fn each_id_stands_on_the_page_once() {
    let mut browser = Browser::default();
    browser.begin(Topic::SignIn);
    browser.observer()(answered("token", 200));
    browser.begin(Topic::Attack(Attack::NoToken));
    browser.observer()(answered("resource", 401));
    browser.end(outcome::unexpected());
    browser.message = Some(outcome::signed_out(true));
    let html = html(&browser).await;
    let mut ids: Vec<&str> = html
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "{ids:?}");
    assert!(
        ids.contains(&"message") && ids.contains(&"flow-end"),
        "{ids:?}"
    );
}
