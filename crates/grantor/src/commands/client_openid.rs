//! What an application learns of people, and how: options of `grantor client create` and `update`.

use clap::{Args, ValueEnum};
use realm::Client;
use realm::clients::SubjectType;

use super::client_answers::set;
use crate::failure::Failure;

/// What can be said about it (OpenID Connect Registration §2).
#[derive(Args)]
pub(super) struct OpenId {
    /// Whether it is told the same `sub` of a person as all others (public) or one that only its sector is told (pairwise) [default: public]
    #[arg(long, value_name = "TYPE")]
    subject_type: Option<Subject>,
    /// Where the redirect URIs of its sector are listed, when they have several hosts
    #[arg(long, value_name = "URL")]
    sector_identifier_uri: Option<String>,
    /// How the key reaches it when its ID tokens are encrypted too, such as ECDH-ES; needs its keys
    #[arg(long, value_name = "ALG")]
    id_token_encryption_alg: Option<String>,
    /// What encrypts them [default: A128CBC-HS256]
    #[arg(long, value_name = "ENC")]
    id_token_encryption_enc: Option<String>,
    /// What signs the answers of /userinfo, which are plain JSON without it
    #[arg(long, value_name = "ALG")]
    userinfo_alg: Option<String>,
    /// How the key reaches it when those answers are encrypted, signed or not; needs its keys
    #[arg(long, value_name = "ALG")]
    userinfo_encryption_alg: Option<String>,
    /// What encrypts them [default: A128CBC-HS256]
    #[arg(long, value_name = "ENC")]
    userinfo_encryption_enc: Option<String>,
}

/// What a client is told of a person.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Subject {
    Public,
    Pairwise,
}

impl From<Subject> for SubjectType {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::Public => Self::Public,
            Subject::Pairwise => Self::Pairwise,
        }
    }
}

impl OpenId {
    /// Writes what was said over `client`.
    pub(super) fn apply(self, client: &mut Client) -> Result<(), Failure> {
        let sector = self.sector_identifier_uri;
        client.sector_identifier_uri = sector.or(client.sector_identifier_uri.take());
        let openid = &mut client.openid;
        openid.subject_type = self
            .subject_type
            .map(SubjectType::from)
            .or(openid.subject_type);
        set(
            &mut openid.id_token_encrypted_response_alg,
            "--id-token-encryption-alg",
            self.id_token_encryption_alg,
        )?;
        set(
            &mut openid.id_token_encrypted_response_enc,
            "--id-token-encryption-enc",
            self.id_token_encryption_enc,
        )?;
        set(
            &mut openid.userinfo_signed_response_alg,
            "--userinfo-alg",
            self.userinfo_alg,
        )?;
        set(
            &mut openid.userinfo_encrypted_response_alg,
            "--userinfo-encryption-alg",
            self.userinfo_encryption_alg,
        )?;
        set(
            &mut openid.userinfo_encrypted_response_enc,
            "--userinfo-encryption-enc",
            self.userinfo_encryption_enc,
        )
    }
}
