//! Requests of many clients and people in turn, closed loop: no two that follow each other are alike.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use grantor_tests::live::browser::encode;
use grantor_tests::live::{REDIRECT, VERIFIER, authorize_path};
use oauth::client_auth::basic;

use super::SECRET;
use super::enrol::Crowd;
use crate::Failure;
use crate::connection::{Connection, get, post};

/// How many clients take turns: fewer than a realm keeps in memory, so that this measures the database and not the first sight of a client.
const CLIENTS: usize = 5_000;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    ClientCredentials,
    Introspection,
    Code,
    Refresh,
}

impl Work {
    pub(super) const ALL: [Self; 4] = [
        Self::ClientCredentials,
        Self::Introspection,
        Self::Code,
        Self::Refresh,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client credentials",
            Self::Introspection => "introspection",
            Self::Code => "code with a session",
            Self::Refresh => "refresh",
        }
    }
}

/// Everything that is sent to one server.
pub(super) struct Load {
    host: String,
    credentials: Vec<Vec<u8>>,
    introspections: Vec<Vec<u8>>,
    browsers: Vec<Session>,
}

struct Session {
    authorize: Vec<u8>,
    authorization: String,
    /// The newest refresh token.
    held: Mutex<String>,
}

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    /// Operations a second.
    pub(super) rate: f64,
    /// The median's milliseconds.
    pub(super) p50: f64,
    /// Those of the 99th percentile.
    pub(super) p99: f64,
    /// How many operations.
    pub(super) done: usize,
    /// The processor's milliseconds that the server took for each; whoever watches it fills this in.
    pub(super) cpu: f64,
}

/// A request for a token of this client's own.
pub(super) fn credentials(port: u16, client: &str) -> Vec<u8> {
    let host = format!("localhost:{port}");
    let form = "grant_type=client_credentials&scope=bench.read";
    post(&host, "/token", &basic(client, SECRET), form)
}

impl Load {
    pub(super) fn new(address: SocketAddr, crowd: &Crowd) -> Self {
        let host = format!("localhost:{}", address.port());
        let sessions = crowd.browsers.iter().map(|browser| Session {
            authorize: get(
                &host,
                &authorize_path(&browser.client),
                &[("cookie", &browser.cookie)],
            ),
            authorization: basic(&browser.client, SECRET),
            held: Mutex::default(),
        });
        Self {
            credentials: crowd
                .clients
                .iter()
                .map(|client| credentials(address.port(), client))
                .collect(),
            introspections: Vec::new(),
            browsers: sessions.collect(),
            host,
        }
    }

    /// Sends each client's request once and gives how long each took, in milliseconds, sorted: what the first sight of a client costs.
    pub(super) async fn each_client(&self, address: SocketAddr) -> Result<Vec<f64>, Failure> {
        let mut connection = Connection::open(address).await?;
        let mut times = Vec::with_capacity(self.credentials.len());
        for request in &self.credentials {
            let sent = Instant::now();
            let answer = connection.exchange(request).await?;
            times.push(sent.elapsed().as_secs_f64() * 1000.0);
            expect(answer.status == 200, "a token")?;
        }
        times.sort_unstable_by(f64::total_cmp);
        Ok(times)
    }

    /// Gets the tokens that are introspected and refreshed later.
    pub(super) async fn warm_up(&mut self, address: SocketAddr) -> Result<(), Failure> {
        self.credentials.truncate(CLIENTS);
        let mut connection = Connection::open(address).await?;
        for request in &self.credentials {
            let answer = connection.exchange(request).await?;
            let token = answer.member("access_token").ok_or("no access token")?;
            let form = encode(&[("token", token)]);
            let index = self.introspections.len();
            let authorization = &self.browsers[index % self.browsers.len()].authorization;
            let request = post(&self.host, "/introspect", authorization, &form);
            self.introspections.push(request);
        }
        for session in &self.browsers {
            self.flow(session, &mut connection).await?;
        }
        Ok(())
    }

    /// The operation of this number.
    async fn once(
        &self,
        work: Work,
        number: usize,
        connection: &mut Connection,
    ) -> Result<(), Failure> {
        match work {
            Work::ClientCredentials => {
                let request = &self.credentials[number % self.credentials.len()];
                let answer = connection.exchange(request).await?;
                expect(answer.status == 200, "a token")
            }
            Work::Introspection => {
                let request = &self.introspections[number % self.introspections.len()];
                let answer = connection.exchange(request).await?;
                let active = answer.body.starts_with(b"{\"active\":true");
                expect(active, "an active token")
            }
            Work::Code => {
                let session = &self.browsers[number % self.browsers.len()];
                self.flow(session, connection).await
            }
            Work::Refresh => {
                let session = &self.browsers[number % self.browsers.len()];
                let held = session.held().clone();
                let form = [("grant_type", "refresh_token"), ("refresh_token", &held)];
                self.token(session, &encode(&form), connection).await
            }
        }
    }

    /// Authorization and redemption.
    async fn flow(&self, session: &Session, connection: &mut Connection) -> Result<(), Failure> {
        let answer = connection.exchange(&session.authorize).await?;
        let location = answer.header("location").ok_or("no redirect")?;
        let (_, rest) = location.split_once("code=").ok_or("no code")?;
        let code = rest.split('&').next().unwrap_or(rest);
        let form = encode(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ]);
        self.token(session, &form, connection).await
    }

    async fn token(
        &self,
        session: &Session,
        form: &str,
        connection: &mut Connection,
    ) -> Result<(), Failure> {
        let request = post(&self.host, "/token", &session.authorization, form);
        let answer = connection.exchange(&request).await?;
        if answer.status != 200 {
            let body = String::from_utf8_lossy(answer.body);
            return Err(format!("the token endpoint answered {}: {body}", answer.status).into());
        }
        let token = answer.member("refresh_token").ok_or("no refresh token")?;
        token.clone_into(&mut session.held());
        Ok(())
    }
}

impl Session {
    fn held(&self) -> std::sync::MutexGuard<'_, String> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `connections` workers, each as fast as its answers come, each with clients and people of its own.
pub(super) async fn run(
    load: &Arc<Load>,
    work: Work,
    (address, connections): (SocketAddr, usize),
    duration: Duration,
) -> Result<Measured, Failure> {
    let start = Instant::now();
    let workers: Vec<_> = (0..connections)
        .map(|worker| {
            let load = Arc::clone(load);
            tokio::spawn(async move {
                let mut connection = Connection::open(address).await?;
                let mut latencies = Vec::with_capacity(1 << 14);
                let mut number = worker;
                while start.elapsed() < duration {
                    let sent = Instant::now();
                    load.once(work, number, &mut connection).await?;
                    latencies.push(sent.elapsed().as_secs_f64() * 1000.0);
                    number += connections;
                }
                Ok::<_, Failure>(latencies)
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for worker in workers {
        latencies.extend(worker.await??);
    }
    let elapsed = start.elapsed().as_secs_f64();
    latencies.sort_unstable_by(f64::total_cmp);
    Ok(Measured {
        rate: latencies.len() as f64 / elapsed,
        p50: at(&latencies, 0.5),
        p99: at(&latencies, 0.99),
        done: latencies.len(),
        cpu: 0.0,
    })
}

/// The value at this share of a sorted list.
pub(super) fn at(sorted: &[f64], share: f64) -> f64 {
    let index = (sorted.len() as f64 * share) as usize;
    let last = sorted.len().saturating_sub(1);
    sorted.get(index.min(last)).copied().unwrap_or(f64::NAN)
}

fn expect(holds: bool, what: &str) -> Result<(), Failure> {
    if holds {
        Ok(())
    } else {
        Err(format!("expected {what}").into())
    }
}
