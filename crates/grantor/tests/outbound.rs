//! What an operator says about reaching others (`outbound.*`) and about being asked (`limits.*`), as the process keeps to it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

const SOON: Duration = Duration::from_secs(20);

/// A server on this machine with TLS, and how far others came with it.
struct Target {
    address: SocketAddr,
    pem: String,
    connections: Arc<AtomicUsize>,
    handshakes: Arc<AtomicUsize>,
}

impl Target {
    fn new() -> Self {
        let own = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let (pem, key) = (own.cert.pem(), own.signing_key.serialize_pem());
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let config = rustls::ServerConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let counts = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
        let [connections, handshakes] = counts.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            for stream in listener.incoming().map_while(Result::ok) {
                counts[0].fetch_add(1, Ordering::SeqCst);
                stream.set_nonblocking(true).unwrap();
                runtime.block_on(async {
                    let stream = tokio::net::TcpStream::from_std(stream).unwrap();
                    // What it is asked is of no matter: it hangs up.
                    if acceptor.accept(stream).await.is_ok() {
                        counts[1].fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        Self {
            address,
            pem,
            connections,
            handshakes,
        }
    }

    /// Whether it was reached, and whether its certificate was believed.
    fn seen(&self) -> (bool, bool) {
        let [reached, believed] =
            [&self.connections, &self.handshakes].map(|count| count.swap(0, Ordering::SeqCst) > 0);
        (reached, believed)
    }
}

/// A proxy that says no, and what it was asked for.
fn proxy() -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (said, heard) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut line = String::new();
            let _ = BufReader::new(stream).read_line(&mut line);
            if said.send(line).is_err() {
                return;
            }
        }
    });
    (address, heard)
}

/// `grantor serve`, which trusts an issuer whose keys are at that address.
struct Server {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

const ISSUER: &str = "https://idp.example";

impl Server {
    fn start(keys: &str, pem: &str, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("authority.pem"), pem).unwrap();
        let address = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let grantor = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_grantor"));
            let issuer = format!("http://localhost:{}", address.port());
            let command_here = command.current_dir(folder.path()).env_clear();
            command_here.env("GRANTOR_ISSUER", issuer);
            command
        };
        let line = ["trust", ISSUER, "--if", "true", "--client", "x"];
        let trusted = grantor().args(line).args(["--jwks-uri", keys]).output();
        let trusted = trusted.unwrap();
        assert!(trusted.status.success(), "{trusted:?}");
        let child = grantor()
            .arg("serve")
            .env("GRANTOR_LISTEN", address.to_string())
            .envs(settings.iter().copied())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self {
            child,
            address,
            _folder: folder,
        };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < SOON, "it does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    async fn ask(&self, form: &[(&str, &str)]) -> reqwest::Response {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let body = form.iter().map(|(name, value)| format!("{name}={value}"));
        let body = body.collect::<Vec<_>>().join("&");
        let url = format!("http://{}/token", self.address);
        let request = client.post(url).body(body);
        let kind = ("content-type", "application/x-www-form-urlencoded");
        request.header(kind.0, kind.1).send().await.unwrap()
    }

    /// Hands in something that the issuer is said to have signed, so that its keys are looked for.
    async fn look_for_keys(&self) {
        let part = |text: &str| jose::base64url::encode(text);
        let claims = format!(r#"{{"iss":"{ISSUER}","sub":"x"}}"#);
        let assertion = format!("{}.{}.AA", part(r#"{"alg":"ES256"}"#), part(&claims));
        let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
        let answer = self
            .ask(&[("grant_type", grant), ("assertion", &assertion)])
            .await;
        assert_eq!(answer.status(), 401);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Nothing inside is reached; with its network named, it is; its certificate is believed when its authority is.
#[tokio::test]
async fn networks_and_authorities_are_those_of_the_settings() {
    let target = Target::new();
    let keys = format!("https://{}/keys", target.address);
    let network = ("GRANTOR_OUTBOUND_NETWORKS", "127.0.0.0/8");
    let other = ("GRANTOR_OUTBOUND_NETWORKS", "10.0.0.0/8");
    let authority = ("GRANTOR_OUTBOUND_AUTHORITIES", "authority.pem");
    for (settings, seen) in [
        (&[][..], (false, false)),
        (&[authority], (false, false)),
        (&[other, authority], (false, false)),
        (&[network], (true, false)),
        (&[network, authority], (true, true)),
    ] {
        let server = Server::start(&keys, &target.pem, settings);
        server.look_for_keys().await;
        assert_eq!(target.seen(), seen, "{settings:?}");
    }
}

#[tokio::test]
async fn the_proxy_is_that_of_the_settings() {
    let (address, heard) = proxy();
    let setting = ("GRANTOR_OUTBOUND_PROXY", &*format!("http://{address}"));
    let server = Server::start("https://keys.example/keys", "", &[setting]);
    server.look_for_keys().await;
    let line = heard.recv_timeout(SOON).unwrap();
    assert_eq!(line.trim_end(), "CONNECT keys.example:443 HTTP/1.1");
    // The environment's own proxy is not read.
    let (address, heard) = proxy();
    let url = format!("http://{address}");
    let proxies = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"].map(|name| (name, &*url));
    let server = Server::start("https://keys.invalid/keys", "", &proxies);
    server.look_for_keys().await;
    assert!(heard.try_recv().is_err());
}

/// 429 with Retry-After (RFC 6585 §4) after as many as the operator says.
#[tokio::test]
async fn an_endpoint_may_be_asked_as_often_as_the_settings_say() {
    let form = [("grant_type", "client_credentials"), ("client_id", "x")];
    let limit = ("GRANTOR_LIMITS_TOKEN", "2/m");
    for (settings, last) in [(&[limit][..], 429), (&[], 401)] {
        let server = Server::start("https://keys.invalid/", "", settings);
        assert_eq!(server.ask(&form).await.status(), 401);
        assert_eq!(server.ask(&form).await.status(), 401);
        let answer = server.ask(&form).await;
        assert_eq!(answer.status(), last, "{settings:?}");
        assert_eq!(answer.headers().contains_key("retry-after"), last == 429);
    }
}
