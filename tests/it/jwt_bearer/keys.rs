//! Where the keys of a trusted issuer come from: its metadata, an address, a SPIFFE bundle; all through the guard, at a bounded rate.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::get;
use jose::{Algorithm, SigningKey};
use serde_json::{Value, json};

use super::{Issuer, alice, app, client, hand_in, jwks, people};
use crate::harness::World;
use crate::on_each_engine;

/// A server that publishes documents.
struct Published {
    origin: String,
    documents: Arc<Mutex<Vec<(String, Value)>>>,
    asked: Arc<AtomicUsize>,
}

impl Published {
    async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let documents: Arc<Mutex<Vec<(String, Value)>>> = Arc::default();
        let asked = Arc::new(AtomicUsize::new(0));
        let (shown, counter) = (Arc::clone(&documents), Arc::clone(&asked));
        let answer = move |uri: http::Uri| {
            counter.fetch_add(1, Ordering::SeqCst);
            let found = shown
                .lock()
                .unwrap()
                .iter()
                .find(|(path, _)| path == uri.path())
                .map(|(_, body)| body.to_string());
            async move { found.ok_or(http::StatusCode::NOT_FOUND) }
        };
        let router = Router::new().fallback(get(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            origin,
            documents,
            asked,
        }
    }

    fn publish(&self, path: &str, body: Value) {
        let mut documents = self.documents.lock().unwrap();
        documents.retain(|(known, _)| known != path);
        documents.push((path.to_owned(), body));
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

on_each_engine! {
    /// OpenID Connect Discovery §4 and RFC 8414 §3, and the keys that are there now.
    async fn keys_are_found_where_the_metadata_say(world: World) {
        let app = app(&world).await;
        for document in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
            let server = Published::new().await;
            let mut idp = Issuer::new(&world, &server.origin);
            server.publish(document, json!({"issuer": server.origin, "jwks_uri": format!("{}/keys", server.origin)}));
            server.publish("/keys", idp.jwks());
            idp.trusted(people(), json!({"jwks": null})).await;
            hand_in(&app, &idp.says("00u1", alice()), &[]).await.status(200);
            let asked = server.asked();
            hand_in(&app, &idp.says("00u1", alice()), &[]).await.status(200);
            assert_eq!(server.asked(), asked, "kept");
            // A new key is looked for, at most every ten seconds.
            idp.key = SigningKey::generate(Algorithm::EdDsa).unwrap();
            server.publish("/keys", idp.jwks());
            world.advance(10);
            hand_in(&app, &idp.says("00u1", alice()), &[]).await.status(200);
            let asked = server.asked();
            for _ in 0..3 {
                let stranger = Issuer::new(&world, &server.origin);
                hand_in(&app, &stranger.says("00u1", alice()), &[]).await.refused(400, "invalid_grant");
            }
            assert_eq!(server.asked(), asked);
        }
    }

    /// RFC 8414 §3.3: the document names the issuer it was asked of, or nothing of it is believed.
    async fn metadata_of_another_issuer_are_not_believed(world: World) {
        let app = app(&world).await;
        let server = Published::new().await;
        let idp = Issuer::new(&world, &server.origin);
        server.publish("/keys", idp.jwks());
        for named in [json!("https://idp.example"), json!(format!("{}/", server.origin)), json!(null)] {
            server.publish("/.well-known/openid-configuration", json!({"issuer": named, "jwks_uri": format!("{}/keys", server.origin)}));
            if named == json!("https://idp.example") {
                idp.trusted(people(), json!({"jwks": null})).await;
            }
            world.advance(10);
            hand_in(&app, &idp.says("00u1", alice()), &[]).await.refused(400, "invalid_grant");
        }
        // A server that is away is no reason to believe either.
        let gone = Issuer::new(&world, "http://127.0.0.1:1");
        gone.trusted(people(), json!({"jwks": null})).await;
        hand_in(&app, &gone.says("00u1", alice()), &[]).await.refused(400, "invalid_grant");
    }

    /// The same address in two tenants is asked and kept for each.
    async fn an_address_may_be_named(world: World) {
        let app = app(&world).await;
        let server = Published::new().await;
        let idp = Issuer::new(&world, "https://idp.example");
        server.publish("/keys", idp.jwks());
        idp.trusted(people(), json!({"jwks": null, "jwks_uri": format!("{}/keys", server.origin)})).await;
        hand_in(&app, &idp.says("00u1", alice()), &[]).await.status(200);
    }

    /// SPIFFE Trust Domain and Bundle §4: keys marked for JWTs, and no others.
    async fn the_keys_of_a_bundle_are_those_for_jwts(world: World) {
        world.notes().await;
        client(&world, "billing").await;
        let server = Published::new().await;
        let domain = Issuer::new(&world, "spiffe://prod.example");
        let rules = json!([{"condition": "true", "subject": {"client": "billing"}}]);
        domain.trusted(rules, json!({"jwks": null, "jwks_uri": format!("{}/bundle", server.origin), "reusable": true})).await;
        let ask = async || {
            let svid = domain.says("spiffe://prod.example/x", json!({"iss": null}));
            let form = [("grant_type", "client_credentials"), ("scope", "notes.read"), ("client_assertion", svid.as_str()),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")];
            world.post("/token").form(&form).send().await
        };
        for (mark, status) in [("x509-svid", 401), ("sig", 401), ("jwt-svid", 200)] {
            let mut bundle = jwks(&[&domain.key]);
            bundle["keys"][0]["use"] = json!(mark);
            bundle["spiffe_sequence"] = json!(1);
            server.publish("/bundle", bundle);
            world.advance(600);
            assert_eq!(ask().await.status, status, "{mark}");
        }
    }
}
