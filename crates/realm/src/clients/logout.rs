use serde::{Deserialize, Serialize};

/// How a client hears that a session has ended, as it is registered (OpenID Connect Back-Channel Logout §2.2, Front-Channel Logout §2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Logout {
    /// Where we tell it.
    #[serde(
        rename = "backchannel_logout_uri",
        skip_serializing_if = "Option::is_none"
    )]
    pub backchannel_uri: Option<String>,
    /// Whether it needs `sid` then; it always gets it.
    #[serde(
        rename = "backchannel_logout_session_required",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub backchannel_session_required: bool,
    /// What a browser that signs out opens in a frame.
    #[serde(
        rename = "frontchannel_logout_uri",
        skip_serializing_if = "Option::is_none"
    )]
    pub frontchannel_uri: Option<String>,
    /// Whether it needs `iss` and `sid` then; it always gets them.
    #[serde(
        rename = "frontchannel_logout_session_required",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub frontchannel_session_required: bool,
}

impl Logout {
    /// Whether it is to be told of the end of sessions at all.
    pub fn is_told(&self) -> bool {
        self.backchannel_uri.is_some() || self.frontchannel_uri.is_some()
    }
}
