//! Signing out in a real browser: the frames of Front-Channel Logout, and the frame of Session Management.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::Uri;
use axum::response::Html;
use grantor_tests::live::binary;

use crate::{ALICE, Chromium, Demo};

/// The example of RFC 7636 appendix B.
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An application: notes what it is asked, and asks the frame at the provider whether the session goes on.
struct App {
    origin: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl App {
    async fn start(host: &str, demo: &Demo) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let page = format!(
            "<!doctype html><title>App</title><link rel=icon href=data:,><p id=arrived>Arrived</p><p id=answer></p><iframe id=op src=\"{0}/check_session\"></iframe>\
             <script>const state = new URLSearchParams(location.search).get('session_state');\
             addEventListener('message', (event) => {{ if (event.origin === '{0}') document.getElementById('answer').textContent = 'it is ' + event.data; }});\
             setInterval(() => document.getElementById('op').contentWindow.postMessage('demo-web ' + state, '{0}'), 100);</script>",
            demo.origin
        );
        let seen = Arc::clone(&requests);
        let router = axum::Router::new().fallback(move |uri: Uri| async move {
            seen.lock().expect("no panic").push(uri.to_string());
            Html(page)
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            origin: format!("http://{host}:{port}"),
            requests,
        }
    }

    fn request(&self, demo: &Demo) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", "demo-web")
            .append_pair("redirect_uri", &format!("{}/callback", self.origin))
            .append_pair("scope", "openid")
            .append_pair("code_challenge", CHALLENGE)
            .append_pair("code_challenge_method", "S256")
            .finish();
        format!("{}/authorize?{query}", demo.origin)
    }
}

async fn sign_in(chromium: &Chromium) {
    chromium.fill("#username", ALICE.0).await;
    chromium.fill("#password", ALICE.1).await;
    chromium.click("#sign-in").await;
    chromium.click("#allow").await;
    chromium.find("#arrived").await;
}

async fn reads(chromium: &Chromium, words: &str) {
    for _ in 0..50 {
        if chromium.text().await.contains(words) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no `{words}` in {}", chromium.text().await);
}

/// The page opens the frame of an application on another site, past its own policy, and goes on by itself when the frame is there.
#[tokio::test]
async fn the_page_that_signs_out_opens_frames_and_goes_on() {
    let (demo, chromium) = (Demo::start().await, Chromium::start().await);
    let app = App::start("127.0.0.1", &demo).await;
    let after = format!("{}/signed-out", app.origin);
    let status = Command::new(binary())
        .args(["client", "update", "demo-web", "--data"])
        .arg(demo.data())
        .args(["--frontchannel-logout-uri", &format!("{}/out", app.origin)])
        .args(["--post-logout-redirect-uri", &after])
        .output()
        .expect("it runs");
    assert!(
        status.status.success(),
        "{}",
        String::from_utf8_lossy(&status.stderr)
    );
    // Heard from the change log.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    chromium.open(&app.request(&demo)).await;
    sign_in(&chromium).await;
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", "demo-web")
        .append_pair("post_logout_redirect_uri", &after)
        .append_pair("state", "s")
        .finish();
    chromium
        .open(&format!("{}/logout?{query}", demo.origin))
        .await;
    chromium.click("#sign-out").await;
    chromium.find("#arrived").await;
    assert_eq!(chromium.url().await, format!("{after}?state=s"));
    let requests = app.requests.lock().expect("no panic").clone();
    let told: Vec<&String> = requests
        .iter()
        .filter(|uri| uri.starts_with("/out?"))
        .collect();
    assert_eq!(told.len(), 1, "{requests:?}");
    assert!(
        told[0].contains("iss=http%3A%2F%2Flocalhost") && told[0].contains("&sid="),
        "{told:?}"
    );
    assert_eq!(chromium.complaints().await, Vec::<String>::new());
}

/// The frame answers an application of the same site: unchanged while the session goes on, and changed when it has ended.
#[tokio::test]
async fn the_frame_says_whether_the_session_goes_on() {
    let (demo, chromium) = (Demo::start().await, Chromium::start().await);
    let app = App::start("localhost", &demo).await;
    chromium.open(&app.request(&demo)).await;
    sign_in(&chromium).await;
    reads(&chromium, "it is unchanged").await;
    let address = chromium.url().await;
    chromium
        .open(&address.replace("session_state=", "session_state=x"))
        .await;
    reads(&chromium, "it is changed").await;
    chromium.open(&format!("{}/logout", demo.origin)).await;
    chromium.click("#sign-out").await;
    chromium.find("#signed-out").await;
    chromium.open(&address).await;
    reads(&chromium, "it is changed").await;
    assert_eq!(chromium.complaints().await, Vec::<String>::new());
}
