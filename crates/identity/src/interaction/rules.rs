//! Where an interaction may lead, and how long its text may be. Pure.

/// Longest sealed interaction that travels in a URL, in characters; longer ones are stored.
pub const SEALED_MAX: usize = 4096;
/// Longest request that travels in any case, in bytes of JSON: as base64url with its times, its browser, nonce and tag it stays below [`SEALED_MAX`].
pub const TRAVELS_MAX: usize = 2900;
/// Longest interaction that is accepted at all, in bytes of JSON.
pub const DOCUMENT_MAX: usize = 64 * 1024;
/// Marks a token that names a stored interaction. Not in the alphabet of base64url, so a sealed one never begins with it.
pub const STORED_PREFIX: &str = "s.";

/// Whether `path` is a path on this origin and nothing else: printable ASCII, a single slash first, no backslash (browsers read it as a
/// slash), no fragment.
pub fn is_local_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= 2048
        && path
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'#'))
}

/// `path` with `interaction=token` added to its query.
pub fn with_interaction(path: &str, token: &str) -> String {
    let separator = if path.contains('?') { '&' } else { '?' };
    format!("{path}{separator}interaction={token}")
}

/// Whether `token` has a form that [`super::begin`] makes.
pub fn is_well_formed(token: &str) -> bool {
    let body = token.strip_prefix(STORED_PREFIX).unwrap_or(token);
    !body.is_empty()
        && body.len() <= SEALED_MAX
        && body
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_paths_on_this_origin_are_resumed() {
        for bad in [
            "",
            "authorize",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example",
            "/a\r\nLocation: x",
            "/a b",
            "/a#b",
            "javascript:alert(1)",
            "/\t/evil.example",
        ] {
            assert!(!is_local_path(bad), "{bad:?}");
        }
        assert!(is_local_path("/authorize/continue"));
        assert!(is_local_path("/account?tab=1"));
    }

    #[test]
    fn the_token_joins_a_query_that_is_there() {
        assert_eq!(with_interaction("/a", "t"), "/a?interaction=t");
        assert_eq!(with_interaction("/a?b=c", "t"), "/a?b=c&interaction=t");
    }

    proptest! {
        #[test]
        fn a_local_path_stays_on_the_origin(path in "[/\\\\a-z:.?#@]{0,12}") {
            if is_local_path(&path) {
                let origin = url::Url::parse("https://login.example").unwrap();
                prop_assert_eq!(origin.join(&path).unwrap().origin(), origin.origin());
            }
        }
    }
}
