//! Attacks that a visitor can try, to see the defence answer.

use fetch::Fetch;
use grantor_client::{Exchange, Parameter, Step};

use super::browser::Browser;
use super::{CLIENT, CLIENT_SECRET};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Attack {
    /// The code once more, as whoever found it in a log would.
    ReplayCode,
    /// The API without a token.
    NoToken,
    /// The API with a token in which one character was changed.
    AlteredToken,
}

impl Attack {
    pub(super) const ALL: [Self; 3] = [Self::ReplayCode, Self::NoToken, Self::AlteredToken];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|attack| attack.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ReplayCode => "replay-code",
            Self::NoToken => "no-token",
            Self::AlteredToken => "altered-token",
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::ReplayCode => "Use the code again",
            Self::NoToken => "Call the API without a token",
            Self::AlteredToken => "Call it with an altered token",
        }
    }
}

/// Carries it out, writes down the exchange, and says what to look at.
pub(super) async fn carry_out(
    attack: Attack,
    fetch: &Fetch,
    issuer: &str,
    browser: &Browser,
) -> String {
    let tried = match attack {
        Attack::ReplayCode => replay(fetch, issuer, browser).await,
        Attack::NoToken => call(fetch, issuer, None).await,
        Attack::AlteredToken => {
            let token = newest(browser, "access_token");
            call(fetch, issuer, token.map(|token| alter(&token))).await
        }
    };
    let Some(exchange) = tried else {
        return "Sign in first: there is nothing to attack yet.".into();
    };
    let status = exchange.status.unwrap_or_default();
    browser.observer()(Step::Exchange(exchange));
    match attack {
        Attack::ReplayCode => format!(
            "Refused with {status}. A second use means that the code was stolen, so everything its first use obtained was revoked: try to refresh now."
        ),
        Attack::NoToken => {
            format!("Refused with {status}; the challenge names the scope that is needed.")
        }
        Attack::AlteredToken => format!(
            "Refused with {status}: the signature no longer fits. The API found that out by itself, without asking anyone."
        ),
    }
}

/// The newest value of that name that was seen.
fn newest(browser: &Browser, name: &str) -> Option<String> {
    browser.steps().into_iter().rev().find_map(|step| {
        let parameters = match step {
            Step::Exchange(exchange) => exchange.response,
            Step::Return { parameters, .. } => parameters,
            Step::Redirect { .. } => return None,
        };
        let found = parameters.into_iter().find(|p| p.name == name)?;
        Some(found.value)
    })
}

/// Changes one character in the middle of the signature.
fn alter(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap_or((token, ""));
    let (before, after) = signature.split_at(signature.len() / 2);
    let first = after.chars().next();
    let other = if first == Some('A') { 'B' } else { 'A' };
    let rest = after.get(1..).unwrap_or("");
    format!("{signed}.{before}{other}{rest}")
}

async fn replay(fetch: &Fetch, issuer: &str, browser: &Browser) -> Option<Exchange> {
    let code = newest(browser, "code")?;
    let verifier = browser.steps().into_iter().rev().find_map(|step| {
        let Step::Exchange(exchange) = step else {
            return None;
        };
        exchange
            .form
            .into_iter()
            .find(|p| p.name == "code_verifier")
    })?;
    let url = format!("{issuer}/token");
    let redirect_uri = format!("{issuer}/callback");
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", redirect_uri.as_str()),
        ("code_verifier", verifier.value.as_str()),
    ];
    let authorization = oauth::client_auth::basic(CLIENT, CLIENT_SECRET);
    let headers = [("authorization", authorization.as_str())];
    let response = fetch.post_form(&url, &form, &headers).await.ok()?;
    let mut exchange = exchange("token", "POST", url, &response);
    exchange.headers = vec![parameter("authorization", &authorization)];
    exchange.form = form.map(|(name, value)| parameter(name, value)).to_vec();
    Some(exchange)
}

async fn call(fetch: &Fetch, issuer: &str, token: Option<String>) -> Option<Exchange> {
    let url = format!("{issuer}/demo/notes");
    let authorization = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> = authorization
        .iter()
        .map(|value| ("authorization", value.as_str()))
        .collect();
    let response = fetch.get_with(&url, &headers).await.ok()?;
    let mut exchange = exchange("resource", "GET", url, &response);
    exchange.headers = headers.iter().map(|(n, v)| parameter(n, v)).collect();
    Some(exchange)
}

fn exchange(
    endpoint: &'static str,
    method: &'static str,
    url: String,
    response: &fetch::Response,
) -> Exchange {
    let body: serde_json::Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let members = body.as_object().into_iter().flatten();
    let challenge = response.header("www-authenticate");
    Exchange {
        endpoint,
        method,
        url,
        headers: Vec::new(),
        form: Vec::new(),
        status: Some(response.status.as_u16()),
        response_headers: challenge
            .map(|value| parameter("www-authenticate", value))
            .into_iter()
            .collect(),
        response: members
            .map(|(name, value)| parameter(name, value.as_str().unwrap_or_default()))
            .collect(),
    }
}

fn parameter(name: &str, value: &str) -> Parameter {
    let secret = ["authorization", "code", "code_verifier"].contains(&name);
    Parameter {
        name: name.to_owned(),
        value: value.to_owned(),
        secret,
    }
}
