//! Writing to a person that an application asks for something. The letter says who, for what and until when, and leads to `/account/approvals`, where they sign
//! in and decide: nothing in it lets anybody act.

use std::sync::Arc;

use ::mail::{Letter, Mailer};
use askama::Template;
use db::{Batch, params};
use identity::{Person, people};
use realm::outbox::{Delivery, Handler, Message};
use realm::{Catalogue, Event, Realm};

use super::approvals::{HOME, Standing};
use super::notification::words;
use super::{rules, sql};
use crate::commit::commit;
use crate::consent::words::{details, items};

/// The kind of message. Its payload is the hash of the `auth_req_id`, as a JSON string.
pub(super) const KIND: &str = "ciba.mail";

/// For how long letters are counted, in seconds.
const WINDOW: i64 = 3600;
/// How many letters a person gets within that because of one client, and because of all. The others are found at `/account/approvals` all the same.
const LETTERS: (i64, i64) = (10, 30);

/// Where a person is written to: an address that has been shown to be theirs, so that nobody else is told who asks them for what.
pub(super) fn address(person: &Person) -> Option<&str> {
    let email = person.email.as_deref();
    email.filter(|_| person.email_verified && !person.disabled)
}

/// Adds to a batch that the person is to be written to.
pub(super) fn enqueue(realm: &Realm, batch: &mut Batch, hash: &str) {
    let payload = serde_json::Value::from(hash).to_string();
    realm.enqueue(batch, KIND, &payload, realm.now());
}

/// Writes to people.
pub(super) struct Writer(pub(super) Mailer);

impl Handler for Writer {
    fn deliver<'a>(&'a self, realm: &'a Arc<Realm>, message: &'a Message) -> Delivery<'a> {
        Box::pin(self.write(realm, message))
    }
}

impl Writer {
    async fn write(&self, realm: &Arc<Realm>, message: &Message) -> Result<(), String> {
        let hash: String = serde_json::from_str(&message.payload)
            .map_err(|_| "the payload cannot be read".to_owned())?;
        let found = sql::find(realm, &hash).await.map_err(words)?;
        let Some(found) = found.filter(|found| rules::waits(&found.asked, realm.now())) else {
            return Ok(());
        };
        let person = people::find(realm, &found.asked.person).await;
        let Some(person) = person.map_err(|error| error.to_string())? else {
            return Ok(());
        };
        let catalogue = realm.catalogue().await.map_err(|error| error.to_string())?;
        let standing = Standing::of(realm, found, (&person, &catalogue)).await;
        let (Some(standing), Some(to)) = (standing.map_err(words)?, address(&person)) else {
            return Ok(());
        };
        if !counted(realm, &standing, message).await? {
            tracing::info!(
                realm = realm.name(),
                client = standing.client.id,
                "somebody got many letters and is not written to"
            );
            return Ok(());
        }
        let letter = Content::new(realm, (&person, &standing), &catalogue);
        let subject = letter.subject();
        let (text, html) = letter.render()?;
        let letter = Letter {
            id: &message.id,
            at: standing.found.asked.created_at,
            to,
            subject: &subject,
            text: &text,
            html: &html,
        };
        match self.0.send(&letter).await {
            Ok(()) => Ok(()),
            Err(error) if error.is_final() => given_up(realm, &standing, &error).await,
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Counts the letter, once for all attempts; `false` when there were too many.
async fn counted(realm: &Realm, standing: &Standing, message: &Message) -> Result<bool, String> {
    let (asked, now) = (&standing.found.asked, realm.now());
    // No identifier of a client has a space.
    let mark = format!("letter {}", message.id);
    if message.attempt > 1 {
        let values = params![realm.name(), &asked.person, &mark];
        let found = realm.db().row(&sql::FIND_LETTER, values).await;
        if found.map_err(|error| error.to_string())?.is_some() {
            return Ok(true);
        }
    }
    let mut batch = Batch::new();
    let until = asked.expires_at.max(now + WINDOW);
    let values = params![realm.name(), &asked.person, &mark, until];
    batch.expect(&sql::MARK_LETTER, values, 1);
    for (client, most) in [(asked.client.as_str(), LETTERS.0), ("", LETTERS.1)] {
        let values = params![realm.name(), &asked.person, client, now, now + WINDOW, most];
        batch.expect(&sql::COUNT_LETTER, values, 1);
    }
    let committed = commit(realm, batch).await.map_err(words)?;
    Ok(committed.is_some())
}

/// Nobody takes letters at that address: that is written down, and not tried again.
async fn given_up(realm: &Realm, standing: &Standing, error: &::mail::Error) -> Result<(), String> {
    let asked = &standing.found.asked;
    tracing::warn!(
        realm = realm.name(),
        person = asked.person,
        %error,
        "a letter is not taken"
    );
    let detail = serde_json::json!({ "request": asked.id, "reason": error.to_string() });
    let mut event = Event::new("ciba.mail_refused")
        .client(&asked.client)
        .detail(detail);
    event.person = Some(asked.person.clone());
    let mut batch = Batch::new();
    realm.record(&mut batch, event);
    let committed = realm.commit(batch).await;
    committed.map(drop).map_err(|error| error.to_string())
}

/// What the letter says.
struct Content {
    person: String,
    application: String,
    message: Option<String>,
    /// What it may do then, one by one.
    asked: Vec<String>,
    until: String,
    address: Option<String>,
    url: String,
}

#[derive(Template)]
#[template(path = "approval_mail.txt")]
struct Plain<'a> {
    letter: &'a Content,
}

#[derive(Template)]
#[template(path = "approval_mail.html")]
struct Html<'a> {
    letter: &'a Content,
}

impl Content {
    fn new(realm: &Realm, (person, standing): (&Person, &Standing), catalogue: &Catalogue) -> Self {
        let asked = &standing.found.asked;
        let of_scope = items(
            (&standing.scope, &standing.scope),
            &asked.resources,
            catalogue,
        );
        let of_scope = of_scope.iter().map(|item| said(&item.words));
        let in_particular = details(asked.details.as_ref(), catalogue);
        let in_particular = in_particular.iter().map(|detail| said(&detail.words));
        let until = jiff::Timestamp::from_second(asked.expires_at).unwrap_or_default();
        Self {
            person: said(person.shown_name()),
            application: said(standing.client.display_name()),
            message: asked.binding_message.as_deref().map(said),
            asked: of_scope.chain(in_particular).collect(),
            until: until.strftime("%H:%M UTC on %-d %b %Y").to_string(),
            address: asked.address.clone(),
            url: realm.url(HOME),
        }
    }

    fn subject(&self) -> String {
        format!("{} asks for your approval", self.application)
    }

    fn render(&self) -> Result<(String, String), String> {
        let text = Plain { letter: self }.render();
        let html = Html { letter: self }.render();
        let broken = |error: askama::Error| error.to_string();
        Ok((text.map_err(broken)?, html.map_err(broken)?))
    }
}

/// What others say, as one line of which no mail program makes a link: the only address in a letter of ours is our own.
fn said(text: &str) -> String {
    let mut line = String::new();
    let mut before = ' ';
    for c in text.chars() {
        let c = if is_hidden(c) || c.is_whitespace() {
            ' '
        } else {
            c
        };
        // Between a dot, a colon or an at sign and a letter stands what nobody sees (U+200B).
        if matches!(before, '.' | ':' | '@' | '/') && (c.is_alphanumeric() || c == '/') {
            line.push('\u{200b}');
        }
        line.push(c);
        before = c;
    }
    line.split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Ends a line, or turns the direction of what follows.
fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;

    use super::*;

    fn content(text: &str) -> Content {
        Content {
            person: said(text),
            application: said(text),
            message: Some(said(text)),
            asked: vec![said(text)],
            until: "08:05 UTC on 21 Nov 2026".to_owned(),
            address: Some("192.0.2.1".to_owned()),
            url: "https://id.example/account/approvals".to_owned(),
        }
    }

    #[test]
    fn what_others_say_is_one_line_without_a_link() {
        let cases = [
            (
                "Pay 12.50 EUR\r\n\r\nUrgent!",
                "Pay 12.\u{200b}50 EUR Urgent!",
            ),
            (
                "https://evil.example/x",
                "https:\u{200b}/\u{200b}/\u{200b}evil.\u{200b}example/\u{200b}x",
            ),
            ("a@evil.example", "a@\u{200b}evil.\u{200b}example"),
            ("\u{202e}elpmaxe\u{2028}. Yes", "elpmaxe . Yes"),
            ("Agent", "Agent"),
        ];
        for (given, expected) in cases {
            assert_eq!(said(given), expected);
        }
    }

    #[test]
    fn markup_that_others_say_stays_text() {
        let (text, html) = content("<a href=\"x\">\u{26}'").render().unwrap();
        assert!(text.contains("<a href=\"x\">&'"), "{text}");
        assert!(!html.contains("<a href=\"x\">"), "{html}");
        assert_eq!(html.matches("<a ").count(), 1);
    }

    proptest! {
        #[test]
        fn the_only_link_is_ours_and_the_lines_are_ours(text in "(\\PC|\r|\n|://|www\\.|<a href=x>|</p>){0,20}") {
            let (ours, _) = content("x").render().unwrap();
            let (text, html) = content(&text).render().unwrap();
            prop_assert_eq!(text.lines().count(), ours.lines().count());
            prop_assert_eq!(text.matches("://").count(), 1);
            prop_assert_eq!(html.matches('<').count(), content("x").render().unwrap().1.matches('<').count());
        }
    }
}
