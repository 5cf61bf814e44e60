//! Each place where somebody names an address that we call.

use jose::{Algorithm, SigningKey, jws};
use serde_json::{Value, json};

use crate::backchannel_logout::delivery::in_and_out;
use crate::backchannel_logout::{settle, told};
use crate::ciba::notifications::{ask_to_call, called};
use crate::ciba::{approve, ask_alice, asking};
use crate::harness::call::encode;
use crate::harness::{Answer, CALLBACK, World, query_of};
use crate::jwt_bearer::{Issuer, alice, client, hand_in, people};
use crate::shared_signals::{self, PUSH, listener, transmitter};

/// Who names an address, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    ClientKeys,
    RequestObject,
    IssuerKeys,
    IssuerMetadata,
    StatementKeys,
    Sector,
    Logo,
    Logout,
    Ping,
    Push,
    Webhook,
    ClientDocument,
    Signals,
    Federation,
}

/// What we say where nothing is to be said: the other end would have been called behind the scenes.
const NO_CALL: &str = "no call";
/// What we say of an address that is not even registered.
const NOT_REGISTERED: &str = "not registered";

impl Place {
    /// All of them: whoever adds one that is called adds it here.
    pub const ALL: [Self; 14] = [
        Self::ClientKeys,
        Self::RequestObject,
        Self::IssuerKeys,
        Self::IssuerMetadata,
        Self::StatementKeys,
        Self::Sector,
        Self::Logo,
        Self::Logout,
        Self::Ping,
        Self::Push,
        Self::Webhook,
        Self::ClientDocument,
        Self::Signals,
        Self::Federation,
    ];

    /// Whether an IP address may stand there at all.
    pub fn takes_addresses(self) -> bool {
        self != Self::ClientDocument
    }

    /// What comes of an address that cannot be called.
    pub fn refusals(self) -> &'static [&'static str] {
        match self {
            Self::ClientKeys => &["401 invalid_client", NOT_REGISTERED],
            Self::RequestObject => &["invalid_request_uri", NOT_REGISTERED],
            Self::IssuerKeys | Self::IssuerMetadata => &["400 invalid_grant", NOT_REGISTERED],
            Self::StatementKeys => &["400 invalid_software_statement", NOT_REGISTERED],
            Self::Sector => &["400 invalid_client_metadata"],
            Self::Logo => &["404", NOT_REGISTERED],
            Self::Logout | Self::Ping | Self::Push | Self::Webhook | Self::Signals => {
                &[NO_CALL, NOT_REGISTERED]
            }
            Self::ClientDocument | Self::Federation => &["400"],
        }
    }

    /// Names that origin there, and does whatever makes us call it: what came of it.
    pub async fn visit(self, world: &World, origin: &str, number: usize) -> String {
        let id = format!("{self:?}-{number}").to_lowercase();
        let at = format!("{origin}/there");
        match self {
            Self::ClientKeys => client_keys(world, &id, &at).await,
            Self::RequestObject => request_object(world, &id, &at).await,
            Self::IssuerKeys => {
                issuer(
                    world,
                    &format!("https://{id}.example"),
                    json!({"jwks": null, "jwks_uri": at}),
                )
                .await
            }
            Self::IssuerMetadata => issuer(world, origin, json!({"jwks": null})).await,
            Self::StatementKeys => statement(world, &id, &at).await,
            Self::Sector => {
                world
                    .settings(|settings| settings.registration.mode = realm::Admission::Open)
                    .await;
                let stated = json!({"redirect_uris": [CALLBACK], "sector_identifier_uri": at});
                code(&world.post("/register").json(&stated).send().await)
            }
            Self::Logo => {
                let made = world
                    .client(&id)
                    .set("logo_uri", json!(at))
                    .try_create()
                    .await;
                if made.is_none() {
                    return NOT_REGISTERED.to_owned();
                }
                world
                    .get(&format!("/consent/logo?client_id={id}"))
                    .send()
                    .await
                    .status
                    .to_string()
            }
            Self::Logout => {
                let made = world
                    .client(&id)
                    .set("backchannel_logout_uri", json!(at))
                    .try_create()
                    .await;
                if made.is_none() {
                    return NOT_REGISTERED.to_owned();
                }
                let app = told(world, &format!("{id}-told"), &at).await;
                in_and_out(world, &app).await;
                settle(world).await;
                NO_CALL.to_owned()
            }
            Self::Ping | Self::Push => {
                let mode = if self == Self::Ping { "ping" } else { "push" };
                let Some(agent) = called(asking(world, &id), mode, &at).try_create().await else {
                    return NOT_REGISTERED.to_owned();
                };
                ask_to_call(&agent, "openid").await;
                approve(world).await;
                world.sync().await;
                NO_CALL.to_owned()
            }
            Self::Webhook => webhook(world, &id, &at).await,
            Self::Signals => signals(world, &id, &at).await,
            Self::Federation => federation(world, origin).await,
            Self::ClientDocument => {
                let app = crate::harness::Client::existing(world, &at, None, CALLBACK);
                world.flow(&app).status().await.to_string()
            }
        }
    }
}

fn code(answer: &Answer) -> String {
    format!("{} {}", answer.status, answer.text("error"))
}

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

fn signed(world: &World, claims: &Value) -> String {
    let key = key();
    let text = jws::sign(
        &key,
        &jws::Header::typed("JWT", &key),
        claims.to_string().as_bytes(),
    )
    .unwrap();
    world.remember(&text);
    text
}

async fn client_keys(world: &World, id: &str, at: &str) -> String {
    let client = world
        .client(id)
        .public()
        .grants(&["client_credentials"])
        .redirects(&[])
        .scope("notes.read");
    let client = client
        .set("token_endpoint_auth_method", json!("private_key_jwt"))
        .set("jwks_uri", json!(at));
    if client.try_create().await.is_none() {
        return NOT_REGISTERED.to_owned();
    }
    let assertion = signed(
        world,
        &json!({"iss": id, "sub": id, "aud": world.issuer(), "exp": world.now() + 60, "jti": id}),
    );
    let form = [
        ("grant_type", "client_credentials"),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", &assertion),
    ];
    code(&world.post("/token").form(&form).send().await)
}

async fn request_object(world: &World, id: &str, at: &str) -> String {
    let Some(app) = world
        .client(id)
        .set("request_uris", json!([at]))
        .try_create()
        .await
    else {
        return NOT_REGISTERED.to_owned();
    };
    let address = format!(
        "/authorize?{}",
        encode(&[("client_id", &app.id), ("request_uri", at)])
    );
    let page = world.browser().get(&address).await;
    match &page.leaving {
        Some(url) => query_of(url).remove("error").unwrap_or_default(),
        None => page.words(),
    }
}

async fn issuer(world: &World, id: &str, more: Value) -> String {
    let issuer = Issuer::new(world, id);
    if issuer
        .trusted_in(world.realm(), people(), more)
        .await
        .is_err()
    {
        return NOT_REGISTERED.to_owned();
    }
    let app = match world.realm().client("app").await.unwrap() {
        Some(_) => crate::harness::Client::existing(
            world,
            "app",
            Some("secret-of-app-0123456789"),
            CALLBACK,
        ),
        None => client(world, "app").await,
    };
    code(&hand_in(&app, &issuer.says("00u1", alice()), &[]).await)
}

async fn statement(world: &World, id: &str, at: &str) -> String {
    let vendor = format!("https://{id}.example");
    let issuer = realm::StatementIssuer {
        issuer: vendor.clone(),
        jwks: None,
        jwks_uri: Some(at.to_owned()),
    };
    let info = realm::realms::find(world.node(), world.realm().name())
        .await
        .unwrap()
        .unwrap();
    let mut settings = info.settings;
    settings.registration.mode = realm::Admission::Open;
    settings.registration.statement_issuers = vec![issuer];
    if realm::realms::update_settings(world.realm(), settings, info.version, "test")
        .await
        .is_err()
    {
        return NOT_REGISTERED.to_owned();
    }
    let statement = signed(world, &json!({"iss": vendor, "software_id": "notes"}));
    let stated = json!({"redirect_uris": [CALLBACK], "software_statement": statement});
    code(&world.post("/register").json(&stated).send().await)
}

async fn webhook(world: &World, id: &str, at: &str) -> String {
    let info = realm::realms::find(world.node(), world.realm().name())
        .await
        .unwrap()
        .unwrap();
    let settings = realm::Settings {
        approval_webhook: at.to_owned(),
        ..info.settings
    };
    if realm::realms::update_settings(world.realm(), settings, info.version, "test")
        .await
        .is_err()
    {
        return NOT_REGISTERED.to_owned();
    }
    ask_alice(&asking(world, id).create().await, "openid").await;
    world.sync().await;
    approve(world).await;
    NO_CALL.to_owned()
}

async fn signals(world: &World, id: &str, at: &str) -> String {
    let own = format!("{}/ssf", world.issuer());
    let catalogue = world.realm().catalogue().await.unwrap();
    if catalogue.resource(&own).is_none() {
        transmitter(world).await;
    }
    let listener = listener(world, id, "ssf.read ssf.manage").await;
    let stream = json!({"delivery": {"method": PUSH, "endpoint_url": at}});
    let made = listener.ask("POST", "/ssf/streams", stream).await;
    if made.status != 201 {
        return NOT_REGISTERED.to_owned();
    }
    let stream = made.text("stream_id");
    listener.verify(&stream, "s").await.status(204);
    shared_signals::settle(world).await;
    NO_CALL.to_owned()
}

/// An entity that nobody knows asks, and says by its name where it describes itself.
async fn federation(world: &World, origin: &str) -> String {
    let anchor = key().public_jwk().unwrap();
    let anchors =
        json!([{"entity_id": "https://anchor.example", "jwks": {"keys": [anchor.to_value()]}}]);
    world
        .settings(|settings| {
            settings.federation.trust_anchors = serde_json::from_value(anchors).unwrap();
        })
        .await;
    let now = world.now();
    let claims = json!({"iss": origin, "client_id": origin, "aud": world.issuer(), "exp": now + 60, "jti": origin});
    let object = signed(world, &claims);
    let query = encode(&[("client_id", origin), ("request", &object)]);
    let answer = world.get(&format!("/authorize?{query}")).send().await;
    answer.status.to_string()
}
