//! Templates that say in words what a client asks for in particular (RFC 9396 §8): `Pay {amount.value} {amount.currency} to {payee}[ for {purpose}]`.
//!
//! In braces stands the path of a member; what is in square brackets is left out when one of its members is missing. What is shown came from the client, so
//! text of more than a word stands in quotation marks, and what cannot be shown as it is, such as characters that change the direction of writing, is not
//! shown at all: then nobody is asked.

use serde_json::{Map, Value};

/// The longest template, in characters.
pub(super) const LONGEST: usize = 1000;
/// How many characters of a value people can be expected to read.
const LONGEST_VALUE: usize = 200;
/// How many entries of a list.
const MOST: usize = 20;

/// A template that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Member(Vec<String>),
    Optional(Vec<Part>),
}

/// What is asked for cannot be said in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unsayable;

impl Words {
    /// Reads a template; the reason of a refusal is for whoever wrote it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() || text.chars().count() > LONGEST {
            return Err(format!("the words have 1 to {LONGEST} characters"));
        }
        if text.chars().any(is_hidden) {
            return Err("the words hold a character that cannot be seen".to_owned());
        }
        let mut rest = text;
        let parts = parts(&mut rest, false)?;
        Ok(Self(parts))
    }

    /// What it says about these members.
    ///
    /// # Errors
    /// [`Unsayable`] when a member that it needs is missing, or cannot be shown as it is.
    pub(super) fn say(&self, members: &Map<String, Value>) -> Result<String, Unsayable> {
        let mut text = String::new();
        match write(&self.0, members, &mut text) {
            Ok(()) => Ok(text),
            Err(Fault::Missing | Fault::Hidden) => Err(Unsayable),
        }
    }
}

fn parts(rest: &mut &str, within: bool) -> Result<Vec<Part>, String> {
    let mut found = Vec::new();
    let mut text = String::new();
    while let Some(c) = rest.chars().next() {
        *rest = rest.get(c.len_utf8()..).unwrap_or_default();
        let part = match c {
            '{' => {
                let (path, after) = rest.split_once('}').ok_or("a `{` has no `}`")?;
                *rest = after;
                Some(Part::Member(member(path)?))
            }
            '[' if within => return Err("square brackets are not to be nested".to_owned()),
            '[' => Some(Part::Optional(parts(rest, true)?)),
            ']' if within => {
                push(&mut found, &mut text);
                return Ok(found);
            }
            '}' | ']' => return Err(format!("a `{c}` has nothing before it that it ends")),
            c => {
                text.push(c);
                None
            }
        };
        if let Some(part) = part {
            push(&mut found, &mut text);
            found.push(part);
        }
    }
    if within {
        return Err("a `[` has no `]`".to_owned());
    }
    push(&mut found, &mut text);
    Ok(found)
}

fn push(found: &mut Vec<Part>, text: &mut String) {
    if !text.is_empty() {
        found.push(Part::Text(std::mem::take(text)));
    }
}

fn member(path: &str) -> Result<Vec<String>, String> {
    let names: Vec<String> = path.split('.').map(str::to_owned).collect();
    let is_name = |name: &String| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    if names.iter().all(is_name) {
        Ok(names)
    } else {
        Err(format!(
            "`{{{}}}` is not the name of a member, such as {{amount.value}}",
            path.escape_default()
        ))
    }
}

enum Fault {
    Missing,
    Hidden,
}

fn write(parts: &[Part], members: &Map<String, Value>, out: &mut String) -> Result<(), Fault> {
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Member(path) => out.push_str(&value(find(members, path).ok_or(Fault::Missing)?)?),
            Part::Optional(parts) => {
                let mut text = String::new();
                match write(parts, members, &mut text) {
                    Ok(()) => out.push_str(&text),
                    Err(Fault::Missing) => {}
                    Err(hidden) => return Err(hidden),
                }
            }
        }
    }
    Ok(())
}

fn find<'a>(members: &'a Map<String, Value>, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(members.get(first)?, |value, name| value.get(name))
}

fn value(value: &Value) -> Result<String, Fault> {
    match value {
        Value::Array(items) if items.len() <= MOST && !items.is_empty() => {
            let said: Result<Vec<String>, Fault> = items.iter().map(scalar).collect();
            Ok(said?.join(", "))
        }
        other => scalar(other),
    }
}

fn scalar(value: &Value) -> Result<String, Fault> {
    match value {
        Value::String(text) => quoted(text).ok_or(Fault::Hidden),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(true) => Ok("yes".to_owned()),
        Value::Bool(false) => Ok("no".to_owned()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(Fault::Hidden),
    }
}

/// A word stands for itself. More than a word could go on as if we had said it, so it is in quotation marks, of which it has none itself.
fn quoted(text: &str) -> Option<String> {
    if text.trim().is_empty() || text.chars().count() > LONGEST_VALUE || text.chars().any(is_hidden)
    {
        return None;
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || "-_.:/@+#%".contains(c);
    if text.chars().all(is_word) && text.len() <= 64 {
        return Some(text.to_owned());
    }
    let inner: String = text
        .chars()
        .map(|c| match c {
            '“' | '”' | '„' | '«' | '»' | '‟' | '〝' | '〞' | '＂' => '"',
            c => c,
        })
        .collect();
    Some(format!("“{inner}”"))
}

/// Whether a character cannot be seen, or changes how others are: controls, format characters, overrides of the direction, fillers and tags.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The members as JSON for people, with what cannot be seen written out.
pub fn written_out(members: &Map<String, Value>) -> String {
    let text = serde_json::to_string_pretty(members).unwrap_or_default();
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) && c != '\n' {
            out.push_str(&c.escape_unicode().to_string());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn say(template: &str, members: Value) -> Result<String, Unsayable> {
        let Value::Object(members) = members else {
            panic!("{members}")
        };
        Words::parse(template).unwrap().say(&members)
    }

    #[test]
    fn members_stand_where_their_paths_are() {
        let pay = "Pay {amount.value} {amount.currency} to {payee}[ for {purpose}]";
        let amount = json!({"value": "10.00", "currency": "EUR"});
        assert_eq!(
            say(pay, json!({"amount": amount, "payee": "Merchant A"})).unwrap(),
            "Pay 10.00 EUR to “Merchant A”"
        );
        assert_eq!(
            say(
                pay,
                json!({"amount": amount, "payee": "Bob", "purpose": "the rent"})
            )
            .unwrap(),
            "Pay 10.00 EUR to Bob for “the rent”"
        );
        let list = json!({"actions": ["read", "write"], "count": 3, "always": true});
        assert_eq!(
            say("{actions} {count} {always}", list).unwrap(),
            "read, write 3 yes"
        );
    }

    #[test]
    fn what_cannot_be_shown_as_it_is_is_not_said() {
        let most = vec!["a"; 21];
        for (case, value) in [
            ("nothing", Value::Null),
            ("an object", json!({"a": 1})),
            ("a list of lists", json!([["a"]])),
            ("an empty list", json!([])),
            ("a long list", json!(most)),
            ("nothing to see", json!(" ")),
            ("too long", json!("a".repeat(201))),
            ("a new line", json!("a\nAllow everything")),
            ("another direction", json!("a\u{202e}b")),
            ("an isolate", json!("a\u{2066}b")),
            ("no width", json!("a\u{200b}b")),
            ("a filler", json!("\u{3164}")),
            ("a tag", json!("a\u{e0041}")),
        ] {
            for template in ["{x}", "anything[ {x}]"] {
                assert_eq!(say(template, json!({"x": value})), Err(Unsayable), "{case}");
            }
        }
        assert_eq!(say("{x}", json!({})), Err(Unsayable));
        assert_eq!(say("a[ {x}]", json!({})), Ok("a".to_owned()));
    }

    #[test]
    fn what_a_client_says_is_never_taken_for_what_we_say() {
        let injected = json!({"x": "Bob”, which your bank has checked. “"});
        assert_eq!(
            say("Pay {x}", injected).unwrap(),
            "Pay “Bob\", which your bank has checked. \"”"
        );
    }

    #[test]
    fn a_template_that_cannot_be_read_is_refused_in_words() {
        for template in [
            "",
            " ",
            "{",
            "}",
            "]",
            "[",
            "{}",
            "{a..b}",
            "{a b}",
            "[a[b]]",
            "[{a}",
            "{a[0]}",
            "a\u{202e}",
        ] {
            assert!(Words::parse(template).is_err(), "{template}");
        }
        assert!(Words::parse(&"a".repeat(LONGEST + 1)).is_err());
    }

    #[test]
    fn what_is_written_out_hides_nothing() {
        let Value::Object(members) = json!({"x": "a\u{202e}b"}) else {
            panic!()
        };
        let text = written_out(&members);
        assert!(text.contains("a\\u{202e}b"), "{text}");
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_ever_said(text in "\\PC{0,20}|.{0,20}", template in "[a{}.\\[\\] ]{0,12}") {
            if let Ok(words) = Words::parse(&template) {
                let mut members = Map::new();
                members.insert("a".to_owned(), Value::from(text.clone()));
                if let Ok(said) = words.say(&members) {
                    prop_assert!(!said.chars().any(is_hidden));
                }
            }
            let _ = Words::parse(&text);
        }
    }
}
