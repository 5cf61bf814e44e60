//! `grantor login --device` (RFC 8628) as somebody types it: the command in a process of its own, and a person with a browser elsewhere.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use grantor_tests::live::browser::{Browser, hidden_fields};
use grantor_tests::live::{Demo, binary};

/// The command, and what it asks the person to do.
struct Login {
    process: Child,
    errors: BufReader<std::process::ChildStderr>,
    page: String,
    code: String,
}

/// What the command came to.
struct End {
    success: bool,
    output: String,
    errors: String,
}

fn command(demo: &Demo, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(["login", "--device", "--issuer", &demo.origin]);
    command.args(arguments).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Login {
    fn start(demo: &Demo, arguments: &[&str]) -> Self {
        let mut process = command(demo, arguments).spawn().unwrap();
        let mut errors = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        let said = line.trim_end().strip_prefix("Open ").expect(&line);
        let (page, code) = said.split_once(" on any device and type ").expect(&line);
        Self {
            process,
            errors,
            page: page.to_owned(),
            code: code.to_owned(),
        }
    }

    async fn end(mut self) -> End {
        let finished = tokio::task::spawn_blocking(move || {
            let mut output = String::new();
            let mut errors = String::new();
            let stdout = self.process.stdout.as_mut().unwrap();
            stdout.read_to_string(&mut output).unwrap();
            self.errors.read_to_string(&mut errors).unwrap();
            End {
                success: self.process.wait().unwrap().success(),
                output,
                errors,
            }
        });
        finished.await.unwrap()
    }
}

fn field(page: &str, name: &str) -> String {
    let fields = hidden_fields(page);
    let found = fields.into_iter().find(|(known, _)| known == name);
    let text = found.unwrap_or_else(|| panic!("no {name} in {page}")).1;
    text.replace("&amp;", "&")
}

/// alice opens the page, types the code, signs in, and decides.
async fn decide(demo: &Demo, login: &Login, decision: &str) {
    let origin = &demo.origin;
    assert_eq!(login.page, format!("{origin}/device"));
    let mut browser = Browser::new();
    let mut answer = browser
        .post(&login.page, &[("user_code", &login.code)])
        .await;
    for _ in 0..6 {
        if answer.status().is_redirection() {
            let to = answer.headers()["location"].to_str().unwrap().to_owned();
            answer = browser.get(&format!("{origin}{to}")).await;
            continue;
        }
        let page = answer.text().await.unwrap();
        let interaction = field(&page, "interaction");
        if page.contains("id=\"password\"") {
            let form = [
                ("interaction", interaction.as_str()),
                ("username", "alice"),
                ("password", "correct-horse-battery"),
            ];
            answer = browser.post(&format!("{origin}/login"), &form).await;
        } else {
            assert!(page.contains(&login.code), "she can compare the code");
            let form = [
                ("interaction", interaction.as_str()),
                ("decision", decision),
            ];
            let answer = browser
                .post(&format!("{origin}/device/continue"), &form)
                .await;
            assert!(answer.status().is_success(), "{answer:?}");
            return;
        }
    }
    panic!("nobody asked her");
}

#[tokio::test]
async fn a_person_allows_a_command_elsewhere() {
    let demo = Demo::start().await;
    let login = Login::start(&demo, &[]);
    decide(&demo, &login, "allow").await;
    let end = login.end().await;
    assert!(end.success && end.errors.is_empty(), "{}", end.errors);
    assert!(end.output.starts_with("Signed in as "), "{}", end.output);
    assert!(end.output.contains("\"email\": \"alice@"), "{}", end.output);
}

#[tokio::test]
async fn a_script_gets_the_token_and_nothing_else() {
    let demo = Demo::start().await;
    let wanted = ["--scope", "notes.read", "--resource", "urn:demo:notes"];
    let login = Login::start(&demo, &[&wanted[..], &["--print-token"]].concat());
    decide(&demo, &login, "allow").await;
    let end = login.end().await;
    assert!(end.success && end.errors.is_empty(), "{}", end.errors);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = http.get(format!("{}/demo/notes", demo.origin));
    let answer = request.bearer_auth(end.output.trim_end()).send().await;
    assert_eq!(answer.unwrap().status(), 200, "{}", end.output);
}

#[tokio::test]
async fn a_person_says_no_to_a_command() {
    let demo = Demo::start().await;
    let login = Login::start(&demo, &["--print-token"]);
    decide(&demo, &login, "deny").await;
    let end = login.end().await;
    assert!(!end.success && end.output.is_empty(), "{}", end.output);
    assert!(end.errors.contains("access_denied"), "{}", end.errors);
}

/// A client registers what signs its ID tokens, and a command believes nothing else.
#[tokio::test]
async fn a_command_expects_the_algorithm_of_its_client() {
    let demo = Demo::start().await;
    let made = Command::new(binary())
        .args([
            "client", "create", "--id", "tool", "--name", "A tool", "--public",
        ])
        .args(["--grant", "urn:ietf:params:oauth:grant-type:device_code"])
        .args(["--scope", "openid", "--id-token-alg", "ES256", "--data"])
        .arg(demo.data())
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    for (algorithm, good) in [("ES256", true), ("RS256", false)] {
        let arguments = ["--client-id", "tool", "--scope", "openid"];
        let login = Login::start(
            &demo,
            &[&arguments[..], &["--id-token-alg", algorithm]].concat(),
        );
        decide(&demo, &login, "allow").await;
        let end = login.end().await;
        assert_eq!(end.success, good, "{algorithm}: {}", end.errors);
        assert_eq!(
            end.output.starts_with("Signed in as "),
            good,
            "{}",
            end.output
        );
    }
}

/// What is wrong is said, and nobody is asked to do anything.
#[tokio::test]
async fn a_command_that_may_not_ask_says_so() {
    let demo = Demo::start().await;
    for (arguments, word) in [
        (["--client-id", "demo-service"], "invalid_client"),
        (["--client-id", "nobody"], "invalid_client"),
        (["--scope", "no.such.scope"], "invalid_scope"),
        (["--issuer", "http://127.0.0.1:1"], "could not be asked"),
    ] {
        let mut command = command(&demo, &[]);
        if arguments[0] == "--issuer" {
            command = Command::new(binary());
            command.args(["login", "--device"]);
        }
        let output = command.args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(said.contains(word) && !said.contains("Open "), "{said}");
    }
}
