//! Every setting, once: its key, what it is for, its default in words, and how a value is taken.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::LazyLock;

use web::client_certificate::{CertificateFormat, CertificateHeader};

use super::{Config, LogFormat, Secret, bounds, mail};

/// One setting of `grantor.toml`.
#[derive(Clone, Copy)]
pub struct Setting {
    /// Its key, with dots for sections.
    pub key: &'static str,
    /// What it decides, for the documentation.
    pub words: &'static str,
    /// What holds when nothing is said, for the documentation.
    pub default: &'static str,
    /// Takes a value, or says in words why it cannot.
    pub(super) apply: fn(&mut Config, &Given) -> Result<(), String>,
}

impl Setting {
    /// The environment variable that sets it: `tls.key` is `GRANTOR_TLS_KEY`.
    pub fn variable(&self) -> String {
        format!("GRANTOR_{}", self.key.replace('.', "_").to_uppercase())
    }
}

/// A value as it was written.
pub(super) enum Given {
    Text(String),
    List(Vec<String>),
}

impl Given {
    pub(super) fn text(&self) -> Result<&str, String> {
        match self {
            Self::Text(text) if !text.is_empty() => Ok(text),
            Self::Text(_) => Err("must not be empty".into()),
            Self::List(_) => Err("must be one value, not a list".into()),
        }
    }

    fn number<T: FromStr>(&self) -> Result<T, String> {
        let text = self.text()?;
        text.parse()
            .map_err(|_| format!("`{text}` is not a whole number in range"))
    }

    fn flag(&self) -> Result<bool, String> {
        let text = self.text()?;
        text.parse()
            .map_err(|_| format!("`{text}` is neither true nor false"))
    }

    fn addresses(&self) -> Result<Vec<SocketAddr>, String> {
        let address = |text: &String| {
            text.parse()
                .map_err(|_| format!("`{text}` is not an address such as 127.0.0.1:8080"))
        };
        self.list().iter().map(address).collect()
    }

    /// One value stands for a list of one; in the environment commas separate.
    pub(super) fn list(&self) -> Vec<String> {
        match self {
            Self::List(items) => items.clone(),
            Self::Text(text) => text
                .split(',')
                .map(|item| item.trim().to_owned())
                .filter(|item| !item.is_empty())
                .collect(),
        }
    }
}

/// The table of settings.
pub static SETTINGS: LazyLock<Vec<Setting>> =
    LazyLock::new(|| [PROCESS, bounds::OUTBOUND, mail::MAIL, bounds::LIMITS].concat());

static PROCESS: &[Setting] = &[
    Setting {
        key: "issuer",
        words: "The issuer of the first realm: what applications are configured with, and the `iss` of every token. An https URL without \
                a trailing slash; http only on loopback.",
        default: "http://localhost:8080",
        apply: |c, v| {
            let issuer = v.text()?.to_owned();
            let url = url::Url::parse(&issuer).map_err(|_| format!("`{issuer}` is not a URL"))?;
            let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
            if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
                return Err("must be an https URL (http only for localhost)".into());
            }
            if url.query().is_some() || url.fragment().is_some() || issuer.ends_with('/') {
                return Err(
                    "must have no query, no fragment and no trailing slash (RFC 8414 §2)".into(),
                );
            }
            c.issuer = issuer;
            Ok(())
        },
    },
    Setting {
        key: "listen",
        words: "The addresses to listen on.",
        default: "127.0.0.1:8080, [::1]:8080",
        apply: |c, v| {
            c.listen = v.addresses()?;
            Ok(())
        },
    },
    Setting {
        key: "database",
        words: "Where the data is: `sqlite:PATH`, or `postgres://USER:PASSWORD@HOST/NAME?sslmode=verify-full`.",
        default: "sqlite:grantor.db",
        apply: |c, v| {
            c.database = Secret(v.text()?.to_owned());
            Ok(())
        },
    },
    Setting {
        key: "sealing_key",
        words: "The key that seals private keys and secrets in the database: 32 bytes as base64url. Best given by the environment.",
        default: "read from `sealing_key_file`",
        apply: |c, v| {
            c.sealing_key = Some(Secret(v.text()?.to_owned()));
            Ok(())
        },
    },
    Setting {
        key: "sealing_key_previous",
        words: "The sealing key before this one: what it sealed still opens, until `grantor key reseal` has been run.",
        default: "none",
        apply: |c, v| {
            c.sealing_key_previous = Some(Secret(v.text()?.to_owned()));
            Ok(())
        },
    },
    Setting {
        key: "sealing_key_file",
        words: "The file that holds the sealing key. With SQLite it is made at the first start; with PostgreSQL it must be there.",
        default: "beside the SQLite file, ending in `.key`",
        apply: |c, v| {
            c.sealing_key_file = Some(PathBuf::from(v.text()?));
            Ok(())
        },
    },
    Setting {
        key: "trusted_proxies",
        words: "Networks (CIDR) whose `Forwarded` and `X-Forwarded-For` headers name the caller's address.",
        default: "none",
        apply: |c, v| {
            c.trusted_proxies = v.list();
            Ok(())
        },
    },
    Setting {
        key: "forwarded_host",
        words: "Whether trusted proxies name the requested host in `X-Forwarded-Host`. Only for those that always set or remove that header; \
                most leave `Host` as it was, and need nothing.",
        default: "false",
        apply: |c, v| {
            c.forwarded_host = v.flag()?;
            Ok(())
        },
    },
    Setting {
        key: "client_certificate_header",
        words: "The one header in which trusted proxies pass on the certificate that a client showed (RFC 8705), and which they remove from what \
                clients send; see [proxies](proxies.md). One that cannot be read is refused with 400.",
        default: "none: certificates from proxies are not known",
        apply: |c, v| {
            let name = v.text()?;
            let header = CertificateHeader::named(name);
            c.client_certificate_header =
                Some(header.ok_or_else(|| format!("`{name}` cannot be the name of a header"))?);
            Ok(())
        },
    },
    Setting {
        key: "client_certificate_format",
        words: "How the certificate stands in that header: `rfc9440`, `envoy`, `traefik`, `escaped-pem` (nginx, Apache, AWS) or `base64-der` (HAProxy, Caddy).",
        default: "as goes with the header: `Client-Cert` rfc9440, `X-Forwarded-Client-Cert` envoy, `X-Forwarded-Tls-Client-Cert` traefik, others escaped-pem",
        apply: |c, v| {
            let name = v.text()?;
            let known = CertificateFormat::NAMED.map(|(name, _)| name).join(", ");
            let format = CertificateFormat::parse(name);
            c.client_certificate_format =
                Some(format.ok_or_else(|| format!("`{name}` is not a format; there are {known}"))?);
            Ok(())
        },
    },
    Setting {
        key: "tls.certificate",
        words: "The certificate chain (PEM) with which grantor speaks TLS itself. A new one in its place is used within seconds, or at SIGHUP; one that \
                cannot be used leaves the old one.",
        default: "none: TLS ends at a proxy",
        apply: |c, v| {
            c.tls_certificate = Some(PathBuf::from(v.text()?));
            Ok(())
        },
    },
    Setting {
        key: "tls.key",
        words: "The private key (PEM) of that certificate.",
        default: "none",
        apply: |c, v| {
            c.tls_key = Some(PathBuf::from(v.text()?));
            Ok(())
        },
    },
    Setting {
        key: "tls.minimum",
        words: "The oldest TLS that grantor speaks itself: `1.2` or `1.3`. FAPI 1.0, which FAPI-CIBA stands on, allows fewer cipher suites of TLS 1.2 than grantor has.",
        default: "1.2",
        apply: |c, v| {
            c.tls_only_1_3 = match v.text()? {
                "1.2" => false,
                "1.3" => true,
                _ => return Err("must be 1.2 or 1.3".into()),
            };
            Ok(())
        },
    },
    Setting {
        key: "tls.mtls_listen",
        words: "Further addresses to listen on with TLS, where clients are asked for a certificate of theirs and may have none (RFC 8705). Apart from `listen`, \
                since browsers would ask people to choose one.",
        default: "none",
        apply: |c, v| {
            c.tls_mtls_listen = v.addresses()?;
            Ok(())
        },
    },
    Setting {
        key: "tls.mtls_url",
        words: "Where applications reach what asks for certificates, such as `https://mtls.id.example`; stands for the issuer in `mtls_endpoint_aliases` (RFC 8705 \
                §5), so for the first realm and those below it.",
        default: "none: no aliases",
        apply: |c, v| {
            let text = v.text()?;
            let url = url::Url::parse(text).map_err(|_| format!("`{text}` is not a URL"))?;
            if url.scheme() != "https" || url.query().is_some() || text.ends_with('/') {
                return Err("must be an https URL without query and trailing slash".into());
            }
            c.tls_mtls_url = Some(text.to_owned());
            Ok(())
        },
    },
    Setting {
        key: "tls.client_authorities",
        words: "The authorities (PEM) whose certificates applications may authenticate with (`tls_client_auth`): those that sign themselves are trusted, others \
                lead to them. They vouch for applications only, never for people or servers.",
        default: "none: `tls_client_auth` is not offered",
        apply: |c, v| {
            c.tls_client_authorities = Some(PathBuf::from(v.text()?));
            Ok(())
        },
    },
    Setting {
        key: "log.level",
        words: "What is logged: `error`, `warn`, `info`, `debug`, or directives such as `info,db=debug`.",
        default: "info",
        apply: |c, v| {
            c.log_level = v.text()?.to_owned();
            Ok(())
        },
    },
    Setting {
        key: "log.format",
        words: "`text` for people, `json` for machines.",
        default: "text",
        apply: |c, v| {
            c.log_format = match v.text()? {
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                other => return Err(format!("`{other}` is neither text nor json")),
            };
            Ok(())
        },
    },
    Setting {
        key: "passwords.workers",
        words: "How many password checks (Argon2id) run at once; each takes a core and 19 MiB while it runs.",
        default: "1",
        apply: |c, v| {
            c.password_workers = v.number::<std::num::NonZeroU16>()?.get().into();
            Ok(())
        },
    },
    Setting {
        key: "passwords.queue",
        words: "How many sign-ins may wait for a worker; the next one gets 503 with Retry-After.",
        default: "64",
        apply: |c, v| {
            c.password_queue = v.number::<u16>()?.into();
            Ok(())
        },
    },
    Setting {
        key: "passwords.wait",
        words: "Milliseconds that a sign-in waits for a worker at most; then it gets 503 with Retry-After.",
        default: "1000",
        apply: |c, v| {
            c.password_wait = v.number::<std::num::NonZeroU16>()?.get().into();
            Ok(())
        },
    },
    Setting {
        key: "http.max_connections",
        words: "Open connections at most.",
        default: "20000",
        apply: |c, v| {
            c.max_connections = v.number::<std::num::NonZeroU32>()?.get() as usize;
            Ok(())
        },
    },
    Setting {
        key: "http.max_connections_per_address",
        words: "Open connections at most from one IPv4 address or IPv6 /64; one more is closed at once. Loopback and trusted proxies are not \
                counted. 0: no bound.",
        default: "1000",
        apply: |c, v| {
            c.max_connections_per_address = v.number::<u32>()? as usize;
            Ok(())
        },
    },
    Setting {
        key: "http.handshake_timeout",
        words: "Seconds a connection has for its TLS handshake.",
        default: "10",
        apply: |c, v| {
            c.handshake_timeout = v.number::<std::num::NonZeroU16>()?.get().into();
            Ok(())
        },
    },
    Setting {
        key: "http.header_timeout",
        words: "Seconds a new connection has for its first byte, and each request for its header.",
        default: "10",
        apply: |c, v| {
            c.header_timeout = v.number::<std::num::NonZeroU16>()?.get().into();
            Ok(())
        },
    },
    Setting {
        key: "http.body_timeout",
        words: "Seconds a request has for all of its body, however steadily it comes.",
        default: "20",
        apply: |c, v| {
            c.body_timeout = v.number::<std::num::NonZeroU16>()?.get().into();
            Ok(())
        },
    },
    Setting {
        key: "http.write_timeout",
        words: "Seconds after which a client that takes nothing of an answer is cut off.",
        default: "30",
        apply: |c, v| {
            c.write_timeout = v.number::<std::num::NonZeroU16>()?.get().into();
            Ok(())
        },
    },
    Setting {
        key: "http.idle_timeout",
        words: "Seconds a connection may go without a request. Let a proxy's own be shorter.",
        default: "60",
        apply: |c, v| {
            c.idle_timeout = v.number::<std::num::NonZeroU16>()?.get().into();
            Ok(())
        },
    },
    Setting {
        key: "http.hsts_max_age",
        words: "Seconds for which browsers that have been here come back by https only (RFC 6797), said wherever the issuer is https and not \
                loopback, without `includeSubDomains`. 0: not said.",
        default: "31536000",
        apply: |c, v| {
            c.hsts_max_age = v.number::<u32>()?.into();
            Ok(())
        },
    },
    Setting {
        key: "http.shutdown_timeout",
        words: "Seconds that requests under way have to finish when the process is asked to stop.",
        default: "30",
        apply: |c, v| {
            c.shutdown_timeout = v.number::<u16>()?.into();
            Ok(())
        },
    },
];
