//! DNS rebinding: a name that leads to one address when it is checked and to another when it is connected to, and names that lead to both at once.
//! 127.0.0.1 stands for a public address, because the operator's options allow it; 127.0.0.2 for one inside, because they do not. Both listen at the same port.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::Lookup;
use crate::guard::Kind;
use crate::{Error, Fetch, FetchOptions};

const PUBLIC: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const INSIDE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const NAME: &str = "rebind.example";

/// Two servers at one port, and how often each was connected to.
struct Net {
    port: u16,
    root: String,
    public: Arc<AtomicUsize>,
    inside: Arc<AtomicUsize>,
}

impl Net {
    async fn new() -> Self {
        let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let root = authority.self_signed(&key).unwrap().pem();
        let issuer = rcgen::Issuer::new(authority, key);
        let own = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec![NAME.to_owned()]).unwrap();
        let certificate = params.signed_by(&own, &issuer).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                own.serialize_der().try_into().unwrap(),
            )
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((PUBLIC, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let second = TcpListener::bind((INSIDE, port)).await.unwrap();
        Self {
            port,
            root,
            public: serve(listener, acceptor.clone()),
            inside: serve(second, acceptor),
        }
    }

    /// A client that finds these, one answer after the other, the last one again and again; and how often it has asked.
    fn client(&self, answers: Vec<Vec<Ipv4Addr>>) -> (Fetch, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let lookup: Lookup = Arc::new(move |name| {
            assert_eq!(name, NAME);
            let turn = counted.fetch_add(1, Ordering::SeqCst);
            let found = answers.get(turn).or(answers.last()).cloned();
            Box::pin(async move {
                let found = found.filter(|found| !found.is_empty());
                let found = found.ok_or_else(|| io::Error::other("no such name"))?;
                Ok(found
                    .into_iter()
                    .map(|ip| SocketAddr::from((ip, 0)))
                    .collect())
            })
        });
        let options = FetchOptions {
            allow_networks: vec![IpAddr::from(PUBLIC).into()],
            extra_roots: vec![self.root.clone()],
            ..FetchOptions::default()
        };
        (Fetch::asking(options, &lookup).unwrap(), asked)
    }

    fn url(&self) -> String {
        format!("https://{NAME}:{}/", self.port)
    }

    fn connections(&self) -> (usize, usize) {
        let count = |of: &AtomicUsize| of.load(Ordering::SeqCst);
        (count(&self.public), count(&self.inside))
    }
}

/// Answers each connection once and closes it, so that the next request resolves anew.
fn serve(listener: TcpListener, acceptor: TlsAcceptor) -> Arc<AtomicUsize> {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let _ = stream.read(&mut [0; 4096]).await;
                let answer = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    connections
}

/// What was checked is what is connected to: nobody asks a second time between the two.
#[tokio::test]
async fn a_name_that_changes_its_mind_is_not_followed_inside() {
    let net = Net::new().await;
    let (fetch, asked) = net.client(vec![vec![PUBLIC], vec![INSIDE]]);
    assert!(fetch.get(&net.url()).await.is_ok());
    assert_eq!(
        (net.connections(), asked.load(Ordering::SeqCst)),
        ((1, 0), 1)
    );
    for _ in 0..3 {
        let error = fetch.get(&net.url()).await.unwrap_err();
        assert_eq!(error, Error::Address(Kind::Loopback));
    }
    assert_eq!(net.connections(), (1, 0));
}

/// Of several addresses only those that may be reached are tried, wherever they stand.
#[tokio::test]
async fn a_name_that_leads_to_both_leads_outside_alone() {
    let net = Net::new().await;
    for found in [[INSIDE, PUBLIC], [PUBLIC, INSIDE]] {
        let (fetch, _) = net.client(vec![found.to_vec()]);
        assert!(fetch.get(&net.url()).await.is_ok(), "{found:?}");
    }
    assert_eq!(net.connections(), (2, 0));
}

/// Nor is an address inside what is left when the one outside does not answer.
#[tokio::test]
async fn an_address_outside_that_is_closed_is_no_way_inside() {
    let net = Net::new().await;
    let listener = TcpListener::bind((INSIDE, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (fetch, _) = net.client(vec![vec![PUBLIC, INSIDE]]);
    let url = format!("https://{NAME}:{port}/");
    let reached = tokio::spawn(async move { listener.accept().await.is_ok() });
    assert_eq!(fetch.get(&url).await.unwrap_err(), Error::Connect);
    assert!(!reached.is_finished(), "the one inside was connected to");
}

/// A name that is gone is not the one that was there.
#[tokio::test]
async fn a_name_that_is_gone_is_not_remembered() {
    let net = Net::new().await;
    let (fetch, _) = net.client(vec![vec![PUBLIC], Vec::new()]);
    assert!(fetch.get(&net.url()).await.is_ok());
    assert_eq!(fetch.get(&net.url()).await.unwrap_err(), Error::Resolve);
}
