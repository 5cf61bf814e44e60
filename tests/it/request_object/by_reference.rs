//! Objects at an address of the client's (RFC 9101 §5.2, §10.4).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jose::Algorithm;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::Signing;
use crate::harness::World;
use crate::harness::call::encode;
use crate::on_each_engine;

/// A server of the client's that answers everything with this, after the status line.
async fn serve(answer: String) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    (base, calls)
}

fn ok(body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/oauth-authz-req+jwt\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn address(uri: &str) -> String {
    format!(
        "/authorize?{}",
        encode(&[("client_id", "app"), ("request_uri", uri)])
    )
}

async fn outcome(app: &Signing, uri: &str) -> Result<String, String> {
    let mut browser = app.world.browser();
    let page = browser.get(&address(uri)).await;
    app.end(&app.flow().go_on(&mut browser, page).await)
}

/// The client, with these addresses.
async fn client(world: &World, uris: &[&str]) -> Signing {
    Signing::with(world, Algorithm::Es256, |client| {
        client.set("request_uris", json!(uris))
    })
    .await
}

/// Changes the addresses of the client.
async fn register(world: &World, uris: &[&str]) {
    let mut client = realm::clients::find(world.realm(), "app")
        .await
        .unwrap()
        .unwrap();
    client.request_uris = uris.iter().map(|uri| (*uri).to_owned()).collect();
    realm::clients::update(
        world.realm(),
        client,
        realm::clients::SecretChange::Keep,
        "test",
    )
    .await
    .unwrap();
    world.sync().await;
}

const REFUSED: &str = "invalid_request_uri";

on_each_engine! {
    /// RFC 9101 §5.2.2: fetched from where the client registered it, itself or what it begins with.
    async fn a_request_is_fetched_from_a_registered_address(world: World) {
        let app = client(&world, &["https://app.example/request.jwt"]).await;
        let (base, calls) = serve(ok(&app.sign(&app.claims()))).await;
        let exact = format!("{base}/request.jwt");
        register(&world, &[&exact, &format!("{base}/requests/*")]).await;
        for path in ["request.jwt", "request.jwt#sha256", "requests/1", "requests/2?x=y"] {
            let code = outcome(&app, &format!("{base}/{path}")).await.unwrap();
            app.flow().redeem(&code).await.status(200);
        }
        assert_eq!(calls.load(Ordering::SeqCst), 4);
    }

    /// RFC 9101 §10.4: nobody makes us call an address that the client did not register.
    async fn nothing_else_is_fetched(world: World) {
        let app = client(&world, &["https://app.example/request.jwt"]).await;
        let (base, calls) = serve(ok(&app.sign(&app.claims()))).await;
        register(&world, &[&format!("{base}/requests/*")]).await;
        let host = base.strip_prefix("http://").unwrap();
        for uri in [
            format!("{base}/other"), format!("{base}/requests"), format!("{base}/requests/"), format!("{base}/requests/../other"), format!("{base}/requests/%2e%2e/other"),
            format!("{base}/requests/..%2fother"), format!("{base}/requests\\..\\other"), format!("http://user@{host}/requests/1"), format!("http://{host}@evil.example/requests/1"),
            format!("ftp://{host}/requests/1"), "file:///etc/passwd".to_owned(), "data:text/plain,x".to_owned(), "http://169.254.169.254/latest".to_owned(), "gopher://x".to_owned(), "x".repeat(3000),
        ] {
            assert_eq!(outcome(&app, &uri).await.unwrap_err(), REFUSED, "{uri}");
            app.client.post("/par", &[("request_uri", &uri)]).await.refused(400, "invalid_request");
        }
        assert_eq!(calls.load(Ordering::SeqCst), 0);
    }

    /// RFC 9101 §5.2.3, §6: what is there must be an object of this client's, whole and soon.
    async fn what_is_there_must_be_a_request(world: World) {
        let app = client(&world, &["https://app.example/request.jwt"]).await;
        let good = app.sign(&app.claims());
        let hang = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let silent = format!("http://{}", hang.local_addr().unwrap());
        for (case, answer, error) in [
            ("an error", "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(), REFUSED),
            ("a redirect", "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n".to_owned(), REFUSED),
            ("too much", ok(&"a".repeat(100_000)), REFUSED),
            ("no text", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\n".to_owned(), REFUSED),
            ("no object", ok("<html>"), "invalid_request_object"),
            ("nothing", ok(""), "invalid_request_object"),
            ("cut", ok(&good[..good.len() - 3]), "invalid_request_object"),
        ] {
            let (base, _) = serve(answer).await;
            register(&world, &[&format!("{base}/r")]).await;
            assert_eq!(outcome(&app, &format!("{base}/r")).await.unwrap_err(), error, "{case}");
        }
        register(&world, &[&format!("{silent}/r")]).await;
        assert_eq!(outcome(&app, &format!("{silent}/r")).await.unwrap_err(), REFUSED);
    }

    /// Whoever sends browsers or programs here does not make us call the client as often as they like.
    async fn fetching_is_limited(world: World) {
        let limited = world.limited().await;
        let app = client(&limited, &["http://127.0.0.1:9/r"]).await;
        let mut errors = Vec::new();
        for _ in 0..32 {
            errors.push(outcome(&app, "http://127.0.0.1:9/r").await.unwrap_err());
        }
        let (first, last) = (errors.first().unwrap(), errors.last().unwrap());
        assert_eq!((first.as_str(), last.as_str()), (REFUSED, "temporarily_unavailable"));
        limited.advance(2);
        assert_eq!(outcome(&app, "http://127.0.0.1:9/r").await.unwrap_err(), REFUSED);
    }

    /// Addresses that cannot be registered.
    async fn odd_addresses_cannot_be_registered(world: World) {
        for uri in ["http://app.example/r", "https://app.example*", "https://*.example/", "https://app.example/*/x", "https://app.example/a?b=*", "ftp://app.example/r", "https://u:p@app.example/r", "/r", ""] {
            assert!(world.client("app").set("request_uris", json!([uri])).try_create().await.is_none(), "{uri}");
        }
    }
}
