//! The configuration: what `grantor.toml` and the environment may say, each setting once, in [`settings::SETTINGS`]. The file's parser,
//! the environment, the error that names the nearest key and the documentation all read that table.

mod bounds;
mod file;
mod mail;
mod nearest;
mod settings;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use mail::Mail;
pub(crate) use nearest::unknown;
pub use settings::{SETTINGS, Setting};
use web::client_certificate::{CertificateFormat, CertificateHeader};

/// What an operator decides for one process. Everything that belongs to a tenant is in the database (`grantor realm set`).
#[derive(Clone, Debug)]
pub struct Config {
    /// The issuer of the first realm: an origin, or an origin with a path, without a trailing slash (RFC 8414 §2).
    pub issuer: String,
    /// The addresses to listen on.
    pub listen: Vec<SocketAddr>,
    /// Where the data is: `sqlite:PATH` or `postgres://…`. Holds a password: never logged.
    pub database: Secret,
    /// The sealing key itself, 32 bytes as base64url; takes precedence over the file.
    pub sealing_key: Option<Secret>,
    /// The sealing key before this one, until everything has been resealed.
    pub sealing_key_previous: Option<Secret>,
    /// The file that holds the sealing key. On SQLite it is made beside the data when it is missing.
    pub sealing_key_file: Option<PathBuf>,
    /// Networks whose `Forwarded` and `X-Forwarded-For` headers are believed, as CIDR.
    pub trusted_proxies: Vec<String>,
    /// The certificate chain (PEM) with which grantor speaks TLS itself.
    pub tls_certificate: Option<PathBuf>,
    /// The private key (PEM) of that certificate.
    pub tls_key: Option<PathBuf>,
    /// Whether TLS 1.2 is refused.
    pub tls_only_1_3: bool,
    /// Further addresses to listen on with TLS, where clients are asked for a certificate (RFC 8705).
    pub tls_mtls_listen: Vec<SocketAddr>,
    /// The address (https, without a path) at which clients reach what asks for certificates.
    pub tls_mtls_url: Option<String>,
    /// The authorities (PEM) whose certificates clients may authenticate with.
    pub tls_client_authorities: Option<PathBuf>,
    /// The header in which trusted proxies pass the client's certificate on.
    pub client_certificate_header: Option<CertificateHeader>,
    /// How they write it there, if not as goes with the name.
    pub client_certificate_format: Option<CertificateFormat>,
    /// Whether trusted proxies name the host that was asked for in `X-Forwarded-Host`.
    pub forwarded_host: bool,
    /// The proxy for what goes out.
    pub outbound_proxy: Option<url::Url>,
    /// Certificate authorities (PEM) that are believed there beside the system's.
    pub outbound_authorities: Option<PathBuf>,
    /// Private networks that may be reached there.
    pub outbound_networks: Vec<fetch::IpNet>,
    /// Letters to people.
    pub mail: Mail,
    /// How often endpoints may be asked.
    pub limits: server::RequestRates,
    /// How often an application may ask a person for approval; none: as usual.
    pub approvals: Option<server::RequestRate>,
    /// What is logged, as `tracing` directives.
    pub log_level: String,
    /// `text` or `json`.
    pub log_format: LogFormat,
    /// How many Argon2id computations run at once.
    pub password_workers: usize,
    /// How many sign-ins may wait for a worker before the next one is told to come back later.
    pub password_queue: usize,
    /// Milliseconds that a sign-in waits for a worker at most.
    pub password_wait: u64,
    /// Open connections at most.
    pub max_connections: usize,
    /// Open connections at most from one address; 0: no bound.
    pub max_connections_per_address: usize,
    /// Seconds a connection may go without a request.
    pub idle_timeout: u64,
    /// Seconds a request has for its body.
    pub body_timeout: u64,
    /// Seconds after which an answer that nobody takes is given up.
    pub write_timeout: u64,
    /// Seconds for which browsers come back by https only; 0: they are not told.
    pub hsts_max_age: u64,
    /// Seconds a connection has for its TLS handshake.
    pub handshake_timeout: u64,
    /// Seconds a connection has for its request's header.
    pub header_timeout: u64,
    /// Seconds that requests under way have to finish when the process is asked to stop.
    pub shutdown_timeout: u64,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A value that must not reach a log or an error message.
#[derive(Clone)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            issuer: "http://localhost:8080".into(),
            listen: vec![
                SocketAddr::from(([127, 0, 0, 1], 8080)),
                SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, 8080)),
            ],
            database: Secret("sqlite:grantor.db".into()),
            sealing_key: None,
            sealing_key_previous: None,
            sealing_key_file: None,
            trusted_proxies: Vec::new(),
            tls_certificate: None,
            tls_key: None,
            tls_only_1_3: false,
            tls_mtls_listen: Vec::new(),
            tls_mtls_url: None,
            tls_client_authorities: None,
            client_certificate_header: None,
            client_certificate_format: None,
            forwarded_host: false,
            outbound_proxy: None,
            outbound_authorities: None,
            outbound_networks: Vec::new(),
            mail: Mail::default(),
            limits: server::RequestRates::default(),
            approvals: None,
            log_level: "info".into(),
            log_format: LogFormat::Text,
            password_workers: 1,
            password_queue: 64,
            password_wait: 1_000,
            max_connections: 20_000,
            max_connections_per_address: 1_000,
            idle_timeout: 60,
            body_timeout: 20,
            write_timeout: 30,
            hsts_max_age: 31_536_000,
            handshake_timeout: 10,
            header_timeout: 10,
            shutdown_timeout: 30,
        }
    }
}

/// Why a configuration is refused: where the mistake is, and what would be right.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file and line, or the environment variable.
    pub place: String,
    /// The mistake, naming the key and, where one is near, the key that was probably meant.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads `file` (when one is named, or when `grantor.toml` is here) and then the environment, which wins.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        let here = Path::new("grantor.toml");
        if let Some(path) = file.or_else(|| here.exists().then_some(here)) {
            let text = std::fs::read_to_string(path).map_err(|e| ConfigError {
                place: path.display().to_string(),
                message: format!("cannot be read: {e}"),
            })?;
            file::apply(&mut config, &path.display().to_string(), &text)?;
        }
        config.apply_environment(std::env::vars())?;
        config.check()?;
        Ok(config)
    }

    /// Applies variables named `GRANTOR_…`: the key in capitals, dots as underscores, lists separated by commas.
    fn apply_environment(
        &mut self,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<(), ConfigError> {
        for (name, value) in variables.filter(|(name, _)| name.starts_with("GRANTOR_")) {
            // The project's own tests name their database so.
            if name.starts_with("GRANTOR_TEST_") {
                continue;
            }
            let refuse = |message| ConfigError {
                place: format!("environment variable {name}"),
                message,
            };
            let Some(setting) = SETTINGS.iter().find(|s| s.variable() == name) else {
                let known: Vec<String> = SETTINGS.iter().map(Setting::variable).collect();
                return Err(refuse(nearest::unknown(
                    &name,
                    known.iter().map(String::as_str),
                )));
            };
            (setting.apply)(self, &settings::Given::Text(value))
                .map_err(|why| refuse(format!("{}: {why}", setting.key)))?;
        }
        Ok(())
    }

    /// The header in which trusted proxies pass the client's certificate on, as they write it.
    pub fn certificate_header(&self) -> Option<CertificateHeader> {
        let header = self.client_certificate_header.clone()?;
        Some(match self.client_certificate_format {
            Some(format) => header.in_format(format),
            None => header,
        })
    }

    fn check(&self) -> Result<(), ConfigError> {
        let refuse = |key: &str, message: &str| {
            Err(ConfigError {
                place: "configuration".into(),
                message: format!("{key}: {message}"),
            })
        };
        if self.tls_certificate.is_some() != self.tls_key.is_some() {
            return refuse(
                "tls.certificate",
                "goes with tls.key: name both, or neither",
            );
        }
        if !self.tls_mtls_listen.is_empty() && self.tls_certificate.is_none() {
            return refuse(
                "tls.mtls_listen",
                "needs tls.certificate and tls.key: without TLS nobody shows a certificate",
            );
        }
        for (key, named) in [
            (
                "client_certificate_header",
                self.client_certificate_header.is_some(),
            ),
            ("forwarded_host", self.forwarded_host),
        ] {
            if named && self.trusted_proxies.is_empty() {
                return refuse(key, "is believed of trusted_proxies only: name them");
            }
        }
        if self.client_certificate_format.is_some() && self.client_certificate_header.is_none() {
            return refuse(
                "client_certificate_format",
                "is that of client_certificate_header: name it",
            );
        }
        if self.listen.is_empty() {
            return refuse("listen", "names no address");
        }
        if let Err((key, message)) = self.mail.check() {
            return refuse(key, message);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        let mut config = Config::default();
        file::apply(&mut config, "grantor.toml", text).map_err(|e| e.to_string())?;
        Ok(config)
    }

    #[test]
    fn a_file_sets_what_it_names() {
        let config = parse(
            "issuer = \"https://id.example\"\nlisten = [\"127.0.0.1:9000\"]\n[tls]\ncertificate = \"a.pem\"\n",
        )
        .unwrap();
        assert_eq!(config.issuer, "https://id.example");
        assert_eq!(config.listen.len(), 1);
        assert_eq!(config.tls_certificate.as_deref(), Some(Path::new("a.pem")));
    }

    #[test]
    fn the_header_of_a_proxy_has_the_format_that_is_named() {
        let proxies = "trusted_proxies = [\"10.0.0.0/8\"]\n";
        let header = "client_certificate_header = \"X-Client-Cert\"\n";
        let format = |name: &str| format!("client_certificate_format = \"{name}\"\n");
        let config = parse(&format!("{proxies}{}{header}", format("base64-der"))).unwrap();
        config.check().unwrap();
        let named = CertificateHeader::named("x-client-cert").unwrap();
        let expected = named.clone().in_format(CertificateFormat::Base64Der);
        assert_eq!(config.certificate_header(), Some(expected));
        let config = parse(&format!("{proxies}{header}")).unwrap();
        assert_eq!(config.certificate_header(), Some(named));
        let error = parse(&format("haproxy")).unwrap_err();
        assert!(
            error.contains("`haproxy` is not a format; there are rfc9440, envoy,"),
            "{error}"
        );
        let alone = parse(&format!("{proxies}{}", format("traefik"))).unwrap();
        assert!(
            alone
                .check()
                .unwrap_err()
                .message
                .starts_with("client_certificate_format")
        );
        let nobody = parse(header).unwrap();
        assert!(
            nobody
                .check()
                .unwrap_err()
                .message
                .starts_with("client_certificate_header")
        );
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_the_nearest_key() {
        let error =
            parse("issuer = \"https://id.example\"\n\n[tls]\ncertifcate = \"a\"\n").unwrap_err();
        assert_eq!(
            error,
            "grantor.toml:4: `tls.certifcate` is not a setting; did you mean `tls.certificate`?"
        );
    }

    #[test]
    fn a_value_of_the_wrong_type_is_refused_with_its_line() {
        let error = parse("\nlisten = \"nowhere\"\n").unwrap_err();
        assert_eq!(
            error,
            "grantor.toml:2: listen: `nowhere` is not an address such as 127.0.0.1:8080"
        );
    }

    #[test]
    fn text_that_is_not_toml_is_refused_with_its_line() {
        let error = parse("issuer = \"a\"\nlisten = [\n").unwrap_err();
        assert!(error.starts_with("grantor.toml:"), "{error}");
    }

    #[test]
    fn the_environment_wins_and_its_unknown_names_are_refused() {
        let mut config = parse("issuer = \"https://a.example\"").unwrap();
        let set = [("GRANTOR_ISSUER", "https://b.example"), ("HOME", "/")];
        let set = set.map(|(a, b)| (a.to_owned(), b.to_owned()));
        config.apply_environment(set.into_iter()).unwrap();
        assert_eq!(config.issuer, "https://b.example");
        let wrong = [("GRANTOR_ISUER".to_owned(), "x".to_owned())];
        let error = config.apply_environment(wrong.into_iter()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "environment variable GRANTOR_ISUER: `GRANTOR_ISUER` is not a setting; did you mean `GRANTOR_ISSUER`?"
        );
    }

    #[test]
    fn people_cannot_be_asked_without_end() {
        let config = parse("[limits]\napprovals = \"60/h\"").unwrap();
        assert_eq!(config.approvals.map(|rate| rate.count), Some(60));
        let error = parse("[limits]\napprovals = \"off\"").unwrap_err();
        assert!(error.contains("limits.approvals: "), "{error}");
    }

    #[test]
    fn the_oldest_tls_is_1_2_or_1_3() {
        let minimum = |text: &str| parse(&format!("[tls]\nminimum = \"{text}\""));
        assert!(!minimum("1.2").unwrap().tls_only_1_3);
        assert!(minimum("1.3").unwrap().tls_only_1_3);
        assert!(minimum("1.1").unwrap_err().contains("1.2 or 1.3"));
    }

    #[test]
    fn a_secret_is_not_shown() {
        let config = parse("database = \"postgres://u:hunter2@h/d\"").unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn every_setting_has_its_own_key_and_words() {
        let mut keys: Vec<_> = SETTINGS.iter().map(|s| s.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), SETTINGS.len());
        assert!(SETTINGS.iter().all(|s| !s.words.is_empty()));
    }
}
