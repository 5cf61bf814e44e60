//! Each grant, asked for by any client.

use serde_json::json;

use super::party::Party;
use crate::harness::{ALICE, Answer, CALLBACK, NewClient, World};
use crate::jwt_bearer::{self, GRANT as JWT_BEARER, Issuer};
use crate::token_exchange::{ACCESS, GRANT as TOKEN_EXCHANGE};

/// A grant of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
    DeviceCode,
    TokenExchange,
    JwtBearer,
    Ciba,
    IdJagIssued,
    IdJagAccepted,
    Implicit,
    Password,
}

const CIBA: &str = "urn:openid:params:grant-type:ciba";
const CHAT: &str = "https://chat.example";
const NOTES: &str = "urn:example:notes";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

impl Grant {
    pub const ALL: [Self; 11] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::DeviceCode,
        Self::TokenExchange,
        Self::JwtBearer,
        Self::Ciba,
        Self::IdJagIssued,
        Self::IdJagAccepted,
        Self::Implicit,
        Self::Password,
    ];

    /// As the table calls it: the last part of the grant type; ID-JAG has two ends, token exchange at one server and the JWT bearer grant at another.
    pub fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "device_code",
            Self::TokenExchange => "token-exchange",
            Self::JwtBearer => "jwt-bearer",
            Self::Ciba => "ciba",
            Self::IdJagIssued => "id-jag-issued",
            Self::IdJagAccepted => "id-jag-accepted",
            Self::Implicit => "implicit",
            Self::Password => "password",
        }
    }

    /// Whether the client proves who it is, if it can.
    pub fn authenticates(self) -> bool {
        self != Self::Implicit
    }

    /// What a client must have registered for it.
    pub fn describe(self, client: NewClient) -> NewClient {
        match self {
            Self::AuthorizationCode => client.grants(&["authorization_code"]),
            Self::RefreshToken => client.grants(&["authorization_code", "refresh_token"]),
            Self::ClientCredentials => client.grants(&["client_credentials"]).redirects(&[]),
            Self::DeviceCode => client.grants(&[DEVICE_CODE]).redirects(&[]),
            Self::TokenExchange => client
                .grants(&[TOKEN_EXCHANGE])
                .redirects(&[])
                .set("introspects", json!([NOTES]))
                .set(
                    "token_exchange",
                    json!({"scopes": {"notes.write": ["notes.read"]}}),
                ),
            Self::JwtBearer | Self::IdJagAccepted => client.grants(&[JWT_BEARER]).redirects(&[]),
            Self::Ciba => client
                .grants(&[CIBA])
                .redirects(&[])
                .set("backchannel_token_delivery_mode", json!("poll")),
            Self::IdJagIssued => client
                .grants(&["authorization_code", TOKEN_EXCHANGE])
                .set(
                    "token_exchange",
                    json!({"identity_assertions": [{"audience": CHAT, "client_id": "wiki-at-chat", "scope": "chat.read"}]}),
                ),
            Self::Implicit => client
                .grants(&["implicit"])
                .redirects(&[CALLBACK])
                .set("response_types", json!(["token"]))
                .set("profile", json!("openid"))
                .set("allow_retired_grants", json!(true)),
            Self::Password => client
                .grants(&["password"])
                .redirects(&[])
                .set("profile", json!("openid"))
                .set("allow_retired_grants", json!(true)),
        }
    }

    /// What the token endpoint says to it.
    pub async fn ask(self, party: &Party) -> Answer {
        match self {
            Self::AuthorizationCode => redeem(party, "openid").await,
            Self::RefreshToken => {
                let first = redeem(party, "openid offline_access").await;
                let token = first.text("refresh_token");
                let form = [("grant_type", "refresh_token"), ("refresh_token", &*token)];
                party.post("/token", &form).await
            }
            Self::ClientCredentials => {
                let form = [
                    ("grant_type", "client_credentials"),
                    ("scope", "notes.read"),
                ];
                party.post("/token", &form).await
            }
            Self::DeviceCode => device(party).await,
            Self::TokenExchange => exchange(party).await,
            Self::JwtBearer => assert(party).await,
            Self::Ciba => ciba(party).await,
            Self::IdJagIssued => issue(party).await,
            Self::IdJagAccepted => accept(party).await,
            Self::Implicit => implicit(party).await,
            Self::Password => {
                let (username, password) = ALICE;
                let form = [("username", username), ("password", password)];
                let form = [
                    &[("grant_type", "password"), ("scope", "openid")],
                    &form[..],
                ];
                party.post("/token", &form.concat()).await
            }
        }
    }
}

async fn redeem(party: &Party, scope: &str) -> Answer {
    let flow = party.world.flow(&party.client).with("scope", scope);
    let code = flow.fresh_code().await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", party.callback()),
        ("code_verifier", &*flow.verifier),
    ];
    party.post("/token", &form).await
}

async fn device(party: &Party) -> Answer {
    let asked = party
        .post("/device_authorization", &[("scope", "openid")])
        .await;
    asked.status(200);
    approve(&party.world, &asked.text("user_code")).await;
    let code = asked.text("device_code");
    let form = [("grant_type", DEVICE_CODE), ("device_code", &*code)];
    party.post("/token", &form).await
}

/// A token that alice gave to another application for the notes, in exchange for one of this client.
async fn exchange(party: &Party) -> Answer {
    let id = format!("subject-of-{}", party.client.id);
    let app = party.world.client(&id).scope("openid notes.read");
    let app = app.create().await;
    let flow = party.world.flow(&app).with("scope", "notes.read");
    let subject = flow.tokens().await;
    let form = [
        ("grant_type", TOKEN_EXCHANGE),
        ("subject_token", subject.access()),
        ("subject_token_type", ACCESS),
        ("scope", "notes.read"),
    ];
    party.post("/token", &form).await
}

/// What somebody who is trusted says about alice.
async fn assert(party: &Party) -> Answer {
    let issuer = Issuer::new(
        &party.world,
        &format!("https://idp.example/{}", party.client.id),
    );
    let rules = json!([{
        "condition": "true", "subject": {"person": {"claim": "email", "by": "email"}},
        "clients": [party.client.id], "scope": "openid",
    }]);
    issuer.trusted(rules, json!({})).await;
    let assertion = issuer.says("somebody", jwt_bearer::alice());
    let form = [
        ("grant_type", JWT_BEARER),
        ("assertion", &*assertion),
        ("scope", "openid"),
    ];
    party.post("/token", &form).await
}

/// An assertion about alice for another server.
async fn issue(party: &Party) -> Answer {
    let signed_in = redeem(party, "openid").await;
    if signed_in.status != 200 {
        return signed_in;
    }
    let id_token = signed_in.text("id_token");
    let form = [
        ("grant_type", TOKEN_EXCHANGE),
        (
            "requested_token_type",
            "urn:ietf:params:oauth:token-type:id-jag",
        ),
        ("subject_token", &*id_token),
        (
            "subject_token_type",
            "urn:ietf:params:oauth:token-type:id_token",
        ),
        ("audience", CHAT),
        ("scope", "chat.read"),
    ];
    party.post("/token", &form).await
}

/// What another server says about alice for this client.
async fn accept(party: &Party) -> Answer {
    let id = format!("https://idp.example/{}", party.client.id);
    let issuer = Issuer::new(&party.world, &id);
    let rules = json!([{
        "condition": "true", "subject": {"person": {"claim": "email", "by": "email"}},
        "clients": [party.client.id], "scope": "openid",
    }]);
    issuer.trusted(rules, json!({})).await;
    let mut says = jwt_bearer::alice();
    says["client_id"] = json!(party.client.id);
    let claims = issuer.claims("somebody", says);
    let assertion = jwt_bearer::sign(&party.world, &issuer.key, "oauth-id-jag+jwt", &claims);
    let form = [
        ("grant_type", JWT_BEARER),
        ("assertion", &*assertion),
        ("scope", "openid"),
    ];
    party.post("/token", &form).await
}

/// What comes in the fragment, as an answer: the client shows nothing that could authenticate it.
async fn implicit(party: &Party) -> Answer {
    let flow = party.world.flow(&party.client).without_pkce();
    let flow = flow.with("response_type", "token");
    let page = flow.walk(&mut party.world.browser()).await;
    let response = match &page.leaving {
        Some(_) => flow.response(&page),
        None => Default::default(),
    };
    let kind = http::HeaderValue::from_static("application/json");
    Answer {
        status: if response.contains_key("access_token") {
            200
        } else {
            400
        },
        headers: http::HeaderMap::from_iter([(http::header::CONTENT_TYPE, kind)]),
        body: json!(response).to_string(),
    }
}

async fn ciba(party: &Party) -> Answer {
    let form = [("scope", "openid"), ("login_hint", ALICE.0)];
    let asked = party.post("/bc-authorize", &form).await;
    if asked.status != 200 {
        return asked;
    }
    let mut browser = party.world.browser();
    party.world.sign_in(&mut browser).await;
    let page = browser.get("/account/approvals").await;
    browser.press(&page, "allow", &[]).await;
    let request = asked.text("auth_req_id");
    let form = [("grant_type", CIBA), ("auth_req_id", &*request)];
    party.post("/token", &form).await
}

/// alice types the code of a device and allows it.
async fn approve(world: &World, code: &str) {
    let mut browser = world.browser();
    world.sign_in(&mut browser).await;
    let page = browser.get("/device").await;
    let page = browser
        .press(&page, "continue", &[("user_code", code)])
        .await;
    browser.press(&page, "allow", &[]).await;
}
