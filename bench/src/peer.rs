//! Another server that already runs, measured beside grantor with the same load: client credentials, and introspection where it has it.

use std::net::{SocketAddr, ToSocketAddrs};

use clap::ValueEnum;
use grantor_tests::live::browser::encode;
use oauth::client_auth::basic;
use url::Url;

use crate::Failure;
use crate::connection::{Connection, get, post};
use crate::options::PeerOptions;
use crate::scenario::{Expected, Requests, SIGN, Scenario, Server, VERIFY, Work};
use crate::target::Target;

/// The servers whose paths are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Keycloak,
    Hydra,
    NodeOidcProvider,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Keycloak => "keycloak",
            Self::Hydra => "hydra",
            Self::NodeOidcProvider => "node-oidc-provider",
        }
    }

    /// The paths of the token and the introspection endpoint below the issuer, where the discovery document names none. That of Hydra is on its
    /// administrative port and has to be said.
    fn paths(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Keycloak => (
                "/protocol/openid-connect/token",
                Some("/protocol/openid-connect/token/introspect"),
            ),
            Self::Hydra => ("/oauth2/token", None),
            Self::NodeOidcProvider => ("/token", Some("/token/introspection")),
        }
    }
}

/// The peer of a run.
pub(crate) struct Peer {
    name: &'static str,
    token: Endpoint,
    introspection: Option<Endpoint>,
    authorization: String,
    form: String,
    pid: Option<u32>,
}

/// How many tokens introspection is asked about.
const TOKENS: usize = 200;

impl Peer {
    /// Reads what it says of itself. `None` when none is asked for.
    pub(crate) async fn find(options: &PeerOptions) -> Result<Option<Self>, Failure> {
        let Some(kind) = options.peer else {
            return Ok(None);
        };
        let (Some(url), Some(id), Some(secret)) =
            (&options.url, &options.client_id, &options.client_secret)
        else {
            return Err("--peer takes --url, --client-id and --client-secret as well".into());
        };
        let base = url.trim_end_matches('/');
        let said = Discovered::read(base).await;
        let (token, introspection) = kind.paths();
        let token = said.token.unwrap_or_else(|| format!("{base}{token}"));
        let introspection = options
            .introspection_url
            .clone()
            .or(said.introspection)
            .or_else(|| introspection.map(|path| format!("{base}{path}")));
        let mut form = vec![("grant_type", "client_credentials")];
        if let Some(scope) = &options.scope {
            form.push(("scope", scope));
        }
        Ok(Some(Self {
            name: kind.name(),
            token: Endpoint::parse(&token)?,
            introspection: introspection.as_deref().map(Endpoint::parse).transpose()?,
            authorization: basic(id, secret),
            form: encode(&form),
            pid: options.peer_pid,
        }))
    }

    /// What is measured of it.
    pub(crate) async fn scenarios(&self) -> Result<Vec<Scenario>, Failure> {
        let credentials = self.scenario("client credentials", SIGN, self.credentials());
        let mut scenarios = vec![credentials];
        if let Some(work) = self.introspections().await? {
            scenarios.push(self.scenario("introspection", VERIFY, work));
        }
        Ok(scenarios)
    }

    /// Makes anew what may expire.
    pub(crate) async fn renew(&self, scenario: &mut Scenario) -> Result<(), Failure> {
        if scenario.yardstick == Some(VERIFY)
            && let Some(work) = self.introspections().await?
        {
            scenario.work = work;
        }
        Ok(())
    }

    /// Where a scenario of it is answered.
    pub(crate) fn target(&self, scenario: &Scenario) -> Target {
        let endpoint = match &self.introspection {
            Some(endpoint) if scenario.yardstick == Some(VERIFY) => endpoint,
            _ => &self.token,
        };
        Target {
            address: endpoint.address,
            pid: self.pid,
        }
    }

    fn scenario(&self, name: &str, yardstick: &'static str, work: Work) -> Scenario {
        Scenario {
            name: format!("{}: {name}", self.name),
            server: Server::Peer,
            yardstick: Some(yardstick),
            paces: &[1000],
            work,
        }
    }

    fn request(&self) -> Vec<u8> {
        let Endpoint { host, path, .. } = &self.token;
        post(host, path, &self.authorization, &self.form)
    }

    fn credentials(&self) -> Work {
        Work::Send(Requests::new(vec![self.request()]), Expected::Token)
    }

    async fn introspections(&self) -> Result<Option<Work>, Failure> {
        let Some(Endpoint { host, path, .. }) = &self.introspection else {
            return Ok(None);
        };
        let mut connection = Connection::open(self.token.address).await?;
        let (mut requests, request) = (Vec::new(), self.request());
        for _ in 0..TOKENS {
            let answer = connection.exchange(&request).await?;
            let token = answer.member("access_token");
            let token = token.ok_or_else(|| format!("no access token: {}", answer.text()))?;
            let form = encode(&[("token", token)]);
            requests.push(post(host, path, &self.authorization, &form));
        }
        Ok(Some(Work::Send(Requests::new(requests), Expected::Active)))
    }
}

/// An address over plain HTTP, which is what the load generator speaks.
struct Endpoint {
    address: SocketAddr,
    host: String,
    path: String,
}

impl Endpoint {
    fn parse(text: &str) -> Result<Self, Failure> {
        let url = Url::parse(text)?;
        if url.scheme() != "http" {
            return Err(format!("{text}: the load generator speaks plain HTTP").into());
        }
        let host = url.host_str().ok_or("a URL without a host")?;
        let port = url.port_or_known_default().unwrap_or(80);
        let found = (host, port).to_socket_addrs()?;
        // A server on loopback often listens on IPv4 alone.
        let mut found: Vec<SocketAddr> = found.collect();
        found.sort_by_key(SocketAddr::is_ipv6);
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        Ok(Self {
            address: *found.first().ok_or("a host without an address")?,
            host: format!("{host}:{port}"),
            path,
        })
    }
}

/// What a discovery document names.
#[derive(Default)]
struct Discovered {
    token: Option<String>,
    introspection: Option<String>,
}

impl Discovered {
    /// Nothing, when there is none: then the paths that are known serve.
    async fn read(base: &str) -> Self {
        Self::ask(base).await.unwrap_or_default()
    }

    async fn ask(base: &str) -> Result<Self, Failure> {
        let endpoint = Endpoint::parse(&format!("{base}/.well-known/openid-configuration"))?;
        let mut connection = Connection::open(endpoint.address).await?;
        let request = get(&endpoint.host, &endpoint.path, &[]);
        let answer = connection.exchange(&request).await?;
        let document: serde_json::Value = serde_json::from_slice(answer.body)?;
        let member = |name: &str| document[name].as_str().map(str::to_owned);
        Ok(Self {
            token: member("token_endpoint"),
            introspection: member("introspection_endpoint"),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::Endpoint;

    #[test]
    fn an_endpoint_is_an_address_a_host_and_a_path() {
        let endpoint = Endpoint::parse("http://127.0.0.1:4444/oauth2/token?a=b").unwrap();
        assert_eq!(endpoint.address.to_string(), "127.0.0.1:4444");
        assert_eq!(
            (endpoint.host.as_str(), endpoint.path.as_str()),
            ("127.0.0.1:4444", "/oauth2/token?a=b")
        );
        assert!(Endpoint::parse("https://127.0.0.1/token").is_err());
    }
}
