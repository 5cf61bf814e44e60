use std::fmt;

use jose::{Algorithm, JwkSet, KeySet, jws};
use serde_json::{Map, Value};

use super::{Constraints, Disbelief, ENTITY_STATEMENT, is_entity_id};
use crate::client_auth::assertion::ASYMMETRIC;

/// How far into our future something may have been said, in seconds: clocks differ. What has ended has ended.
pub const LEEWAY: i64 = 60;
/// How many keys an entity may have.
const MOST_KEYS: usize = 32;
/// How many superiors an entity may name, and trust marks have.
const MOST: usize = 32;

/// What only superiors say (§3.3), and what only an entity says of itself (§3.2).
const OF_SUPERIORS: &[&str] = &[
    "metadata_policy",
    "metadata_policy_crit",
    "constraints",
    "source_endpoint",
];
const OF_ITSELF: &[&str] = &[
    "authority_hints",
    "trust_marks",
    "trust_anchor_hints",
    "trust_mark_issuers",
    "trust_mark_owners",
];

/// What one entity says about another, or about itself (§3): read, and neither verified nor believed.
#[derive(Clone)]
pub struct Statement {
    text: String,
    kid: String,
    algorithm: Algorithm,
    /// Who says it.
    pub issuer: String,
    /// Of whom.
    pub subject: String,
    /// Since when (unix seconds).
    pub issued_at: i64,
    /// Until when (unix seconds).
    pub expires_at: i64,
    /// The subject's federation keys.
    pub keys: KeySet,
    /// All claims.
    pub claims: Map<String, Value>,
    /// What the superior demands of those below it.
    pub constraints: Option<Constraints>,
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Statement({} of {})", self.issuer, self.subject)
    }
}

fn wrong(reason: &'static str) -> Disbelief {
    Disbelief::Statement(reason)
}

impl Statement {
    /// Reads one (§3.5, all but the signature and the time).
    ///
    /// # Errors
    /// [`Disbelief::Statement`].
    pub fn parse(text: &str) -> Result<Self, Disbelief> {
        let unverified = jws::peek(text).map_err(|_| wrong("it is no signed JWT"))?;
        if !is_type(unverified.header.typ.as_deref(), ENTITY_STATEMENT) {
            return Err(wrong("typ is not entity-statement+jwt"));
        }
        if !ASYMMETRIC.contains(&unverified.algorithm) {
            return Err(wrong(
                "it is signed with an algorithm that is not asymmetric",
            ));
        }
        let kid = unverified.header.kid.clone();
        let kid = kid.filter(|kid| !kid.is_empty()).ok_or(wrong("no kid"))?;
        let claims = unverified
            .claims()
            .map_err(|_| wrong("its claims are not one JSON object"))?;
        let text_of = |name: &str| claims.get(name).and_then(Value::as_str);
        let id = |name: &'static str| {
            text_of(name)
                .filter(|id| is_entity_id(id, true))
                .map(str::to_owned)
                .ok_or(wrong("iss or sub is no entity identifier"))
        };
        let (issuer, subject) = (id("iss")?, id("sub")?);
        let issued_at = time(&claims, "iat").ok_or(wrong("no iat"))?;
        let expires_at = time(&claims, "exp").ok_or(wrong("no exp"))?;
        judge_shape(&claims, issuer == subject)?;
        let keys = keys(claims.get("jwks"))?;
        let constraints = match claims.get("constraints") {
            None => None,
            Some(Value::Object(members)) => Some(Constraints::read(members)?),
            Some(_) => return Err(wrong("constraints is no object")),
        };
        Ok(Self {
            text: text.to_owned(),
            kid,
            algorithm: unverified.algorithm,
            issuer,
            subject,
            issued_at,
            expires_at,
            keys,
            constraints,
            claims,
        })
    }

    /// The JWT.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the entity says it of itself (§3, Entity Configuration).
    pub fn is_configuration(&self) -> bool {
        self.issuer == self.subject
    }

    /// Whether one of these keys signed it: the one that it names.
    pub fn is_signed_by(&self, keys: &KeySet) -> bool {
        let key = keys.find(Some(&self.kid), self.algorithm);
        key.is_some_and(|key| jws::verify(&self.text, key).is_ok())
    }

    /// Whether it counts at this time (unix seconds).
    pub fn is_current(&self, now: i64) -> bool {
        self.issued_at <= now.saturating_add(LEEWAY) && now < self.expires_at
    }

    /// Those right above the subject, as it says.
    pub fn authority_hints(&self) -> impl Iterator<Item = &str> {
        let hints = self.claims.get("authority_hints").and_then(Value::as_array);
        hints.into_iter().flatten().filter_map(Value::as_str)
    }

    /// What it says of the subject as an entity of this type.
    pub fn metadata(&self, entity_type: &str) -> Option<&Map<String, Value>> {
        self.claims.get("metadata")?.get(entity_type)?.as_object()
    }

    /// The address at which the subject says something of those right below it (§8.1).
    pub fn fetch_endpoint(&self) -> Option<&str> {
        let endpoint = self.metadata("federation_entity")?;
        endpoint.get("federation_fetch_endpoint")?.as_str()
    }

    /// The subject's trust marks (§7): JWTs, by the types that stand beside them.
    pub fn trust_marks(&self) -> impl Iterator<Item = (&str, &str)> {
        let marks = self.claims.get("trust_marks").and_then(Value::as_array);
        marks.into_iter().flatten().filter_map(|mark| {
            Some((
                mark.get("trust_mark_type")?.as_str()?,
                mark.get("trust_mark")?.as_str()?,
            ))
        })
    }
}

/// Whether `typ` is this one (RFC 7515 §4.1.9).
pub(super) fn is_type(typ: Option<&str>, wanted: &str) -> bool {
    let Some(typ) = typ else {
        return false;
    };
    let short = match typ.split_at_checked("application/".len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
        _ => typ,
    };
    short.eq_ignore_ascii_case(wanted)
}

/// A time in unix seconds.
pub(super) fn time(claims: &Map<String, Value>, name: &str) -> Option<i64> {
    const BEYOND: f64 = 9e15;
    let seconds = claims.get(name)?.as_f64()?;
    (0.0..BEYOND)
        .contains(&seconds)
        .then(|| seconds.floor() as i64)
}

fn judge_shape(claims: &Map<String, Value>, of_itself: bool) -> Result<(), Disbelief> {
    let foreign = if of_itself { OF_SUPERIORS } else { OF_ITSELF };
    if foreign.iter().any(|name| claims.contains_key(*name)) {
        return Err(wrong("it holds a claim that does not belong there"));
    }
    // Only answers to explicit registrations have it (§3.4).
    if claims.contains_key("trust_anchor") {
        return Err(wrong("it holds a claim that does not belong there"));
    }
    // It names claims beyond those of the specification, of which this product understands none.
    if claims.contains_key("crit") {
        return Err(wrong("crit names what is not understood"));
    }
    for name in ["authority_hints", "trust_marks"] {
        if let Some(list) = claims.get(name) {
            let list = list.as_array().ok_or(wrong("a list is none"))?;
            if list.len() > MOST || (name == "authority_hints" && list.is_empty()) {
                return Err(wrong("a list is empty or too long"));
            }
        }
    }
    let marks = claims.get("trust_marks").and_then(Value::as_array);
    if !marks.into_iter().flatten().all(is_mark) {
        return Err(wrong(
            "an element of trust_marks is no trust mark of its type",
        ));
    }
    if let Some(metadata) = claims.get("metadata") {
        let types = metadata.as_object().ok_or(wrong("metadata is no object"))?;
        if !is_metadata(types) {
            return Err(wrong("metadata holds null, or what is no object"));
        }
    }
    Ok(())
}

/// Whether it is metadata by entity type (§3.1): objects without null.
pub(super) fn is_metadata(types: &Map<String, Value>) -> bool {
    types.values().all(|value| {
        let members = value.as_object();
        members.is_some_and(|members| !members.values().any(Value::is_null))
    })
}

/// Whether an element of `trust_marks` is one of the type that stands beside it (§3.5 step 19). Whether it counts is another question.
fn is_mark(element: &Value) -> bool {
    let text_of = |name: &str| element.get(name).and_then(Value::as_str);
    let mark = text_of("trust_mark").and_then(|mark| jws::peek(mark).ok());
    let claims = mark.and_then(|mark| mark.claims().ok());
    let stated = claims
        .as_ref()
        .and_then(|it| it.get("trust_mark_type")?.as_str());
    stated.is_some() && stated == text_of("trust_mark_type")
}

/// Federation keys: public, each with a name of its own (§3.1).
pub(super) fn keys(jwks: Option<&Value>) -> Result<KeySet, Disbelief> {
    let jwks = jwks.ok_or(wrong("no jwks"))?;
    let listed = jwks.get("keys").and_then(Value::as_array);
    let listed = listed.ok_or(wrong("jwks is no JWK set"))?;
    if listed.is_empty() || listed.len() > MOST_KEYS {
        return Err(wrong("jwks has no keys, or too many"));
    }
    let mut names: Vec<&str> = Vec::new();
    for key in listed {
        let kid = key.get("kid").and_then(Value::as_str);
        let kid = kid.ok_or(wrong("a key of jwks has no kid"))?;
        if names.contains(&kid) {
            return Err(wrong("two keys of jwks have the same kid"));
        }
        names.push(kid);
        if key.get("kty").and_then(Value::as_str) == Some("oct") {
            return Err(wrong("jwks holds a symmetric key"));
        }
    }
    let set = JwkSet::from_json(&jwks.to_string()).map_err(|_| wrong("jwks is no JWK set"))?;
    if set.keys.iter().any(jose::Jwk::is_private) {
        return Err(wrong("jwks holds a private key"));
    }
    Ok(KeySet::from_jwks(&set))
}
