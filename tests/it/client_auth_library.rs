//! grantor-client authenticates over a real socket, and grantor-resource looks at certificates.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;

use axum::body::Body;
use fetch::{ClientIdentity, Fetch, FetchOptions};
use grantor_client::{Client, Credentials};
use grantor_resource::{PeerCertificate, Verifier};
use jose::{Algorithm, SigningKey};
use serde_json::json;
use tower::{Layer, ServiceExt, service_fn};

use crate::harness::World;

use crate::harness::authority::{identity, self_signed};
use crate::harness::listening::serve_with_tls;
use crate::on_each_engine;

async fn client(world: &World, credentials: Credentials) -> Client {
    Client::builder(world.issuer(), credentials)
        .ambient(world.node().ambient().clone())
        .fetch(Fetch::new(FetchOptions::loopback()).unwrap())
        .discover()
        .await
        .unwrap()
}

async fn gets_tokens(world: &World, credentials: Credentials) -> bool {
    let client = client(world, credentials).await;
    let tokens = client.service().scope("notes.read").tokens().unwrap();
    let first = tokens.access_token().await.is_ok();
    world.advance(301);
    // Each request has an assertion of its own.
    first && tokens.access_token().await.is_ok()
}

fn answer(_: http::Request<Body>) -> Ready<Result<http::Response<Body>, Infallible>> {
    ready(Ok(http::Response::new(Body::empty())))
}

on_each_engine! {
    /// OpenID Connect Core §9: a key from a JWK, or the secret, signs for each request anew.
    async fn the_library_signs_for_each_request(world: World) {
        let world = world.listening().await;
        world.notes().await;
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Es384] {
            let key = SigningKey::generate(algorithm).unwrap();
            let id = algorithm.as_str();
            world
                .client(id)
                .public()
                .grants(&["client_credentials"])
                .redirects(&[])
                .scope("notes.read")
                .set("token_endpoint_auth_method", json!("private_key_jwt"))
                .set("jwks", json!({"keys": [key.public_jwk().unwrap()]}))
                .create()
                .await;
            let jwk = serde_json::to_string(&key.jwk()).unwrap();
            assert!(gets_tokens(&world, Credentials::private_key_jwt(id, &jwk).unwrap()).await, "{id}");
            let other = SigningKey::generate(algorithm).unwrap();
            assert!(!gets_tokens(&world, Credentials::signing_key(id, other).unwrap()).await, "{id}");
        }
        let secret = "0123456789abcdef0123456789abcdef";
        world
            .client("hmac")
            .secret(secret)
            .grants(&["client_credentials"])
            .redirects(&[])
            .scope("notes.read")
            .set("token_endpoint_auth_method", json!("client_secret_jwt"))
            .create()
            .await;
        assert!(gets_tokens(&world, Credentials::client_secret_jwt("hmac", secret, Algorithm::Hs256).unwrap()).await);
        assert!(Credentials::client_secret_jwt("hmac", secret, Algorithm::Hs512).is_err());
        let public = SigningKey::generate(Algorithm::Es256).unwrap().public_jwk().unwrap();
        assert!(Credentials::private_key_jwt("x", &serde_json::to_string(&public).unwrap()).is_err());
    }

    /// RFC 8705 §2 from end to end: the library shows its certificate in TLS, the server asks for it and binds the token to it.
    async fn the_library_shows_its_certificate(world: World) {
        let (world, pem) = world.listening_with_tls().await;
        world
            .service_with(|client| {
                client
                    .public()
                    .set("token_endpoint_auth_method", json!("tls_client_auth"))
                    .set("tls_client_auth_san_uri", json!("spiffe://example/service"))
                    .set("tls_client_certificate_bound_access_tokens", json!(true))
            })
            .await;
        let (certificate, identity) = identity();
        let options = |identity: Option<&str>| FetchOptions {
            extra_roots: vec![pem.clone()],
            identity: identity.map(ClientIdentity::from_pem),
            ..FetchOptions::loopback()
        };
        let ask = async |options: FetchOptions| {
            let client = Client::builder(world.issuer(), Credentials::certificate("service"))
                .ambient(world.node().ambient().clone())
                .fetch(Fetch::new(options).unwrap())
                .discover()
                .await
                .unwrap();
            client.service().scope("notes.read").tokens().unwrap().access_token().await
        };
        let token = ask(options(Some(&identity))).await.unwrap();
        let claims = world.claims(token.as_str()).await;
        let thumbprint = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &certificate);
        assert_eq!(claims["cnf"]["x5t#S256"], json!(jose::base64url::encode(thumbprint)));
        assert!(ask(options(None)).await.is_err());
        assert!(!format!("{:?}", options(Some(&identity))).contains("PRIVATE"));
    }

    /// RFC 8705 §3: an API lets a token through that is bound to the certificate of the connection, and to no other.
    async fn an_api_asks_for_the_certificate(world: World) {
        let world = world.listening().await;
        world.notes().await;
        let app = world
            .app_with(|client| {
                client
                    .public()
                    .scope("notes.read")
                    .set("tls_client_certificate_bound_access_tokens", json!(true))
            })
            .await;
        let (own, _) = self_signed(|_| {});
        let (other, _) = self_signed(|_| {});
        let flow = world.flow(&app).with("scope", "notes.read");
        let code = flow.fresh_code().await;
        let form = flow.redemption(&code);
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let tokens = world.post("/token").certificate(&own).form(&form).send().await;
        tokens.status(200);
        let token = tokens.text("access_token");
        let verifier = Verifier::builder(world.issuer(), "urn:example:notes")
            .clock(world.node().ambient().clock.clone())
            .fetch(FetchOptions::loopback())
            .build()
            .unwrap();
        let ask = async |certificate: Option<&[u8]>| {
            let inner = service_fn(answer);
            let mut request = http::Request::builder()
                .uri("/notes")
                .header("authorization", format!("Bearer {token}"))
                .body(Body::empty())
                .unwrap();
            if let Some(der) = certificate {
                request.extensions_mut().insert(PeerCertificate(Arc::from(der)));
            }
            let service = verifier.require("notes.read").layer(inner);
            service.oneshot(request).await.unwrap().status().as_u16()
        };
        assert_eq!(ask(Some(&own)).await, 200);
        assert_eq!(ask(Some(&other)).await, 401);
        assert_eq!(ask(None).await, 401);
    }

    /// RFC 8705 §3, §5: a client that signs its assertions and has its tokens bound to its certificate asks where certificates are asked for.
    async fn the_library_shows_its_certificate_where_it_is_asked_for(world: World) {
        let world = world.listening().await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let pem = serve_with_tls(listener, world.router());
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let jwk = key.public_jwk().unwrap();
        world.service_with(|client| {
            let client = client.public().set("token_endpoint_auth_method", json!("private_key_jwt")).set("jwks", json!({"keys": [jwk]}));
            client.set("tls_client_certificate_bound_access_tokens", json!(true))
        }).await;
        let (certificate, identity) = identity();
        let ask = async |identity: Option<&str>| {
            let options = FetchOptions {
                extra_roots: vec![pem.clone()],
                identity: identity.map(ClientIdentity::from_pem),
                ..FetchOptions::loopback()
            };
            let credentials = Credentials::signing_key("service", SigningKey::from_jwk(&key.jwk(), Algorithm::Es256).unwrap()).unwrap();
            let builder = Client::builder(world.issuer(), credentials).ambient(world.node().ambient().clone());
            let builder = builder.fetch(Fetch::new(options).unwrap());
            let mut metadata = client(&world, Credentials::public("service")).await.metadata().clone();
            metadata.mtls_endpoint_aliases = Some(json!({"token_endpoint": format!("https://localhost:{port}/token")}));
            let client = builder.with_metadata(metadata).unwrap();
            client.service().scope("notes.read").tokens().unwrap().access_token().await
        };
        let token = ask(Some(&identity)).await.unwrap();
        let thumbprint = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &certificate);
        assert_eq!(world.claims(token.as_str()).await["cnf"]["x5t#S256"], json!(jose::base64url::encode(thumbprint)));
        assert!(ask(None).await.is_err());
    }
}
