//! What is asked for: grants, response types and modes, PKCE, scopes, and at which endpoints.

use std::collections::BTreeSet;

use jose::Algorithm;
use realm::GrantType;
use serde_json::json;

use super::drawn::Drawn;
use crate::harness::NewClient;

pub async fn grants(drawn: &Drawn<'_>) {
    let mut works = BTreeSet::new();
    for grant in GrantType::ALL {
        let describe = |client: NewClient| match grant {
            GrantType::Implicit => client
                .grants(&["implicit"])
                .set("response_types", json!(["id_token"])),
            GrantType::RefreshToken => client.grants(&["authorization_code", "refresh_token"]),
            grant => client.grants(&[grant.as_str()]),
        };
        let asks = |client: NewClient| {
            let client = client.set("backchannel_token_delivery_mode", json!("poll"));
            client.set(
                "backchannel_authentication_request_signing_alg",
                json!("ES256"),
            )
        };
        let Some(id) = drawn.client(|client| asks(describe(client))).await else {
            continue;
        };
        let error = drawn.error((&id, Algorithm::Es256), grant.as_str()).await;
        let refused = [
            "unsupported_grant_type",
            "unauthorized_client",
            "invalid_client",
        ];
        if grant == GrantType::Implicit || !refused.contains(&error.as_str()) {
            works.insert(grant.as_str());
        }
    }
    drawn.agree("grant_types_supported", &works);
    let id = drawn.client(|client| client).await.unwrap();
    let unknown = drawn
        .error((&id, Algorithm::Es256), "urn:example:unknown")
        .await;
    assert_eq!(unknown, "unsupported_grant_type");
}

pub async fn responses(drawn: &Drawn<'_>) {
    let mut works = BTreeSet::new();
    for kind in realm::ResponseType::ALL {
        let parts: Vec<&str> = kind.as_str().split(' ').collect();
        let mut grants = Vec::new();
        grants.extend(parts.contains(&"code").then_some("authorization_code"));
        grants.extend((parts != ["code"]).then_some("implicit"));
        let describe = |client: NewClient| {
            client
                .grants(&grants)
                .set("response_types", json!([kind.as_str()]))
        };
        if let Some(id) = drawn.client(describe).await
            && drawn.taken(&id, &[("response_type", kind.as_str())]).await
        {
            works.insert(kind.as_str());
        }
    }
    drawn.agree("response_types_supported", &works);
    let id = drawn.client(|client| client).await.unwrap();
    let modes = [
        "query",
        "fragment",
        "form_post",
        "query.jwt",
        "fragment.jwt",
        "form_post.jwt",
        "jwt",
        "web_message",
    ];
    let mut works = BTreeSet::new();
    for mode in modes {
        if drawn.taken(&id, &[("response_mode", mode)]).await {
            works.insert(mode);
        }
    }
    drawn.agree("response_modes_supported", &works);
    let mut works = BTreeSet::new();
    for method in ["S256", "plain"] {
        if drawn.taken(&id, &[("code_challenge_method", method)]).await {
            works.insert(method);
        }
    }
    drawn.agree("code_challenge_methods_supported", &works);
}

pub async fn the_rest(drawn: &Drawn<'_>) {
    let mut works = BTreeSet::new();
    for mode in ["poll", "ping", "push"] {
        let asks = |client: NewClient| {
            let client = client
                .grants(&["urn:openid:params:grant-type:ciba"])
                .redirects(&[]);
            let client = client.set(
                "backchannel_authentication_request_signing_alg",
                json!("ES256"),
            );
            let client = client.set(
                "backchannel_client_notification_endpoint",
                json!("https://app.example/cb"),
            );
            client.set("backchannel_token_delivery_mode", json!(mode))
        };
        if drawn.accepts(asks).await {
            works.insert(mode);
        }
    }
    drawn.agree("backchannel_token_delivery_modes_supported", &works);
    let id = drawn.client(|client| client).await.unwrap();
    let request = drawn.request(&id, &[]);
    let plain: Vec<(&str, &str)> = request
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let unsigned = drawn
        .post("/par", (&id, Algorithm::Es256), &plain)
        .await
        .status
        == 201;
    assert_eq!(
        *drawn.told("require_signed_request_object"),
        json!(!unsigned)
    );
    let object = drawn.object(&id, &request, Algorithm::Es256);
    let taken = drawn.pushes(&id, &object).await;
    assert_eq!(*drawn.told("request_parameter_supported"), json!(taken));
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &id)
        .append_pair("response_type", "code")
        .append_pair("scope", "openid")
        .append_pair("request", &object)
        .finish();
    let answer = drawn.world.get(&format!("/authorize?{query}")).send().await;
    let unpushed = answer.status == 303
        && !answer.header("location").contains("error=")
        && !answer.header("location").contains("response=");
    assert_eq!(
        *drawn.told("require_pushed_authorization_requests"),
        json!(!unpushed),
        "{answer:?}"
    );
}
