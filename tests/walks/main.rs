//! `grantor login --device` ([`login`]), and each walk of `examples/curl` against a `grantor demo` of its own: a script ends with 0 only if every answer had the status and the members that it expects.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod login;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use grantor_tests::live::{Demo, binary};

/// Tests of these scripts, and the list of their names.
macro_rules! walks {
    ($($name:ident)*) => {
        const WALKS: &[&str] = &[$(stringify!($name)),*];
        $(
            #[tokio::test]
            async fn $name() {
                walk(stringify!($name)).await;
            }
        )*
    };
}

walks! {
    authorization_code
    authorization_details
    ciba
    ciba_ping
    client_credentials
    delegation
    device_code
    dpop
    id_jag
    implicit
    introspection_and_revocation
    jwt_bearer
    password
    pushed_authorization_request
    refresh_token
    registration
    request_object
    token_exchange
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/curl")
}

async fn walk(name: &str) {
    let demo = Demo::start().await;
    let output = Command::new("sh")
        .arg(folder().join(format!("{name}.sh")))
        .env("ISSUER", &demo.origin)
        .env("DATA", demo.data())
        .env("GRANTOR", binary())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaint}");
    assert_eq!(complaint, "", "{said}");
}

/// A script that no test runs would rot.
#[test]
fn every_walk_is_run() {
    let mut found: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| Some(name.strip_suffix(".sh")?.to_owned()))
        .filter(|name| name != "steps")
        .collect();
    found.sort();
    let mut run = WALKS.to_vec();
    run.sort_unstable();
    assert_eq!(found, run);
}
