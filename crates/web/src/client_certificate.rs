//! The certificate that a client showed in TLS (for RFC 8705): to us, on a listener that asks for one, or to a proxy that passes it on in the one
//! header that the operator names. Nothing here says whose it is: any certificate is taken whose key the client proved to have.
//!
//! Only the certificate counts, never a chain beside it (`Client-Cert-Chain`, RFC 9440 §2.3; what Traefik and Envoy add): the authorities between it and one that
//! is trusted are the operator's to name, in TLS of our own as well, so that who may vouch for applications is not for their certificates to say.

use std::sync::Arc;

use axum::extract::Request;
use http::{HeaderMap, HeaderName};
use rustls::server::ParsedCertificate;
use rustls_pki_types::CertificateDer;

mod format;

pub use format::CertificateFormat;

/// The largest certificate, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// The client's own certificate, DER, without its chain. An extension of the request where there is one.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate(pub Arc<[u8]>);

impl std::fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ClientCertificate({} bytes)", self.0.len())
    }
}

/// The header in which a proxy passes the certificate on, and how it writes it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateHeader {
    name: HeaderName,
    format: CertificateFormat,
}

/// A trusted proxy sent a certificate that cannot be read, or more than one: answer 400, never go on as if there were none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the header with the client's certificate cannot be read")]
pub struct Malformed;

impl CertificateHeader {
    /// The header of this name, in the format that usually goes with the name; `None` when no header can be called that.
    pub fn named(name: &str) -> Option<Self> {
        let name = HeaderName::try_from(name).ok()?;
        let format = CertificateFormat::usual(&name);
        Some(Self { name, format })
    }

    /// The same in this format.
    #[must_use]
    pub fn in_format(self, format: CertificateFormat) -> Self {
        Self { format, ..self }
    }

    /// Its name.
    pub fn name(&self) -> &HeaderName {
        &self.name
    }

    /// The certificate in these headers, if any.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(&self, headers: &HeaderMap) -> Result<Option<ClientCertificate>, Malformed> {
        let mut values = headers.get_all(&self.name).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Malformed);
        }
        let text = value.to_str().map_err(|_| Malformed)?;
        if self.format.is_silent(text) {
            return Ok(None);
        }
        let der = self.format.read(text);
        let der = der.filter(|der| is_certificate(der)).ok_or(Malformed)?;
        Ok(Some(ClientCertificate(der.into())))
    }
}

/// Leaves in the request only a certificate that is the client's, in the header that is `named` if the request came through a trusted proxy: not a header that the client wrote, not the certificate of the proxy.
pub(crate) fn settle(
    named: Option<&CertificateHeader>,
    through_proxy: bool,
    request: &mut Request,
) -> Result<(), Malformed> {
    if through_proxy {
        request.extensions_mut().remove::<ClientCertificate>();
    }
    let Some(header) = named else {
        return Ok(());
    };
    if through_proxy && let Some(certificate) = header.read(request.headers())? {
        request.extensions_mut().insert(certificate);
    }
    request.headers_mut().remove(&header.name);
    Ok(())
}

pub(crate) fn is_certificate(der: &[u8]) -> bool {
    let fits = der.len() <= MAX_BYTES;
    fits && ParsedCertificate::try_from(&CertificateDer::from(der)).is_ok()
}

#[cfg(test)]
mod tests;
