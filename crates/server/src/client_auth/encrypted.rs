//! What only one client shall read: encrypted to a key that it registered, by value or by its address.

use jose::jwe::{ContentEncryption, KeyManagement};
use realm::clients::{PublicKeys, encrypt_to};
use realm::{Client, Realm};

use crate::call::Call;
use crate::refusal::Refusal;
use crate::remote_keys::{RemoteKeys, Want};

/// Encrypts a signed JWT of this `typ` for the client. Asks the memory only, but for a client with a `jwks_uri` whose keys have to be fetched.
///
/// # Errors
/// When the client's keys cannot be had or none of them fits: nothing is answered that others could read.
pub(crate) async fn encrypt(
    call: &Call,
    client: &Client,
    (algorithms, typ): ((KeyManagement, ContentEncryption), &str),
    jwt: &str,
) -> Result<String, Refusal> {
    let kind = (typ, Some("JWT"));
    encrypt_as(call, client, (algorithms, kind), jwt).await
}

/// The same, of a text that may be the claims of a JWT which nobody signed: then it has no `cty`.
pub(crate) async fn encrypt_as(
    call: &Call,
    client: &Client,
    (algorithms, kind): ((KeyManagement, ContentEncryption), (&str, Option<&str>)),
    text: &str,
) -> Result<String, Refusal> {
    let fitting = |keys: &PublicKeys| encrypt_to(keys, algorithms, kind, text.as_bytes());
    let keys = (&*call.server.remote_keys, &*call.realm);
    let (_, encrypted) = with_keys(keys, client, fitting).await?;
    Ok(encrypted)
}

/// What encrypts for one client. It is made before anything is written that could not be undone, so that a client whose keys cannot be had loses nothing.
pub(crate) struct Envelope {
    keys: PublicKeys,
    algorithms: (KeyManagement, ContentEncryption),
}

impl Envelope {
    /// The one for the ID tokens of a client, if it registered for that (OpenID Connect Core §2, §10.2).
    ///
    /// # Errors
    /// When the client's keys cannot be had or none of them fits.
    pub(crate) async fn of_id_tokens(
        remote: &RemoteKeys,
        realm: &Realm,
        client: &Client,
    ) -> Result<Option<Self>, Refusal> {
        let Some(algorithms) = client.openid.id_token_encryption() else {
            return Ok(None);
        };
        let fits = |keys: &PublicKeys| encrypt_to(keys, algorithms, ("", None), b"");
        let (keys, _) = with_keys((remote, realm), client, fits).await?;
        Ok(Some(Self { keys, algorithms }))
    }

    /// Encrypts a signed JWT.
    ///
    /// # Errors
    /// When it would be too long.
    pub(crate) fn seal(&self, jwt: &str) -> Result<String, Refusal> {
        let kind = ("JWT", Some("JWT"));
        let sealed = encrypt_to(&self.keys, self.algorithms, kind, jwt.as_bytes());
        Ok(sealed?)
    }
}

/// Does something with those keys of a client with which it can be done.
async fn with_keys<T>(
    (remote, realm): (&RemoteKeys, &Realm),
    client: &Client,
    act: impl Fn(&PublicKeys) -> Result<T, jose::Error>,
) -> Result<(PublicKeys, T), Refusal> {
    if let Some(keys) = &client.jwks {
        let done = act(keys)?;
        return Ok((keys.clone(), done));
    }
    let keys = Box::pin(remote.of(realm, client, Want::Current)).await;
    let keys = keys.map_err(|_| unreachable())?;
    if let Ok(done) = act(&keys) {
        return Ok((keys, done));
    }
    // The client may have put the key there just now.
    let keys = Box::pin(remote.of(realm, client, Want::Newer)).await;
    let keys = keys.map_err(|_| unreachable())?;
    let done = act(&keys)?;
    Ok((keys, done))
}

fn unreachable() -> Refusal {
    Refusal::Down("the keys of a client cannot be had".to_owned())
}
