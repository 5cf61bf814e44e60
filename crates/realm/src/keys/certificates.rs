//! Certificates of the keys that sign (RFC 7515 §4.1.6): for verifiers that trust authorities and not addresses, as HAIP has them.

use std::str::FromStr;

use base64ct::{Base64, Encoding};
use db::{Batch, params};
use jose::{Algorithm, Jwk, SigningKey};
use serde_json::{Value, json};
use x509_cert::Certificate;
use x509_cert::attr::{Attribute, Attributes};
use x509_cert::der::asn1::{BitString, Ia5String, ObjectIdentifier, OctetString, UintRef};
use x509_cert::der::pem::LineEnding;
use x509_cert::der::{Any, Decode, Encode, EncodePem, Reader, SliceReader};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::request::{CertReq, CertReqInfo, ExtensionReq, Version};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::sql;
use crate::changes::Kind;
use crate::error::{Error, Invalid};
use crate::events::Event;
use crate::tenant::Realm;

const FIELD: &str = "certificates";
const WHAT: &str = "key";
/// How many certificates a chain has at most: they stand in every credential.
const MOST: usize = 4;
/// How long one is at most, in bytes.
const LONGEST: usize = 4096;
const EC: &str = "1.2.840.10045.2.1";
const SUBJECT_ALT_NAME: &str = "2.5.29.17";
/// Curves by the names of RFC 7518 §6.2.1.1.
const CURVES: &[(&str, &str)] = &[
    ("P-256", "1.2.840.10045.3.1.7"),
    ("P-384", "1.3.132.0.34"),
    ("P-521", "1.3.132.0.35"),
];

/// The certificates of a key, its own first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificates {
    x5c: Value,
    from: i64,
    until: i64,
}

impl Certificates {
    /// Reads a chain of certificates (DER), the key's own first. The last is left out where it vouches for itself: verifiers have it, or do not trust it.
    ///
    /// # Errors
    /// In words: when there are none or too many, one cannot be read, the first is of another key or nobody vouches for it, or one is not issued by the next.
    pub(crate) fn read(chain: &[Vec<u8>], public: &Jwk) -> Result<Self, String> {
        let mut parsed = Vec::with_capacity(chain.len());
        for der in chain.iter().take(MOST + 2) {
            let read = (der.len() <= LONGEST).then(|| Certificate::from_der(der).ok());
            let read = read.flatten().ok_or("a certificate cannot be read")?;
            parsed.push((der, read.tbs_certificate));
        }
        let (_, own) = parsed.first().ok_or("there is no certificate")?;
        if !is_key_of(&own.subject_public_key_info, public) {
            return Err("the first certificate is of another key".to_owned());
        }
        if own.issuer == own.subject {
            return Err("the key vouches for itself: an authority has to certify it".to_owned());
        }
        let seconds =
            |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).ok();
        let from = seconds(own.validity.not_before);
        let until = seconds(own.validity.not_after);
        let (Some(from), Some(until)) = (from, until) else {
            return Err("a time in the certificate cannot be read".to_owned());
        };
        for pair in parsed.windows(2) {
            if let [(_, one), (_, next)] = pair
                && one.issuer != next.subject
            {
                return Err("a certificate is not issued by the one after it".to_owned());
            }
        }
        if parsed.last().is_some_and(|(_, it)| it.issuer == it.subject) {
            parsed.pop();
        }
        if parsed.len() > MOST {
            return Err(format!("there are at most {MOST} certificates"));
        }
        let texts = parsed.iter().map(|(der, _)| Base64::encode_string(der));
        Ok(Self {
            x5c: texts.collect::<Vec<_>>().into(),
            from,
            until,
        })
    }

    /// The same as they are kept.
    pub(crate) fn unstored(text: &str, public: &Jwk) -> Option<Self> {
        let texts: Vec<String> = serde_json::from_str(text).ok()?;
        let chain: Result<Vec<_>, _> = texts.iter().map(|text| Base64::decode_vec(text)).collect();
        Self::read(&chain.ok()?, public).ok()
    }

    /// The header parameter, if the key's own certificate is valid at this time.
    pub(crate) fn x5c(&self, now: i64) -> Option<Value> {
        (self.from <= now && now < self.until).then(|| self.x5c.clone())
    }

    /// Until when the key's own certificate is valid (unix seconds).
    pub fn until(&self) -> i64 {
        self.until
    }
}

/// Whether both are the same public key.
pub fn is_key_of(own: &SubjectPublicKeyInfoOwned, jwk: &Jwk) -> bool {
    let jwk = jwk.to_value();
    let number = |name: &str| {
        jwk[name]
            .as_str()
            .and_then(|text| jose::base64url::decode(text).ok())
    };
    let curve = |names: &[(&str, &str)]| {
        let wanted = names.iter().find(|(name, _)| jwk["crv"] == **name);
        wanted.and_then(|(_, oid)| oid.parse::<ObjectIdentifier>().ok())
    };
    let Some(bits) = own.subject_public_key.as_bytes() else {
        return false;
    };
    match jwk["kty"].as_str() {
        Some("EC") => {
            let parameters = own.algorithm.parameters.as_ref();
            let named = parameters.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
            let point = || Some([vec![4], number("x")?, number("y")?].concat());
            named.is_some() && named == curve(CURVES) && point().is_some_and(|point| point == bits)
        }
        Some("OKP") => {
            Some(own.algorithm.oid) == curve(&[("Ed25519", "1.3.101.112")])
                && number("x").is_some_and(|x| x == bits)
        }
        Some("RSA") => rsa(bits).is_some_and(|(n, e)| {
            number("n").as_deref() == Some(n) && number("e").as_deref() == Some(e)
        }),
        _ => false,
    }
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017 §A.1.1).
fn rsa(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = SliceReader::new(der).ok()?;
    let numbers = reader.sequence(|inner| {
        let modulus = UintRef::decode(inner)?;
        Ok((modulus.as_bytes(), UintRef::decode(inner)?.as_bytes()))
    });
    numbers.ok().filter(|_| reader.is_finished())
}

/// Keeps the certificates of a key that signs tokens and credentials, its own first, each as DER; with none, those that it had are forgotten. `actor` is who does
/// it, for the audit.
///
/// # Errors
/// [`Error::NotFound`] for an unknown key; [`Error::Invalid`] when they are not certificates of this key, or not valid now.
pub async fn certify(
    realm: &Realm,
    kid: &str,
    chain: &[Vec<u8>],
    actor: &str,
) -> Result<(), Error> {
    let published = realm.keys().jwks().await?;
    let public = published
        .find(kid)
        .ok_or_else(|| Error::not_found(WHAT, kid))?;
    let invalid = |reason: String| Error::from(Invalid::new(FIELD, reason));
    let kept = match chain {
        [] => None,
        _ => {
            let read = Certificates::read(chain, public).map_err(invalid)?;
            let x5c = read.x5c(realm.now());
            let x5c = x5c.ok_or_else(|| invalid("the certificate is not valid now".to_owned()))?;
            Some(x5c.to_string())
        }
    };
    let mut batch = Batch::new();
    batch.expect(&sql::SET_CERTIFICATES, params![realm.name(), kid, kept], 1);
    let event = Event::new("key.certified").actor(actor);
    let detail = json!({ "kid": kid, "count": chain.len() });
    realm.record(&mut batch, event.detail(detail));
    realm.announce(&mut batch, Kind::KEYS, kid);
    realm.commit(batch).await?;
    Ok(())
}

/// A request to an authority to certify a key of ES256 or ES384 (PKCS #10, RFC 2986), in PEM: for the issuer's host by name, and for the issuer.
///
/// # Errors
/// [`Error::NotFound`] for an unknown key; [`Error::Invalid`] for one of another algorithm.
pub async fn request(realm: &Realm, kid: &str) -> Result<String, Error> {
    let key = realm.keys().signing(kid).await?;
    let key = key.ok_or_else(|| Error::not_found(WHAT, kid))?;
    let written = request_by(&key, realm.issuer());
    written.ok_or_else(|| {
        let reason = "a request can be written for keys of ES256 and ES384";
        Invalid::new("algorithm", reason).into()
    })
}

fn request_by(key: &SigningKey, issuer: &str) -> Option<String> {
    let oid = |text: &str| text.parse::<ObjectIdentifier>().ok();
    let (signs, size) = match key.algorithm() {
        Algorithm::Es256 => (oid("1.2.840.10045.4.3.2")?, 32),
        Algorithm::Es384 => (oid("1.2.840.10045.4.3.3")?, 48),
        _ => return None,
    };
    let public = key.public_jwk().ok()?.to_value();
    let number = |name: &str| jose::base64url::decode(public[name].as_str()?).ok();
    let (_, curve) = CURVES.iter().find(|(name, _)| public["crv"] == **name)?;
    let point = [vec![4], number("x")?, number("y")?].concat();
    let host = url::Url::parse(issuer).ok()?.host_str()?.to_owned();
    let mut names = vec![GeneralName::UniformResourceIdentifier(
        Ia5String::new(issuer).ok()?,
    )];
    if host.parse::<std::net::IpAddr>().is_err() && !host.starts_with('[') {
        names.push(GeneralName::DnsName(Ia5String::new(&host).ok()?));
    }
    let names = SubjectAltName(names).to_der().ok()?;
    let extension = Extension {
        extn_id: oid(SUBJECT_ALT_NAME)?,
        critical: false,
        extn_value: OctetString::new(names).ok()?,
    };
    let mut attributes = Attributes::new();
    let wanted = Attribute::try_from(ExtensionReq(vec![extension])).ok()?;
    attributes.insert(wanted).ok()?;
    let info = CertReqInfo {
        version: Version::V1,
        subject: Name::from_str(&format!("CN={host}")).ok()?,
        public_key: SubjectPublicKeyInfoOwned {
            algorithm: AlgorithmIdentifierOwned {
                oid: oid(EC)?,
                parameters: Some(Any::encode_from(&oid(curve)?).ok()?),
            },
            subject_public_key: BitString::from_bytes(&point).ok()?,
        },
        attributes,
    };
    let signature = key.sign(&info.to_der().ok()?).ok()?;
    let (r, s) = signature.split_at_checked(size)?;
    let numbers = [
        UintRef::new(r).ok()?.to_der().ok()?,
        UintRef::new(s).ok()?.to_der().ok()?,
    ]
    .concat();
    // A SEQUENCE of the two (RFC 5480 appendix A), which is shorter than 128 bytes.
    let signature = [vec![0x30, u8::try_from(numbers.len()).ok()?], numbers].concat();
    let request = CertReq {
        info,
        algorithm: AlgorithmIdentifierOwned {
            oid: signs,
            parameters: None,
        },
        signature: BitString::from_bytes(&signature).ok()?,
    };
    request.to_pem(LineEnding::LF).ok()
}
