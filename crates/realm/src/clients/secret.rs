use std::fmt;

use ambient::Ambient;
use jose::Algorithm;
use oauth::client_auth::Method;
use zeroize::Zeroizing;

use super::Client;
use crate::error::Invalid;
use crate::tenant::Realm;

const PURPOSE: &str = "client_secret";
const SEALED: &str = "client_secret_jwt";
/// What generated secrets begin with, so that scanners for leaked secrets recognise them.
const PREFIX: &str = "gsec_";

/// The MAC of a client's secret. `Debug` hides it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretHash(pub(super) [u8; 32]);

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A client's secret that can be recovered, sealed. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(pub(super) String);

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The secret of a client that is being made. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// None: a public client.
    None,
    /// A new one of 256 bits, which is shown once.
    Generate,
    /// This one: 12 to 512 characters of visible ASCII.
    Given(String),
}

/// What happens to the secret of a client that is being changed. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretChange {
    /// It stays.
    Keep,
    /// The client has none afterwards.
    Remove,
    /// A new one, which is shown once; the old one is void at once.
    Generate,
    /// This one.
    Given(String),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Generate => "Generate",
            Self::Given(_) => "Given(…)",
        })
    }
}

impl fmt::Debug for SecretChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keep => "Keep",
            Self::Remove => "Remove",
            Self::Generate => "Generate",
            Self::Given(_) => "Given(…)",
        })
    }
}

/// A new secret; one that keys HS512 is twice as long (RFC 7518 §3.2).
pub(super) fn generate(ambient: &Ambient, client: &Client) -> String {
    let more = if least(client) > 48 {
        ambient.token()
    } else {
        String::new()
    };
    format!("{PREFIX}{}{more}", ambient.token())
}

/// Whether a client may have this secret: one that is the key of an HMAC has at least the hash's length (RFC 7518 §3.2).
pub(super) fn check_for(client: &Client, secret: &str) -> Result<(), Invalid> {
    check(secret)?;
    let least = least(client);
    if signs(client) && secret.len() < least {
        let reason = format!("to sign with it, it has at least {least} characters (RFC 7518 §3.2)");
        return Err(Invalid::new("client_secret", reason));
    }
    Ok(())
}

/// Whether the secret itself is needed to verify what the client makes with it.
pub(super) fn signs(client: &Client) -> bool {
    client.token_endpoint_auth_method == Some(Method::ClientSecretJwt)
        || client
            .request_object_signing_alg
            .is_some_and(Algorithm::is_symmetric)
}

impl Client {
    /// Whether the secret of what the client was before cannot key what it signs now: only its hash was kept, or it is too short.
    pub fn needs_other_secret_than(&self, before: &Self) -> bool {
        signs(self) && (!signs(before) || least(self) > least(before))
    }
}

/// The shortest secret that it may sign with, in bytes: as long as the hash (RFC 7518 §3.2).
fn least(client: &Client) -> usize {
    let algorithms = [
        client.token_endpoint_auth_signing_alg,
        client.request_object_signing_alg,
    ];
    let length = |algorithm| match algorithm {
        Algorithm::Hs512 => 64,
        Algorithm::Hs384 => 48,
        _ => 32,
    };
    algorithms
        .into_iter()
        .flatten()
        .map(length)
        .max()
        .unwrap_or(32)
}

/// Seals a secret for the client that signs with it.
pub(super) fn seal(realm: &Realm, client: &Client, secret: &str) -> Option<SealedSecret> {
    let sealed = || realm.seal(SEALED, message(&client.id, secret));
    signs(client).then(sealed).map(SealedSecret)
}

pub(super) fn check(secret: &str) -> Result<(), Invalid> {
    if !(12..=512).contains(&secret.len()) {
        return Err(Invalid::new("client_secret", "it has 12 to 512 characters"));
    }
    if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Invalid::new(
            "client_secret",
            "it is visible ASCII, without white space (RFC 6749 appendix A.2)",
        ));
    }
    Ok(())
}

/// What a client's secret is compared with. The identifier is part of it, so that a hash moved to another row opens nothing.
fn message(id: &str, secret: &str) -> Vec<u8> {
    let mut message = Vec::with_capacity(id.len() + 1 + secret.len());
    message.extend_from_slice(id.as_bytes());
    message.push(0);
    message.extend_from_slice(secret.as_bytes());
    message
}

pub(super) fn hash(realm: &Realm, id: &str, secret: &str) -> SecretHash {
    SecretHash(realm.mac(PURPOSE, &message(id, secret)))
}

impl Client {
    /// Whether this is its secret: one HMAC, compared in constant time. A client without a secret has none that fits.
    pub fn verify_secret(&self, realm: &Realm, secret: &str) -> bool {
        match &self.secret_hash {
            Some(SecretHash(hash)) if secret.len() <= 512 => {
                realm.verify_mac(PURPOSE, &message(&self.id, secret), hash)
            }
            _ => false,
        }
    }

    /// Its secret itself, if it signs with it. One that was sealed for another client opens nothing.
    pub fn shared_secret(&self, realm: &Realm) -> Option<Zeroizing<Vec<u8>>> {
        let SealedSecret(sealed) = self.sealed_secret.as_ref()?;
        let opened = Zeroizing::new(realm.unseal(SEALED, sealed)?);
        let secret = opened
            .strip_prefix(self.id.as_bytes())?
            .strip_prefix(&[0])?;
        Some(Zeroizing::new(secret.to_vec()))
    }
}
