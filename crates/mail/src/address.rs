//! Addresses, read strictly: what goes into an envelope or a header holds nothing that could end it.

use lettre::Address;
use lettre::message::Mailbox;

use crate::Error;

/// RFC 5321 §4.5.3.1.3, without the brackets.
const LONGEST: usize = 254;

/// Whom letters are from.
pub(crate) struct Sender(Mailbox);

impl Sender {
    /// From `no-reply@id.example` or `Example <no-reply@id.example>`.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let refused = || {
            Error::Options(format!(
                "`{text}` is not a sender such as `Example <no-reply@id.example>`"
            ))
        };
        let (name, address) = match text.trim().strip_suffix('>') {
            Some(rest) => rest.split_once('<').ok_or_else(refused)?,
            None => ("", text.trim()),
        };
        let name = name.trim().trim_matches('"').trim();
        if name.chars().any(char::is_control) || name.contains(['<', '>', '"', '\\']) {
            return Err(refused());
        }
        let address = address_of(address).ok_or_else(refused)?;
        let name = (!name.is_empty()).then(|| name.to_owned());
        Ok(Self(Mailbox::new(name, address)))
    }

    pub(crate) fn mailbox(&self) -> Mailbox {
        self.0.clone()
    }

    pub(crate) fn domain(&self) -> &str {
        self.0.email.domain()
    }
}

/// An address: a dot-string and a domain (RFC 5321 §4.1.2; beyond ASCII as RFC 6531 §3.3), no quoted strings, no address literals, no comments.
pub(crate) fn address_of(text: &str) -> Option<Address> {
    let (user, domain) = text.rsplit_once('@')?;
    let atom = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let label = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.');
    if text.len() > LONGEST || !user.chars().all(atom) || !domain.chars().all(label) {
        return None;
    }
    Address::new(user, domain).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for (text, name) in [
            ("no-reply@id.example", None),
            ("Example <no-reply@id.example>", Some("Example")),
            (
                "\"Example Inc.\" <no-reply@id.example>",
                Some("Example Inc."),
            ),
            ("<no-reply@id.example>", None),
        ] {
            let sender = Sender::parse(text).unwrap().mailbox();
            assert_eq!(
                (sender.name.as_deref(), sender.email.to_string().as_str()),
                (name, "no-reply@id.example")
            );
        }
        for text in [
            "",
            "Example",
            "Example <nobody>",
            "a@b@c <x>",
            "A\r\nBcc: x <a@b.example>",
            "a@b.example>",
        ] {
            assert!(Sender::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_could_end_an_envelope_or_a_header_is_no_address() {
        for text in [
            "alice@example.com\r\nRCPT TO:<eve@example.com>",
            "alice@example.com\nBcc: eve@example.com",
            "alice@example.com>,<eve@example.com",
            "\"alice\r\nBcc: eve@example.com\"@example.com",
            "\"alice bob\"@example.com",
            "alice bob@example.com",
            "alice@[127.0.0.1]",
            "alice@example.com\0",
            "alice@exa mple.com",
            "@example.com",
            "alice@",
            "alice",
        ] {
            assert_eq!(address_of(text), None, "{text:?}");
        }
        assert_eq!(
            address_of(&format!("{}@example.com", "a".repeat(250))),
            None
        );
        for text in [
            "Alice+x@Example.com",
            "o'hara@example.co.uk",
            "zoë@exämple.de",
        ] {
            assert_eq!(address_of(text).unwrap().to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn an_address_never_holds_what_ends_a_line_or_a_path(text in "\\PC{0,8}[\r\n<> \"@a.]{0,8}@\\PC{0,12}") {
            if let Some(address) = address_of(&text) {
                let written = address.to_string();
                prop_assert!(!written.contains(|c: char| c.is_control() || c.is_whitespace() || "<>\"".contains(c)));
            }
        }
    }
}
