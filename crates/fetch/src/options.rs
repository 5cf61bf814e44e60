use std::fmt;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

/// What a [`crate::Fetch`] may do. The default reaches public https addresses only.
#[derive(Clone, Debug)]
pub struct FetchOptions {
    /// From the first byte sent to the last byte read. Default 10 seconds.
    pub timeout: Duration,
    /// For name resolution, the connection and the TLS handshake. Default 5 seconds.
    pub connect_timeout: Duration,
    /// The largest body that is read, in bytes; a larger one is an error, noticed while it streams. Default 1 MiB.
    pub max_bytes: usize,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Whether loopback addresses may be reached, and with them plain http. Default no.
    pub allow_loopback: bool,
    /// Private networks that may be reached all the same (still by https only). Default none.
    pub allow_networks: Vec<IpNet>,
    /// An http proxy. It then resolves the names of the targets, so the guard sees only their addresses when they are literal: the proxy has
    /// to hold the fence. Loopback targets that are allowed are reached directly. Default none; the environment is not read.
    pub proxy: Option<Url>,
    /// Certificate authorities that are trusted beside the system's, each in PEM.
    pub extra_roots: Vec<String>,
    /// What to show servers that ask for a certificate (RFC 8705). Default nothing.
    pub identity: Option<ClientIdentity>,
}

/// A certificate chain and its private key, in PEM. `Debug` hides them.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientIdentity(String);

impl ClientIdentity {
    /// From the text of both, in any order.
    pub fn from_pem(pem: impl Into<String>) -> Self {
        Self(pem.into())
    }

    pub(crate) fn pem(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientIdentity")
    }
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            max_bytes: 1024 * 1024,
            user_agent: concat!("grantor/", env!("CARGO_PKG_VERSION")).to_owned(),
            allow_loopback: false,
            allow_networks: Vec::new(),
            proxy: None,
            extra_roots: Vec::new(),
            identity: None,
        }
    }
}

impl FetchOptions {
    /// As the default, but loopback addresses may be reached over plain http: for the demo, for tests and for tools on one machine.
    pub fn loopback() -> Self {
        Self {
            allow_loopback: true,
            ..Self::default()
        }
    }
}
