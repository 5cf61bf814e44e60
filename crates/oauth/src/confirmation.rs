//! How a token is bound to whoever holds it (RFC 7800).

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The value of `cnf` (RFC 7800 §3.1): what the holder of a token must prove to have. A token with a `cnf` is never a bearer token, not even when
/// nothing in it is understood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The thumbprint of the key that DPoP proofs must be signed with (RFC 9449 §6.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<String>,
    /// The SHA-256 thumbprint of the certificate that the connection must be made with (RFC 8705 §3.1).
    #[serde(default, rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    pub x5t_s256: Option<String>,
    /// Methods that this crate does not know: whoever meets one cannot confirm the holder.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Confirmation {
    /// Bound to a key by its JWK thumbprint.
    pub fn key(jkt: impl Into<String>) -> Self {
        Self {
            jkt: Some(jkt.into()),
            ..Self::default()
        }
    }

    /// Bound to a certificate by its SHA-256 thumbprint, base64url.
    pub fn certificate(x5t_s256: impl Into<String>) -> Self {
        Self {
            x5t_s256: Some(x5t_s256.into()),
            ..Self::default()
        }
    }

    /// Bound to this certificate (DER): `x5t#S256` (RFC 8705 §3.1).
    pub fn of_certificate(der: &[u8]) -> Self {
        let thumbprint = digest::digest(&digest::SHA256, der);
        Self::certificate(jose::base64url::encode(thumbprint))
    }

    /// Whether whoever proved `presented` is the holder: everything this names was proven, and nothing is named that nobody here understands.
    pub fn is_met_by(&self, presented: Option<&Self>) -> bool {
        let proven = |own: &Option<String>, theirs: Option<&String>| {
            own.as_ref().is_none_or(|own| Some(own) == theirs)
        };
        let names_something = self.jkt.is_some() || self.x5t_s256.is_some();
        names_something
            && self.extra.is_empty()
            && proven(&self.jkt, presented.and_then(|it| it.jkt.as_ref()))
            && proven(
                &self.x5t_s256,
                presented.and_then(|it| it.x5t_s256.as_ref()),
            )
    }

    /// How a token with this confirmation is presented: `DPoP` when it is bound to a key, else `Bearer` (RFC 9449 §5, RFC 8705 §3).
    pub fn token_type(confirmation: Option<&Self>) -> &'static str {
        match confirmation {
            Some(Self { jkt: Some(_), .. }) => "DPoP",
            _ => "Bearer",
        }
    }

    /// As JSON, for a text column.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From the text that [`to_text`](Self::to_text) made.
    ///
    /// # Errors
    /// When it is not a confirmation: whoever reads it must not take that for "not bound".
    pub fn from_text(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}
