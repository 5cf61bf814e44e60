//! `grantor serve` as a process: TLS, certificates, limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{ClientConfig, NamedGroup, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::TlsConnector;

const SOON: Duration = Duration::from_secs(20);

/// A certificate for localhost with its key: PEM and DER.
struct Pair {
    pem: String,
    key: String,
    der: CertificateDer<'static>,
}

fn pair() -> Pair {
    let made = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let CertifiedKey { cert, signing_key } = made;
    Pair {
        pem: cert.pem(),
        key: signing_key.serialize_pem(),
        der: cert.der().clone(),
    }
}

struct Server {
    child: Child,
    lines: Receiver<String>,
    folder: tempfile::TempDir,
    address: SocketAddr,
    asking: SocketAddr,
    /// What it said until it listened.
    began: Vec<String>,
}

fn free() -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap()
}

fn write(folder: &Path, pair: &Pair) {
    std::fs::write(folder.join("cert.pem"), &pair.pem).unwrap();
    std::fs::write(folder.join("key.pem"), &pair.key).unwrap();
}

impl Server {
    fn start(pair: Option<&Pair>, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (address, asking) = (free(), free());
        let scheme = if pair.is_some() { "https" } else { "http" };
        let mut command = Command::new(env!("CARGO_BIN_EXE_grantor"));
        command
            .arg("serve")
            .current_dir(folder.path())
            .env_clear()
            .env(
                "GRANTOR_ISSUER",
                format!("{scheme}://localhost:{}", address.port()),
            )
            .env("GRANTOR_LISTEN", address.to_string())
            .env("GRANTOR_LOG_FORMAT", "json")
            .envs(settings.iter().copied());
        if let Some(pair) = pair {
            write(folder.path(), pair);
            command
                .env("GRANTOR_TLS_CERTIFICATE", "cert.pem")
                .env("GRANTOR_TLS_KEY", "key.pem")
                .env("GRANTOR_TLS_MTLS_LISTEN", asking.to_string());
        }
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let (said, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if said.send(line).is_err() {
                    return;
                }
            }
        });
        let mut server = Self {
            child,
            lines,
            folder,
            address,
            asking,
            began: Vec::new(),
        };
        loop {
            let line = server.lines.recv_timeout(SOON).expect("it listens");
            server.began.push(line);
            if server.began.iter().any(|line| line.contains("listening")) {
                return server;
            }
        }
    }

    /// Waits for a line of the log that says this.
    fn hear(&self, text: &str) -> String {
        let begun = Instant::now();
        while let Some(left) = SOON.checked_sub(begun.elapsed()) {
            let line = self.lines.recv_timeout(left).expect("the server says it");
            if line.contains(text) {
                return line;
            }
        }
        panic!("nothing said {text}");
    }

    fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        let kill = kill.args(["-s", name, &self.child.id().to_string()]);
        assert!(kill.status().unwrap().success());
    }

    async fn connect(
        &self,
        address: SocketAddr,
        config: ClientConfig,
    ) -> std::io::Result<tokio_rustls::client::TlsStream<tokio::net::TcpStream>> {
        let stream = tokio::net::TcpStream::connect(address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that trusts this certificate only, and shows its own if it is asked and has one.
fn client(trusts: &Pair, shows: Option<&Pair>) -> ClientConfig {
    static PROVIDER: OnceLock<Arc<rustls::crypto::CryptoProvider>> = OnceLock::new();
    let provider = PROVIDER.get_or_init(|| rustls::crypto::aws_lc_rs::default_provider().into());
    let mut roots = RootCertStore::empty();
    roots.add(trusts.der.clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    match shows {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
            builder
                .with_client_auth_cert(vec![own.der.clone()], key)
                .unwrap()
        }
    }
}

fn http(trusts: &Pair) -> reqwest::Client {
    let root = reqwest::Certificate::from_pem(trusts.pem.as_bytes()).unwrap();
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([root])
        .build()
        .unwrap()
}

#[tokio::test]
async fn over_tls_everything_is_at_the_issuer_and_the_key_exchange_is_hybrid() {
    let own = pair();
    let server = Server::start(Some(&own), &[]);
    let issuer = format!("https://localhost:{}", server.address.port());
    let url = format!("{issuer}/.well-known/openid-configuration");
    let answer = http(&own).get(&url).send().await.unwrap();
    assert_eq!(answer.version(), http::Version::HTTP_2);
    let metadata: serde_json::Value =
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(metadata["issuer"], issuer);
    let stream = server
        .connect(server.address, client(&own, None))
        .await
        .unwrap();
    let group = stream.get_ref().1.negotiated_key_exchange_group().unwrap();
    assert_eq!(group.name(), NamedGroup::X25519MLKEM768);
    // The other listener serves clients with a certificate and clients without.
    for shows in [None, Some(&pair())] {
        assert!(
            server
                .connect(server.asking, client(&own, shows))
                .await
                .is_ok()
        );
    }
    server.signal("TERM");
    server.hear("stopping");
}

/// The certificate is renewed while connections go on; half a renewal, and nonsense, leave the old one.
#[tokio::test]
async fn a_new_certificate_is_used_without_a_restart_and_a_bad_one_is_not() {
    let (old, new) = (pair(), pair());
    let server = Server::start(Some(&old), &[]);
    let folder = server.folder.path();
    let trusted = async |pair: &Pair| {
        server
            .connect(server.address, client(pair, None))
            .await
            .is_ok()
    };
    assert!(trusted(&old).await && !trusted(&new).await);

    std::fs::write(folder.join("cert.pem"), &new.pem).unwrap();
    server.signal("HUP");
    let refused = server.hear("the new certificate is refused");
    assert!(refused.contains("\"ERROR\"") && !refused.contains("PRIVATE KEY"));
    assert!(trusted(&old).await && !trusted(&new).await);

    // Found without a signal.
    std::fs::write(folder.join("key.pem"), &new.key).unwrap();
    server.hear("a new certificate is in use");
    assert!(trusted(&new).await && !trusted(&old).await);

    std::fs::remove_file(folder.join("cert.pem")).unwrap();
    server.signal("HUP");
    server.hear("cannot be read");
    assert!(trusted(&new).await);
}

/// RFC 6797 §7.2: said at an https issuer that is not loopback, and never at an http one.
#[tokio::test]
async fn browsers_are_told_to_come_back_by_https_where_the_issuer_is_https() {
    let said = async |settings: &[(&str, &str)]| {
        let server = Server::start(None, settings);
        let url = format!("http://{}/.well-known/openid-configuration", server.address);
        let plain = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = plain.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let value = answer.headers().get("strict-transport-security");
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    let https = ("GRANTOR_ISSUER", "https://id.example");
    assert_eq!(said(&[https]).await.as_deref(), Some("max-age=31536000"));
    let week = ("GRANTOR_HTTP_HSTS_MAX_AGE", "604800");
    assert_eq!(
        said(&[https, week]).await.as_deref(),
        Some("max-age=604800")
    );
    let none = ("GRANTOR_HTTP_HSTS_MAX_AGE", "0");
    assert_eq!(said(&[https, none]).await, None);
    assert_eq!(said(&[]).await, None);
    assert_eq!(
        said(&[("GRANTOR_ISSUER", "https://localhost:8443")]).await,
        None
    );
}

/// Where the limit of open files is lower than the bound on connections, that is said at start.
#[test]
fn open_files_are_raised_to_what_is_allowed_and_too_few_are_warned_of() {
    let server = Server::start(None, &[("GRANTOR_HTTP_MAX_CONNECTIONS", "4000000000")]);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.child.id()));
    let warned = |server: &Server| {
        let mut began = server.began.iter();
        began.any(|line| line.contains("WARN") && line.contains("fewer files may be open"))
    };
    assert!(warned(&server), "{:?}", server.began);
    drop(server);
    assert!(!warned(&Server::start(
        None,
        &[("GRANTOR_HTTP_MAX_CONNECTIONS", "1")]
    )));
    let Ok(limits) = limits else {
        return; // Not Linux.
    };
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .unwrap();
    let numbers: Vec<&str> = files["Max open files".len()..].split_whitespace().collect();
    assert_eq!(numbers[0], numbers[1], "{files}");
}

/// The first start makes keys, but no RSA key before it answers.
#[tokio::test]
async fn it_answers_soon_after_it_was_started() {
    let begun = Instant::now();
    let server = Server::start(None, &[]);
    let url = format!("http://{}/jwks", server.address);
    let plain = reqwest::Client::builder().no_proxy().build().unwrap();
    assert_eq!(plain.get(url).send().await.unwrap().status(), 200);
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn settings_that_belong_together_are_asked_for_together() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value, says) in [
        (
            "GRANTOR_TLS_MTLS_LISTEN",
            "127.0.0.1:1",
            "tls.mtls_listen: needs tls.certificate",
        ),
        (
            "GRANTOR_CLIENT_CERTIFICATE_HEADER",
            "Client-Cert",
            "client_certificate_header: is believed of trusted_proxies only",
        ),
        (
            "GRANTOR_FORWARDED_HOST",
            "true",
            "forwarded_host: is believed of trusted_proxies only",
        ),
        (
            "GRANTOR_FORWARDED_HOST",
            "yes",
            "`yes` is neither true nor false",
        ),
        (
            "GRANTOR_CLIENT_CERTIFICATE_HEADER",
            "a b",
            "`a b` cannot be the name of a header",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_grantor"))
            .args(["serve", "--check"])
            .current_dir(folder.path())
            .env_clear()
            .env(name, value)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(says), "{said}");
    }
}
