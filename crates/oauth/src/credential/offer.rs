//! Credential offers (§4.1): how an issuer tells a wallet what it can fetch, as a link or a picture of it.

use serde::{Deserialize, Serialize};

/// The scheme that wallets answer to (§4.1).
pub const OFFER_SCHEME: &str = "openid-credential-offer";

/// The `tx_code` that a wallet has to ask the person for (§4.1.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TxCode {
    /// `numeric` or `text`.
    pub input_mode: String,
    /// How many characters.
    pub length: usize,
    /// What the wallet tells the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// An offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Who offers.
    pub credential_issuer: String,
    /// What.
    pub credential_configuration_ids: Vec<String>,
    /// How it is had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Grants>,
}

/// How it is had.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants {
    /// By the code flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_code: Option<CodeGrant>,
    /// By a code that is there already.
    #[serde(
        rename = "urn:ietf:params:oauth:grant-type:pre-authorized_code",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub pre_authorized_code: Option<PreAuthorizedGrant>,
}

/// The code flow, for which the wallet repeats what the issuer says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeGrant {
    /// What the wallet repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_state: Option<String>,
}

/// A code that is there already.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreAuthorizedGrant {
    /// The code.
    #[serde(rename = "pre-authorized_code")]
    pub code: String,
    /// What the person has to type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx_code: Option<TxCode>,
}

impl std::fmt::Debug for PreAuthorizedGrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PreAuthorizedGrant")
            .field("code", &crate::Redacted)
            .field("tx_code", &self.tx_code)
            .finish()
    }
}

impl Offer {
    /// One that is had by the code flow, for which the wallet repeats this.
    pub fn by_code_flow(
        issuer: &str,
        configurations: &[String],
        issuer_state: Option<String>,
    ) -> Self {
        Self::with(
            (issuer, configurations),
            Grants {
                authorization_code: Some(CodeGrant { issuer_state }),
                ..Grants::default()
            },
        )
    }

    /// One that is had by a code that is there already.
    pub fn pre_authorized(
        issuer: &str,
        configurations: &[String],
        code: &str,
        tx_code: Option<TxCode>,
    ) -> Self {
        Self::with(
            (issuer, configurations),
            Grants {
                pre_authorized_code: Some(PreAuthorizedGrant {
                    code: code.to_owned(),
                    tx_code,
                }),
                ..Grants::default()
            },
        )
    }

    fn with((issuer, configurations): (&str, &[String]), grants: Grants) -> Self {
        Self {
            credential_issuer: issuer.to_owned(),
            credential_configuration_ids: configurations.to_vec(),
            grants: Some(grants),
        }
    }
}

/// The link that a wallet opens: with the offer in it, or with the address where it is (§4.1.2, §4.1.3).
pub fn link(parameter: &str, value: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair(parameter, value)
        .finish();
    format!("{OFFER_SCHEME}://?{query}")
}
