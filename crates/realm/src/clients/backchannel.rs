use jose::Algorithm;
use oauth::ciba::DeliveryMode;
use serde::{Deserialize, Serialize};

/// How a client asks people without a browser of its own, as it is registered (OpenID Connect CIBA Core §4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Backchannel {
    /// How tokens reach it.
    #[serde(
        rename = "backchannel_token_delivery_mode",
        skip_serializing_if = "Option::is_none"
    )]
    pub delivery: Option<DeliveryMode>,
    /// Where it is called in the modes ping and push.
    #[serde(
        rename = "backchannel_client_notification_endpoint",
        skip_serializing_if = "Option::is_none"
    )]
    pub notification_endpoint: Option<String>,
    /// What its requests are signed with; when it is not stated, they are not signed.
    #[serde(
        rename = "backchannel_authentication_request_signing_alg",
        skip_serializing_if = "Option::is_none"
    )]
    pub signing_alg: Option<Algorithm>,
    /// Whether it asks people for their user code.
    #[serde(
        rename = "backchannel_user_code_parameter",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub user_code: bool,
}

impl Backchannel {
    /// How tokens reach it: it polls, when nothing else was stated.
    pub fn mode(&self) -> DeliveryMode {
        self.delivery.unwrap_or(DeliveryMode::Poll)
    }
}
