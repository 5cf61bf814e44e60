//! The steps of a flow in words.

use grantor_client::{Parameter, Step};

use super::actor::Actor;
use super::message::{self, Message};
use super::prose::Prose;
use crate::demo::attack::Attack;
use crate::demo::browser::Topic;
use crate::demo::lessons::Place;

/// One step on the page.
pub(in crate::demo) struct StepView {
    pub(super) number: usize,
    pub(super) route: &'static [Actor],
    pub(super) title: &'static str,
    pub(super) words: Prose,
    /// It was refused.
    pub(super) failed: bool,
    /// It was refused, and had to be.
    pub(super) defended: bool,
    pub(super) message: Option<Message>,
}

/// What is known of the chapter that a step stands in.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    pub(super) topic: Topic,
    /// Nothing came after it: its messages stand open.
    pub(super) newest: bool,
}

/// The steps of a chapter; their numbers begin after `before`.
pub(super) fn steps(all: Vec<Step>, setting: Setting, before: usize) -> Vec<StepView> {
    let mut shown = Vec::new();
    let mut sent = None;
    let mut refused = false;
    for step in all {
        match step {
            Step::Redirect { url, parameters } => {
                sent = value(&parameters, "state").map(str::to_owned);
                shown.push(redirect(url, &parameters, setting));
            }
            Step::Return { url, parameters } => {
                let answer = Answer::of(&parameters, sent.as_deref());
                shown.extend(person(answer));
                shown.push(returned(url, &parameters, answer, setting));
            }
            Step::Exchange(exchange) => {
                let failed = exchange.status.is_none_or(|status| status >= 400);
                let outcome = Heard { failed, refused };
                refused |= failed;
                shown.push(exchanged(exchange, outcome, setting));
            }
        }
    }
    for (index, step) in shown.iter_mut().enumerate() {
        step.number = before + index + 1;
    }
    shown
}

fn value<'a>(parameters: &'a [Parameter], name: &str) -> Option<&'a str> {
    let found = parameters.iter().find(|parameter| parameter.name == name);
    found.map(|parameter| parameter.value.as_str())
}

/// What the browser brought back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Code,
    Denied,
    Error,
    Forged,
}

impl Answer {
    fn of(parameters: &[Parameter], sent: Option<&str>) -> Self {
        match value(parameters, "error") {
            _ if value(parameters, "state") != sent => Self::Forged,
            Some("access_denied") => Self::Denied,
            Some(_) => Self::Error,
            None => Self::Code,
        }
    }
}

fn redirect(url: String, parameters: &[Parameter], setting: Setting) -> StepView {
    let (place, title, words) = match setting.topic {
        Topic::SignOut => (
            Place::EndSession,
            "The browser goes to grantor to sign out",
            "Giving tokens back ends what this application may do. Only the browser can end the session at grantor, since its cookie is there.",
        ),
        _ => (
            Place::Authorization,
            "The application sends the browser to grantor",
            "It says what it wants in the address, and lets go of the browser. It never sees the password: that is typed on grantor's own page.",
        ),
    };
    StepView {
        number: 0,
        route: &[Actor::Application, Actor::Browser, Actor::Server],
        title,
        words: words.into(),
        failed: false,
        defended: false,
        message: Some(message::redirect(&url, parameters, place).open(setting.newest)),
    }
}

/// What happened on the server's pages, as far as the application can tell.
fn person(answer: Answer) -> Option<StepView> {
    let (title, words) = match answer {
        Answer::Code => (
            "You sign in and consent",
            "On grantor's pages alone: it checks the password, begins a session, and says each scope in words. You may say no. It remembers \
             both answers: while the session lasts and until you take the consent back, the next sign-in passes here without a question.",
        ),
        Answer::Denied => (
            "You sign in, and say no",
            "On grantor's pages alone. The application waits, and sees nothing of it.",
        ),
        Answer::Error | Answer::Forged => return None,
    };
    Some(StepView {
        number: 0,
        route: &[Actor::Browser, Actor::Server],
        title,
        words: words.into(),
        failed: false,
        defended: false,
        message: None,
    })
}

fn returned(url: String, parameters: &[Parameter], answer: Answer, setting: Setting) -> StepView {
    let (title, words) = match answer {
        Answer::Code => (
            "The browser brings back a code",
            "The answer travels through the browser, where others may see it. So it holds no token: only a code, which is worth nothing \
             without the verifier. Before it goes on, the application checks that `state` and `iss` are what it expects.",
        ),
        Answer::Denied | Answer::Error => (
            "The browser brings back a refusal",
            "It comes the same way as a code would, with `state` and `iss`, so that nobody can forge a refusal either.",
        ),
        Answer::Forged => (
            "The browser brings an answer to another question",
            "Its `state` is not the one that was sent. The application stops here.",
        ),
    };
    let route: &[Actor] = match answer {
        Answer::Forged => &[Actor::Browser, Actor::Application],
        _ => &[Actor::Server, Actor::Browser, Actor::Application],
    };
    StepView {
        number: 0,
        route,
        title,
        words: words.into(),
        failed: answer != Answer::Code,
        defended: answer == Answer::Forged,
        message: Some(message::redirect(&url, parameters, Place::Return).open(setting.newest)),
    }
}

/// How an exchange ended, and whether one before it in the chapter was refused.
#[derive(Clone, Copy)]
struct Heard {
    failed: bool,
    refused: bool,
}

fn exchanged(exchange: grantor_client::Exchange, heard: Heard, setting: Setting) -> StepView {
    let attack = matches!(setting.topic, Topic::Attack(_));
    let (title, words) = words(exchange.endpoint, heard, setting.topic);
    // The documents of the server are long, and the same each time.
    let known = matches!(exchange.endpoint, "discovery" | "jwks" | "userinfo");
    let open = setting.newest && (heard.failed || !known);
    let route: &[Actor] = match (exchange.endpoint, attack) {
        ("resource", false) => &[Actor::Application, Actor::Api],
        ("resource", true) => &[Actor::Attacker, Actor::Api],
        (_, true) => &[Actor::Attacker, Actor::Server],
        _ => &[Actor::Application, Actor::Server],
    };
    let refresh = setting.topic == Topic::Refresh;
    let message = message::exchanged(exchange, refresh).open(open);
    StepView {
        number: 0,
        route,
        title,
        words: words.into(),
        failed: heard.failed,
        defended: heard.failed && (attack || refresh),
        message: Some(message),
    }
}

fn words(endpoint: &str, heard: Heard, topic: Topic) -> (&'static str, &'static str) {
    match (endpoint, topic) {
        ("discovery", _) => (
            "The application finds the server",
            "It knows only the issuer's address. The metadata there says where everything else is, and must name that same issuer.",
        ),
        ("jwks", _) => (
            "The application fetches the public keys",
            "With them it verifies the ID token's signature by itself. They are public, and may be kept for a while.",
        ),
        ("token", Topic::Attack(_)) => (
            "The code is redeemed a second time",
            "Everything is as it was the first time: the code, the verifier, even the application's secret. But the code is spent.",
        ),
        ("token", Topic::Refresh) if heard.failed => (
            "The refresh token is refused",
            "It is well made, and belongs to this application. But the grant that it came from was revoked.",
        ),
        ("token", Topic::Refresh) => (
            "The application redeems its refresh token",
            "From server to server, without the browser and without you. Both tokens that come back are new.",
        ),
        ("token", _) => (
            "The application redeems the code",
            "This request goes straight to grantor and not through the browser, and the application proves that it is itself.",
        ),
        ("userinfo", _) => (
            "The application asks who you are",
            "The scopes `profile` and `email` open these claims. The `sub` must be that of the ID token.",
        ),
        ("resource", Topic::Attack(attack)) => (
            match attack {
                Attack::AlteredToken => "The API is called with an altered token",
                _ => "The API is called without a token",
            },
            "Nothing keeps anybody from sending a request. What counts is what it carries.",
        ),
        ("resource", Topic::Refresh) if heard.refused => (
            "The old access token still opens the API",
            "The API does not ask grantor about each call, so it learns nothing of the revocation. grantor's own endpoints refuse the token at \
             once; the API does when it expires.",
        ),
        ("resource", _) => (
            "The application calls the API",
            "The API verifies signature, issuer, audience, type, times and scope of the token by itself. It need not ask grantor about it.",
        ),
        ("revocation", _) => (
            "The application gives its refresh token back",
            "grantor revokes the grant behind it. Whoever has a copy has nothing.",
        ),
        _ => ("It sends a request", ""),
    }
}
