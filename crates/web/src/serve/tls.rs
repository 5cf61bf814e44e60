use std::sync::{Arc, PoisonError, RwLock};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature,
    verify_tls13_signature,
};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};

use crate::client_certificate::is_certificate;

/// A certificate and its key, replaceable while connections go on. Clones share it.
#[derive(Clone)]
pub struct Tls {
    config: Arc<RwLock<Arc<ServerConfig>>>,
    options: TlsOptions,
}

/// What a listener offers and asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// Whether clients are asked for a certificate. They may have none; one that they show may be anybody's, expired or self-signed (RFC 8705 §2.2), but
    /// its key must be theirs. It becomes the [`ClientCertificate`](crate::client_certificate::ClientCertificate) of their requests.
    pub asks: bool,
    /// Whether TLS 1.2 is refused.
    pub only_1_3: bool,
}

/// Why TLS cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The certificate chain is not PEM, or empty.
    #[error("the certificate is not PEM")]
    Certificate,
    /// The private key is not PEM.
    #[error("the private key is not PEM")]
    Key,
    /// The two do not fit together, or rustls does not take them.
    #[error("the certificate and the key cannot be used: {0}")]
    Config(String),
}

impl Tls {
    /// TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1, from a certificate chain and a key in PEM.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        Self::with(certificates, key, TlsOptions::default())
    }

    /// The same, and asks clients for a certificate: see [`TlsOptions::asks`].
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn asking_from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let options = TlsOptions {
            asks: true,
            ..TlsOptions::default()
        };
        Self::with(certificates, key, options)
    }

    /// The same with these options.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn with(certificates: &[u8], key: &[u8], options: TlsOptions) -> Result<Self, TlsError> {
        let mut tls = Self::new(config(certificates, key, options)?);
        tls.options = options;
        Ok(tls)
    }

    /// From a configuration made elsewhere; ALPN is taken as it stands there.
    pub fn new(config: ServerConfig) -> Self {
        Self {
            config: Arc::new(RwLock::new(Arc::new(config))),
            options: TlsOptions::default(),
        }
    }

    /// Uses another certificate for connections from now on.
    ///
    /// # Errors
    /// See [`TlsError`]; the old certificate then stays.
    pub fn replace_pem(&self, certificates: &[u8], key: &[u8]) -> Result<(), TlsError> {
        let config = Arc::new(config(certificates, key, self.options)?);
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    pub(super) fn current(&self) -> Arc<ServerConfig> {
        let config = self.config.read();
        config.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

fn config(certificates: &[u8], key: &[u8], options: TlsOptions) -> Result<ServerConfig, TlsError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
    let chain = chain.map_err(|_| TlsError::Certificate)?;
    if chain.is_empty() {
        return Err(TlsError::Certificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::Key)?;
    let provider = Arc::new(provider());
    let unusable = |error: rustls::Error| TlsError::Config(error.to_string());
    let algorithms = provider.signature_verification_algorithms;
    let versions: &[_] = if options.only_1_3 {
        &[&TLS13]
    } else {
        &[&TLS13, &TLS12]
    };
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(unusable)?;
    let builder = if options.asks {
        builder.with_client_cert_verifier(Arc::new(AnyCertificate(algorithms)))
    } else {
        builder.with_no_client_auth()
    };
    let mut config = builder.with_single_cert(chain, key).map_err(unusable)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// What this process's TLS is made of. The hybrid of X25519 and ML-KEM comes first, so that what is recorded today stays closed to quantum computers.
fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}

/// Takes every certificate; who it is decides the application. That the client has its key is checked here.
#[derive(Debug)]
struct AnyCertificate(WebPkiSupportedAlgorithms);

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if is_certificate(certificate) {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::BadEncoding.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
