//! Checks the tokens that a measurement got, off the clock: that each has a `jti` of its own, and that signatures are right.

use std::collections::HashSet;

use jose::{Algorithm, JwkSet, KeySet, jwt};
use oauth::claims::AccessToken;
use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::connection::{Connection, get};
use crate::seed::API;
use crate::target::Target;

/// Of the tokens of all rounds but the last, one in so many is verified; of the last, all.
const SAMPLE: usize = 50;

/// What was checked so far.
#[derive(Default)]
pub(crate) struct Tokens {
    seen: HashSet<String>,
    checked: Checked,
}

/// How many.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Checked {
    /// Tokens whose `jti` is unlike that of all others.
    pub(crate) distinct: usize,
    /// Tokens whose signature and claims were verified with the keys of /jwks.
    pub(crate) verified: usize,
}

#[derive(Deserialize)]
struct Named {
    jti: String,
}

impl Tokens {
    /// Checks the tokens of one measurement, each a line.
    pub(crate) async fn check(
        &mut self,
        got: Vec<String>,
        target: &Target,
        whole: bool,
    ) -> Result<(), Failure> {
        let issuer = format!("http://localhost:{}", target.address.port());
        let keys = keys(target).await?;
        let step = if whole { 1 } else { SAMPLE };
        let mut threads = Vec::new();
        for lines in got {
            let (keys, issuer) = (keys.clone(), issuer.clone());
            threads.push(tokio::task::spawn_blocking(move || {
                read(&lines, &keys, &issuer, step)
            }));
        }
        for thread in threads {
            let (names, verified) = thread.await??;
            self.checked.verified += verified;
            for jti in names {
                self.checked.distinct += 1;
                if !self.seen.insert(jti) {
                    return Err("two tokens have the same jti".into());
                }
            }
        }
        Ok(())
    }

    pub(crate) fn checked(&self) -> Checked {
        self.checked
    }
}

/// The identifiers of all, and how many were verified: each `step`-th.
fn read(
    lines: &str,
    keys: &KeySet,
    issuer: &str,
    step: usize,
) -> Result<(Vec<String>, usize), Failure> {
    let policy = jwt::Policy {
        issuer: jwt::Issuer::Is(issuer),
        audience: jwt::Audience::Includes(API),
        algorithms: &[Algorithm::Es256],
        typ: jwt::Type::Is("at+jwt"),
        lifetime: jwt::Lifetime::Expires,
        now: ambient::Ambient::system().now(),
        leeway: 0,
    };
    let (mut names, mut verified) = (Vec::new(), 0);
    for (index, token) in lines.lines().enumerate() {
        let payload = token.split('.').nth(1).ok_or("a token that is no JWT")?;
        let claims: Named = serde_json::from_slice(&jose::base64url::decode(payload)?)?;
        if index % step == 0 {
            jwt::verify::<AccessToken>(token, keys, &policy)?;
            verified += 1;
        }
        names.push(claims.jti);
    }
    Ok((names, verified))
}

/// The server's published keys.
async fn keys(target: &Target) -> Result<KeySet, Failure> {
    let mut connection = Connection::open(target.address).await?;
    let host = format!("localhost:{}", target.address.port());
    let answer = connection.exchange(&get(&host, "/jwks", &[])).await?;
    let text = std::str::from_utf8(answer.body)?;
    Ok(KeySet::from_jwks(&JwkSet::from_json(text)?))
}
