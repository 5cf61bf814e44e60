//! Tokens that are bound to a certificate (RFC 8705 §3).

use std::fmt;
use std::sync::Arc;

/// The certificate (DER) that the client showed in TLS. Whoever accepts the connection, or trusts the proxy that did, puts it into the extensions of the
/// request; nobody else must be able to.
#[derive(Clone, PartialEq, Eq)]
pub struct PeerCertificate(pub Arc<[u8]>);

impl fmt::Debug for PeerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerCertificate({} bytes)", self.0.len())
    }
}
