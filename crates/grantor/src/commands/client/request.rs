//! What the authorization requests of an application have to be: the options of `grantor client create` and `update` for it.

use clap::Args;
use realm::{Client, Profile};

use super::super::given;
use crate::failure::Failure;

/// What can be said about them.
#[derive(Args)]
pub(super) struct Requests {
    /// The rules that hold for it instead of the realm's: oauth2.1, openid, fapi2-security or fapi2-message-signing
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// Take only authorization requests that it pushed (RFC 9126)
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    require_par: Option<bool>,
    /// Take only authorization requests that it signed (RFC 9101)
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    require_signed_request: Option<bool>,
    /// The algorithm of its request objects
    #[arg(long, value_name = "ALG")]
    request_alg: Option<String>,
    /// Where its request objects may be fetched from, or what such addresses begin with, ending with /*; may be repeated
    #[arg(long = "request-uri", value_name = "URI")]
    request_uris: Vec<String>,
}

impl Requests {
    /// Writes what was said over `client`.
    pub(super) fn apply(self, client: &mut Client) -> Result<(), Failure> {
        if let Some(name) = self.profile {
            let found = Profile::ALL.into_iter().find(|it| it.as_str() == name);
            let profile = found.ok_or_else(|| {
                let known = Profile::ALL.map(Profile::as_str).join(", ");
                format!("--profile: `{name}` is not a profile; there are {known}")
            })?;
            client.profile = Some(profile);
        }
        if let Some(required) = self.require_par {
            client.require_pushed_authorization_requests = required;
        }
        if let Some(required) = self.require_signed_request {
            client.require_signed_request_object = required;
        }
        if let Some(name) = self.request_alg {
            let algorithm = given::algorithm("--request-alg", &name)?;
            client.request_object_signing_alg = Some(algorithm);
        }
        if !self.request_uris.is_empty() {
            client.request_uris = self.request_uris;
        }
        Ok(())
    }
}

/// What is special about them, for people.
pub(super) fn words(client: &Client) -> String {
    let mut words = Vec::new();
    if let Some(profile) = client.profile {
        words.push(format!("profile {profile}"));
    }
    if client.require_pushed_authorization_requests {
        words.push("pushed (RFC 9126)".to_owned());
    }
    if client.require_signed_request_object {
        words.push("signed (RFC 9101)".to_owned());
    }
    if let Some(algorithm) = client.request_object_signing_alg {
        words.push(format!("objects signed with {algorithm}"));
    }
    if !client.request_uris.is_empty() {
        words.push(format!("objects at {}", client.request_uris.join(" ")));
    }
    words.join(", ")
}
