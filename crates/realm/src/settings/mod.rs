//! What a realm's operator may set, and what holds where nothing is set.

mod acr;
mod federation;
mod lifetimes;
mod profile;
mod registration;

use jose::Algorithm;
use oauth::language;
use oauth::shared_signals::DefaultSubjects;
use serde::{Deserialize, Serialize};

use crate::clients::{self, PublicKeys};
use crate::error::Invalid;

pub use acr::{AuthenticationContext, AuthenticationContexts};
pub use federation::{Federation, TrustAnchor};
pub(crate) use lifetimes::check_one;
pub use lifetimes::{LIFETIMES, LONGEST_TOKEN, Lifetime, LifetimeOverrides, Lifetimes};
pub use profile::{FAPI_ALGORITHMS, FAPI_METHODS, Profile};
pub use registration::{Admission, ClientIdDocuments, Registration, StatementIssuer};

/// The settings of one realm. Unknown members are refused when they are set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The realm's name as people read it on its pages.
    pub display_name: String,
    /// The rules that hold for clients that do not state their own.
    pub profile: Profile,
    /// Whether clients must use PKCE; as the profile says when it is not set. Only a realm with the profile `openid` may say `false`, and then for
    /// confidential clients only (RFC 9700 §2.1.1).
    pub require_pkce: Option<bool>,
    /// Whether clients must push their authorization requests (RFC 9126 §5).
    pub require_pushed_authorization_requests: bool,
    /// Whether authorization requests must be signed (RFC 9101 §10.5).
    pub require_signed_request_object: bool,
    /// Whether clients may be registered for the grants that OAuth 2.1 has left out, implicit and password; only with the profile `openid`. A client
    /// may have its own.
    pub allow_retired_grants: bool,
    /// Whether DPoP proofs must carry a nonce of ours, so that none can be made in advance (RFC 9449 §8). Clients get one offered in any case.
    pub require_dpop_nonce: bool,
    /// Where each request of a client to ask a person (OpenID Connect CIBA) is told, so that a device of the realm's own can ring; empty: nowhere.
    pub approval_webhook: String,
    /// What the realm signs with where whoever verifies has not said what they can: signed metadata, ID-JAGs, events to its webhook.
    pub signing_alg: Algorithm,
    /// How clients come to be registered without an operator (RFC 7591).
    pub registration: Registration,
    /// Clients that describe themselves by a document at their identifier.
    pub client_id_documents: ClientIdDocuments,
    /// The keys (a JWK set) of those who may attest the instances of clients that have no attesters of their own (`attest_jwt_client_auth`).
    pub client_attestation_jwks: Option<PublicKeys>,
    /// Whether the proofs of attested instances must answer a challenge of ours, so that none can be made in advance.
    pub require_attestation_challenge: bool,
    /// What the strengths of a sign-in are called, the weakest first; without any, clients' `acr_values` are a wish.
    pub acr: AuthenticationContexts,
    /// The languages in which claims about people may be known (RFC 5646), which the metadata name (OpenID Connect Core §5.2); any, and none is named, where
    /// there are none.
    pub claims_locales: Vec<String>,
    /// Whom a stream of security events is about before its receiver adds or removes anybody: `ALL` or `NONE` (OpenID Shared Signals Framework §7.1).
    pub signals_default_subjects: DefaultSubjects,
    /// After how many seconds without a word of its receiver a stream of security events is paused (§8.1.1 `inactivity_timeout`): a day to a year; 0 is never.
    pub signals_inactivity_timeout: i64,
    /// A page for developers of applications (`service_documentation`, RFC 8414 §2); empty: none, as for the next two.
    pub service_documentation: String,
    /// What applications may do with what they learn (`op_policy_uri`).
    pub op_policy_uri: String,
    /// The terms on which applications may be registered (`op_tos_uri`).
    pub op_tos_uri: String,
    /// The federations that the realm is part of (OpenID Federation 1.0).
    pub federation: Federation,
    /// How long things live.
    pub lifetimes: Lifetimes,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            display_name: "grantor".to_owned(),
            profile: Profile::OAuth21,
            require_pkce: None,
            require_pushed_authorization_requests: false,
            require_signed_request_object: false,
            allow_retired_grants: false,
            require_dpop_nonce: false,
            approval_webhook: String::new(),
            signing_alg: Algorithm::Es256,
            registration: Registration::default(),
            client_id_documents: ClientIdDocuments::default(),
            client_attestation_jwks: None,
            require_attestation_challenge: false,
            acr: AuthenticationContexts::default(),
            claims_locales: Vec::new(),
            signals_default_subjects: DefaultSubjects::default(),
            signals_inactivity_timeout: 0,
            service_documentation: String::new(),
            op_policy_uri: String::new(),
            op_tos_uri: String::new(),
            federation: Federation::default(),
            lifetimes: Lifetimes::default(),
        }
    }
}

impl Settings {
    /// Reads settings that somebody wrote: an unknown member is refused by name, and every rule is checked.
    pub fn from_json(text: &str) -> Result<Self, Invalid> {
        let settings: Self = serde_json::from_str(text)
            .map_err(|error| Invalid::new("settings", error.to_string()))?;
        settings.check()?;
        Ok(settings)
    }

    /// Checks what the types cannot say.
    pub fn check(&self) -> Result<(), Invalid> {
        let name = self.display_name.trim();
        if name.is_empty() || self.display_name.chars().count() > 100 {
            return Err(Invalid::new("display_name", "it has 1 to 100 characters"));
        }
        if self.display_name.chars().any(char::is_control) {
            return Err(Invalid::new("display_name", "it holds a control character"));
        }
        if self.require_pkce == Some(false) && !self.profile.waives_pkce() {
            return Err(Invalid::new(
                "require_pkce",
                "it may be false only with the profile `openid`",
            ));
        }
        if self.allow_retired_grants && !self.profile.permits_retired_grants() {
            return Err(Invalid::new(
                "allow_retired_grants",
                if self.profile.is_fapi() {
                    "it may be true only with the profile `openid` (FAPI 2.0 Security Profile section 5.3.2.1)"
                } else {
                    "it may be true only with the profile `openid` (OAuth 2.1 §10)"
                },
            ));
        }
        for (field, page) in [
            ("approval_webhook", &self.approval_webhook),
            ("service_documentation", &self.service_documentation),
            ("op_policy_uri", &self.op_policy_uri),
            ("op_tos_uri", &self.op_tos_uri),
        ] {
            if !page.is_empty() && !clients::is_page(page) {
                let reason = "it is an https address (http for a loopback host), or empty";
                return Err(Invalid::new(field, reason));
            }
        }
        clients::check_signing_alg("signing_alg", Some(self.signing_alg))?;
        if !self.profile.permits_algorithm(self.signing_alg) {
            return Err(Invalid::new(
                "signing_alg",
                "the realm's profile does not permit it (FAPI 2.0 Security Profile §5.4.1)",
            ));
        }
        if let Some(keys) = &self.client_attestation_jwks {
            keys.check()
                .map_err(|reason| Invalid::new("client_attestation_jwks", reason))?;
        }
        let timeout = self.signals_inactivity_timeout;
        if timeout != 0 && !(86_400..=365 * 86_400).contains(&timeout) {
            return Err(Invalid::new(
                "signals_inactivity_timeout",
                "it is a day to a year in seconds, or 0",
            ));
        }
        self.acr.check()?;
        self.check_locales()?;
        self.registration.check()?;
        self.client_id_documents.check()?;
        self.federation.check()?;
        self.lifetimes.check()
    }

    fn check_locales(&self) -> Result<(), Invalid> {
        let refused = |reason: String| Err(Invalid::new("claims_locales", reason));
        if self.claims_locales.len() > 100 {
            return refused("it has at most 100 languages".to_owned());
        }
        for (index, tag) in self.claims_locales.iter().enumerate() {
            let Some(normal) = language::normalized(tag) else {
                let tag = tag.escape_default();
                return refused(format!("`{tag}` is not the tag of a language (RFC 5646)"));
            };
            if normal != *tag {
                return refused(format!("`{tag}` is written `{normal}`"));
            }
            if self.claims_locales[..index].contains(tag) {
                return refused(format!("`{tag}` is there twice"));
            }
        }
        Ok(())
    }

    /// Reads stored settings: members that a newer version wrote are passed over, so that nodes of two versions run side by side.
    pub(crate) fn from_stored(text: &str) -> Result<Self, serde_json::Error> {
        let mut value: serde_json::Value = serde_json::from_str(text)?;
        let shape = serde_json::to_value(Self::default())?;
        keep_known(&mut value, &shape);
        serde_json::from_value(value)
    }

    pub(crate) fn to_stored(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

fn keep_known(value: &mut serde_json::Value, shape: &serde_json::Value) {
    if let (Some(object), Some(known)) = (value.as_object_mut(), shape.as_object()) {
        object.retain(|name, _| known.contains_key(name));
        for (name, member) in object.iter_mut() {
            keep_known(member, &known[name]);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn what_is_not_set_has_its_default() {
        let settings = Settings::from_json(r#"{"lifetimes":{"access_token":60}}"#).unwrap();
        assert_eq!(settings.lifetimes.access_token, 60);
        assert_eq!(settings.lifetimes.session_idle, 43_200);
        assert_eq!(settings.require_pkce, None);
    }

    #[test]
    fn an_unknown_member_is_refused_by_name_when_set_and_passed_over_when_stored() {
        let text =
            r#"{"profile":"openid","lifetimes":{"acces_token":60,"id_token":90},"new":{"a":1}}"#;
        let refusal = Settings::from_json(text).unwrap_err();
        assert!(refusal.reason.contains("acces_token"), "{refusal}");
        let read = Settings::from_stored(text).unwrap();
        assert_eq!(read.lifetimes.id_token, 90);
        assert_eq!(read.profile, Profile::OpenId);
    }

    #[test]
    fn pkce_is_waived_only_with_the_openid_profile() {
        assert_eq!(
            Settings::from_json(r#"{"require_pkce":false}"#)
                .unwrap_err()
                .field,
            "require_pkce"
        );
        assert!(Settings::from_json(r#"{"require_pkce":false,"profile":"openid"}"#).is_ok());
    }

    /// OpenID Connect Core §5.2.
    #[test]
    fn languages_are_spelled_as_everybody_does() {
        let with = |tags: &str| Settings::from_json(&format!(r#"{{"claims_locales":{tags}}}"#));
        assert!(with(r#"["de","ja-Kana-JP","zh-Hant"]"#).is_ok());
        for wrong in [r#"["DE"]"#, r#"["de_DE"]"#, r#"[""]"#, r#"["de","de"]"#] {
            assert_eq!(with(wrong).unwrap_err().field, "claims_locales", "{wrong}");
        }
    }

    /// FAPI 2.0 Security Profile §5.4.1, and a key that is everybody's signs nothing.
    #[test]
    fn a_realm_signs_with_what_can_be_verified() {
        for (text, permitted) in [
            (r#"{"signing_alg":"ML-DSA-65"}"#, true),
            (r#"{"signing_alg":"RS256"}"#, true),
            (r#"{"signing_alg":"HS256"}"#, false),
            (r#"{"signing_alg":"none"}"#, false),
            (
                r#"{"signing_alg":"RS256","profile":"fapi2-security"}"#,
                false,
            ),
            (
                r#"{"signing_alg":"ML-DSA-65","profile":"fapi2-security"}"#,
                true,
            ),
        ] {
            assert_eq!(Settings::from_json(text).is_ok(), permitted, "{text}");
        }
    }

    #[test]
    fn stored_settings_come_back() {
        let settings = Settings {
            display_name: "Müller & Söhne".to_owned(),
            ..Settings::default()
        };
        assert_eq!(
            Settings::from_stored(&settings.to_stored().unwrap()).unwrap(),
            settings
        );
    }
}
