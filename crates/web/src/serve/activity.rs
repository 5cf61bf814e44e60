//! What goes on on one connection: how many requests are open, and which answers the client has yet to take.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::{Buf, Bytes};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

/// The account of one connection.
#[derive(Default)]
pub(super) struct Activity {
    open: AtomicUsize,
    begun: AtomicU64,
    blocked: AtomicBool,
    unread: AtomicBool,
    /// Since when which answer waits for its client; kept for HTTP/2 only, where one slow answer does not stop the connection's writes.
    owed: Mutex<BTreeMap<u64, Instant>>,
}

impl Activity {
    /// A request begins; it is open until the value and all its clones are gone.
    pub(super) fn begin(self: &Arc<Self>, multiplexed: bool) -> Arc<Exchange> {
        self.open.fetch_add(1, Ordering::Relaxed);
        let id = self.begun.fetch_add(1, Ordering::Relaxed);
        Arc::new(Exchange {
            activity: Arc::clone(self),
            id: multiplexed.then_some(id),
        })
    }

    /// How many requests have begun.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Whether no request is open.
    pub(super) fn is_quiet(&self) -> bool {
        self.open.load(Ordering::Relaxed) == 0
    }

    /// Whether the socket took everything that was written so far.
    pub(super) fn is_flushed(&self) -> bool {
        !self.blocked.load(Ordering::Relaxed)
    }

    pub(super) fn set_blocked(&self, blocked: bool) {
        self.blocked.store(blocked, Ordering::Relaxed);
    }

    /// Whether the body of every request so far was read to its end. What is left of one is still to be skipped, and is no request.
    pub(super) fn is_read(&self) -> bool {
        !self.unread.load(Ordering::Relaxed)
    }

    /// Whether an answer has waited for its client for longer than this.
    pub(super) fn is_stalled(&self, patience: Duration) -> bool {
        let oldest = self.owed().values().min().copied();
        oldest.is_some_and(|since| since.elapsed() > patience)
    }

    fn owed(&self) -> MutexGuard<'_, BTreeMap<u64, Instant>> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request and its answer, until the last byte of it has left.
pub(super) struct Exchange {
    activity: Arc<Activity>,
    id: Option<u64>,
}

impl Exchange {
    /// From now on it is the client that is waited for.
    fn owe(&self) {
        if let Some(id) = self.id {
            self.activity.owed().insert(id, Instant::now());
        }
    }

    /// From now on it is the application that is waited for.
    fn settle(&self) {
        if let Some(id) = self.id {
            self.activity.owed().remove(&id);
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.settle();
        self.activity.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of an answer.
pub(super) struct Reply {
    body: Body,
    exchange: Arc<Exchange>,
}

impl Reply {
    pub(super) fn new(body: Body, exchange: Arc<Exchange>) -> Self {
        exchange.owe();
        Self { body, exchange }
    }
}

impl HttpBody for Reply {
    type Data = Chunk;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Chunk>, axum::Error>>> {
        let frame = match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                self.exchange.settle();
                return Poll::Pending;
            }
        };
        self.exchange.owe();
        Poll::Ready(frame.map(|frame| {
            frame.map(|frame| {
                frame.map_data(|bytes| Chunk {
                    bytes,
                    _exchange: Arc::clone(&self.exchange),
                })
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A piece of an answer. HTTP/2 may hold it long after the body is gone, so the exchange is open as long as the piece is there.
pub(super) struct Chunk {
    bytes: Bytes,
    _exchange: Arc<Exchange>,
}

impl Buf for Chunk {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }

    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        self.bytes.copy_to_bytes(length)
    }
}

/// The body of a request, which has to be there in time.
struct Arriving {
    body: Incoming,
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    ended: bool,
    exchange: Arc<Exchange>,
}

/// `body`, with a limit on how long all of it may take from now on.
pub(super) fn arriving(body: Incoming, exchange: &Arc<Exchange>, limit: Duration) -> Body {
    if body.is_end_stream() {
        return Body::empty();
    }
    Body::new(Arriving {
        body,
        limit,
        timer: None,
        ended: false,
        exchange: Arc::clone(exchange),
    })
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if !self.ended && !self.body.is_end_stream() {
            self.exchange.activity.unread.store(true, Ordering::Relaxed);
        }
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let this = &mut *self;
        // The timer counts from the first time that something is missing; it is polled first, so that a trickle does not outrun it.
        if let Some(timer) = &mut this.timer
            && timer.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Some(Err(too_slow())));
        }
        let frame = Pin::new(&mut this.body).poll_frame(cx);
        if frame.is_pending() && this.timer.is_none() {
            let mut timer = Box::pin(sleep(this.limit));
            if timer.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Some(Err(too_slow())));
            }
            this.timer = Some(timer);
        }
        this.ended = matches!(frame, Poll::Ready(None));
        frame.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn too_slow() -> axum::BoxError {
    io::Error::new(
        io::ErrorKind::TimedOut,
        "the request's body did not arrive in time",
    )
    .into()
}
