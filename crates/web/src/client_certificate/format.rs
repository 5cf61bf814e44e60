//! How proxies write a certificate into a header.

use base64ct::{Base64, Encoding};
use http::HeaderName;

/// How a proxy writes the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateFormat {
    /// Base64 of the DER between colons (RFC 9440 §2.2).
    Rfc9440,
    /// The `Cert` among the members of `X-Forwarded-Client-Cert`: Envoy, Istio.
    Envoy,
    /// PEM, percent-encoded: nginx's `$ssl_client_escaped_cert`, `X-Amzn-Mtls-Clientcert-Leaf`; or with its lines joined by blanks: Apache.
    EscapedPem,
    /// What is between the first and the last line of PEM, with the rest of the chain after commas: Traefik's `passTLSClientCert`.
    Traefik,
    /// Base64 of the DER: HAProxy's `ssl_c_der,base64`, Caddy's `certificate_der_base64`.
    Base64Der,
}

impl CertificateFormat {
    /// All of them, each with its name in the configuration.
    pub const NAMED: [(&'static str, Self); 5] = [
        ("rfc9440", Self::Rfc9440),
        ("envoy", Self::Envoy),
        ("escaped-pem", Self::EscapedPem),
        ("traefik", Self::Traefik),
        ("base64-der", Self::Base64Der),
    ];

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        let found = Self::NAMED.into_iter().find(|(own, _)| *own == name);
        found.map(|(_, format)| format)
    }

    /// The one that usually goes with a header.
    pub(super) fn usual(header: &HeaderName) -> Self {
        match header.as_str() {
            "client-cert" => Self::Rfc9440,
            "x-forwarded-client-cert" => Self::Envoy,
            "x-forwarded-tls-client-cert" => Self::Traefik,
            _ => Self::EscapedPem,
        }
    }

    /// Whether this says that there is no certificate: proxies that always set their header leave it empty, and Apache writes `(null)`.
    pub(super) fn is_silent(self, text: &str) -> bool {
        match self {
            Self::Rfc9440 | Self::Envoy => false,
            Self::EscapedPem => text.is_empty() || text == "(null)",
            Self::Traefik | Self::Base64Der => text.is_empty() || text == "\"\"",
        }
    }

    /// The client's own certificate (DER, perhaps); `None` when the text is not in this format.
    pub(super) fn read(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Rfc9440 => byte_sequence(text),
            Self::Envoy => escaped_pem(&forwarded(text)?),
            Self::EscapedPem => escaped_pem(text),
            Self::Traefik => bare_pem(text),
            Self::Base64Der => bare_der(text),
        }
    }
}

/// A byte sequence (RFC 8941 §3.3.5) without parameters.
pub(super) fn byte_sequence(text: &str) -> Option<Vec<u8>> {
    let inner = text
        .trim_matches(' ')
        .strip_prefix(':')?
        .strip_suffix(':')?;
    Base64::decode_vec(inner).ok()
}

/// One certificate in PEM, with the bytes that a header cannot hold percent-encoded, or its lines joined by blanks. A plus is a plus: PEM is full of them.
pub(super) fn escaped_pem(text: &str) -> Option<Vec<u8>> {
    let pem = percent_decoded(text)?;
    let pem = std::str::from_utf8(&pem).ok()?.trim_ascii();
    let inner = pem
        .strip_prefix("-----BEGIN CERTIFICATE-----")?
        .strip_suffix("-----END CERTIFICATE-----")?;
    let lines: String = inner.split_ascii_whitespace().collect();
    Base64::decode_vec(&lines).ok()
}

/// Traefik's: PEM without its first and last line and without line breaks, by older versions percent-encoded, and the rest of the chain after commas.
fn bare_pem(text: &str) -> Option<Vec<u8>> {
    let all = percent_decoded(text)?;
    let all = std::str::from_utf8(&all).ok()?;
    let mut chain = all.split(',').map(Base64::decode_vec);
    let own = chain.next()?.ok()?;
    // What comes after it does not count, and a header that was cut or mixed up does not either.
    let whole = chain.all(|other| other.is_ok_and(|der| super::is_certificate(&der)));
    whole.then_some(own)
}

/// Base64 of the DER and nothing else; HAProxy may put quotes around it.
fn bare_der(text: &str) -> Option<Vec<u8>> {
    let quoted = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    Base64::decode_vec(quoted.unwrap_or(text)).ok()
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
pub(super) fn forwarded(text: &str) -> Option<String> {
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
