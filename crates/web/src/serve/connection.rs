//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::Service;

use super::activity::{Activity, Reply, arriving};
use super::stream::{Opened, Patient};
use super::{Server, Tls};
use crate::address::PeerAddress;
use crate::client_certificate::ClientCertificate;

/// The largest head of a request (HTTP/1), in bytes.
const MAX_HEAD: usize = 128 * 1024;
/// The largest head of a request (HTTP/2), in bytes.
const MAX_HEADER_LIST: u32 = 32 * 1024;
/// What a client may send ahead of what is read, on one stream and on one connection of HTTP/2, in bytes. Forms are smaller.
const STREAM_WINDOW: u32 = 128 * 1024;
const CONNECTION_WINDOW: u32 = 512 * 1024;
/// How many streams a client may reset before they were looked at, and how many of its errors are borne, before the connection ends
/// (CVE-2023-44487, CVE-2025-8671).
const MAX_PENDING_RESETS: usize = 20;
const MAX_STREAM_ERRORS: usize = 64;
/// How often a connection of HTTP/2 is looked at.
const TICK: Duration = Duration::from_secs(1);
/// How often one of HTTP/1 is: in a burst of new connections, those that have had their answer make room for the next.
const QUIET: Duration = Duration::from_millis(100);

/// What one connection's requests have in common.
#[derive(Clone)]
struct Caller {
    peer: SocketAddr,
    certificate: Option<ClientCertificate>,
    activity: Arc<Activity>,
    multiplexed: bool,
}

impl Server {
    pub(super) async fn connection(&self, stream: TcpStream, peer: SocketAddr, tls: Option<&Tls>) {
        let _ = stream.set_nodelay(true);
        let activity = Arc::new(Activity::default());
        let stream = Patient::new(stream, self.options.write_timeout, Arc::clone(&activity));
        let mut caller = Caller {
            peer,
            certificate: None,
            activity,
            multiplexed: false,
        };
        let Some(tls) = tls else {
            return self.talk(Opened::new(stream), caller, true).await;
        };
        let acceptor = TlsAcceptor::from(tls.current());
        // Boxed, so that connections without TLS do not carry its state.
        let handshake = Box::pin(timeout(
            self.options.handshake_timeout,
            acceptor.accept(stream),
        ));
        let done = tokio::select! {
            () = self.kill.cancelled() => return,
            done = handshake => done,
        };
        match done {
            Ok(Ok(stream)) => {
                let stream = Box::new(stream);
                let session = stream.get_ref().1;
                caller.multiplexed = session.alpn_protocol() == Some(b"h2");
                caller.certificate = session
                    .peer_certificates()
                    .and_then(|chain| chain.first())
                    .map(|certificate| ClientCertificate(Arc::from(certificate.as_ref())));
                self.talk(Opened::new(stream), caller, false).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    /// Waits for the client to say something, answers, and waits again. Between requests a connection of HTTP/1 is let down to its socket: the
    /// buffers of one that only waits would be most of what an idle server holds.
    async fn talk<S>(&self, mut stream: Opened<S>, mut caller: Caller, detect: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut limit = self.options.header_timeout;
        let mut first = true;
        loop {
            let heard = tokio::select! {
                heard = timeout(limit, stream.hear(detect && first)) => heard,
                () = self.options.shutdown.cancelled() => return,
            };
            if !matches!(heard, Ok(Ok(true))) {
                return;
            }
            if caller.multiplexed || (detect && first && stream.is_http2()) {
                caller.multiplexed = true;
                return self.http2(stream, caller).await;
            }
            loop {
                match self.http1(stream, caller.clone()).await {
                    None => return,
                    Some((again, rest)) => {
                        stream = again;
                        if rest.is_empty() {
                            break;
                        }
                        // The beginning of another request came with the one before.
                        stream.give_back(rest);
                    }
                }
            }
            (limit, first) = (self.options.idle_timeout, false);
        }
    }

    /// Gives the stream back, with what was read of the next request, when the connection has been quiet for a while.
    async fn http1<S>(&self, stream: Opened<S>, caller: Caller) -> Option<(Opened<S>, bytes::Bytes)>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Arc::clone(&caller.activity);
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(self.options.header_timeout)
            .max_buf_size(MAX_HEAD);
        let io = TokioIo::new(stream);
        let mut connection = Box::new(builder.serve_connection(
            io,
            service(self.router.clone(), self.options.body_timeout, caller),
        ));
        let every = QUIET.min(self.options.header_timeout / 4);
        let mut tick = pin!(sleep(every));
        let before = activity.begun();
        let (mut seen, mut ending) = (before, false);
        loop {
            tokio::select! {
                done = connection.as_mut() => {
                    report(done);
                    return None;
                }
                () = self.kill.cancelled() => return None,
                () = self.options.shutdown.cancelled(), if !ending => {
                    ending = true;
                    Pin::new(connection.as_mut()).graceful_shutdown();
                }
                () = tick.as_mut(), if !ending => {
                    let begun = activity.begun();
                    // Not before it has answered something: a head that trickles in stays under its time limit.
                    let quiet = begun > before && begun == seen && activity.is_quiet();
                    if quiet && activity.is_flushed() && activity.is_read() {
                        let parts = connection.into_parts();
                        return Some((parts.io.into_inner(), parts.read_buf));
                    }
                    seen = begun;
                    tick.as_mut().reset(Instant::now() + every);
                }
            }
        }
    }

    async fn http2<S>(&self, stream: Opened<S>, caller: Caller)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Arc::clone(&caller.activity);
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(self.options.max_streams)
            .max_header_list_size(MAX_HEADER_LIST)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
            .max_local_error_reset_streams(MAX_STREAM_ERRORS)
            .keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(15));
        let io = TokioIo::new(stream);
        let mut connection = Box::pin(builder.serve_connection(
            io,
            service(self.router.clone(), self.options.body_timeout, caller),
        ));
        let (patience, idle) = (self.options.write_timeout, self.options.idle_timeout);
        let every = TICK.min(patience / 4).min(idle / 4);
        let mut tick = pin!(sleep(every));
        let (mut seen, mut ending) = (0, false);
        // Since when no request came and none is open, or since when the end has been asked for.
        let mut since = Instant::now();
        loop {
            tokio::select! {
                done = connection.as_mut() => return report(done),
                () = self.kill.cancelled() => return,
                () = self.options.shutdown.cancelled(), if !ending => {
                    (ending, since) = (true, Instant::now());
                    connection.as_mut().graceful_shutdown();
                }
                () = tick.as_mut() => {
                    let begun = activity.begun();
                    if activity.is_stalled(patience) {
                        tracing::debug!("a client did not take its answer in time");
                        return;
                    }
                    if begun != seen || !activity.is_quiet() {
                        (seen, since) = (begun, Instant::now());
                    } else if ending && since.elapsed() > patience {
                        return;
                    } else if !ending && since.elapsed() > idle {
                        (ending, since) = (true, Instant::now());
                        connection.as_mut().graceful_shutdown();
                    }
                    tick.as_mut().reset(Instant::now() + every);
                }
            }
        }
    }
}

fn service(
    router: Router,
    body_timeout: Duration,
    caller: Caller,
) -> impl HttpService<
    Incoming,
    ResBody = Reply,
    Error = Infallible,
    Future = impl Future<Output = Result<Response<Reply>, Infallible>> + Send + 'static,
> + Send {
    service_fn(move |request: Request<Incoming>| {
        let exchange = caller.activity.begin(caller.multiplexed);
        let mut request = request.map(|body| arriving(body, &exchange, body_timeout));
        let extensions = request.extensions_mut();
        extensions.insert(PeerAddress(caller.peer));
        if let Some(certificate) = &caller.certificate {
            extensions.insert(certificate.clone());
        }
        let answer = router.clone().call(request);
        async move { Ok(answer.await?.map(|body| Reply::new(body, exchange))) }
    })
}

fn report(done: Result<(), hyper::Error>) {
    if let Err(error) = done {
        tracing::debug!(%error, "a connection broke");
    }
}
