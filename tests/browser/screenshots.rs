//! Draws docs/screenshots: every page of the demo at phone and desktop width, in light and dark. Run by `cargo xtask screenshots`.

use std::path::{Path, PathBuf};
use std::process::Command;

use axum::http::header::CONTENT_TYPE;
use grantor_tests::live::binary;
use serde_json::{Value, json};

use crate::{ALICE, Chromium, Demo};

/// Widths and heights: a phone and a desktop.
const SCREENS: &[(&str, u32, u32)] = &[("phone", 390, 844), ("desktop", 1280, 800)];

#[tokio::test]
#[ignore = "writes into docs/screenshots"]
async fn draws_every_page() {
    let folder = std::env::var_os("GRANTOR_TEST_SCREENSHOTS").map(PathBuf::from);
    let folder = folder.expect("`cargo xtask screenshots` names the folder");
    for (screen, width, height) in SCREENS {
        for dark in [false, true] {
            let theme = if dark { "dark" } else { "light" };
            let (demo, chromium) = (Demo::start_at(8080).await, Chromium::start().await);
            chromium.screen(*width, *height, dark).await;
            let shot = |page: &str| folder.join(format!("{page}-{screen}-{theme}.png"));
            walk(&chromium, &demo, shot).await;
        }
    }
}

async fn walk(chromium: &Chromium, demo: &Demo, shot: impl Fn(&str) -> PathBuf) {
    chromium.open(&demo.origin).await;
    chromium.find("#start").await;
    draw(chromium, &shot("start")).await;
    chromium.click("#start").await;
    chromium.find("#username").await;
    draw(chromium, &shot("sign-in")).await;
    chromium.fill("#username", ALICE.0).await;
    chromium.fill("#password", "not the right password").await;
    chromium.click("#sign-in").await;
    chromium.find("#error").await;
    draw(chromium, &shot("wrong-password")).await;
    chromium.fill("#username", ALICE.0).await;
    chromium.fill("#password", ALICE.1).await;
    chromium.click("#sign-in").await;
    chromium.find("#allow").await;
    draw(chromium, &shot("consent")).await;
    chromium.click("#allow").await;
    chromium.find("#claims").await;
    chromium.script("scrollTo(0, 0)").await;
    let png = chromium.picture(false).await;
    std::fs::write(shot("signed-in"), png).expect("the picture is written");
    // The whole flow is long: one picture of it is enough.
    let steps = shot("steps");
    if steps.ends_with("steps-desktop-light.png") {
        draw(chromium, &steps).await;
    }
    chromium.click("#replay-code").await;
    chromium.find("#latest #message").await;
    let newest = "document.getElementById('latest').scrollIntoView({behavior: 'instant'})";
    chromium.script(newest).await;
    let attacked = shot("attacked");
    if attacked.ends_with("attacked-desktop-light.png")
        || attacked.ends_with("attacked-phone-dark.png")
    {
        let png = chromium.picture(false).await;
        std::fs::write(attacked, png).expect("the picture is written");
    }
    chromium
        .open(&format!("{}/consent/applications", demo.origin))
        .await;
    chromium.find("form[action$='/consent/applications']").await;
    draw(chromium, &shot("applications")).await;
    draw_device(chromium, demo, &shot).await;
    draw_approvals(chromium, demo, &shot).await;
    draw_payment(chromium, demo, &shot).await;
    draw_link(chromium, demo, &shot).await;
    chromium.open(&format!("{}/logout", demo.origin)).await;
    chromium.find("#sign-out").await;
    draw(chromium, &shot("sign-out")).await;
    chromium.click("#sign-out").await;
    chromium.find("#signed-out").await;
    draw(chromium, &shot("signed-out")).await;
    let unknown = format!("{}/authorize?client_id=unknown", demo.origin);
    chromium.open(&unknown).await;
    draw(chromium, &shot("error")).await;
}

/// The page for devices, with somebody signed in.
async fn draw_device(chromium: &Chromium, demo: &Demo, shot: &impl Fn(&str) -> PathBuf) {
    let scope = [("scope", "openid profile notes.read")];
    let codes = crate::device::post(demo, "/device_authorization", &scope).await;
    chromium.open(&codes["verification_uri_complete"]).await;
    chromium.find("#continue").await;
    draw(chromium, &shot("device-code")).await;
    chromium.click("#continue").await;
    chromium.find("#allow").await;
    draw(chromium, &shot("device")).await;
    chromium.click("#allow").await;
    chromium.find("#allowed").await;
    draw(chromium, &shot("device-connected")).await;
}

/// The page with what waits for approval, with somebody signed in.
async fn draw_approvals(chromium: &Chromium, demo: &Demo, shot: &impl Fn(&str) -> PathBuf) {
    let approvals = format!("{}/account/approvals", demo.origin);
    crate::approvals::ask(demo, "openid notes.write", "Delete 3 notes of 2019?").await;
    chromium.open(&approvals).await;
    chromium.find("#allow").await;
    draw(chromium, &shot("approvals")).await;
    chromium.click("#allow").await;
    chromium.find("#allowed").await;
    draw(chromium, &shot("approved")).await;
}

/// An application with a logo asks for one payment.
async fn draw_payment(chromium: &Chromium, demo: &Demo, shot: &impl Fn(&str) -> PathBuf) {
    let picture = || async { ([(CONTENT_TYPE, "image/png")], include_bytes!("logo.png")) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port");
    let logo = format!("http://{}/logo.png", listener.local_addr().expect("a port"));
    let router = axum::Router::new().fallback(picture);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let kind = json!({
        "type": "payment", "words": "Pay {euros} euros to {payee}[ for {purpose}]",
        "schema": {"type": "object", "required": ["type", "euros", "payee"], "properties": {
            "type": {"const": "payment"}, "euros": {"type": "string"}, "payee": {"type": "string"}, "purpose": {"type": "string"},
        }},
    });
    let file = demo.data().join("payment.json");
    std::fs::write(&file, kind.to_string()).expect("a file");
    let file = file.to_str().expect("a path");
    let bank = [
        "--id",
        "urn:demo:bank",
        "--name",
        "Northwind Bank",
        "--details-type",
        file,
    ];
    grantor(demo, &["resource", "create"], &bank);
    let shop = [
        "--id",
        "shop",
        "--name",
        "Ledger",
        "--public",
        "--redirect-uri",
        "https://ledger.example/callback",
        "--scope",
        "openid profile",
        "--details-type",
        "payment",
        "--logo-uri",
        &logo,
        "--policy-uri",
        "https://ledger.example/privacy",
        "--tos-uri",
        "https://ledger.example/terms",
    ];
    grantor(demo, &["client", "create"], &shop);
    // Heard from the change log.
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let details = json!([{"type": "payment", "euros": "240.00", "payee": "Harbour Books", "purpose": "the spring catalogue"}]);
    let request = request(
        demo,
        ("shop", "https://ledger.example/callback"),
        &[
            ("scope", "openid profile"),
            ("authorization_details", &details.to_string()),
        ],
    );
    chromium.open(&request).await;
    chromium.find("#allow").await;
    // The logo arrives after the page.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    draw(chromium, &shot("consent-payment")).await;
}

/// The answer to a request that nobody asked for leads to a site that anybody could have named: it is a link.
async fn draw_link(chromium: &Chromium, demo: &Demo, shot: &impl Fn(&str) -> PathBuf) {
    const CALLBACK: &str = "https://sketches.example/callback";
    let metadata = json!({"client_name": "Sketches", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"});
    let answer = reqwest::Client::new()
        .post(format!("{}/register", demo.origin))
        .header("content-type", "application/json")
        .body(metadata.to_string())
        .send();
    let answer = answer.await.expect("the demo answers").text();
    let registered: Value = serde_json::from_str(&answer.await.expect("a body")).expect("JSON");
    let id = registered["client_id"].as_str().expect("an identifier");
    let prompt = [("scope", "openid"), ("prompt", "none")];
    chromium.open(&request(demo, (id, CALLBACK), &prompt)).await;
    chromium.find("a").await;
    draw(chromium, &shot("refused-link")).await;
}

/// A command beside the running demo.
fn grantor(demo: &Demo, command: &[&str], arguments: &[&str]) {
    let run = Command::new(binary())
        .args(command)
        .arg("--data")
        .arg(demo.data())
        .args(arguments)
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
}

/// An authorization request with more parameters.
fn request(demo: &Demo, (client, redirect): (&str, &str), more: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", client)
        .append_pair("redirect_uri", redirect)
        .append_pair("state", "af0ifjsldkj")
        .append_pair("code_challenge", crate::logout::CHALLENGE)
        .append_pair("code_challenge_method", "S256")
        .extend_pairs(more)
        .finish();
    format!("{}/authorize?{query}", demo.origin)
}

/// The whole page, however long.
async fn draw(chromium: &Chromium, path: &Path) {
    let png = chromium.picture(true).await;
    std::fs::write(path, png).expect("the picture is written");
}
