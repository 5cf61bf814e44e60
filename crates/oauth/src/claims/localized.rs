//! Claims in several languages and scripts (OpenID Connect Core §5.2): `family_name#ja-Kana-JP`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::StandardClaims;
use crate::{Scope, language};

/// The standard claims that people read, or that lead to what people read: those may be there in several languages.
pub const LOCALIZABLE: [&str; 8] = [
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "profile",
    "website",
    "address",
];

/// The standard scope that stands for a claim among others (§5.4), in whichever language (§5.2).
pub fn standard_scope_of(claim: &str) -> Option<&'static str> {
    let claim = match language::split(claim) {
        Some((base, _)) if LOCALIZABLE.contains(&base) => base,
        _ => claim,
    };
    let mut scopes = StandardClaims::BY_SCOPE.iter();
    let (scope, _) = scopes.find(|(_, claims)| claims.contains(&claim))?;
    Some(scope)
}

/// What is to be told of somebody beyond what the scope tells.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Claims that were asked for one by one (§5.5), with or without a language tag.
    pub names: &'a [String],
    /// `claims_locales`: the languages that were asked for, the best first.
    pub locales: &'a [String],
}

impl Wanted<'_> {
    /// The languages in which this claim was asked for by names of its own.
    fn tags(&self, claim: &str) -> impl Iterator<Item = &str> {
        let names = self.names.iter().filter_map(|name| language::split(name));
        names.filter_map(move |(base, tag)| (base == claim).then_some(tag))
    }
}

/// The values of a person's claims in the languages they are there in, by claim and language tag.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Localized(BTreeMap<String, BTreeMap<String, Value>>);

/// Personal data stays out of logs: only how many claims there are is shown.
impl fmt::Debug for Localized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Localized({})", self.0.len())
    }
}

impl Localized {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each claim with its values by language.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &BTreeMap<String, Value>)> {
        let all = self.0.iter();
        all.map(|(claim, values)| (claim.as_str(), values))
    }

    /// The value of a claim in exactly this language.
    pub fn get(&self, claim: &str, tag: &str) -> Option<&Value> {
        self.0.get(claim)?.get(&language::normalized(tag)?)
    }

    /// Sets the value of a claim in a language, or takes it away. What is no language tag sets nothing.
    pub fn set(&mut self, claim: &str, tag: &str, value: Option<Value>) {
        let Some(tag) = language::normalized(tag) else {
            return;
        };
        let values = self.0.entry(claim.to_owned()).or_default();
        match value {
            Some(value) => values.insert(tag, value),
            None => values.remove(&tag),
        };
        self.0.retain(|_, values| !values.is_empty());
    }

    /// Adds what the scope gives access to, in every language.
    pub fn add_all(&self, scope: &Scope, told: &mut StandardClaims) {
        for (claim, values) in &self.0 {
            if standard_scope_of(claim).is_some_and(|it| scope.contains(it)) {
                for (tag, value) in values {
                    told.put(&format!("{claim}#{tag}"), value.clone());
                }
            }
        }
    }

    /// Adds, and puts in the place of what has no language, what was asked for of it.
    pub fn tell(&self, scope: &Scope, wanted: Wanted<'_>, told: &mut StandardClaims) {
        for (claim, values) in &self.0 {
            let whole = standard_scope_of(claim).is_some_and(|it| scope.contains(it))
                || wanted.names.contains(claim);
            let standing = (whole, told.has(claim));
            for (name, value) in choose(claim, values, standing, wanted) {
                told.put(&name, value.clone());
            }
        }
    }
}

/// What is told of a claim that is there in several languages, each under its name. `whole`: whether it is told anyhow, and not only in languages in which it was
/// asked for by name; `plain`: whether there is a value without a language.
///
/// The language that answers `claims_locales` first is told without a tag, and so alone where no other answers (§5.2); where several do, each is told with its tag
/// too. What has no value without a language is told in all it has, where none was asked for that it has.
fn choose<'v>(
    claim: &str,
    values: &'v BTreeMap<String, Value>,
    (whole, plain): (bool, bool),
    wanted: Wanted<'_>,
) -> BTreeMap<String, &'v Value> {
    let tags = || values.keys().map(String::as_str);
    let find = |wished: &str| {
        let tag = language::best(tags(), wished)?;
        Some((language::called(tag, wished).to_owned(), tag, &values[tag]))
    };
    let mut told = BTreeMap::new();
    let named = |tag: &str| format!("{claim}#{tag}");
    if whole {
        let mut met = BTreeSet::new();
        let answers = wanted.locales.iter().filter_map(|locale| find(locale));
        let answers: Vec<_> = answers.filter(|(_, tag, _)| met.insert(*tag)).collect();
        if let Some((_, _, value)) = answers.first() {
            told.insert(claim.to_owned(), *value);
        }
        if answers.len() > 1 {
            let each = answers.iter();
            told.extend(each.map(|(name, _, value)| (named(name), *value)));
        }
        if answers.is_empty() && !plain {
            told.extend(values.iter().map(|(tag, value)| (named(tag), value)));
        }
    }
    let asked = wanted.tags(claim).filter_map(find);
    told.extend(asked.map(|(name, _, value)| (named(&name), value)));
    told
}

/// The same for claims that are no standard ones and stand here under all their names; `is_whole` says of which more is told than was asked for by name and
/// language.
pub fn chosen(
    all: Map<String, Value>,
    is_whole: impl Fn(&str) -> bool,
    wanted: Wanted<'_>,
) -> Map<String, Value> {
    if !all.keys().any(|name| language::split(name).is_some()) {
        return all;
    }
    let mut told = Map::new();
    let mut by_claim: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for (name, value) in all {
        match language::split(&name) {
            Some((claim, tag)) => {
                let values = by_claim.entry(claim.to_owned()).or_default();
                values.insert(tag.to_owned(), value);
            }
            None => {
                told.insert(name, value);
            }
        }
    }
    for (claim, values) in &by_claim {
        let standing = (is_whole(claim), told.contains_key(claim));
        let chosen = choose(claim, values, standing, wanted);
        told.extend(
            chosen
                .into_iter()
                .map(|(name, value)| (name, value.clone())),
        );
    }
    told
}
