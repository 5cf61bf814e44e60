use std::collections::{BTreeMap, BTreeSet, HashMap};

use oauth::Scope;
use oauth::authorization_details::Detail;
use oauth::claims_request::standard_scope_of;
use oauth::credential::DETAILS_TYPE;
use oauth::language;
use serde_json::{Map, Value};

use super::claims::{self, Compiled, Place, ScopeClaim, Telling};
use super::credentials;
use super::details;
use super::document::{Grantable, PersonFacts, Resource, ScopeDefinition};
use super::expression::Expression;
use crate::clients::Client;

/// The scopes of OpenID Connect Core §5.4 and §11, with the words that people read at consent.
pub static STANDARD_SCOPES: [(&str, &str); 6] = [
    ("openid", "Know who you are"),
    ("profile", "See your name and the rest of your profile"),
    ("email", "See your e-mail address"),
    ("address", "See your postal address"),
    ("phone", "See your phone number"),
    ("offline_access", "Keep access while you are away"),
];

/// Whose scope it is.
#[derive(Clone, Copy, Debug)]
pub enum ScopeOwner<'a> {
    /// One of [`STANDARD_SCOPES`], about the person.
    OpenId,
    /// A scope of this resource.
    Resource(&'a Resource),
}

/// Everything a realm offers: its resources and their scopes, with the expressions compiled. Made once after each change.
#[derive(Debug, Default)]
pub struct Catalogue {
    resources: BTreeMap<String, Resource>,
    scopes: HashMap<String, Entry>,
    /// The scopes that tell clients a claim that operators added, by its name with and without a language.
    tellers: HashMap<String, BTreeSet<String>>,
    details: HashMap<String, (details::Entry, Rule)>,
    pub(super) credentials: BTreeMap<String, (credentials::Entry, Rule)>,
}

#[derive(Debug)]
struct Entry {
    resource: String,
    description: String,
    rule: Rule,
    claims: Vec<Compiled>,
}

/// Who may be granted something.
#[derive(Debug)]
pub(super) enum Rule {
    Everyone,
    Group(String),
    Expression(Expression),
    /// An expression that does not compile in this version: grants nothing.
    Nobody,
}

impl Catalogue {
    /// A catalogue of these resources. An expression that does not compile is logged, and its scope is granted to nobody.
    pub(crate) fn new(resources: Vec<Resource>) -> Self {
        let mut catalogue = Self::default();
        for resource in resources {
            for scope in &resource.scopes {
                let rule = Rule::of(&scope.name, &scope.grantable);
                let entry = Entry {
                    resource: resource.id.clone(),
                    description: scope.description.clone(),
                    rule,
                    claims: compiled(scope),
                };
                for claim in entry.claims.iter().filter(|it| it.is_for_clients()) {
                    for name in [claim.name(), claim.base()] {
                        let tellers = catalogue.tellers.entry(name.to_owned());
                        tellers.or_default().insert(scope.name.clone());
                    }
                }
                catalogue.scopes.insert(scope.name.clone(), entry);
            }
            let mut entries = details::entries(&resource);
            for kind in &resource.authorization_details_types {
                if let Some(entry) = entries.remove(&kind.name) {
                    let rule = Rule::of(&kind.name, &kind.grantable);
                    catalogue.details.insert(kind.name.clone(), (entry, rule));
                }
            }
            for one in &resource.credentials {
                if let Some(entry) = credentials::Entry::new(&resource, one) {
                    let rule = Rule::of(&one.id, &one.grantable);
                    catalogue.credentials.insert(one.id.clone(), (entry, rule));
                }
            }
            catalogue.resources.insert(resource.id.clone(), resource);
        }
        catalogue
    }

    /// The resource that a type of `authorization_details` belongs to; `None` when nobody offers it.
    pub fn owner_of_details(&self, kind: &str) -> Option<&Resource> {
        let (entry, _) = self.details.get(kind)?;
        self.resources.get(&entry.resource)
    }

    /// What details of this type ask for, in words; `None` when they are not what the type's schema wants, or cannot be said to people as they are.
    pub fn say_details(&self, kind: &str, members: &Map<String, Value>) -> Option<String> {
        let (entry, _) = self.details.get(kind)?;
        let said = entry.say(members)?;
        if kind != DETAILS_TYPE {
            return Some(said);
        }
        // By the name that people know.
        asked_credential(members)
            .and_then(|id| self.credential(id))
            .map(credentials::in_words)
    }

    /// Whether details may be granted to this client for this person (or, without a person, for itself): it is registered for the type, and the rules of the
    /// type, and of the credential that is asked for, allow it.
    pub fn allows_details(
        &self,
        detail: &Detail,
        person: Option<&PersonFacts>,
        client: &Client,
    ) -> bool {
        let kind = detail.kind();
        let registered = client.authorization_details_types.iter();
        let credential = || {
            asked_credential(detail.members())
                .is_some_and(|id| self.allows_credential(id, person, client))
        };
        registered.into_iter().any(|own| own == kind)
            && self
                .details
                .get(kind)
                .is_some_and(|(_, rule)| rule.allows(kind, person, client))
            && (kind != DETAILS_TYPE || credential())
    }

    /// Every type of details on offer, in the order of the resources.
    pub fn details_types(&self) -> impl Iterator<Item = &str> {
        let all = self.resources.values().flat_map(move |resource| {
            let types = resource.authorization_details_types.iter();
            types.map(|kind| kind.name.as_str())
        });
        all.filter(|name| self.details.contains_key(*name))
    }

    /// Whether any of these scopes tells something there that its operator added.
    pub fn releases(&self, scope: &Scope, place: Place) -> bool {
        self.told(scope, place).next().is_some()
    }

    /// Adds what these scopes tell there that their operator added.
    pub fn release(&self, scope: &Scope, telling: &Telling<'_>, into: &mut Map<String, Value>) {
        for claim in self.told(scope, telling.place) {
            claim.tell(telling, into);
        }
    }

    /// Adds a claim that was asked for by its name, as this scope tells it, at whichever place clients read; in each of its languages (OpenID Connect Core §5.2).
    pub fn release_claim(
        &self,
        (scope, claim): (&str, &str),
        telling: &Telling<'_>,
        into: &mut Map<String, Value>,
    ) {
        let claim = self.meant(claim);
        let entry = self.scopes.get(scope);
        let claims = entry.into_iter().flat_map(|entry| &entry.claims);
        for found in claims.filter(|it| [it.name(), it.base()].contains(&claim)) {
            if found.is_for_clients() {
                found.tell(telling, into);
            }
        }
    }

    /// The name by which operators added a claim: without the language, where they did not add it in this very one.
    fn meant<'a>(&self, claim: &'a str) -> &'a str {
        match language::split(claim) {
            Some((base, _)) if !self.tellers.contains_key(claim) => base,
            _ => claim,
        }
    }

    /// The scopes that tell clients this claim among others: a standard one (OpenID Connect Core §5.4), or those to which operators added it, in the order of
    /// their names.
    pub fn scopes_of_claim(&self, claim: &str) -> impl Iterator<Item = &str> {
        let added = self.tellers.get(self.meant(claim)).into_iter().flatten();
        let standard = standard_scope_of(claim).into_iter();
        standard.chain(added.map(String::as_str))
    }

    /// Whether an operator added this claim, in whichever language, to what clients are told.
    pub fn is_added(&self, claim: &str) -> bool {
        self.tellers.contains_key(self.meant(claim))
    }

    fn told(&self, scope: &Scope, place: Place) -> impl Iterator<Item = &Compiled> {
        let entries = scope.iter().filter_map(|token| self.scopes.get(token));
        entries
            .flat_map(|entry| &entry.claims)
            .filter(move |claim| claim.places.contains(&place))
    }

    /// The claims that operators added, each with whether it is to be had elsewhere.
    pub fn claims(&self) -> BTreeMap<&str, bool> {
        let all = self.scopes.values().flat_map(|entry| &entry.claims);
        all.fold(BTreeMap::new(), |mut found, claim| {
            *found.entry(claim.base()).or_default() |= claim.is_elsewhere();
            found
        })
    }

    /// A catalogue of these resources, for the tests of rules.
    pub fn of(resources: Vec<Resource>) -> Self {
        Self::new(resources)
    }

    /// The resource with this identifier.
    pub fn resource(&self, id: &str) -> Option<&Resource> {
        self.resources.get(id)
    }

    /// All resources, in the order of their identifiers.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values()
    }

    /// Whose scope this is; `None` when nobody offers it.
    pub fn owner_of(&self, scope: &str) -> Option<ScopeOwner<'_>> {
        if standard(scope).is_some() {
            return Some(ScopeOwner::OpenId);
        }
        let entry = self.scopes.get(scope)?;
        self.resources
            .get(&entry.resource)
            .map(ScopeOwner::Resource)
    }

    /// What the scope allows, in words.
    pub fn describe(&self, scope: &str) -> Option<&str> {
        standard(scope).or_else(|| Some(self.scopes.get(scope)?.description.as_str()))
    }

    /// Every scope on offer: the standard ones, then those of the resources in the order of their identifiers.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        STANDARD_SCOPES.iter().map(|(name, _)| *name).chain(
            self.resources
                .values()
                .flat_map(|resource| resource.scopes.iter().map(|scope| scope.name.as_str())),
        )
    }

    /// The part of `requested` that exists.
    pub fn known(&self, requested: &Scope) -> Scope {
        requested.filter(|token| self.owner_of(token).is_some())
    }

    /// The part of `requested` that may be granted to this client for this person (or, without a person, for itself): what the client is
    /// registered for and the scope's own rule allows. Never more than `requested`.
    ///
    /// A client that is registered for no scope at all may be granted any for a person, and none for itself.
    pub fn grantable(
        &self,
        requested: &Scope,
        person: Option<&PersonFacts>,
        client: &Client,
    ) -> Scope {
        requested.filter(|token| self.may_grant(token, person, client))
    }

    /// Whether [`Catalogue::grantable`] leaves a scope.
    pub fn may_grant(&self, token: &str, person: Option<&PersonFacts>, client: &Client) -> bool {
        let registered = match (client.scope.is_empty(), person) {
            (true, person) => person.is_some(),
            (false, _) => client.scope.contains(token),
        };
        registered && self.allows(token, person, client)
    }

    fn allows(&self, token: &str, person: Option<&PersonFacts>, client: &Client) -> bool {
        if standard(token).is_some() {
            return person.is_some();
        }
        self.scopes
            .get(token)
            .is_some_and(|entry| entry.rule.allows(token, person, client))
    }
}

impl Rule {
    /// The rule of what has this name.
    fn of(name: &str, grantable: &Grantable) -> Self {
        match grantable {
            Grantable::Everyone => Self::Everyone,
            Grantable::Group(group) => Self::Group(group.clone()),
            Grantable::Expression(source) => compile(name, source),
        }
    }

    pub(super) fn allows(&self, name: &str, person: Option<&PersonFacts>, client: &Client) -> bool {
        match self {
            Self::Nobody => false,
            Self::Everyone => true,
            Self::Group(group) => person.is_some_and(|person| person.groups.contains(group)),
            Self::Expression(expression) => {
                expression
                    .evaluate(person, client)
                    .unwrap_or_else(|reason| {
                        tracing::warn!(
                            scope = name,
                            client = client.id,
                            reason,
                            "the rule of a scope failed: not granted"
                        );
                        false
                    })
            }
        }
    }
}

/// The credential that details ask for (OpenID4VCI §5.1.1).
fn asked_credential(members: &Map<String, Value>) -> Option<&str> {
    members.get("credential_configuration_id")?.as_str()
}

fn standard(scope: &str) -> Option<&'static str> {
    STANDARD_SCOPES
        .iter()
        .find(|(name, _)| *name == scope)
        .map(|(_, words)| *words)
}

/// The claims of a scope; one that cannot be used in this version is told nowhere.
fn compiled(scope: &ScopeDefinition) -> Vec<Compiled> {
    let compile = |claim: &ScopeClaim| {
        claims::compile(claim)
            .inspect_err(|reason| {
                tracing::error!(scope = scope.name, reason, "a claim cannot be used")
            })
            .ok()
    };
    scope.claims.iter().filter_map(compile).collect()
}

fn compile(scope: &str, source: &str) -> Rule {
    match Expression::compile(source) {
        Ok(expression) => Rule::Expression(expression),
        Err(reason) => {
            tracing::error!(
                scope,
                reason,
                "the rule of a scope cannot be used: nobody is granted it"
            );
            Rule::Nobody
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;

    use super::*;
    use crate::resources::ScopeDefinition;

    fn catalogue() -> Catalogue {
        let scope = |name: &str, grantable| ScopeDefinition {
            name: name.to_owned(),
            description: format!("Do {name}"),
            grantable,
            claims: Vec::new(),
        };
        Catalogue::new(vec![Resource {
            id: "urn:demo:notes".to_owned(),
            name: "Notes".to_owned(),
            scopes: vec![
                scope("notes.read", Grantable::Everyone),
                scope("notes.write", Grantable::Group("editors".to_owned())),
                scope(
                    "notes.admin",
                    Grantable::Expression("person.username == 'alice'".to_owned()),
                ),
                scope("notes.broken", Grantable::Expression("person.".to_owned())),
            ],
            ..Resource::default()
        }])
    }

    fn person(username: &str, groups: &[&str]) -> PersonFacts {
        PersonFacts {
            username: username.to_owned(),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            ..PersonFacts::default()
        }
    }

    fn all() -> Scope {
        Scope::of(catalogue().scopes()).unwrap()
    }

    #[test]
    fn each_rule_grants_what_it_says() {
        let catalogue = catalogue();
        let client = Client::default();
        let of = |person: Option<PersonFacts>| {
            catalogue
                .grantable(&all(), person.as_ref(), &client)
                .to_string()
        };
        let openid = "openid profile email address phone offline_access notes.read";
        assert_eq!(
            of(Some(person("alice", &["editors"]))),
            format!("{openid} notes.write notes.admin")
        );
        assert_eq!(of(Some(person("bob", &[]))), openid);
        assert_eq!(of(None), "");
    }

    #[test]
    fn a_client_for_itself_gets_what_it_is_registered_for_and_no_more() {
        let client = Client {
            scope: "notes.read notes.write notes.admin openid".parse().unwrap(),
            ..Client::default()
        };
        let granted = catalogue().grantable(&all(), None, &client);
        assert_eq!(granted.to_string(), "notes.read");
    }

    #[test]
    fn every_scope_has_words_and_an_owner() {
        let catalogue = catalogue();
        assert_eq!(catalogue.describe("notes.read"), Some("Do notes.read"));
        assert!(catalogue.describe("openid").is_some());
        assert!(catalogue.describe("nothing").is_none());
        assert!(matches!(
            catalogue.owner_of("email"),
            Some(ScopeOwner::OpenId)
        ));
        match catalogue.owner_of("notes.write") {
            Some(ScopeOwner::Resource(resource)) => assert_eq!(resource.id, "urn:demo:notes"),
            other => panic!("{other:?}"),
        }
        assert_eq!(
            catalogue
                .known(&"nothing openid".parse().unwrap())
                .to_string(),
            "openid"
        );
    }

    fn subset() -> impl Strategy<Value = Vec<String>> {
        let names: Vec<String> = all()
            .iter()
            .map(str::to_owned)
            .chain(["unknown".to_owned()])
            .collect();
        let count = names.len();
        proptest::sample::subsequence(names, 0..=count)
    }

    proptest! {
        #[test]
        fn granting_never_widens(requested in subset(), registered in subset(), editor: bool, alice: bool, alone: bool) {
            let catalogue = catalogue();
            let requested = Scope::of(requested).unwrap();
            let client = Client { scope: Scope::of(registered).unwrap(), ..Client::default() };
            let person = person(if alice { "alice" } else { "bob" }, if editor { &["editors"] } else { &[] });
            let person = (!alone).then_some(&person);
            let granted = catalogue.grantable(&requested, person, &client);
            prop_assert!(granted.is_subset(&requested));
            prop_assert!(granted.is_subset(&catalogue.known(&requested)));
            if !client.scope.is_empty() {
                prop_assert!(granted.is_subset(&client.scope));
            }
            if alone {
                prop_assert!(granted.is_subset(&client.scope));
            }
            // What was granted is granted again, alone or with the rest: nothing depends on company.
            prop_assert_eq!(catalogue.grantable(&granted, person, &client), granted);
        }
    }
}
