use url::{Host, Url};

use super::WELL_KNOWN;

/// The longest identifier, in bytes.
const LONGEST: usize = 255;

/// Whether a text identifies an entity (§1.2): an https address with a host, without query, fragment and user, in one spelling only, so that two texts never
/// name the same entity. A slash at the end of a path is the identifier's own. With `loopback`, also http to this machine, for development.
pub fn is_entity_id(text: &str, loopback: bool) -> bool {
    let odd =
        |byte: u8| !byte.is_ascii_graphic() || matches!(byte, b'#' | b'?' | b'\\' | b'@' | b'"');
    if text.len() > LONGEST || text.bytes().any(odd) {
        return false;
    }
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let normal = url.as_str() == text || url.as_str().strip_suffix('/') == Some(text);
    let local = match url.host() {
        Some(Host::Domain(name)) => {
            if name.ends_with('.') {
                return false;
            }
            name == "localhost"
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    let secure = url.scheme() == "https";
    normal && (secure || (loopback && local && url.scheme() == "http"))
}

/// Where the configuration of an entity is (§9.1).
pub fn configuration_url(id: &str) -> String {
    format!("{}{WELL_KNOWN}", id.strip_suffix('/').unwrap_or(id))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn an_entity_has_one_spelling() {
        for right in [
            "https://rp.example",
            "https://rp.example/",
            "https://rp.example/a/b",
            "https://rp.example:8443/a/",
        ] {
            assert!(is_entity_id(right, false), "{right}");
        }
        for wrong in [
            "",
            "rp.example",
            "http://rp.example",
            "http://127.0.0.1:80/a",
            "HTTPS://rp.example",
            "https://RP.example",
            "https://rp.example:443/a",
            "https://rp.example./a",
            "https://rp.example/a?b",
            "https://rp.example?",
            "https://rp.example#",
            "https://rp.example/a#b",
            "https://u@rp.example/",
            "https://rp.example/a/../b",
            "https://rp.example/%2e/b",
            "https://rp.example\\a",
            "https://rp.example/a b",
            "https://rp.example/a\n",
            "https://bücher.example",
            "https:///a",
            "javascript://rp.example",
        ] {
            assert!(!is_entity_id(wrong, false), "{wrong}");
        }
        assert!(is_entity_id("http://127.0.0.1:8123/a", true));
        assert!(!is_entity_id("http://10.0.0.1/a", true));
        assert!(!is_entity_id(
            &format!("https://rp.example/{}", "x".repeat(255)),
            false
        ));
    }

    #[test]
    fn the_configuration_is_below_the_identifier() {
        for id in ["https://rp.example/a", "https://rp.example/a/"] {
            assert_eq!(
                configuration_url(id),
                "https://rp.example/a/.well-known/openid-federation"
            );
        }
    }
}
