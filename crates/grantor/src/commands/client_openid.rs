//! What an application learns of people, and how: options of `grantor client create` and `update`.

use clap::Args;
use realm::Client;

use super::client_answers::set;
use crate::failure::Failure;

/// What can be said about it (OpenID Connect Registration §2).
#[derive(Args)]
pub(super) struct OpenId {
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

impl OpenId {
    /// Writes what was said over `client`.
    pub(super) fn apply(self, client: &mut Client) -> Result<(), Failure> {
        let openid = &mut client.openid;
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
