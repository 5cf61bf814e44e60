//! JSON Web Signature (RFC 7515): the compact serialisation here, the JSON ones in [`json`].
//!
//! Unencoded payloads (RFC 7797) and every other `crit` extension are refused.

pub(crate) mod compact;
pub mod json;

use crate::{Algorithm, Error, Jwk, SigningKey, VerifyingKey, base64url, header::Parsed, limits};
use compact::Parts;
use serde_json::{Map, Value};

/// Header parameters beside `alg`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// `typ`: the media type of the whole, without `application/`.
    pub typ: Option<String>,
    /// `cty`: the media type of the payload.
    pub cty: Option<String>,
    /// `kid`: the name of the key.
    pub kid: Option<String>,
    /// `jwk`: the public key itself, as a DPoP proof has it (RFC 9449 §4.2). Never taken for anything unless the caller asks.
    pub jwk: Option<Jwk>,
    /// Any other parameter.
    pub extra: Map<String, Value>,
}

impl Header {
    /// Only a `typ`, and the `kid` of the key.
    pub fn typed(typ: &str, key: &SigningKey) -> Self {
        Self {
            typ: Some(typ.to_owned()),
            kid: Some(key.kid().to_owned()),
            ..Self::default()
        }
    }

    pub(crate) fn to_map(&self) -> Result<Map<String, Value>, Error> {
        let mut members = self.extra.clone();
        for name in ["alg", "typ", "cty", "kid", "jwk", "crit", "b64"] {
            if members.contains_key(name) {
                return Err(Error::Malformed(
                    "extra repeats a named header parameter, or is critical",
                ));
            }
        }
        for (name, value) in [("typ", &self.typ), ("cty", &self.cty), ("kid", &self.kid)] {
            if let Some(value) = value {
                members.insert(name.to_owned(), value.as_str().into());
            }
        }
        if let Some(jwk) = &self.jwk {
            members.insert("jwk".to_owned(), jwk.public()?.to_value());
        }
        Ok(members)
    }

    pub(crate) fn from_parsed(parsed: Parsed<'_>) -> Result<Self, Error> {
        let jwk = parsed.jwk.map(Jwk::from_value).transpose()?;
        if jwk.as_ref().is_some_and(Jwk::is_private) {
            return Err(Error::KeyInHeader);
        }
        let mut extra = parsed.extra;
        // Of no meaning in a signature, kept so that nothing that was signed is lost.
        for (name, value) in [
            ("enc", parsed.enc),
            ("apu", parsed.apu),
            ("apv", parsed.apv),
        ] {
            if let Some(value) = value {
                extra.insert(name.to_owned(), value.into());
            }
        }
        if let Some(epk) = parsed.epk {
            extra.insert("epk".to_owned(), epk);
        }
        Ok(Self {
            typ: parsed.typ.map(Into::into),
            cty: parsed.cty.map(Into::into),
            kid: parsed.kid.map(Into::into),
            jwk,
            extra,
        })
    }
}

/// A token that was taken apart and not verified: good for choosing a key, for nothing else.
#[derive(Clone, Debug)]
pub struct Unverified<'t> {
    /// `alg`.
    pub algorithm: Algorithm,
    /// The rest of the header.
    pub header: Header,
    payload: &'t str,
}

impl Unverified<'_> {
    /// The payload, still unverified: to find out, for instance, which client claims to have signed it.
    pub fn payload(&self) -> Result<Vec<u8>, Error> {
        base64url::decode(self.payload)
    }

    /// The unverified payload as a JSON object without duplicate members.
    pub fn claims(&self) -> Result<Map<String, Value>, Error> {
        crate::json::parse_object(&self.payload()?, "claims")
    }
}

/// A payload whose signature was verified.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The header that was verified along with it.
    pub header: Header,
    /// The payload.
    pub payload: Vec<u8>,
}

/// Signs in the compact serialisation (RFC 7515 §7.1). `alg` is the key's; `kid` only when `header` has it.
pub fn sign(key: &SigningKey, header: &Header, payload: &[u8]) -> Result<String, Error> {
    let (mut token, signature) = signed(key, header, payload)?;
    token.push(b'.');
    base64url::append(&mut token, &signature)?;
    String::from_utf8(token).map_err(|_| Error::Crypto)
}

/// Signs with the payload left out of the token (RFC 7515 appendix F): `header..signature`.
pub fn sign_detached(key: &SigningKey, header: &Header, payload: &[u8]) -> Result<String, Error> {
    let (token, signature) = signed(key, header, payload)?;
    let text = String::from_utf8(token).map_err(|_| Error::Crypto)?;
    let (header, _) = text.split_once('.').ok_or(Error::Crypto)?;
    Ok(format!("{header}..{}", base64url::encode(signature)))
}

/// The signing input and its signature.
fn signed(key: &SigningKey, header: &Header, payload: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let mut members = header.to_map()?;
    members.insert("alg".to_owned(), key.algorithm().as_str().into());
    let members = Value::Object(members).to_string();
    let mut input = Vec::with_capacity((members.len() + payload.len()) * 4 / 3 + 400);
    base64url::append(&mut input, members.as_bytes())?;
    input.push(b'.');
    base64url::append(&mut input, payload)?;
    let signature = key.sign(&input)?;
    Ok((input, signature))
}

/// Takes a compact token apart without verifying it. Refuses what no key could make acceptable.
pub fn peek(token: &str) -> Result<Unverified<'_>, Error> {
    let parts = Parts::split(token)?;
    let header = base64url::decode(parts.header)?;
    let parsed = Parsed::parse(&header)?;
    Ok(Unverified {
        algorithm: parsed.algorithm()?,
        header: Header::from_parsed(parsed)?,
        payload: parts.payload,
    })
}

/// Verifies a compact token with one key. The header must not carry another.
pub fn verify(token: &str, key: &VerifyingKey) -> Result<Verified, Error> {
    let parts = Parts::split(token)?;
    let header = verified_header(&parts, key)?;
    Ok(Verified {
        header,
        payload: base64url::decode(parts.payload)?,
    })
}

/// Verifies a compact token whose payload travelled apart (RFC 7515 appendix F).
pub fn verify_detached(token: &str, payload: &[u8], key: &VerifyingKey) -> Result<Header, Error> {
    if token.len().saturating_add(payload.len()) > limits::TOKEN {
        return Err(Error::TooLarge);
    }
    let wrong = Error::Malformed("not a detached compact token");
    let (header, signature) = token.split_once("..").ok_or(wrong)?;
    let whole = format!("{header}.{}.{signature}", base64url::encode(payload));
    verified_header(&Parts::split(&whole)?, key)
}

fn verified_header(parts: &Parts<'_>, key: &VerifyingKey) -> Result<Header, Error> {
    let text = base64url::decode(parts.header)?;
    let parsed = Parsed::parse(&text)?;
    let algorithm = parsed.algorithm()?;
    parsed.refuse_keys()?;
    if algorithm != key.algorithm() {
        return Err(Error::KeyMismatch);
    }
    key.verify(parts.input.as_bytes(), &base64url::decode(parts.signature)?)?;
    Header::from_parsed(parsed)
}
