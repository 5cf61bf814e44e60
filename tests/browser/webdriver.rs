//! As much of WebDriver as the tests need, spoken to chromedriver directly: a client library would bring twenty crates for these few calls.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// The member that names an element in WebDriver's JSON (W3C WebDriver §12.2).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How long a page may take to show what a test waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// One Chromium with a profile of its own; dropping it ends it.
pub struct Chromium {
    driver: Child,
    http: reqwest::Client,
    session: String,
    _profile: TempDir,
}

/// Something on the page.
#[derive(Debug, Clone)]
pub struct Element(String);

impl Chromium {
    /// Starts chromedriver and a headless Chromium.
    pub async fn start() -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        let mut driver = Command::new(program("GRANTOR_TEST_CHROMEDRIVER", "chromedriver"))
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let output = driver.stdout.take().expect("its output");
        let port = port(BufReader::new(output));
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client");
        let mut chromium = Self {
            driver,
            http,
            session: format!("http://127.0.0.1:{port}/session"),
            _profile: profile,
        };
        let profile = format!("--user-data-dir={}", chromium._profile.path().display());
        let options = json!({
            "binary": program("GRANTOR_TEST_CHROMIUM", "/usr/bin/chromium"),
            "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--window-size=1280,1000", "--force-prefers-reduced-motion", "--hide-scrollbars", "--lang=en", profile,
            ],
        });
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        });
        let answer = chromium
            .call("POST", "", json!({"capabilities": {"alwaysMatch": wanted}}))
            .await
            .expect("a session");
        let id = answer["sessionId"].as_str().expect("a session");
        chromium.session = format!("{}/{id}", chromium.session);
        chromium
    }

    /// Opens an address and waits until it is loaded.
    pub async fn open(&self, url: &str) {
        self.must("POST", "/url", json!({"url": url})).await;
    }

    /// The address of the page.
    pub async fn url(&self) -> String {
        self.must("GET", "/url", Value::Null)
            .await
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// The first element of that CSS selector, once there is one.
    pub async fn find(&self, selector: &str) -> Element {
        let wanted = json!({"using": "css selector", "value": selector});
        let mut waited = Duration::ZERO;
        loop {
            if let Ok(found) = self.call("POST", "/element", wanted.clone()).await
                && let Some(id) = found[ELEMENT].as_str()
            {
                return Element(id.to_owned());
            }
            self.wait(&mut waited, selector).await;
        }
    }

    /// Sleeps a moment, and fails when that has been done for too long without seeing what was awaited.
    async fn wait(&self, waited: &mut Duration, awaited: &str) {
        assert!(
            *waited < PATIENCE,
            "no {awaited} on {}: {}",
            self.url().await,
            self.text().await
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
        *waited += Duration::from_millis(50);
    }

    /// Whether there is such an element now.
    pub async fn has(&self, selector: &str) -> bool {
        let wanted = json!({"using": "css selector", "value": selector});
        self.call("POST", "/element", wanted).await.is_ok()
    }

    /// Clicks a link or a button as a person would (scrolled into view, and refused when something covers it), and waits until the page that it leads to is loaded:
    /// what is asked afterwards is never answered by the page that is being left.
    pub async fn click(&self, selector: &str) {
        let Element(id) = self.find(selector).await;
        self.script("window.left = true").await;
        self.must("POST", &format!("/element/{id}/click"), json!({}))
            .await;
        let arrived = json!({
            "script": "return !window.left && document.readyState === 'complete'", "args": [],
        });
        let mut waited = Duration::ZERO;
        while self.call("POST", "/execute/sync", arrived.clone()).await != Ok(Value::Bool(true)) {
            self.wait(&mut waited, "next page").await;
        }
    }

    /// Types into it, in place of what is there.
    pub async fn fill(&self, selector: &str, text: &str) {
        let Element(id) = self.find(selector).await;
        self.must("POST", &format!("/element/{id}/clear"), json!({}))
            .await;
        self.must(
            "POST",
            &format!("/element/{id}/value"),
            json!({"text": text}),
        )
        .await;
    }

    /// Presses keys wherever the focus is.
    pub async fn keys(&self, text: &str) {
        let Element(id) = self.focused().await;
        self.must(
            "POST",
            &format!("/element/{id}/value"),
            json!({"text": text}),
        )
        .await;
    }

    /// The element that has the focus.
    pub async fn focused(&self) -> Element {
        let found = self.must("GET", "/element/active", Value::Null).await;
        Element(found[ELEMENT].as_str().expect("an element").to_owned())
    }

    /// What a person reads on the page.
    pub async fn text(&self) -> String {
        let text = self
            .script("return document.body ? document.body.innerText : ''")
            .await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Runs a script in the page.
    pub async fn script(&self, text: &str) -> Value {
        self.must("POST", "/execute/sync", json!({"script": text, "args": []}))
            .await
    }

    /// A command of the DevTools protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({"cmd": command, "params": parameters});
        self.must("POST", "/goog/cdp/execute", body).await
    }

    /// Makes the page as large as a screen, light or dark.
    pub async fn screen(&self, width: u32, height: u32, dark: bool) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", size)
            .await;
        let value = if dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    /// A PNG of what is in view, or of the whole page.
    pub async fn picture(&self, whole: bool) -> Vec<u8> {
        let options = json!({"format": "png", "captureBeyondViewport": whole});
        let picture = self.devtools("Page.captureScreenshot", options).await;
        decode(picture["data"].as_str().expect("a picture"))
    }

    /// Errors and warnings that the browser's console showed since the last call: violated policies, missing files.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self
            .must("POST", "/se/log", json!({"type": "browser"}))
            .await;
        let entries = entries.as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .filter(|entry| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING")))
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    async fn must(&self, method: &str, path: &str, body: Value) -> Value {
        match self.call(method, path, body).await {
            Ok(value) => value,
            Err(problem) => panic!("{method} {path}: {problem}"),
        }
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> Result<Value, String> {
        let url = format!("{}{path}", self.session);
        let request = if method == "GET" {
            self.http.get(url)
        } else {
            self.http
                .post(url)
                .header("content-type", "application/json")
                .body(body.to_string())
        };
        let response = request.send().await.map_err(|error| error.to_string())?;
        let good = response.status().is_success();
        let text = response.text().await.map_err(|error| error.to_string())?;
        let answer: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let value = answer["value"].clone();
        if good {
            Ok(value)
        } else {
            Err(value.to_string())
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // chromedriver ends its Chromium when the session is deleted, and leaves it behind when it is only killed.
        let _ = self.delete_session();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Chromium {
    /// Without the asynchronous client, since this runs while a test ends.
    fn delete_session(&self) -> std::io::Result<()> {
        let url = self.session.trim_start_matches("http://");
        let (authority, path) = url.split_once('/').unwrap_or((url, ""));
        let mut stream = TcpStream::connect(authority)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "DELETE /{path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n"
        )?;
        // It answers when the browser has ended, and keeps the connection open.
        stream.read(&mut [0; 1024]).map(drop)
    }
}

/// chromedriver says: "ChromeDriver was started successfully on port 41234."
fn port(mut output: impl BufRead + Send + 'static) -> u16 {
    let mut line = String::new();
    while output.read_line(&mut line).is_ok_and(|length| length > 0) {
        if let Some((_, rest)) = line.split_once("successfully on port ")
            && let Ok(port) = rest.trim().trim_end_matches('.').parse()
        {
            std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
            return port;
        }
        line.clear();
    }
    panic!("chromedriver did not start");
}

fn program(variable: &str, usual: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| usual.into(), PathBuf::from)
}

/// Standard base64 (RFC 4648 §4), which is how pictures arrive.
fn decode(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut out = Vec::new();
    for chunk in text.trim_end_matches('=').as_bytes().chunks(4) {
        let word = chunk.iter().enumerate().fold(0u32, |word, (place, byte)| {
            word | u32::from(digit(*byte)) << (18 - 6 * place)
        });
        out.extend_from_slice(&word.to_be_bytes()[1..chunk.len()]);
    }
    out
}
