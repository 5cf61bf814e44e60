//! JSON Web Keys (RFC 7517), their thumbprints (RFC 7638) and sets.

pub(crate) mod akp;
pub(crate) mod ec;
pub(crate) mod members;
pub(crate) mod oct;
pub(crate) mod okp;
pub(crate) mod rsa;
mod set;

pub use set::JwkSet;

use crate::{Algorithm, Error, base64url, json, limits};
use aws_lc_rs::digest;
use members::Members;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::fmt;
use zeroize::Zeroizing;

/// The kind of a key, `kty` (RFC 7518 §6.1, RFC 8037 §2, RFC 9964).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// `RSA`.
    Rsa,
    /// `EC`: P-256, P-384, P-521 and secp256k1.
    Ec,
    /// `OKP`: Ed25519 and X25519.
    Okp,
    /// `oct`: a symmetric key.
    Oct,
    /// `AKP`: ML-DSA.
    Akp,
}

impl KeyType {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::Ec => "EC",
            Self::Okp => "OKP",
            Self::Oct => "oct",
            Self::Akp => "AKP",
        }
    }
}

/// What a key is meant for, `use` (RFC 7517 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyUse {
    /// `sig`.
    Signature,
    /// `enc`.
    Encryption,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Material {
    Rsa(rsa::Rsa),
    Ec(ec::Ec),
    Okp(okp::Okp),
    Oct(oct::Oct),
    Akp(akp::Akp),
}

/// A JSON Web Key, public, private or symmetric, whose numbers have been checked. `Debug` shows no key material.
#[derive(Clone, PartialEq)]
pub struct Jwk {
    pub(crate) material: Material,
    kid: Option<String>,
    alg: Option<String>,
    key_use: Option<KeyUse>,
    key_ops: Option<Vec<String>>,
    /// Members that this crate does not interpret, as they came.
    extra: Map<String, Value>,
}

impl Jwk {
    /// Parses the JSON text of one key, at most [`limits::JWK`] bytes.
    ///
    /// Refuses duplicate members, non-canonical base64url, points that are not on their curve, numbers of the wrong length, private
    /// numbers that do not belong to the public ones, and RSA keys under 2048 bits ([`Error::WeakKey`]).
    pub fn from_json(text: &str) -> Result<Self, Error> {
        if text.len() > limits::JWK {
            return Err(Error::TooLarge);
        }
        Self::from_value(json::parse(text.as_bytes(), "JWK")?)
    }

    /// Like [`Jwk::from_json`] for JSON that is parsed already (and in which a duplicate member can no longer be seen).
    pub fn from_value(value: Value) -> Result<Self, Error> {
        let Value::Object(members) = value else {
            return Err(Error::Malformed("a JWK is a JSON object"));
        };
        let mut members = Members(members);
        let kty = members.text("kty")?.ok_or(Error::InvalidKey("no kty"))?;
        let kid = members.text("kid")?;
        if kid.as_ref().is_some_and(|kid| kid.len() > limits::KID) {
            return Err(Error::TooLarge);
        }
        let alg = members.text("alg")?;
        let key_use = match members.text("use")?.as_deref() {
            None => None,
            Some("sig") => Some(KeyUse::Signature),
            Some("enc") => Some(KeyUse::Encryption),
            Some(_) => return Err(Error::Unsupported),
        };
        let key_ops = key_ops(members.0.remove("key_ops"))?;
        let material = match kty.as_str() {
            "RSA" => Material::Rsa(rsa::Rsa::take(&mut members)?),
            "EC" => Material::Ec(ec::Ec::take(&mut members)?),
            "OKP" => Material::Okp(okp::Okp::take(&mut members)?),
            "oct" => Material::Oct(oct::Oct::take(&mut members)?),
            "AKP" => Material::Akp(akp::Akp::take(&mut members, alg.as_deref())?),
            _ => return Err(Error::Unsupported),
        };
        Ok(Self {
            material,
            kid,
            alg,
            key_use,
            key_ops,
            extra: members.0,
        })
    }

    /// A symmetric key out of secret bytes (a client secret, for instance). Refuses what looks like a public key.
    pub fn symmetric(secret: &[u8]) -> Result<Self, Error> {
        let k = Zeroizing::new(secret.to_vec());
        Ok(Self::from_material(Material::Oct(oct::Oct::new(k)?)))
    }

    pub(crate) fn from_material(material: Material) -> Self {
        let alg = match &material {
            Material::Akp(key) => Some(key.algorithm.as_str().to_owned()),
            _ => None,
        };
        Self {
            material,
            kid: None,
            alg,
            key_use: None,
            key_ops: None,
            extra: Map::new(),
        }
    }

    /// The same key for this signature algorithm only, named `kid`.
    pub(crate) fn for_signatures(mut self, algorithm: Algorithm, kid: &str) -> Self {
        self.alg = Some(algorithm.as_str().to_owned());
        self.key_use = Some(KeyUse::Signature);
        self.kid = Some(kid.to_owned());
        self
    }

    /// The same key under another `kid`.
    #[must_use]
    pub fn with_kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// `kid`.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// `alg` when it names a signature algorithm.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.alg.as_deref()?.parse().ok()
    }

    /// `alg` as it stands: a signature algorithm or one of key management.
    pub fn alg(&self) -> Option<&str> {
        self.alg.as_deref()
    }

    /// `kty`.
    pub fn key_type(&self) -> KeyType {
        match &self.material {
            Material::Rsa(_) => KeyType::Rsa,
            Material::Ec(_) => KeyType::Ec,
            Material::Okp(_) => KeyType::Okp,
            Material::Oct(_) => KeyType::Oct,
            Material::Akp(_) => KeyType::Akp,
        }
    }

    /// `use`.
    pub fn key_use(&self) -> Option<KeyUse> {
        self.key_use
    }

    /// A member that this crate does not interpret (`x5c`, `x5t#S256`, …).
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.extra.get(name)
    }

    /// Whether it holds a secret: a private or a symmetric key.
    pub fn is_private(&self) -> bool {
        match &self.material {
            Material::Rsa(key) => key.private.is_some(),
            Material::Ec(key) => key.d.is_some(),
            Material::Okp(key) => key.d.is_some(),
            Material::Oct(_) => true,
            Material::Akp(key) => key.seed.is_some(),
        }
    }

    /// The public half with `kid`, `alg`, `use` and the certificate members; nothing unknown is carried over.
    /// [`Error::NoPublicKey`] for a symmetric key.
    pub fn public(&self) -> Result<Self, Error> {
        let material = match &self.material {
            Material::Rsa(key) => Material::Rsa(key.public()),
            Material::Ec(key) => Material::Ec(key.public()),
            Material::Okp(key) => Material::Okp(key.public()),
            Material::Akp(key) => Material::Akp(key.public()),
            Material::Oct(_) => return Err(Error::NoPublicKey),
        };
        let certificate =
            |name: &String| matches!(name.as_str(), "x5c" | "x5t" | "x5t#S256" | "x5u");
        let extra = self.extra.iter().filter(|(name, _)| certificate(name));
        Ok(Self {
            material,
            kid: self.kid.clone(),
            alg: self.alg.clone(),
            key_use: self.key_use,
            key_ops: None,
            extra: extra
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        })
    }

    /// The SHA-256 thumbprint in base64url, 43 characters (RFC 7638 §3, RFC 8037 §2, RFC 9964): the same for a public key and its private one.
    pub fn thumbprint(&self) -> String {
        let mut members = Map::new();
        members.insert("kty".to_owned(), self.key_type().as_str().into());
        match &self.material {
            Material::Oct(key) => key.put(&mut members),
            _ => self.put_public(&mut members),
        }
        // RFC 7638 §3.3: the members in the order of their names, whatever order the map keeps.
        let mut names: Vec<_> = members.iter().collect();
        names.sort_by_key(|(name, _)| *name);
        let fields: Vec<String> = names
            .into_iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        let text = Zeroizing::new(format!("{{{}}}", fields.join(",")));
        base64url::encode(digest::digest(&digest::SHA256, text.as_bytes()))
    }

    /// The key as JSON, private members included.
    pub fn to_value(&self) -> Value {
        let mut members = self.extra.clone();
        members.insert("kty".to_owned(), self.key_type().as_str().into());
        if let Some(kid) = &self.kid {
            members.insert("kid".to_owned(), kid.as_str().into());
        }
        if let Some(alg) = &self.alg {
            members.insert("alg".to_owned(), alg.as_str().into());
        }
        if let Some(key_use) = self.key_use {
            let name = match key_use {
                KeyUse::Signature => "sig",
                KeyUse::Encryption => "enc",
            };
            members.insert("use".to_owned(), name.into());
        }
        if let Some(operations) = &self.key_ops {
            members.insert("key_ops".to_owned(), operations.as_slice().into());
        }
        self.put_public(&mut members);
        match &self.material {
            Material::Rsa(key) => key.put_private(&mut members),
            Material::Ec(key) => key.put_private(&mut members),
            Material::Okp(key) => key.put_private(&mut members),
            Material::Oct(key) => key.put(&mut members),
            Material::Akp(key) => key.put_private(&mut members),
        }
        Value::Object(members)
    }

    fn put_public(&self, members: &mut Map<String, Value>) {
        match &self.material {
            Material::Rsa(key) => key.put_public(members),
            Material::Ec(key) => key.put_public(members),
            Material::Okp(key) => key.put_public(members),
            Material::Akp(key) => key.put_public(members),
            Material::Oct(_) => {}
        }
    }

    /// Refuses when `use`, `key_ops` or `alg` says that the key is for something else.
    pub(crate) fn check_use(
        &self,
        key_use: KeyUse,
        operations: &[&str],
        alg: &str,
    ) -> Result<(), Error> {
        if self.key_use.is_some_and(|it| it != key_use) {
            return Err(Error::KeyUse);
        }
        if let Some(allowed) = &self.key_ops
            && !allowed.iter().any(|it| operations.contains(&it.as_str()))
        {
            return Err(Error::KeyUse);
        }
        match &self.alg {
            Some(bound) if bound != alg => Err(Error::KeyMismatch),
            _ => Ok(()),
        }
    }
}

fn key_ops(value: Option<Value>) -> Result<Option<Vec<String>>, Error> {
    let Some(value) = value else { return Ok(None) };
    let wrong = Error::Malformed("key_ops");
    let Value::Array(items) = value else {
        return Err(wrong);
    };
    if items.len() > 16 {
        return Err(Error::TooLarge);
    }
    let mut operations = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Value::String(text) if !operations.contains(&text) => operations.push(text),
            _ => return Err(wrong),
        }
    }
    Ok(Some(operations))
}

impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwk")
            .field("kty", &self.key_type().as_str())
            .field("kid", &self.kid)
            .field("alg", &self.alg)
            .field("private", &self.is_private())
            .finish_non_exhaustive()
    }
}

impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Jwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json::Strict(value) = Deserialize::deserialize(deserializer)?;
        Self::from_value(value).map_err(serde::de::Error::custom)
    }
}
