use std::collections::BTreeMap;
use std::fmt;

use jose::{Algorithm, KeySet, jws};
use serde_json::{Map, Value};

use super::statement::{is_type, keys, time};
use super::{Disbelief, LEEWAY, Standing, Statement, TRUST_MARK, is_entity_id};
use crate::client_auth::assertion::ASYMMETRIC;

const DELEGATION: &str = "trust-mark-delegation+jwt";

fn wrong(reason: &'static str) -> Disbelief {
    Disbelief::TrustMark(reason)
}

/// What somebody attests an entity (§7.1), or that somebody else may attest it (§7.2.1): read, and neither verified nor believed.
#[derive(Clone)]
pub struct TrustMark {
    text: String,
    kid: String,
    algorithm: Algorithm,
    /// Who attests it.
    pub issuer: String,
    /// To whom.
    pub subject: String,
    /// What.
    pub kind: String,
    issued_at: i64,
    /// Until when (unix seconds); none: for good.
    pub expires_at: Option<i64>,
    delegation: Option<String>,
}

impl fmt::Debug for TrustMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "TrustMark({} by {} to {})",
            self.kind, self.issuer, self.subject
        )
    }
}

/// What its issuer says of a trust mark (§8.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkStatus {
    /// It counts.
    Active,
    /// Its time is over.
    Expired,
    /// It was taken back, or another one was given in its place.
    Revoked,
    /// The issuer did not sign it.
    Invalid,
}

impl MarkStatus {
    /// As it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Invalid => "invalid",
        }
    }
}

/// Whose a type of trust marks is (§3.2, `trust_mark_owners`).
#[derive(Clone)]
pub struct Owner {
    /// The owner's entity identifier.
    pub id: String,
    /// The owner's keys.
    pub keys: KeySet,
}

/// Who may issue trust marks of which type, and whose the types are, as a trust anchor says.
#[derive(Clone, Default)]
pub struct TrustMarkIssuers {
    issuers: BTreeMap<String, Vec<String>>,
    owners: BTreeMap<String, Owner>,
}

impl TrustMarkIssuers {
    /// As the anchor's own configuration says.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn of(anchor: &Statement) -> Result<Self, Disbelief> {
        let mut read = Self::default();
        let object = |name: &str| anchor.claims.get(name).and_then(Value::as_object);
        for (kind, issuers) in object("trust_mark_issuers").into_iter().flatten() {
            let issuers = issuers.as_array().ok_or(wrong("trust_mark_issuers"))?;
            let names = issuers.iter().map(|id| id.as_str().map(str::to_owned));
            let names = names.collect::<Option<_>>();
            let names = names.ok_or(wrong("trust_mark_issuers"))?;
            read.issuers.insert(kind.clone(), names);
        }
        for (kind, owner) in object("trust_mark_owners").into_iter().flatten() {
            let id = owner.get("sub").and_then(Value::as_str);
            let owner = Owner {
                id: id.ok_or(wrong("trust_mark_owners"))?.to_owned(),
                keys: keys(owner.get("jwks"))?,
            };
            read.owners.insert(kind.clone(), owner);
        }
        Ok(read)
    }

    /// Whether the federation accepts trust marks of this type from this issuer; where the list is empty, from everybody (§3.2).
    pub fn accepts(&self, kind: &str, issuer: &str) -> bool {
        let listed = self.issuers.get(kind);
        listed.is_some_and(|issuers| issuers.is_empty() || issuers.iter().any(|one| one == issuer))
    }
}

impl TrustMark {
    /// Reads one.
    ///
    /// # Errors
    /// [`Disbelief::TrustMark`].
    pub fn parse(text: &str) -> Result<Self, Disbelief> {
        Self::read(text, TRUST_MARK)
    }

    fn read(text: &str, typ: &str) -> Result<Self, Disbelief> {
        let unverified = jws::peek(text).map_err(|_| wrong("it is no signed JWT"))?;
        if !is_type(unverified.header.typ.as_deref(), typ) {
            return Err(wrong("it is of another typ"));
        }
        if !ASYMMETRIC.contains(&unverified.algorithm) {
            return Err(wrong("its algorithm is not asymmetric"));
        }
        let claims = unverified
            .claims()
            .map_err(|_| wrong("its claims are not one JSON object"))?;
        let text_of = |name: &str, reason| {
            let value = claims.get(name).and_then(Value::as_str);
            value.map(str::to_owned).ok_or(wrong(reason))
        };
        let (issuer, subject) = (text_of("iss", "no iss")?, text_of("sub", "no sub")?);
        if !is_entity_id(&issuer, true) || !is_entity_id(&subject, true) {
            return Err(wrong("iss or sub is no entity identifier"));
        }
        Ok(Self {
            text: text.to_owned(),
            kid: unverified.header.kid.clone().ok_or(wrong("no kid"))?,
            algorithm: unverified.algorithm,
            kind: text_of("trust_mark_type", "no trust_mark_type")?,
            issuer,
            subject,
            issued_at: time(&claims, "iat").ok_or(wrong("no iat"))?,
            expires_at: expiry(&claims)?,
            delegation: claims.get("delegation").map(Value::to_string),
        })
    }

    /// The JWT.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether one of these keys signed it: the one that it names.
    pub fn is_signed_by(&self, keys: &KeySet) -> bool {
        let key = keys.find(Some(&self.kid), self.algorithm);
        key.is_some_and(|key| jws::verify(&self.text, key).is_ok())
    }

    /// What the issuer with these keys says of it, which knows its subject so, or not at all.
    pub fn status(&self, keys: &KeySet, subject: Option<&Standing>, now: i64) -> MarkStatus {
        let given = |standing: &Standing| {
            let held = standing.mark(&self.kind, now);
            held.is_some_and(|held| held.granted_at == self.issued_at)
        };
        if !self.is_signed_by(keys) {
            MarkStatus::Invalid
        } else if self.expires_at.is_some_and(|at| at <= now) {
            MarkStatus::Expired
        } else if subject.is_some_and(given) {
            MarkStatus::Active
        } else {
            MarkStatus::Revoked
        }
    }

    /// Whether it is one for this entity, now, signed with a key of its issuer, who may issue it (§7.3), and until when (unix seconds): as long as what its owner
    /// delegates, if it is delegated. Whether the issuer is trusted, the caller has found out, and so come by its `keys`.
    ///
    /// # Errors
    /// [`Disbelief::TrustMark`].
    pub fn judge(
        &self,
        subject: &str,
        keys: &KeySet,
        anchor: &TrustMarkIssuers,
        now: i64,
    ) -> Result<i64, Disbelief> {
        let ends = self.expires_at.unwrap_or(i64::MAX);
        if self.subject != subject {
            return Err(wrong("it is somebody else's"));
        }
        if !anchor.accepts(&self.kind, &self.issuer) {
            return Err(wrong("the federation does not accept it from its issuer"));
        }
        self.verify(keys, now)?;
        let delegation = match &self.delegation {
            // As JSON: with its quotes.
            Some(text) => Some(
                serde_json::from_str::<String>(text)
                    .map_err(|_| wrong("its delegation is no text"))?,
            ),
            None => None,
        };
        match (anchor.owners.get(&self.kind), delegation) {
            (None, None) => Ok(ends),
            (Some(_), None) => Err(wrong("its owner did not delegate it")),
            (None, Some(_)) => Err(wrong("it is delegated by nobody who owns it")),
            (Some(owner), Some(text)) => {
                let delegated = Self::read(&text, DELEGATION)?;
                if delegated.issuer != owner.id
                    || delegated.subject != self.issuer
                    || delegated.kind != self.kind
                {
                    return Err(wrong("its delegation is of another"));
                }
                delegated.verify(&owner.keys, now)?;
                Ok(ends.min(delegated.expires_at.unwrap_or(i64::MAX)))
            }
        }
    }

    fn verify(&self, keys: &KeySet, now: i64) -> Result<(), Disbelief> {
        let ended = self.expires_at.is_some_and(|at| at <= now);
        if ended || self.issued_at > now.saturating_add(LEEWAY) {
            return Err(wrong("it does not count now"));
        }
        let key = keys.find(Some(&self.kid), self.algorithm);
        let key = key.ok_or(wrong("its key is not known"))?;
        jws::verify(&self.text, key)
            .map(drop)
            .map_err(|_| wrong("its signature is wrong"))
    }
}

fn expiry(claims: &Map<String, Value>) -> Result<Option<i64>, Disbelief> {
    match claims.get("exp") {
        None => Ok(None),
        Some(_) => time(claims, "exp").map(Some).ok_or(wrong("exp is no time")),
    }
}
