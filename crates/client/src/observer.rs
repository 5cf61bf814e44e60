//! Watching the flow step by step: what travels, by which way, and what of it is secret.

use std::fmt;
use std::sync::Arc;

/// Is told of each step after it was taken. Gets secrets too, marked as such: for a page that teaches, or for debugging, never for a log.
pub type Observer = Arc<dyn Fn(Step) + Send + Sync>;

/// One step of the flow.
#[derive(Clone, Debug)]
pub enum Step {
    /// The browser is about to be sent to the authorization endpoint or the end-session endpoint.
    Redirect {
        /// Where to, without the parameters.
        url: String,
        /// The parameters in the query.
        parameters: Vec<Parameter>,
    },
    /// The browser came back to the redirect URI.
    Return {
        /// The redirect URI.
        url: String,
        /// What it brought.
        parameters: Vec<Parameter>,
    },
    /// The client itself sent a request.
    Exchange(Exchange),
}

/// A request that the client sent, and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Which endpoint: `discovery`, `jwks`, `token`, `userinfo`, `revocation`, `registration`, `resource` and so on.
    pub endpoint: &'static str,
    /// The method.
    pub method: &'static str,
    /// The address.
    pub url: String,
    /// The request headers that matter.
    pub headers: Vec<Parameter>,
    /// The form in the body, or the members of the JSON there.
    pub form: Vec<Parameter>,
    /// The status of the answer; `None` when there was none.
    pub status: Option<u16>,
    /// The response headers that matter.
    pub response_headers: Vec<Parameter>,
    /// The members of a JSON object, or one parameter `body` with any other text (at most 4096 characters of it).
    pub response: Vec<Parameter>,
}

/// A name and a value. The `Debug` output hides a secret value.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The name.
    pub name: String,
    /// The value, even when it is secret.
    pub value: String,
    /// Whether whoever has the value can do harm with it.
    pub secret: bool,
}

impl Parameter {
    pub(crate) fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            secret: is_secret(&name),
            name,
            value: value.into(),
        }
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.secret { "[hidden]" } else { &self.value };
        write!(f, "{}={value}", self.name)
    }
}

fn is_secret(name: &str) -> bool {
    const SECRET: [&str; 26] = [
        "access_token",
        "actor_token",
        "assertion",
        "auth_req_id",
        "authorization",
        "client_assertion",
        "client_notification_token",
        "client_secret",
        "code",
        "code_verifier",
        "cookie",
        "device_code",
        "id_token",
        "id_token_hint",
        "login_hint_token",
        "oauth-client-attestation",
        "oauth-client-attestation-pop",
        "password",
        "refresh_token",
        "registration_access_token",
        "response",
        "set-cookie",
        "subject_token",
        "token",
        "user_code",
        "verification_uri_complete",
    ];
    SECRET
        .iter()
        .any(|secret| name.eq_ignore_ascii_case(secret))
}

pub(crate) fn parameters<N: AsRef<str>, V: AsRef<str>>(pairs: &[(N, V)]) -> Vec<Parameter> {
    pairs
        .iter()
        .map(|(name, value)| Parameter::new(name.as_ref(), value.as_ref()))
        .collect()
}

pub(crate) fn body(bytes: &[u8]) -> Vec<Parameter> {
    if bytes.is_empty() {
        return Vec::new();
    }
    match serde_json::from_slice(bytes) {
        Ok(serde_json::Value::Object(members)) => members
            .into_iter()
            .map(|(name, value)| {
                let text = match value {
                    serde_json::Value::String(text) => text,
                    other => other.to_string(),
                };
                Parameter::new(name, text)
            })
            .collect(),
        _ => {
            let text = String::from_utf8_lossy(bytes)
                .chars()
                .take(4096)
                .collect::<String>();
            vec![Parameter::new("body", text)]
        }
    }
}
