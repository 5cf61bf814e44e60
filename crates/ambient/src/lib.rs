//! What a program takes from its surroundings: the time and randomness. Both are values that are passed down, so that a test can hold the
//! clock still and seed the randomness. Nothing else in the workspace may ask the system for either (clippy.toml).

mod clock;
mod entropy;

pub use clock::Clock;
pub use entropy::Entropy;

/// The clock and the randomness of one process (or of one test).
#[derive(Clone, Debug)]
pub struct Ambient {
    /// Where the time comes from.
    pub clock: Clock,
    /// Where randomness comes from.
    pub entropy: Entropy,
}

impl Ambient {
    /// The operating system's clock and randomness.
    pub fn system() -> Self {
        Self {
            clock: Clock::System,
            entropy: Entropy::System,
        }
    }

    /// A clock that stands at `now` (unix seconds) until it is advanced, and randomness that repeats for the same `seed`. For tests only:
    /// whoever knows the seed knows every secret.
    pub fn manual(now: i64, seed: u64) -> Self {
        Self {
            clock: Clock::manual(now),
            entropy: Entropy::seeded(seed),
        }
    }

    /// The time, in whole seconds since 1970-01-01 UTC.
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// 256 random bits as 43 characters of base64url: codes, cookies, secrets.
    pub fn token(&self) -> String {
        use base64ct::{Base64UrlUnpadded, Encoding};
        Base64UrlUnpadded::encode_string(&self.entropy.bytes::<32>())
    }

    /// A new identifier: a UUID of version 7, so that identifiers sort by the time they were made (RFC 9562 §5.7). Not a secret.
    pub fn id(&self) -> String {
        let random = self.entropy.public_bytes::<10>();
        let millis = self.clock.now_millis();
        uuid::Builder::from_unix_timestamp_millis(millis, &random)
            .into_uuid()
            .hyphenated()
            .to_string()
    }
}
