//! People: who they are, how they sign in, and how long they stay signed in.
//!
//! - [`people`]: user names, profiles, groups; what the command line and the admin API do with them.
//! - [`methods`]: the ways to sign in; a password is the first.
//! - [`session`]: that a browser belongs to someone.
//! - [`interaction`]: what a browser is in the middle of meanwhile.
//! - [`router`]: the pages at `/login`.

mod digest;
mod error;
mod events;
pub mod interaction;
pub mod methods;
mod password_hash;
pub mod people;
pub mod session;
mod sign_in;

use std::sync::Arc;

use ambient::Ambient;
use secrecy::SecretString;

pub use error::Error;
pub use interaction::Interaction;
pub use methods::password::{Pool, PoolOptions};
pub use password_hash::{Cost, PasswordHash};
pub use people::{Details, Person, Profile};
pub use session::Session;
pub use sign_in::{LimitOptions, PasswordCheck, Rate, router};

/// What the operator may say about signing in.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How passwords are hashed.
    pub passwords: PoolOptions,
    /// How often a sign-in may be tried.
    pub limits: LimitOptions,
    /// Origins (`scheme://host[:port]`) that count as our own though the `Host` header may not say so: the issuers', behind a proxy that rewrites it.
    pub trusted_origins: Vec<String>,
}

impl Options {
    /// Cheap hashes and hardly any limits, for tests that sign in hundreds of times. Never for real people.
    pub fn for_tests() -> Self {
        let many = Rate {
            burst: 100_000,
            seconds_each: 1,
        };
        Self {
            passwords: PoolOptions {
                cost: Cost::TEST,
                ..PoolOptions::default()
            },
            limits: LimitOptions {
                per_name_and_address: many,
                per_address: many,
            },
            trusted_origins: Vec::new(),
        }
    }
}

/// What a process needs to sign people in, whatever their realm: the password pool and the limits.
pub struct Identity {
    passwords: Pool,
    limits: sign_in::Limits,
    trusted_origins: Vec<String>,
}

impl Identity {
    /// Makes the pool and the limits; starts nothing.
    pub fn new(options: Options, ambient: &Ambient) -> Arc<Self> {
        Arc::new(Self {
            passwords: Pool::new(options.passwords, ambient.entropy.clone()),
            limits: sign_in::Limits::new(options.limits, &ambient.clock),
            trusted_origins: options.trusted_origins,
        })
    }

    /// Hashes a password that is to be set for the person called `username`.
    ///
    /// # Errors
    /// [`Error::Unfit`] when it may not be set, [`Error::Busy`] when too many wait.
    pub async fn hash_password(
        &self,
        username: &str,
        password: SecretString,
    ) -> Result<PasswordHash, Error> {
        Ok(self.passwords.set(username, password).await?)
    }

    /// The password pool.
    pub fn passwords(&self) -> &Pool {
        &self.passwords
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// The statements that delete what has expired, for [`realm::Node::sweep`].
pub fn sweeps() -> [&'static db::Stmt; 2] {
    [
        &session::sql::SWEEP_SESSIONS,
        &interaction::sql::SWEEP_INTERACTIONS,
    ]
}

/// Every statement of this crate, so that a test prepares them on both engines.
pub fn statements() -> Vec<&'static db::Stmt> {
    [
        people::sql::STATEMENTS,
        session::sql::STATEMENTS,
        interaction::sql::STATEMENTS,
    ]
    .concat()
}
