//! Which passwords may be set and which may be tried. Pure.

use crate::people::rules::username_key;

/// Longest password, in bytes: bounds what a stranger can make us hash.
pub const MAX_BYTES: usize = 1024;
/// Shortest password that may be set, in characters (NIST SP 800-63B-4 §3.1.1.2 asks 8 beside another factor).
pub const MIN_CHARACTERS: usize = 8;

/// Why a password may not be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Fewer than [`MIN_CHARACTERS`].
    #[error("a password has at least 8 characters")]
    TooShort,
    /// More than [`MAX_BYTES`].
    #[error("a password has at most 1024 bytes")]
    TooLong,
    /// It is the user name.
    #[error("a password is not the user name")]
    IsUsername,
}

/// Whether `password` may be set for the person called `username`.
///
/// # Errors
/// Why not.
pub fn check_new(username: &str, password: &str) -> Result<(), Unfit> {
    if password.len() > MAX_BYTES {
        return Err(Unfit::TooLong);
    }
    if password.chars().count() < MIN_CHARACTERS {
        return Err(Unfit::TooShort);
    }
    if username_key(password.trim()) == username_key(username) {
        return Err(Unfit::IsUsername);
    }
    Ok(())
}

/// Whether a password can be right at all: 1 to [`MAX_BYTES`] bytes.
pub fn is_worth_trying(password: &str) -> bool {
    (1..=MAX_BYTES).contains(&password.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_password_is_neither_short_nor_endless_nor_the_user_name() {
        assert_eq!(check_new("alice", "short67"), Err(Unfit::TooShort));
        assert_eq!(check_new("alice", "ñññññññ"), Err(Unfit::TooShort));
        assert_eq!(check_new("alice", "ññññññññ"), Ok(()));
        assert_eq!(check_new("a", &"x".repeat(1024)), Ok(()));
        assert_eq!(check_new("a", &"x".repeat(1025)), Err(Unfit::TooLong));
        assert_eq!(
            check_new("alice@example.com", "ALICE@example.com "),
            Err(Unfit::IsUsername)
        );
    }

    proptest! {
        #[test]
        fn what_may_be_set_may_be_tried(username in "\\PC{1,12}", password in "\\PC{0,40}") {
            if check_new(&username, &password).is_ok() {
                prop_assert!(is_worth_trying(&password));
            }
        }
    }
}
