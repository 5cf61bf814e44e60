use crate::House;
use crate::browser::{Browser, encode, get_with, tokens};

#[tokio::test]
async fn an_application_signs_its_person_out() {
    let house = House::new().await;
    let mut browser = Browser::default();
    let issued = tokens(&house, &mut browser, "openid").await;
    let access = issued["access_token"].as_str().unwrap();
    assert_eq!(get_with(&house, "/userinfo", access).await.status, 200);
    let query = encode(&[
        ("id_token_hint", issued["id_token"].as_str().unwrap()),
        ("post_logout_redirect_uri", "https://app.example/bye"),
        ("state", "s"),
    ]);
    let seen = browser.get(&house, &format!("/logout?{query}")).await;
    assert_eq!(seen.location(), "https://app.example/bye?state=s");
    assert_eq!(get_with(&house, "/userinfo", access).await.status, 401);
    let page = browser.get(&house, "/consent/applications").await;
    assert!(page.location().starts_with("/login"));
}

#[tokio::test]
async fn without_a_hint_the_person_is_asked_and_unregistered_addresses_are_refused() {
    let house = House::new().await;
    let mut browser = Browser::default();
    tokens(&house, &mut browser, "openid").await;
    let query = encode(&[
        ("client_id", "web"),
        ("post_logout_redirect_uri", "https://evil.example/"),
    ]);
    let seen = browser.get(&house, &format!("/logout?{query}")).await;
    assert_eq!(seen.status, 400);
    let page = browser.get(&house, "/logout").await;
    assert!(page.text.contains("id=\"sign-out\""));
    let seen = browser.submit(&house, "/logout/confirm", &[]).await;
    assert!(seen.text.contains("id=\"signed-out\""));
    let page = browser.get(&house, "/consent/applications").await;
    assert!(page.location().starts_with("/login"));
}
