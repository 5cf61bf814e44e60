//! Claims that an operator adds to a scope: each computed (CEL) from what is known about the person, and told where the operator says (OpenID Connect Core §5.1.2,
//! §5.4, §5.6.2).

use std::fmt;

use cel::{ExecutionError, Program, Value};
use oauth::claims::StandardClaims;
use oauth::language;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::document::PersonFacts;
use super::expression::{client_value, execute, person_value, program};
use super::values;
use crate::clients::Client;

/// How many claims one scope may have.
pub(super) const MOST: usize = 50;
/// How long a claim's value may be, in bytes of JSON.
const LONGEST: usize = 8 * 1024;

/// Names that mean something in tokens or answers, beside the claims of the standard scopes.
const RESERVED: [&str; 41] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "s_hash",
    "sid",
    "sub_jwk",
    "cnf",
    "act",
    "may_act",
    "client_id",
    "scope",
    "events",
    "toe",
    "txn",
    "active",
    "token_type",
    "username",
    "authorization_details",
    "grant_id",
    "exchanged_from",
    "userinfo_claims",
    "claims_locales",
    "urn:openid:params:jwt:claim:auth_req_id",
    "urn:openid:params:jwt:claim:rt_hash",
    "sealed",
    "rt_hash",
    "_claim_names",
    "_claim_sources",
    "token_introspection",
    "status",
];

/// Claims that are lists of texts where whoever verifies access tokens reads them (RFC 9068 §2.2.3.1).
const LISTS: [&str; 3] = ["groups", "roles", "entitlements"];

/// Where a claim is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In ID tokens.
    IdToken,
    /// At /userinfo.
    Userinfo,
    /// In access tokens that carry the scope, where the API behind them reads it.
    AccessToken,
}

/// A claim that goes with a scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeClaim {
    /// The claim's name.
    pub name: String,
    /// What it is: an expression (CEL) over `person`, whose `id` is what the client is told as `sub`, `profile` with the standard claims about the person, and
    /// `client`. Where it gives null, or fails, there is no claim.
    pub value: String,
    /// Where it is told; at /userinfo when it is not stated.
    #[serde(rename = "in", default = "at_userinfo")]
    pub places: Vec<Place>,
    /// Whether the value says where the claim is to be had (§5.6.2): `{"endpoint": …, "access_token": …}`, or `{"JWT": …}` that somebody else signed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elsewhere: bool,
}

fn at_userinfo() -> Vec<Place> {
    vec![Place::Userinfo]
}

/// What is told of whom, and to whom.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    /// Where.
    pub place: Place,
    /// The person; `id` as the client is told it.
    pub person: &'a PersonFacts,
    /// The standard claims about the person.
    pub profile: &'a Map<String, Json>,
    /// The client.
    pub client: &'a Client,
}

/// A claim whose expression is compiled.
pub(super) struct Compiled {
    name: String,
    program: Program,
    pub(super) places: Vec<Place>,
    elsewhere: bool,
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Compiled").field(&self.name).finish()
    }
}

/// Whether a claim can be used; the reason is for whoever wrote it.
pub(super) fn check(claim: &ScopeClaim) -> Result<(), String> {
    let named =
        (1..=100).contains(&claim.name.len()) && claim.name.bytes().all(|b| b.is_ascii_graphic());
    if !named {
        return Err("a claim's name is 1 to 100 characters of visible ASCII".to_owned());
    }
    // In a language it means what it means without (§5.2).
    let meant = language::split(&claim.name).map_or(claim.name.as_str(), |(base, _)| base);
    let mut standard = StandardClaims::BY_SCOPE
        .iter()
        .flat_map(|(_, names)| names.iter());
    if RESERVED.contains(&meant) || standard.any(|name| *name == meant) {
        return Err(format!("the claim `{}` has a meaning already", claim.name));
    }
    if claim.places.is_empty() {
        return Err(format!("the claim `{}` is told nowhere", claim.name));
    }
    if claim.elsewhere && claim.places.contains(&Place::AccessToken) {
        return Err(format!(
            "the claim `{}` is elsewhere, which access tokens do not say",
            claim.name
        ));
    }
    compile(claim).map(drop)
}

/// Compiles a claim, after trying it for somebody made up.
pub(super) fn compile(claim: &ScopeClaim) -> Result<Compiled, String> {
    let compiled = Compiled {
        name: claim.name.clone(),
        program: program(&claim.value)?,
        places: claim.places.clone(),
        elsewhere: claim.elsewhere,
    };
    let person = PersonFacts {
        id: "0".to_owned(),
        username: "somebody".to_owned(),
        email: Some("somebody@example.org".to_owned()),
        email_verified: true,
        groups: vec!["staff".to_owned()],
    };
    let tried = compiled.run(&Telling {
        place: Place::Userinfo,
        person: &person,
        profile: &Map::new(),
        client: &Client::default(),
    });
    match tried {
        Err(
            error @ (ExecutionError::UndeclaredReference(_)
            | ExecutionError::NotSupportedAsMethod { .. }
            | ExecutionError::InvalidArgumentCount { .. }),
        ) => Err(format!(
            "the claim `{}` fails: {error}; it sees person, profile and client",
            claim.name
        )),
        _ => Ok(compiled),
    }
}

impl Compiled {
    /// The claim's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The same without the language that the name may end in (§5.2).
    pub(super) fn base(&self) -> &str {
        language::split(&self.name).map_or(&self.name, |(base, _)| base)
    }

    /// Whether clients are told it: at /userinfo or in ID tokens.
    pub(super) fn is_for_clients(&self) -> bool {
        let mut places = self.places.iter();
        places.any(|place| *place != Place::AccessToken)
    }

    /// Whether it is to be had elsewhere.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.elsewhere
    }

    fn run(&self, telling: &Telling<'_>) -> Result<Value, ExecutionError> {
        let variables = [
            ("person", person_value(Some(telling.person))),
            ("profile", values::object(telling.profile)),
            ("client", client_value(telling.client)),
        ];
        execute(&self.program, variables)
    }

    /// Adds what is told. A claim that cannot be computed, or is too long, is left out.
    pub(super) fn tell(&self, telling: &Telling<'_>, into: &mut Map<String, Json>) {
        let value = match self.run(telling) {
            Ok(value) => values::json(&value),
            Err(error) => {
                tracing::debug!(claim = self.name, %error, "a claim cannot be computed for somebody");
                None
            }
        };
        let Some(value) = value.filter(|value| !value.is_null()) else {
            return;
        };
        let is_list = || {
            let items = value.as_array().into_iter().flatten();
            value.is_array() && items.into_iter().all(Json::is_string)
        };
        if telling.place == Place::AccessToken && LISTS.contains(&self.name()) && !is_list() {
            // With anything else nobody could read the token.
            tracing::warn!(claim = self.name, "a claim is no list of texts");
            return;
        }
        if value.to_string().len() > LONGEST {
            tracing::warn!(claim = self.name, "a claim is too long to be told");
        } else if self.elsewhere {
            self.refer(&value, into);
        } else {
            into.insert(self.name.clone(), value);
        }
    }

    /// Says where the claim is to be had (§5.6.2).
    fn refer(&self, source: &Json, into: &mut Map<String, Json>) {
        if !is_source(source) {
            tracing::warn!(
                claim = self.name,
                "what is said of a claim elsewhere is neither an endpoint nor a JWT"
            );
            return;
        }
        let known = into.get("_claim_sources").and_then(Json::as_object);
        // Several claims of one source share it.
        let same = known.and_then(|known| known.iter().find(|(_, it)| *it == source));
        let name = match same {
            Some((name, _)) => name.clone(),
            None => format!("src{}", known.map_or(0, Map::len) + 1),
        };
        for (list, key, value) in [
            ("_claim_names", &self.name, Json::from(name.as_str())),
            ("_claim_sources", &name, source.clone()),
        ] {
            let list = into.entry(list).or_insert_with(|| Json::Object(Map::new()));
            if let Some(members) = list.as_object_mut() {
                members.insert(key.clone(), value);
            }
        }
    }
}

/// An aggregated claim is a JWT, a distributed one an https address with or without a token for it.
fn is_source(source: &Json) -> bool {
    let Some(members) = source.as_object() else {
        return false;
    };
    let text = |name: &str| members.get(name).and_then(Json::as_str);
    match (text("JWT"), text("endpoint")) {
        (Some(jwt), None) => members.len() == 1 && jose::jws::peek(jwt).is_ok(),
        (None, Some(endpoint)) => {
            crate::clients::is_page(endpoint)
                && members
                    .keys()
                    .all(|name| name == "endpoint" || name == "access_token")
                && (members.len() == 1 || text("access_token").is_some())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use serde_json::json;

    fn claim(name: &str, value: &str) -> ScopeClaim {
        let places = at_userinfo();
        ScopeClaim {
            name: name.to_owned(),
            value: value.to_owned(),
            places,
            elsewhere: false,
        }
    }

    fn told(claims: &[ScopeClaim]) -> Json {
        told_at(Place::Userinfo, claims)
    }

    fn told_at(place: Place, claims: &[ScopeClaim]) -> Json {
        let person = PersonFacts {
            id: "1".to_owned(),
            username: "alice".to_owned(),
            groups: vec!["dept:sales".to_owned(), "staff".to_owned()],
            ..PersonFacts::default()
        };
        let Json::Object(profile) = json!({"given_name": "Alice", "locale": "de"}) else {
            panic!()
        };
        let client = Client::default();
        let telling = Telling {
            place,
            person: &person,
            profile: &profile,
            client: &client,
        };
        let mut into = Map::new();
        for claim in claims {
            compile(claim).unwrap().tell(&telling, &mut into);
        }
        Json::Object(into)
    }

    #[test]
    fn a_claim_is_what_its_expression_gives() {
        for (value, expected) in [
            (
                "person.groups.filter(g, g.startsWith('dept:'))",
                json!({"x": ["dept:sales"]}),
            ),
            ("'staff' in person.groups", json!({"x": true})),
            (
                "profile.given_name + ' of ' + profile.locale",
                json!({"x": "Alice of de"}),
            ),
            (
                "{'name': person.username, 'n': 1 + 2}",
                json!({"x": {"name": "alice", "n": 3}}),
            ),
            ("person.email", json!({})),
            ("profile.nickname", json!({})),
            ("person.groups[7]", json!({})),
            ("b'x'", json!({})),
            ("{1: 2}", json!({})),
        ] {
            assert_eq!(told(&[claim("x", value)]), expected, "{value}");
        }
    }

    /// RFC 9068 §2.2.3.1.
    #[test]
    fn an_access_token_is_not_made_unreadable() {
        for name in LISTS {
            for (value, good) in [
                ("person.groups", true),
                ("[]", true),
                ("'staff'", false),
                ("['staff', 1]", false),
                ("{'staff': true}", false),
            ] {
                let of = [claim(name, value)];
                let expected = told(&of);
                assert_ne!(expected, json!({}), "clients read what it is");
                let kept = if good { expected } else { json!({}) };
                let told = told_at(Place::AccessToken, &of);
                assert_eq!(told, kept, "{name}: {value}");
                let mut token = json!({"iss": "i", "sub": "p", "aud": "a", "exp": 1, "iat": 1, "jti": "j", "client_id": "c"});
                token
                    .as_object_mut()
                    .unwrap()
                    .extend(told.as_object().unwrap().clone());
                assert!(serde_json::from_value::<oauth::claims::AccessToken>(token).is_ok());
            }
        }
    }

    #[test]
    fn a_claim_elsewhere_says_where() {
        let elsewhere = |name: &str, value: &str| ScopeClaim {
            elsewhere: true,
            ..claim(name, value)
        };
        let bank = "{'endpoint': 'https://bank.example/' + person.id, 'access_token': 'k'}";
        let jwt = "eyJhbGciOiJFUzI1NiJ9.e30.AAAA";
        let signed = format!("{{'JWT': '{jwt}'}}");
        let all = [
            elsewhere("credit", bank),
            elsewhere("shoe_size", &signed),
            elsewhere("iban", bank),
        ];
        let expected = json!({
            "_claim_names": {"credit": "src1", "shoe_size": "src2", "iban": "src1"},
            "_claim_sources": {"src1": {"endpoint": "https://bank.example/1", "access_token": "k"}, "src2": {"JWT": jwt}},
        });
        assert_eq!(told(&all), expected);
        for wrong in [
            "'x'",
            "{'JWT': 'x'}",
            "{'endpoint': 'http://bank.example/'}",
            "{'endpoint': 'javascript:alert(1)'}",
            "{'endpoint': 'https://bank.example/', 'access_token': 7}",
            "{'endpoint': 'https://bank.example/', 'more': 'x'}",
            "{'access_token': 'x'}",
        ] {
            assert_eq!(told(&[elsewhere("credit", wrong)]), json!({}), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_claim_is_refused() {
        for (name, value) in [
            ("", "1"),
            ("a b", "1"),
            ("sub", "'1'"),
            ("email", "'a@b'"),
            ("cnf", "{}"),
            ("scope", "'admin'"),
            ("userinfo_claims", "[]"),
            ("claims_locales", "[]"),
            ("urn:openid:params:jwt:claim:rt_hash", "'x'"),
            ("email#de", "'x'"),
            ("sub#de", "'x'"),
            ("x", ""),
            ("x", "person.emial"),
            ("x", "client.secret"),
            ("x", "other.y"),
            ("x", "person.groups.map(a, person.groups.map(b, a + b))"),
        ] {
            assert!(check(&claim(name, value)).is_err(), "{name}: {value}");
        }
        let nowhere = ScopeClaim {
            places: Vec::new(),
            ..claim("x", "1")
        };
        assert!(check(&nowhere).is_err());
        assert!(check(&claim("https://acme.example/department", "'x'")).is_ok());
    }

    #[test]
    fn what_is_too_long_or_deep_is_not_told() {
        let long = format!("person.groups.map(g, '{}')", "x".repeat(900));
        assert_ne!(told(&[claim("x", &long)]), json!({}));
        let deep = format!("{}1{}", "[".repeat(9), "]".repeat(9));
        assert_eq!(told(&[claim("x", &deep)]), json!({}));
    }
}
