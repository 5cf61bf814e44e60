//! A real Chromium walks through `grantor demo`. Run by `cargo xtask browser`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

mod approvals;
mod device;
mod form_post;
mod logout;
mod screenshots;
mod sign_in;
mod webdriver;

use grantor_tests::live::Demo;
use webdriver::Chromium;

/// The demo's person.
const ALICE: (&str, &str) = ("alice", "correct-horse-battery");

/// Goes from the demo application's start page to the consent page.
async fn to_consent(chromium: &Chromium, demo: &Demo) {
    chromium.open(&demo.origin).await;
    chromium.click("#start").await;
    chromium.fill("#username", ALICE.0).await;
    chromium.fill("#password", ALICE.1).await;
    chromium.click("#sign-in").await;
    chromium.find("#allow").await;
}
