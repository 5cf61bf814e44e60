//! Attacks that a visitor can try, to see the defence answer.

use fetch::Fetch;
use grantor_client::{Exchange, Parameter, Step};

use super::browser::Browser;
use super::outcome::{Outcome, Tone};
use super::{CLIENT, CLIENT_SECRET};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    /// What the button says.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::ReplayCode => "Use the code again",
            Self::NoToken => "Call the API without one",
            Self::AlteredToken => "Call the API with it",
        }
    }

    /// What it is called.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::ReplayCode => "A code, twice",
            Self::NoToken => "No token",
            Self::AlteredToken => "An altered token",
        }
    }

    /// What the attacker has, and hopes for.
    pub(super) fn hope(self) -> &'static str {
        match self {
            Self::ReplayCode => {
                "An attacker found the code in a log, got hold of the verifier and the secret too, and redeems it once more."
            }
            Self::NoToken => "An attacker knows the API's address, and simply calls it.",
            Self::AlteredToken => {
                "An attacker changes one character of the signature, as anybody must who writes claims of their own into a token."
            }
        }
    }
}

/// Carries it out, writes down the exchange, and says what to look at.
pub(super) async fn carry_out(
    attack: Attack,
    fetch: &Fetch,
    issuer: &str,
    browser: &Browser,
) -> Outcome {
    let tried = match attack {
        Attack::ReplayCode => replay(fetch, issuer, browser).await,
        Attack::NoToken => call(fetch, issuer, None).await,
        Attack::AlteredToken => match newest(browser, "access_token") {
            Some(token) => call(fetch, issuer, Some(alter(&token))).await,
            None => None,
        },
    };
    let Some(exchange) = tried else {
        return Outcome::new(
            Tone::Calm,
            "There was nothing to attack with",
            "The attack needs what a sign-in leaves behind. Sign out, sign in, and try again.",
        );
    };
    let status = exchange.status.unwrap_or_default();
    browser.observer()(Step::Exchange(exchange));
    judged(attack, status)
}

fn judged(attack: Attack, status: u16) -> Outcome {
    if status < 400 {
        let text =
            format!("It was answered with {status}. That must not happen: please report it.");
        return Outcome::new(Tone::Bad, "The attack got through", text);
    }
    let (title, text) = match attack {
        Attack::ReplayCode => (
            "The spent code is refused, and more",
            "A second use means that somebody has a copy. grantor cannot tell the thief from the owner, so it also revoked everything that the \
             first use obtained. Refresh the tokens now and see.",
        ),
        Attack::NoToken => (
            "The API lets nobody in without a token",
            "Its challenge names the scope that a token would need, so an honest application learns what to ask for. There is no error in it, since \
             nothing was presented that could be wrong.",
        ),
        Attack::AlteredToken => (
            "The signature no longer fits",
            "The API found that out by itself, with grantor's public key and without asking anyone. Whoever cannot sign cannot change a single \
             character.",
        ),
    };
    Outcome::new(Tone::Good, title, text)
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
    let headers = ["cache-control", "content-type", "www-authenticate"].into_iter();
    Exchange {
        endpoint,
        method,
        url,
        headers: Vec::new(),
        form: Vec::new(),
        status: Some(response.status.as_u16()),
        response_headers: headers
            .filter_map(|name| Some(parameter(name, response.header(name)?)))
            .collect(),
        response: members
            .map(|(name, value)| {
                let text = value.as_str().map(str::to_owned);
                parameter(name, &text.unwrap_or_else(|| value.to_string()))
            })
            .collect(),
    }
}

fn parameter(name: &str, value: &str) -> Parameter {
    let secret = ["authorization", "code", "code_verifier", "access_token"].contains(&name);
    Parameter {
        name: name.to_owned(),
        value: value.to_owned(),
        secret,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_altered_token_differs_in_its_signature_alone() {
        for token in ["aa.bb.AAAA", "aa.bb.xyzw"] {
            let altered = alter(token);
            assert_ne!(altered, token);
            assert_eq!(altered.len(), token.len());
            assert!(altered.starts_with("aa.bb."));
        }
    }

    #[test]
    fn an_attack_that_gets_through_is_never_praised() {
        for attack in Attack::ALL {
            assert_eq!(judged(attack, 200).tone, Tone::Bad);
            assert_eq!(judged(attack, 401).tone, Tone::Good);
            assert_eq!(Attack::named(attack.name()), Some(attack));
        }
    }
}
