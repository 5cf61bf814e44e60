//! Verifiable credentials (OpenID4VCI 1.0): a wallet that a person let in fetches what we say about the person, signed, so that it can show it elsewhere.
//!
//! 1. `metadata.rs` says what there is. 2. The wallet asks for it, by scope or `authorization_details`, as for any API: the issuer's own resource. 3. `nonce.rs`
//!    gives a nonce for the proofs of its keys. 4. `endpoint.rs` takes the access token and the proofs; `rules.rs` decides, `issue.rs` signs.
//!    5. `notification.rs` hears what became of it.

mod endpoint;
mod holder;
mod issue;
pub(crate) mod metadata;
mod nonce;
mod notification;
pub mod rules;
pub(crate) mod sql;

use oauth::authorization_details::AuthorizationDetails;
use realm::Realm;

pub(crate) use endpoint::post;
pub(crate) use nonce::post as nonce;
pub(crate) use notification::post as notify;

/// What identifiers are made with.
const IDENTIFIER: &str = "credential_identifier";

/// What names one credential of one person: its kind, and a mark that is another for everybody, so that one person's name for it is nothing to another.
fn identifier(realm: &Realm, person: &str, configuration: &str) -> String {
    // No identifier of ours has a space.
    let named = format!("{person} {configuration}");
    let mac = realm.mac(IDENTIFIER, named.as_bytes());
    let mark = jose::base64url::encode(&mac[..16]);
    format!("{configuration}.{mark}")
}

/// The details of a token response for this person: those that ask for a credential say by which name it is had (§6.2).
pub(crate) fn identified(
    realm: &Realm,
    person: &str,
    details: Option<&AuthorizationDetails>,
) -> Option<AuthorizationDetails> {
    let details = details?;
    let identifier = |configuration: &str| identifier(realm, person, configuration);
    Some(oauth::credential::identified(details, identifier))
}
