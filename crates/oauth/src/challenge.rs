//! The `WWW-Authenticate` header (RFC 9110 §11.6.1): challenges for Bearer tokens (RFC 6750 §3, RFC 9728 §5.1), for DPoP (RFC 9449 §7.1) and for Basic.

use std::fmt::{self, Write as _};

use jose::Algorithm;

use crate::{Description, Error, ErrorCode, Scope};

/// A Bearer challenge. Its `Display` is the header's value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bearer {
    /// The protection space.
    pub realm: Option<String>,
    /// Why the request was refused. Absent when it had no token at all (RFC 6750 §3.1).
    pub error: Option<ErrorCode>,
    /// The same in words.
    pub error_description: Option<Description>,
    /// The scope that is needed.
    pub scope: Option<Scope>,
    /// Where the API describes itself (RFC 9728 §5.1).
    pub resource_metadata: Option<String>,
    /// The authentication contexts that would do, separated by spaces, the best first (RFC 9470 §3).
    pub acr_values: Option<String>,
    /// How many seconds ago the person may have signed in at most (RFC 9470 §3).
    pub max_age: Option<i64>,
}

impl Bearer {
    /// The challenge to a request without a token.
    pub fn unauthenticated() -> Self {
        Self::default()
    }

    /// The challenge that goes with an error.
    pub fn refusing(error: &Error) -> Self {
        Self {
            error: Some(error.code),
            error_description: Some(error.description.clone()),
            ..Self::default()
        }
    }

    /// Adds the scope that is needed.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Adds the address of the metadata of the API.
    #[must_use]
    pub fn with_resource_metadata(mut self, url: impl Into<String>) -> Self {
        self.resource_metadata = Some(url.into());
        self
    }

    /// Adds the protection space.
    #[must_use]
    pub fn with_realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = Some(realm.into());
        self
    }

    /// The status of the answer that carries it: that of the error, else 401.
    pub fn status(&self) -> u16 {
        match self.error {
            // RFC 9449 §7.1, §9: at a resource these are about what authenticates the request.
            None | Some(ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce) => 401,
            Some(code) => code.status(),
        }
    }

    /// The same challenge for tokens that are bound to a key: the header's value with the scheme `DPoP`, naming the algorithms of proofs.
    pub fn dpop(&self, algorithms: &[Algorithm]) -> String {
        let names: Vec<&str> = algorithms.iter().copied().map(Algorithm::as_str).collect();
        let mut value = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut value, "DPoP", Some(&names.join(" ")));
        value
    }

    fn write(&self, f: &mut impl fmt::Write, scheme: &str, algs: Option<&str>) -> fmt::Result {
        let scope = self.scope.as_ref().map(Scope::to_string);
        let max_age = self.max_age.map(|seconds| seconds.to_string());
        let params = [
            ("realm", self.realm.as_deref()),
            ("error", self.error.map(ErrorCode::as_str)),
            ("error_description", self.error_description.as_deref()),
            ("scope", scope.as_deref()),
            ("acr_values", self.acr_values.as_deref()),
            ("max_age", max_age.as_deref()),
            ("resource_metadata", self.resource_metadata.as_deref()),
            ("algs", algs),
        ];
        f.write_str(scheme)?;
        let present = params
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        for (index, (name, value)) in present.enumerate() {
            f.write_str(if index == 0 { " " } else { ", " })?;
            write!(f, "{name}=")?;
            quoted(f, value)?;
        }
        Ok(())
    }

    /// The first Bearer challenge among the values of `WWW-Authenticate`. Parameters that cannot be read are left out.
    pub fn parse<'a>(values: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        Self::parse_of(values, &["Bearer"])
    }

    /// As [`parse`](Self::parse), of the scheme `DPoP` too, whose challenges have the same parameters (RFC 9449 §7.1).
    pub fn parse_any<'a>(values: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        Self::parse_of(values, &["Bearer", "DPoP"])
    }

    fn parse_of<'a>(values: impl IntoIterator<Item = &'a str>, schemes: &[&str]) -> Option<Self> {
        let challenge = values.into_iter().flat_map(parse).find(|challenge| {
            let mut schemes = schemes.iter();
            schemes.any(|scheme| challenge.scheme.eq_ignore_ascii_case(scheme))
        })?;
        let text = |name| challenge.get(name).map(str::to_owned);
        Some(Self {
            realm: text("realm"),
            error: challenge.get("error").and_then(|code| code.parse().ok()),
            error_description: text("error_description").map(Description::from),
            scope: challenge.get("scope").and_then(|scope| scope.parse().ok()),
            resource_metadata: text("resource_metadata"),
            acr_values: text("acr_values"),
            max_age: challenge
                .get("max_age")
                .and_then(|seconds| seconds.parse().ok())
                .filter(|seconds| *seconds >= 0),
        })
    }
}

impl fmt::Display for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "Bearer", None)
    }
}

/// The challenge of an endpoint that takes client authentication (RFC 6749 §5.2 with RFC 7617 §2).
pub fn basic(realm: &str) -> String {
    let mut value = String::from("Basic realm=");
    // Writing to a string cannot fail.
    let _ = quoted(&mut value, realm);
    value
}

/// A quoted-string; what cannot stand in a header becomes a question mark.
fn quoted(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.write_char('\\')?;
                out.write_char(c)?;
            }
            ' '..='~' => out.write_char(c)?,
            _ => out.write_char('?')?,
        }
    }
    out.write_char('"')
}

/// One challenge of any scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme, as sent; compared without regard to case.
    pub scheme: String,
    /// Its parameters; names in lower case.
    pub params: Vec<(String, String)>,
}

impl Challenge {
    /// A parameter by its lower-case name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Reads one value of `WWW-Authenticate`, which may hold several challenges. Stops at what it cannot read; looks at 8 KiB at most.
pub fn parse(value: &str) -> Vec<Challenge> {
    let mut reader = Reader {
        rest: value.get(..value.len().min(8192)).unwrap_or_default(),
    };
    let mut found: Vec<Challenge> = Vec::new();
    loop {
        reader.skip(" \t,");
        let Some(word) = reader.token() else {
            return found;
        };
        let at_word = reader.rest;
        reader.skip(" \t");
        if reader.eat('=') && !found.is_empty() {
            reader.skip(" \t");
            let Some(value) = reader.value() else {
                return found;
            };
            if let Some(challenge) = found.last_mut() {
                challenge.params.push((word.to_ascii_lowercase(), value));
            }
            continue;
        }
        reader.rest = at_word;
        found.push(Challenge {
            scheme: word.to_owned(),
            params: Vec::new(),
        });
        reader.skip_token68();
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip(&mut self, set: &str) {
        self.rest = self.rest.trim_start_matches(|c| set.contains(c));
    }

    fn eat(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn token(&mut self) -> Option<&'a str> {
        self.take(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    }

    fn take(&mut self, belongs: impl Fn(u8) -> bool) -> Option<&'a str> {
        let length = self.rest.bytes().take_while(|b| belongs(*b)).count();
        let (word, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// After a scheme: a single token68 instead of parameters (`Negotiate YII…`), which nobody here needs.
    fn skip_token68(&mut self) {
        let before = self.rest;
        self.skip(" \t");
        let word = self.take(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b));
        self.skip("=");
        self.skip(" \t");
        if word.is_none() || !(self.rest.is_empty() || self.rest.starts_with(',')) {
            self.rest = before;
        }
    }

    fn value(&mut self) -> Option<String> {
        if !self.eat('"') {
            return self.token().map(str::to_owned);
        }
        let mut text = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = self.rest.get(at + 1..).unwrap_or_default();
                    return Some(text);
                }
                '\\' => text.push(chars.next()?.1),
                c => text.push(c),
            }
        }
        None
    }
}

impl Error {
    /// The value of `WWW-Authenticate` for this error at an API: `Bearer error="…", error_description="…"`.
    pub fn bearer_challenge(&self) -> String {
        let mut value = String::new();
        let _ = write!(value, "{}", Bearer::refusing(self));
        value
    }
}
