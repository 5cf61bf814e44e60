//! What people read about a client, in a language of theirs where it has registered it (RFC 7591 §2.2, OpenID Connect Registration §2.1).

use axum::http::{HeaderMap, header};
use realm::Client;

/// How many languages of a browser are looked at.
const LANGUAGES: usize = 10;

/// A client as somebody reads of it.
#[derive(Clone, Debug)]
pub(crate) struct Described<'a> {
    client: &'a Client,
    languages: Vec<&'a str>,
}

impl<'a> Described<'a> {
    /// As somebody reads of it with these `ui_locales`, or else with this browser.
    pub(crate) fn to(client: &'a Client, asked: &'a [String], headers: &'a HeaderMap) -> Self {
        let languages = languages(asked, headers);
        Self { client, languages }
    }

    fn of(&self, member: &str) -> Option<&'a str> {
        self.client.localized.best(member, &self.languages)
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &'a str {
        self.of("client_name").unwrap_or(self.client.display_name())
    }

    /// Its site.
    pub(crate) fn site(&self) -> Option<&'a str> {
        self.of("client_uri").or(self.client.client_uri.as_deref())
    }

    /// What it does with what it is told.
    pub(crate) fn policy(&self) -> Option<&'a str> {
        self.of("policy_uri").or(self.client.policy_uri.as_deref())
    }

    /// Its terms.
    pub(crate) fn terms(&self) -> Option<&'a str> {
        self.of("tos_uri").or(self.client.tos_uri.as_deref())
    }

    /// The language of the logo that fits, if it has one in a language.
    pub(super) fn logo_language(&self) -> Option<&'a str> {
        self.client.localized.language("logo_uri", &self.languages)
    }
}

/// The languages of the person, the best first: as the request says, else as the browser does (RFC 9110 §12.5.4).
fn languages<'a>(asked: &'a [String], headers: &'a HeaderMap) -> Vec<&'a str> {
    if !asked.is_empty() {
        return asked.iter().map(String::as_str).collect();
    }
    let accepted = headers.get(header::ACCEPT_LANGUAGE);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    let ranges = accepted.unwrap_or_default().split(',').take(LANGUAGES);
    let mut weighed: Vec<(&str, u16)> = ranges.filter_map(weighed).collect();
    // Those of one weight stay in their order.
    weighed.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    weighed.into_iter().map(|(range, _)| range).collect()
}

/// A range with its weight in thousandths; `None` for one that is refused.
fn weighed(part: &str) -> Option<(&str, u16)> {
    let (range, rest) = part.split_once(';').unwrap_or((part, ""));
    let weight = match rest.trim().strip_prefix("q=") {
        None => 1000,
        Some(text) => weight(text)?,
    };
    let range = range.trim();
    (!range.is_empty() && weight > 0).then_some((range, weight))
}

/// A weight of RFC 9110 §12.4.2, in thousandths.
fn weight(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fits = fraction.len() <= 3 && fraction.bytes().all(|b| b.is_ascii_digit());
    let thousandths = format!("{fraction:0<3}").parse().ok().filter(|_| fits)?;
    match whole {
        "0" => Some(thousandths),
        "1" => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_request_comes_before_the_browser_and_the_heaviest_first() {
        for (accepted, expected) in [
            ("de-CH, fr;q=0.5, en;q=0.8", vec!["de-CH", "en", "fr"]),
            (
                "en;q=0.1,fr ; q=0.25,de;q=0.3,it",
                vec!["it", "de", "fr", "en"],
            ),
            ("fr, de;q=0, it;q=0.000, es;q=1.0", vec!["fr", "es"]),
            ("fr;q=x, de;q=2, it;q=0.1234, es;q=.", vec![]),
            (", ;q=1, *;q=0.1", vec!["*"]),
            ("", vec![]),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(accepted));
            assert_eq!(languages(&[], &headers), expected, "{accepted}");
            let asked = ["ja".to_owned()];
            assert_eq!(languages(&asked, &headers), ["ja"]);
        }
    }
}
