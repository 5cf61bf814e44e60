//! The answer as a form (OAuth 2.0 Form Post Response Mode), in a real browser: what its script and its policy let it do.

use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{ALICE, Chromium, Demo};

/// The example of RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const PAGE: &str =
    "<!doctype html><title>App</title><link rel=icon href=data:,><p id=arrived>Arrived</p>";

/// An application that takes what is posted to its redirect URI.
struct App {
    redirect_uri: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl App {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&seen)));
            }
        });
        Self {
            redirect_uri: format!("http://127.0.0.1:{port}/callback"),
            requests,
        }
    }

    fn request(&self, demo: &Demo, mode: &str) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("response_mode", mode)
            .append_pair("client_id", "demo-web")
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", "openid")
            .append_pair("state", "\"><b>state</b>")
            .append_pair("code_challenge", CHALLENGE)
            .append_pair("code_challenge_method", "S256")
            .finish();
        format!("{}/authorize?{query}", demo.origin)
    }

    /// The head and the parameters of the only request for the redirect URI so far.
    fn posted(&self) -> (String, Vec<(String, String)>) {
        let mut requests = self.requests.lock().expect("no panic");
        assert_eq!(requests.len(), 1, "{requests:?}");
        let request = requests.remove(0);
        let (head, body) = request.split_once("\r\n\r\n").expect("a head");
        let pairs = url::form_urlencoded::parse(body.as_bytes()).into_owned();
        (head.to_owned(), pairs.collect())
    }
}

async fn answer(mut stream: TcpStream, seen: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    let whole = |request: &[u8]| {
        let text = String::from_utf8_lossy(request);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is = name.eq_ignore_ascii_case("content-length");
            is.then(|| value.trim().parse::<usize>().ok())?
        });
        (body.len() >= length.unwrap_or(0)).then(|| text.clone().into_owned())
    };
    while whole(&request).is_none() {
        match stream.read(&mut chunk).await {
            Ok(count) if count > 0 => request.extend_from_slice(&chunk[..count]),
            _ => return,
        }
    }
    let text = whole(&request).unwrap_or_default();
    let found = text
        .split(' ')
        .nth(1)
        .is_some_and(|path| path.starts_with("/callback"));
    if found {
        seen.lock().expect("no panic").push(text);
    }
    let status = if found { "200 OK" } else { "404 Not Found" };
    let response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{PAGE}",
        PAGE.len()
    );
    let _ = stream.write_all(response.as_bytes()).await;
}

async fn sign_in(chromium: &Chromium) {
    chromium.fill("#username", ALICE.0).await;
    chromium.fill("#password", ALICE.1).await;
    chromium.click("#sign-in").await;
    chromium.click("#allow").await;
}

/// The page sends itself by its script, past the policy that lets nothing else run and lead elsewhere; the application gets the answer and no `Referer`.
#[tokio::test]
async fn the_answer_posts_itself() {
    let (demo, chromium) = (Demo::start().await, Chromium::start().await);
    let app = App::start().await;
    chromium.open(&app.request(&demo, "form_post")).await;
    sign_in(&chromium).await;
    chromium.find("#arrived").await;
    assert_eq!(chromium.url().await, app.redirect_uri);
    let (head, pairs) = app.posted();
    assert!(head.starts_with("POST /callback HTTP/1.1"), "{head}");
    assert!(!head.to_lowercase().contains("\nreferer:"), "{head}");
    let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["code", "session_state", "state", "iss"]);
    assert_eq!(pairs[2].1, "\"><b>state</b>");
    assert_eq!(pairs[3].1, demo.origin);
    assert_eq!(chromium.complaints().await, Vec::<String>::new());
    // With a session nothing is asked, and the signed form goes the same way.
    chromium.open(&app.request(&demo, "form_post.jwt")).await;
    chromium.find("#arrived").await;
    let (_, pairs) = app.posted();
    let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["response"]);
    assert!(
        !demo.output().contains(&pairs[0].1),
        "an answer is in the log"
    );
}

/// Without scripts there is a button.
#[tokio::test]
async fn a_button_posts_the_answer_without_scripts() {
    let (demo, chromium) = (Demo::start().await, Chromium::start().await);
    let app = App::start().await;
    chromium
        .devtools(
            "Emulation.setScriptExecutionDisabled",
            json!({"value": true}),
        )
        .await;
    chromium.open(&app.request(&demo, "form_post")).await;
    sign_in(&chromium).await;
    chromium.find("#continue").await;
    assert!(
        chromium.text().await.contains("127.0.0.1"),
        "who gets it is said"
    );
    chromium.click("#continue").await;
    chromium.find("#arrived").await;
    let (head, pairs) = app.posted();
    assert!(head.starts_with("POST /callback HTTP/1.1"), "{head}");
    assert_eq!(pairs[0].0, "code");
}
