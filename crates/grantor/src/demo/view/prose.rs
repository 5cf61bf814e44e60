//! Sentences with names in them.

use std::borrow::Cow;

use askama::Template;

/// A text in which backticks mark code. On a page it is HTML, escaped by its template.
#[derive(Debug, Default, Template)]
#[template(
    source = "{% for piece in pieces() %}{% if piece.1 %}<code>{{ piece.0 }}</code>{% else %}{{ piece.0 }}{% endif %}{% endfor %}",
    ext = "html"
)]
pub(in crate::demo) struct Prose(Cow<'static, str>);

/// Its own template has escaped it.
impl askama::filters::HtmlSafe for Prose {}

impl Prose {
    /// Whether there is nothing to say.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each piece, and whether it is code.
    fn pieces(&self) -> impl Iterator<Item = (&str, bool)> {
        let pieces = self.0.split('`').enumerate();
        pieces.map(|(index, piece)| (piece, index % 2 == 1))
    }
}

impl From<&'static str> for Prose {
    fn from(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Prose {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_become_code_and_markup_is_escaped() {
        let prose = Prose::from("The `state` is <b>not</b> `<i>`.");
        let html = prose.to_string();
        assert!(html.starts_with("The <code>state</code> is "), "{html}");
        assert!(!html.contains("<b>") && !html.contains("<i>"), "{html}");
    }
}
