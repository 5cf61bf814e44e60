//! The accept loop: time limits on handshakes, headers, bodies and answers, HTTP/1 or HTTP/2 (by ALPN over TLS, by its preface without), bounds on
//! connections, and a shutdown that lets what runs finish.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

mod activity;
mod connection;
mod crowd;
mod stream;
mod tls;
use crowd::Crowd;
pub use tls::{Tls, TlsError, TlsOptions};

/// How to serve.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// How long a new connection may take for its first byte, and every request for its headers. Default 30 seconds.
    pub header_timeout: Duration,
    /// How long a connection may go without a request. Default 60 seconds.
    pub idle_timeout: Duration,
    /// How long a request may take for all of its body. Default 20 seconds.
    pub body_timeout: Duration,
    /// How long a client may let an answer wait without taking any of it. Default 30 seconds.
    pub write_timeout: Duration,
    /// How long the TLS handshake may take. Default 10 seconds.
    pub handshake_timeout: Duration,
    /// How long requests may go on after the shutdown began. Default 20 seconds.
    pub drain: Duration,
    /// The most connections at a time; more wait in the kernel's queue. Default 10 000.
    pub max_connections: usize,
    /// The most connections at a time from one IPv4 address or IPv6 /64; loopback is not counted. 0, the default: no bound.
    pub max_connections_per_address: usize,
    /// Whose connections are not counted: proxies, which have everybody's.
    pub exempt: Vec<IpNet>,
    /// The most requests at a time on one HTTP/2 connection. Default 128.
    pub max_streams: u32,
    /// TLS, or HTTP in the clear when none.
    pub tls: Option<Tls>,
    /// Ends the loop when it is cancelled.
    pub shutdown: CancellationToken,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(60),
            body_timeout: Duration::from_secs(20),
            write_timeout: Duration::from_secs(30),
            handshake_timeout: Duration::from_secs(10),
            drain: Duration::from_secs(20),
            max_connections: 10_000,
            max_connections_per_address: 0,
            exempt: Vec::new(),
            max_streams: 128,
            tls: None,
            shutdown: CancellationToken::new(),
        }
    }
}

/// A socket to accept connections on.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    tls: Option<Tls>,
}

impl Listener {
    /// A listener with TLS of its own, whatever the options say.
    pub fn with_tls(socket: TcpListener, tls: Tls) -> Self {
        Self {
            socket,
            tls: Some(tls),
        }
    }
}

impl From<TcpListener> for Listener {
    /// A listener that does as the options say.
    fn from(socket: TcpListener) -> Self {
        Self { socket, tls: None }
    }
}

/// Serves `router` on all `listeners` until `options.shutdown` is cancelled; returns when the last request has ended or the time for it is over.
/// Each request carries its [`PeerAddress`](crate::address::PeerAddress) and, from a listener that asks for one, the client's
/// [`ClientCertificate`](crate::client_certificate::ClientCertificate).
///
/// # Errors
/// When a listener cannot be asked for its address: it is not usable at all.
pub async fn serve<L: Into<Listener>>(
    listeners: Vec<L>,
    router: Router,
    options: ServeOptions,
) -> io::Result<()> {
    let listeners: Vec<Listener> = listeners.into_iter().map(Into::into).collect();
    for listener in &listeners {
        listener.socket.local_addr()?;
    }
    let loops = TaskTracker::new();
    let server = Arc::new(Server {
        router,
        slots: Arc::new(Semaphore::new(options.max_connections.max(1))),
        crowd: Crowd::new(options.max_connections_per_address, options.exempt.clone()),
        connections: TaskTracker::new(),
        kill: CancellationToken::new(),
        options,
    });
    for listener in listeners {
        loops.spawn(server.clone().accept(listener));
    }
    loops.close();
    loops.wait().await;
    server.connections.close();
    let drained = timeout(server.options.drain, server.connections.wait()).await;
    if drained.is_err() {
        let open = server.connections.len();
        tracing::warn!(open, "connections were cut off at the end of the shutdown");
        server.kill.cancel();
        server.connections.wait().await;
    }
    Ok(())
}

struct Server {
    router: Router,
    options: ServeOptions,
    slots: Arc<Semaphore>,
    crowd: Arc<Crowd>,
    connections: TaskTracker,
    kill: CancellationToken,
}

impl Server {
    async fn accept(self: Arc<Self>, listener: Listener) {
        let shutdown = self.options.shutdown.clone();
        let Listener { socket, tls } = listener;
        let tls = tls.or_else(|| self.options.tls.clone());
        loop {
            let next = async {
                let slot = self.slots.clone().acquire_owned().await;
                (slot, socket.accept().await)
            };
            let (slot, accepted) = tokio::select! {
                () = shutdown.cancelled() => return,
                next = next => next,
            };
            match accepted {
                Ok((stream, peer)) => {
                    // One too many is closed without a word: whoever floods gets nothing to read.
                    let Some(place) = self.crowd.admit(peer.ip()) else {
                        continue;
                    };
                    let (server, tls) = (self.clone(), tls.clone());
                    self.connections.spawn(async move {
                        server.connection(stream, peer, tls.as_ref()).await;
                        drop((slot, place));
                    });
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    // Mostly too many open files: that passes when connections end.
                    tracing::error!(%error, "no connection can be accepted");
                    tokio::select! {
                        () = shutdown.cancelled() => return,
                        () = sleep(Duration::from_millis(200)) => {}
                    }
                }
            }
        }
    }
}

/// Errors of the connection that was to be accepted, not of the socket that accepts.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
