use crate::House;
use crate::browser::{Browser, introspect, post, tokens};

async fn refresh(house: &House, token: &str, scope: Option<&str>) -> crate::browser::Seen {
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
    form.extend(scope.map(|scope| ("scope", scope)));
    post(house, "/token", Some("web"), &form).await
}

async fn first(house: &House) -> String {
    let mut browser = Browser::default();
    let issued = tokens(
        house,
        &mut browser,
        "openid offline_access notes.read notes.write",
    )
    .await;
    issued["refresh_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_refresh_token_rotates_and_a_lost_answer_is_given_again() {
    let house = House::new().await;
    let one = first(&house).await;
    let seen = refresh(&house, &one, None).await.json();
    let two = seen["refresh_token"].as_str().unwrap();
    assert_ne!(one, two);
    assert!(seen.get("id_token").is_some());
    house.wait(60);
    let again = refresh(&house, &one, None).await.json();
    assert_eq!(again["refresh_token"], two);
    house.wait(1);
    let replay = refresh(&house, &one, None).await;
    assert_eq!(replay.json()["error"], "invalid_grant");
    // The whole family is gone, and its access tokens with it.
    assert_eq!(
        refresh(&house, two, None).await.json()["error"],
        "invalid_grant"
    );
    let token = again["access_token"].as_str().unwrap();
    assert_eq!(introspect(&house, "web", token).await["active"], false);
}

#[tokio::test]
async fn two_refreshes_at_once_get_the_same_successor() {
    let house = House::new().await;
    let one = first(&house).await;
    let (a, b) = tokio::join!(refresh(&house, &one, None), refresh(&house, &one, None));
    assert_eq!(a.json()["refresh_token"], b.json()["refresh_token"]);
}

#[tokio::test]
async fn scope_narrows_for_one_token_and_never_widens() {
    let house = House::new().await;
    let one = first(&house).await;
    let narrow = refresh(&house, &one, Some("notes.read")).await.json();
    assert_eq!(narrow["scope"], "notes.read");
    let two = narrow["refresh_token"].as_str().unwrap().to_owned();
    let wide = refresh(&house, &two, Some("notes.read notes.admin")).await;
    assert_eq!(wide.json()["error"], "invalid_scope");
    let whole = refresh(&house, &two, None).await.json();
    assert_eq!(
        whole["scope"],
        "openid offline_access notes.read notes.write"
    );
}

#[tokio::test]
async fn a_refresh_token_ends_when_idle_and_when_somebody_signs_out_everywhere() {
    let house = House::new().await;
    let one = first(&house).await;
    house.wait(30 * 24 * 3600);
    assert_eq!(
        refresh(&house, &one, None).await.json()["error"],
        "invalid_grant"
    );
    let two = first(&house).await;
    house.wait(1);
    identity::people::sign_out_everywhere(&house.realm, &house.alice, None)
        .await
        .unwrap();
    assert_eq!(
        refresh(&house, &two, None).await.json()["error"],
        "invalid_grant"
    );
}

#[tokio::test]
async fn revoking_a_refresh_token_revokes_its_grant() {
    let house = House::new().await;
    let mut browser = Browser::default();
    let issued = tokens(&house, &mut browser, "openid offline_access notes.read").await;
    let (access, refresh_token) = (
        issued["access_token"].as_str().unwrap(),
        issued["refresh_token"].as_str().unwrap(),
    );
    let told = introspect(&house, "web", refresh_token).await;
    assert_eq!(told["active"], true);
    assert_eq!(
        introspect(&house, "service", refresh_token).await["active"],
        false
    );
    let seen = post(&house, "/revoke", Some("web"), &[("token", refresh_token)]).await;
    assert_eq!(seen.status, 200);
    assert_eq!(
        introspect(&house, "web", refresh_token).await["active"],
        false
    );
    assert_eq!(introspect(&house, "web", access).await["active"], false);
    // The API behind the token is told the same.
    assert_eq!(introspect(&house, "service", access).await["active"], false);
}

#[tokio::test]
async fn withdrawing_consent_ends_the_grant_and_asks_again() {
    let house = House::new().await;
    let mut browser = Browser::default();
    let issued = tokens(&house, &mut browser, "openid offline_access notes.read").await;
    let page = browser.get(&house, "/consent/applications").await;
    assert!(page.text.contains("data-client=\"web\""), "{}", page.text);
    house.wait(1);
    let seen = browser
        .submit(&house, "/consent/applications", &[("client_id", "web")])
        .await;
    assert_eq!(seen.status, 303);
    let access = issued["access_token"].as_str().unwrap();
    assert_eq!(introspect(&house, "web", access).await["active"], false);
    let token = issued["refresh_token"].as_str().unwrap();
    assert_eq!(
        refresh(&house, token, None).await.json()["error"],
        "invalid_grant"
    );
    let page = browser.get(&house, "/consent/applications").await;
    assert!(page.text.contains("id=\"none\""));
    house.wait(1);
    tokens(&house, &mut browser, "openid notes.read").await;
}
