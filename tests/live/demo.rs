//! `grantor demo`, as a newcomer starts it.

use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

use super::process::program;

/// A running demo on a free port with a database of its own; dropping it ends it.
pub struct Demo {
    process: Child,
    /// Where it is: `http://localhost:PORT`.
    pub origin: String,
    output: Arc<Mutex<String>>,
    data: TempDir,
}

impl Demo {
    /// Starts it on a free port and waits until it answers.
    pub async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a port")
            .port();
        Self::start_at(port).await
    }

    /// Starts it on that port.
    pub async fn start_at(port: u16) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let mut process = program()
            .args(["demo", "--port", &port.to_string(), "--data"])
            .arg(data.path())
            .env("RUST_LOG", "debug")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("grantor starts: build it, or name it in GRANTOR_BIN");
        let output = Arc::new(Mutex::new(String::new()));
        drain(process.stdout.take(), output.clone());
        drain(process.stderr.take(), output.clone());
        let origin = format!("http://localhost:{port}");
        let demo = Self {
            process,
            origin,
            output,
            data,
        };
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client");
        for _ in 0..400 {
            let address = format!("http://127.0.0.1:{port}/healthz");
            if http
                .get(address)
                .send()
                .await
                .is_ok_and(|answer| answer.status().is_success())
            {
                return demo;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the demo does not answer: {}", demo.output());
    }

    /// Where its database is: the `--data` of its commands.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// What it printed and logged so far.
    pub fn output(&self) -> String {
        self.output
            .lock()
            .map(|text| text.clone())
            .unwrap_or_default()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn drain(from: Option<impl Read + Send + 'static>, to: Arc<Mutex<String>>) {
    let Some(mut from) = from else { return };
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            if let Ok(mut text) = to.lock() {
                text.push_str(&String::from_utf8_lossy(&bytes[..length]));
            }
        }
    });
}
