//! What is measured: one worker's requests, and that its answers are right.

use std::collections::HashSet;
use std::net::SocketAddr;

use grantor_tests::live::browser::encode;
use grantor_tests::live::{Grantor, REDIRECT, VERIFIER, authorize_path, sign_in};
use oauth::client_auth::basic;

use crate::Failure;
use crate::connection::{Connection, get, post};

const API: &str = "urn:bench:api";

/// Everything a scenario sends is prepared; a worker clones it.
#[derive(Clone)]
pub(crate) enum Scenario {
    /// POST to a bare handler that signs or verifies; the name says which.
    Bare(&'static str, Vec<u8>),
    ClientCredentials(Vec<u8>),
    Introspection(Vec<Vec<u8>>),
    Code(Session),
    Refresh(Session),
}

#[derive(Clone)]
pub(crate) struct Session {
    host: String,
    authorize: Vec<u8>,
    authorization: String,
}

impl Scenario {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Bare(name, _) => name,
            Self::ClientCredentials(_) => "client credentials",
            Self::Introspection(_) => "introspection",
            Self::Code(_) => "code with a session",
            Self::Refresh(_) => "refresh",
        }
    }

    /// The bare handler it is compared with.
    pub(crate) fn yardstick(&self) -> &'static str {
        match self {
            Self::Introspection(_) => "bare: verify one ES256 JWT",
            _ => "bare: sign one ES256 JWT",
        }
    }

    pub(crate) fn is_bare(&self) -> bool {
        matches!(self, Self::Bare(..))
    }

    /// Whether its latency is also measured with arrivals at a fixed rate.
    pub(crate) fn is_paced(&self) -> bool {
        !matches!(self, Self::Refresh(_))
    }

    /// Arrivals a second of that measurement.
    pub(crate) fn pace(&self) -> u32 {
        match self {
            Self::Code(_) => 300,
            _ => 1000,
        }
    }
}

/// The progress of one worker through a scenario.
#[derive(Default)]
pub(crate) struct Worker {
    turn: usize,
    /// The newest refresh token.
    held: Option<String>,
    /// Signatures seen, to be sure that no answer came twice.
    seen: HashSet<u64>,
}

impl Worker {
    /// One whole operation. An answer that is not the right one is an error.
    pub(crate) async fn once(
        &mut self,
        scenario: &Scenario,
        connection: &mut Connection,
    ) -> Result<(), Failure> {
        self.turn += 1;
        match scenario {
            Scenario::Bare(_, request) => {
                let answer = connection.exchange(request).await?;
                expect(answer.status == 200, "a bare answer")
            }
            Scenario::ClientCredentials(request) => {
                let answer = connection.exchange(request).await?;
                let token = answer.member("access_token").ok_or("no access token")?;
                let new = self.seen.insert(fingerprint(token));
                expect(answer.status == 200 && new, "a token of its own")
            }
            Scenario::Introspection(requests) => {
                let request = &requests[self.turn % requests.len()];
                let answer = connection.exchange(request).await?;
                let active = answer.body.starts_with(b"{\"active\":true");
                expect(answer.status == 200 && active, "an active token")
            }
            Scenario::Code(session) => session.flow(connection).await.map(drop),
            Scenario::Refresh(session) => {
                let Some(held) = self.held.take() else {
                    self.held = Some(session.flow(connection).await?);
                    return Ok(());
                };
                let form = [("grant_type", "refresh_token"), ("refresh_token", &held)];
                self.held = Some(session.token(connection, &encode(&form)).await?);
                Ok(())
            }
        }
    }
}

impl Session {
    /// Authorization and redemption; the refresh token of the answer.
    async fn flow(&self, connection: &mut Connection) -> Result<String, Failure> {
        let answer = connection.exchange(&self.authorize).await?;
        let location = answer.header("location").ok_or("no redirect")?;
        let (_, rest) = location.split_once("code=").ok_or("no code")?;
        let code = rest.split('&').next().unwrap_or(rest);
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        let form = encode(&form);
        self.token(connection, &form).await
    }

    async fn token(&self, connection: &mut Connection, form: &str) -> Result<String, Failure> {
        let request = post(&self.host, "/token", &self.authorization, form);
        let answer = connection.exchange(&request).await?;
        if answer.status != 200 {
            let body = String::from_utf8_lossy(answer.body);
            return Err(format!("the token endpoint answered {}: {body}", answer.status).into());
        }
        expect(answer.member("id_token").is_some(), "an ID token")?;
        let token = answer.member("refresh_token").ok_or("no refresh token")?;
        Ok(token.to_owned())
    }
}

fn expect(holds: bool, what: &str) -> Result<(), Failure> {
    if holds {
        Ok(())
    } else {
        Err(format!("expected {what}").into())
    }
}

fn fingerprint(token: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    hasher.finish()
}

/// Makes the clients, the API and the session, and everything the scenarios send.
pub(crate) async fn prepare(grantor: &Grantor, bare: SocketAddr) -> Result<Vec<Scenario>, Failure> {
    let api = ["resource", "create", "--id", API, "--name", "Bench"];
    grantor.command(&[&api[..], &["--scope", "bench.read=Read"]].concat(), "");
    let service = ["client", "create", "--name", "Service", "--id", "service"];
    let rights = [
        "--secret",
        "service-secret",
        "--grant",
        "client_credentials",
    ];
    let scope = ["--scope", "bench.read", "--introspects", API];
    grantor.command(&[&service[..], &rights[..], &scope[..]].concat(), "");
    let cookie = sign_in(grantor, "load").await.cookie;

    let host = format!("localhost:{}", grantor.address().port());
    let authorization = basic("service", "service-secret");
    let grant = "grant_type=client_credentials&scope=bench.read";
    let credentials = post(&host, "/token", &authorization, grant);
    let mut connection = Connection::open(grantor.address()).await?;
    let mut introspections = Vec::new();
    for _ in 0..64 {
        let answer = connection.exchange(&credentials).await?;
        let token = answer.member("access_token").ok_or("no access token")?;
        let form = encode(&[("token", token)]);
        introspections.push(post(&host, "/introspect", &authorization, &form));
    }
    let session = Session {
        authorize: get(&host, &authorize_path("load"), &cookie),
        authorization: basic("load", "load-test-secret"),
        host,
    };
    let bare_host = bare.to_string();
    let bare_request = |path| post(&bare_host, path, &authorization, grant);
    Ok(vec![
        Scenario::Bare("bare: sign one ES256 JWT", bare_request("/sign")),
        Scenario::ClientCredentials(credentials),
        Scenario::Bare("bare: verify one ES256 JWT", bare_request("/verify")),
        Scenario::Introspection(introspections),
        Scenario::Code(session.clone()),
        Scenario::Refresh(session),
    ])
}
