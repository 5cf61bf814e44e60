//! The crate `oauth2` as a device: it polls by itself, with our interval and our errors.

use std::sync::Arc;
use std::time::Duration;

use oauth2::basic::BasicClient;
use oauth2::{
    ClientId, DeviceAuthorizationUrl, DeviceCodeErrorResponseType, RequestTokenError, Scope,
    StandardDeviceAuthorizationResponse, TokenResponse, TokenUrl,
};
use tokio::sync::Mutex;

use super::{Today, http};
use crate::harness::{ALICE, World};
use crate::on_each_engine;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What the person does while the device waits for the second time.
async fn decide(world: &World, code: &str, button: &str) {
    let mut browser = world.browser();
    let page = browser.get(&format!("/device?user_code={code}")).await;
    let page = browser.press(&page, "continue", &[]).await;
    let fields = [("username", ALICE.0), ("password", ALICE.1)];
    let page = browser.press(&page, "sign-in", &fields).await;
    browser.press(&page, button, &[]).await;
}

/// The outcome of the whole flow when the person presses that button: the granted scopes, or the error.
async fn outcome(
    world: &World,
    button: &'static str,
) -> Result<Vec<String>, DeviceCodeErrorResponseType> {
    let today = Today::new(world).await;
    today.person(ALICE.0, ALICE.1).await;
    let tv = today.client("tv").public().redirects(&[]).grants(&[GRANT]);
    tv.create().await;
    let device = today.endpoint("device_authorization_endpoint").await;
    let token = today.endpoint("token_endpoint").await;
    let client = BasicClient::new(ClientId::new("tv".into()))
        .set_device_authorization_url(DeviceAuthorizationUrl::new(device).unwrap())
        .set_token_uri(TokenUrl::new(token).unwrap());
    let asked = client
        .exchange_device_code()
        .add_scope(Scope::new("openid".into()));
    let details: StandardDeviceAuthorizationResponse =
        asked.request_async(&http(&today)).await.unwrap();
    assert_eq!(details.interval(), Duration::from_secs(5));
    let code = details.user_code().secret().clone();
    let waits = Arc::new(Mutex::new(0));
    let sleep = |_: Duration| {
        let (waits, code, today) = (Arc::clone(&waits), code.clone(), today.clone());
        async move {
            let mut waits = waits.lock().await;
            *waits += 1;
            today.advance(5);
            if *waits == 2 {
                decide(&today, &code, button).await;
            }
        }
    };
    let exchange = client.exchange_device_access_token(&details);
    match exchange.request_async(&http(&today), sleep, None).await {
        Ok(tokens) => {
            let scopes = tokens.scopes().into_iter().flatten();
            Ok(scopes.map(|scope| scope.to_string()).collect())
        }
        Err(RequestTokenError::ServerResponse(refused)) => Err(refused.error().clone()),
        Err(other) => panic!("{other:?}"),
    }
}

on_each_engine! {
    /// RFC 8628 §3.4 and §3.5.
    async fn a_foreign_device_gets_tokens_and_denials(world: World) {
        assert_eq!(outcome(&world, "allow").await, Ok(vec!["openid".to_owned()]));
        assert_eq!(outcome(&world, "deny").await, Err(DeviceCodeErrorResponseType::AccessDenied));
    }
}
