//! `grantor doctor`, run as a person runs it.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::{Value, json};

use crate::here::Here;

/// What it found, and whether it ended well.
fn judged(here: &Here) -> (Vec<Value>, bool) {
    let output = here.run(&["doctor", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    (
        report["findings"].as_array().unwrap().clone(),
        output.status.success(),
    )
}

/// What is found about this.
fn about<'a>(found: &'a [Value], check: &str) -> Option<&'a Value> {
    found.iter().find(|one| one["check"] == check)
}

const SAFE: &str = "issuer = \"https://id.example\"\ntrusted_proxies = [\"10.0.0.0/8\"]\n";

#[test]
fn a_deployment_as_it_should_be_has_nothing_to_mend_and_nothing_is_made_by_looking() {
    let here = Here::new();
    here.write("grantor.toml", SAFE);
    let (found, well) = judged(&here);
    assert!(!well && about(&found, "database").unwrap()["severity"] == "error");
    assert!(!here.path("grantor.db").exists() && !here.path("grantor.db.key").exists());
    here.ok(&["realm", "set", "client_id_documents.allowed=false"]);
    let (found, well) = judged(&here);
    assert!(well && found.is_empty(), "{found:?}");
    let said = here.run(&["doctor"]);
    assert_eq!(
        String::from_utf8(said.stdout).unwrap(),
        "Nothing to mend.\n"
    );
}

#[test]
fn what_is_wrong_is_said_the_worst_first_with_what_to_do() {
    let here = Here::new();
    here.write(
        "grantor.toml",
        &format!("{SAFE}[tls]\ncertificate = \"nowhere.pem\"\nkey = \"nowhere.key\"\n"),
    );
    here.ok(&["realm", "set", "profile=openid", "registration.mode=open"]);
    here.ok(&[
        "client",
        "create",
        "--name",
        "Old",
        "--id",
        "old",
        "--secret",
        "an-old-secret-0123456789",
        "--redirect-uri",
        "https://old.example/cb",
        "--grant",
        "authorization_code",
        "--grant",
        "implicit",
        "--response-type",
        "code",
        "--response-type",
        "id_token",
        "--allow-retired-grants",
    ]);
    here.ok(&[
        "client",
        "create",
        "--name",
        "Agent",
        "--id",
        "agent",
        "--secret",
        "an-agents-secret-0123456789",
        "--grant",
        "ciba",
        "--backchannel-delivery",
        "poll",
    ]);
    let (found, well) = judged(&here);
    assert!(!well);
    let severities: Vec<&str> = found
        .iter()
        .map(|one| one["severity"].as_str().unwrap())
        .collect();
    let rank = |name: &&str| {
        ["error", "warning", "note"]
            .iter()
            .position(|it| it == name)
    };
    assert!(severities.iter().map(rank).is_sorted(), "{severities:?}");
    assert_eq!(
        about(&found, "tls.certificate").unwrap()["severity"],
        "error"
    );
    for (check, subject) in [
        ("allow_retired_grants", "old"),
        ("retired_grants", "old"),
        ("pkce", "old"),
        ("mail", "agent"),
    ] {
        let one = about(&found, check).unwrap_or_else(|| panic!("{check}: {found:?}"));
        assert_eq!(
            (&one["realm"], &one["subjects"]),
            (&json!("main"), &json!([subject])),
            "{check}"
        );
        assert!(!one["advice"].as_str().unwrap().is_empty());
    }
    assert!(about(&found, "registration").is_some());
    let said = here.run(&["doctor"]);
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(text.starts_with("ERROR    tls.certificate\n"), "{text}");
    assert!(
        text.contains("allow_retired_grants (realm main)") && text.contains("→ "),
        "{text}"
    );
    here.write(
        "grantor.toml",
        &format!("{SAFE}[mail]\nurl = \"directory:letters\"\nfrom = \"no-reply@id.example\"\n"),
    );
    assert!(about(&judged(&here).0, "mail").is_none());
}

#[test]
fn a_deployment_that_cannot_start_is_told_why() {
    let here = Here::new();
    here.write("grantor.toml", "isuer = \"https://id.example\"\n");
    let (found, _) = judged(&here);
    assert!(
        found[0]["what"]
            .as_str()
            .unwrap()
            .contains("did you mean `issuer`"),
        "{found:?}"
    );
    here.write("grantor.toml", SAFE);
    here.ok(&["realm", "list"]);
    here.write("grantor.toml", &SAFE.replace("id.example", "other.example"));
    assert_eq!(
        about(&judged(&here).0, "database").unwrap()["severity"],
        "error"
    );
    here.write("grantor.toml", SAFE);
    let key = std::fs::read(here.path("grantor.db.key")).unwrap();
    std::fs::remove_file(here.path("grantor.db.key")).unwrap();
    assert!(about(&judged(&here).0, "sealing_key").is_some());
    assert!(
        !here.path("grantor.db.key").exists(),
        "another key would open nothing"
    );
    std::fs::write(here.path("grantor.db.key"), key).unwrap();
    here.write("grantor.toml", &format!("{SAFE}[mail]\nurl = \"smtp://id@mail.example\"\nfrom = \"no-reply@id.example\"\npassword_file = \"nowhere\"\n"));
    let (found, well) = judged(&here);
    assert!(
        !well
            && about(&found, "mail").unwrap()["what"]
                .as_str()
                .unwrap()
                .contains("mail.password_file")
    );
}

/// The warning is in the log of every start (RFC 9700 §2.4).
#[test]
fn the_log_names_the_clients_that_may_use_what_oauth_2_1_left_out() {
    let here = Here::new();
    here.write("grantor.toml", "listen = [\"127.0.0.1:0\"]\n");
    for (id, allowed) in [("old", "true"), ("new", "false")] {
        here.ok(&[
            "client",
            "create",
            "--name",
            id,
            "--id",
            id,
            "--secret",
            "an-old-secret-0123456789",
            "--profile",
            "openid",
            "--allow-retired-grants",
            allowed,
            "--redirect-uri",
            "https://old.example/cb",
        ]);
    }
    let mut serve = here.command(&["serve"]);
    let mut child = serve.stderr(Stdio::piped()).spawn().unwrap();
    let (said, lines) = channel();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    std::thread::spawn(move || {
        stderr
            .lines()
            .map_while(Result::ok)
            .try_for_each(|line| said.send(line))
    });
    let mut heard = Vec::new();
    while !heard
        .iter()
        .any(|line: &String| line.contains("FOR THIS CLIENT"))
    {
        match lines.recv_timeout(Duration::from_secs(20)) {
            Ok(line) => heard.push(line),
            Err(_) => break,
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let named: Vec<&String> = heard
        .iter()
        .filter(|line| line.contains("ALLOW_RETIRED_GRANTS"))
        .collect();
    assert_eq!(named.len(), 1, "{heard:?}");
    assert!(named[0].contains("old"), "{named:?}");
}
