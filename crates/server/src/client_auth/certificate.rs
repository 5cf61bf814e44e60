//! What a client's certificate says (RFC 5280), as far as RFC 8705 asks for it.

use std::net::IpAddr;

use jose::Jwk;
use realm::keys::certificates::is_key_of;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// A certificate that could be read.
pub(super) struct Presented<'a> {
    der: &'a [u8],
    parsed: Certificate,
}

/// Whom a client of `tls_client_auth` registered as its certificate's subject (RFC 8705 §2.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject<'a> {
    /// The whole name, as RFC 4514 writes it.
    Name(&'a str),
    /// A `dNSName`.
    Dns(&'a str),
    /// A `uniformResourceIdentifier`.
    Uri(&'a str),
    /// An `iPAddress`.
    Ip(IpAddr),
    /// An `rfc822Name`.
    Email(&'a str),
}

impl<'a> Presented<'a> {
    /// Reads a certificate; `None` when it is not one.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let parsed = Certificate::from_der(der).ok()?;
        Some(Self { der, parsed })
    }

    /// Whether it is about this subject. Alternative names are compared as a whole: there are no wildcards here.
    pub(super) fn is_about(&self, subject: Subject<'_>) -> bool {
        if let Subject::Name(name) = subject {
            let own = &self.parsed.tbs_certificate.subject;
            return !own.is_empty()
                && realm::clients::distinguished_name(name) == Some(own.to_string());
        }
        // Names that cannot be read, or are there twice, are nobody's.
        let Ok(Some((_, SubjectAltName(names)))) =
            self.parsed.tbs_certificate.get::<SubjectAltName>()
        else {
            return false;
        };
        names.iter().any(|name| match (subject, name) {
            (Subject::Dns(one), GeneralName::DnsName(own)) => {
                own.as_str().eq_ignore_ascii_case(one)
            }
            (Subject::Uri(one), GeneralName::UniformResourceIdentifier(own)) => own.as_str() == one,
            (Subject::Email(one), GeneralName::Rfc822Name(own)) => is_mailbox(own.as_str(), one),
            (Subject::Ip(IpAddr::V4(one)), GeneralName::IpAddress(own)) => {
                own.as_bytes() == one.octets()
            }
            (Subject::Ip(IpAddr::V6(one)), GeneralName::IpAddress(own)) => {
                own.as_bytes() == one.octets()
            }
            _ => false,
        })
    }

    /// Whether the client registered this certificate (`x5c`), or, without a certificate, its key.
    pub(super) fn is_registered_by(&self, jwk: &Jwk) -> bool {
        match jwk.member("x5c") {
            Some(chain) => chain[0]
                .as_str()
                .and_then(standard_base64)
                .is_some_and(|der| der == self.der),
            None => is_key_of(&self.parsed.tbs_certificate.subject_public_key_info, jwk),
        }
    }
}

/// The host's case does not count, the rest does (RFC 5280 §7.5).
fn is_mailbox(own: &str, registered: &str) -> bool {
    match (own.rsplit_once('@'), registered.rsplit_once('@')) {
        (Some((name, host)), Some((one, other))) => name == one && host.eq_ignore_ascii_case(other),
        _ => false,
    }
}

/// RFC 7517 §4.7: not the base64 of URLs.
fn standard_base64(text: &str) -> Option<Vec<u8>> {
    use base64ct::{Base64, Encoding};
    Base64::decode_vec(text).ok()
}
