//! The JWT bearer grant (RFC 7523 §2.1), and the assertions of identity providers that are its most careful form: ID-JAG
//! (draft-ietf-oauth-identity-assertion-authz-grant).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::authorization::resources;
use crate::authorization_details::AuthorizationDetails;
use crate::claims::{Audience, Confirmation};
use crate::{Error, Params, Redacted, Scope, lenient};

/// The `typ` of an ID-JAG (§3.1 of the draft).
pub const ID_JAG: &str = "oauth-id-jag+jwt";
/// How an authorization server says that it takes ID-JAGs (`authorization_grant_profiles_supported`, §6 of the draft).
pub const ID_JAG_PROFILE: &str = "urn:ietf:params:oauth:grant-profile:id-jag";

/// The parameters of `grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer` (RFC 7523 §2.1).
#[derive(Clone, PartialEq, Eq)]
pub struct JwtBearer {
    /// The JWT.
    pub assertion: String,
    /// What is asked for; `None` means all that can be had.
    pub scope: Option<Scope>,
    /// The APIs that the token is for.
    pub resource: Vec<String>,
    /// What is asked for in particular (RFC 9396 §6).
    pub authorization_details: Option<AuthorizationDetails>,
}

impl JwtBearer {
    /// Reads a request.
    ///
    /// # Errors
    /// `invalid_request`, `invalid_scope` or `invalid_target`.
    pub(crate) fn parse(params: &Params) -> Result<Self, Error> {
        Ok(Self {
            assertion: params.required("assertion")?.to_owned(),
            scope: params.get("scope").map(str::parse::<Scope>).transpose()?,
            resource: resources(params)?,
            authorization_details: AuthorizationDetails::of(params)?,
        })
    }
}

impl fmt::Debug for JwtBearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtBearer")
            .field("assertion", &Redacted)
            .field("scope", &self.scope)
            .field("resource", &self.resource)
            .finish()
    }
}

/// The claims of an ID-JAG (§3.1 of the draft). Times are unix seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdJag {
    /// The identity provider.
    pub iss: String,
    /// The person, by the identity provider's identifier.
    pub sub: String,
    /// The authorization server that it is for, by its issuer, alone.
    pub aud: Audience,
    /// The client that may present it, by that authorization server's identifier.
    pub client_id: String,
    /// Its own identifier.
    pub jti: String,
    /// When it expires.
    #[serde(deserialize_with = "lenient::seconds")]
    pub exp: i64,
    /// When it was issued.
    #[serde(deserialize_with = "lenient::seconds")]
    pub iat: i64,
    /// The APIs that tokens may be for.
    #[serde(default, skip_serializing_if = "Audience::is_empty")]
    pub resource: Audience,
    /// What tokens may permit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// When the person signed in.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::optional_seconds"
    )]
    pub auth_time: Option<i64>,
    /// How strongly the person signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// How the person signed in (RFC 8176).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The person's e-mail address, by which the other side may know them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the address was found to be theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    /// Who acts for the person (RFC 8693 §4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Value>,
    /// What whoever presents it must prove to have (RFC 7800).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
}

/// Whether a `typ` is that of an ID-JAG: `application/` may be there or not, and case does not count (RFC 7515 §4.1.9).
pub fn is_id_jag(typ: Option<&str>) -> bool {
    typ.is_some_and(|typ| {
        let short = match typ.split_at_checked("application/".len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
            _ => typ,
        };
        short.eq_ignore_ascii_case(ID_JAG)
    })
}
