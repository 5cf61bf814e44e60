//! Checks the tokens that a measurement got, off the clock: that each has a `jti` of its own, and that its signature and claims are right.

use std::collections::HashSet;

use jose::{Algorithm, JwkSet, KeySet, jwt};
use oauth::claims::AccessToken;

use crate::Failure;
use crate::connection::{Connection, get};
use crate::seed::API;
use crate::target::Target;

/// What was checked so far.
#[derive(Default)]
pub(crate) struct Tokens {
    seen: HashSet<String>,
}

impl Tokens {
    /// Checks the tokens of one measurement, each a line.
    pub(crate) async fn check(&mut self, got: Vec<String>, target: &Target) -> Result<(), Failure> {
        let issuer = format!("http://localhost:{}", target.address.port());
        let keys = keys(target).await?;
        let mut threads = Vec::new();
        for lines in got {
            let (keys, issuer) = (keys.clone(), issuer.clone());
            threads.push(tokio::task::spawn_blocking(move || {
                read(&lines, &keys, &issuer)
            }));
        }
        for thread in threads {
            for jti in thread.await?? {
                if !self.seen.insert(jti) {
                    return Err("two tokens have the same jti".into());
                }
            }
        }
        Ok(())
    }

    /// How many were checked: each was verified, and no two are the same.
    pub(crate) fn checked(&self) -> usize {
        self.seen.len()
    }
}

/// Verifies all, and gives their identifiers.
fn read(lines: &str, keys: &KeySet, issuer: &str) -> Result<Vec<String>, Failure> {
    let policy = jwt::Policy {
        issuer: jwt::Issuer::Is(issuer),
        audience: jwt::Audience::Includes(API),
        algorithms: &[Algorithm::Es256],
        typ: jwt::Type::Is("at+jwt"),
        lifetime: jwt::Lifetime::Expires,
        now: ambient::Ambient::system().now(),
        leeway: 0,
    };
    let verify = |token: &str| {
        Ok(jwt::verify::<AccessToken>(token, keys, &policy)?
            .jti
            .clone())
    };
    lines.lines().map(verify).collect()
}

/// The server's published keys.
async fn keys(target: &Target) -> Result<KeySet, Failure> {
    let mut connection = Connection::open(target.address).await?;
    let host = format!("localhost:{}", target.address.port());
    let answer = connection.exchange(&get(&host, "/jwks", &[])).await?;
    let text = std::str::from_utf8(answer.body)?;
    Ok(KeySet::from_jwks(&JwkSet::from_json(text)?))
}
