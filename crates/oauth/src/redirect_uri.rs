//! Redirect URIs: which may be registered, and which requested one is a registered one (RFC 6749 §3.1.2, RFC 8252 §7 and §8, RFC 9700 §4.1).

use url::{Host, Url};

/// Longest redirect URI, in bytes.
pub const MAX: usize = 2048;

/// A redirect URI that was found among a client's registered ones. Only [`find`] makes one, so that no answer is sent to an unchecked place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo {
    uri: String,
    parsed: Url,
}

/// Why a requested redirect URI is refused; whoever sees this must show a page and must not redirect (RFC 6749 §4.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// None was requested, and the client has not registered exactly one.
    #[error("the parameter redirect_uri is missing")]
    Missing,
    /// It is not among the registered ones.
    #[error("the redirect_uri is not registered for this client")]
    Unregistered,
    /// It is registered, and must not be.
    #[error("the redirect_uri is registered and must not be used: {0}")]
    Unsafe(#[from] RegistrationError),
}

/// Why a URI cannot be registered as a redirect URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// Longer than [`MAX`] bytes.
    #[error("it is longer than 2048 bytes")]
    TooLong,
    /// A character that RFC 3986 does not allow in a URI.
    #[error("it holds a character that a URI must not hold unencoded")]
    Characters,
    /// It has a fragment (RFC 6749 §3.1.2).
    #[error("it has a fragment ('#')")]
    Fragment,
    /// Not an absolute URI, or without a host where one is needed.
    #[error("it is not an absolute URI with a host")]
    NotAbsolute,
    /// It holds a user name or a password.
    #[error("it holds a user name or password")]
    Userinfo,
    /// The host holds a wildcard.
    #[error("its host holds a wildcard")]
    Wildcard,
    /// http to a host that is not a loopback one (RFC 8252 §8.3).
    #[error("http is for 127.0.0.1, [::1] and localhost only; use https")]
    Insecure,
    /// A scheme that is neither http(s) nor a private-use one with a dot, such as com.example.app (RFC 8252 §7.1).
    #[error(
        "its scheme must be https, http to a loopback host, or a reversed domain name such as com.example.app"
    )]
    Scheme,
}

impl ReturnTo {
    fn new(uri: &str) -> Result<Self, RegistrationError> {
        Ok(Self {
            parsed: parse(uri)?,
            uri: uri.to_owned(),
        })
    }

    /// The URI, byte for byte as it was requested.
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// The host to show to a person who is about to be sent there; for an application's own scheme, that scheme.
    pub fn host(&self) -> &str {
        self.parsed
            .host_str()
            .filter(|_| self.is_web())
            .unwrap_or_else(|| self.parsed.scheme())
    }

    /// The source expression that lets a form lead there under Content-Security-Policy `form-action`.
    pub fn origin_for_csp(&self) -> String {
        match self.parsed.host() {
            // The grammar of host-source has no IPv6 literals.
            Some(Host::Ipv6(_)) => format!("{}:", self.parsed.scheme()),
            Some(_) if self.is_web() => self.parsed.origin().ascii_serialization(),
            _ => format!("{}:", self.parsed.scheme()),
        }
    }

    /// Whether it leads to the person's own machine.
    pub fn is_loopback(&self) -> bool {
        loopback(&self.uri).is_some()
    }

    fn is_web(&self) -> bool {
        matches!(self.parsed.scheme(), "http" | "https")
    }
}

/// Finds the requested redirect URI among the registered ones: the same string, or a loopback one that differs in its port only (RFC 8252
/// §7.3). It may be left out when exactly one is registered (RFC 6749 §3.1.2.3); OpenID Connect asks for it always, which
/// [`AuthorizationRequest::parse`](crate::authorization::AuthorizationRequest::parse) checks.
pub fn find(registered: &[String], requested: Option<&str>) -> Result<ReturnTo, RedirectUriError> {
    let Some(requested) = requested else {
        return match registered {
            [only] => Ok(ReturnTo::new(only)?),
            _ => Err(RedirectUriError::Missing),
        };
    };
    if registered.iter().any(|own| matches(own, requested)) {
        Ok(ReturnTo::new(requested)?)
    } else {
        Err(RedirectUriError::Unregistered)
    }
}

fn matches(registered: &str, requested: &str) -> bool {
    if registered == requested {
        return true;
    }
    matches!((loopback(registered), loopback(requested)), (Some(own), Some(other)) if own == other)
}

/// Host and rest (path and query) of an http URI to a loopback host, by string alone so that no two parsers can disagree.
fn loopback(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let host = ["127.0.0.1", "[::1]", "localhost"]
        .into_iter()
        .find(|host| rest.starts_with(host))?;
    let (host, rest) = rest.split_at(host.len());
    let rest = match rest.strip_prefix(':') {
        None => rest,
        Some(after) => {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            let (port, rest) = after.split_at(digits);
            port.parse::<u16>().ok().filter(|port| *port > 0)?;
            rest
        }
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest))
}

/// Whether a client may register this redirect URI: absolute, without fragment, user name or wildcard; https, or http to a loopback host, or
/// a scheme of the application's own that holds a dot (which leaves out `javascript:`, `data:` and their kind).
pub fn check_registration(uri: &str) -> Result<(), RegistrationError> {
    parse(uri).map(|_| ())
}

fn parse(uri: &str) -> Result<Url, RegistrationError> {
    use RegistrationError as E;
    if uri.len() > MAX {
        return Err(E::TooLong);
    }
    let punctuation = b"-._~:/?#[]@!$&'()*+,;=%";
    if !uri
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || punctuation.contains(&b))
    {
        return Err(E::Characters);
    }
    if uri.contains('#') {
        return Err(E::Fragment);
    }
    let parsed = Url::parse(uri).map_err(|_| E::NotAbsolute)?;
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(E::Userinfo);
    }
    match parsed.scheme() {
        scheme @ ("https" | "http") => {
            let authority = uri
                .strip_prefix(scheme)
                .and_then(|rest| rest.strip_prefix("://"))
                .ok_or(E::NotAbsolute)?
                .split(['/', '?'])
                .next()
                .unwrap_or_default();
            if authority.is_empty() {
                return Err(E::NotAbsolute);
            }
            if authority.contains('@') {
                return Err(E::Userinfo);
            }
            if authority.contains('*') {
                return Err(E::Wildcard);
            }
            // Url::parse lets a host hold what would end a source expression of a Content-Security-Policy, and decodes it first.
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
            if matches!(parsed.host(), Some(Host::Domain(name)) if !name.bytes().all(plain)) {
                return Err(E::Characters);
            }
            if scheme == "http" && loopback(uri).is_none() {
                return Err(E::Insecure);
            }
        }
        scheme if scheme.contains('.') => {}
        _ => return Err(E::Scheme),
    }
    Ok(parsed)
}
