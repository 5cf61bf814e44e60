//! What two grants have in common: a client asks and polls (RFC 8628, OpenID Connect CIBA Core), while a person who is elsewhere decides.

pub(crate) mod origin;
pub mod rules;
pub(crate) mod stored;

use self::rules::Allowed;
use crate::authorization_code::rules as code;

/// What was allowed, as the code grant has it: from here on they are alike.
pub(crate) fn as_code(
    client: &str,
    resources: &[String],
    allowed: &Allowed,
    expires_at: i64,
) -> code::Code {
    code::Code {
        grant_id: allowed.grant_id.clone(),
        client: client.to_owned(),
        person: allowed.person.clone(),
        session: allowed.session.clone(),
        redirect_uri: String::new(),
        redirect_uri_sent: false,
        challenge: None,
        scope: allowed.scope.clone(),
        resources: resources.to_vec(),
        details: None,
        claims: None,
        nonce: None,
        auth_time: allowed.auth_time,
        amr: allowed.amr.clone(),
        acr: allowed.acr.clone(),
        confirmation: None,
        issued_at: allowed.at,
        expires_at,
        state: code::State::Fresh,
    }
}
