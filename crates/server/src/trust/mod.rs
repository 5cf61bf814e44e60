//! What trusted issuers sign: verified with their keys, for this realm, under the rules that the operator wrote (RFC 7521, RFC 7523 §3).
//!
//! Who claims to have signed a text only says whose keys to take: those of the issuer that this realm trusts under that name, never any that the text brings.

mod keys;
mod people;
pub mod rules;

use std::sync::Arc;

use jose::Algorithm;
use jose::jws;
use jose::jwt::{self, Issuer as Iss, Policy};
use oauth::claims::Confirmation;
use oauth::client_auth::assertion::ASYMMETRIC;
use oauth::token_exchange::Actors;
use realm::Profile;
use realm::issuers::{Issuer, Subject, TrustRule};
use serde_json::{Map, Value};

use self::rules::{Accepted, Kind};
use crate::call::Call;
use crate::refusal::{Reason, Refusal};

pub(crate) use people::find_person;

/// A text whose issuer is trusted, and which was verified.
#[derive(Debug)]
pub(crate) struct Vouched {
    issuer: Arc<Issuer>,
    /// What kind of text it is.
    pub(crate) kind: Kind,
    /// What it says.
    pub(crate) claims: Map<String, Value>,
    /// What was judged of that.
    pub(crate) accepted: Accepted,
    /// What it is signed with.
    algorithm: Algorithm,
}

/// Verifies a text. `path` is that of the endpoint asked, whose address may stand in `aud`.
///
/// # Errors
/// A reason of the kind `Assertion…`; or the storage fails.
pub(crate) async fn verify(call: &Call, path: &str, text: &str) -> Result<Vouched, Refusal> {
    let realm = &call.realm;
    let peeked = jws::peek(text).map_err(|_| Reason::AssertionMalformed)?;
    let claimed = peeked.claims().map_err(|_| Reason::AssertionMalformed)?;
    let issuers = realm.issuers().await?;
    let issuer = issuers
        .claimed_by(&claimed)
        .ok_or(Reason::AssertionIssuer)?;
    let document = issuer.document();
    let kind = rules::kind(peeked.header.typ.as_deref(), document)?;
    let algorithms = match document.algorithms.as_slice() {
        [] => ASYMMETRIC,
        named => named,
    };
    let policy = Policy {
        // A SPIFFE identity need not say who issued it: its subject and the keys do.
        issuer: if document.is_spiffe() {
            Iss::Unchecked
        } else {
            Iss::Is(&document.id)
        },
        audience: jwt::Audience::Unchecked,
        algorithms,
        typ: jwt::Type::Unchecked,
        lifetime: jwt::Lifetime::Expires,
        now: call.now(),
        leeway: rules::LEEWAY,
    };
    let claims: Map<String, Value> = keys::verify(call, issuer, text, &policy).await?;
    let endpoints = own_names(call, path);
    let own: Vec<&str> = endpoints.iter().map(String::as_str).collect();
    let accepted = rules::judge(&claims, kind, document, &own, call.now())?;
    Ok(Vouched {
        issuer: Arc::clone(issuer),
        kind,
        claims,
        accepted,
        algorithm: peeked.algorithm,
    })
}

/// What this realm may be called: its issuer, its token endpoint, the endpoint asked, also at the addresses for certificates.
fn own_names(call: &Call, path: &str) -> Vec<String> {
    let realm = &call.realm;
    let aliases = call.server.certificates.aliases.as_ref();
    let own = [realm.url("/token"), realm.url(path)];
    let aliased: Vec<String> = own
        .iter()
        .filter_map(|url| aliases.and_then(|aliases| aliases.of(url)))
        .collect();
    std::iter::once(realm.issuer().to_owned())
        .chain(own)
        .chain(aliased)
        .collect()
}

impl Vouched {
    /// The same, if a client of this profile may hand in what is signed so.
    ///
    /// # Errors
    /// [`Reason::ProfileAssertionAlgorithm`].
    pub(crate) fn permitted(self, profile: Profile) -> Result<Self, Reason> {
        if profile.permits_algorithm(self.algorithm) {
            Ok(self)
        } else {
            Err(Reason::ProfileAssertionAlgorithm)
        }
    }

    /// The issuer's identifier.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer.document().id
    }

    /// The rules that apply, in the operator's order.
    pub(crate) fn rules(&self) -> Vec<&TrustRule> {
        self.issuer.rules_for(&self.claims)
    }

    /// The client that it says somebody is: this one, or whichever comes first.
    pub(crate) fn client(&self, wanted: Option<&str>) -> Option<&str> {
        if self.kind == Kind::IdJag {
            return None;
        }
        self.rules()
            .into_iter()
            .find_map(|rule| match &rule.subject {
                Subject::Client(id) if wanted.is_none_or(|wanted| wanted == id) => {
                    Some(id.as_str())
                }
                _ => None,
            })
    }

    /// What it is remembered by, and until when, if it counts once.
    pub(crate) fn once(&self) -> Option<(String, String, i64)> {
        let document = self.issuer.document();
        let jti = self.accepted.jti.as_ref()?;
        let once = self.kind == Kind::IdJag || !document.reusable;
        let until = self.accepted.expires_at.saturating_add(rules::LEEWAY);
        once.then(|| (format!("issuer {}", document.id), jti.clone(), until))
    }

    /// What whoever presents it must prove to have.
    ///
    /// # Errors
    /// [`Reason::AssertionMalformed`] when that cannot be read: then it is bound to something nobody here understands.
    pub(crate) fn confirmation(&self) -> Result<Option<Confirmation>, Reason> {
        self.claims
            .get("cnf")
            .map(|cnf| serde_json::from_value(cnf.clone()))
            .transpose()
            .map_err(|_| Reason::AssertionMalformed)
    }

    /// Who acts for its subject, each named with who named it.
    ///
    /// # Errors
    /// [`Reason::AssertionMalformed`].
    pub(crate) fn actors(&self) -> Result<Actors, Reason> {
        let actors =
            Actors::parse(self.claims.get("act")).map_err(|_| Reason::AssertionMalformed)?;
        Ok(actors.named_by(self.issuer()))
    }

    /// A text claim.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }
}
