//! The message that the person compares on both devices (§7.1): short, plain, and without what only looks like something else.

use std::fmt;

use crate::{Error, ErrorCode};

/// How long a binding message may be, in characters: what fits on the screen of a phone.
pub const LONGEST_MESSAGE: usize = 100;

/// A message that may be shown to the person. White space at its ends is gone.
#[derive(Clone, PartialEq, Eq)]
pub struct BindingMessage(String);

impl BindingMessage {
    /// Reads a message.
    ///
    /// # Errors
    /// `invalid_binding_message` (§13) when it is longer than [`LONGEST_MESSAGE`], has nothing to be seen, or holds characters that cannot be seen or turn
    /// the direction of others.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let refused = |why: String| Err(Error::new(ErrorCode::InvalidBindingMessage, why));
        if text.is_empty() {
            return refused("The binding_message is empty.".to_owned());
        }
        if text.chars().count() > LONGEST_MESSAGE {
            return refused(format!(
                "The binding_message has more than {LONGEST_MESSAGE} characters."
            ));
        }
        if text.chars().any(is_unseen) {
            return refused(
                "The binding_message is one line of plain text, without control and formatting characters."
                    .to_owned(),
            );
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// It may tell what a person is about to pay for.
impl fmt::Debug for BindingMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BindingMessage({} characters)", self.0.chars().count())
    }
}

/// Whether a character has no shape of its own, breaks the line, changes the direction of others, or means something only to some fonts.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2028}'..='\u{202e}'
            | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e000}'..='\u{f8ff}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}')
}
