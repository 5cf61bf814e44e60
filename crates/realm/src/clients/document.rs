use jose::Algorithm;
use jose::jwe::{ContentEncryption, KeyManagement};
use oauth::Scope;
use oauth::authorization::ResponseType;
use oauth::client_auth::Method;
use oauth::token_exchange::Party;
use serde::{Deserialize, Serialize};

use super::GrantType;
use super::backchannel::Backchannel;
use super::exchange::ExchangePolicy;
use super::keys::PublicKeys;
use super::localized::Localized;
use super::logout::Logout;
use super::openid::OpenId;
use super::origin::Origin;
use super::secret::{SealedSecret, SecretHash};
use crate::algorithms::Algorithms;
use crate::settings::{LifetimeOverrides, Lifetimes, Profile, Settings};

/// What kind of application it is (OpenID Connect Registration §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApplicationType {
    /// On a web server.
    Web,
    /// Installed on a person's device.
    Native,
}

/// What is registered about a client. Serialised with the member names of RFC 7591 §2 and OpenID Connect Dynamic Client Registration §2; the
/// secret is no part of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Client {
    /// `client_id`: visible ASCII, at most 255 characters. Empty when a client is made: then one is chosen.
    #[serde(rename = "client_id")]
    pub id: String,
    /// The name that people see at consent.
    #[serde(rename = "client_name")]
    pub name: String,
    /// Where a response may be sent; matched exactly, loopback ones on any port.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// Where the browser may be sent after signing out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// The grants it may use.
    pub grant_types: Vec<GrantType>,
    /// The response types it may ask for.
    pub response_types: Vec<ResponseType>,
    /// The scopes it may be granted. Empty: for a person whatever the scopes' own rules grant, for the client itself (client credentials)
    /// nothing.
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// What a request without `scope` asks for.
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub default_scope: Scope,
    /// How it authenticates. When it is not stated, a client with a secret may use `client_secret_basic` or `client_secret_post`, and one without
    /// is public.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<Method>,
    /// What its assertions are signed with (OpenID Connect Registration §2); any algorithm that fits its method when it is not stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<Algorithm>,
    /// Its public keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<PublicKeys>,
    /// Where its public keys are, so that it can change them by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The keys of those who may attest its instances (`attest_jwt_client_auth`); those that the realm trusts when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_attestation_jwks: Option<PublicKeys>,
    /// The subject of its certificate, an RFC 4514 name (RFC 8705 §2.1.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_subject_dn: Option<String>,
    /// A `dNSName` of its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_dns: Option<String>,
    /// A `uniformResourceIdentifier` of its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_uri: Option<String>,
    /// An `iPAddress` of its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_ip: Option<String>,
    /// An `rfc822Name` of its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_email: Option<String>,
    /// Whether its access tokens are bound to the certificate of the connection (RFC 8705 §3.4).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tls_client_certificate_bound_access_tokens: bool,
    /// What its ID tokens are signed with; RS256 when it is not stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<Algorithm>,
    /// What it can verify ID tokens with, the best first, where that is not settled (OpenID Connect Relying Party Metadata Choices §2).
    #[serde(skip_serializing_if = "Algorithms::is_empty")]
    pub id_token_signing_alg_values_supported: Algorithms,
    /// What its authorization responses are signed with when it asks for that (JARM §3); as its profile says when it is not stated, which is RS256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_signed_response_alg: Option<Algorithm>,
    /// How the key of those responses reaches it, when they are encrypted too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_encrypted_response_alg: Option<KeyManagement>,
    /// What they are encrypted with; A128CBC-HS256 when it is not stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_encrypted_response_enc: Option<ContentEncryption>,
    /// What answers about tokens are signed with when it asks for them signed (RFC 9701 §6); RS256 when it is not stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_signed_response_alg: Option<Algorithm>,
    /// How the key of those answers reaches it, when they are encrypted too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_encrypted_response_alg: Option<KeyManagement>,
    /// What they are encrypted with; A128CBC-HS256 when it is not stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_encrypted_response_enc: Option<ContentEncryption>,
    /// What it learns of people, and how.
    #[serde(flatten)]
    pub openid: OpenId,
    /// Its home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// Its logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// Its privacy policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Its terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Whom to ask about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// Its name and its pages in several languages.
    #[serde(flatten)]
    pub localized: Localized,
    /// Whether it is a web application or one that is installed (OpenID Connect Registration §2); not known when it is not stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_type: Option<ApplicationType>,
    /// Where the redirect URIs of its sector are listed (OpenID Connect Registration §5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// The same for every installation of the software.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// Which version of the software it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// What a trusted issuer says about the software, as it was presented (RFC 7591 §2.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_statement: Option<String>,
    /// Origins whose scripts may call the endpoints (CORS), such as `https://app.example`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_origins: Vec<String>,
    /// Whether it must use PKCE; see [`Client::requires_pkce`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_pkce: Option<bool>,
    /// Whether it must push its authorization requests (RFC 9126 §6).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_pushed_authorization_requests: bool,
    /// Whether its authorization requests must be signed (RFC 9101 §10.5).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_signed_request_object: bool,
    /// What its request objects are signed with; any algorithm that it has a key for when it is not stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<Algorithm>,
    /// Where its request objects may be fetched from: addresses, or what they begin with, ending with `/*`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_uris: Vec<String>,
    /// Whether it must prove a key with each token request, to which its access tokens are bound (RFC 9449 §5.2).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dpop_bound_access_tokens: bool,
    /// Whether its proofs must carry a nonce; see [`Client::requires_dpop_nonce`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_dpop_nonce: Option<bool>,
    /// How it asks people without a browser of its own (OpenID Connect CIBA Core §4).
    #[serde(flatten)]
    pub backchannel: Backchannel,
    /// How it hears that a session has ended.
    #[serde(flatten)]
    pub logout: Logout,
    /// A first-party client, for which nobody is asked to consent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skip_consent: bool,
    /// The types of `authorization_details` that it may ask for (RFC 9396 §10); none when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types: Vec<String>,
    /// The resources whose tokens it may introspect: it is the API behind them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introspects: Vec<String>,
    /// Whether it may be registered for grants that OAuth 2.1 has left out; see [`Client::allows_retired_grants`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_retired_grants: Option<bool>,
    /// The rules that hold for it instead of the realm's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// What it may exchange for what (RFC 8693).
    #[serde(skip_serializing_if = "ExchangePolicy::is_empty")]
    pub token_exchange: ExchangePolicy,
    /// Who may act with the tokens that people let it have (`may_act`, RFC 8693 §4.4), and nobody else; without it the policies of those who exchange decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_act: Option<Party>,
    /// Whether it is refused everywhere for now.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// Its own lifetimes.
    #[serde(skip_serializing_if = "LifetimeOverrides::is_empty")]
    pub lifetimes: LifetimeOverrides,
    /// The row's version, which a change names.
    #[serde(skip)]
    pub version: i64,
    /// When it was registered (unix seconds).
    #[serde(skip)]
    pub created_at: i64,
    /// When it was last changed (unix seconds).
    #[serde(skip)]
    pub updated_at: i64,
    /// When it was last switched off, or came to another sector (unix seconds; 0: never). What it was granted until then is worth nothing, also when it is switched on again.
    #[serde(skip)]
    pub revoked_at: i64,
    /// What its secret is compared with; only [`create`](super::create) and [`update`](super::update) make one.
    #[serde(skip)]
    pub secret_hash: Option<SecretHash>,
    /// Its secret itself, sealed, when it signs with it (`client_secret_jwt`).
    #[serde(skip)]
    pub sealed_secret: Option<SealedSecret>,
    /// How it came to be known.
    #[serde(skip)]
    pub origin: Origin,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            id: String::new(),
            name: String::new(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grant_types: vec![GrantType::AuthorizationCode],
            response_types: vec![ResponseType::Code],
            scope: Scope::empty(),
            default_scope: Scope::empty(),
            token_endpoint_auth_method: None,
            token_endpoint_auth_signing_alg: None,
            jwks: None,
            jwks_uri: None,
            client_attestation_jwks: None,
            tls_client_auth_subject_dn: None,
            tls_client_auth_san_dns: None,
            tls_client_auth_san_uri: None,
            tls_client_auth_san_ip: None,
            tls_client_auth_san_email: None,
            tls_client_certificate_bound_access_tokens: false,
            id_token_signed_response_alg: None,
            id_token_signing_alg_values_supported: Algorithms::default(),
            authorization_signed_response_alg: None,
            authorization_encrypted_response_alg: None,
            authorization_encrypted_response_enc: None,
            introspection_signed_response_alg: None,
            introspection_encrypted_response_alg: None,
            introspection_encrypted_response_enc: None,
            openid: OpenId::default(),
            client_uri: None,
            logo_uri: None,
            policy_uri: None,
            tos_uri: None,
            contacts: Vec::new(),
            localized: Localized::default(),
            application_type: None,
            sector_identifier_uri: None,
            software_id: None,
            software_version: None,
            software_statement: None,
            allowed_origins: Vec::new(),
            require_pkce: None,
            require_pushed_authorization_requests: false,
            require_signed_request_object: false,
            request_object_signing_alg: None,
            request_uris: Vec::new(),
            dpop_bound_access_tokens: false,
            require_dpop_nonce: None,
            backchannel: Backchannel::default(),
            logout: Logout::default(),
            skip_consent: false,
            authorization_details_types: Vec::new(),
            introspects: Vec::new(),
            allow_retired_grants: None,
            profile: None,
            token_exchange: ExchangePolicy::default(),
            may_act: None,
            disabled: false,
            lifetimes: LifetimeOverrides::default(),
            version: 0,
            created_at: 0,
            revoked_at: 0,
            updated_at: 0,
            secret_hash: None,
            sealed_secret: None,
            origin: Origin::Operator,
        }
    }
}

impl Client {
    /// Whether it has nothing to authenticate with (RFC 6749 §2.1).
    pub fn is_public(&self) -> bool {
        match self.token_endpoint_auth_method {
            None => self.secret_hash.is_none(),
            Some(method) => method == Method::None,
        }
    }

    /// Whether it may authenticate by this method.
    pub fn allows_method(&self, method: Method) -> bool {
        match self.token_endpoint_auth_method {
            Some(registered) => registered == method,
            None if self.secret_hash.is_none() => method == Method::None,
            None => matches!(method, Method::ClientSecretBasic | Method::ClientSecretPost),
        }
    }

    /// Whether it has a secret.
    pub fn has_secret(&self) -> bool {
        self.secret_hash.is_some()
    }

    /// The five ways to name the subject of its certificate (RFC 8705 §2.1.2), of which a client of `tls_client_auth` uses one.
    pub fn tls_client_auth_subjects(&self) -> [(&'static str, Option<&str>); 5] {
        [
            (
                "tls_client_auth_subject_dn",
                self.tls_client_auth_subject_dn.as_deref(),
            ),
            (
                "tls_client_auth_san_dns",
                self.tls_client_auth_san_dns.as_deref(),
            ),
            (
                "tls_client_auth_san_uri",
                self.tls_client_auth_san_uri.as_deref(),
            ),
            (
                "tls_client_auth_san_ip",
                self.tls_client_auth_san_ip.as_deref(),
            ),
            (
                "tls_client_auth_san_email",
                self.tls_client_auth_san_email.as_deref(),
            ),
        ]
    }

    /// Whether it is registered for this grant type.
    pub fn allows_grant(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Whether its authorization requests must carry a code challenge: always for public clients, and for confidential ones unless the profile is
    /// `openid` and neither the client nor the realm says that they must (RFC 9700 §2.1.1).
    pub fn requires_pkce(&self, settings: &Settings) -> bool {
        let required = self.require_pkce.or(settings.require_pkce);
        self.is_public() || !self.profile(settings).waives_pkce() || required.unwrap_or(false)
    }

    /// The profile that holds for it: its own, else the realm's.
    pub fn profile(&self, settings: &Settings) -> Profile {
        self.profile.unwrap_or(settings.profile)
    }

    /// Whether its authorization requests must be signed (RFC 9101 §10.5): because the profile, the realm or its registration says so.
    pub fn requires_signed_requests(&self, settings: &Settings) -> bool {
        self.require_signed_request_object
            || settings.require_signed_request_object
            || self.profile(settings).demands_signed_requests()
    }

    /// Whether its authorization requests must be pushed (RFC 9126 §5, §6): because the profile, the realm or its registration says so.
    pub fn requires_pushed_requests(&self, settings: &Settings) -> bool {
        self.require_pushed_authorization_requests
            || settings.require_pushed_authorization_requests
            || self.profile(settings).demands_pushed_requests()
    }

    /// Whether the implicit and the password grant may be there for it, if it registers for them: as it says itself, else as the realm says, and never
    /// under a profile that has no place for them.
    pub fn allows_retired_grants(&self, settings: &Settings) -> bool {
        self.profile(settings).permits_retired_grants()
            && self
                .allow_retired_grants
                .unwrap_or(settings.allow_retired_grants)
    }

    /// Whether each of its access tokens is bound to a key or a certificate.
    pub fn binds_tokens(&self) -> bool {
        self.dpop_bound_access_tokens || self.tls_client_certificate_bound_access_tokens
    }

    /// Whether its DPoP proofs must carry a nonce of ours (RFC 9449 §8): as it is registered, else as the realm says.
    pub fn requires_dpop_nonce(&self, settings: &Settings) -> bool {
        self.require_dpop_nonce
            .unwrap_or(settings.require_dpop_nonce)
    }

    /// How long things live for this client.
    pub fn lifetimes(&self, settings: &Settings) -> Lifetimes {
        let mut lifetimes = settings.lifetimes.with(&self.lifetimes);
        if let Some(longest) = self.profile(settings).longest_code() {
            lifetimes.authorization_code = lifetimes.authorization_code.min(longest);
        }
        lifetimes
    }

    /// The name to show: its name, or its identifier when it has none.
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() {
            &self.id
        } else {
            &self.name
        }
    }
}
