//! Secrets must not reach the logs. Everything that the process logs goes into one buffer; every secret that a test saw or made is
//! remembered under that test; when the test ends, what was logged since it began is searched for them.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Mutex, OnceLock};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static READY: OnceLock<()> = OnceLock::new();

/// The secrets of one world.
#[derive(Default)]
pub struct Secrets {
    values: Mutex<BTreeSet<String>>,
    began: usize,
}

/// Starts to capture what the process logs, once, and remembers where the log stands.
pub fn begin() -> Secrets {
    READY.get_or_init(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(
                "trace,hyper=info,h2=info,reqwest=info,rustls=info,mio=info",
            ))
            .with_ansi(false)
            .with_writer(Buffer)
            .finish();
        let _ = tracing::subscriber::set_global_default(subscriber);
    });
    Secrets {
        values: Mutex::default(),
        began: lock(&LOG).len(),
    }
}

/// Remembers a value that must not be logged; short ones would be found by chance and are left out.
pub fn remember(secrets: &Secrets, value: &str) {
    if value.len() >= 12 {
        lock(&secrets.values).insert(value.to_owned());
        // A token is as good as leaked when its signature and its payload are.
        let parts: Vec<&str> = value.split('.').collect();
        if let [_, payload, signature] = parts.as_slice()
            && value.starts_with("ey")
        {
            remember(secrets, payload);
            remember(secrets, signature);
        }
    }
}

/// The lines logged since the world began that hold one of its secrets.
pub fn leaks(secrets: &Secrets) -> Vec<String> {
    let text = since(secrets.began);
    let values = lock(&secrets.values);
    text.lines()
        .filter(|line| values.iter().any(|value| line.contains(value.as_str())))
        .map(str::to_owned)
        .collect()
}

/// Forgets every value.
pub fn forget(secrets: &Secrets) {
    lock(&secrets.values).clear();
}

/// What was logged since the world began, by every test of the process.
pub fn logged(secrets: &Secrets) -> String {
    since(secrets.began)
}

fn since(start: usize) -> String {
    let log = lock(&LOG);
    String::from_utf8_lossy(log.get(start..).unwrap_or_default()).into_owned()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|broken| broken.into_inner())
}

#[derive(Clone, Copy)]
struct Buffer;

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        lock(&LOG).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Buffer {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        *self
    }
}

#[test]
fn a_secret_that_is_logged_is_found() {
    let secrets = begin();
    let token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJub2JvZHkifQ.c2lnbmF0dXJl-of-a-test";
    remember(&secrets, token);
    remember(&secrets, "a-password-of-a-test");
    tracing::debug!("nothing to see here");
    assert_eq!(leaks(&secrets), Vec::<String>::new());
    tracing::debug!(token, "a token");
    tracing::info!("a payload: eyJzdWIiOiJub2JvZHkifQ");
    tracing::trace!(password = "a-password-of-a-test");
    assert_eq!(leaks(&secrets).len(), 3);
}
