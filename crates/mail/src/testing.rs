//! A mail server of one's own, for tests: it takes letters, or refuses as it is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// How it speaks TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Not at all.
    None,
    /// After STARTTLS; before that it takes no letter.
    StartTls,
    /// From the first byte.
    Wrapped,
}

/// A letter it took.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The envelope: from whom.
    pub from: String,
    /// The envelope: to whom.
    pub to: Vec<String>,
    /// What the sender authenticated with, as it was sent (`AUTH PLAIN …`).
    pub auth: Option<String>,
    /// The letter, without the dots that hide dots.
    pub text: String,
}

/// A mail server on a port of its own.
#[derive(Clone)]
pub struct Postbox {
    /// Where it listens.
    pub address: SocketAddr,
    /// The certificate (PEM) of its name, `localhost`.
    pub authority: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    taken: Mutex<Vec<Taken>>,
    recipients: Mutex<VecDeque<u16>>,
}

impl std::fmt::Debug for Postbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Postbox({})", self.address)
    }
}

impl Postbox {
    /// One that listens on any port.
    pub async fn open(security: Security) -> Self {
        Self::open_at(SocketAddr::from(([127, 0, 0, 1], 0)), security).await
    }

    /// One that listens there.
    pub async fn open_at(address: SocketAddr, security: Security) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], der)
            .unwrap();
        let tls = TlsAcceptor::from(Arc::new(config));
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (state, tls) = (Arc::clone(&shared), tls.clone());
                tokio::spawn(async move {
                    let session = Session::new(&state, security == Security::StartTls);
                    if security == Security::Wrapped {
                        if let Ok(stream) = tls.accept(socket).await {
                            session.speak(BufReader::new(stream), true).await;
                        }
                    } else if let Some(socket) = session.speak(BufReader::new(socket), true).await
                        && let Ok(stream) = tls.accept(socket).await
                    {
                        let session = Session::new(&state, false);
                        session.speak(BufReader::new(stream), false).await;
                    }
                });
            }
        });
        Self {
            address,
            authority: certificate.pem(),
            state,
        }
    }

    /// What it answers when the next recipients are named; 250 afterwards.
    pub fn answers(&self, statuses: &[u16]) {
        self.state.recipients.lock().unwrap().extend(statuses);
    }

    /// What it took since this was asked last.
    pub fn taken(&self) -> Vec<Taken> {
        std::mem::take(&mut self.state.taken.lock().unwrap())
    }
}

struct Session<'a> {
    state: &'a State,
    /// Whether STARTTLS has to come first.
    upgrades: bool,
}

impl<'a> Session<'a> {
    fn new(state: &'a State, upgrades: bool) -> Self {
        Self { state, upgrades }
    }

    /// Speaks until the end, or until STARTTLS: then gives the stream back.
    async fn speak<S>(&self, mut stream: BufReader<S>, greets: bool) -> Option<S>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if greets {
            say(&mut stream, "220 localhost ESMTP").await?;
        }
        let (mut from, mut to, mut auth) = (String::new(), Vec::new(), None);
        loop {
            let line = hear(&mut stream).await?;
            let verb = line
                .split([' ', ':'])
                .next()
                .unwrap_or_default()
                .to_uppercase();
            match verb.as_str() {
                "EHLO" if self.upgrades => {
                    say(&mut stream, "250-localhost\r\n250 STARTTLS").await?
                }
                "EHLO" => say(&mut stream, "250-localhost\r\n250 AUTH PLAIN").await?,
                "STARTTLS" if self.upgrades => {
                    say(&mut stream, "220 go on").await?;
                    return Some(stream.into_inner());
                }
                "QUIT" => {
                    say(&mut stream, "221 bye").await?;
                    return None;
                }
                _ if self.upgrades => say(&mut stream, "530 STARTTLS first").await?,
                "AUTH" => {
                    auth = Some(line);
                    say(&mut stream, "235 welcome").await?;
                }
                "MAIL" => {
                    from = line;
                    say(&mut stream, "250 ok").await?;
                }
                "RCPT" => {
                    let next = self.state.recipients.lock().unwrap().pop_front();
                    let status = next.unwrap_or(250);
                    if status == 250 {
                        to.push(line);
                    }
                    say(&mut stream, &format!("{status} what it means")).await?;
                }
                "DATA" => {
                    say(&mut stream, "354 go on").await?;
                    let text = letter(&mut stream).await?;
                    let (from, to) = (std::mem::take(&mut from), std::mem::take(&mut to));
                    let auth = auth.clone();
                    let taken = Taken {
                        from,
                        to,
                        auth,
                        text,
                    };
                    self.state.taken.lock().unwrap().push(taken);
                    say(&mut stream, "250 taken").await?;
                }
                _ => say(&mut stream, "250 ok").await?,
            }
        }
    }
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    text: &str,
) -> Option<()> {
    let bytes = format!("{text}\r\n");
    stream.write_all(bytes.as_bytes()).await.ok()?;
    stream.flush().await.ok()
}

async fn hear<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    let length = stream.read_line(&mut line).await.ok()?;
    (length > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

async fn letter<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut text = String::new();
    loop {
        let line = hear(stream).await?;
        if line == "." {
            return Some(text);
        }
        let shown = line.strip_prefix('.').unwrap_or(&line);
        text.push_str(shown);
        text.push_str("\r\n");
    }
}
