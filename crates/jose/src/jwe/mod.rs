//! JSON Web Encryption (RFC 7516): compact tokens both ways, and reading of the JSON serialisations.
//!
//! Compressed content (`zip`) is refused: a small token could grow without bound, and compression before encryption leaks.

mod agreement;
mod algorithms;
mod content;
mod json;
mod recipient;
mod wrap;

pub use algorithms::{ContentEncryption, KeyManagement};
pub use json::decrypt_json;

use crate::{Error, Jwk, base64url, header::Parsed, jws::Header, limits};
use content::Sealed;
use recipient::Algorithms;
use serde_json::Value;
use std::fmt;

/// The algorithms that a recipient accepts. Both must be stated.
#[derive(Clone, Copy, Debug)]
pub struct Accepted<'a> {
    /// Acceptable `alg`.
    pub key_management: &'a [KeyManagement],
    /// Acceptable `enc`.
    pub content: &'a [ContentEncryption],
}

/// What came out of a token. Whoever has the recipient's public key can have made it: only a signature inside says who.
#[derive(Clone)]
pub struct Decrypted {
    /// The header: authenticated, except what a JSON serialisation had unprotected.
    pub header: Header,
    /// The content.
    pub plaintext: Vec<u8>,
}

impl fmt::Debug for Decrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decrypted")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// Encrypts for one recipient in the compact serialisation (RFC 7516 §7.1). `alg`, `enc` and `epk` are set here; `apu` and `apv` may stand in
/// `header.extra`, encoded.
pub fn encrypt(
    plaintext: &[u8],
    recipient: &Jwk,
    management: KeyManagement,
    encryption: ContentEncryption,
    header: &Header,
) -> Result<String, Error> {
    let algorithms = (management, encryption);
    encrypt_within(plaintext, recipient, algorithms, header, limits::TOKEN)
}

/// As [`encrypt`], for what is no token and may be longer than one: `most` bytes of text.
pub fn encrypt_within(
    plaintext: &[u8],
    recipient: &Jwk,
    (management, encryption): (KeyManagement, ContentEncryption),
    header: &Header,
    most: usize,
) -> Result<String, Error> {
    let algorithms = Algorithms {
        management,
        encryption,
    };
    let mut members = header.to_map()?;
    if ["enc", "epk", "zip"]
        .iter()
        .any(|name| members.contains_key(*name))
    {
        return Err(Error::Malformed("extra names what is set here"));
    }
    let party =
        |name: &str| base64url::decode(members.get(name).and_then(Value::as_str).unwrap_or(""));
    let prepared = algorithms.prepare(recipient, &party("apu")?, &party("apv")?)?;
    members.insert("alg".to_owned(), management.as_str().into());
    members.insert("enc".to_owned(), encryption.as_str().into());
    if let Some(epk) = &prepared.epk {
        members.insert("epk".to_owned(), epk.to_value());
    }
    let protected = base64url::encode(Value::Object(members).to_string());
    let iv = content::new_iv(encryption)?;
    let sealed = content::seal(
        encryption,
        &prepared.key,
        iv,
        protected.as_bytes(),
        plaintext,
    )?;
    let token = [
        protected,
        base64url::encode(prepared.encrypted_key),
        base64url::encode(sealed.iv),
        base64url::encode(sealed.ciphertext),
        base64url::encode(sealed.tag),
    ]
    .join(".");
    if token.len() > most {
        return Err(Error::TooLarge);
    }
    Ok(token)
}

/// A token that was taken apart and not decrypted: good for choosing a key, for nothing else.
#[derive(Clone, Debug)]
pub struct Unopened {
    /// `alg`.
    pub management: KeyManagement,
    /// The rest of the header.
    pub header: Header,
}

/// The header of a compact token, with nothing proven: to find the key that it names.
///
/// # Errors
/// When it is not a compact token, or its header cannot be read, or it is of an algorithm that is not known.
pub fn peek(token: &str) -> Result<Unopened, Error> {
    let parts = token.split('.').count();
    let protected = token.split('.').next().filter(|_| parts == 5);
    let protected = protected.ok_or(Error::Malformed("a compact JWE has five parts"))?;
    if protected.len() > limits::TOKEN {
        return Err(Error::TooLarge);
    }
    let header = base64url::decode(protected)?;
    let parsed = Parsed::parse(&header)?;
    let missing = Error::Malformed("no alg in the header");
    Ok(Unopened {
        management: parsed.alg.as_deref().ok_or(missing)?.parse()?,
        header: Header::from_parsed(parsed)?,
    })
}

/// Decrypts a compact token with the recipient's private or shared key.
pub fn decrypt(token: &str, key: &Jwk, accepted: &Accepted<'_>) -> Result<Decrypted, Error> {
    decrypt_within(token, key, accepted, limits::TOKEN)
}

/// As [`decrypt`], for what is no token and may be longer than one: `most` bytes of text.
pub fn decrypt_within(
    token: &str,
    key: &Jwk,
    accepted: &Accepted<'_>,
    most: usize,
) -> Result<Decrypted, Error> {
    if token.len() > most {
        return Err(Error::TooLarge);
    }
    let wrong = Error::Malformed("a compact JWE has five parts");
    let mut parts = token.split('.');
    let mut next = || parts.next().ok_or(wrong);
    let (protected, encrypted_key) = (next()?, base64url::decode(next()?)?);
    let sealed = Sealed {
        iv: base64url::decode(next()?)?,
        ciphertext: base64url::decode(next()?)?,
        tag: base64url::decode(next()?)?,
    };
    if parts.next().is_some() {
        return Err(wrong);
    }
    let header = base64url::decode(protected)?;
    let header = Parsed::parse(&header)?;
    open(
        key,
        accepted,
        header,
        &encrypted_key,
        protected.as_bytes(),
        &sealed,
    )
}

fn open(
    key: &Jwk,
    accepted: &Accepted<'_>,
    header: Parsed<'_>,
    encrypted_key: &[u8],
    aad: &[u8],
    sealed: &Sealed,
) -> Result<Decrypted, Error> {
    let algorithms = algorithms(&header, accepted)?;
    let content_key = algorithms.recover(key, &header, encrypted_key)?;
    let mut plaintext = content::open(algorithms.encryption, &content_key, aad, sealed)?;
    Ok(Decrypted {
        header: Header::from_parsed(header)?,
        plaintext: std::mem::take(&mut *plaintext),
    })
}

/// The token's algorithms, when the caller accepts them. `jwk`, `jku` and the like only say which of its own keys the recipient needs
/// (RFC 7516 §4.1.4 to §4.1.10): they stand here, and nothing reads them.
fn algorithms(header: &Parsed<'_>, accepted: &Accepted<'_>) -> Result<Algorithms, Error> {
    let missing = Error::Malformed("no alg or enc in the header");
    let management = header.alg.as_deref().ok_or(missing)?;
    if management == "none" {
        return Err(Error::Unsecured);
    }
    let algorithms = Algorithms {
        management: management.parse()?,
        encryption: header.enc.as_deref().ok_or(missing)?.parse()?,
    };
    if header.compressed {
        return Err(Error::Unsupported);
    }
    if accepted.key_management.contains(&algorithms.management)
        && accepted.content.contains(&algorithms.encryption)
    {
        Ok(algorithms)
    } else {
        Err(Error::AlgorithmNotAllowed)
    }
}
