//! What a wallet sends to the credential and the notification endpoint (§8.2, §11.1). What is not known is passed over.

use std::fmt;

use jose::Jwk;
use jose::jwe::{ContentEncryption, KeyManagement};
use serde_json::{Map, Value};

use crate::Redacted;

/// How many keys one request proves at most: so many credentials are made at once (`batch_size`, §12.2.4). An attestation of all of them has to fit into the
/// header of each proof.
pub const MOST_PROOFS: usize = 5;
/// The longest request, in bytes.
pub const LONGEST: usize = 64 * 1024;
/// The longest identifier that is looked at, in bytes.
const LONGEST_ID: usize = 512;

/// Which credential is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// One that the token response named.
    Identifier(String),
    /// One of a kind that the scope of the token is for.
    Configuration(String),
}

/// Proofs of the keys that credentials are bound to, all of one type (appendix F).
#[derive(Clone, PartialEq, Eq)]
pub enum Proofs {
    /// Each signed by its own key.
    Jwt(Vec<String>),
    /// One, which somebody trusted signed about all keys.
    Attestation(String),
}

impl fmt::Debug for Proofs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jwt(all) => write!(f, "Jwt({})", all.len()),
            Self::Attestation(_) => write!(f, "Attestation({Redacted:?})"),
        }
    }
}

/// How the answer is to be encrypted.
#[derive(Clone, Debug)]
pub struct ResponseEncryption {
    /// To this key.
    pub key: Jwk,
    /// As its `alg` says.
    pub management: KeyManagement,
    /// The content so.
    pub encryption: ContentEncryption,
}

/// A request for a credential.
#[derive(Clone, Debug)]
pub struct CredentialRequest {
    /// For which.
    pub asked: Asked,
    /// The keys that it proves, if any.
    pub proofs: Option<Proofs>,
    /// How the answer is to be encrypted, if it is.
    pub response_encryption: Option<ResponseEncryption>,
}

/// What is wrong with a request (§8.3.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// `invalid_credential_request`.
    #[error("the request is not one for a credential")]
    Request,
    /// `invalid_proof`.
    #[error("the proofs are not what they must be")]
    Proofs,
    /// `invalid_encryption_parameters`.
    #[error("the response cannot be encrypted so")]
    Encryption,
}

impl CredentialRequest {
    /// Reads a request. `management` are the ways to encrypt to a wallet that are offered.
    ///
    /// # Errors
    /// What is wrong with it first.
    pub fn parse(
        members: &Map<String, Value>,
        management: &[KeyManagement],
    ) -> Result<Self, Wrong> {
        let text = |name: &str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if (1..=LONGEST_ID).contains(&text.len()) => {
                Ok(Some(text.clone()))
            }
            Some(_) => Err(Wrong::Request),
        };
        let asked = match (
            text("credential_identifier")?,
            text("credential_configuration_id")?,
        ) {
            (Some(id), None) => Asked::Identifier(id),
            (None, Some(id)) => Asked::Configuration(id),
            _ => return Err(Wrong::Request),
        };
        let encryption = members.get("credential_response_encryption");
        Ok(Self {
            asked,
            proofs: members.get("proofs").map(proofs).transpose()?,
            response_encryption: encryption
                .map(|value| response_encryption(value, management))
                .transpose()?,
        })
    }
}

/// An object with exactly one member: the type, and the proofs of that type (§8.2).
fn proofs(value: &Value) -> Result<Proofs, Wrong> {
    let members = value.as_object().filter(|members| members.len() == 1);
    let (kind, list) = members
        .and_then(|members| members.iter().next())
        .ok_or(Wrong::Proofs)?;
    let list = list.as_array().ok_or(Wrong::Proofs)?;
    let texts: Option<Vec<String>> = list
        .iter()
        .map(|one| one.as_str().map(str::to_owned))
        .collect();
    let mut texts = texts.ok_or(Wrong::Proofs)?;
    match (kind.as_str(), texts.len()) {
        ("jwt", 1..=MOST_PROOFS) => Ok(Proofs::Jwt(texts)),
        ("attestation", 1) => texts.pop().map(Proofs::Attestation).ok_or(Wrong::Proofs),
        _ => Err(Wrong::Proofs),
    }
}

fn response_encryption(
    value: &Value,
    offered: &[KeyManagement],
) -> Result<ResponseEncryption, Wrong> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let key = value.get("jwk").ok_or(Wrong::Encryption)?;
    let key = Jwk::from_value(key.clone()).map_err(|_| Wrong::Encryption)?;
    let management: KeyManagement = key
        .alg()
        .and_then(|alg| alg.parse().ok())
        .ok_or(Wrong::Encryption)?;
    let encryption = text("enc").and_then(|enc| enc.parse().ok());
    let encryption = encryption.ok_or(Wrong::Encryption)?;
    if key.is_private() || !offered.contains(&management) {
        return Err(Wrong::Encryption);
    }
    Ok(ResponseEncryption {
        key,
        management,
        encryption,
    })
}

/// What a wallet did with a credential (§11.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeEvent {
    /// It keeps it.
    Accepted,
    /// It could not keep it.
    Failure,
    /// The person did not want it.
    Deleted,
}

impl NoticeEvent {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "credential_accepted",
            Self::Failure => "credential_failure",
            Self::Deleted => "credential_deleted",
        }
    }
}

/// A message of a wallet about a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Of which.
    pub id: String,
    /// What became of it.
    pub event: NoticeEvent,
}

impl Notice {
    /// Reads one; `None` for anything else. Its description is for people and not kept.
    pub fn parse(members: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let all = [
            NoticeEvent::Accepted,
            NoticeEvent::Failure,
            NoticeEvent::Deleted,
        ];
        let event = text("event")?;
        let described = members.get("event_description");
        if described.is_some_and(|words| !words.is_string()) {
            return None;
        }
        Some(Self {
            id: text("notification_id")?.to_owned(),
            event: all.into_iter().find(|one| one.as_str() == event)?,
        })
    }
}
