//! Parameters, headers, members and claims as rows of a table, each with its lesson.

use grantor_client::Parameter;
use serde_json::Value;

use super::prose::Prose;
use super::value::Shown;
use crate::demo::lessons::{Place, lesson};

/// One name, its value and its lesson.
pub(in crate::demo) struct Row {
    pub(super) name: String,
    pub(super) value: Shown,
    pub(super) purpose: Prose,
    pub(super) stops: Prose,
    pub(super) spec: &'static str,
}

/// Rows that belong together.
pub(in crate::demo) struct Group {
    pub(super) title: &'static str,
    /// Shown only when it is opened: for the second look.
    pub(super) folded: bool,
    /// Whether any row has a lesson; else there is no column for it.
    pub(super) taught: bool,
    pub(super) rows: Vec<Row>,
}

impl Group {
    /// A group, unless it is empty.
    pub(super) fn new(title: &'static str, rows: Vec<Row>) -> Option<Self> {
        let taught = rows.iter().any(|row| !row.purpose.is_empty());
        (!rows.is_empty()).then_some(Self {
            title,
            folded: false,
            taught,
            rows,
        })
    }

    /// The same, closed at first.
    pub(super) fn folded(mut self) -> Self {
        self.folded = true;
        self
    }
}

pub(super) fn row(place: Place, parameter: &Parameter) -> Row {
    let value = match parameter.secret {
        true => Shown::secret(&parameter.value),
        false => Shown::of(&parameter.name, &parameter.value),
    };
    let scheme = parameter.value.split_once(' ');
    let name = match scheme {
        Some((scheme, _)) if parameter.name.eq_ignore_ascii_case("authorization") => {
            format!("Authorization: {scheme}")
        }
        _ => parameter.name.clone(),
    };
    taught(place, name, value)
}

/// The row with the lesson of its name.
pub(super) fn taught(place: Place, name: String, value: Shown) -> Row {
    let lesson = lesson(place, &name);
    Row {
        value,
        purpose: lesson.map_or("", |lesson| lesson.purpose).into(),
        stops: lesson.map_or("", |lesson| lesson.stops).into(),
        spec: lesson.map_or("", |lesson| lesson.spec),
        name,
    }
}

/// Rows in the order in which they are best understood: `first` as given, then the others as they came.
pub(super) fn ordered(mut rows: Vec<Row>, first: &[&str]) -> Vec<Row> {
    rows.sort_by_key(|row| {
        let place = first.iter().position(|name| *name == row.name);
        place.unwrap_or(first.len())
    });
    rows
}

/// The members of a JSON object.
pub(super) fn members(members: serde_json::Map<String, Value>) -> Vec<Parameter> {
    let parameter = |(name, value): (String, Value)| Parameter {
        name,
        value: value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned),
        secret: false,
    };
    members.into_iter().map(parameter).collect()
}

/// What a JWT says of itself, and its claims, as whoever holds it can read them.
pub(super) fn decoded(token: &str, header: Place, claims: Place) -> Option<Vec<Row>> {
    let mut parts = token.split('.');
    let mut next = |place| {
        let bytes = jose::base64url::decode(parts.next()?).ok()?;
        let Ok(Value::Object(object)) = serde_json::from_slice(&bytes) else {
            return None;
        };
        let rows = members(object)
            .iter()
            .map(|parameter| row(place, parameter))
            .collect();
        Some(ordered(rows, IN_TOKENS))
    };
    let mut rows = next(header)?;
    rows.extend(next(claims)?);
    Some(rows)
}

/// The names in tokens: who, for whom, what, when, and then the rest.
pub(super) const IN_TOKENS: &[&str] = &[
    "typ",
    "alg",
    "kid",
    "iss",
    "sub",
    "aud",
    "client_id",
    "azp",
    "scope",
    "iat",
    "nbf",
    "exp",
    "auth_time",
    "amr",
    "acr",
    "nonce",
    "at_hash",
    "c_hash",
    "sid",
    "grant_id",
    "jti",
];

/// Each public key on a row of its own, named by its algorithm.
pub(super) fn keys(set: &str) -> Vec<Row> {
    let keys: Vec<Value> = serde_json::from_str(set).unwrap_or_default();
    let text = |key: &Value, name: &str| key[name].as_str().map(str::to_owned);
    keys.iter()
        .map(|key| {
            let name = text(key, "alg").unwrap_or_else(|| "key".into());
            let value = Shown {
                lines: ["kid", "kty", "crv", "use"]
                    .iter()
                    .filter_map(|part| Some(format!("{part} {}", text(key, part)?)))
                    .collect(),
                note: None,
            };
            taught(Place::Key, name, value)
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parameter(name: &str, value: &str, secret: bool) -> Parameter {
        Parameter {
            name: name.into(),
            value: value.into(),
            secret,
        }
    }

    fn names(rows: &[Row]) -> Vec<&str> {
        rows.iter().map(|row| row.name.as_str()).collect()
    }

    #[test]
    fn a_secret_never_stands_on_the_page_whole() {
        let secret = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
        let row = row(Place::Tokens, &parameter("access_token", secret, true));
        assert!(!row.value.text().contains(secret));
        assert!(!row.purpose.is_empty());
    }

    #[test]
    fn the_scheme_of_a_credential_decides_its_lesson() {
        let basic = row(
            Place::RequestHeader,
            &parameter("Authorization", "Basic QUJDREVG", true),
        );
        let bearer = row(
            Place::RequestHeader,
            &parameter("authorization", "Bearer abcdef", true),
        );
        assert_eq!(basic.name, "Authorization: Basic");
        assert_eq!(basic.spec, "RFC 6749 §2.3.1");
        assert_eq!(bearer.spec, "RFC 6750 §2.1");
    }

    #[test]
    fn a_token_is_decoded_header_first_in_an_order_that_can_be_read() {
        let encode = |json: &str| jose::base64url::encode(json.as_bytes());
        let header = encode(r#"{"alg":"ES256","kid":"k","typ":"at+jwt"}"#);
        let claims = encode(r#"{"acr":"a","zzz":1,"exp":5,"iss":"i","sub":"s"}"#);
        let token = format!("{header}.{claims}.sig");
        let rows = decoded(&token, Place::AccessHeader, Place::AccessClaim).unwrap();
        assert_eq!(
            names(&rows),
            ["typ", "alg", "kid", "iss", "sub", "exp", "acr", "zzz"]
        );
        assert!(decoded("gat_opaque", Place::AccessHeader, Place::AccessClaim).is_none());
        assert!(decoded("a.b.c", Place::AccessHeader, Place::AccessClaim).is_none());
    }

    #[test]
    fn a_column_of_lessons_is_there_only_for_lessons() {
        let unknown = row(Place::Api, &parameter("unheard_of", "1", false));
        assert!(!Group::new("", vec![unknown]).unwrap().taught);
        assert!(Group::new("", Vec::new()).is_none());
    }

    #[test]
    fn keys_are_listed_without_their_numbers() {
        let rows = keys(
            r#"[{"alg":"ES256","crv":"P-256","kid":"k1","kty":"EC","use":"sig","x":"xx","y":"yy"}]"#,
        );
        assert_eq!(names(&rows), ["ES256"]);
        assert_eq!(
            rows[0].value.lines,
            ["kid k1", "kty EC", "crv P-256", "use sig"]
        );
        assert!(keys("not json").is_empty());
    }
}
