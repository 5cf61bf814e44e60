use std::str::FromStr;

use x509_cert::name::RdnSequence;

/// A distinguished name as RFC 4514 writes it, in the one form in which names are compared: types by their short names, no space around separators.
/// `None` when the text is not one.
pub fn distinguished_name(text: &str) -> Option<String> {
    let parts: Vec<&str> = separated(text);
    let name = RdnSequence::from_str(&parts.join(",")).ok()?;
    (!name.is_empty()).then(|| name.to_string())
}

/// The parts between commas, without the space that RFC 2253 allowed around them.
fn separated(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, character) in text.char_indices() {
        if character == ',' && !escaped {
            parts.push(&text[start..at]);
            start = at + 1;
        }
        escaped = character == '\\' && !escaped;
    }
    parts.push(&text[start..]);
    parts.into_iter().map(str::trim_start).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::distinguished_name;

    #[test]
    fn names_are_compared_in_one_form() {
        let name = distinguished_name("CN=service.example,O=Acme,C=DE").unwrap();
        assert_eq!(
            distinguished_name("cn=service.example, o=Acme, c=DE"),
            Some(name.clone())
        );
        assert_eq!(
            distinguished_name("2.5.4.3=service.example,O=Acme,C=DE"),
            Some(name.clone())
        );
        assert_ne!(
            distinguished_name("C=DE,O=Acme,CN=service.example"),
            Some(name.clone())
        );
        assert_ne!(
            distinguished_name("CN=service.example,O=acme,C=DE"),
            Some(name)
        );
        let escaped = distinguished_name("CN=a\\, b,O=c").unwrap();
        assert_ne!(Some(escaped), distinguished_name("CN=a, b,O=c"));
    }

    #[test]
    fn what_is_no_name_is_none() {
        for text in ["", "service.example", "=x", "CN", "nonsense=x,CN=y", ","] {
            assert_eq!(distinguished_name(text), None, "{text}");
        }
    }
}
