//! As much of HTML as the tests need: elements with their attributes, and forms with what they would send.

use std::collections::BTreeMap;

/// One start tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The name in lower case.
    pub name: String,
    /// The attributes, entities resolved.
    pub attributes: BTreeMap<String, String>,
    /// Where the tag begins in the text.
    pub at: usize,
}

impl Element {
    /// An attribute, or the empty string.
    pub fn get(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

/// A form of a page.
#[derive(Debug, Clone, Default)]
pub struct Form {
    /// Where it is sent.
    pub action: String,
    /// `get` or `post`.
    pub method: String,
    /// What it would send untouched: hidden and prefilled fields, checked boxes, but no button.
    pub fields: Vec<(String, String)>,
    /// Its buttons: id, name, value.
    pub buttons: Vec<(String, String, String)>,
    /// The ids of its fields with their names.
    pub ids: BTreeMap<String, String>,
}

/// Every start tag of the text, in order; comments are skipped.
pub fn elements(html: &str) -> Vec<Element> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = html[at..].find('<').map(|offset| at + offset) {
        let rest = &html[open + 1..];
        if rest.starts_with("!--") {
            at = rest
                .find("-->")
                .map_or(html.len(), |end| open + 1 + end + 3);
            continue;
        }
        let name: String = rest
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect();
        if name.is_empty() {
            at = open + 1;
            continue;
        }
        let (attributes, length) = attributes(&rest[name.len()..]);
        at = open + 1 + name.len() + length;
        found.push(Element {
            name: name.to_lowercase(),
            attributes,
            at: open,
        });
    }
    found
}

/// The forms of a page.
pub fn forms(html: &str) -> Vec<Form> {
    let elements = elements(html);
    let mut forms: Vec<Form> = Vec::new();
    let mut ends = Vec::new();
    for element in &elements {
        if element.name == "form" {
            let method = element.get("method").to_lowercase();
            forms.push(Form {
                action: element.get("action").to_owned(),
                method: if method.is_empty() {
                    "get".into()
                } else {
                    method
                },
                ..Form::default()
            });
            let end = html[element.at..].find("</form").unwrap_or(usize::MAX);
            ends.push(element.at.saturating_add(end));
            continue;
        }
        let (Some(form), Some(end)) = (forms.last_mut(), ends.last()) else {
            continue;
        };
        if element.at < *end {
            add(form, element);
        }
    }
    forms
}

fn add(form: &mut Form, element: &Element) {
    let (name, value) = (element.get("name"), element.get("value"));
    let kind = element.get("type");
    let button = element.name == "button" || matches!(kind, "submit" | "button");
    if button {
        let id = element.get("id").to_owned();
        form.buttons.push((id, name.to_owned(), value.to_owned()));
    } else if matches!(element.name.as_str(), "input" | "textarea" | "select") && !name.is_empty() {
        form.ids
            .insert(element.get("id").to_owned(), name.to_owned());
        let boxed = matches!(kind, "checkbox" | "radio");
        if !boxed || element.attributes.contains_key("checked") {
            let value = if boxed && value.is_empty() {
                "on"
            } else {
                value
            };
            form.fields.push((name.to_owned(), value.to_owned()));
        }
    }
}

fn attributes(text: &str) -> (BTreeMap<String, String>, usize) {
    let mut found = BTreeMap::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        while bytes
            .get(at)
            .is_some_and(|b| b.is_ascii_whitespace() || *b == b'/')
        {
            at += 1;
        }
        match bytes.get(at) {
            None | Some(b'>') => return (found, (at + 1).min(text.len())),
            Some(_) => {}
        }
        let end = text[at..]
            .find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/'))
            .map_or(text.len(), |offset| at + offset);
        let name = text[at..end].to_lowercase();
        at = end.max(at + 1).min(text.len());
        let mut value = String::new();
        if bytes.get(end) == Some(&b'=') {
            at = end + 1;
            let (open, close) = match bytes.get(at) {
                Some(b'"') => (1, '"'),
                Some(b'\'') => (1, '\''),
                _ => (0, ' '),
            };
            let start = at + open;
            let length = text[start..]
                .find(|c: char| c == close || open == 0 && (c == '>' || c.is_whitespace()))
                .unwrap_or(text.len() - start);
            value = unescape(&text[start..start + length]);
            at = (start + length + open).min(text.len());
        }
        found.insert(name, value);
    }
}

/// Resolves the entities that a template engine writes.
pub fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').unwrap_or(0);
        let entity = rest.get(1..end.max(1)).unwrap_or_default();
        let number = entity.strip_prefix('#').and_then(|digits| {
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)
        });
        let resolved = match entity {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => number,
        };
        match resolved {
            Some(c) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[test]
fn a_form_sends_what_a_browser_would_send() {
    let html = r#"<!-- <form> --><form method="POST" action="/login?a=1&amp;b=2">
        <input type=hidden name=token value="x&#39;y"><input id="username" name="username" autofocus/>
        <input type="checkbox" name="on" checked><input type="checkbox" name="off">
        <button id="sign-in" name="go" value="1">Go</button></form><input name="outside">"#;
    let forms = forms(html);
    assert_eq!(forms.len(), 1);
    let form = &forms[0];
    assert_eq!(
        (form.method.as_str(), form.action.as_str()),
        ("post", "/login?a=1&b=2")
    );
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        form.fields,
        [pair("token", "x'y"), pair("username", ""), pair("on", "on")]
    );
    assert_eq!(form.ids["username"], "username");
    assert_eq!(form.buttons, [("sign-in".into(), "go".into(), "1".into())]);
}
