//! Members that list the values of one parameter, or of one member of a registration.

use std::collections::BTreeSet;

use identity::{Details, people};
use jose::Algorithm;
use serde_json::json;

use super::drawn::{Drawn, TYPE, jwks, number};
use crate::dpop::Key;
use crate::harness::NewClient;
use crate::jwt_bearer::{Issuer, sign};

/// Whether a person's name may be known in this language.
async fn is_known(drawn: &Drawn<'_>, tag: &str) -> bool {
    let localized = json!({"localized": {"name": {tag: "x"}}});
    let details = Details {
        username: format!("somebody-{}-{}", tag.to_lowercase(), number()),
        profile: serde_json::from_value(localized).unwrap(),
        ..Details::default()
    };
    let made = people::create(drawn.world.realm(), details, None, Some("test")).await;
    made.is_ok()
}

/// Whether somebody may sign in for such a request: it leads to a page of ours, and not back with an error.
async fn leads_in(drawn: &Drawn<'_>, id: &str, changes: &[(&str, &str)]) -> bool {
    let object = drawn.object(id, &drawn.request(id, changes), Algorithm::Es256);
    let form = [("client_id", id), ("request", object.as_str())];
    let pushed = drawn.post("/par", (id, Algorithm::Es256), &form).await;
    if pushed.status != 201 {
        return false;
    }
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", id)
        .append_pair("request_uri", &pushed.text("request_uri"))
        .finish();
    let path = format!("/authorize?{query}");
    let answer = drawn.world.get(&path).send().await;
    answer.status == 303 && answer.header("location").starts_with("/login")
}

pub async fn values(drawn: &Drawn<'_>) {
    let id = drawn.client(|client| client).await.unwrap();
    if !drawn.settings.acr.0.is_empty() {
        let mut works = BTreeSet::new();
        for value in drawn.settings.acr.values().chain(["unheard"]) {
            if leads_in(drawn, &id, &[("acr_values", value)]).await {
                works.insert(value);
            }
        }
        drawn.agree("acr_values_supported", &works);
    }
    let mut works = BTreeSet::new();
    for prompt in ["none", "login", "consent", "select_account", "create"] {
        if drawn.taken(&id, &[("prompt", prompt)]).await {
            works.insert(prompt);
        }
    }
    drawn.agree("prompt_values_supported", &works);
    let mut works = BTreeSet::new();
    for tag in ["de", "fr", "ja", "ja-Kana", "ja-Hani"] {
        if is_known(drawn, tag).await {
            works.insert(tag);
        }
    }
    if drawn.settings.claims_locales.is_empty() {
        // Any may be known, and so none is sure.
        assert!(works.len() == 5 && drawn.announced("claims_locales_supported").is_empty());
    } else {
        drawn.agree("claims_locales_supported", &works);
    }
    drawn.agree("ui_locales_supported", &BTreeSet::from(["en"]));
    let kinds = ["public", "pairwise", "ephemeral"];
    let list = ("subject_types_supported", "subject_type");
    drawn.registrable(list, kinds, |client| client).await;
    for channel in ["backchannel", "frontchannel"] {
        let told = |client: NewClient| {
            let uri = json!("https://app.example/out");
            client.set(&format!("{channel}_logout_uri"), uri)
        };
        let with_session = |client: NewClient| {
            told(client).set(&format!("{channel}_logout_session_required"), json!(true))
        };
        let (plain, session) = (drawn.accepts(told).await, drawn.accepts(with_session).await);
        let member = |end: &str| drawn.told(&format!("{channel}_logout_{end}"));
        assert_eq!(
            (member("supported"), member("session_supported")),
            (&json!(plain), &json!(session))
        );
    }
    let asks = |client: NewClient| {
        let client = client
            .grants(&["urn:openid:params:grant-type:ciba"])
            .redirects(&[]);
        client
            .set("backchannel_token_delivery_mode", json!("poll"))
            .set(
                "backchannel_authentication_request_signing_alg",
                json!("ES256"),
            )
            .set("backchannel_user_code_parameter", json!(true))
    };
    let user_code = drawn.accepts(asks).await;
    assert_eq!(
        *drawn.told("backchannel_user_code_parameter_supported"),
        json!(user_code)
    );
    documents(drawn).await;
    profiles(drawn).await;
}

/// Whether an application that describes itself at its identifier is a client.
async fn documents(drawn: &Drawn<'_>) {
    let site = &drawn.stage.site;
    site.publish(
        json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&[Algorithm::Es256])}),
    );
    let request = drawn.request(&site.id, &[]);
    let object = drawn.object(&site.id, &request, Algorithm::Es256);
    let taken = drawn.pushes(&site.id, &object).await;
    assert_eq!(
        *drawn.told("client_id_metadata_document_supported"),
        json!(taken),
        "{:?}",
        drawn.draw
    );
}

/// What another server says of a person is taken for a grant (draft-ietf-oauth-identity-assertion-authz-grant §6).
async fn profiles(drawn: &Drawn<'_>) {
    const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    let issuer = Issuer::new(&drawn.world, &format!("https://idp-{}.example", number()));
    let with = |client: NewClient| {
        client
            .grants(&[JWT_BEARER])
            .redirects(&[])
            .scope("notes.read")
    };
    let id = drawn.client(with).await.unwrap();
    let rules = json!([{"condition": "true", "subject": {"person": {"claim": "email", "by": "email"}}, "clients": [id], "scope": "notes.read"}]);
    issuer.trusted(rules, json!({})).await;
    let claims = issuer.claims(
        "somebody",
        json!({"client_id": id, "email": "alice@example.com", "email_verified": true}),
    );
    let text = sign(&drawn.world, &issuer.key, "oauth-id-jag+jwt", &claims);
    let assertion = drawn.assertion(&id, Algorithm::Es256);
    let form = [
        ("grant_type", JWT_BEARER),
        ("assertion", &text),
        ("client_assertion_type", TYPE),
        ("client_assertion", &assertion),
    ];
    let answer = drawn.token(&Key::new(), &form).await;
    let mut works = BTreeSet::new();
    if answer.status == 200 {
        works.insert("urn:ietf:params:oauth:grant-profile:id-jag");
    }
    assert_eq!(
        drawn.announced("authorization_grant_profiles_supported"),
        works,
        "{answer:?} {:?}",
        drawn.draw
    );
}
