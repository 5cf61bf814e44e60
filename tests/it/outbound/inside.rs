//! Servers on this machine that nobody outside is to make us call.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::response::{IntoResponse, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::listening::serve_as;

/// What it says to everybody.
pub enum Answers {
    Nothing,
    Redirect(String),
    MetadataWithKeysAt(String),
}

/// A server with TLS that counts who connects and who asks.
pub struct Inside {
    pub port: u16,
    /// What callers have to trust.
    pub pem: String,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    plain: AtomicUsize,
    requests: AtomicUsize,
}

impl Inside {
    pub async fn new(answers: Answers) -> Self {
        Self::at("127.0.0.1", answers).await
    }

    pub async fn at(address: &str, answers: Answers) -> Self {
        let counts = Arc::new(Counts::default());
        let front = TcpListener::bind((address, 0)).await.unwrap();
        let port = front.local_addr().unwrap().port();
        let behind = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let leads_to = behind.local_addr().unwrap();
        let issuer = format!("https://{address}:{port}");
        let (asked, answers) = (Arc::clone(&counts), Arc::new(answers));
        let answer = move || {
            asked.requests.fetch_add(1, Ordering::SeqCst);
            let answer = answers.answer(&issuer);
            async move { answer }
        };
        let pem = serve_as(
            &[address, "*.outside.example"],
            behind,
            Router::new().fallback(answer),
        );
        let counted = Arc::clone(&counts);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = front.accept().await {
                counted.connections.fetch_add(1, Ordering::SeqCst);
                let counts = Arc::clone(&counted);
                tokio::spawn(async move {
                    let mut first = [0; 1];
                    // A handshake of TLS begins with 22 (RFC 8446 §5.1).
                    if stream.peek(&mut first).await.is_ok_and(|read| read == 1) && first != [22] {
                        counts.plain.fetch_add(1, Ordering::SeqCst);
                    }
                    let mut behind = TcpStream::connect(leads_to).await.unwrap();
                    let _ = copy_bidirectional(&mut stream, &mut behind).await;
                });
            }
        });
        Self { port, pem, counts }
    }

    pub fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }

    /// Connections on which somebody spoke without TLS.
    pub fn plain(&self) -> usize {
        self.counts.plain.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> usize {
        self.counts.requests.load(Ordering::SeqCst)
    }

    pub fn forget(&self) {
        for count in [
            &self.counts.connections,
            &self.counts.plain,
            &self.counts.requests,
        ] {
            count.store(0, Ordering::SeqCst);
        }
    }
}

impl Answers {
    fn answer(&self, issuer: &str) -> Response {
        match self {
            Self::Nothing => http::StatusCode::NOT_FOUND.into_response(),
            Self::Redirect(to) => {
                (http::StatusCode::FOUND, [("location", to.clone())]).into_response()
            }
            Self::MetadataWithKeysAt(keys) => {
                serde_json::json!({"issuer": issuer, "jwks_uri": keys})
                    .to_string()
                    .into_response()
            }
        }
    }
}

/// A proxy that leads every tunnel to this port, and what it was asked for.
pub async fn proxy(port: u16) -> (std::net::SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let noted = Arc::clone(&noted);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    match stream.read_u8().await {
                        Ok(byte) => head.push(byte),
                        Err(_) => return,
                    }
                }
                let head = String::from_utf8_lossy(&head);
                noted
                    .lock()
                    .unwrap()
                    .push(head.lines().next().unwrap_or_default().to_owned());
                let mut behind = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
                let _ = copy_bidirectional(&mut stream, &mut behind).await;
            });
        }
    });
    (address, asked)
}

/// Names other than `localhost` that lead to this machine, as its own table of hosts has them: most have one.
pub fn names_of_this_machine() -> Vec<String> {
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let lines = hosts.lines().filter(|line| line.starts_with("127."));
    let names = lines.flat_map(|line| line.split_whitespace().skip(1));
    names
        .filter(|name| !name.contains("localhost"))
        .map(str::to_owned)
        .collect()
}
