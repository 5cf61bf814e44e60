//! `tls_client_auth` (RFC 8705 §2.1): a certificate of an authority that the operator trusts, about the subject that the client registered.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use realm::Client;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::certificate::{Presented, Subject};
use crate::call::Call;
use crate::refusal::Reason;

/// The authorities whose certificates clients may authenticate with. None by default.
#[derive(Clone, Default)]
pub struct ClientAuthorities(Arc<Authorities>);

#[derive(Default)]
struct Authorities {
    anchors: Vec<TrustAnchor<'static>>,
    intermediates: Vec<CertificateDer<'static>>,
}

impl ClientAuthorities {
    /// Reads PEM: authorities that sign themselves are trusted, others lead from a client's certificate to one of those.
    ///
    /// # Errors
    /// In words.
    pub fn from_pem(pem: &[u8]) -> Result<Self, String> {
        let mut authorities = Authorities::default();
        for (index, certificate) in CertificateDer::pem_slice_iter(pem).enumerate() {
            let unreadable = || format!("certificate {} cannot be read", index + 1);
            let der = certificate.map_err(|_| unreadable())?;
            let parsed = Certificate::from_der(&der).map_err(|_| unreadable())?;
            if parsed.tbs_certificate.issuer == parsed.tbs_certificate.subject {
                let anchor = anchor_from_trusted_cert(&der).map_err(|_| unreadable())?;
                authorities.anchors.push(anchor.to_owned());
            } else {
                authorities.intermediates.push(der);
            }
        }
        if authorities.anchors.is_empty() {
            return Err("there is no certificate of an authority that signs itself".to_owned());
        }
        Ok(Self(Arc::new(authorities)))
    }

    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.0.anchors.is_empty()
    }

    /// Whether one of them vouches for the certificate, for clients of TLS and at this time (unix seconds).
    fn vouch_for(&self, der: &[u8], now: i64) -> bool {
        let der = CertificateDer::from(der);
        let time = UnixTime::since_unix_epoch(Duration::from_secs(now.unsigned_abs()));
        EndEntityCert::try_from(&der).is_ok_and(|certificate| {
            let path = certificate.verify_for_usage(
                ALL_VERIFICATION_ALGS,
                &self.0.anchors,
                &self.0.intermediates,
                time,
                KeyUsage::client_auth(),
                None,
                None,
            );
            path.is_ok()
        })
    }
}

impl fmt::Debug for ClientAuthorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientAuthorities({})", self.0.anchors.len())
    }
}

/// Checks the certificate of the connection.
pub(super) fn check(call: &Call, client: &Client) -> Result<(), Reason> {
    let der = call.certificate().ok_or(Reason::ClientCertificateMissing)?;
    let presented = Presented::read(der).ok_or(Reason::ClientCertificateUntrusted)?;
    if !call
        .server
        .certificates
        .authorities
        .vouch_for(der, call.now())
    {
        return Err(Reason::ClientCertificateUntrusted);
    }
    let subject = subject(client).ok_or(Reason::ClientCertificateOfAnother)?;
    if presented.is_about(subject) {
        Ok(())
    } else {
        Err(Reason::ClientCertificateOfAnother)
    }
}

/// The one subject that the client registered.
fn subject(client: &Client) -> Option<Subject<'_>> {
    let mut stated = [
        client
            .tls_client_auth_subject_dn
            .as_deref()
            .map(Subject::Name),
        client.tls_client_auth_san_dns.as_deref().map(Subject::Dns),
        client.tls_client_auth_san_uri.as_deref().map(Subject::Uri),
        client
            .tls_client_auth_san_ip
            .as_deref()
            .and_then(|address| address.parse().ok().map(Subject::Ip)),
        client
            .tls_client_auth_san_email
            .as_deref()
            .map(Subject::Email),
    ]
    .into_iter()
    .flatten();
    let first = stated.next()?;
    stated.next().is_none().then_some(first)
}
