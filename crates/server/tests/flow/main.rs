//! The endpoints through their router, on an embedded database: the happy path of each grant and the refusals that depend on several endpoints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod browser;
mod codes;
mod granting;
mod logout;
mod refresh;
mod service;

use std::sync::Arc;

use ambient::Ambient;
use axum::{Extension, Router};
use db::Db;
use realm::{
    Grantable, Node, NodeOptions, Realm, Resource, ScopeDefinition, SealingKey, TokenFormat,
};

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "http://localhost:8080";
pub(crate) const CALLBACK: &str = "https://app.example/callback";
pub(crate) const VERIFIER: &str = "abcdefghijklmnopqrstuvwxyz-0123456789-ABCDEFG";
pub(crate) const SECRET: &str = "web-secret-of-the-test";

/// A realm with a person, an API and clients, and the routers around it.
pub(crate) struct House {
    pub(crate) router: Router,
    pub(crate) realm: Arc<Realm>,
    pub(crate) ambient: Ambient,
    pub(crate) alice: String,
}

impl House {
    pub(crate) async fn new() -> Self {
        let ambient = Ambient::manual(NOW, 7);
        let db = Db::open(&"sqlite::memory:".parse().unwrap()).await.unwrap();
        let key = SealingKey::from_bytes([9; 32]);
        let options = NodeOptions::new(db, ambient.clone(), key, ISSUER);
        let node = Node::start(options).await.unwrap();
        let realm = node.first();
        register(&realm).await;
        let identity = identity::Identity::new(identity::Options::for_tests(), &ambient);
        let password = identity
            .hash_password("alice", "correct-horse-battery".to_owned().into())
            .await
            .unwrap();
        let details = identity::Details {
            username: "alice".to_owned(),
            email: Some("alice@example.com".to_owned()),
            email_verified: true,
            display_name: "Alice Liddell".to_owned(),
            groups: vec!["staff".to_owned()],
            ..identity::Details::default()
        };
        let alice = identity::people::create(&realm, details, Some(password), None)
            .await
            .unwrap();
        let server =
            server::Server::new(Arc::clone(&identity), server::Options::default(), &ambient);
        let router = server::router(server)
            .merge(identity::router(identity))
            .layer(Extension(Arc::clone(&realm)));
        Self {
            router,
            realm,
            ambient,
            alice: alice.id,
        }
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.ambient.clock.advance(seconds);
    }
}

async fn register(realm: &Realm) {
    let scope = |name: &str, grantable: Grantable| ScopeDefinition {
        name: name.to_owned(),
        description: format!("Use {name}"),
        grantable,
        claims: Vec::new(),
    };
    let notes = Resource {
        id: "urn:demo:notes".to_owned(),
        name: "Notes".to_owned(),
        scopes: vec![
            scope("notes.read", Grantable::Everyone),
            scope("notes.write", Grantable::Group("staff".to_owned())),
            scope("notes.admin", Grantable::Group("admins".to_owned())),
        ],
        ..Resource::default()
    };
    let vault = Resource {
        id: "https://vault.example".to_owned(),
        name: "Vault".to_owned(),
        scopes: vec![scope("vault.open", Grantable::Everyone)],
        token_format: TokenFormat::Opaque,
        ..Resource::default()
    };
    for resource in [notes, vault] {
        realm::resources::create(realm, resource, "test")
            .await
            .unwrap();
    }
    let web = serde_json::json!({
        "client_id": "web",
        "client_name": "Demo Web",
        "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": ["https://app.example/bye"],
        "grant_types": ["authorization_code", "refresh_token"],
        "id_token_signed_response_alg": "ES256",
        "allowed_origins": ["https://app.example"],
    });
    let cli = serde_json::json!({
        "client_id": "cli",
        "redirect_uris": ["http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "id_token_signed_response_alg": "ES256",
        "default_scope": "notes.read",
    });
    let service = serde_json::json!({
        "client_id": "service",
        "grant_types": ["client_credentials"],
        "response_types": [],
        "scope": "notes.read notes.write vault.open",
        "default_scope": "notes.read",
        "introspects": ["urn:demo:notes"],
    });
    use realm::clients::Secret;
    let given = || Secret::Given(SECRET.to_owned());
    for (client, secret) in [(web, given()), (cli, Secret::None), (service, given())] {
        let client = serde_json::from_value(client).unwrap();
        realm::clients::create(realm, client, secret, "test")
            .await
            .unwrap();
    }
}
