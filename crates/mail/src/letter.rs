use std::time::{Duration, SystemTime};

use lettre::Message;
use lettre::message::header::{
    ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue,
};
use lettre::message::{Body, MultiPart, MultiPartBuilder, SinglePart};

use crate::Error;
use crate::address::{Sender, address_of};

/// How many characters a subject has at most: what mailboxes show.
const SUBJECT: usize = 150;

/// What is sent to one person, in two forms that say the same.
#[derive(Clone, Copy)]
pub struct Letter<'a> {
    /// Names it, the same at every attempt: letters, digits, `-`, `_`. With the sender's domain it is the `Message-ID`.
    pub id: &'a str,
    /// When it was written (unix seconds), the same at every attempt.
    pub at: i64,
    /// The address.
    pub to: &'a str,
    /// One line; what would end it is taken out, and what is too long is cut.
    pub subject: &'a str,
    /// As plain text.
    pub text: &'a str,
    /// As HTML; what comes from elsewhere is escaped by whoever writes it.
    pub html: &'a str,
}

impl Letter<'_> {
    /// As it goes out (RFC 5322).
    pub(crate) fn message(&self, sender: &Sender) -> Result<Message, Error> {
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if self.id.is_empty() || !self.id.chars().all(named) {
            return Err(Error::Letter);
        }
        let to = address_of(self.to).ok_or(Error::Address)?;
        let at = u64::try_from(self.at).map_err(|_| Error::Letter)?;
        let at = SystemTime::UNIX_EPOCH
            .checked_add(Duration::from_secs(at))
            .ok_or(Error::Letter)?;
        // Neither base64 nor quoted-printable can hold it.
        let boundary = format!("=_{}", self.id);
        let parts = MultiPartBuilder::new()
            .kind(lettre::message::MultiPartKind::Alternative)
            .boundary(boundary);
        let parts: MultiPart = parts
            .singlepart(part(ContentType::TEXT_PLAIN, self.text)?)
            .singlepart(part(ContentType::TEXT_HTML, self.html)?);
        let message = Message::builder()
            .message_id(Some(format!("<{}@{}>", self.id, sender.domain())))
            .date(at)
            .from(sender.mailbox())
            .to(to.into())
            .subject(one_line(self.subject))
            .header(AutoSubmitted)
            .multipart(parts);
        message.map_err(|_| Error::Letter)
    }
}

fn part(kind: ContentType, text: &str) -> Result<SinglePart, Error> {
    let text = text
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\n', "\r\n");
    let encoding = ContentTransferEncoding::QuotedPrintable;
    let body = Body::new_with_encoding(text, encoding).map_err(|_| Error::Letter)?;
    Ok(SinglePart::builder().header(kind).body(body))
}

/// Without what ends a header, and without what turns the direction of what follows.
fn one_line(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let flat: String = text
        .chars()
        .map(|c| if hidden(c) { ' ' } else { c })
        .collect();
    let words: Vec<&str> = flat.split_whitespace().collect();
    words.join(" ").chars().take(SUBJECT).collect()
}

/// No person wrote it, and none waits for an answer (RFC 3834 §5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;

    use super::*;

    const LETTER: Letter<'static> = Letter {
        id: "0199-a",
        at: 1_795_248_000,
        to: "alice@example.com",
        subject: "Zoë asks",
        text: "Hello\n.\nBye",
        html: "<p>Hello",
    };

    fn written(letter: &Letter<'_>) -> String {
        let sender = Sender::parse("Example <no-reply@id.example>").unwrap();
        String::from_utf8(letter.message(&sender).unwrap().formatted()).unwrap()
    }

    fn headers(written: &str) -> Vec<&str> {
        let end = written.find("\r\n\r\n").unwrap();
        let unfolded = written[..end]
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']));
        unfolded
            .map(|line| line.split_once(':').unwrap().0)
            .collect()
    }

    #[test]
    fn a_letter_says_who_when_and_that_no_person_wrote_it() {
        let text = written(&LETTER);
        for line in [
            "Message-ID: <0199-a@id.example>",
            "Date: Sat, 21 Nov 2026 08:00:00 +0000",
            "From: Example <no-reply@id.example>",
            "To: alice@example.com",
            "Auto-Submitted: auto-generated",
            "Subject: =?utf-8?b?Wm/Dqw==?= asks",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Type: text/html; charset=utf-8",
        ] {
            assert!(
                text.split("\r\n").any(|found| found == line),
                "{line}\n{text}"
            );
        }
        assert!(text.contains("\r\nHello\r\n.\r\nBye\r\n"), "{text}");
        assert_eq!(text, written(&LETTER), "the same at every attempt");
    }

    #[test]
    fn a_letter_without_a_name_or_an_address_is_not_written() {
        let sender = Sender::parse("no-reply@id.example").unwrap();
        let why = |letter: Letter<'_>| letter.message(&sender).unwrap_err();
        assert_eq!(
            why(Letter {
                id: "a>\r\nX: y",
                ..LETTER
            }),
            Error::Letter
        );
        assert_eq!(why(Letter { id: "", ..LETTER }), Error::Letter);
        assert_eq!(why(Letter { at: -1, ..LETTER }), Error::Letter);
        assert_eq!(
            why(Letter {
                to: "a@b.example\r\nBcc: c@d.example",
                ..LETTER
            }),
            Error::Address
        );
    }

    proptest! {
        /// No subject and no text adds a header or a part.
        #[test]
        fn nothing_that_is_said_becomes_a_header_or_a_part(
            subject in "(\\PC|\r|\n|\r\nBcc: eve@example.com|\u{2028}){0,12}",
            text in "(\\PC|\r|\n|\r\n--=_0199-a--\r\n){0,20}",
        ) {
            let letter = Letter { subject: &subject, text: &text, html: &text, ..LETTER };
            let written = written(&letter);
            let plain = super::tests::written(&LETTER);
            prop_assert_eq!(headers(&written), headers(&plain));
            prop_assert_eq!(written.matches("\r\n--=_0199-a").count(), 3);
            prop_assert!(!written.replace("\r\n", "").contains(['\r', '\n']));
            prop_assert!(written.split("\r\n").all(|line| line.len() <= 998));
        }
    }
}
