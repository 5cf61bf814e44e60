//! Finding a chain of trust (OpenID Federation 1.0 §10.1): from the entity's own configuration upwards, over the fetch guard, within bounds that no federation
//! can stretch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use fetch::Fetch;
use http::StatusCode;
use oauth::Error as Wire;
use oauth::federation::{
    Anchor, Chain, Disbelief, ENTITY_STATEMENT, LONGEST_CHAIN, Statement, configuration_url,
    is_entity_id,
};
use realm::settings::TrustAnchor;
use url::Url;

use super::{configuration, federation_fetch};
use crate::call::Call;
use crate::refusal::Refusal;
use crate::sought::{self, Room};

/// How long one statement may be, in bytes.
pub(super) const LONGEST: usize = jose::limits::TOKEN;
/// How many are fetched for one entity at most, with all dead ends.
const FETCHES: usize = 40;
/// How long all of that may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why there is no chain.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// Somebody on the way cannot be reached, or has troubles of their own.
    Unreachable,
    /// What is there does not lead to trust.
    Bad(Wire),
}

impl From<Disbelief> for Failure {
    fn from(disbelief: Disbelief) -> Self {
        Self::Bad(wire(&disbelief))
    }
}

impl From<Wire> for Failure {
    fn from(error: Wire) -> Self {
        Self::Bad(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        tracing::warn!(?refusal, "the realm cannot say what it is as an entity");
        Self::Unreachable
    }
}

/// The realm, where it is a superior itself: nobody asks it over the network what it knows.
pub(super) struct Own {
    call: Call,
    configuration: Arc<str>,
}

impl Own {
    /// The realm of this call, if it vouches for anybody.
    pub(super) async fn of(call: &Call) -> Result<Option<Self>, Refusal> {
        if !super::is_superior(call).await? {
            return Ok(None);
        }
        let statement = configuration::statement(call).await?;
        Ok(statement.map(|(configuration, _)| Self {
            call: call.clone(),
            configuration,
        }))
    }
}

/// What the client's developer is told.
pub(super) fn wire(disbelief: &Disbelief) -> Wire {
    Wire::new(disbelief.code(), disbelief.to_string())
}

/// What is at the address of an entity's configuration.
pub(super) enum Configuration {
    /// Nothing: it is no entity.
    Absent,
    /// Its configuration, signed with its own keys.
    Found(Box<Statement>),
}

/// One search, with what it may still cost.
pub(super) struct Search<'a> {
    fetch: &'a Fetch,
    loopback: bool,
    room: &'a Room,
    pub(super) anchors: &'a [TrustAnchor],
    pub(super) now: i64,
    own: Option<Own>,
    left: usize,
    configurations: BTreeMap<String, Statement>,
}

/// Ends a search that takes too long.
pub(super) async fn within_patience<T>(
    search: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let ended = tokio::time::timeout(PATIENCE, search).await;
    ended.unwrap_or(Err(Failure::Unreachable))
}

impl<'a> Search<'a> {
    pub(super) fn new(
        (fetch, loopback): (&'a Fetch, bool),
        room: &'a Room,
        anchors: &'a [TrustAnchor],
        now: i64,
    ) -> Self {
        Self {
            fetch,
            loopback,
            room,
            anchors,
            now,
            own: None,
            left: FETCHES,
            configurations: BTreeMap::new(),
        }
    }

    /// The same, by a realm that may be one of the superiors.
    pub(super) fn with(self, own: Option<Own>) -> Self {
        Self { own, ..self }
    }

    /// The realm, if that is its name.
    fn own(&self, id: &str) -> Option<&Own> {
        let own = self.own.as_ref()?;
        (own.call.realm.issuer() == id).then_some(own)
    }

    /// The anchors as chains are verified with them.
    pub(super) fn trusted(anchors: &[TrustAnchor]) -> Vec<Anchor<'_>> {
        anchors
            .iter()
            .map(|anchor| Anchor {
                id: &anchor.entity_id,
                keys: anchor.jwks.verifying(),
            })
            .collect()
    }

    /// The entity's own configuration.
    pub(super) async fn configuration(&mut self, id: &str) -> Result<Configuration, Failure> {
        if let Some(known) = self.configurations.get(id) {
            return Ok(Configuration::Found(Box::new(known.clone())));
        }
        let own = self.own(id).map(|own| own.configuration.to_string());
        let text = match own {
            Some(text) => text,
            None => match self.get(&configuration_url(id)).await? {
                Some(text) => text,
                None => return Ok(Configuration::Absent),
            },
        };
        let statement = Statement::parse(&text)?;
        if statement.issuer != id || !statement.is_configuration() {
            return Err(Disbelief::Statement("it is the configuration of somebody else").into());
        }
        if !statement.is_current(self.now) || !statement.is_signed_by(&statement.keys) {
            return Err(Disbelief::Statement("it has expired, or its signature is wrong").into());
        }
        self.configurations.insert(id.to_owned(), statement.clone());
        Ok(Configuration::Found(Box::new(statement)))
    }

    /// A chain from this configuration to an anchor; to `only` that one, if it is named.
    pub(super) async fn chain(
        &mut self,
        subject: Statement,
        only: Option<&str>,
    ) -> Result<Chain, Failure> {
        let mut failure = Failure::from(Disbelief::Anchor);
        // Depth first. What is left to try: the statements so far, and who is above them.
        let mut paths = self.above(vec![subject.clone()], &subject);
        while let Some((statements, superior)) = paths.pop() {
            match self.step(&statements, &superior, only).await {
                Ok(Step::There(chain)) => return Ok(*chain),
                Ok(Step::Higher(statements, configuration)) => {
                    let further = self.above(statements, &configuration);
                    paths.extend(further);
                }
                // What is wrong tells more than what is away.
                Err(other) if !matches!(failure, Failure::Bad(ref error) if error.code != oauth::ErrorCode::InvalidTrustAnchor) =>
                {
                    failure = other;
                }
                Err(_) => {}
            }
            if self.left == 0 {
                break;
            }
        }
        Err(failure)
    }

    /// Those above, so that the last is tried first: anchors before others, and else in the order in which they are named.
    fn above(
        &self,
        statements: Vec<Statement>,
        configuration: &Statement,
    ) -> Vec<(Vec<Statement>, String)> {
        if statements.len() + 1 > LONGEST_CHAIN {
            return Vec::new();
        }
        let passed: BTreeSet<&str> = statements.iter().map(|one| one.issuer.as_str()).collect();
        let fits = |id: &&str| is_entity_id(id, self.loopback) && !passed.contains(id);
        let mut hints: Vec<&str> = configuration.authority_hints().filter(fits).collect();
        hints.sort_by_key(|id| !self.anchors.iter().any(|anchor| anchor.entity_id == *id));
        hints.dedup();
        let path = |id: &str| (statements.clone(), id.to_owned());
        hints.into_iter().rev().map(path).collect()
    }

    /// Goes one step up.
    async fn step(
        &mut self,
        statements: &[Statement],
        superior: &str,
        only: Option<&str>,
    ) -> Result<Step, Failure> {
        let anchor = self.anchors.iter().find(|it| it.entity_id == superior);
        if anchor.is_some() && only.is_some_and(|only| only != superior) {
            return Err(Disbelief::Anchor.into());
        }
        let Configuration::Found(configuration) = Box::pin(self.configuration(superior)).await?
        else {
            return Err(Disbelief::Chain("a superior has no configuration").into());
        };
        if let Some(anchor) = anchor
            && !configuration.is_signed_by(anchor.jwks.verifying())
        {
            return Err(
                Disbelief::Chain("the anchor's configuration is not signed with its keys").into(),
            );
        }
        let subject = statements.last().map_or("", |one| {
            if one.is_configuration() {
                one.subject.as_str()
            } else {
                one.issuer.as_str()
            }
        });
        let said = self.said_of(superior, &configuration, subject).await?;
        let said = said.ok_or(Disbelief::Chain(
            "a superior says nothing of its subordinate",
        ))?;
        let statement = Statement::parse(&said)?;
        if statement.issuer != superior || statement.subject != subject {
            return Err(Disbelief::Chain("a superior speaks of somebody else").into());
        }
        let mut statements = statements.to_vec();
        statements.push(statement);
        if anchor.is_none() {
            return Ok(Step::Higher(statements, configuration));
        }
        let chain = Chain::verify(statements, &Self::trusted(self.anchors), self.now)?;
        Ok(Step::There(Box::new(chain)))
    }

    /// What a superior says of a subject, if anything.
    async fn said_of(
        &mut self,
        superior: &str,
        configuration: &Statement,
        subject: &str,
    ) -> Result<Option<String>, Failure> {
        if let Some(own) = self.own(superior) {
            let said = Box::pin(federation_fetch::said_of(&own.call, subject)).await?;
            return Ok(said.map(|(text, _)| text.to_string()));
        }
        let endpoint = configuration.fetch_endpoint();
        let endpoint = endpoint.and_then(|endpoint| Url::parse(endpoint).ok());
        let mut url = endpoint.ok_or(Disbelief::Chain("a superior has no fetch endpoint"))?;
        url.query_pairs_mut().append_pair("sub", subject);
        self.get(url.as_str()).await
    }

    /// The statement at an address; none when nothing of the kind is there.
    async fn get(&mut self, url: &str) -> Result<Option<String>, Failure> {
        self.left = self.left.checked_sub(1).ok_or(Failure::Unreachable)?;
        // Entities can name anybody as above them.
        let asked = self.room.ask(&sought::host(url));
        asked.map_err(|_| Failure::Unreachable)?;
        let accept = format!("application/{ENTITY_STATEMENT}");
        let response = self.fetch.get_with(url, &[("accept", &accept)]).await;
        let response = response.map_err(|error| match error {
            fetch::Error::TooLarge => Failure::from(Disbelief::Statement("it is too large")),
            _ => Failure::Unreachable,
        })?;
        let status = response.status;
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(Failure::Unreachable);
        }
        if status != StatusCode::OK || response.media_type().as_deref() != Some(&accept) {
            return Ok(None);
        }
        let text = response.text();
        let text = text.map_err(|_| Disbelief::Statement("it is no signed JWT"))?;
        Ok(Some(text.trim().to_owned()))
    }
}

enum Step {
    /// An anchor.
    There(Box<Chain>),
    /// Somebody with others above: the statements so far, and the own configuration of who made the last.
    Higher(Vec<Statement>, Box<Statement>),
}
