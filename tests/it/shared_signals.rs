//! OpenID Shared Signals Framework 1.0 with CAEP 1.0 and RISC 1.0: other systems hear what happens to sessions and accounts, by push (RFC 8935) and poll
//! (RFC 8936).

mod attacks;
mod changes;
mod events;
mod poll;
mod push;
mod streams;
mod subjects;
mod together;

use serde_json::{Value, json};

use crate::harness::{ALICE, Answer, Client, Receiver, World};
use crate::on_each_engine;

const SESSION_REVOKED: &str = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
const CREDENTIAL_CHANGE: &str =
    "https://schemas.openid.net/secevent/caep/event-type/credential-change";
const ACCOUNT_DISABLED: &str =
    "https://schemas.openid.net/secevent/risc/event-type/account-disabled";
const ACCOUNT_ENABLED: &str = "https://schemas.openid.net/secevent/risc/event-type/account-enabled";
const ACCOUNT_PURGED: &str = "https://schemas.openid.net/secevent/risc/event-type/account-purged";
const VERIFICATION: &str = "https://schemas.openid.net/secevent/ssf/event-type/verification";
const STREAM_UPDATED: &str = "https://schemas.openid.net/secevent/ssf/event-type/stream-updated";
pub const PUSH: &str = "urn:ietf:rfc:8935";

/// A receiver's program: a client with a token of its own.
pub struct Listener {
    world: World,
    client: Client,
    token: String,
}

/// The transmitter of the realm: an API with two scopes.
pub async fn transmitter(world: &World) {
    let scopes = [
        ("ssf.read", "Read streams"),
        ("ssf.manage", "Manage streams"),
    ];
    world
        .resource(&format!("{}/ssf", world.issuer()), &scopes)
        .await;
}

/// alice, the transmitter and a receiver.
async fn begin(world: &World) -> Listener {
    transmitter(world).await;
    world.person(ALICE.0, ALICE.1).await;
    listener(world, "receiver", "ssf.read ssf.manage").await
}

pub async fn listener(world: &World, id: &str, scope: &str) -> Listener {
    let client = world
        .client(id)
        .grants(&["client_credentials"])
        .redirects(&[]);
    of(world, client.scope(scope).create().await, "ssf.manage").await
}

/// The listener that this client is.
async fn of(world: &World, client: Client, scope: &str) -> Listener {
    let answer = client.client_credentials(scope).await;
    answer.status(200);
    let token = answer.text("access_token");
    world.remember(&token);
    Listener {
        world: world.clone(),
        client,
        token,
    }
}

impl Listener {
    pub async fn ask(&self, method: &str, path: &str, body: Value) -> Answer {
        let call = self.world.call(method, path).bearer(&self.token);
        let answer = match body {
            Value::Null => call.send().await,
            body => call.json(&body).send().await,
        };
        answer.not_stored();
        answer
    }

    /// A stream that is polled, for everything there is.
    async fn polled(&self) -> String {
        self.stream(json!({})).await
    }

    /// A stream that is pushed to that address.
    async fn pushed(&self, url: &str) -> String {
        let delivery = json!({"method": PUSH, "endpoint_url": url});
        self.stream(json!({"delivery": delivery})).await
    }

    async fn stream(&self, body: Value) -> String {
        let made = self.ask("POST", "/ssf/streams", body).await;
        made.status(201);
        made.text("stream_id")
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, body).await
    }

    /// What a poll answers.
    async fn poll_with(&self, stream: &str, body: Value) -> Answer {
        self.post(&format!("/ssf/streams/{stream}/poll"), body)
            .await
    }

    /// What waits, acknowledged, its signatures verified; in the order of their types.
    async fn poll(&self, stream: &str) -> Vec<Value> {
        let answer = self
            .poll_with(stream, json!({"returnImmediately": true}))
            .await;
        answer.status(200);
        let sets = answer.json()["sets"].as_object().unwrap().clone();
        let ids: Vec<&String> = sets.keys().collect();
        let done = json!({"returnImmediately": true, "maxEvents": 0, "ack": ids});
        self.poll_with(stream, done).await.status(200);
        let mut all = Vec::new();
        for (jti, token) in &sets {
            let claims = self.world.claims(token.as_str().unwrap()).await;
            assert_eq!(claims["jti"], json!(jti));
            all.push(claims);
        }
        all.sort_by_key(kind);
        all
    }

    async fn status(&self, stream: &str, status: &str) -> Answer {
        self.post(
            "/ssf/status",
            json!({"stream_id": stream, "status": status}),
        )
        .await
    }

    pub async fn verify(&self, stream: &str, state: &str) -> Answer {
        self.post("/ssf/verify", json!({"stream_id": stream, "state": state}))
            .await
    }
}

/// The type of the one event of a token.
fn kind(claims: &Value) -> String {
    let events = claims["events"].as_object().unwrap();
    assert_eq!(events.len(), 1, "{claims}");
    events.keys().next().unwrap().clone()
}

/// The types, in their order.
fn kinds(all: &[Value]) -> Vec<String> {
    all.iter().map(kind).collect()
}

/// The events that were pushed, their signatures verified; in the order in which they came.
async fn heard(world: &World, receiver: &Receiver) -> Vec<Value> {
    let mut all = Vec::new();
    for heard in receiver.heard() {
        assert_eq!(heard.content_type, "application/secevent+jwt");
        let header = jose::jws::peek(&heard.body).unwrap().header;
        assert_eq!(header.typ.as_deref(), Some("secevent+jwt"));
        all.push(world.claims(&heard.body).await);
    }
    all
}

/// What happens in the background: what has happened becomes events, and these are pushed.
pub async fn settle(world: &World) {
    for _ in 0..3 {
        world.sync().await;
    }
}

/// Ends alice's sessions on every device, as she does it herself.
async fn sign_out_everywhere(world: &World, person: &str) {
    identity::people::sign_out_everywhere(world.realm(), person, None)
        .await
        .unwrap();
}

async fn alice(world: &World) -> String {
    let found = identity::people::find_by_username(world.realm(), ALICE.0).await;
    found.unwrap().unwrap().id
}

on_each_engine! {
    /// §7.1: what is announced is there, at each form of the address, for each realm; and nothing before somebody registers the API.
    async fn the_transmitter_describes_itself_where_there_is_one(world: World) {
        let path = "/.well-known/ssf-configuration";
        world.get(path).send().await.status(404);
        world.post("/ssf/streams").json(&json!({})).send().await.status(404);
        transmitter(&world).await;
        let answer = world.get(path).send().await;
        let document = answer.json();
        let issuer = world.issuer();
        assert_eq!(document, json!({
            "spec_version": "1_0",
            "issuer": issuer,
            "jwks_uri": format!("{issuer}/jwks"),
            "delivery_methods_supported": ["urn:ietf:rfc:8935", "urn:ietf:rfc:8936"],
            "configuration_endpoint": format!("{issuer}/ssf/streams"),
            "status_endpoint": format!("{issuer}/ssf/status"),
            "add_subject_endpoint": format!("{issuer}/ssf/subjects/add"),
            "remove_subject_endpoint": format!("{issuer}/ssf/subjects/remove"),
            "verification_endpoint": format!("{issuer}/ssf/verify"),
            "critical_subject_members": ["user", "session"],
            "authorization_schemes": [
                {"spec_urn": "urn:ietf:rfc:6749"}, {"spec_urn": "urn:ietf:rfc:6750"},
                {"spec_urn": "urn:ietf:rfc:8705"}, {"spec_urn": "urn:ietf:rfc:9449"},
            ],
            "default_subjects": "ALL",
        }));
        let tag = answer.header("etag");
        assert!(!tag.is_empty() && answer.header("cache-control").contains("max-age"));
        world.get(path).header("if-none-match", tag).send().await.status(304);
        for endpoint in ["configuration_endpoint", "status_endpoint", "add_subject_endpoint", "remove_subject_endpoint", "verification_endpoint"] {
            let at = document[endpoint].as_str().unwrap().strip_prefix(issuer).unwrap();
            world.post(at).json(&json!({})).send().await.status(401);
        }
        world.settings(|settings| settings.signals_default_subjects = oauth::shared_signals::DefaultSubjects::None).await;
        assert_eq!(world.get(path).send().await.json()["default_subjects"], "NONE");
        let other = world.add_realm("acme").await;
        for path in ["/.well-known/ssf-configuration/realms/acme", "/realms/acme/.well-known/ssf-configuration"] {
            world.get(path).send().await.status(404);
        }
        let realm = world.node().realm("acme").await.unwrap().unwrap();
        let resource = json!({"id": format!("{other}/ssf"), "name": "x", "scopes": [{"name": "ssf.manage", "description": "x"}]});
        realm::resources::create(&realm, serde_json::from_value(resource).unwrap(), "test").await.unwrap();
        for path in ["/.well-known/ssf-configuration/realms/acme", "/realms/acme/.well-known/ssf-configuration"] {
            let document = world.get(path).send().await.json();
            assert_eq!(document["issuer"], json!(other));
            assert_eq!(document["status_endpoint"], json!(format!("{other}/ssf/status")));
        }
    }
}
