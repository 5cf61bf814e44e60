//! Proving a key with each request (RFC 9449), and the nonces that servers ask for.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use ambient::Ambient;
use jose::SigningKey;
use oauth::dpop::{self, NONCE_HEADER};
use oauth::{ErrorResponse, challenge};
use url::Url;

use crate::Error;

/// Servers whose nonces are remembered at most.
const SERVERS: usize = 64;

/// The key of a client, and the last nonce of each server (§8.2, §9). Clones share both.
#[derive(Clone)]
pub(crate) struct Dpop(Arc<Inner>);

struct Inner {
    key: Arc<SigningKey>,
    jkt: String,
    nonces: Mutex<HashMap<String, String>>,
}

impl Dpop {
    pub(crate) fn new(key: Arc<SigningKey>) -> Result<Self, Error> {
        let unusable = |_| Error::Incomplete("the key for DPoP is not a private asymmetric key");
        let jkt = key.public_jwk().map_err(unusable)?.thumbprint();
        if !dpop::ALGORITHMS.contains(&key.algorithm()) {
            return Err(Error::Incomplete(
                "the key for DPoP is of another algorithm than proofs have",
            ));
        }
        Ok(Self(Arc::new(Inner {
            key,
            jkt,
            nonces: Mutex::default(),
        })))
    }

    /// The thumbprint of the key, as `dpop_jkt` names it (§10).
    pub(crate) fn jkt(&self) -> &str {
        &self.0.jkt
    }

    /// A proof for one request, and the nonce in it.
    pub(crate) fn proof(
        &self,
        ambient: &Ambient,
        (method, url): (&str, &str),
        token: Option<&str>,
    ) -> Result<(String, Option<String>), Error> {
        let nonce = self.nonces().get(&server(url)).cloned();
        let made = dpop::make(
            &self.0.key,
            (method, url),
            token,
            nonce.as_deref(),
            (&ambient.id(), ambient.now()),
        );
        made.map(|proof| (proof, nonce))
            .map_err(|_| Error::Incomplete("no DPoP proof can be made for it"))
    }

    /// Remembers the nonce that an answer offers; `true` when the server wants it instead of the one that was used, so that the request is worth
    /// repeating.
    pub(crate) fn learn(&self, url: &str, used: Option<&str>, answer: &fetch::Response) -> bool {
        let Some(nonce) = answer.header(NONCE_HEADER) else {
            return false;
        };
        let mut nonces = self.nonces();
        let server = server(url);
        if nonces.len() >= SERVERS && !nonces.contains_key(&server) {
            nonces.clear();
        }
        nonces.insert(server, nonce.to_owned());
        used != Some(nonce) && wants_nonce(answer)
    }

    fn nonces(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.0.nonces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Dpop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dpop")
            .field("jkt", &self.0.jkt)
            .finish_non_exhaustive()
    }
}

/// The origin of an address: nonces are for a server (§8.2).
fn server(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.origin().ascii_serialization())
}

/// Whether the answer is `use_dpop_nonce`: in the body of a token endpoint (§8) or in the challenge of an API (§9).
fn wants_nonce(answer: &fetch::Response) -> bool {
    const CODE: &str = "use_dpop_nonce";
    match answer.status.as_u16() {
        400 => serde_json::from_slice::<ErrorResponse>(&answer.body)
            .is_ok_and(|error| error.error == CODE),
        401 => answer
            .headers
            .get_all("www-authenticate")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(challenge::parse)
            .any(|challenge| {
                challenge.scheme.eq_ignore_ascii_case("DPoP")
                    && challenge.get("error") == Some(CODE)
            }),
        _ => false,
    }
}
