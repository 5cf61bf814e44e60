//! The JSON serialisations of JWS (RFC 7515 §7.2): several signatures, unprotected headers.

use super::{Header, Verified};
use crate::{
    Error, SigningKey, VerifyingKey, base64url,
    header::{Parsed, merged},
    json, limits,
};
use serde_json::{Map, Value};

/// The most signatures that one object may carry.
const SIGNATURES: usize = 16;

/// A JWS of one payload and any number of signatures.
#[derive(Clone, Debug)]
pub struct Json {
    /// Encoded; `None` when it travels apart (RFC 7515 appendix F).
    payload: Option<String>,
    signatures: Vec<Signature>,
}

#[derive(Clone, Debug)]
struct Signature {
    /// Encoded; empty when there is no protected header.
    protected: String,
    unprotected: Map<String, Value>,
    signature: Vec<u8>,
}

impl Json {
    /// One without signatures so far.
    pub fn new(payload: &[u8]) -> Self {
        Self {
            payload: Some(base64url::encode(payload)),
            signatures: Vec::new(),
        }
    }

    /// Adds a signature. `alg` goes into the protected header.
    pub fn sign(
        mut self,
        key: &SigningKey,
        protected: &Header,
        unprotected: &Header,
    ) -> Result<Self, Error> {
        let payload = self
            .payload
            .as_deref()
            .ok_or(Error::Malformed("the payload is not here"))?;
        let mut members = protected.to_map()?;
        members.insert("alg".to_owned(), key.algorithm().as_str().into());
        let unprotected = unprotected.to_map()?;
        if unprotected.keys().any(|name| members.contains_key(name)) {
            return Err(Error::DuplicateMember);
        }
        let protected = base64url::encode(Value::Object(members).to_string());
        let signature = key.sign(format!("{protected}.{payload}").as_bytes())?;
        self.signatures.push(Signature {
            protected,
            unprotected,
            signature,
        });
        Ok(self)
    }

    /// Parses the flattened or the general serialisation, at most [`limits::TOKEN`] bytes. Verifies nothing.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > limits::TOKEN {
            return Err(Error::TooLarge);
        }
        let mut members = json::parse_object(text.as_bytes(), "JWS")?;
        let payload = take_text(&mut members, "payload")?;
        let signatures = match members.remove("signatures") {
            None => vec![Signature::take(members)?],
            Some(_) if members.contains_key("signature") => return Err(WRONG),
            Some(Value::Array(items)) if (1..=SIGNATURES).contains(&items.len()) => items
                .into_iter()
                .map(|item| match item {
                    Value::Object(members) => Signature::take(members),
                    _ => Err(WRONG),
                })
                .collect::<Result<_, _>>()?,
            Some(_) => return Err(WRONG),
        };
        Ok(Self {
            payload,
            signatures,
        })
    }

    /// Verifies with one key: some signature of the key's algorithm must be right.
    pub fn verify(&self, key: &VerifyingKey) -> Result<Verified, Error> {
        let payload = self
            .payload
            .as_deref()
            .ok_or(Error::Malformed("the payload is not here"))?;
        let header = self.check(payload, key)?;
        Ok(Verified {
            header,
            payload: base64url::decode(payload)?,
        })
    }

    /// Verifies an object whose payload travelled apart.
    pub fn verify_detached(&self, payload: &[u8], key: &VerifyingKey) -> Result<Header, Error> {
        if self.payload.is_some() {
            return Err(Error::Malformed("the payload is not detached"));
        }
        self.check(&base64url::encode(payload), key)
    }

    fn check(&self, payload: &str, key: &VerifyingKey) -> Result<Header, Error> {
        let mut refusal = Error::KeyMismatch;
        for signature in &self.signatures {
            match signature.check(payload, key) {
                Ok(header) => return Ok(header),
                // That one signature is for another key says less than what is wrong with the one for this key.
                Err(Error::KeyMismatch) => {}
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }

    /// The same without its payload, which travels apart.
    #[must_use]
    pub fn detached(mut self) -> Self {
        self.payload = None;
        self
    }

    /// The flattened serialisation (§7.2.2), for exactly one signature.
    pub fn flattened(&self) -> Result<Value, Error> {
        let [signature] = self.signatures.as_slice() else {
            return Err(Error::Malformed(
                "the flattened serialisation has one signature",
            ));
        };
        let mut members = signature.to_map();
        self.put_payload(&mut members);
        Ok(Value::Object(members))
    }

    /// The general serialisation (§7.2.1).
    pub fn general(&self) -> Value {
        let mut members = Map::new();
        self.put_payload(&mut members);
        let signatures = self.signatures.iter().map(|it| Value::Object(it.to_map()));
        members.insert("signatures".to_owned(), signatures.collect());
        Value::Object(members)
    }

    fn put_payload(&self, members: &mut Map<String, Value>) {
        if let Some(payload) = &self.payload {
            members.insert("payload".to_owned(), payload.as_str().into());
        }
    }
}

const WRONG: Error = Error::Malformed("JSON serialisation of a JWS");

impl Signature {
    fn take(mut members: Map<String, Value>) -> Result<Self, Error> {
        let signature = take_text(&mut members, "signature")?.ok_or(WRONG)?;
        let unprotected = match members.remove("header") {
            None => Map::new(),
            Some(Value::Object(header)) => header,
            Some(_) => return Err(WRONG),
        };
        Ok(Self {
            protected: take_text(&mut members, "protected")?.unwrap_or_default(),
            unprotected,
            signature: base64url::decode(signature)?,
        })
    }

    fn check(&self, payload: &str, key: &VerifyingKey) -> Result<Header, Error> {
        let text = merged(&self.protected, [&self.unprotected])?;
        let parsed = Parsed::parse(&text)?;
        if parsed.algorithm()? != key.algorithm() {
            return Err(Error::KeyMismatch);
        }
        parsed.refuse_keys()?;
        key.verify(
            format!("{}.{payload}", self.protected).as_bytes(),
            &self.signature,
        )?;
        Header::from_parsed(parsed)
    }

    fn to_map(&self) -> Map<String, Value> {
        let mut members = Map::new();
        if !self.protected.is_empty() {
            members.insert("protected".to_owned(), self.protected.as_str().into());
        }
        if !self.unprotected.is_empty() {
            members.insert("header".to_owned(), Value::Object(self.unprotected.clone()));
        }
        members.insert(
            "signature".to_owned(),
            base64url::encode(&self.signature).into(),
        );
        members
    }
}

fn take_text(members: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Error> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(WRONG),
    }
}
