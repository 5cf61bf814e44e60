use std::collections::BTreeSet;

use jose::KeySet;
use serde_json::{Map, Value};

use super::{Disbelief, MetadataPolicy, Statement};

/// How many statements a chain may have.
pub const LONGEST_CHAIN: usize = 10;

/// Somebody at whom chains may end, and the keys that were told beforehand.
#[derive(Clone, Copy, Debug)]
pub struct Anchor<'a> {
    /// The entity identifier.
    pub id: &'a str,
    /// Its federation keys.
    pub keys: &'a KeySet,
}

/// Statements that were verified (§4, §10.2): the first is the subject's own configuration, each further one is what a superior says of whoever said the one
/// before, and the last of them is the anchor's word. Only [`verify`](Self::verify) makes one.
#[derive(Clone, Debug)]
pub struct Chain {
    statements: Vec<Statement>,
    expires_at: i64,
    policy: MetadataPolicy,
}

fn broken(reason: &'static str) -> Disbelief {
    Disbelief::Chain(reason)
}

impl Chain {
    /// Verifies a chain, from the subject's configuration to what one of the anchors says; the anchor's own configuration may follow (§4).
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify(
        mut statements: Vec<Statement>,
        anchors: &[Anchor<'_>],
        now: i64,
    ) -> Result<Self, Disbelief> {
        if statements.len() > LONGEST_CHAIN {
            return Err(broken("it is too long"));
        }
        // Before the signatures: a chain of a stranger costs nothing.
        let end = statements.last().ok_or(broken("it is empty"))?;
        let anchor = anchors.iter().find(|anchor| anchor.id == end.issuer);
        let anchor = anchor.ok_or(Disbelief::Anchor)?;
        if let Some(late) = statements.iter().find(|one| !one.is_current(now)) {
            let expired = late.expires_at <= now;
            return Err(broken(if expired {
                "a statement has expired"
            } else {
                "a statement is of the future"
            }));
        }
        let expires_at = statements.iter().map(|one| one.expires_at).min();
        if end.is_configuration() && statements.len() > 1 {
            if !end.is_signed_by(&end.keys) || !end.is_signed_by(anchor.keys) {
                return Err(broken(
                    "the configuration of the anchor is not signed with its keys",
                ));
            }
            statements.pop();
        }
        let (first, above) = statements.split_first().ok_or(broken("it is empty"))?;
        if above.is_empty() {
            return Err(broken("no superior says anything of the subject"));
        }
        if !first.is_configuration() || !first.is_signed_by(&first.keys) {
            return Err(broken(
                "it does not begin with the configuration of an entity",
            ));
        }
        judge_links(first, above, anchor)?;
        // Nobody is put below somebody whom they do not name (§3.5 step 6).
        let superior = above[0].issuer.as_str();
        if !first.authority_hints().any(|named| named == superior) {
            return Err(broken("the subject does not name its superior"));
        }
        let mut below = vec![first.subject.as_str()];
        let mut seen = BTreeSet::from([first.subject.as_str()]);
        for superior in above {
            if !seen.insert(&superior.issuer) {
                return Err(broken("an entity occurs twice"));
            }
            if let Some(constraints) = &superior.constraints {
                constraints.judge(&below)?;
            }
            below.push(&superior.issuer);
        }
        let policy = MetadataPolicy::resolve(above.iter().rev())?;
        Ok(Self {
            statements,
            expires_at: expires_at.unwrap_or(now),
            policy,
        })
    }

    /// The subject's own configuration.
    pub fn configuration(&self) -> &Statement {
        &self.statements[0]
    }

    /// Whose the chain is.
    pub fn subject(&self) -> &str {
        &self.statements[0].subject
    }

    /// Who is right above the subject.
    pub fn superior(&self) -> &str {
        &self.statements[1].issuer
    }

    /// Its statements as they were signed, from the subject's configuration to the anchor's word.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().map(Statement::text)
    }

    /// What those above say, from the subject's superior to the anchor.
    pub fn superiors(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().skip(1)
    }

    /// Where it ends.
    pub fn anchor(&self) -> &str {
        let last = self.statements.last();
        last.map_or("", |statement| statement.issuer.as_str())
    }

    /// Until when it counts (§10.4): as long as each of its statements does (unix seconds).
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }

    /// The subject's federation keys, as its superior knows them.
    pub fn keys(&self) -> &KeySet {
        &self.statements[1].keys
    }

    /// What the subject is as an entity of this type (§6.1.4.2): what it says, then what its superior says in its place, then the policies of all above it. `None`
    /// when it is not of that type, or must not be.
    ///
    /// # Errors
    /// [`Disbelief::Policy`].
    pub fn metadata(&self, entity_type: &str) -> Result<Option<Map<String, Value>>, Disbelief> {
        let Some(own) = self.configuration().metadata(entity_type) else {
            return Ok(None);
        };
        let mut metadata = own.clone();
        let superior = &self.statements[1];
        if let Some(said) = superior.metadata(entity_type) {
            metadata.extend(
                said.iter()
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
        }
        let constraints = self
            .statements
            .iter()
            .filter_map(|one| one.constraints.as_ref());
        if !constraints
            .into_iter()
            .all(|one| one.allows_type(entity_type))
        {
            return Ok(None);
        }
        self.policy.apply(entity_type, metadata).map(Some)
    }
}

/// Each statement is signed with a key that the next one vouches for, and the last with one of the anchor's (§10.2).
fn judge_links(
    first: &Statement,
    above: &[Statement],
    anchor: &Anchor<'_>,
) -> Result<(), Disbelief> {
    let mut lower = first;
    for superior in above {
        if superior.is_configuration() {
            return Err(broken("a configuration stands in its middle"));
        }
        if lower.issuer != superior.subject {
            return Err(broken("a superior speaks of somebody else"));
        }
        if !lower.is_signed_by(&superior.keys) {
            return Err(broken(
                "a statement is not signed with a key that the superior knows",
            ));
        }
        lower = superior;
    }
    if !lower.is_signed_by(anchor.keys) {
        return Err(broken(
            "the last statement is not signed with a key of the anchor",
        ));
    }
    Ok(())
}
