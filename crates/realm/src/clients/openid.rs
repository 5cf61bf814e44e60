use jose::Algorithm;
use jose::jwe::{ContentEncryption, KeyManagement};
use serde::{Deserialize, Serialize};

/// What a client is told of a person as `sub` (OpenID Connect Core §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectType {
    /// The same as all others that are told so.
    Public,
    /// Something that only clients of its own sector are told.
    Pairwise,
}

/// What is registered about what a client learns of people (OpenID Connect Registration §2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OpenId {
    /// What it is told as `sub`; the same as all others when it is not stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_type: Option<SubjectType>,
    /// How the key of its ID tokens reaches it, when they are encrypted too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_alg: Option<KeyManagement>,
    /// What they are encrypted with; A128CBC-HS256 when it is not stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_enc: Option<ContentEncryption>,
    /// What the answers of /userinfo are signed with; they are plain JSON when it is not stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<Algorithm>,
    /// How the key of those answers reaches it, when they are encrypted, signed or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_alg: Option<KeyManagement>,
    /// What they are encrypted with; A128CBC-HS256 when it is not stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_enc: Option<ContentEncryption>,
    /// How long ago people may have signed in, in seconds, when a request does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<i64>,
    /// Whether its ID tokens must say when people signed in, which all do.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_auth_time: bool,
    /// How strongly people are to sign in, the best first, when a request does not say it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub default_acr_values: Vec<String>,
    /// Where somebody else may send a browser for the client to begin a sign-in (OpenID Connect Core §4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
}

impl OpenId {
    /// How ID tokens are encrypted, if they are.
    pub fn id_token_encryption(&self) -> Option<(KeyManagement, ContentEncryption)> {
        let management = self.id_token_encrypted_response_alg?;
        Some((management, or_default(self.id_token_encrypted_response_enc)))
    }

    /// How the answers of /userinfo are encrypted, if they are.
    pub fn userinfo_encryption(&self) -> Option<(KeyManagement, ContentEncryption)> {
        let management = self.userinfo_encrypted_response_alg?;
        Some((management, or_default(self.userinfo_encrypted_response_enc)))
    }
}

fn or_default(encryption: Option<ContentEncryption>) -> ContentEncryption {
    encryption.unwrap_or(ContentEncryption::A128CbcHs256)
}
