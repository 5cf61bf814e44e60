//! The accept loop: time limits on handshakes and headers, HTTP/1 or HTTP/2 by ALPN, a bound on connections, and a shutdown that lets what
//! runs finish.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use crate::address::PeerAddress;

mod tls;
pub use tls::{Tls, TlsError};

/// How to serve.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// How long a connection may take for the headers of a request, its idle time before them included. Default 30 seconds.
    pub header_timeout: Duration,
    /// How long the TLS handshake may take. Default 10 seconds.
    pub handshake_timeout: Duration,
    /// How long requests may go on after the shutdown began. Default 20 seconds.
    pub drain: Duration,
    /// The most connections at a time; more wait in the kernel's queue. Default 10 000.
    pub max_connections: usize,
    /// The most requests at a time on one HTTP/2 connection. Default 128.
    pub max_streams: u32,
    /// TLS, or plain HTTP/1 when none.
    pub tls: Option<Tls>,
    /// Ends the loop when it is cancelled.
    pub shutdown: CancellationToken,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(30),
            handshake_timeout: Duration::from_secs(10),
            drain: Duration::from_secs(20),
            max_connections: 10_000,
            max_streams: 128,
            tls: None,
            shutdown: CancellationToken::new(),
        }
    }
}

/// The largest head of a request (HTTP/1), in bytes.
const MAX_HEAD: usize = 128 * 1024;

/// Serves `router` on all `listeners` until `options.shutdown` is cancelled; returns when the last request has ended or the time for it is over.
/// Each request carries its [`PeerAddress`].
///
/// # Errors
/// When a listener cannot be asked for its address: it is not usable at all.
pub async fn serve(
    listeners: Vec<TcpListener>,
    router: Router,
    options: ServeOptions,
) -> io::Result<()> {
    for listener in &listeners {
        listener.local_addr()?;
    }
    let loops = TaskTracker::new();
    let server = Arc::new(Server {
        router,
        slots: Arc::new(Semaphore::new(options.max_connections.max(1))),
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
    connections: TaskTracker,
    kill: CancellationToken,
}

impl Server {
    async fn accept(self: Arc<Self>, listener: TcpListener) {
        let shutdown = self.options.shutdown.clone();
        loop {
            let next = async {
                let slot = self.slots.clone().acquire_owned().await;
                (slot, listener.accept().await)
            };
            let (slot, accepted) = tokio::select! {
                () = shutdown.cancelled() => return,
                next = next => next,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let server = self.clone();
                    self.connections.spawn(async move {
                        server.connection(stream, peer).await;
                        drop(slot);
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

    async fn connection(self: Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.options.tls else {
            return self.talk(stream, peer, false).await;
        };
        let acceptor = TlsAcceptor::from(tls.current());
        let handshake = timeout(self.options.handshake_timeout, acceptor.accept(stream));
        let done = tokio::select! {
            () = self.kill.cancelled() => return,
            done = handshake => done,
        };
        match done {
            Ok(Ok(stream)) => {
                let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                self.talk(stream, peer, http2).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn talk<I>(&self, stream: I, peer: SocketAddr, http2: bool)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let asked = Arc::new(AtomicBool::new(false));
        let (router, flag) = (self.router.clone(), asked.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            flag.store(true, Ordering::Relaxed);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(PeerAddress(peer));
            router.clone().call(request)
        });
        let io = TokioIo::new(stream);
        if http2 {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder
                .timer(TokioTimer::new())
                .max_concurrent_streams(self.options.max_streams)
                .max_header_list_size(32 * 1024)
                .keep_alive_interval(Duration::from_secs(30))
                .keep_alive_timeout(Duration::from_secs(15));
            let connection = builder.serve_connection(io, service);
            self.drive(connection, |c| c.graceful_shutdown(), &asked)
                .await;
        } else {
            let mut builder = http1::Builder::new();
            builder
                .timer(TokioTimer::new())
                .header_read_timeout(self.options.header_timeout)
                .max_buf_size(MAX_HEAD);
            let connection = builder.serve_connection(io, service);
            self.drive(connection, |c| c.graceful_shutdown(), &asked)
                .await;
        }
    }

    /// Runs a connection to its end: by itself, gently at shutdown, at once when killed or when no request came in time.
    async fn drive<C, E>(
        &self,
        connection: C,
        wind_down: impl Fn(std::pin::Pin<&mut C>),
        asked: &AtomicBool,
    ) where
        C: Future<Output = Result<(), E>>,
        E: std::fmt::Display,
    {
        let mut connection = pin!(connection);
        let mut first = pin!(sleep(self.options.header_timeout));
        let (mut waiting, mut ending) = (true, false);
        loop {
            tokio::select! {
                done = connection.as_mut() => {
                    if let Err(error) = done {
                        tracing::debug!(%error, "a connection broke");
                    }
                    return;
                }
                () = self.kill.cancelled() => return,
                () = self.options.shutdown.cancelled(), if !ending => {
                    ending = true;
                    wind_down(connection.as_mut());
                }
                () = first.as_mut(), if waiting => {
                    waiting = false;
                    if !asked.load(Ordering::Relaxed) {
                        return;
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
