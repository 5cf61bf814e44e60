//! TLS, its certificates, and the clients'.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, NamedGroup, RootCertStore, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use web::serve::{Listener, ServeOptions, Tls, TlsOptions};

use super::{Running, exchange, start, start_on};

const PEM: &[u8] = include_bytes!("../localhost.pem");
const KEY: &[u8] = include_bytes!("../localhost.key");

fn der() -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(PEM).unwrap()
}

/// A client that trusts the server's certificate and shows this one, if any.
fn client(shows: Option<CertifiedKey>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(der()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    match shows {
        None => builder.with_no_client_auth(),
        Some(key) => builder.with_client_cert_resolver(Arc::new(Shows(Arc::new(key)))),
    }
}

#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesClientCert for Shows {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn certified(key: &[u8]) -> CertifiedKey {
    let key = PrivateKeyDer::from_pem_slice(key).unwrap();
    CertifiedKey::new(vec![der()], any_supported_type(&key).unwrap())
}

async fn connect(running: &Running, client: ClientConfig) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(running.address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(client))
        .connect(name, stream)
        .await
}

/// What the server says was shown to it; an error when it hung up.
async fn shown(running: &Running, client: ClientConfig) -> std::io::Result<Vec<u8>> {
    let mut stream = connect(running, client).await?;
    let request = "GET /certificate HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let head = answer.windows(4).position(|w| w == b"\r\n\r\n");
    let head = head.ok_or(std::io::ErrorKind::UnexpectedEof)?;
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    Ok(answer[head + 4..].to_vec())
}

async fn asking() -> Running {
    let tls = Tls::asking_from_pem(PEM, KEY).unwrap();
    start_on(ServeOptions::default(), |socket| {
        Listener::with_tls(socket, tls)
    })
    .await
}

/// RFC 8446: who offers nothing younger than TLS 1.2 is refused where the operator wants it so, and after the certificate was replaced too.
#[tokio::test]
async fn tls_1_2_is_refused_where_only_1_3_is_wanted() {
    let old = || {
        let mut roots = RootCertStore::empty();
        roots.add(der()).unwrap();
        ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS12])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    };
    for only_1_3 in [false, true] {
        let options = TlsOptions {
            only_1_3,
            ..TlsOptions::default()
        };
        let tls = Tls::with(PEM, KEY, options).unwrap();
        tls.replace_pem(PEM, KEY).unwrap();
        let running = start_on(ServeOptions::default(), |socket| {
            Listener::with_tls(socket, tls)
        })
        .await;
        assert_eq!(connect(&running, old()).await.is_err(), only_1_3);
        connect(&running, client(None)).await.unwrap();
    }
}

#[tokio::test]
async fn over_tls_a_client_gets_http2_or_http1_as_it_asks() {
    let certificate = include_bytes!("../localhost.pem");
    let tls = Tls::from_pem(certificate, include_bytes!("../localhost.key")).unwrap();
    let options = ServeOptions {
        tls: Some(tls),
        ..ServeOptions::default()
    };
    let running = start(options).await;
    let root = || reqwest::Certificate::from_pem(certificate).unwrap();
    let url = format!("https://localhost:{}/", running.address.port());
    let client = || {
        reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([root()])
    };
    let modern = client().build().unwrap().get(&url).send().await.unwrap();
    assert_eq!(modern.version(), http::Version::HTTP_2);
    assert_eq!(modern.text().await.unwrap(), "127.0.0.1");
    let old = client().http1_only().build().unwrap();
    let old = old.get(&url).send().await.unwrap();
    assert_eq!(old.version(), http::Version::HTTP_11);
    running.shutdown.cancel();
    let done = timeout(Duration::from_secs(5), running.done).await;
    assert!(done.unwrap().unwrap().is_ok());
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_cut_off() {
    let tls = Tls::from_pem(
        include_bytes!("../localhost.pem"),
        include_bytes!("../localhost.key"),
    );
    let options = ServeOptions {
        tls: Some(tls.unwrap()),
        handshake_timeout: Duration::from_millis(200),
        ..ServeOptions::default()
    };
    let running = start(options).await;
    let closed = timeout(Duration::from_secs(5), exchange(running.address, "")).await;
    assert_eq!(closed.expect("the connection is closed"), "");
}

#[test]
fn a_key_that_is_no_key_is_refused() {
    let result = Tls::from_pem(include_bytes!("../localhost.pem"), b"no");
    assert_eq!(result.unwrap_err(), web::serve::TlsError::Key);
    assert!(Tls::from_pem(b"", b"").is_err());
}

/// RFC 8446 §4.2.7 with X25519MLKEM768: what is recorded today stays closed.
#[tokio::test]
async fn the_key_exchange_is_the_hybrid_one_where_the_client_knows_it() {
    let options = ServeOptions {
        tls: Some(Tls::from_pem(PEM, KEY).unwrap()),
        ..ServeOptions::default()
    };
    let running = start(options).await;
    let group = |stream: TlsStream<TcpStream>| {
        let negotiated = stream.get_ref().1.negotiated_key_exchange_group();
        negotiated.unwrap().name()
    };
    let modern = connect(&running, client(None)).await.unwrap();
    assert_eq!(group(modern), NamedGroup::X25519MLKEM768);
    // One that names it last is brought to it all the same; one that does not know it is served too.
    let mut provider = default_provider();
    provider.kx_groups.reverse();
    let with = |provider| {
        let mut roots = RootCertStore::empty();
        roots.add(der()).unwrap();
        ClientConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    };
    let mut old = provider.clone();
    old.kx_groups
        .retain(|group| group.name() == NamedGroup::X25519);
    let last = connect(&running, with(provider)).await.unwrap();
    assert_ne!(group(last), NamedGroup::X25519);
    let old = connect(&running, with(old)).await.unwrap();
    assert_eq!(group(old), NamedGroup::X25519);
}

/// RFC 8705 §2: the certificate may be anybody's, its key must be the client's.
#[tokio::test]
async fn a_listener_that_asks_passes_on_a_certificate_whose_key_the_client_has() {
    let running = asking().await;
    let with = shown(&running, client(Some(certified(KEY)))).await;
    assert_eq!(with.unwrap(), der().to_vec());
    let without = shown(&running, client(None)).await;
    assert_eq!(without.unwrap(), Vec::<u8>::new());
}

#[tokio::test]
async fn a_certificate_that_somebody_else_has_the_key_of_ends_the_handshake() {
    let running = asking().await;
    let stolen = certified(include_bytes!("../other.key"));
    assert!(shown(&running, client(Some(stolen))).await.is_err());
}

#[tokio::test]
async fn a_listener_that_does_not_ask_takes_no_certificate() {
    let options = ServeOptions {
        tls: Some(Tls::from_pem(PEM, KEY).unwrap()),
        ..ServeOptions::default()
    };
    let running = start(options).await;
    let shown = shown(&running, client(Some(certified(KEY)))).await;
    assert_eq!(shown.unwrap(), Vec::<u8>::new());
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_leaves_the_old_one_in_place() {
    let tls = Tls::from_pem(PEM, KEY).unwrap();
    let options = ServeOptions {
        tls: Some(tls.clone()),
        ..ServeOptions::default()
    };
    let running = start(options).await;
    assert!(
        tls.replace_pem(PEM, include_bytes!("../other.key"))
            .is_err()
    );
    assert!(tls.replace_pem(b"", KEY).is_err());
    assert!(connect(&running, client(None)).await.is_ok());
}
