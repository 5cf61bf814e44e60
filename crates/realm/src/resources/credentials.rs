//! What is issued as a verifiable credential (OpenID4VCI 1.0 §12.2.4, SD-JWT VC). The issuer's own resource has them: its scopes and its
//! `authorization_details` are how wallets ask for them.

use std::collections::HashSet;

use jose::Algorithm;
use oauth::Scope;
use oauth::credential::DETAILS_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::catalogue::Catalogue;
use super::claims::{self, Compiled, Place, ScopeClaim, Telling};
use super::details::DetailsType;
use super::document::{Grantable, PersonFacts, Resource, ScopeDefinition};
use crate::clients::{Client, PublicKeys, check_signing_alg, check_text};
use crate::error::Invalid;

const FIELD: &str = "credentials";
/// How many a realm has at most.
const MOST: usize = 50;
/// How many claims one has at most.
const MOST_CLAIMS: usize = 50;
/// How deep a claim's path is at most.
const DEEPEST: usize = 4;
/// How long one is valid, in seconds: a day to ten years. Its times are rounded, so that they tell nobody apart.
pub const LIFETIMES: std::ops::RangeInclusive<i64> = 86_400..=315_360_000;
/// Two weeks: as a rule nothing revokes a credential, so it does not live long.
const LIFETIME: i64 = 14 * 86_400;
/// What an SD-JWT VC says by itself (SD-JWT VC §2.2.2.2), and what the mechanism needs.
const RESERVED: [&str; 13] = [
    "iss",
    "nbf",
    "exp",
    "iat",
    "cnf",
    "vct",
    "vct#integrity",
    "status",
    "aud",
    "jti",
    "_sd",
    "_sd_alg",
    "...",
];

/// How something is called in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The language (BCP 47); every language where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// One claim of a credential. It is disclosed by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialClaim {
    /// The names of the members that lead to it.
    pub path: Vec<String>,
    /// What it is: an expression (CEL) over `person`, `profile` and `client`, as for the claims of scopes. Where it gives null, or fails, there is no claim.
    pub value: String,
    /// How wallets call it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub display: Vec<Named>,
    /// Whether there is no credential for a person without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mandatory: bool,
}

/// How what was issued can be taken back: each says its place in a status list (draft-ietf-oauth-status-list).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocable {
    /// Whether it can be suspended and restored, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspendable: bool,
    /// Whether it is revoked when the person's account is disabled or deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub with_person: bool,
}

/// A kind of credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialConfiguration {
    /// Its name: what a scope may be called.
    pub id: String,
    /// Its type (SD-JWT VC §2.2.2.1), a URI as a rule.
    pub vct: String,
    /// How people and wallets call it; at least one.
    pub display: Vec<Named>,
    /// The scope that asks for it. Without one it is asked for by `authorization_details` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What it says.
    pub claims: Vec<CredentialClaim>,
    /// How long it is valid, in seconds: [`LIFETIMES`].
    #[serde(default = "lifetime")]
    pub lifetime: i64,
    /// How it can be taken back; without it is valid until it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Revocable>,
    /// Whether it is for whoever holds it, without a key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unbound: bool,
    /// Those who are believed when they say how a wallet keeps its keys (§ appendix D). With them, no key is taken that they do not vouch for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_attestation_jwks: Option<PublicKeys>,
    /// What it is signed with.
    #[serde(default = "signing_alg")]
    pub signing_alg: Algorithm,
    /// Who may have it.
    #[serde(default)]
    pub grantable: Grantable,
}

fn lifetime() -> i64 {
    LIFETIME
}

fn signing_alg() -> Algorithm {
    Algorithm::Es256
}

impl CredentialConfiguration {
    /// One of this name, type and words, with nothing in it yet.
    pub fn new(id: &str, vct: &str, name: &str) -> Self {
        let named = Named {
            name: name.to_owned(),
            locale: None,
        };
        Self {
            id: id.to_owned(),
            vct: vct.to_owned(),
            display: vec![named],
            scope: None,
            claims: Vec::new(),
            lifetime: LIFETIME,
            status: None,
            unbound: false,
            key_attestation_jwks: None,
            signing_alg: Algorithm::Es256,
            grantable: Grantable::Everyone,
        }
    }

    /// How it is called where the language is not known.
    pub fn name(&self) -> &str {
        let open = self.display.iter().find(|named| named.locale.is_none());
        let named = open.or(self.display.first());
        named.map_or(&self.id, |named| &named.name)
    }
}

impl Resource {
    /// The kind of credential with this name.
    pub fn credential(&self, id: &str) -> Option<&CredentialConfiguration> {
        self.credentials.iter().find(|one| one.id == id)
    }

    /// Adds a kind of credential, or puts it in the place of the one with its name; and with it how wallets ask for it.
    pub fn offer_credential(&mut self, configuration: CredentialConfiguration) {
        self.withdraw_credential(&configuration.id);
        if let Some(scope) = &configuration.scope {
            self.scopes.push(ScopeDefinition {
                name: scope.clone(),
                description: in_words(&configuration),
                grantable: configuration.grantable.clone(),
                claims: Vec::new(),
            });
        }
        self.credentials.push(configuration);
        self.credentials.sort_by(|a, b| a.id.cmp(&b.id));
        self.say_credentials();
    }

    /// Takes a kind of credential away; whether there was one.
    pub fn withdraw_credential(&mut self, id: &str) -> bool {
        let Some(at) = self.credentials.iter().position(|one| one.id == id) else {
            return false;
        };
        let gone = self.credentials.remove(at);
        self.scopes
            .retain(|scope| Some(&scope.name) != gone.scope.as_ref());
        self.say_credentials();
        true
    }

    /// Writes the type of `authorization_details` that asks for one of them (OpenID4VCI §5.1.1).
    fn say_credentials(&mut self) {
        let types = &mut self.authorization_details_types;
        types.retain(|kind| kind.name != DETAILS_TYPE);
        if self.credentials.is_empty() {
            return;
        }
        let ids: Vec<&str> = self.credentials.iter().map(|one| one.id.as_str()).collect();
        types.push(DetailsType {
            name: DETAILS_TYPE.to_owned(),
            words: "Put a credential into your wallet: {credential_configuration_id}".to_owned(),
            schema: json!({
                "type": "object",
                "properties": {
                    "type": {"const": DETAILS_TYPE},
                    "credential_configuration_id": {"enum": ids},
                    "locations": {"type": "array", "items": {"const": self.id}, "minItems": 1},
                    "claims": {"type": "array", "minItems": 1, "items": {"type": "object"}},
                },
                "required": ["credential_configuration_id"],
                "additionalProperties": false,
            }),
            grantable: Grantable::Everyone,
        });
    }
}

impl Catalogue {
    /// The kind of credential of this name, if it can be issued.
    pub fn credential(&self, id: &str) -> Option<&CredentialConfiguration> {
        let (entry, _) = self.credentials.get(id)?;
        self.resource(&entry.resource)?.credential(id)
    }

    /// Every kind of credential that can be issued, by name.
    pub fn credentials(&self) -> impl Iterator<Item = &CredentialConfiguration> {
        self.credentials.keys().filter_map(|id| self.credential(id))
    }

    /// Whether this person may have this credential, by its own rule.
    pub fn allows_credential(
        &self,
        id: &str,
        person: Option<&PersonFacts>,
        client: &Client,
    ) -> bool {
        let entry = self.credentials.get(id);
        entry.is_some_and(|(_, rule)| person.is_some() && rule.allows(id, person, client))
    }

    /// Whether this person may be offered this credential before it is known which wallet will fetch it: what its rule says of a client without name or
    /// identifier. It is asked again, of the wallet, when it is fetched.
    pub fn may_be_offered(&self, id: &str, person: &PersonFacts) -> bool {
        self.allows_credential(id, Some(person), &Client::default())
    }

    /// What this credential says about somebody: the value of each of its claims, in their order, `None` where there is none.
    pub fn credential_values(&self, id: &str, telling: &Telling<'_>) -> Vec<Option<Value>> {
        let entry = self.credentials.get(id);
        entry.map_or_else(Vec::new, |(entry, _)| entry.values(telling))
    }
}

/// What people are asked.
pub(super) fn in_words(configuration: &CredentialConfiguration) -> String {
    format!(
        "Put the credential “{}” into your wallet",
        configuration.name()
    )
}

/// Whether those of a resource may be registered; `is_grantable` judges who may have each.
pub(super) fn check(
    resource: &Resource,
    is_grantable: impl Fn(&Grantable) -> Result<(), String>,
) -> Result<(), Invalid> {
    if resource.credentials.len() > MOST {
        return Err(Invalid::new(FIELD, format!("there are at most {MOST}")));
    }
    let mut seen = HashSet::new();
    for one in &resource.credentials {
        let named = |reason: String| {
            let id = one.id.escape_default();
            Invalid::new(FIELD, format!("`{id}`: {reason}"))
        };
        if !seen.insert(one.id.as_str()) {
            return Err(named("it is named twice".to_owned()));
        }
        check_one(one).map_err(named)?;
        is_grantable(&one.grantable).map_err(named)?;
        if let Some(scope) = &one.scope
            && resource.scope(scope).is_none()
        {
            return Err(named(format!("its scope `{scope}` is not there")));
        }
    }
    Ok(())
}

fn check_one(one: &CredentialConfiguration) -> Result<(), String> {
    let reason = |invalid: Invalid| invalid.reason;
    if !Scope::is_token(&one.id) || one.id.len() > 100 {
        return Err("a name is 1 to 100 characters of printable ASCII without white space, quotes and backslashes".to_owned());
    }
    let vct = one.vct.bytes().all(|byte| byte.is_ascii_graphic());
    if !vct || !(1..=255).contains(&one.vct.len()) {
        return Err("its type (vct) is 1 to 255 characters of visible ASCII".to_owned());
    }
    check_display(&one.display, 1)?;
    if !LIFETIMES.contains(&one.lifetime) {
        return Err("it is valid for 86400 to 315360000 seconds".to_owned());
    }
    check_signing_alg("signing_alg", Some(one.signing_alg)).map_err(reason)?;
    if let Some(keys) = &one.key_attestation_jwks {
        keys.check()?;
    }
    if one.claims.is_empty() || one.claims.len() > MOST_CLAIMS {
        return Err(format!("it has 1 to {MOST_CLAIMS} claims"));
    }
    for (index, claim) in one.claims.iter().enumerate() {
        check_claim(claim)?;
        let others = one.claims.get(..index).unwrap_or_default();
        let meets = |other: &CredentialClaim| {
            other.path.starts_with(&claim.path) || claim.path.starts_with(&other.path)
        };
        if others.iter().any(meets) {
            let path = claim.path.join(".");
            return Err(format!(
                "the claim `{path}` is named twice, or is in another"
            ));
        }
    }
    Ok(())
}

fn check_claim(claim: &CredentialClaim) -> Result<(), String> {
    let path = claim.path.join(".");
    let shown = path.escape_default();
    let is_name = |name: &String| {
        (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control)
    };
    if claim.path.is_empty() || claim.path.len() > DEEPEST || !claim.path.iter().all(is_name) {
        return Err(format!(
            "the claim `{shown}` is 1 to {DEEPEST} names, with dots between them"
        ));
    }
    let first = claim.path.first().map(String::as_str).unwrap_or_default();
    let mechanism = |name: &String| name.starts_with("_sd") || name == "...";
    if RESERVED.contains(&first) || claim.path.iter().any(mechanism) {
        return Err(format!("the claim `{shown}` has a meaning already"));
    }
    check_display(&claim.display, 0)?;
    compile(claim).map(drop)
}

fn check_display(display: &[Named], least: usize) -> Result<(), String> {
    if display.len() < least || display.len() > 50 {
        return Err("it has a name, in at most 50 languages".to_owned());
    }
    let mut seen = HashSet::new();
    for named in display {
        if named.name.trim().is_empty() {
            return Err("a name is empty".to_owned());
        }
        check_text(FIELD, &named.name, 200).map_err(|invalid| invalid.reason)?;
        if named.name.chars().any(super::words::is_hidden) {
            return Err("a name holds a character that cannot be seen".to_owned());
        }
        let tag = named.locale.as_deref();
        let part = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        if !tag.unwrap_or("en").split('-').all(part) {
            return Err("a language is a tag such as en or de-CH".to_owned());
        }
        if !seen.insert(tag) {
            return Err("two names are of the same language".to_owned());
        }
    }
    Ok(())
}

/// A kind of credential, ready for use.
#[derive(Debug)]
pub(super) struct Entry {
    /// The resource whose it is.
    pub(super) resource: String,
    claims: Vec<Compiled>,
}

impl Entry {
    /// Compiles its claims. One that this version cannot use is logged, and makes the whole unusable: a credential is not to say less than it should.
    pub(super) fn new(resource: &Resource, one: &CredentialConfiguration) -> Option<Self> {
        let claims: Result<Vec<Compiled>, String> = one.claims.iter().map(compile).collect();
        claims
            .map(|claims| Self {
                resource: resource.id.clone(),
                claims,
            })
            .inspect_err(|reason| {
                tracing::error!(credential = one.id, reason, "a credential cannot be issued");
            })
            .ok()
    }

    /// The value of each claim for somebody, in their order; `None` where there is none.
    pub(super) fn values(&self, telling: &Telling<'_>) -> Vec<Option<Value>> {
        let value = |claim: &Compiled| {
            let mut told = Map::new();
            claim.tell(telling, &mut told);
            told.remove(claim.name())
        };
        self.claims.iter().map(value).collect()
    }
}

fn compile(claim: &CredentialClaim) -> Result<Compiled, String> {
    claims::compile(&ScopeClaim {
        name: claim.path.join("."),
        value: claim.value.clone(),
        places: vec![Place::Userinfo],
        elsewhere: false,
    })
}
