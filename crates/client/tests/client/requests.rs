//! RFC 9126, RFC 9101 and RFC 9396 from the client's side: what the metadata demand, and what a server may answer.

use std::sync::{Arc, Mutex};

use grantor_client::{Client, Credentials, Error, Pending, Step};
use jose::{Algorithm, KeySet, SigningKey, jwt};
use oauth::{ErrorCode, Params};
use serde_json::{Value, json};

use crate::provider::Provider;

const CALLBACK: &str = "https://app.example/callback";

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

fn demand(provider: &Provider, members: Value) {
    provider.with(|inner| {
        inner.change_metadata = Box::new(move |metadata| {
            let members = members.as_object().unwrap().clone();
            metadata.as_object_mut().unwrap().extend(members);
        });
    });
}

async fn start(client: &Client) -> Result<Pending, Error> {
    let request = client.authorize().scope("openid").max_age(60);
    request.redirect_uri(CALLBACK).start().await
}

fn carried(pending: &Pending) -> Params {
    Params::parse(pending.url().split_once('?').unwrap().1)
}

/// RFC 9126 §2.1, §4, §5: all of the request is pushed and authenticated, and the browser carries the reference alone.
#[tokio::test]
async fn a_request_is_pushed_where_the_metadata_demand_it() {
    let provider = Provider::start().await;
    let demands = json!({"require_pushed_authorization_requests": true});
    demand(&provider, demands);
    let builder = provider.builder(Credentials::basic("app", "secret"));
    let client = builder.dpop(key()).discover().await.unwrap();
    let pending = start(&client).await.unwrap();
    let query = carried(&pending);
    let names: Vec<&str> = query.pairs().iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["client_id", "request_uri"]);
    let asked = provider.asked("/par");
    assert_eq!(
        asked[0].authorization.as_deref(),
        Some("Basic YXBwOnNlY3JldA==")
    );
    assert!(asked[0].form.get("client_id").is_none());
    assert!(asked[0].form.get("client_secret").is_none());
    for name in [
        "response_type",
        "redirect_uri",
        "state",
        "nonce",
        "code_challenge",
        "max_age",
        "dpop_jkt",
    ] {
        assert!(asked[0].form.get(name).is_some(), "{name}");
    }
    assert_eq!(asked[0].form.get("state"), Some(pending.state()));
    // The next request is another one.
    assert_ne!(start(&client).await.unwrap().url(), pending.url());
}

/// RFC 9126 §2.3: what the server says is said to the application, and no browser is sent anywhere.
#[tokio::test]
async fn a_push_that_fails_ends_the_request() {
    let provider = Provider::start().await;
    let client = provider.client().await;
    let push = || client.authorize().pushed().redirect_uri(CALLBACK).start();
    let answer = |status: u16, body: Value| {
        provider.with(|inner| inner.par_answer = Some((status, body)));
    };
    answer(400, json!({"error": "invalid_request"}));
    let refused = push().await.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::InvalidRequest));
    for (status, body) in [
        (500, json!("no")),
        (201, json!({"expires_in": 60})),
        (201, json!({"request_uri": "", "expires_in": 60})),
        (201, json!({"request_uri": 7, "expires_in": 60})),
    ] {
        answer(status, body.clone());
        let refused = push().await.unwrap_err();
        assert!(
            matches!(refused, Error::Response { .. }),
            "{body}: {refused}"
        );
    }
    // It cannot break out of the parameter that it stands in.
    answer(
        201,
        json!({"request_uri": "urn:x&client_id=evil#", "expires_in": 60}),
    );
    let query = carried(&push().await.unwrap());
    assert_eq!(query.get("request_uri"), Some("urn:x&client_id=evil#"));
    assert_eq!(query.all("client_id").collect::<Vec<_>>(), ["app"]);

    demand(
        &provider,
        json!({"require_pushed_authorization_requests": true, "pushed_authorization_request_endpoint": null}),
    );
    let refused = start(&provider.client().await).await;
    assert!(matches!(refused, Err(Error::Unsupported(_))), "{refused:?}");
}

/// RFC 9101 §4, §10.5: for this server and these minutes, under a key that only the client has.
#[tokio::test]
async fn a_request_is_signed_where_the_metadata_demand_it() {
    let provider = Provider::start().await;
    demand(&provider, json!({"require_signed_request_object": true}));
    let refused = start(&provider.client().await).await;
    assert!(matches!(refused, Err(Error::Incomplete(_))), "{refused:?}");

    let own = key();
    let jwk = own.public_jwk().unwrap();
    let credentials = Credentials::signing_key("app", own).unwrap();
    let client = provider.builder(credentials).discover().await.unwrap();
    let pending = start(&client).await.unwrap();
    let query = carried(&pending);
    assert!(query.get("state").is_none() && query.get("redirect_uri").is_none());
    let now = provider.ambient.now();
    let policy = jwt::Policy {
        issuer: jwt::Issuer::Is("app"),
        audience: jwt::Audience::Includes(&provider.issuer),
        algorithms: &[Algorithm::Es256],
        typ: jwt::Type::Is("oauth-authz-req+jwt"),
        lifetime: jwt::Lifetime::Expires,
        now,
        leeway: 0,
    };
    let keys = KeySet::from_jwks(&jose::JwkSet { keys: vec![jwk] });
    let object = query.get("request").unwrap();
    let claims = jwt::verify::<Value>(object, &keys, &policy).unwrap();
    let claims = claims.into_claims();
    assert_eq!(claims["client_id"], "app");
    assert_eq!(claims["state"], pending.state());
    assert_eq!(claims["max_age"], 60);
    assert_eq!(claims["nbf"], now);
    assert!(claims.get("sub").is_none() && claims.get("client_assertion").is_none());
    let answer = provider.consent(pending.url());
    assert!(client.finish(&pending, &answer).await.is_ok());
}

/// JARM §4: a server that signs every answer is asked for that, and one that leaves a choice is not.
#[tokio::test]
async fn a_signed_answer_is_asked_for_where_there_is_no_other() {
    for (modes, wanted) in [
        (json!(["jwt", "query.jwt"]), Some("jwt")),
        (json!(["query", "jwt"]), None),
        (json!([]), None),
    ] {
        let provider = Provider::start().await;
        demand(&provider, json!({"response_modes_supported": modes}));
        let client = provider.client().await;
        let pending = start(&client).await.unwrap();
        assert_eq!(carried(&pending).get("response_mode"), wanted, "{modes}");
        let plain = provider.consent(pending.url());
        let accepted = client.finish(&pending, &plain).await.is_ok();
        assert_eq!(accepted, wanted.is_none(), "{modes}");
    }
}

/// RFC 9396 §2, §7: what is granted is what the answer says, and a detail without a type is none.
#[tokio::test]
async fn details_are_asked_for_and_read() {
    let provider = Provider::start().await;
    provider.with(|inner| {
        inner.change_tokens = Box::new(|tokens| {
            tokens["authorization_details"] = json!([{"type": "account", "id": 7}]);
        });
    });
    let client = provider.client().await;
    let asked = json!({"type": "account"});
    let request = client
        .authorize()
        .detail(&asked)
        .detail(&json!({"type": "x"}));
    let pending = request.redirect_uri(CALLBACK).start().await.unwrap();
    let sent = carried(&pending)
        .get("authorization_details")
        .unwrap()
        .to_owned();
    assert_eq!(sent, r#"[{"type":"account"},{"type":"x"}]"#);
    let answer = provider.consent(pending.url());
    let session = client.finish(&pending, &answer).await.unwrap();
    let tokens = session.tokens().await.unwrap();
    let granted: Vec<Value> = tokens.details().unwrap();
    assert_eq!(granted, [json!({"type": "account", "id": 7})]);
    assert!(tokens.details::<String>().is_err());
    let many = (0..17).fold(client.authorize(), |request, _| request.detail(&asked));
    assert!(many.redirect_uri(CALLBACK).start().await.is_err());

    let mut device = client.device().detail(&asked).start().await.unwrap();
    device.poll().await.unwrap();
    let asked_for = provider.asked("/device_authorization");
    let text = asked_for[0].form.get("authorization_details");
    assert_eq!(text, Some(r#"[{"type":"account"}]"#));
}

/// What is pushed is told to the observer, and its secrets are marked.
#[tokio::test]
async fn an_observer_sees_the_push() {
    let provider = Provider::start().await;
    let steps: Arc<Mutex<Vec<Step>>> = Arc::default();
    let seen = Arc::clone(&steps);
    let client = provider.client().await;
    let client = client.observed_by(Arc::new(move |step| seen.lock().unwrap().push(step)));
    let request = client.authorize().pushed().redirect_uri(CALLBACK);
    request.start().await.unwrap();
    let steps = steps.lock().unwrap();
    let Step::Exchange(push) = &steps[0] else {
        panic!("{steps:?}")
    };
    assert_eq!(push.endpoint, "pushed_authorization_request");
    assert!(push.form.iter().any(|parameter| parameter.name == "state"));
    assert!(matches!(&steps[1], Step::Redirect { parameters, .. } if parameters.len() == 2));
}
