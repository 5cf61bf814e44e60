//! The page: who signed in, what the API said, and every step in order.

mod actor;
mod message;
mod person;
mod prose;
mod rows;
mod step;
mod value;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use web::headers::Csp;
use web::page::Shell;

use self::actor::{Actor, hops};
use self::person::SignedIn;
use self::prose::Prose;
use self::step::{Setting, StepView};
use super::attack::Attack;
use super::browser::{Browser, Chapter, Topic};
use super::outcome::Outcome;
use super::{API, PASSWORD, PERSON};

#[derive(Template)]
#[template(path = "demo.html")]
struct Page {
    shell: Shell,
    username: &'static str,
    password: &'static str,
    issuer: String,
    api: &'static str,
    /// What is said on top.
    message: Option<Notice>,
    signed_in: Option<SignedIn>,
    lanes: [Actor; 4],
    chapters: Vec<ChapterView>,
    attacks: [Attack; 3],
}

/// A message to the visitor.
struct Notice {
    class: &'static str,
    title: String,
    text: Prose,
}

impl From<Outcome> for Notice {
    fn from(outcome: Outcome) -> Self {
        Self {
            class: outcome.tone.class(),
            title: outcome.title,
            text: outcome.text.into(),
        }
    }
}

/// What one click caused.
struct ChapterView {
    title: &'static str,
    outcome: Option<Notice>,
    /// Where the browser is sent, and what the message on the page is about.
    newest: bool,
    steps: Vec<StepView>,
}

/// Renders the page for one browser.
pub(super) async fn page(browser: &Browser, issuer: &str) -> Response {
    let mut shell = Shell::new("Learn OAuth by doing it").realm("grantor demo", "");
    shell.wide = true;
    let signed_in = person::signed_in(browser).await;
    shell.person = signed_in.as_ref().map(|person| person.name.clone());
    let mut chapters = chapters(browser.chapters());
    let message = browser.message.clone().map(Notice::from);
    let page = Page {
        shell,
        username: PERSON,
        password: PASSWORD,
        issuer: issuer.to_owned(),
        api: API,
        message: message.or_else(|| on_top(&mut chapters)),
        signed_in,
        lanes: Actor::LANES,
        chapters,
        attacks: Attack::ALL,
    };
    // The sign-in form leads, by a redirect, to the issuer's own pages.
    web::page::render(StatusCode::OK, &page, &Csp::form_action([issuer]))
}

/// How a sign-in or a sign-out ended is said where the visitor arrives: at the top.
fn on_top(chapters: &mut [ChapterView]) -> Option<Notice> {
    match chapters {
        [only] => only.outcome.take(),
        _ => None,
    }
}

fn chapters(all: Vec<Chapter>) -> Vec<ChapterView> {
    let count = all.len();
    let mut before = 0;
    let mut shown = Vec::new();
    for (index, chapter) in all.into_iter().enumerate() {
        let setting = Setting {
            topic: chapter.topic,
            newest: index + 1 == count,
        };
        let steps = step::steps(chapter.steps, setting, before);
        before += steps.len();
        shown.push(ChapterView {
            title: title(chapter.topic),
            outcome: chapter.outcome.map(Notice::from),
            newest: setting.newest,
            steps,
        });
    }
    shown
}

fn title(topic: Topic) -> &'static str {
    match topic {
        Topic::SignIn => "Signing in",
        Topic::Refresh => "Refreshing the tokens",
        Topic::Attack(Attack::ReplayCode) => "Attack: the code again",
        Topic::Attack(Attack::NoToken) => "Attack: no token",
        Topic::Attack(Attack::AlteredToken) => "Attack: an altered token",
        Topic::SignOut => "Signing out",
    }
}

#[cfg(test)]
mod tests;
