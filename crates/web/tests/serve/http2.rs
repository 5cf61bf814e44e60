//! HTTP/2, by ALPN or in the clear, and what a client may do with it.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use web::serve::ServeOptions;

use super::{Running, exchange, start};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SOON: Duration = Duration::from_secs(5);

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// GET of a path, the end of its stream: indexed names of RFC 7541 appendix A.
fn get(stream: u32, path: &str) -> Vec<u8> {
    let mut block = vec![0x82, 0x86, 0x04, u8::try_from(path.len()).unwrap()];
    block.extend(path.as_bytes());
    block.extend([0x41, 1, b'x']);
    frame(HEADERS, 0x5, stream, &block)
}

/// Says hello, with one setting.
async fn hello(running: &Running, setting: (u16, u32)) -> TcpStream {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(PREFACE).await.unwrap();
    let mut payload = setting.0.to_be_bytes().to_vec();
    payload.extend(setting.1.to_be_bytes());
    let settings = frame(SETTINGS, 0, 0, &payload);
    stream.write_all(&settings).await.unwrap();
    stream.write_all(&frame(SETTINGS, 1, 0, &[])).await.unwrap();
    stream
}

/// The next frame: its kind, its flags, its payload. `None` when the connection has ended.
async fn next(stream: &mut TcpStream) -> Option<(u8, u8, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; length as usize];
    stream.read_exact(&mut payload).await.ok()?;
    Some((head[3], head[4], payload))
}

/// Reads to the end, answering pings; gives the kinds of the frames that came and the last GOAWAY's error.
async fn rest(stream: &mut TcpStream) -> (Vec<u8>, Option<u32>) {
    let (mut kinds, mut error) = (Vec::new(), None);
    while let Some((kind, flags, payload)) = next(stream).await {
        kinds.push(kind);
        if kind == GOAWAY {
            error = Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
        }
        if kind == PING && flags == 0 {
            let _ = stream.write_all(&frame(PING, 1, 0, &payload)).await;
        }
    }
    (kinds, error)
}

/// RFC 9113 §3.3.
#[tokio::test]
async fn in_the_clear_a_client_gets_http2_by_prior_knowledge_and_http1_otherwise() {
    let running = start(ServeOptions::default()).await;
    let url = format!("http://{}/", running.address);
    let client = || reqwest::Client::builder().no_proxy();
    let modern = client().http2_prior_knowledge().build().unwrap();
    for _ in 0..3 {
        let answer = modern.get(&url).send().await.unwrap();
        assert_eq!(answer.version(), http::Version::HTTP_2);
        assert_eq!(answer.text().await.unwrap(), "127.0.0.1");
    }
    let length = modern
        .post(format!("{url}length"))
        .body("x".repeat(300_000));
    assert_eq!(length.send().await.unwrap().text().await.unwrap(), "300000");
    let old = client().build().unwrap().get(&url).send().await.unwrap();
    assert_eq!(old.version(), http::Version::HTTP_11);
}

#[tokio::test]
async fn a_preface_that_comes_byte_by_byte_is_understood_and_one_that_stops_is_cut_off() {
    let options = ServeOptions {
        header_timeout: Duration::from_millis(900),
        ..ServeOptions::default()
    };
    let running = start(options).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    for byte in PREFACE {
        stream.write_all(&[*byte]).await.unwrap();
        sleep(Duration::from_millis(5)).await;
    }
    let hello = frame(SETTINGS, 0, 0, &[]);
    stream.write_all(&hello).await.unwrap();
    let (kind, _, payload) = timeout(SOON, next(&mut stream)).await.unwrap().unwrap();
    assert_eq!(kind, SETTINGS);
    // SETTINGS_MAX_CONCURRENT_STREAMS and SETTINGS_MAX_HEADER_LIST_SIZE (RFC 9113 §6.5.2).
    let settings: Vec<&[u8]> = payload.chunks(6).collect();
    assert!(
        settings.contains(&&[0, 3, 0, 0, 0, 128][..]),
        "{settings:?}"
    );
    assert!(
        settings.contains(&&[0, 6, 0, 0, 128, 0][..]),
        "{settings:?}"
    );
    for part in ["PRI * HT", "PRI * HTTP/2.0\r\n\r\nSM\r\n"] {
        let text = timeout(SOON, exchange(running.address, part)).await;
        assert_eq!(text.expect("the connection is closed"), "");
    }
    // What begins like it and is not it is HTTP/1, and refused there.
    let text = timeout(
        SOON,
        exchange(
            running.address,
            "PRI / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        ),
    )
    .await;
    assert!(text.unwrap().starts_with("HTTP/1.1 405"));
}

/// CVE-2023-44487: streams that are opened and reset at once.
#[tokio::test]
async fn a_client_that_resets_as_fast_as_it_asks_is_sent_away() {
    let running = start(ServeOptions::default()).await;
    let mut stream = hello(&running, (4, 65_535)).await;
    let (mut reader, mut writer) = (Vec::new(), Vec::new());
    for id in (1..20_001).step_by(2) {
        writer.extend(get(id, "/never"));
        writer.extend(frame(RST_STREAM, 0, id, &8_u32.to_be_bytes()));
    }
    let _ = timeout(SOON, stream.write_all(&writer)).await;
    let end = timeout(SOON, stream.read_to_end(&mut reader)).await;
    assert!(end.is_ok(), "the connection ends");
    // Other connections are served.
    let fine = exchange(
        running.address,
        "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    );
    assert!(timeout(SOON, fine).await.unwrap().contains("200 OK"));
}

/// A window of nothing at all: the answers can never be written, and the client is there whenever it is pinged.
#[tokio::test]
async fn a_client_that_never_takes_its_answers_is_cut_off() {
    for (window, path) in [(0, "/page"), (1, "/page"), (100, "/large")] {
        let options = ServeOptions {
            write_timeout: Duration::from_millis(400),
            ..ServeOptions::default()
        };
        let running = start(options).await;
        let mut stream = hello(&running, (4, window)).await;
        let begun = Instant::now();
        for id in [1, 3, 5] {
            stream.write_all(&get(id, path)).await.unwrap();
        }
        let end = timeout(SOON, rest(&mut stream)).await;
        let (kinds, _) = end.unwrap_or_else(|_| panic!("the connection ends: {window}"));
        assert!(kinds.contains(&HEADERS), "{kinds:?}");
        assert_eq!(kinds.contains(&DATA), window > 0, "{kinds:?}");
        assert!(begun.elapsed() >= Duration::from_millis(350));
    }
}

/// A request that the application takes its time for is not the client's fault.
#[tokio::test]
async fn an_answer_that_takes_long_to_make_is_waited_for() {
    let options = ServeOptions {
        write_timeout: Duration::from_millis(100),
        idle_timeout: Duration::from_millis(100),
        ..ServeOptions::default()
    };
    let running = start(options).await;
    let modern = reqwest::Client::builder()
        .no_proxy()
        .http2_prior_knowledge();
    let url = format!("http://{}/slow", running.address);
    let answer = modern.build().unwrap().get(url).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "slow");
}

#[tokio::test]
async fn an_http2_connection_without_requests_is_closed_gently() {
    let options = ServeOptions {
        idle_timeout: Duration::from_millis(400),
        write_timeout: Duration::from_millis(400),
        ..ServeOptions::default()
    };
    let running = start(options).await;
    let mut stream = hello(&running, (4, 65_535)).await;
    stream.write_all(&get(1, "/")).await.unwrap();
    let end = timeout(SOON, rest(&mut stream)).await;
    let (kinds, error) = end.expect("the connection ends");
    assert!(kinds.contains(&DATA), "{kinds:?}");
    assert_eq!(error, Some(0), "GOAWAY without an error");
    // One that says nothing after its preface goes too.
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    silent.write_all(PREFACE).await.unwrap();
    assert!(timeout(SOON, rest(&mut silent)).await.is_ok());
}
