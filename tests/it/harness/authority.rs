//! Certificates for clients: an authority that every world trusts, and what it signs.

use std::sync::LazyLock;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SanType,
};

/// An authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    pub pem: String,
}

/// The one that every world trusts.
pub static TRUSTED: LazyLock<Authority> = LazyLock::new(|| Authority::new("Trusted"));

impl Authority {
    /// An authority of that name that nobody trusts yet.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        let issuer = Issuer::new(params, key);
        Self { issuer, pem }
    }

    /// An authority that this one vouches for, with a certificate of its own in `pem`.
    pub fn vouched(&self, name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer);
        let pem = certificate.expect("a certificate").pem();
        let issuer = Issuer::new(params, key);
        Self { issuer, pem }
    }

    /// The DER of a certificate for a client of TLS, changed as the test likes.
    pub fn certify(&self, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let key = KeyPair::generate().expect("a key");
        let certificate = subject(change).signed_by(&key, &self.issuer);
        certificate.expect("a certificate").der().to_vec()
    }
}

impl Authority {
    /// Answers a request (PKCS #10, PEM), whose signature is checked: the DER of a certificate that is valid in these years.
    pub fn answer(&self, request: &str, (from, until): (i32, i32)) -> Vec<u8> {
        let request = rcgen::CertificateSigningRequestParams::from_pem(request);
        let mut request = request.expect("a request that its key signed");
        request.params.not_before = rcgen::date_time_ymd(from, 1, 1);
        request.params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let certificate = request.signed_by(&self.issuer).expect("a certificate");
        certificate.der().to_vec()
    }

    /// The DER of its own certificate.
    pub fn der(&self) -> Vec<u8> {
        use rustls_pki_types::pem::PemObject;
        let der = rustls_pki_types::CertificateDer::from_pem_slice(self.pem.as_bytes());
        der.expect("a certificate").to_vec()
    }
}

/// A certificate of [`TRUSTED`] for a client: its DER, and the PEM of it and its key.
pub fn identity() -> (Vec<u8>, String) {
    let key = KeyPair::generate().expect("a key");
    let certificate = subject(|_| {}).signed_by(&key, &TRUSTED.issuer);
    let certificate = certificate.expect("a certificate");
    let pem = format!("{}{}", certificate.pem(), key.serialize_pem());
    (certificate.der().to_vec(), pem)
}

/// The DER of a certificate that signs itself, and its key.
pub fn self_signed(change: impl FnOnce(&mut CertificateParams)) -> (Vec<u8>, KeyPair) {
    let key = KeyPair::generate().expect("a key");
    let certificate = subject(change).self_signed(&key).expect("a certificate");
    (certificate.der().to_vec(), key)
}

/// `CN=service.example,O=Example,C=DE`, and each kind of alternative name.
fn subject(change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    for (kind, value) in [
        (DnType::CountryName, "DE"),
        (DnType::OrganizationName, "Example"),
        (DnType::CommonName, "service.example"),
    ] {
        params.distinguished_name.push(kind, value);
    }
    let text = |text: &str| text.try_into().expect("ASCII");
    params.subject_alt_names = vec![
        SanType::DnsName(text("service.example")),
        SanType::URI(text("spiffe://example/service")),
        SanType::IpAddress("2001:db8::7".parse().expect("an address")),
        SanType::IpAddress("192.0.2.7".parse().expect("an address")),
        SanType::Rfc822Name(text("service@example.com")),
    ];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    change(&mut params);
    params
}
