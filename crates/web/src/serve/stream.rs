//! Two coats around a socket: one gives up on a client that does not read, the other gives back bytes that were read too early.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::activity::Activity;

/// Ends with an error when nothing could be written for as long as `patience`.
pub(super) struct Patient<S> {
    inner: S,
    patience: Duration,
    activity: Arc<Activity>,
    stuck: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    pub(super) fn new(inner: S, patience: Duration, activity: Arc<Activity>) -> Self {
        Self {
            inner,
            patience,
            activity,
            stuck: None,
        }
    }

    fn judge(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            if self.stuck.take().is_some() {
                self.activity.set_blocked(false);
            }
            return written;
        }
        let patience = self.patience;
        let activity = &self.activity;
        let timer = self.stuck.get_or_insert_with(|| {
            activity.set_blocked(true);
            Box::pin(sleep(patience))
        });
        timer.as_mut().poll(cx).map(|()| {
            Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the client does not read",
            ))
        })
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// What every HTTP/2 connection starts with (RFC 9113 §3.4).
pub(super) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream whose first bytes may have been read already. It holds no buffer but those few bytes, so one that only waits costs next to nothing.
pub(super) struct Opened<S> {
    inner: S,
    head: [u8; PREFACE.len()],
    given: usize,
    held: usize,
    /// Read by somebody else and given back; comes first.
    before: bytes::Bytes,
}

impl<S: AsyncRead + Unpin> Opened<S> {
    pub(super) fn new(inner: S) -> Self {
        Self {
            inner,
            head: [0; PREFACE.len()],
            given: 0,
            held: 0,
            before: bytes::Bytes::new(),
        }
    }

    /// Gives back what was read and not used. Only when everything held here had been read before.
    pub(super) fn give_back(&mut self, bytes: bytes::Bytes) {
        self.before = bytes;
    }

    /// Waits until the client says something; `false` when it hung up instead. With `preface`, waits until it is clear whether this is HTTP/2.
    pub(super) async fn hear(&mut self, preface: bool) -> io::Result<bool> {
        (self.given, self.held) = (0, 0);
        loop {
            let read = self.inner.read(&mut self.head[self.held..]).await?;
            self.held += read;
            let undecided = preface
                && self.held < PREFACE.len()
                && PREFACE.starts_with(&self.head[..self.held]);
            if read == 0 || !undecided {
                return Ok(self.held > 0);
            }
        }
    }

    /// Whether what was heard is the beginning of an HTTP/2 connection.
    pub(super) fn is_http2(&self) -> bool {
        self.head[..self.held] == PREFACE[..]
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Opened<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.before.is_empty() {
            let count = this.before.len().min(buffer.remaining());
            buffer.put_slice(&this.before.split_to(count));
            return Poll::Ready(Ok(()));
        }
        if this.given < this.held {
            let count = (this.held - this.given).min(buffer.remaining());
            buffer.put_slice(&this.head[this.given..this.given + count]);
            this.given += count;
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.inner).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Opened<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
