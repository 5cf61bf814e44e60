//! Certificates in files.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_cert::der::Decode;

use super::{Finding, Severity, day};

/// How long before its end a certificate should have been renewed, in seconds: three weeks.
const SOON: i64 = 21 * 24 * 3600;

/// Judges what a file of certificates (PEM) holds. `setting` names the file, `what` says what it is for.
pub(crate) fn judge(pem: &[u8], (setting, what): (&'static str, &str), now: i64) -> Vec<Finding> {
    let finding =
        |severity, text: String, advice: &str| Finding::new((severity, setting), text, advice);
    let mut found = Vec::new();
    let mut any = false;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let parsed = certificate.ok().and_then(|der| read(&der));
        let Some((name, from, until)) = parsed else {
            let advice = "Put a certificate in PEM there.";
            found.push(finding(
                Severity::Error,
                format!("{what} cannot be read."),
                advice,
            ));
            return found;
        };
        any = true;
        if until <= now {
            let text = format!("{what} ({name}) expired on {}.", day(until));
            found.push(finding(
                Severity::Error,
                text,
                "Renew it; a running server takes the new file within seconds.",
            ));
        } else if now < from {
            let text = format!("{what} ({name}) is valid from {} on.", day(from));
            found.push(finding(
                Severity::Error,
                text,
                "See that the right file is there and that this machine's clock is right.",
            ));
        } else if until - now < SOON {
            let text = format!("{what} ({name}) expires on {}.", day(until));
            found.push(finding(
                Severity::Warning,
                text,
                "Renew it; if something should have done that, look why it did not.",
            ));
        }
    }
    if !any {
        found.push(finding(
            Severity::Error,
            format!("{what} is empty."),
            "Put a certificate in PEM there.",
        ));
    }
    found
}

/// The subject of a certificate, and from and until when it is valid (unix seconds).
fn read(der: &CertificateDer<'_>) -> Option<(String, i64, i64)> {
    let certificate = x509_cert::Certificate::from_der(der).ok()?;
    let body = certificate.tbs_certificate;
    let seconds =
        |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).ok();
    let from = seconds(body.validity.not_before)?;
    let until = seconds(body.validity.not_after)?;
    Some((body.subject.to_string(), from, until))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn a_certificate_is_named_before_it_ends() {
        let mut params = rcgen::CertificateParams::new(["id.example".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2026, 4, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let (begin, end) = (1_767_225_600, 1_775_001_600);
        let at = |now| {
            let found = judge(pem.as_bytes(), ("tls.certificate", "The certificate"), now);
            found.first().map(|found| found.severity)
        };
        assert_eq!(at(begin - 1), Some(Severity::Error));
        assert_eq!(at(end - SOON), None);
        assert_eq!(at(end - SOON + 1), Some(Severity::Warning));
        assert_eq!(at(end), Some(Severity::Error));
        for broken in [
            &b""[..],
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            let found = judge(broken, ("tls.certificate", "The certificate"), begin);
            assert_eq!(found[0].severity, Severity::Error);
        }
    }
}
