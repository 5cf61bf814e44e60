//! The page: who signed in, what the API said, and every step in order.

use askama::Template;
use axum::response::Response;
use grantor_client::{Exchange, Parameter, Step};
use http::StatusCode;
use serde_json::Value;
use web::headers::Csp;
use web::page::Shell;

use super::attack::Attack;
use super::browser::Browser;
use super::lessons::lesson;
use super::{API, PASSWORD, PERSON};

#[derive(Template)]
#[template(path = "demo.html")]
struct Page {
    shell: Shell,
    username: &'static str,
    password: &'static str,
    issuer: String,
    api: &'static str,
    message: Option<String>,
    signed_in: Option<SignedIn>,
    steps: Vec<StepView>,
    attacks: Vec<(&'static str, &'static str)>,
}

struct SignedIn {
    name: String,
    claims: Vec<(String, String)>,
    notes: Vec<String>,
    can_refresh: bool,
}

struct StepView {
    /// Who speaks to whom: the class and the name of each, in order.
    route: &'static [(&'static str, &'static str)],
    title: &'static str,
    words: &'static str,
    failed: bool,
    messages: Vec<Message>,
}

/// A request or a response.
struct Message {
    what: &'static str,
    method: Option<&'static str>,
    status: Option<u16>,
    target: String,
    groups: Vec<Group>,
}

/// Parameters, headers or claims that belong together.
struct Group {
    title: &'static str,
    /// Shown only when it is opened: details for the second look.
    folded: bool,
    rows: Vec<Row>,
}

const BROWSER: (&str, &str) = ("browser", "Browser");
const APPLICATION: (&str, &str) = ("app", "Application");
const SERVER: (&str, &str) = ("server", "grantor");
const NOTES: (&str, &str) = ("api", "API");

struct Row {
    name: String,
    value: String,
    purpose: &'static str,
    defends: &'static str,
    spec: &'static str,
}

/// Renders the page for one browser.
pub(super) async fn page(browser: &Browser, issuer: &str) -> Response {
    let mut shell = Shell::new("Learn OAuth by doing it").realm("grantor demo", "");
    shell.wide = true;
    let signed_in = signed_in(browser).await;
    shell.person = signed_in.as_ref().map(|person| person.name.clone());
    let page = Page {
        shell,
        username: PERSON,
        password: PASSWORD,
        issuer: issuer.to_owned(),
        api: API,
        message: browser.message.clone(),
        signed_in,
        steps: steps(browser.steps()),
        attacks: Attack::ALL.map(|a| (a.name(), a.words())).to_vec(),
    };
    // The sign-in form leads, by a redirect, to the issuer's own pages.
    web::page::render(StatusCode::OK, &page, &Csp::form_action([issuer]))
}

async fn signed_in(browser: &Browser) -> Option<SignedIn> {
    let session = browser.session.as_ref()?;
    let claims = session.claims()?;
    let mut shown = match serde_json::to_value(claims) {
        Ok(Value::Object(members)) => rows_of(members),
        _ => Vec::new(),
    };
    let userinfo = browser
        .steps()
        .into_iter()
        .rev()
        .find_map(|step| match step {
            Step::Exchange(exchange) if exchange.endpoint == "userinfo" => Some(exchange.response),
            _ => None,
        });
    for parameter in userinfo.into_iter().flatten() {
        if !shown.iter().any(|(name, _)| *name == parameter.name) {
            shown.push((parameter.name, parameter.value));
        }
    }
    let name = shown.iter().find(|(name, _)| name == "name");
    let tokens = session.tokens().await;
    Some(SignedIn {
        name: name.map_or_else(|| claims.sub.clone(), |(_, value)| value.clone()),
        claims: shown,
        notes: browser.notes.clone(),
        can_refresh: tokens.is_some_and(|tokens| tokens.refresh_token().is_some()),
    })
}

fn rows_of(members: serde_json::Map<String, Value>) -> Vec<(String, String)> {
    members
        .into_iter()
        .map(|(name, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            (name, text)
        })
        .collect()
}

fn steps(all: Vec<Step>) -> Vec<StepView> {
    let mut shown = Vec::new();
    for step in all {
        match step {
            Step::Redirect { url, parameters } => shown.push(redirect(url, parameters)),
            Step::Return { url, parameters } => {
                shown.push(consent());
                shown.push(returned(url, parameters));
            }
            Step::Exchange(exchange) => shown.push(exchanged(exchange)),
        }
    }
    shown
}

fn redirect(url: String, parameters: Vec<Parameter>) -> StepView {
    StepView {
        route: &[APPLICATION, BROWSER, SERVER],
        title: "The browser is sent to the server",
        words: "The application asks for what it wants by sending the browser away with these parameters. It never sees the password: that is \
                typed on the server's own page.",
        failed: false,
        messages: vec![Message {
            what: "request, by redirect",
            method: Some("GET"),
            status: None,
            target: url,
            groups: vec![group("Parameter", parameters)],
        }],
    }
}

fn consent() -> StepView {
    StepView {
        route: &[BROWSER, SERVER],
        title: "The person signs in and consents",
        words: "On pages of the server alone: the password is checked, a session begins, and each scope is shown in words. The person may say \
                no. What was allowed is remembered for this application, and can be withdrawn.",
        failed: false,
        messages: Vec::new(),
    }
}

fn returned(url: String, parameters: Vec<Parameter>) -> StepView {
    StepView {
        route: &[SERVER, BROWSER, APPLICATION],
        title: "The browser brings back a code",
        words: "The answer travels through the browser, where others may see it. So it holds no token, only a code that is useless without the \
                verifier. The application checks that `state` and `iss` are what it expects before it goes on.",
        failed: false,
        messages: vec![Message {
            what: "response, by redirect",
            method: Some("GET"),
            status: None,
            target: url,
            groups: vec![group("Parameter", parameters)],
        }],
    }
}

fn exchanged(exchange: Exchange) -> StepView {
    let (title, words) = match exchange.endpoint {
        "discovery" => (
            "The application finds the server",
            "It knows only the issuer. The metadata says where everything else is; it must name that same issuer, letter for letter.",
        ),
        "jwks" => (
            "It fetches the server's public keys",
            "With them it verifies signatures by itself. They are public, and cached.",
        ),
        "token" => (
            "It redeems what it holds for tokens",
            "This goes directly from server to server, not through the browser, and the application proves who it is.",
        ),
        "userinfo" => (
            "It asks who the person is",
            "The scopes `profile` and `email` open these claims. The `sub` must be the one of the ID token.",
        ),
        "resource" => (
            "It calls the API",
            "The API verifies the token's signature, issuer, audience, type, times and scope without asking the server.",
        ),
        "revocation" => (
            "It gives its tokens back",
            "The server revokes the grant; whoever has a copy of the refresh token has nothing.",
        ),
        _ => ("It sends a request", ""),
    };
    let decoded: Vec<Group> = exchange
        .response
        .iter()
        .filter_map(decoded)
        .flatten()
        .collect();
    let asked = groups([("Header", exchange.headers), ("Parameter", exchange.form)]);
    let mut answered = groups([
        ("Header", exchange.response_headers),
        ("Member", exchange.response),
    ]);
    // The documents of the server are long, and the same each time.
    if matches!(exchange.endpoint, "discovery" | "jwks") {
        answered.iter_mut().for_each(|group| group.folded = true);
    }
    answered.extend(decoded);
    let status = exchange.status;
    StepView {
        route: match exchange.endpoint {
            "resource" => &[APPLICATION, NOTES],
            _ => &[APPLICATION, SERVER],
        },
        title,
        words,
        failed: status.is_none_or(|status| status >= 400),
        messages: vec![
            Message {
                what: "request",
                method: Some(exchange.method),
                status: None,
                target: exchange.url,
                groups: asked,
            },
            Message {
                what: "response",
                method: None,
                status,
                target: if status.is_none() { "no answer" } else { "" }.to_owned(),
                groups: answered,
            },
        ],
    }
}

/// The groups that hold anything.
fn groups(all: [(&'static str, Vec<Parameter>); 2]) -> Vec<Group> {
    all.into_iter()
        .filter(|(_, parameters)| !parameters.is_empty())
        .map(|(title, parameters)| group(title, parameters))
        .collect()
}

fn group(title: &'static str, parameters: Vec<Parameter>) -> Group {
    let rows = parameters.into_iter().map(row).collect();
    Group {
        title,
        folded: false,
        rows,
    }
}

fn row(parameter: Parameter) -> Row {
    let name = match (parameter.name.as_str(), parameter.value.split_once(' ')) {
        (header, Some((scheme, _))) if header.eq_ignore_ascii_case("authorization") => {
            format!("Authorization: {scheme}")
        }
        (name, _) => name.to_owned(),
    };
    let lesson = lesson(&name);
    let value = if parameter.secret {
        shortened(&parameter.value)
    } else {
        parameter.value
    };
    Row {
        name,
        value,
        purpose: lesson.map_or("", |lesson| lesson.purpose),
        defends: lesson.map_or("", |lesson| lesson.defends),
        spec: lesson.map_or("", |lesson| lesson.spec),
    }
}

/// Enough of a secret to recognise it, too little to use it.
fn shortened(secret: &str) -> String {
    let start: String = secret.chars().take(14).collect();
    if start.len() == secret.len() {
        return "…".into();
    }
    format!("{start}…")
}

/// The header and the claims of a JWT, as the application sees them.
fn decoded(parameter: &Parameter) -> Option<[Group; 2]> {
    let (header_title, claims_title) = match parameter.name.as_str() {
        "access_token" => ("Access token: header", "Access token: claims"),
        "id_token" => ("ID token: header", "ID token: claims"),
        _ => return None,
    };
    let mut parts = parameter.value.split('.');
    let mut next = |title| {
        let bytes = jose::base64url::decode(parts.next()?).ok()?;
        let Ok(Value::Object(members)) = serde_json::from_slice(&bytes) else {
            return None;
        };
        let parameters = rows_of(members).into_iter().map(|(name, value)| Parameter {
            name,
            value,
            secret: false,
        });
        let mut group = group(title, parameters.collect());
        group.folded = true;
        Some(group)
    };
    Some([next(header_title)?, next(claims_title)?])
}
