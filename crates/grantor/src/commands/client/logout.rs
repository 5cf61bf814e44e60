//! How an application hears that a session has ended: the options of `grantor client create` and `update` for it.

use clap::Args;
use realm::Client;

/// What can be said about it.
#[derive(Args)]
pub(super) struct Logout {
    /// Where it is told that a session has ended (OpenID Connect Back-Channel Logout)
    #[arg(long, value_name = "URL")]
    backchannel_logout_uri: Option<String>,
    /// Whether it needs the session's identifier then
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    backchannel_logout_session_required: Option<bool>,
    /// What a browser that signs out opens in a frame (OpenID Connect Front-Channel Logout)
    #[arg(long, value_name = "URL")]
    frontchannel_logout_uri: Option<String>,
    /// Whether it needs the issuer and the session's identifier then
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    frontchannel_logout_session_required: Option<bool>,
}

impl Logout {
    /// Writes what was said over `client`. An empty address takes one away.
    pub(super) fn apply(self, client: &mut Client) {
        fn uri(known: &mut Option<String>, said: Option<String>) {
            if let Some(uri) = said {
                *known = (!uri.is_empty()).then_some(uri);
            }
        }
        let known = &mut client.logout;
        uri(&mut known.backchannel_uri, self.backchannel_logout_uri);
        uri(&mut known.frontchannel_uri, self.frontchannel_logout_uri);
        if let Some(required) = self.backchannel_logout_session_required {
            known.backchannel_session_required = required;
        }
        if let Some(required) = self.frontchannel_logout_session_required {
            known.frontchannel_session_required = required;
        }
    }
}

/// Where it is told, for people.
pub(super) fn words(client: &Client) -> String {
    let known = &client.logout;
    let back = known.backchannel_uri.as_deref();
    let front = known.frontchannel_uri.as_deref();
    let front = front.map(|uri| format!("{uri} (in a frame)"));
    let all: Vec<String> = back.map(str::to_owned).into_iter().chain(front).collect();
    all.join(" ")
}
