//! Certificates: grantor's own, which nobody has to trust but the suite, and those of clients, from an authority that grantor trusts.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};

use crate::Failure;

/// A certificate and its key, in PEM.
pub(crate) struct Identity {
    /// The certificate.
    pub(crate) certificate: String,
    /// Its private key.
    pub(crate) key: String,
}

/// An authority for clients' certificates.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, in PEM.
    pub(crate) certificate: String,
}

impl Authority {
    /// A new one.
    pub(crate) fn new() -> Result<Self, Failure> {
        let mut params = CertificateParams::default();
        let name = "Conformance clients";
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.pem();
        let issuer = Issuer::new(params, key);
        Ok(Self {
            issuer,
            certificate,
        })
    }

    /// A certificate (DER) for this key, with the subject `CN=name`.
    pub(crate) fn sign(&self, name: &str, key: &KeyPair) -> Result<Vec<u8>, Failure> {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        Ok(params.signed_by(key, &self.issuer)?.der().to_vec())
    }

    /// A certificate for a client, with the subject `CN=name`.
    pub(crate) fn certify(&self, name: &str) -> Result<Identity, Failure> {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate()?;
        Ok(Identity {
            certificate: params.signed_by(&key, &self.issuer)?.pem(),
            key: key.serialize_pem(),
        })
    }
}

/// A certificate for a server on this machine, signed by itself.
pub(crate) fn localhost() -> Result<Identity, Failure> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])?.self_signed(&key)?;
    Ok(Identity {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    })
}
