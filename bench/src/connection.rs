//! A keep-alive HTTP/1.1 connection that costs the load generator as little as possible: requests are ready-made bytes, answers are cut apart and not
//! parsed further.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// The body of an answer that came in chunks, put together.
    joined: Vec<u8>,
}

/// An answer, borrowed from the connection until the next request.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    head: &'a str,
    pub(crate) body: &'a [u8],
}

impl Answer<'_> {
    /// A header's value, however its name is cased.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| value_of(line, name))
    }

    /// The values of a header that may come several times.
    pub(crate) fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let lines = self.head.lines();
        lines.filter_map(move |line| value_of(line, name))
    }

    /// The string member `name` of a JSON body, found without parsing the whole.
    pub(crate) fn member(&self, name: &str) -> Option<&str> {
        let text = std::str::from_utf8(self.body).ok()?;
        let (_, rest) = text.split_once(&format!("\"{name}\":"))?;
        rest.trim_start().strip_prefix('"')?.split('"').next()
    }

    /// What it says, for an error.
    pub(crate) fn text(&self) -> String {
        let body = String::from_utf8_lossy(self.body);
        format!(
            "{}: {}",
            self.status,
            body.chars().take(300).collect::<String>()
        )
    }
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(4 * 1024),
            joined: Vec::new(),
        })
    }

    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (head_end, length) = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break (end + 4, Length::of(&self.buffer[..end]));
            }
            self.fill().await?;
        };
        let body = match length {
            Length::Known(length) => {
                while self.buffer.len() < head_end + length {
                    self.fill().await?;
                }
                &self.buffer[head_end..head_end + length]
            }
            Length::Chunked => {
                self.join(head_end).await?;
                &self.joined
            }
        };
        let head = std::str::from_utf8(&self.buffer[..head_end]).map_err(|_| broken())?;
        let status = head
            .get(9..12)
            .and_then(|text| text.parse().ok())
            .ok_or_else(broken)?;
        Ok(Answer { status, head, body })
    }

    /// Gives back the memory that the last answer took.
    pub(crate) fn rest(&mut self) {
        (self.buffer, self.joined) = (Vec::new(), Vec::new());
    }

    /// Whether the other side has not closed it. Only right between two exchanges.
    pub(crate) fn is_open(&mut self) -> bool {
        let mut byte = [0];
        match self.stream.try_read(&mut byte) {
            Ok(_) => false,
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        }
    }

    /// Reads chunks (RFC 9112 §7.1) until the last one.
    async fn join(&mut self, mut at: usize) -> io::Result<()> {
        self.joined.clear();
        loop {
            let line_end = loop {
                if let Some(end) = find(&self.buffer[at..], b"\r\n") {
                    break at + end;
                }
                self.fill().await?;
            };
            let line = std::str::from_utf8(&self.buffer[at..line_end]).map_err(|_| broken())?;
            let digits = line.split(';').next().unwrap_or(line).trim();
            let size = usize::from_str_radix(digits, 16).map_err(|_| broken())?;
            let (start, end) = (line_end + 2, line_end + 2 + size);
            while self.buffer.len() < end + 2 {
                self.fill().await?;
            }
            self.joined.extend_from_slice(&self.buffer[start..end]);
            at = end + 2;
            if size == 0 {
                return Ok(());
            }
        }
    }

    async fn fill(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// The value of a header's line, if it has this name.
fn value_of<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (own, value) = line.split_once(':')?;
    own.eq_ignore_ascii_case(name).then(|| value.trim())
}

fn broken() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

/// How much body follows a head.
#[derive(Debug, PartialEq, Eq)]
enum Length {
    Known(usize),
    Chunked,
}

impl Length {
    fn of(head: &[u8]) -> Self {
        let text = std::str::from_utf8(head).unwrap_or("");
        for line in text.lines() {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            if name.eq_ignore_ascii_case("content-length") {
                return Self::Known(value.trim().parse().unwrap_or(0));
            }
            if name.eq_ignore_ascii_case("transfer-encoding") {
                return Self::Chunked;
            }
        }
        Self::Known(0)
    }
}

/// A request with a form as its body.
pub(crate) fn post(host: &str, path: &str, authorization: &str, form: &str) -> Vec<u8> {
    let head = [("authorization", authorization)];
    post_with(host, path, &head, form)
}

/// A request with a form as its body and these headers.
pub(crate) fn post_with(host: &str, path: &str, head: &[(&str, &str)], form: &str) -> Vec<u8> {
    let mut text = start("POST", host, path, head);
    text.push_str(&format!(
        "content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    ));
    text.into_bytes()
}

/// A request without a body.
pub(crate) fn get(host: &str, path: &str, head: &[(&str, &str)]) -> Vec<u8> {
    let mut text = start("GET", host, path, head);
    text.push_str("\r\n");
    text.into_bytes()
}

fn start(method: &str, host: &str, path: &str, head: &[(&str, &str)]) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n");
    for (name, value) in head {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use tokio::net::TcpListener;

    /// Answers each connection's first request with these bytes, a piece at a time.
    async fn answering(pieces: &'static [&'static str]) -> Connection {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await.unwrap();
            for piece in pieces {
                stream.write_all(piece.as_bytes()).await.unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
        });
        Connection::open(address).await.unwrap()
    }

    #[tokio::test]
    async fn an_answer_is_read_whole_however_it_is_cut() {
        let pieces = &[
            "HTTP/1.1 200 OK\r\nContent-Le",
            "ngth: 20\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r",
            "\n{\"access_tok",
            "en\":\"x\"}",
        ];
        let mut connection = answering(pieces).await;
        let answer = connection.exchange(&get("h", "/", &[])).await.unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.member("access_token"), Some("x"));
        assert_eq!(answer.headers("Set-Cookie").count(), 2);
    }

    #[tokio::test]
    async fn chunks_are_put_together() {
        let pieces = &[
            "HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab",
            "c\r\n2;x=1\r\nde\r\n0\r\n\r\n",
        ];
        let mut connection = answering(pieces).await;
        let answer = connection.exchange(&get("h", "/", &[])).await.unwrap();
        assert_eq!((answer.status, answer.body), (503, &b"abcde"[..]));
    }

    #[tokio::test]
    async fn an_answer_that_ends_early_is_an_error() {
        let mut connection = answering(&["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"]).await;
        assert!(connection.exchange(&get("h", "/", &[])).await.is_err());
    }
}
