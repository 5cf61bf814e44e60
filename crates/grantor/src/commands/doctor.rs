//! `grantor doctor`: looks at a deployment and says what it found. It changes nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ambient::Ambient;
use clap::Args;
use db::Db;
use fetch::{Fetch, FetchOptions};
use realm::realms::RealmInfo;
use realm::{GrantType, Node, Realm, clients, initial_access, keys as signing, realms};
use serde_json::json;

use crate::config::Config;
use crate::doctor::{self, Finding, Findings, Severity};
use crate::failure::Failure;
use crate::{output, place};

/// How many clients are read at a time.
const PAGE: i64 = 500;
/// How many of several are named.
const NAMED: usize = 8;
/// How far clocks may be apart, in seconds.
const APART: i64 = 30;

#[derive(Args)]
pub(super) struct Doctor {
    /// The configuration file; without it, grantor.toml in this folder if there is one. The environment (GRANTOR_…) wins
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Ask the issuer for its own metadata too, over the network
    #[arg(long)]
    reach: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let mut findings = Findings::default();
        let ambient = Ambient::system();
        match Config::load(self.config.as_deref()) {
            Ok(config) => {
                findings.extend(doctor::process::judge(&config));
                files(&config, ambient.now(), &mut findings).await;
                if let Err(reason) = config.mailer() {
                    let advice = "The settings under `mail` are in docs/settings.md.";
                    findings.add(error(
                        "mail",
                        format!("No letter can be sent: {reason}."),
                        advice,
                    ));
                }
                if self.reach {
                    findings.extend(reach(&config).await);
                }
                if let Some(node) = open(&config, ambient, &mut findings).await {
                    let mails = config.mail.url != ::mail::MailUrl::None;
                    if let Err(failure) = tenants(&node, mails, &mut findings).await {
                        findings.add(error(
                            "database",
                            failure.to_string(),
                            "See that the database is there and whole.",
                        ));
                    }
                }
            }
            Err(refused) => {
                let advice = "Every setting is in docs/settings.md; `grantor serve --check` reads nothing else.";
                findings.add(error("settings", refused.to_string(), advice));
            }
        }
        report(&findings.sorted(), self.json)
    }
}

fn error(check: &'static str, what: impl Into<String>, advice: impl Into<String>) -> Finding {
    Finding::new((Severity::Error, check), what, advice)
}

/// The certificates that the settings name.
async fn files(config: &Config, now: i64, findings: &mut Findings) {
    let named: [(&'static str, &str, Option<&PathBuf>); 4] = [
        (
            "tls.certificate",
            "The server's certificate",
            config.tls_certificate.as_ref(),
        ),
        (
            "tls.client_authorities",
            "An authority of clients",
            config.tls_client_authorities.as_ref(),
        ),
        (
            "outbound.authorities",
            "An authority for what goes out",
            config.outbound_authorities.as_ref(),
        ),
        (
            "mail.authorities",
            "An authority of the mail server",
            config.mail.authorities.as_ref(),
        ),
    ];
    for (setting, what, path) in named {
        let Some(path) = path else { continue };
        match tokio::fs::read(path).await {
            Ok(pem) => findings.extend(doctor::certificates::judge(&pem, (setting, what), now)),
            Err(problem) => {
                let what = format!("{} cannot be read: {problem}.", path.display());
                findings.add(error(
                    setting,
                    what,
                    "Put the file there, readable for the user that runs grantor.",
                ));
            }
        }
    }
    if let (Some(certificate), Some(key)) = (&config.tls_certificate, &config.tls_key) {
        let pair =
            crate::certificate::Certificate::read(certificate, key, config.tls_only_1_3).await;
        if let Err(problem) = pair.and_then(|mut pair| pair.tls(false).map(drop)) {
            let advice = "The key has to be that of the first certificate in the file.";
            findings.add(error(
                "tls.key",
                format!("TLS cannot be spoken: {problem}."),
                advice,
            ));
        }
    }
}

/// Whether the issuer's metadata are where they belong.
async fn reach(config: &Config) -> Option<Finding> {
    let url = format!("{}/.well-known/openid-configuration", config.issuer);
    let options = FetchOptions {
        allow_loopback: true,
        // The operator's own address, wherever that is.
        allow_networks: ["0.0.0.0/0", "::/0"]
            .iter()
            .filter_map(|it| it.parse().ok())
            .collect(),
        extra_roots: Vec::new(),
        ..FetchOptions::default()
    };
    let advice = "See that `grantor serve` runs, that the issuer's name leads to it or to its proxy, and that the certificate is that name's.";
    let answer = match Fetch::new(options) {
        Ok(fetch) => fetch.get(&url).await,
        Err(problem) => Err(problem),
    };
    let what = match answer {
        Err(problem) => format!("{url} cannot be reached from here: {problem}."),
        Ok(answer) if !answer.status.is_success() => {
            format!("{url} answers with status {}.", answer.status.as_u16())
        }
        Ok(answer) => {
            let document: serde_json::Value =
                serde_json::from_slice(&answer.body).unwrap_or_default();
            if document["issuer"] == json!(config.issuer) {
                return None;
            }
            format!("{url} is the document of another issuer (RFC 8414 §3.3).")
        }
    };
    Some(error("issuer", what, advice))
}

/// Opens the database, if that changes nothing in it.
async fn open(config: &Config, ambient: Ambient, findings: &mut Findings) -> Option<Arc<Node>> {
    let url = match db::Url::parse(&config.database.0) {
        Ok(url) => url,
        Err(problem) => {
            findings.add(error(
                "database",
                problem.to_string(),
                "`database` is in docs/settings.md.",
            ));
            return None;
        }
    };
    let file = url.path().map(Path::to_owned);
    if let Some(file) = file.as_ref().filter(|file| !file.exists()) {
        let what = format!("There is no database at {} yet.", file.display());
        findings.add(error(
            "database",
            what,
            "`grantor serve` makes it at its first start.",
        ));
        return None;
    }
    if let Some(missing) = place::missing_sealing_key(config, &url) {
        let what = format!(
            "The sealing key's file {} is not there: nothing that is sealed can be opened.",
            missing.display()
        );
        findings.add(error("sealing_key", what, "Put it back from where you keep it; without it tokens cannot be signed and no client secret is known."));
        return None;
    }
    let db = match Db::open(&url).await {
        Ok(db) => db,
        Err(problem) => {
            let advice =
                "See that it runs, that `database` is right, and that this machine may reach it.";
            findings.add(error(
                "database",
                format!("It cannot be opened: {problem}."),
                advice,
            ));
            return None;
        }
    };
    match db.pending(realm::schema::MIGRATIONS).await {
        Ok(pending) if pending.is_empty() => {}
        Ok(pending) => {
            let what = format!(
                "The schema lacks {} of {} migrations.",
                pending.len(),
                realm::schema::MIGRATIONS.len()
            );
            let advice = "`grantor serve` of this version brings it up to date at start; nodes of the version before go on running.";
            let found = error("migrations", what, advice);
            findings.add(pending.into_iter().fold(found, Finding::about));
            return None;
        }
        Err(problem) => {
            findings.add(error(
                "migrations",
                problem.to_string(),
                "Run the version that made this database, or a newer one.",
            ));
            return None;
        }
    }
    if let Ok(weaknesses) = db.durability().await {
        for weakness in weaknesses {
            findings.add(error(
                "durability",
                format!("Storage is not durable: {weakness}."),
                "docs/durability.md says what to set.",
            ));
        }
    }
    if let Ok(Some(ahead)) = realm::clock_is_behind(&db, ambient.now()).await
        && ahead > APART
    {
        let what = format!(
            "This machine's clock is {ahead} seconds behind one that wrote to the database."
        );
        let advice = "Let every node follow a time server (chrony, systemd-timesyncd): codes, tokens and signatures live by the clock.";
        findings.add(error("clock", what, advice));
    }
    db.close().await;
    match place::open(config, ambient).await {
        Ok(node) => Some(node),
        Err(problem) => {
            let advice = "Give the sealing key and the issuer that this database was made with.";
            findings.add(error("database", problem.to_string(), advice));
            None
        }
    }
}

/// What is set and registered in each tenant.
async fn tenants(node: &Node, mails: bool, findings: &mut Findings) -> Result<(), Failure> {
    for info in realms::list(node, "", i64::MAX).await? {
        let name = &info.name;
        match node.realm(name).await {
            Ok(Some(realm)) => tenant(&realm, &info, mails, findings).await?,
            Ok(None) => {}
            Err(problem) => {
                let advice =
                    "Its secret is sealed with another key: give the key it was made with.";
                findings.add(error("sealing_key", problem.to_string(), advice).of(name));
            }
        }
    }
    Ok(())
}

async fn tenant(
    realm: &Realm,
    info: &RealmInfo,
    mails: bool,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let (name, settings, now) = (realm.name(), &info.settings, realm.now());
    let of = |found: Vec<Finding>| found.into_iter().map(|one| one.of(name));
    findings.extend(of(doctor::realms::judge(settings)));
    let published = signing::list(realm).await?;
    findings.extend(of(doctor::keys::judge(&published, settings, now)));
    for token in initial_access::list(realm, "", PAGE).await? {
        let found = doctor::realms::token(&token.name, token.expires_at, now);
        findings.extend(found.map(|one| one.of(name)));
    }
    let mut after = String::new();
    loop {
        let page = clients::list(realm, &after, PAGE).await?;
        for client in &page {
            findings.extend(of(doctor::clients::judge(client, settings)));
            if client.allows_grant(GrantType::Ciba) && !client.disabled {
                let found = doctor::realms::hearing(settings, mails, &client.id);
                findings.extend(found.map(|one| one.of(name)));
            }
        }
        match page.last() {
            Some(last) => after.clone_from(&last.id),
            None => return Ok(()),
        }
    }
}

fn report(findings: &[Finding], json: bool) -> Result<(), Failure> {
    let count = |severity| {
        findings
            .iter()
            .filter(|found| found.severity == severity)
            .count()
    };
    let [errors, warnings, notes] = [Severity::Error, Severity::Warning, Severity::Note].map(count);
    if json {
        output::json(
            &json!({ "errors": errors, "warnings": warnings, "notes": notes, "findings": findings }),
        );
    } else {
        for found in findings {
            print(found);
        }
        match findings {
            [] => output::line("Nothing to mend."),
            _ => output::line(&format!(
                "{errors} errors, {warnings} warnings, {notes} notes"
            )),
        }
    }
    match errors {
        0 => Ok(()),
        _ => Err("this deployment has to be mended".into()),
    }
}

fn print(found: &Finding) {
    let realm = found.realm.as_ref().map(|name| format!(" (realm {name})"));
    let head = format!(
        "{:7}  {}{}",
        found.severity.word(),
        found.check,
        realm.unwrap_or_default()
    );
    output::line(&head);
    output::line(&format!("         {}", found.what));
    if !found.subjects.is_empty() {
        let mut named = found.subjects[..found.subjects.len().min(NAMED)].join(", ");
        let more = found.subjects.len().saturating_sub(NAMED);
        if more > 0 {
            named.push_str(&format!(" and {more} more"));
        }
        output::line(&format!("         {named}"));
    }
    output::line(&format!("         → {}", found.advice));
    output::line("");
}
