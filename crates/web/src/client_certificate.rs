//! The certificate that a client showed in TLS (for RFC 8705): to us, on a listener that asks for one, or to a proxy that passes it on in the one
//! header that the operator names. Nothing here says whose it is: any certificate is taken whose key the client proved to have.

use std::sync::Arc;

use axum::extract::Request;
use base64ct::{Base64, Encoding};
use http::{HeaderMap, HeaderName};
use rustls::server::ParsedCertificate;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::address::TrustedProxies;

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

/// The header in which a proxy passes the certificate on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateHeader {
    /// `Client-Cert` (RFC 9440 §2.2): base64 between colons.
    ClientCert,
    /// `X-Forwarded-Client-Cert`, as Envoy writes it, with `Cert`.
    Forwarded,
    /// Another one, that holds URL-encoded PEM: nginx's `$ssl_client_escaped_cert`.
    EscapedPem(HeaderName),
}

/// A trusted proxy sent a certificate that cannot be read, or more than one: answer 400, never go on as if there were none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the header with the client's certificate cannot be read")]
pub struct Malformed;

static CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
static FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-client-cert");

impl CertificateHeader {
    /// The header of this name, with the format that goes with the name; `None` when no header can be called that.
    pub fn named(name: &str) -> Option<Self> {
        let name = HeaderName::try_from(name).ok()?;
        Some(match name {
            name if name == CLIENT_CERT => Self::ClientCert,
            name if name == FORWARDED => Self::Forwarded,
            name => Self::EscapedPem(name),
        })
    }

    /// Its name.
    pub fn name(&self) -> &HeaderName {
        match self {
            Self::ClientCert => &CLIENT_CERT,
            Self::Forwarded => &FORWARDED,
            Self::EscapedPem(name) => name,
        }
    }

    /// The certificate in these headers, if any.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(&self, headers: &HeaderMap) -> Result<Option<ClientCertificate>, Malformed> {
        let mut values = headers.get_all(self.name()).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Malformed);
        }
        let text = value.to_str().map_err(|_| Malformed)?;
        let der = match self {
            // Proxies that always set their header leave it empty when there is no certificate.
            Self::EscapedPem(_) if text.is_empty() => return Ok(None),
            Self::ClientCert => byte_sequence(text),
            Self::Forwarded => forwarded(text).and_then(|pem| escaped_pem(&pem)),
            Self::EscapedPem(_) => escaped_pem(text),
        };
        let der = der.filter(|der| is_certificate(der)).ok_or(Malformed)?;
        Ok(Some(ClientCertificate(der.into())))
    }
}

/// Leaves in the request only a certificate that is the client's: not a header that the client wrote, not the certificate of the proxy.
pub(crate) fn settle(
    proxies: &TrustedProxies,
    through_proxy: bool,
    request: &mut Request,
) -> Result<(), Malformed> {
    if through_proxy {
        request.extensions_mut().remove::<ClientCertificate>();
    }
    let Some(header) = &proxies.certificate else {
        return Ok(());
    };
    if through_proxy && let Some(certificate) = header.read(request.headers())? {
        request.extensions_mut().insert(certificate);
    }
    request.headers_mut().remove(header.name());
    Ok(())
}

pub(crate) fn is_certificate(der: &[u8]) -> bool {
    let fits = der.len() <= MAX_BYTES;
    fits && ParsedCertificate::try_from(&CertificateDer::from(der)).is_ok()
}

/// A byte sequence (RFC 8941 §3.3.5) without parameters.
fn byte_sequence(text: &str) -> Option<Vec<u8>> {
    let inner = text
        .trim_matches(' ')
        .strip_prefix(':')?
        .strip_suffix(':')?;
    Base64::decode_vec(inner).ok()
}

/// One certificate in PEM, with the bytes that a header cannot hold percent-encoded. A plus is a plus: PEM is full of them.
fn escaped_pem(text: &str) -> Option<Vec<u8>> {
    let pem = percent_decoded(text)?;
    let pem = pem.trim_ascii();
    let begins = b"-----BEGIN CERTIFICATE-----";
    let alone = pem.starts_with(begins) && pem.ends_with(b"-----END CERTIFICATE-----");
    if !alone || pem.windows(begins.len()).filter(|w| w == begins).count() != 1 {
        return None;
    }
    let mut all = CertificateDer::pem_slice_iter(pem);
    let der = all.next()?.ok()?;
    all.next().is_none().then(|| der.to_vec())
}

fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            let (high, low) = (digit()?, digit()?);
            decoded.push(u8::try_from(high << 4 | low).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}

/// The `Cert` of the only element of `X-Forwarded-Client-Cert`. Several elements are of several hops, and which of them the client was cannot be
/// told: the proxy must be set to replace the header (SANITIZE_SET).
fn forwarded(text: &str) -> Option<String> {
    let mut certificate = None;
    let mut rest = text;
    loop {
        let (key, value) = rest.split_once('=')?;
        let value = match value.strip_prefix('"') {
            Some(quoted) => {
                let (value, after) = quoted_string(quoted)?;
                rest = after;
                value
            }
            None => {
                let end = value.find([';', ',']).unwrap_or(value.len());
                rest = &value[end..];
                value[..end].to_owned()
            }
        };
        if key.trim().eq_ignore_ascii_case("cert") && certificate.replace(value).is_some() {
            return None;
        }
        match rest.strip_prefix(';') {
            Some(next) => rest = next,
            None if rest.is_empty() => return certificate,
            None => return None,
        }
    }
}

/// What is between the quotes, and what comes after them.
fn quoted_string(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests;
