//! Which form of the answer the caller wants (RFC 9701 §4, RFC 9110 §12.5.1).

/// The media type of an answer that is a JWT, without `application/`; also its `typ`.
pub const JWT: &str = "token-introspection+jwt";

/// Whether the `Accept` headers ask for the answer as a JWT: they name its type, and do not like plain JSON better. What only a wildcard covers is
/// answered with plain JSON, which is what every caller of RFC 7662 reads. Of what cannot be read nothing is taken.
pub fn wants_jwt<'a>(accept: impl Iterator<Item = &'a str>) -> bool {
    let (mut jwt, mut json) = (0, 0);
    for range in accept.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        let wanted = match kind.split_once('/') {
            Some((kind, name)) if kind.eq_ignore_ascii_case("application") => {
                if name.eq_ignore_ascii_case(JWT) {
                    &mut jwt
                } else if name.eq_ignore_ascii_case("json") {
                    &mut json
                } else {
                    continue;
                }
            }
            _ => continue,
        };
        let quality = parts
            .find_map(|parameter| {
                parameter
                    .strip_prefix("q=")
                    .or(parameter.strip_prefix("Q="))
            })
            .map_or(Some(1000), thousandths);
        *wanted = quality.unwrap_or(0).max(*wanted);
    }
    jwt > 0 && jwt >= json
}

/// A weight: `0`, `1`, and up to three digits behind a dot.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, part) = weight.split_once('.').unwrap_or((weight, ""));
    if part.len() > 3 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part: u16 = format!("{part:0<3}").parse().ok()?;
    match (whole, part) {
        ("0", part) => Some(part),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn only_who_names_the_type_gets_a_jwt() {
        for (accept, jwt) in [
            ("application/token-introspection+jwt", true),
            ("Application/Token-Introspection+JWT; q=0.5", true),
            (
                "application/token-introspection+jwt, application/json;q=0.9",
                true,
            ),
            (
                "application/json, application/token-introspection+jwt;q=0.9",
                false,
            ),
            (
                "text/html, application/token-introspection+jwt;q=0.001",
                true,
            ),
            ("application/token-introspection+jwt;q=0", false),
            ("application/token-introspection+jwt;q=0.0000", false),
            ("application/token-introspection+jwt;q=1.5", false),
            ("application/token-introspection+jwt;q=-1", false),
            ("application/token-introspection+jwt;q=ä", false),
            ("*/*", false),
            ("application/*", false),
            ("application/jwt", false),
            ("application/token-introspection+jwtx", false),
            ("token-introspection+jwt", false),
            ("", false),
            (",;,q=1;;/", false),
        ] {
            assert_eq!(wants_jwt([accept].into_iter()), jwt, "{accept}");
        }
        let several = [
            "application/json;q=0.2",
            "application/token-introspection+jwt;q=0.3",
        ];
        assert!(wants_jwt(several.into_iter()));
    }
}
