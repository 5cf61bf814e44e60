//! What the metadata say about client authentication (RFC 8414 §2, RFC 8705 §5).

use std::collections::BTreeMap;

use oauth::client_auth::Method;
use oauth::client_auth::assertion::{ASYMMETRIC, SYMMETRIC};
use realm::Realm;

use super::ClientAuthorities;

/// How clients can show certificates (RFC 8705). By default they cannot.
#[derive(Clone, Debug, Default)]
pub struct ClientCertificates {
    /// Whether any reach us: a listener asks for them, or a trusted proxy passes them on.
    pub reach_us: bool,
    /// Whose certificates clients may authenticate with (`tls_client_auth`).
    pub authorities: ClientAuthorities,
    /// Where they are asked for, if that is not where browsers go.
    pub aliases: Option<Aliases>,
}

/// Another address of the same server, at which clients are asked for a certificate (`mtls_endpoint_aliases`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aliases {
    /// The issuer of the first realm; those below it have aliases too, and those on hosts of their own have none.
    pub issuer: String,
    /// What stands for it there, without a slash at its end: `https://mtls.id.example`.
    pub base: String,
}

impl Aliases {
    /// The other address of an endpoint.
    pub(crate) fn of(&self, url: &str) -> Option<String> {
        let path = url.strip_prefix(&self.issuer)?;
        path.starts_with('/')
            .then(|| format!("{}{path}", self.base))
    }
}

impl ClientCertificates {
    /// The registered names of the methods; whoever introspects must authenticate.
    pub(crate) fn methods(&self, with_none: bool) -> Vec<String> {
        let offered = |method: &Method| match method {
            Method::None => with_none,
            Method::TlsClientAuth => self.reach_us && !self.authorities.is_empty(),
            Method::SelfSignedTlsClientAuth => self.reach_us,
            Method::ClientSecretBasic
            | Method::ClientSecretPost
            | Method::ClientSecretJwt
            | Method::PrivateKeyJwt
            | Method::AttestJwtClientAuth => true,
        };
        let all = Method::ALL.iter().skip(1).chain(&Method::ALL[..1]);
        all.filter(|method| offered(method))
            .map(|method| method.as_str().to_owned())
            .collect()
    }

    /// The aliases of the endpoints that clients call themselves.
    pub(crate) fn endpoints(&self, realm: &Realm) -> Option<BTreeMap<&'static str, String>> {
        const ENDPOINTS: [(&str, &str); 7] = [
            ("token_endpoint", "/token"),
            ("introspection_endpoint", "/introspect"),
            ("revocation_endpoint", "/revoke"),
            ("device_authorization_endpoint", "/device_authorization"),
            ("backchannel_authentication_endpoint", "/bc-authorize"),
            ("userinfo_endpoint", "/userinfo"),
            ("pushed_authorization_request_endpoint", "/par"),
        ];
        let aliases = self.aliases.as_ref()?;
        let alias = |(name, path)| Some((name, aliases.of(&realm.url(path))?));
        ENDPOINTS.into_iter().map(alias).collect()
    }
}

/// The algorithms of assertions.
pub(crate) fn algorithms() -> Vec<String> {
    let all = ASYMMETRIC.iter().chain(SYMMETRIC);
    all.map(ToString::to_string).collect()
}
