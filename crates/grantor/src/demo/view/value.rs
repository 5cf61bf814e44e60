//! Values as people read them: secrets shortened, lists as words, times as dates.

use jiff::Timestamp;
use serde_json::Value;

/// A value on the page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::demo) struct Shown {
    /// One line for each item of a list.
    pub(super) lines: Vec<String>,
    /// The same in words, where the value itself says little.
    pub(super) note: Option<String>,
}

impl Shown {
    /// What a request or response held under `name`; JSON comes as its text.
    pub(super) fn of(name: &str, text: &str) -> Self {
        let lines = match serde_json::from_str(text) {
            Ok(value @ (Value::Array(_) | Value::Object(_))) => lines(&value),
            _ => vec![text.to_owned()],
        };
        Self {
            lines,
            note: note(name, text),
        }
    }

    /// A secret: enough of it to recognise, too little to use.
    pub(super) fn secret(text: &str) -> Self {
        Self {
            lines: vec![shortened(text)],
            note: None,
        }
    }

    /// Everything on one line.
    pub(super) fn text(&self) -> String {
        self.lines.join(", ")
    }
}

/// At most fourteen characters, and never more than a third. An authentication scheme before it stays whole.
fn shortened(secret: &str) -> String {
    if let Some((scheme, rest)) = secret.split_once(' ') {
        return format!("{scheme} {}", shortened(rest));
    }
    let most = (secret.chars().count() / 3).min(14);
    let start: String = secret.chars().take(most).collect();
    format!("{start}…")
}

fn lines(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) if items.iter().all(|item| !item.is_object()) => {
            let words: Vec<String> = items.iter().map(words).collect();
            vec![words.join(", ")]
        }
        Value::Array(items) => items.iter().map(words).collect(),
        other => vec![words(other)],
    }
}

/// A value without the marks of JSON.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| match name.as_str() {
                "id" => format!("{}.", words(value)),
                "text" => words(value),
                _ => format!("{name} {}", words(value)),
            });
            members.collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

fn note(name: &str, text: &str) -> Option<String> {
    match name {
        "exp" | "iat" | "nbf" | "auth_time" | "updated_at" => date(text.parse().ok()?),
        "expires_in" => span(text.parse().ok()?),
        _ => None,
    }
}

/// A moment in seconds since 1970.
fn date(seconds: i64) -> Option<String> {
    let moment = Timestamp::from_second(seconds).ok()?;
    Some(moment.strftime("%-d %B %Y, %H:%M:%S UTC").to_string())
}

fn span(seconds: u64) -> Option<String> {
    let (number, unit) = match seconds {
        0 => return None,
        s if s.is_multiple_of(3600) => (s / 3600, "hour"),
        s if s.is_multiple_of(60) => (s / 60, "minute"),
        s => (s, "second"),
    };
    let s = if number == 1 { "" } else { "s" };
    Some(format!("{number} {unit}{s}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn first(name: &str, text: &str) -> String {
        Shown::of(name, text).lines.remove(0)
    }

    #[test]
    fn a_secret_shows_at_most_a_third_of_itself() {
        assert_eq!(
            shortened("gac_0123456789abcdefghijklmnopqrstuvwxyz0123456"),
            "gac_0123456789…"
        );
        assert_eq!(shortened("sixletters"), "six…");
        assert_eq!(shortened("ab"), "…");
        assert_eq!(shortened("Basic ZGVtby13ZWI6c2VjcmV0"), "Basic ZGVtby…");
        assert_eq!(shortened(""), "…");
    }

    #[test]
    fn lists_and_objects_lose_the_marks_of_json() {
        assert_eq!(first("amr", r#"["pwd","otp"]"#), "pwd, otp");
        let notes = Shown::of(
            "notes",
            r#"[{"id":1,"text":"Buy milk"},{"id":2,"text":"Sleep"}]"#,
        );
        assert_eq!(notes.lines, ["1. Buy milk", "2. Sleep"]);
        assert_eq!(first("address", r#"{"country":"FR"}"#), "country FR");
        assert_eq!(first("scopes_supported", "[]"), "");
    }

    #[test]
    fn text_that_only_looks_like_json_stays_as_it_is() {
        for text in ["[broken", "{", "true", "12", "\"quoted\"", "W/\"etag\""] {
            assert_eq!(first("x", text), text);
        }
    }

    #[test]
    fn times_are_told_as_dates_and_spans() {
        let exp = Shown::of("exp", "1795236122");
        assert_eq!(exp.lines, ["1795236122"]);
        assert_eq!(exp.note.unwrap(), "21 November 2026, 04:42:02 UTC");
        assert_eq!(note("expires_in", "300").unwrap(), "5 minutes");
        assert_eq!(note("expires_in", "3600").unwrap(), "1 hour");
        assert_eq!(note("expires_in", "61").unwrap(), "61 seconds");
        assert_eq!(note("exp", "9223372036854775807"), None);
        assert_eq!(note("exp", "soon"), None);
        assert_eq!(note("sub", "1795236122"), None);
    }
}
