//! Servers that mean harm, and the operator's proxy.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::net::SocketAddr;
use std::time::Duration;

use fetch::{Error, Fetch, FetchOptions, guard};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Lets `answer` have one connection, after its first bytes were read.
async fn server<F>(answer: impl FnOnce(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        answer(stream).await;
    });
    address
}

fn client(change: impl FnOnce(&mut FetchOptions)) -> Fetch {
    let mut options = FetchOptions::loopback();
    options.timeout = Duration::from_millis(400);
    change(&mut options);
    Fetch::new(options).unwrap()
}

#[tokio::test]
async fn an_answer_that_trickles_is_given_up() {
    let trickle = |head: &'static str, drop: &'static str| {
        server(move |mut stream| async move {
            let _ = stream.write_all(head.as_bytes()).await;
            while stream.write_all(drop.as_bytes()).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
    };
    for (head, drop) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n", "x"),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "1\r\nx\r\n",
        ),
        ("HTTP/1.1 200 OK\r\n", "a"),
        ("", "H"),
    ] {
        let at = trickle(head, drop).await;
        let begun = tokio::time::Instant::now();
        let error = client(|_| {})
            .get(&format!("http://{at}/"))
            .await
            .unwrap_err();
        assert!(
            matches!(error, Error::Timeout | Error::Protocol),
            "{head}: {error}"
        );
        assert!(begun.elapsed() < Duration::from_secs(3), "{head}");
    }
}

#[tokio::test]
async fn headers_without_end_are_given_up() {
    for line in ["a: b\r\n", "a: ", "long-name-"] {
        let at = server(move |mut stream| async move {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
            let many = line.repeat(1000);
            for _ in 0..10_000 {
                if stream.write_all(many.as_bytes()).await.is_err() {
                    return;
                }
            }
        })
        .await;
        let error = client(|options| options.timeout = Duration::from_secs(10))
            .get(&format!("http://{at}/"))
            .await
            .unwrap_err();
        assert_eq!(error, Error::Protocol, "{line}");
    }
}

/// A bomb stays as small as it came: nothing is unpacked.
#[tokio::test]
async fn what_is_compressed_is_not_unpacked() {
    // The gzip of a megabyte of zeros begins so.
    let packed: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xec, 0xc1];
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {}\r\n\r\n",
            packed.len()
        );
        let at = server(move |mut stream| async move {
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(packed).await.unwrap();
        })
        .await;
        let response = client(|_| {}).get(&format!("http://{at}/")).await.unwrap();
        assert_eq!(&response.body[..], packed, "{encoding}");
    }
}

/// Nor does it ask for anything packed.
#[tokio::test]
async fn no_encoding_is_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 4096];
        let length = stream.read(&mut head).await.unwrap();
        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        String::from_utf8_lossy(&head[..length]).to_ascii_lowercase()
    });
    client(|_| {}).get(&format!("http://{at}/")).await.unwrap();
    assert!(!asked.await.unwrap().contains("accept-encoding"));
}

#[tokio::test]
async fn a_proxy_that_the_operator_names_is_asked_for_names_and_never_for_private_addresses() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 4096];
        let length = stream.read(&mut head).await.unwrap();
        let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await;
        String::from_utf8_lossy(&head[..length]).into_owned()
    });
    let fetch = Fetch::new(FetchOptions {
        proxy: Some(format!("http://{at}").parse().unwrap()),
        timeout: Duration::from_secs(5),
        ..FetchOptions::default()
    })
    .unwrap();
    for (url, kind) in [
        ("https://10.0.0.1/", guard::Kind::Private),
        ("https://[::ffff:169.254.169.254]/", guard::Kind::LinkLocal),
        ("https://[64:ff9b::7f00:1]/", guard::Kind::Loopback),
        ("https://0x7f.1/", guard::Kind::Loopback),
        ("https://localhost./", guard::Kind::Loopback),
    ] {
        assert_eq!(
            fetch.get(url).await.unwrap_err(),
            Error::Address(kind),
            "{url}"
        );
    }
    // The name does not exist: had it been resolved here, that would be the error.
    let error = fetch.get("https://client.invalid/keys").await.unwrap_err();
    assert!(matches!(error, Error::Connect | Error::Protocol), "{error}");
    let head = asked.await.unwrap();
    assert!(head.starts_with("CONNECT client.invalid:443 "), "{head}");
}

/// A server at 127.0.0.1 that speaks TLS, with the authority that vouches for it.
async fn over_tls() -> (SocketAddr, String) {
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let pem = authority.self_signed(&key).unwrap().pem();
    let issuer = rcgen::Issuer::new(authority, key);
    let own = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()])
        .unwrap()
        .signed_by(&own, &issuer)
        .unwrap();
    let config = tokio_rustls::rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            own.serialize_der().try_into().unwrap(),
        )
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")
                    .await;
                let _ = stream.shutdown().await;
            }
        }
    });
    (address, pem)
}

#[tokio::test]
async fn a_network_and_an_authority_that_the_operator_names_are_reached_by_https() {
    let (at, pem) = over_tls().await;
    let of = |networks: &[&str], roots: &[&String]| {
        Fetch::new(FetchOptions {
            allow_networks: networks.iter().map(|n| n.parse().unwrap()).collect(),
            extra_roots: roots.iter().map(|root| (*root).clone()).collect(),
            timeout: Duration::from_secs(5),
            ..FetchOptions::default()
        })
        .unwrap()
    };
    let url = format!("https://{at}/");
    let response = of(&["127.0.0.0/8"], &[&pem]).get(&url).await.unwrap();
    assert_eq!(response.text(), Ok("hi"));
    let refused = async |fetch: Fetch, url: &str| fetch.get(url).await.unwrap_err();
    let loopback = Error::Address(guard::Kind::Loopback);
    assert_eq!(refused(of(&[], &[&pem]), &url).await, loopback);
    assert_eq!(refused(of(&["10.0.0.0/8"], &[&pem]), &url).await, loopback);
    assert_eq!(
        refused(of(&["127.0.0.0/8"], &[]), &url).await,
        Error::Connect
    );
    let plain = format!("http://{at}/");
    assert_eq!(
        refused(of(&["127.0.0.0/8"], &[&pem]), &plain).await,
        Error::Scheme
    );
}

/// A redirect is an answer: wherever it leads, and however that is written, nobody goes there; and whoever asks for it by itself is stopped.
#[tokio::test]
async fn no_redirect_leads_inside_in_whatever_form_it_is_written() {
    let inside = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = inside.local_addr().unwrap().port();
    let reached = tokio::spawn(async move { inside.accept().await.is_ok() });
    let strict = Fetch::new(FetchOptions::default()).unwrap();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "017700000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[::127.0.0.1]",
        "[2002:7f00:1::]",
        "localhost",
        "a.localhost",
        "0",
        "0.0.0.0",
        "10.0.0.1",
        "167772161",
        "0xa000001",
        "012.0.0.1",
        "192.168.1.1",
        "3232235777",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
    ] {
        for status in [
            "301 Moved",
            "302 Found",
            "303 See Other",
            "307 Temporary",
            "308 Permanent",
        ] {
            let location = format!("https://{host}:{port}/");
            let head = format!(
                "HTTP/1.1 {status}\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            let at = server(move |mut stream| async move {
                stream.write_all(head.as_bytes()).await.unwrap();
            })
            .await;
            let response = client(|_| {}).get(&format!("http://{at}/")).await.unwrap();
            assert!(response.status.is_redirection(), "{host}: {response:?}");
            assert_eq!(response.header("location"), Some(location.as_str()));
            let followed = strict.get(&location).await.unwrap_err();
            assert!(matches!(followed, Error::Address(_)), "{host}: {followed}");
        }
    }
    assert!(!reached.is_finished(), "somebody went inside");
}
