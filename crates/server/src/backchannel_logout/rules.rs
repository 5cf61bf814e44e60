//! What an answer to a logout token means (OpenID Connect Back-Channel Logout §2.8).

/// How long a logout token is good for, in seconds (§2.4 advises two minutes at most).
pub const LIFETIME: i64 = 120;

/// What a client answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It has heard.
    Yes,
    /// It does not want to: asking again would change nothing.
    Refused(u16),
    /// It could not, for this reason, and may be able to later.
    Later(String),
}

/// What a status means. 400 and 501 are what a client says that has looked at the token; everything else that is not a success may come from what stands before
/// a client that is just down, or being put in place.
pub fn heard(status: u16) -> Heard {
    match status {
        200..=299 => Heard::Yes,
        400 | 501 => Heard::Refused(status),
        _ => Heard::Later(format!("status {status}")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn only_who_has_looked_at_the_token_can_refuse_it() {
        for status in 100..600 {
            let wanted = match status {
                200..300 => Heard::Yes,
                400 | 501 => Heard::Refused(status),
                _ => Heard::Later(format!("status {status}")),
            };
            assert_eq!(heard(status), wanted);
        }
    }
}
