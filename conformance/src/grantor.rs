//! A grantor of its own for one plan: a fresh database, TLS, a second port for clients with certificates, one person.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Failure;
use crate::authority::{self, Authority};
use crate::keys;
use crate::plan::Plan;

/// Who signs in.
pub(crate) const USERNAME: &str = "alice";
/// Who never consents to anything, so that they are asked each time.
pub(crate) const OTHER: &str = "bob";
/// With what they sign in.
pub(crate) const PASSWORD: &str = "correct-horse-battery";

/// The file with the attester's public keys.
const ATTESTER: &str = "attester.jwks";

/// What a person can say about themselves, so that every claim of the standard scopes has a value (OpenID Connect Core §5.1).
const CLAIMS: [&str; 15] = [
    "given_name=Alice",
    "family_name=Adams",
    "middle_name=Beatrice",
    "nickname=Al",
    "profile=https://alice.example/me",
    "picture=https://alice.example/me.png",
    "website=https://alice.example",
    "gender=female",
    "birthdate=1990-02-28",
    "zoneinfo=Europe/Paris",
    "locale=en",
    "phone_number=+33123456789",
    "phone_number_verified=true",
    "address.formatted=1 Rue de la Paix, 75002 Paris, France",
    "address.country=France",
];

/// The process; it ends when this is dropped.
pub(crate) struct Grantor {
    program: PathBuf,
    folder: TempDir,
    environment: Vec<(String, String)>,
    child: Option<Child>,
    /// Its certificate, in PEM.
    pub(crate) certificate: String,
    /// Its issuer.
    pub(crate) issuer: String,
    /// The address at which clients show certificates.
    pub(crate) mtls: String,
    /// Who certifies clients.
    pub(crate) authority: Authority,
    /// The attester's keys for the suite, if there is one.
    pub(crate) attester: Option<Value>,
    /// The credential that is offered to modules that wait for an offer.
    pub(crate) offered: Option<String>,
}

impl Grantor {
    /// Starts it as the plan wants it, with its realm's settings as they are `written`, and waits until it listens. `suite` is the certificate (DER) that it trusts when it fetches,
    /// `api` the address that `{api}` stands for.
    pub(crate) async fn start(
        program: PathBuf,
        (plan, written): (&Plan, &dyn Fn(&str) -> String),
        (suite, api): (Option<&[u8]>, &str),
        logs: &Path,
    ) -> Result<Self, Failure> {
        let (port, mtls_port) = (free_port()?, free_port()?);
        let mut grantor = Self {
            program,
            folder: tempfile::tempdir()?,
            environment: Vec::new(),
            child: None,
            certificate: String::new(),
            issuer: format!("https://localhost:{port}"),
            mtls: format!("https://localhost:{mtls_port}"),
            authority: Authority::new()?,
            attester: None,
            offered: plan
                .config
                .get("vci")
                .and_then(|vci| vci.get("credential_configuration_id")?.as_str())
                .map(str::to_owned),
        };
        grantor.configure(plan, suite, (port, mtls_port))?;
        // Before it serves: a process that runs hears of changed settings within a second only.
        if !plan.realm.is_empty() {
            let mut command = vec!["realm".to_owned(), "set".to_owned()];
            let settings = plan.realm.iter();
            command
                .extend(settings.map(|(setting, value)| format!("{setting}={}", written(value))));
            grantor.command(&command, "")?;
        }
        for options in &plan.resources {
            let mut command = vec!["resource", "create"];
            let filled = |o: &String| o.replace("{api}", api).replace("{issuer}", &grantor.issuer);
            let options: Vec<String> = options.iter().map(filled).collect();
            command.extend(options.iter().map(String::as_str));
            grantor.command(&command, "")?;
        }
        for (entity, key) in &plan.subordinates {
            let keys = grantor.file("subordinate.jwks", &written(&format!("{{{key}}}")))?;
            let command = ["federation", "subordinate", "add", entity, "--jwks", &keys];
            grantor.command(&command, "")?;
        }
        if plan.attester {
            grantor.trust_an_attester()?;
        }
        for options in &plan.credentials {
            let attester = grantor.folder.path().join(ATTESTER);
            let attester = attester.to_string_lossy();
            let mut command = vec!["credential".to_owned(), "create".to_owned()];
            command.extend(options.iter().map(|o| o.replace("{attester}", &attester)));
            grantor.command(&command, "")?;
        }
        for username in [USERNAME, OTHER] {
            grantor.person(username)?;
        }
        grantor.serve(logs)?;
        grantor.ready(port).await?;
        Ok(grantor)
    }

    fn configure(
        &mut self,
        plan: &Plan,
        suite: Option<&[u8]>,
        (port, mtls_port): (u16, u16),
    ) -> Result<(), Failure> {
        let own = authority::localhost()?;
        let certificate = self.file("tls.crt", &own.certificate)?;
        self.certificate = own.certificate;
        let key = self.file("tls.key", &own.key)?;
        let authorities = self.file("clients.crt", &self.authority.certificate)?;
        let database = self.folder.path().join("grantor.db");
        self.environment = [
            ("GRANTOR_ISSUER", self.issuer.clone()),
            ("GRANTOR_LISTEN", format!("127.0.0.1:{port}")),
            ("GRANTOR_DATABASE", format!("sqlite:{}", database.display())),
            ("GRANTOR_TLS_CERTIFICATE", certificate),
            ("GRANTOR_TLS_KEY", key),
            ("GRANTOR_TLS_MTLS_LISTEN", format!("127.0.0.1:{mtls_port}")),
            ("GRANTOR_TLS_MTLS_URL", self.mtls.clone()),
            ("GRANTOR_TLS_CLIENT_AUTHORITIES", authorities),
            // A plan registers more clients than an address may in an hour.
            ("GRANTOR_LIMITS_REGISTRATION", "100000/h".to_owned()),
            ("GRANTOR_LOG_FORMAT", "json".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec();
        if let Some(der) = suite {
            let trusted = self.file("suite.crt", &pem(der))?;
            let trust = [
                ("GRANTOR_OUTBOUND_AUTHORITIES", trusted),
                (
                    "GRANTOR_OUTBOUND_NETWORKS",
                    "127.0.0.0/8,::1/128".to_owned(),
                ),
            ];
            self.environment
                .extend(trust.map(|(name, value)| (name.to_owned(), value)));
        }
        let more = plan.environment.iter();
        self.environment
            .extend(more.map(|(name, value)| (name.clone(), value.clone())));
        Ok(())
    }

    fn trust_an_attester(&mut self) -> Result<(), Failure> {
        let pair = keys::attester(&self.authority)?;
        let set = json!({"keys": [pair.public]}).to_string();
        self.file(ATTESTER, &set)?;
        let trusted = format!("client_attestation_jwks={set}");
        self.command(&["realm", "set", &trusted], "")?;
        self.attester = Some(json!({"keys": [pair.private]}));
        Ok(())
    }

    fn serve(&mut self, logs: &Path) -> Result<(), Failure> {
        let log = File::create(logs.join("grantor.log"))?;
        let child = self
            .base()
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .map_err(|error| format!("{}: {error}", self.program.display()))?;
        self.child = Some(child);
        Ok(())
    }

    async fn ready(&mut self, port: u16) -> Result<(), Failure> {
        for _ in 0..1000 {
            let ended = self.child.as_mut().map(Child::try_wait).transpose()?;
            if let Some(Some(status)) = ended {
                return Err(format!("grantor ended by itself ({status}): see its log").into());
            }
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err("grantor does not listen".into())
    }

    fn person(&self, username: &str) -> Result<(), Failure> {
        let mut command = vec!["user", "create", "--username", username, "--password-stdin"];
        command.extend(["--display-name", "Alice Adams"]);
        let email = format!("{username}@example.org");
        command.extend(["--email", &email, "--email-verified"]);
        command.extend(CLAIMS.iter().flat_map(|claim| ["--claim", *claim]));
        self.command(&command, PASSWORD)?;
        Ok(())
    }

    /// Makes its next signing keys the ones that sign.
    pub(crate) fn rotate_keys(&self) -> Result<(), Failure> {
        self.command(&["key", "rotate"], "")?;
        Ok(())
    }

    /// Sets the other person's password once more: a credential changes, and all sessions end.
    pub(crate) fn set_password(&self) -> Result<(), Failure> {
        let command = ["user", "set-password", OTHER, "--password-stdin"];
        self.command(&command, PASSWORD)?;
        Ok(())
    }

    /// Runs a command that prints JSON.
    pub(crate) fn json<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Value, Failure> {
        Ok(serde_json::from_str(&self.command(arguments, "")?)?)
    }

    /// Writes a file that a command or the process reads, and answers its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> Result<String, Failure> {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text)?;
        Ok(path.to_string_lossy().into_owned())
    }

    fn command<S: AsRef<OsStr>>(&self, arguments: &[S], input: &str) -> Result<String, Failure> {
        let mut child = self
            .base()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            let words: Vec<_> = arguments
                .iter()
                .map(|a| a.as_ref().to_string_lossy())
                .collect();
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("grantor {}: {said}", words.join(" ")).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    fn base(&self) -> Command {
        let mut command = Command::new(&self.program);
        // What the caller's own grantor is configured with must not reach this one.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GRANTOR_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.folder.path())
            .envs(self.environment.iter().cloned());
        command
    }
}

impl Drop for Grantor {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It holds nothing that outlives the run.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn pem(der: &[u8]) -> String {
    use base64ct::{Base64, Encoding};
    let text = Base64::encode_string(der);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}
