//! Issuing verifiable credentials (OpenID for Verifiable Credential Issuance 1.0): what wallets send, and what it must be.

mod attestation;
mod offer;
mod proof;
mod request;

use serde_json::{Value, json};

use crate::authorization_details::AuthorizationDetails;

pub use attestation::{ATTESTATION_TYPE, Attested, Attesters};
pub use offer::{OFFER_SCHEME, Offer, TxCode, link};
pub use proof::{ALGORITHMS, Doubt, FRESH, Holder, PROOF_TYPE, Proven, public_part};
pub use request::{
    Asked, CredentialRequest, LONGEST, MOST_PROOFS, Notice, NoticeEvent, Proofs,
    ResponseEncryption, Wrong,
};

/// The type of `authorization_details` that asks for a credential (§5.1.1).
pub const DETAILS_TYPE: &str = "openid_credential";
/// The format of a credential: SD-JWT VC (appendix A.3.1), and the `typ` of its JWT (SD-JWT VC §2.2.1).
pub const FORMAT: &str = "dc+sd-jwt";
/// `typ` of signed metadata (§12.2.3).
pub const METADATA_TYPE: &str = "openidvci-issuer-metadata+jwt";

/// The details of a token response: each that asks for a credential says by which identifiers it is had (§6.2). `identifier` gives the one of a configuration.
pub fn identified(
    details: &AuthorizationDetails,
    identifier: impl Fn(&str) -> String,
) -> AuthorizationDetails {
    details.map(|kind, members| {
        let id = members.get("credential_configuration_id");
        if let Some(id) = id.and_then(Value::as_str).filter(|_| kind == DETAILS_TYPE) {
            let identifiers = json!([identifier(id)]);
            members.insert("credential_identifiers".to_owned(), identifiers);
        }
    })
}

/// The configurations that details ask for, each once.
pub fn asked_for(details: &AuthorizationDetails) -> Vec<&str> {
    let mut found = Vec::new();
    for detail in details
        .iter()
        .filter(|detail| detail.kind() == DETAILS_TYPE)
    {
        let id = detail.members().get("credential_configuration_id");
        if let Some(id) = id.and_then(Value::as_str)
            && !found.contains(&id)
        {
            found.push(id);
        }
    }
    found
}
