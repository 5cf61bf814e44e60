//! What an application's answers are signed with and encrypted for: options of `grantor client create` and `update`.

use std::str::FromStr;

use clap::Args;
use realm::Client;

use crate::failure::Failure;

/// What can be said about it.
#[derive(Args)]
pub(super) struct Answers {
    /// What signs authorization responses when it asks for a JWT (JARM) [default: RS256]
    #[arg(long, value_name = "ALG")]
    authorization_alg: Option<String>,
    /// How the key reaches it when those responses are encrypted too, such as ECDH-ES; needs its keys
    #[arg(long, value_name = "ALG")]
    authorization_encryption_alg: Option<String>,
    /// What encrypts them [default: A128CBC-HS256]
    #[arg(long, value_name = "ENC")]
    authorization_encryption_enc: Option<String>,
    /// What signs introspection answers when it asks for a JWT (RFC 9701) [default: RS256]
    #[arg(long, value_name = "ALG")]
    introspection_alg: Option<String>,
    /// How the key reaches it when those answers are encrypted too, such as ECDH-ES; needs its keys
    #[arg(long, value_name = "ALG")]
    introspection_encryption_alg: Option<String>,
    /// What encrypts them [default: A128CBC-HS256]
    #[arg(long, value_name = "ENC")]
    introspection_encryption_enc: Option<String>,
}

impl Answers {
    /// Writes what was said over `client`.
    pub(super) fn apply(self, client: &mut Client) -> Result<(), Failure> {
        set(
            &mut client.authorization_signed_response_alg,
            "--authorization-alg",
            self.authorization_alg,
        )?;
        set(
            &mut client.authorization_encrypted_response_alg,
            "--authorization-encryption-alg",
            self.authorization_encryption_alg,
        )?;
        set(
            &mut client.authorization_encrypted_response_enc,
            "--authorization-encryption-enc",
            self.authorization_encryption_enc,
        )?;
        set(
            &mut client.introspection_signed_response_alg,
            "--introspection-alg",
            self.introspection_alg,
        )?;
        set(
            &mut client.introspection_encrypted_response_alg,
            "--introspection-encryption-alg",
            self.introspection_encryption_alg,
        )?;
        set(
            &mut client.introspection_encrypted_response_enc,
            "--introspection-encryption-enc",
            self.introspection_encryption_enc,
        )
    }
}

pub(super) fn set<T: FromStr>(
    into: &mut Option<T>,
    option: &str,
    said: Option<String>,
) -> Result<(), Failure> {
    if let Some(name) = said {
        let parsed = name
            .parse()
            .map_err(|_| format!("{option}: `{name}` is not an algorithm that there is"))?;
        *into = Some(parsed);
    }
    Ok(())
}
