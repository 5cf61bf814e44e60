//! An answer of the server, read whole.

use std::collections::BTreeMap;

use http::HeaderMap;
use serde_json::Value;
use url::Url;

/// Status, headers and body.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// A header, or the empty string.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The body as JSON, which the header must announce.
    pub fn json(&self) -> Value {
        let kind = self.header("content-type");
        assert!(
            kind == "application/json" || kind.ends_with("+json"),
            "{kind}: {self:?}"
        );
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A text member of the JSON body.
    pub fn text(&self, name: &str) -> String {
        match self.json().get(name).and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => panic!("no `{name}` in {} {}", self.status, self.body),
        }
    }

    /// Asserts an error of the token endpoint and its relatives: status, code, JSON, never cached, and a description fit for the wire
    /// (RFC 6749 §5.2).
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> &Self {
        assert_eq!(
            (self.status, self.text("error").as_str()),
            (status, code),
            "{}",
            self.body
        );
        self.not_stored();
        if let Some(description) = self.json().get("error_description") {
            let description = description.as_str().unwrap_or_default();
            let allowed = |c: char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
            assert!(
                !description.is_empty() && description.chars().all(allowed),
                "{description}"
            );
        }
        if status == 401 {
            assert!(
                !self.header("www-authenticate").is_empty(),
                "401 without a challenge: {self:?}"
            );
        }
        self
    }

    /// Asserts that no cache may keep this answer.
    #[track_caller]
    pub fn not_stored(&self) -> &Self {
        assert!(
            self.header("cache-control").contains("no-store"),
            "may be cached: {self:?}"
        );
        self
    }

    /// Asserts the status.
    #[track_caller]
    pub fn status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

/// The query of an address; a parameter that is there twice fails the test.
#[track_caller]
pub fn query_of(url: &Url) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (name, value) in url.query_pairs() {
        let old = found.insert(name.clone().into_owned(), value.into_owned());
        assert!(old.is_none(), "`{name}` twice in {url}");
    }
    found
}

/// The parameters in the fragment of an address; a parameter that is there twice fails the test.
#[track_caller]
pub fn fragment_of(url: &Url) -> BTreeMap<String, String> {
    let mut bare = url.clone();
    bare.set_query(url.fragment());
    query_of(&bare)
}

/// The text with another character at that place.
pub fn altered(text: &str, at: usize) -> String {
    let other = if text[at..].starts_with('A') {
        "B"
    } else {
        "A"
    };
    let mut text = text.to_owned();
    text.replace_range(at..=at, other);
    text
}
