use std::time::Duration;

use grantor_client::Error;
use oauth::Params;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::provider::Provider;

/// What the browser does: one request, and the whole answer.
async fn visit(address: &str, line: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{line} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn address(url: &str) -> String {
    let params = Params::parse(url.split_once('?').unwrap().1);
    let uri = params.get("redirect_uri").unwrap();
    assert!(uri.ends_with("/callback"));
    uri.trim_start_matches("http://")
        .trim_end_matches("/callback")
        .to_owned()
}

/// RFC 8252 §7.3.
#[tokio::test]
async fn a_native_application_signs_in_over_a_loopback_redirect() {
    let provider = Provider::start().await;
    let client = provider.client().await;
    let sign_in = client
        .authorize()
        .scope("openid")
        .on_loopback()
        .await
        .unwrap();
    let address = address(sign_in.url());
    assert!(address.starts_with("127.0.0.1:"));
    let query = provider.consent(sign_in.url());
    let waiting = tokio::spawn(sign_in.finish());
    // A connection that the browser opened in advance, and strangers at the door.
    let _silent = TcpStream::connect(&address).await.unwrap();
    assert!(
        visit(&address, "GET /favicon.ico")
            .await
            .starts_with("HTTP/1.1 404 ")
    );
    assert!(
        visit(&address, &format!("POST /callback{query}"))
            .await
            .starts_with("HTTP/1.1 405 ")
    );
    let forged = "GET /callback?code=x&state=forged";
    assert!(visit(&address, forged).await.starts_with("HTTP/1.1 400 "));
    let page = visit(&address, &format!("GET /callback{query}")).await;
    assert!(
        page.starts_with("HTTP/1.1 200 ") && page.contains("Back to your application"),
        "{page}"
    );
    assert!(page.contains("Content-Security-Policy: default-src 'none'; style-src 'sha256-"));
    let session = waiting.await.unwrap().unwrap();
    assert_eq!(session.claims().unwrap().sub, "alice");
    assert!(
        TcpStream::connect(&address).await.is_err(),
        "the listener has closed"
    );
}

#[tokio::test]
async fn a_refusal_ends_the_wait_with_a_page_of_its_own() {
    let provider = Provider::start().await;
    let client = provider.client().await;
    let sign_in = client
        .authorize()
        .scope("openid")
        .on_loopback()
        .await
        .unwrap();
    let address = address(sign_in.url());
    let query = provider
        .consent(sign_in.url())
        .replace("code=code-0", "error=access_denied");
    let waiting = tokio::spawn(sign_in.finish());
    assert!(
        visit(&address, &format!("GET /callback{query}"))
            .await
            .contains("Not signed in")
    );
    assert!(matches!(
        waiting.await.unwrap(),
        Err(Error::Authorization(_))
    ));
}

#[tokio::test]
async fn a_request_that_never_ends_is_dropped() {
    let provider = Provider::start().await;
    let client = provider.client().await;
    let sign_in = client
        .authorize()
        .scope("openid")
        .on_loopback()
        .await
        .unwrap();
    let address = address(sign_in.url());
    let _waiting = tokio::spawn(sign_in.finish());
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let _ = stream.write_all(&vec![b'a'; 20 * 1024]).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.is_empty());
}

#[tokio::test]
async fn patience_ends() {
    let provider = Provider::start().await;
    let client = provider.client().await;
    let sign_in = client
        .authorize()
        .scope("openid")
        .on_loopback()
        .await
        .unwrap();
    let ended = sign_in.patience(Duration::from_millis(10)).finish().await;
    assert!(matches!(ended, Err(Error::TimedOut)));
}
