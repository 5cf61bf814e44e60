//! What an application learns of people, and how: options of `grantor client create` and `update`.

use clap::{Args, ValueEnum};
use realm::Client;
use realm::clients::SubjectType;

use super::answers::set;
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
    /// How long ago people may have signed in, in seconds, when its requests do not say it
    #[arg(long, value_name = "SECONDS")]
    default_max_age: Option<i64>,
    /// How strongly people are to sign in when its requests do not say it, the best first; may be repeated
    #[arg(long = "default-acr", value_name = "ACR")]
    default_acr_values: Vec<String>,
    /// Where others send a browser for it to begin a sign-in; people find it among their applications
    #[arg(long, value_name = "URL")]
    initiate_login_uri: Option<String>,
    /// Its logo, a PNG, JPEG, GIF or WebP of 128 KiB at most, shown at consent
    #[arg(long, value_name = "URL")]
    logo_uri: Option<String>,
    /// Its privacy policy, linked at consent
    #[arg(long, value_name = "URL")]
    policy_uri: Option<String>,
    /// Its terms of service, linked at consent
    #[arg(long, value_name = "URL")]
    tos_uri: Option<String>,
    /// Whom to ask about it; may be repeated
    #[arg(long = "contact", value_name = "ADDRESS")]
    contacts: Vec<String>,
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
        client.logo_uri = self.logo_uri.or(client.logo_uri.take());
        client.policy_uri = self.policy_uri.or(client.policy_uri.take());
        client.tos_uri = self.tos_uri.or(client.tos_uri.take());
        if !self.contacts.is_empty() {
            client.contacts = self.contacts;
        }
        let openid = &mut client.openid;
        openid.default_max_age = self.default_max_age.or(openid.default_max_age);
        if !self.default_acr_values.is_empty() {
            openid.default_acr_values = self.default_acr_values;
        }
        let start = self.initiate_login_uri;
        openid.initiate_login_uri = start.or(openid.initiate_login_uri.take());
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
