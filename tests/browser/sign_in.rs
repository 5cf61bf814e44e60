//! The demo application, from signing in to signing out.

use crate::{ALICE, Chromium, Demo, to_consent};

/// Signs in, consents, sees claims and notes, refreshes, signs out; the browser's console stays empty, so no policy was violated and nothing was missing.
#[tokio::test]
async fn a_newcomer_signs_in_and_out() {
    let (demo, chromium) = (Demo::start().await, Chromium::start().await);
    to_consent(&chromium, &demo).await;
    let asked = chromium.text().await;
    assert!(asked.contains("Read your notes"), "{asked}");
    chromium.click("#allow").await;
    chromium.find("#claims").await;
    let shown = chromium.text().await;
    assert!(shown.contains("alice@example.org"), "{shown}");
    assert!(
        chromium.has("#notes li").await,
        "the API gave nothing: {shown}"
    );
    assert!(chromium.has("#flow li").await, "no step is shown: {shown}");
    chromium.click("#refresh").await;
    chromium.find("#claims").await;
    chromium.click("#sign-out").await;
    // The application may hand over to grantor's own page, which asks once more.
    if !chromium.has("#start").await && chromium.has("#sign-out").await {
        chromium.click("#sign-out").await;
    }
    chromium.open(&demo.origin).await;
    chromium.find("#start").await;
    assert_eq!(chromium.complaints().await, Vec::<String>::new());
    let output = demo.output();
    assert!(
        !output.contains("code="),
        "a code is in the output: {output}"
    );
    assert!(
        !output.contains("eyJ"),
        "a token is in the output: {output}"
    );
}

/// Every attack that the page offers is answered, and the page says by what.
#[tokio::test]
async fn the_attacks_of_the_page_fail() {
    let (demo, chromium) = (Demo::start().await, Chromium::start().await);
    for attack in ["#no-token", "#altered-token", "#replay-code"] {
        if !chromium.has("#claims").await {
            to_consent_or_back(&chromium, &demo).await;
        }
        chromium.click(attack).await;
        chromium.find("#message").await;
        assert!(
            chromium.has(".step.failed, .status.failure").await,
            "{attack}"
        );
    }
}

/// Denying sends the person back to the application, which says so.
#[tokio::test]
async fn a_denial_comes_back() {
    let (demo, chromium) = (Demo::start().await, Chromium::start().await);
    to_consent(&chromium, &demo).await;
    chromium.click("#deny").await;
    chromium.find("#message").await;
    assert!(!chromium.has("#claims").await);
    assert!(chromium.url().await.starts_with(&demo.origin));
}

/// A wrong password is said on the page, and the keyboard alone is enough to mend it.
#[tokio::test]
async fn a_mistake_is_mended_with_the_keyboard() {
    let (demo, chromium) = (Demo::start().await, Chromium::start().await);
    chromium.open(&demo.origin).await;
    chromium.click("#start").await;
    chromium.fill("#username", ALICE.0).await;
    chromium.fill("#password", "not the right password").await;
    chromium.click("#sign-in").await;
    chromium.find("#error").await;
    chromium.fill("#username", ALICE.0).await;
    // Tab, and Enter (WebDriver §17.4.2).
    chromium.keys("\u{e004}").await;
    chromium.keys(&format!("{}\u{e007}", ALICE.1)).await;
    chromium.find("#allow").await;
}

/// Going back after the consent does not loop, and reloading does not send twice.
#[tokio::test]
async fn going_back_does_no_harm() {
    let (demo, chromium) = (Demo::start().await, Chromium::start().await);
    to_consent(&chromium, &demo).await;
    chromium.click("#allow").await;
    chromium.find("#claims").await;
    chromium.script("history.back()").await;
    chromium.find("h1").await;
    chromium.open(&demo.origin).await;
    chromium.find("#claims").await;
}

/// Nothing is wider than the smallest screen that counts: 320 pixels.
#[tokio::test]
async fn pages_fit_a_narrow_screen() {
    let (demo, chromium) = (Demo::start().await, Chromium::start().await);
    chromium.screen(320, 640, false).await;
    chromium.open(&demo.origin).await;
    fits(&chromium).await;
    chromium.click("#start").await;
    chromium.find("#username").await;
    fits(&chromium).await;
    chromium.fill("#username", ALICE.0).await;
    chromium.fill("#password", ALICE.1).await;
    chromium.click("#sign-in").await;
    chromium.find("#allow").await;
    fits(&chromium).await;
    chromium.click("#allow").await;
    chromium.find("#claims").await;
    fits(&chromium).await;
}

async fn fits(chromium: &Chromium) {
    let script =
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    let beyond = chromium.script(script).await.as_i64();
    assert_eq!(beyond, Some(0), "{} scrolls sideways", chromium.url().await);
}

async fn to_consent_or_back(chromium: &Chromium, demo: &Demo) {
    chromium.open(&demo.origin).await;
    if chromium.has("#claims").await {
        return;
    }
    chromium.click("#start").await;
    chromium.find("#username, #allow, #claims").await;
    if chromium.has("#username").await {
        chromium.fill("#username", ALICE.0).await;
        chromium.fill("#password", ALICE.1).await;
        chromium.click("#sign-in").await;
        chromium.find("#allow, #claims").await;
    }
    if chromium.has("#allow").await {
        chromium.click("#allow").await;
    }
    chromium.find("#claims").await;
}
