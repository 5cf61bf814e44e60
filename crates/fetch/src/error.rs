/// Why a request brought no response. The text names neither the URL nor a header nor a body: those may hold secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The URL does not parse or has no host.
    #[error("the address is not an absolute http or https URL")]
    Url,
    /// Plain http to a host that is not an allowed loopback one, or a scheme that is not http at all.
    #[error("the address must be https")]
    Scheme,
    /// The URL carries a user name or a password.
    #[error("the address must not contain credentials")]
    Credentials,
    /// The host is, or resolves only to, addresses that must not be reached.
    #[error("the host is not a public address: {0}")]
    Address(crate::guard::Kind),
    /// The name of the host does not resolve.
    #[error("the name of the host does not resolve")]
    Resolve,
    /// A header's name or value cannot be sent.
    #[error("a header cannot be sent")]
    Header,
    /// The host could not be reached, or its TLS certificate was refused.
    #[error("no connection to the host")]
    Connect,
    /// The time limit passed.
    #[error("the host did not answer in time")]
    Timeout,
    /// The body is larger than allowed.
    #[error("the response is too large")]
    TooLarge,
    /// The response is not HTTP, or broke off.
    #[error("the response is broken")]
    Protocol,
    /// The body is not UTF-8.
    #[error("the response is not UTF-8 text")]
    Text,
    /// The options cannot be used: a proxy address or a root certificate that does not parse.
    #[error("the options cannot be used: {0}")]
    Options(&'static str),
}
