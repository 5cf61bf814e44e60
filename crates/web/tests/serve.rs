//! The accept loop on real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use web::address::ClientAddress;
use web::serve::{ServeOptions, Tls, serve};

struct Running {
    address: SocketAddr,
    shutdown: CancellationToken,
    done: JoinHandle<std::io::Result<()>>,
}

async fn start(options: ServeOptions) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route(
            "/",
            get(|address: ClientAddress| async move { address.to_string() }),
        )
        .route(
            "/slow",
            get(|| async {
                sleep(Duration::from_millis(400)).await;
                "slow"
            }),
        )
        .route("/never", get(std::future::pending::<&'static str>));
    let shutdown = options.shutdown.clone();
    let done = tokio::spawn(serve(vec![listener], router, options));
    Running {
        address,
        shutdown,
        done,
    }
}

async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text).await;
    text
}

#[tokio::test]
async fn a_request_is_answered_and_knows_its_peer() {
    let running = start(ServeOptions::default()).await;
    let text = exchange(
        running.address,
        "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(
        text.starts_with("HTTP/1.1 200") && text.ends_with("127.0.0.1"),
        "{text}"
    );
}

#[tokio::test]
async fn a_client_that_trickles_its_headers_is_cut_off() {
    let options = ServeOptions {
        header_timeout: Duration::from_millis(200),
        ..ServeOptions::default()
    };
    let running = start(options).await;
    let whole = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    let half = "GET / HTTP/1.1\r\nx-slow: ";
    let second = format!("{whole}{half}");
    for (begun, answers) in [("", 0), (half, 0), (whole, 1), (second.as_str(), 1)] {
        let closed = timeout(Duration::from_secs(5), exchange(running.address, begun)).await;
        let text = closed.expect("the connection is closed");
        assert_eq!(text.matches("200 OK").count(), answers, "{begun:?}: {text}");
    }
}

#[tokio::test]
async fn a_shutdown_lets_a_running_request_finish_and_takes_no_new_one() {
    let running = start(ServeOptions::default()).await;
    let request = "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n";
    let slow = tokio::spawn(exchange(running.address, request));
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    running.shutdown.cancel();
    let text = slow.await.unwrap();
    assert!(text.ends_with("slow"), "{text}");
    let done = timeout(Duration::from_secs(5), running.done).await;
    assert!(done.unwrap().unwrap().is_ok());
    assert_eq!(idle.read(&mut [0; 1]).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut_off_when_the_time_for_it_is_over() {
    let options = ServeOptions {
        drain: Duration::from_millis(200),
        ..ServeOptions::default()
    };
    let running = start(options).await;
    let request = "GET /never HTTP/1.1\r\nhost: x\r\n\r\n";
    let never = tokio::spawn(exchange(running.address, request));
    sleep(Duration::from_millis(100)).await;
    running.shutdown.cancel();
    let done = timeout(Duration::from_secs(5), running.done).await;
    assert!(done.unwrap().unwrap().is_ok());
    assert_eq!(never.await.unwrap(), "");
}

#[tokio::test]
async fn over_tls_a_client_gets_http2_or_http1_as_it_asks() {
    let certificate = include_bytes!("localhost.pem");
    let tls = Tls::from_pem(certificate, include_bytes!("localhost.key")).unwrap();
    let options = ServeOptions {
        tls: Some(tls),
        ..ServeOptions::default()
    };
    let running = start(options).await;
    let root = || reqwest::Certificate::from_pem(certificate).unwrap();
    let url = format!("https://localhost:{}/", running.address.port());
    let client = || {
        reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([root()])
    };
    let modern = client().build().unwrap().get(&url).send().await.unwrap();
    assert_eq!(modern.version(), http::Version::HTTP_2);
    assert_eq!(modern.text().await.unwrap(), "127.0.0.1");
    let old = client().http1_only().build().unwrap();
    let old = old.get(&url).send().await.unwrap();
    assert_eq!(old.version(), http::Version::HTTP_11);
    running.shutdown.cancel();
    let done = timeout(Duration::from_secs(5), running.done).await;
    assert!(done.unwrap().unwrap().is_ok());
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_cut_off() {
    let tls = Tls::from_pem(
        include_bytes!("localhost.pem"),
        include_bytes!("localhost.key"),
    );
    let options = ServeOptions {
        tls: Some(tls.unwrap()),
        handshake_timeout: Duration::from_millis(200),
        ..ServeOptions::default()
    };
    let running = start(options).await;
    let closed = timeout(Duration::from_secs(5), exchange(running.address, "")).await;
    assert_eq!(closed.expect("the connection is closed"), "");
}

#[test]
fn a_key_that_is_no_key_is_refused() {
    let result = Tls::from_pem(include_bytes!("localhost.pem"), b"no");
    assert_eq!(result.unwrap_err(), web::serve::TlsError::Key);
    assert!(Tls::from_pem(b"", b"").is_err());
}
