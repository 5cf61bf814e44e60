//! The redirect listener of a native application (RFC 8252 §7.3 and §8.3): loopback only, one path, one answer, then it closes.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64ct::{Base64, Encoding};
use oauth::Params;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::client::Client;
use crate::{Authorization, Error, Pending, Session};

const PATH: &str = "/callback";

/// Longest request head, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// Connections that are read at the same time. Browsers open some in advance and send nothing on them.
const MAX_CONNECTIONS: usize = 16;

/// How long a connection may take to send its request.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// A sign-in that waits for the browser to come back to this machine.
#[must_use]
pub struct LoopbackSignIn {
    client: Client,
    pending: Pending,
    listener: TcpListener,
    patience: Duration,
}

pub(crate) async fn begin(
    authorization: Authorization<'_>,
    port: u16,
) -> Result<LoopbackSignIn, Error> {
    let failed = |error: std::io::Error| Error::Loopback(error.kind());
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let client = authorization.client().clone();
    let pending = authorization
        .redirect_uri(format!("http://127.0.0.1:{port}{PATH}"))
        .start()
        .await?;
    Ok(LoopbackSignIn {
        client,
        pending,
        listener,
        patience: Duration::from_secs(300),
    })
}

impl LoopbackSignIn {
    /// What to open in the browser.
    pub fn url(&self) -> &str {
        self.pending.url()
    }

    /// How long to wait for the person; 5 minutes unless set.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Waits for the browser, then redeems the code and verifies the ID token.
    pub async fn finish(self) -> Result<Session, Error> {
        let query = timeout(self.patience, self.answered())
            .await
            .map_err(|_| Error::TimedOut)??;
        self.client.finish(&self.pending, &query).await
    }

    /// The query of the first request that is the answer; whatever else knocks is turned away.
    async fn answered(&self) -> Result<String, Error> {
        let mut open = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if open.len() < MAX_CONNECTIONS => {
                    let (stream, _) = accepted.map_err(|error| Error::Loopback(error.kind()))?;
                    open.spawn(timeout(HEAD_TIME, read(stream)));
                }
                Some(read) = open.join_next() => {
                    if let Ok(Ok(Some((stream, head)))) = read
                        && let Some(query) = self.judge(stream, &head).await
                    {
                        return Ok(query);
                    }
                }
            }
        }
    }

    async fn judge(&self, stream: TcpStream, head: &str) -> Option<String> {
        let query = match target(head) {
            Target::Callback(query) => query,
            Target::OtherPath => {
                answer(stream, "404 Not Found", NOT_HERE).await;
                return None;
            }
            Target::OtherMethod => {
                answer(stream, "405 Method Not Allowed", NOT_HERE).await;
                return None;
            }
        };
        let opened = self.client.opened(&self.pending, Params::parse(&query));
        let Ok(params) = opened.await else {
            answer(stream, "400 Bad Request", NOT_HERE).await;
            return None;
        };
        if !params
            .get("state")
            .is_some_and(|state| self.pending.is_state(state))
        {
            answer(stream, "400 Bad Request", NOT_HERE).await;
            return None;
        }
        let page = match params.get("error") {
            Some(_) => REFUSED,
            None => DONE,
        };
        answer(stream, "200 OK", page).await;
        Some(query)
    }
}

enum Target {
    Callback(String),
    OtherPath,
    OtherMethod,
}

fn target(head: &str) -> Target {
    let line = head.lines().next().unwrap_or_default();
    let mut words = line.split(' ');
    let (method, target) = (words.next(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    match method {
        _ if path != PATH => Target::OtherPath,
        Some("GET") => Target::Callback(query.to_owned()),
        _ => Target::OtherMethod,
    }
}

/// Reads a request head; nothing when it is too long, broken off or no text.
async fn read(mut stream: TcpStream) -> Option<(TcpStream, String)> {
    let mut head = Vec::new();
    let mut chunk = [0; 2048];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let count = stream.read(&mut chunk).await.ok()?;
        if count == 0 || head.len() + count > MAX_HEAD {
            return None;
        }
        head.extend_from_slice(chunk.get(..count)?);
    }
    Some((stream, String::from_utf8(head).ok()?))
}

async fn answer(mut stream: TcpStream, status: &str, (title, text): (&str, &str)) {
    let body = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <style>{STYLE}</style></head><body><main><h1>{title}</h1><p>{text}</p></main></body></html>"
    );
    let style = Base64::encode_string(digest(&SHA256, STYLE.as_bytes()).as_ref());
    let response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         Content-Security-Policy: default-src 'none'; style-src 'sha256-{style}'; frame-ancestors 'none'\r\n\
         Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    // The browser may be gone; the answer counts all the same.
    let sent = async {
        stream.write_all(response.as_bytes()).await?;
        stream.shutdown().await
    };
    let _ = timeout(HEAD_TIME, sent).await;
}

const DONE: (&str, &str) = (
    "Back to your application",
    "It takes it from here. You can close this window.",
);
const REFUSED: (&str, &str) = (
    "Not signed in",
    "The request was refused. Your application knows why; you can close this window.",
);
const NOT_HERE: (&str, &str) = (
    "Nothing here",
    "This address waits for one particular answer, and this was not it.",
);
const STYLE: &str = "body{margin:0;min-height:100vh;display:grid;place-items:center;font:1.125rem/1.6 system-ui,sans-serif}\
main{max-width:26rem;padding:2rem}h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem}p{margin:0;opacity:.75}";
