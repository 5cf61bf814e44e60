//! What a client may cost.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use web::serve::ServeOptions;

use super::{exchange, start};

const SOON: Duration = Duration::from_secs(5);

async fn ask(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    while !text.ends_with("127.0.0.1") {
        let mut buffer = [0; 1024];
        let count = timeout(SOON, stream.read(&mut buffer)).await;
        let count = count.expect("an answer").unwrap();
        assert!(count > 0, "the connection ended after {text:?}");
        text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
    text
}

#[tokio::test]
async fn a_client_that_trickles_its_headers_is_cut_off() {
    let options = ServeOptions {
        header_timeout: Duration::from_millis(200),
        idle_timeout: Duration::from_millis(200),
        ..ServeOptions::default()
    };
    let running = start(options).await;
    let whole = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    let half = "GET / HTTP/1.1\r\nx-slow: ";
    let second = format!("{whole}{half}");
    for (begun, answers) in [("", 0), (half, 0), (whole, 1), (second.as_str(), 1)] {
        let closed = timeout(SOON, exchange(running.address, begun)).await;
        let text = closed.expect("the connection is closed");
        assert_eq!(text.matches("200 OK").count(), answers, "{begun:?}: {text}");
    }
}

/// Between requests a connection is taken out of the hands of hyper; a client must not notice.
#[tokio::test]
async fn a_connection_that_waited_is_answered_as_before() {
    let options = ServeOptions {
        header_timeout: Duration::from_millis(800),
        ..ServeOptions::default()
    };
    let running = start(options).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let whole = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    for wait in [0, 100, 500, 1_500] {
        sleep(Duration::from_millis(wait)).await;
        let text = ask(&mut stream, whole).await;
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    }
    // The next request begins in the packet of the one before, and ends after a while.
    let (start, end) = whole.split_at(9);
    ask(&mut stream, &format!("{whole}{start}")).await;
    sleep(Duration::from_millis(600)).await;
    let text = ask(&mut stream, end).await;
    assert_eq!(text.matches("HTTP/1.1 200").count(), 1, "{text}");
    // A body does not make it impatient.
    let post = "POST /length HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n";
    stream.write_all(post.as_bytes()).await.unwrap();
    sleep(Duration::from_millis(900)).await;
    stream.write_all(b"abc").await.unwrap();
    let mut buffer = [0; 1024];
    let count = timeout(SOON, stream.read(&mut buffer)).await;
    let count = count.expect("an answer").unwrap();
    assert!(buffer[..count].ends_with(b"\r\n3"));
}

/// Request smuggling: what is left of a body when its request was answered is not the next request, whenever hyper is asked for the connection.
#[tokio::test]
async fn the_body_of_a_request_that_nobody_read_is_never_taken_for_a_request() {
    let options = ServeOptions {
        header_timeout: Duration::from_millis(8),
        idle_timeout: Duration::from_millis(40),
        ..ServeOptions::default()
    };
    let running = start(options).await;
    let hidden = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    let length = 4 + hidden.len();
    let begin =
        format!("POST /refused HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\nbody");
    for _ in 0..3 {
        let asked: Vec<_> = (0..100)
            .map(|_| {
                let (address, begin) = (running.address, begin.clone());
                tokio::spawn(timeout(SOON, async move {
                    let mut stream = TcpStream::connect(address).await.unwrap();
                    stream.write_all(begin.as_bytes()).await.unwrap();
                    // Hyper reads the first piece of a body by itself, and no more.
                    sleep(Duration::from_millis(50)).await;
                    stream.write_all(hidden.as_bytes()).await.unwrap();
                    let mut text = String::new();
                    let _ = stream.read_to_string(&mut text).await;
                    text
                }))
            })
            .collect();
        let mut answers = 0;
        for one in asked {
            let text = one.await.unwrap().expect("the connection is closed");
            assert!(!text.contains("127.0.0.1"), "{text}");
            answers += text.matches("200 OK").count();
        }
        assert!(answers > 0);
    }
}

#[tokio::test]
async fn a_connection_without_requests_is_closed_when_its_time_is_over() {
    let options = ServeOptions {
        header_timeout: Duration::from_millis(400),
        idle_timeout: Duration::from_millis(900),
        ..ServeOptions::default()
    };
    let running = start(options).await;
    let begun = Instant::now();
    let request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    let text = timeout(SOON, exchange(running.address, request)).await;
    assert!(text.expect("the connection is closed").contains("200 OK"));
    assert!(begun.elapsed() > Duration::from_millis(800));
}

#[tokio::test]
async fn a_body_that_trickles_in_is_given_up_however_steadily_it_comes() {
    let options = ServeOptions {
        body_timeout: Duration::from_millis(400),
        ..ServeOptions::default()
    };
    let running = start(options).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = "POST /length HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let trickle = tokio::spawn(async move {
        for _ in 0..60 {
            sleep(Duration::from_millis(50)).await;
            if writer.write_all(b"x").await.is_err() {
                return;
            }
        }
    });
    let begun = Instant::now();
    let mut text = String::new();
    let _ = timeout(SOON, reader.read_to_string(&mut text)).await;
    assert!(text.contains("did not arrive in time"), "{text}");
    assert!(begun.elapsed() < Duration::from_secs(2));
    trickle.abort();
}

/// One connection is all there may be, so the second one is served when the first has been cut off.
#[tokio::test]
async fn a_client_that_does_not_read_its_answers_is_cut_off() {
    let options = ServeOptions {
        write_timeout: Duration::from_millis(300),
        max_connections: 1,
        ..ServeOptions::default()
    };
    let running = start(options).await;
    let mut deaf = TcpStream::connect(running.address).await.unwrap();
    let large = "GET /large HTTP/1.1\r\nhost: x\r\n\r\n".repeat(10);
    deaf.write_all(large.as_bytes()).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    let request = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let text = timeout(SOON, exchange(running.address, request)).await;
    assert!(text.expect("an answer").contains("200 OK"));
}

/// A slow reader goes on for as long as it takes something now and then.
#[tokio::test]
async fn a_client_that_reads_slowly_gets_all_of_it() {
    let options = ServeOptions {
        write_timeout: Duration::from_millis(600),
        ..ServeOptions::default()
    };
    let running = start(options).await;
    let mut slow = TcpStream::connect(running.address).await.unwrap();
    let request = "GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    slow.write_all(request.as_bytes()).await.unwrap();
    let mut buffer = vec![0; 512 * 1024];
    let mut total = 0;
    loop {
        sleep(Duration::from_millis(60)).await;
        match slow.read(&mut buffer).await.unwrap() {
            0 => break,
            count => total += count,
        }
    }
    assert!(total > 4 * 1024 * 1024, "{total}");
}
