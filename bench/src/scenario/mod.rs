//! What is measured: one worker's requests, and that its answers are right.

mod flow;
mod prepare;
mod proof;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Failure;
use crate::connection::Connection;

use proof::Prover;

pub(crate) use flow::{CLIENT, Session};
pub(crate) use prepare::{NAMES, credentials_request, prepare, renew};

/// The bare handlers.
pub(crate) const SIGN: &str = "bare: sign one ES256 JWT";
pub(crate) const VERIFY: &str = "bare: verify one ES256 JWT";

/// One thing that is measured; a worker clones it.
#[derive(Clone)]
pub(crate) struct Scenario {
    /// As in the report, and after `--only`.
    pub(crate) name: String,
    pub(crate) server: Server,
    /// The bare handler it is compared with.
    pub(crate) yardstick: Option<&'static str>,
    /// Arrivals a second of the open loop.
    pub(crate) paces: &'static [u32],
    pub(crate) work: Work,
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    Bare,
    Grantor,
    Peer,
}

/// What a worker does again and again.
#[derive(Clone)]
pub(crate) enum Work {
    /// Ready-made requests, in turn.
    Send(Arc<Requests>, Expected),
    /// A token by client credentials, and its revocation: the `Authorization` headers, in turn.
    Revoke(Arc<Requests>, Arc<Vec<String>>),
    /// Requests that are made anew each time.
    Prove(Prover),
    /// A device's request for a code, and its first question whether somebody typed it.
    Device(Arc<Requests>, String),
    /// A whole flow of a session.
    Code(Session),
    /// The same with a request that was pushed.
    Pushed(Session),
    /// One rotation after another.
    Refresh(Session),
}

/// Requests that all workers send in turn.
#[derive(Default)]
pub(crate) struct Requests {
    all: Vec<Vec<u8>>,
    next: AtomicUsize,
}

impl Requests {
    pub(crate) fn new(all: Vec<Vec<u8>>) -> Arc<Self> {
        let next = AtomicUsize::new(0);
        Arc::new(Self { all, next })
    }

    fn next(&self) -> (usize, &[u8]) {
        let index = self.next.fetch_add(1, Ordering::Relaxed) % self.all.len().max(1);
        (index, self.all.get(index).map_or(&[], Vec::as_slice))
    }
}

/// What an answer has to be, beside 200.
#[derive(Clone, Copy)]
pub(crate) enum Expected {
    /// An access token, to be checked later.
    Token,
    /// An active token.
    Active,
    /// A JSON object with this string member.
    Member(&'static str),
    /// A body with this in it.
    Text(&'static [u8]),
}

/// The progress of one worker through a scenario.
#[derive(Default)]
pub(crate) struct Worker {
    /// The newest refresh token.
    held: Option<String>,
    /// The access tokens it got, each a line.
    pub(crate) tokens: String,
}

impl Worker {
    /// One whole operation. An answer that is not the right one is an error.
    pub(crate) async fn once(
        &mut self,
        scenario: &Scenario,
        connection: &mut Connection,
    ) -> Result<(), Failure> {
        match &scenario.work {
            Work::Send(requests, expected) => {
                let (_, request) = requests.next();
                self.send(connection, request, *expected).await
            }
            Work::Revoke(requests, authorizations) => {
                let (index, request) = requests.next();
                let answer = connection.exchange(request).await?;
                let token = answer.member("access_token").ok_or("no access token")?;
                let revocation = flow::revocation(&authorizations[index], token);
                let answer = connection.exchange(&revocation).await?;
                if answer.status == 200 {
                    return Ok(());
                }
                Err(format!("a revocation: {}", answer.text()).into())
            }
            Work::Prove(prover) => {
                let request = prover.request()?;
                self.send(connection, &request, Expected::Token).await
            }
            Work::Device(requests, host) => {
                let (_, request) = requests.next();
                let answer = connection.exchange(request).await?;
                let code = answer.member("device_code").ok_or_else(|| answer.text())?;
                let poll = flow::poll(host, code);
                let answer = connection.exchange(&poll).await?;
                match answer.member("error") {
                    Some("authorization_pending") => Ok(()),
                    _ => Err(format!("a device: {}", answer.text()).into()),
                }
            }
            Work::Code(session) => session.flow(connection).await.map(drop),
            Work::Pushed(session) => session.pushed(connection).await.map(drop),
            Work::Refresh(session) => {
                let issued = match self.held.take() {
                    None => session.flow(connection).await?,
                    Some(held) => session.refresh(connection, &held).await?,
                };
                self.held = Some(issued.refresh);
                Ok(())
            }
        }
    }

    async fn send(
        &mut self,
        connection: &mut Connection,
        request: &[u8],
        expected: Expected,
    ) -> Result<(), Failure> {
        let answer = connection.exchange(request).await?;
        let right = answer.status == 200
            && match expected {
                Expected::Token => match answer.member("access_token") {
                    None => false,
                    Some(token) => {
                        self.tokens.push_str(token);
                        self.tokens.push('\n');
                        true
                    }
                },
                Expected::Active => contains(answer.body, b"\"active\":true"),
                Expected::Member(name) => answer.member(name).is_some(),
                Expected::Text(text) => contains(answer.body, text),
            };
        if right {
            return Ok(());
        }
        Err(format!("an answer that is not the right one: {}", answer.text()).into())
    }
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    body.windows(text.len()).any(|window| window == text)
}
