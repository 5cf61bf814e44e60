//! A password as it is stored: an Argon2id hash, and what making one costs.

use std::fmt;

use ambient::Entropy;
use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use base64ct::{Base64Unpadded, Encoding};

/// What hashing a password costs. Argon2id, version 0x13, with one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB, at least 8.
    pub memory_kib: u32,
    /// Passes over the memory, at least 1.
    pub passes: u32,
}

impl Cost {
    /// 19 MiB and two passes, as OWASP's password storage cheat sheet names for Argon2id: about 14 ms of one core.
    pub const DEFAULT: Self = Self {
        memory_kib: 19 * 1024,
        passes: 2,
    };

    /// Next to nothing, for tests that sign in hundreds of times.
    pub const TEST: Self = Self {
        memory_kib: 8,
        passes: 1,
    };

    fn params(self) -> Params {
        // Out of range falls back to the library's default, which is `DEFAULT`: never to something weaker by accident.
        Params::new(self.memory_kib, self.passes, 1, None).unwrap_or(Params::DEFAULT)
    }
}

impl Default for Cost {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A hashed password as a PHC string. What it was made from cannot be had back, but it can be guessed at: never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes over a hash made elsewhere, for importers: an Argon2 PHC string whose cost is at most 256 MiB and 16 passes (a stranger's sign-in
    /// pays for it). `None` for anything else.
    pub fn import(phc_string: &str) -> Option<Self> {
        let parsed = phc::PasswordHash::new(phc_string).ok()?;
        let params = Params::try_from(&parsed).ok()?;
        let bounded =
            params.m_cost() <= 256 * 1024 && params.t_cost() <= 16 && params.p_cost() <= 16;
        let known = Algorithm::try_from(parsed.algorithm.as_str()).is_ok();
        (known && bounded && parsed.salt.is_some() && parsed.hash.is_some())
            .then(|| Self(phc_string.to_owned()))
    }

    /// What is stored.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn from_stored(stored: &str) -> Self {
        Self(stored.to_owned())
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Hashes on the calling thread; `None` only if the memory cannot be had.
pub(crate) fn hash(password: &[u8], cost: Cost, entropy: &Entropy) -> Option<PasswordHash> {
    let salt = entropy.bytes::<16>();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.params())
        .hash_password_with_salt(password, &salt)
        .ok()
        .map(|hash| PasswordHash(hash.to_string()))
}

/// A hash that no password is known for, against which the passwords of unknown people are checked: random bytes in the place of the output
/// cost as much to compare with as a real one, and nothing to make.
pub(crate) fn dummy(cost: Cost, entropy: &Entropy) -> PasswordHash {
    let encode = |bytes: &[u8]| Base64Unpadded::encode_string(bytes);
    let params = cost.params();
    PasswordHash(format!(
        "$argon2id$v=19$m={},t={},p=1${}${}",
        params.m_cost(),
        params.t_cost(),
        encode(&entropy.bytes::<16>()),
        encode(&entropy.bytes::<32>()),
    ))
}

/// Whether `password` is what `stored` was made from. A string that cannot be read matches nothing.
pub(crate) fn matches(password: &[u8], stored: &PasswordHash) -> bool {
    Argon2::default()
        .verify_password(password, stored.as_str())
        .is_ok()
}

/// Whether a hash was made another way than today's: it is made anew at the next sign-in, when the password is known.
pub(crate) fn needs_rehash(stored: &PasswordHash, cost: Cost) -> bool {
    let Ok(parsed) = phc::PasswordHash::new(stored.as_str()) else {
        return true;
    };
    let Ok(params) = Params::try_from(&parsed) else {
        return true;
    };
    let today = cost.params();
    parsed.algorithm.as_str() != Algorithm::Argon2id.as_str()
        || parsed.version != Some(Version::V0x13.into())
        || params.m_cost() != today.m_cost()
        || params.t_cost() != today.t_cost()
        || params.p_cost() != today.p_cost()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn a_hash_is_an_argon2id_phc_string_and_matches_only_its_password() {
        let made = hash(b"correct horse", Cost::TEST, &Entropy::seeded(1)).unwrap();
        assert!(made.as_str().starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
        assert!(matches(b"correct horse", &made));
        assert!(!matches(b"correct horsf", &made));
        assert!(!matches(b"", &made));
        assert_eq!(format!("{made:?}"), "PasswordHash(…)");
    }

    #[test]
    fn the_default_cost_is_what_the_documentation_says() {
        let made = hash(b"x", Cost::DEFAULT, &Entropy::seeded(1)).unwrap();
        assert!(made.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    }

    #[test]
    fn a_hash_of_another_cost_or_kind_is_made_anew() {
        let made = hash(b"x", Cost::TEST, &Entropy::seeded(1)).unwrap();
        assert!(!needs_rehash(&made, Cost::TEST));
        assert!(needs_rehash(&made, Cost::DEFAULT));
        let other = PasswordHash::from_stored(&made.as_str().replace("argon2id", "argon2i"));
        assert!(needs_rehash(&other, Cost::TEST));
        assert!(needs_rehash(&PasswordHash::from_stored("junk"), Cost::TEST));
    }

    #[test]
    fn the_dummy_is_read_like_a_real_hash_and_costs_the_same() {
        let dummy = dummy(Cost::TEST, &Entropy::seeded(1));
        assert!(PasswordHash::import(dummy.as_str()).is_some());
        assert!(!needs_rehash(&dummy, Cost::TEST));
        assert!(!matches(b"", &dummy));
    }

    #[test]
    fn an_imported_hash_is_bounded_in_cost() {
        let good = hash(b"x", Cost::TEST, &Entropy::seeded(1)).unwrap();
        assert!(PasswordHash::import(good.as_str()).is_some());
        assert!(PasswordHash::import(&good.as_str().replace("m=8", "m=4194304")).is_none());
        assert!(PasswordHash::import("$2b$10$abcdefghijklmnopqrstuv").is_none());
        assert!(PasswordHash::import("").is_none());
    }

    #[test]
    fn nothing_matches_a_stored_string_that_cannot_be_read() {
        for junk in [
            "",
            "$argon2id$",
            "plain",
            "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ",
        ] {
            assert!(!matches(b"", &PasswordHash::from_stored(junk)));
            assert!(!matches(b"plain", &PasswordHash::from_stored(junk)));
        }
    }
}
