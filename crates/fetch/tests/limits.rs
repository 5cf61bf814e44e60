//! Requests to small servers on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::response::Redirect;
use axum::routing::{get, post};
use fetch::{Error, Fetch, FetchOptions, guard};
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

async fn server() -> SocketAddr {
    let router = Router::new()
        .route(
            "/json",
            get(|| async { ([("content-type", "Application/JSON; charset=utf-8")], "{}") }),
        )
        .route(
            "/echo",
            post(|headers: HeaderMap, body: Bytes| async move {
                let shown = |name: &str| headers.get(name).map(|v| v.to_str().unwrap().to_owned());
                format!(
                    "{:?} {:?} {}",
                    shown("content-type"),
                    shown("authorization"),
                    String::from_utf8_lossy(&body)
                )
            }),
        )
        .route("/redirect", get(|| async { Redirect::to("/json") }))
        .route(
            "/slow",
            get(|| async { tokio::time::sleep(Duration::from_secs(5)).await }),
        )
        .route("/big", get(|| async { "x".repeat(2_000) }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

/// Answers every connection once with `response`, and goes on with `then` as long as it is read.
async fn raw(response: &'static str, then: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        stream.write_all(response.as_bytes()).await.unwrap();
        while !then.is_empty() && stream.write_all(then.as_bytes()).await.is_ok() {}
    });
    address
}

fn client(change: impl FnOnce(&mut FetchOptions)) -> Fetch {
    let mut options = FetchOptions::loopback();
    change(&mut options);
    Fetch::new(options).unwrap()
}

#[tokio::test]
async fn a_document_is_fetched_and_a_form_is_posted() {
    let at = server().await;
    let fetch = client(|_| {});
    let response = fetch.get(&format!("http://{at}/json")).await.unwrap();
    assert_eq!(
        (response.status, response.text()),
        (StatusCode::OK, Ok("{}"))
    );
    assert_eq!(response.media_type().as_deref(), Some("application/json"));
    let url = format!("http://localhost:{}/echo", at.port());
    let pairs = [("a", "1 2"), ("b", "ä&")];
    let sent = fetch
        .post_form(&url, &pairs, &[("authorization", "Basic x")])
        .await
        .unwrap();
    let expected = r#"Some("application/x-www-form-urlencoded") Some("Basic x") a=1+2&b=%C3%A4%26"#;
    assert_eq!(sent.text(), Ok(expected));
    let sent = fetch
        .post_json(&url, "{\"a\":1}".to_owned(), &[])
        .await
        .unwrap();
    assert_eq!(sent.text(), Ok(r#"Some("application/json") None {"a":1}"#));
}

#[tokio::test]
async fn a_redirect_is_returned_and_not_followed() {
    let at = server().await;
    let response = client(|_| {})
        .get(&format!("http://{at}/redirect"))
        .await
        .unwrap();
    assert_eq!(response.status, StatusCode::SEE_OTHER);
    assert_eq!(response.header("location"), Some("/json"));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_its_length_was_announced_or_not() {
    let at = server().await;
    let fetch = client(|options| options.max_bytes = 1_999);
    let result = fetch.get(&format!("http://{at}/big")).await;
    assert_eq!(result.unwrap_err(), Error::TooLarge);
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let endless = raw(head, "10\r\n0123456789abcdef\r\n").await;
    let result = fetch.get(&format!("http://{endless}/")).await;
    assert_eq!(result.unwrap_err(), Error::TooLarge);
    let fetch = client(|options| options.max_bytes = 2_000);
    assert!(fetch.get(&format!("http://{at}/big")).await.is_ok());
}

#[tokio::test]
async fn a_slow_answer_times_out_and_a_closed_port_is_no_connection() {
    let at = server().await;
    let fetch = client(|options| options.timeout = Duration::from_millis(200));
    let slow = fetch.get(&format!("http://{at}/slow")).await;
    assert_eq!(slow.unwrap_err(), Error::Timeout);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let result = fetch.get(&format!("http://{closed}/")).await;
    assert_eq!(result.unwrap_err(), Error::Connect);
}

#[tokio::test]
async fn a_name_that_resolves_to_loopback_is_refused_although_the_url_looks_public() {
    // The machine's own name is no address literal and not localhost: only the resolver can tell where it leads.
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let name = name.trim();
    let found = tokio::net::lookup_host((name, 443)).await;
    let found: Vec<SocketAddr> = found.map(Iterator::collect).unwrap_or_default();
    let public = |address: &SocketAddr| guard::kind(address.ip()) == guard::Kind::Public;
    if found.is_empty() || found.iter().any(public) {
        return;
    }
    let fetch = Fetch::new(FetchOptions::default()).unwrap();
    let result = fetch.get(&format!("https://{name}/")).await;
    assert!(matches!(result, Err(Error::Address(_))), "{result:?}");
}

#[tokio::test]
async fn a_name_that_does_not_exist_says_so() {
    let fetch = Fetch::new(FetchOptions::default()).unwrap();
    let result = fetch.get("https://nowhere.invalid/").await;
    assert_eq!(result.unwrap_err(), Error::Resolve);
}

#[tokio::test]
async fn nonsense_is_a_protocol_error_and_no_error_repeats_the_url() {
    let at = raw("SSH-2.0-hello\r\n", "").await;
    let error = client(|_| {})
        .get(&format!("http://{at}/?token=hunter2"))
        .await
        .unwrap_err();
    assert_eq!(error, Error::Protocol);
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_header_that_would_split_the_request_is_refused() {
    let at = server().await;
    let url = format!("http://{at}/json");
    let fetch = client(|_| {});
    for header in [("a\r\nb", "c"), ("a", "b\r\nc: d")] {
        assert_eq!(
            fetch.get_with(&url, &[header]).await.unwrap_err(),
            Error::Header
        );
    }
}

#[test]
fn options_that_cannot_be_used_are_refused() {
    let options = FetchOptions {
        extra_roots: vec!["no certificate".to_owned()],
        ..FetchOptions::default()
    };
    assert!(matches!(Fetch::new(options), Err(Error::Options(_))));
}
