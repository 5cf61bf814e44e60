//! How an application asks people for approval (OpenID Connect CIBA): the options of `grantor client create` and `update` for it.

use clap::Args;
use oauth::ciba::DeliveryMode;
use realm::Client;

use super::super::given;
use crate::failure::Failure;

/// What can be said about it.
#[derive(Args)]
pub(super) struct Backchannel {
    /// How tokens reach it when it asks people for approval (grant ciba): poll, ping or push
    #[arg(long, value_name = "MODE")]
    backchannel_delivery: Option<DeliveryMode>,
    /// Where it is called in the modes ping and push
    #[arg(long, value_name = "URL")]
    backchannel_notification_endpoint: Option<String>,
    /// The algorithm of its requests to ask people; from then on it sends signed ones only
    #[arg(long, value_name = "ALG")]
    backchannel_alg: Option<String>,
    /// Whether it asks people for their user code
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    backchannel_user_code: Option<bool>,
}

impl Backchannel {
    /// Writes what was said over `client`.
    pub(super) fn apply(self, client: &mut Client) -> Result<(), Failure> {
        let known = &mut client.backchannel;
        known.delivery = self.backchannel_delivery.or(known.delivery);
        if let Some(url) = self.backchannel_notification_endpoint {
            known.notification_endpoint = Some(url);
        }
        if let Some(name) = self.backchannel_alg {
            known.signing_alg = Some(given::algorithm("--backchannel-alg", &name)?);
        }
        known.user_code = self.backchannel_user_code.unwrap_or(known.user_code);
        Ok(())
    }
}

/// How it asks people, for people.
pub(super) fn words(client: &Client) -> String {
    let known = &client.backchannel;
    let Some(mode) = known.delivery else {
        return String::new();
    };
    let at = known.notification_endpoint.as_deref();
    let at = at.map(|url| format!(" at {url}")).unwrap_or_default();
    let signed = known.signing_alg;
    let signed = signed.map(|alg| format!(", signed with {alg}"));
    format!("{mode}{at}{}", signed.unwrap_or_default())
}
