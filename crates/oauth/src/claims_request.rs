//! The `claims` parameter (OpenID Connect Core §5.5): single claims that a client asks for, beside those that scopes stand for.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::claims::Wanted;
pub use crate::claims::standard_scope_of;
use crate::{Error, Params, Scope, language};

/// The longest parameter that is read, in bytes of JSON.
pub const LONGEST: usize = 8192;
/// How many names with a language tag each member may have.
pub const MOST_TAGGED: usize = 50;
/// How many languages of `claims_locales` count.
const MOST_LOCALES: usize = 10;

/// What of it counts here: the names of claims. Those that nobody knows are left out when it is decided what is told ([`ClaimsRequest::allowed`]), as §5.5 wants;
/// whether one is essential (§5.5.1) changes nothing but for `acr`, since all that is known is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    /// Claims to be told at /userinfo.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub userinfo: Vec<String>,
    /// Claims to be told in the ID token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub id_token: Vec<String>,
    /// The only people the request is about (`sub` with `value` or `values`, at both places where both say it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subjects: Option<Vec<String>>,
    /// Authentication contexts that would please the client, the best first (`acr` with `value` or `values`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acr: Vec<String>,
    /// Whether it takes one of those (§5.5.1.1), whatever `acr_values` say.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_acr_essential: bool,
    /// The languages of what is told, the best first (`claims_locales`, §5.2), spelled as RFC 5646 §2.1.1 recommends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locales: Vec<String>,
}

impl ClaimsRequest {
    /// Reads the parameter and `claims_locales`, if either is there. Of the latter what is no language tag is passed over (§5.2: no error).
    ///
    /// # Errors
    /// `invalid_request`, see [`ClaimsRequest::parse`].
    pub fn of(params: &Params) -> Result<Option<Self>, Error> {
        let asked = params.get("claims").map(Self::parse).transpose()?;
        let mut locales: Vec<String> = Vec::new();
        let wished = params.get("claims_locales").unwrap_or_default();
        for locale in wished.split(' ').filter_map(language::normalized) {
            if locales.len() < MOST_LOCALES && !locales.contains(&locale) {
                locales.push(locale);
            }
        }
        if asked.is_none() && locales.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            locales,
            ..asked.unwrap_or_default()
        }))
    }

    /// What of it is wanted at /userinfo.
    pub fn at_userinfo(&self) -> Wanted<'_> {
        Wanted {
            names: &self.userinfo,
            locales: &self.locales,
        }
    }

    /// What of it is wanted in the ID token.
    pub fn in_id_token(&self) -> Wanted<'_> {
        Wanted {
            names: &self.id_token,
            locales: &self.locales,
        }
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// `invalid_request` for what is too long or no such object.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > LONGEST {
            return Err(malformed());
        }
        let Ok(Value::Object(members)) = serde_json::from_str(text) else {
            return Err(malformed());
        };
        let (userinfo, id_token) = (target(&members, "userinfo")?, target(&members, "id_token")?);
        let none = Map::new();
        let (userinfo, id_token) = (userinfo.unwrap_or(&none), id_token.unwrap_or(&none));
        let wished = [values(id_token, "sub")?, values(userinfo, "sub")?];
        let subjects = wished.into_iter().filter(|it| !it.is_empty());
        let subjects = subjects.reduce(|one, other| {
            let both = one.into_iter().filter(|subject| other.contains(subject));
            both.collect()
        });
        let acr = values(id_token, "acr")?;
        Ok(Self {
            userinfo: names(userinfo),
            id_token: names(id_token),
            subjects,
            is_acr_essential: !acr.is_empty() && id_token["acr"]["essential"] == true,
            acr,
            locales: Vec::new(),
        })
    }

    /// What of it may be told, and the scopes that stand for that among other claims (§5.4): those that `scope_of` names for a claim. A claim for which it names
    /// none is not told.
    pub fn allowed<'a>(&self, scope_of: impl Fn(&str) -> Option<&'a str>) -> (Option<Self>, Scope) {
        let of = |names: &[String]| -> Vec<String> {
            let told = names.iter().filter(|name| scope_of(name).is_some());
            told.cloned().collect()
        };
        let kept = Self {
            userinfo: of(&self.userinfo),
            id_token: of(&self.id_token),
            locales: self.locales.clone(),
            ..Self::default()
        };
        let names = kept.userinfo.iter().chain(&kept.id_token);
        let scope = Scope::of(names.filter_map(|name| scope_of(name))).unwrap_or_default();
        ((kept != Self::default()).then_some(kept), scope)
    }

    /// As JSON, for [`ClaimsRequest::from_text`].
    pub fn to_text(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// What [`ClaimsRequest::to_text`] wrote.
    ///
    /// # Errors
    /// When it did not.
    pub fn from_text(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

fn malformed() -> Error {
    Error::malformed(
        "claims",
        "a JSON object of at most 8192 bytes with the members userinfo and id_token, whose members are null or objects, at most 50 of each with a language",
    )
}

/// One of the two members, if it is there.
fn target<'a>(
    members: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a Map<String, Value>>, Error> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(claims))
            if claims
                .values()
                .all(|wish| wish.is_null() || wish.is_object())
                && claims.keys().filter(|name| name.contains('#')).count() <= MOST_TAGGED =>
        {
            Ok(Some(claims))
        }
        Some(_) => Err(malformed()),
    }
}

fn names(claims: &Map<String, Value>) -> Vec<String> {
    let mut names: Vec<String> = claims.keys().cloned().collect();
    names.sort();
    names
}

/// The texts that a claim is wished to have; none, where any will do. What no claim can be is no wish that could be met, and so none to pass over.
fn values(claims: &Map<String, Value>, name: &str) -> Result<Vec<String>, Error> {
    let wrong = || {
        let form =
            "an object in which `value` of sub and acr is a text, and `values` a list of texts";
        Error::malformed("claims", form)
    };
    let member = |member: &str| claims.get(name).and_then(|wish| wish.get(member));
    let many = match member("values") {
        None => &[][..],
        Some(Value::Array(many)) if !many.is_empty() => many,
        Some(_) => return Err(wrong()),
    };
    let all = member("value").into_iter().chain(many);
    let texts = all.map(|one| one.as_str().map(str::to_owned));
    texts.collect::<Option<_>>().ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;

    use super::*;

    fn scope(text: &str) -> Scope {
        text.parse().unwrap()
    }

    #[test]
    fn known_claims_are_told_and_others_left_out() {
        let text = r#"{"userinfo": {"name": {"essential": true}, "http://example.info/claims/groups": null, "email": null},
            "id_token": {"auth_time": {"essential": true}, "sub": {"value": "248289"}, "phone_number": {"value": "+1"},
            "acr": {"essential": true, "values": ["silver", "gold"]}}, "verified_claims": []}"#;
        let read = ClaimsRequest::parse(text).unwrap();
        assert_eq!(read.subjects, Some(vec!["248289".to_owned()]));
        assert_eq!(read.acr, ["silver", "gold"]);
        assert_eq!(ClaimsRequest::from_text(&read.to_text()).unwrap(), read);
        let (told, implied) = read.allowed(standard_scope_of);
        let told = told.unwrap();
        assert_eq!(told.userinfo, ["email", "name"]);
        assert_eq!(told.id_token, ["phone_number"]);
        assert_eq!((told.subjects, told.acr), (None, Vec::new()));
        assert_eq!(implied, scope("email phone profile"));
    }

    #[test]
    fn whoever_is_wished_for_at_both_places_is_meant() {
        let subjects = |text: &str| ClaimsRequest::parse(text).unwrap().subjects;
        let of = |all: &[&str]| Some(all.iter().map(|&one| one.to_owned()).collect::<Vec<_>>());
        assert_eq!(
            subjects(r#"{"id_token": {"sub": null}, "userinfo": {"sub": {"essential": true}}}"#),
            None
        );
        assert_eq!(
            subjects(r#"{"id_token": {"sub": {"values": ["a", "b"]}}}"#),
            of(&["a", "b"])
        );
        assert_eq!(
            subjects(
                r#"{"id_token": {"sub": {"values": ["a", "b"]}}, "userinfo": {"sub": {"values": ["b", "c"]}}}"#
            ),
            of(&["b"])
        );
        assert_eq!(
            subjects(
                r#"{"id_token": {"sub": {"value": "a"}}, "userinfo": {"sub": {"value": "b"}}}"#
            ),
            of(&[])
        );
    }

    /// §5.5.1: a wish that nobody can meet is not one for just anybody.
    #[test]
    fn a_value_that_nobody_can_have_is_refused() {
        for claim in ["sub", "acr"] {
            for wish in [
                r#"{"value": 7}"#,
                r#"{"value": null}"#,
                r#"{"values": "a"}"#,
                r#"{"values": []}"#,
                r#"{"values": null}"#,
                r#"{"values": ["a", 7]}"#,
                r#"{"value": "a", "values": {}}"#,
            ] {
                let text = format!(r#"{{"id_token": {{"{claim}": {wish}}}}}"#);
                assert!(ClaimsRequest::parse(&text).is_err(), "{text}");
            }
        }
        assert!(ClaimsRequest::parse(r#"{"userinfo": {"sub": {"value": 7}}}"#).is_err());
        // Of others a value is a wish that need not be met.
        assert!(ClaimsRequest::parse(r#"{"id_token": {"age": {"values": [7, 8]}}}"#).is_ok());
    }

    #[test]
    fn what_is_no_such_object_is_refused() {
        for text in [
            "",
            "[]",
            "null",
            "\"name\"",
            r#"{"userinfo": []}"#,
            r#"{"userinfo": {"name": true}}"#,
            r#"{"id_token": "name"}"#,
            "{\"userinfo\": {\"name\": null}",
        ] {
            assert!(ClaimsRequest::parse(text).is_err(), "{text}");
        }
        let long = format!(r#"{{"x": "{}"}}"#, "y".repeat(LONGEST));
        assert!(ClaimsRequest::parse(&long).is_err());
        assert_eq!(
            ClaimsRequest::parse("{}").unwrap(),
            ClaimsRequest::default()
        );
        let null = r#"{"userinfo": null, "id_token": {}}"#;
        assert_eq!(
            ClaimsRequest::parse(null).unwrap(),
            ClaimsRequest::default()
        );
    }

    #[test]
    fn only_what_the_scopes_stand_for_is_told() {
        let read = ClaimsRequest::parse(r#"{"userinfo": {"name": null, "email": null}}"#).unwrap();
        let within = |granted: Scope| {
            let told = |claim: &str| standard_scope_of(claim).filter(|it| granted.contains(it));
            read.allowed(told).0
        };
        assert_eq!(within(scope("openid email")).unwrap().userinfo, ["email"]);
        assert_eq!(within(scope("openid")), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_never_widens(text in "\\PC{0,200}") {
            if let Ok(read) = ClaimsRequest::parse(&text) {
                prop_assert_eq!(read.allowed(|_| None), (None, Scope::empty()));
                let (told, implied) = read.allowed(standard_scope_of);
                prop_assert_eq!(told.is_none(), implied.is_empty());
            }
        }
    }
}
