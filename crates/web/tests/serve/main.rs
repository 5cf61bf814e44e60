//! The accept loop on real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod http2;
mod limits;
mod tls;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::routing::{get, post};
use axum::{Extension, Router};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use web::address::ClientAddress;
use web::client_certificate::ClientCertificate;
use web::serve::{Listener, ServeOptions, serve};

struct Running {
    address: SocketAddr,
    shutdown: CancellationToken,
    done: JoinHandle<std::io::Result<()>>,
}

async fn start(options: ServeOptions) -> Running {
    start_on(options, Listener::from).await
}

async fn start_on(
    options: ServeOptions,
    listener: impl FnOnce(TcpListener) -> Listener,
) -> Running {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
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
        .route(
            "/refused",
            post(async |body: Body| {
                // At every point of time between two looks at the connection.
                static ASKED: AtomicU64 = AtomicU64::new(0);
                let more = ASKED.fetch_add(1, Ordering::Relaxed) % 16;
                sleep(Duration::from_millis(200 + more)).await;
                drop(body);
                "refused"
            }),
        )
        .route("/never", get(std::future::pending::<&'static str>))
        .route("/large", get(|| async { vec![b'x'; 4 * 1024 * 1024] }))
        .route("/page", get(|| async { vec![b'x'; 8 * 1024] }))
        .route(
            "/length",
            post(|body: Body| async {
                match axum::body::to_bytes(body, 1_000_000).await {
                    Ok(bytes) => bytes.len().to_string(),
                    Err(error) => format!("none: {error}"),
                }
            }),
        )
        .route("/certificate", get(certificate));
    let shutdown = options.shutdown.clone();
    let done = tokio::spawn(serve(vec![listener(socket)], router, options));
    Running {
        address,
        shutdown,
        done,
    }
}

async fn certificate(shown: Option<Extension<ClientCertificate>>) -> Vec<u8> {
    shown.map_or_else(Vec::new, |Extension(certificate)| certificate.0.to_vec())
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
