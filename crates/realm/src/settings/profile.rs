use jose::Algorithm;
use oauth::client_auth::Method;
use serde::{Deserialize, Serialize};

/// Which set of rules a realm or client follows. Each rule that the profiles do not share is a question here, so that whoever enforces one asks for it
/// by name and cites what it answers with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Profile {
    /// OAuth 2.1: PKCE for every client.
    #[default]
    #[serde(rename = "oauth2.1")]
    OAuth21,
    /// OpenID Connect Core as it was: confidential clients need no PKCE.
    #[serde(rename = "openid")]
    OpenId,
    /// FAPI 2.0 Security Profile.
    #[serde(rename = "fapi2-security")]
    Fapi2Security,
    /// FAPI 2.0 Message Signing, with all that the Security Profile says.
    #[serde(rename = "fapi2-message-signing")]
    Fapi2MessageSigning,
}

/// What the FAPI profiles let clients sign with (FAPI 2.0 Security Profile §5.4.1), and the algorithms after the quantum computer, which are younger than it.
pub const FAPI_ALGORITHMS: &[Algorithm] = &[
    Algorithm::Ps256,
    Algorithm::Es256,
    Algorithm::EdDsa,
    Algorithm::MlDsa44,
    Algorithm::MlDsa65,
    Algorithm::MlDsa87,
];

/// How clients authenticate under the FAPI profiles (FAPI 2.0 Security Profile §5.3.2.1).
pub const FAPI_METHODS: &[Method] = &[
    Method::PrivateKeyJwt,
    Method::TlsClientAuth,
    Method::SelfSignedTlsClientAuth,
];

impl Profile {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::OAuth21,
        Self::OpenId,
        Self::Fapi2Security,
        Self::Fapi2MessageSigning,
    ];

    /// The name, as it is set.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OAuth21 => "oauth2.1",
            Self::OpenId => "openid",
            Self::Fapi2Security => "fapi2-security",
            Self::Fapi2MessageSigning => "fapi2-message-signing",
        }
    }

    /// Whether it is one of FAPI 2.0.
    pub const fn is_fapi(self) -> bool {
        matches!(self, Self::Fapi2Security | Self::Fapi2MessageSigning)
    }

    /// Whether confidential clients need no PKCE, unless they or the realm are set otherwise (RFC 9700 §2.1.1).
    pub const fn waives_pkce(self) -> bool {
        matches!(self, Self::OpenId)
    }

    /// Whether the grants that OAuth 2.1 has left out may be switched on: implicit and password (OAuth 2.1 §10, FAPI 2.0 Security Profile §5.3.2.1).
    pub const fn permits_retired_grants(self) -> bool {
        matches!(self, Self::OpenId)
    }

    /// Whether authorization requests are pushed, and name their redirect URI (FAPI 2.0 Security Profile §5.3.2.2).
    pub const fn demands_pushed_requests(self) -> bool {
        self.is_fapi()
    }

    /// Whether authorization requests are signed (FAPI 2.0 Message Signing §5.3.1).
    pub const fn demands_signed_requests(self) -> bool {
        matches!(self, Self::Fapi2MessageSigning)
    }

    /// Whether what stands beside a request object counts where the object says nothing (OpenID Connect Core §6.1); else what was signed is all (RFC 9101 §5).
    pub const fn merges_requests(self) -> bool {
        matches!(self, Self::OpenId)
    }

    /// Whether authorization responses are signed (FAPI 2.0 Message Signing §5.4.1).
    pub const fn demands_jarm(self) -> bool {
        matches!(self, Self::Fapi2MessageSigning)
    }

    /// Whether answers about tokens are signed (FAPI 2.0 Message Signing §5.5.1).
    pub const fn demands_signed_introspection(self) -> bool {
        matches!(self, Self::Fapi2MessageSigning)
    }

    /// Whether every access token is bound to a key or a certificate (FAPI 2.0 Security Profile §5.3.2.1).
    pub const fn demands_bound_tokens(self) -> bool {
        self.is_fapi()
    }

    /// Whether client assertions name the issuer as their only audience (FAPI 2.0 Security Profile §5.3.2.1). Request objects may name others beside it.
    pub const fn demands_sole_audience(self) -> bool {
        self.is_fapi()
    }

    /// Whether each use of a refresh token makes another (FAPI 2.0 Security Profile §5.3.2.1: not there, as tokens are bound).
    pub const fn rotates_refresh_tokens(self) -> bool {
        !self.is_fapi()
    }

    /// The longest that an authorization code may live, in seconds (FAPI 2.0 Security Profile §5.3.2.1).
    pub const fn longest_code(self) -> Option<i64> {
        if self.is_fapi() { Some(60) } else { None }
    }

    /// Whether a client may sign with it, or be given what is signed with it.
    pub fn permits_algorithm(self, algorithm: Algorithm) -> bool {
        !self.is_fapi() || FAPI_ALGORITHMS.contains(&algorithm)
    }

    /// Whether clients may authenticate by it.
    pub fn permits_method(self, method: Method) -> bool {
        !self.is_fapi() || FAPI_METHODS.contains(&method)
    }

    /// Whether what another issuer signed about a client authenticates it (FAPI 2.0 Security Profile §5.3.2.1: mutual TLS and `private_key_jwt` do).
    pub const fn permits_vouching(self) -> bool {
        !self.is_fapi()
    }

    /// What ID tokens are signed with when the client registered nothing: RS256 (OpenID Connect Registration §2), but where that is not permitted.
    pub const fn default_algorithm(self) -> Algorithm {
        if self.is_fapi() {
            Algorithm::Es256
        } else {
            Algorithm::Rs256
        }
    }
}

impl std::fmt::Display for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn a_profile_is_written_by_its_name() {
        for profile in Profile::ALL {
            let text = serde_json::to_value(profile).unwrap();
            assert_eq!(text, profile.as_str());
        }
    }

    #[test]
    fn message_signing_is_the_security_profile_and_more() {
        let (base, more) = (Profile::Fapi2Security, Profile::Fapi2MessageSigning);
        let shared = |it: Profile| {
            it.demands_pushed_requests()
                && it.demands_bound_tokens()
                && it.demands_sole_audience()
                && !it.rotates_refresh_tokens()
                && !it.waives_pkce()
                && !it.permits_retired_grants()
                && it.longest_code() == Some(60)
        };
        assert!(shared(base) && shared(more));
        assert!(more.demands_jarm() && more.demands_signed_requests());
        assert!(!base.demands_jarm() && !base.demands_signed_requests());
        assert!(!base.permits_algorithm(Algorithm::Rs256));
        assert!(base.permits_algorithm(base.default_algorithm()));
        assert!(
            !base.permits_method(Method::ClientSecretJwt) && !base.permits_method(Method::None)
        );
    }
}
