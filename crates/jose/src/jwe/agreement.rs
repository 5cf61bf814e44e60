//! Key agreement, ECDH-ES (RFC 7518 §4.6, RFC 8037 §3.2).

use crate::{
    Error, Jwk,
    jwk::{
        Material,
        ec::Ec,
        members::Secret,
        okp::{self, Okp},
    },
};
use aws_lc_rs::{
    agreement::{self, PrivateKey, UnparsedPublicKey},
    digest,
};
use zeroize::Zeroizing;

/// What the derived key is for: it is part of the derivation.
pub(crate) struct Purpose<'a> {
    /// The algorithm that will use the key: `enc` for direct agreement, `alg` with key wrap.
    pub(crate) algorithm: &'a str,
    /// `apu`, decoded.
    pub(crate) party_u: &'a [u8],
    /// `apv`, decoded.
    pub(crate) party_v: &'a [u8],
    /// Bytes wanted.
    pub(crate) length: usize,
}

/// The recipient's side: its private key and the sender's ephemeral public one, which must be of the same curve.
pub(crate) fn receive(own: &Jwk, ephemeral: &Jwk, purpose: &Purpose<'_>) -> Result<Secret, Error> {
    let (algorithm, public) = public(ephemeral)?;
    let key = match &own.material {
        Material::Ec(key) => {
            let d = key.d.as_ref().ok_or(Error::NotPrivate)?;
            let wrong = Error::InvalidKey("EC private key");
            PrivateKey::from_private_key(key.curve.agreement()?, d).map_err(|_| wrong)?
        }
        Material::Okp(key) => key.agreement_key()?,
        _ => return Err(Error::KeyMismatch),
    };
    if key.algorithm() != algorithm {
        return Err(Error::InvalidKey("the ephemeral key is of another curve"));
    }
    derive(&key, algorithm, &public, purpose)
}

/// The sender's side: makes an ephemeral key, returns its public half and the derived key.
pub(crate) fn send(recipient: &Jwk, purpose: &Purpose<'_>) -> Result<(Jwk, Secret), Error> {
    let (algorithm, public) = public(recipient)?;
    let key = PrivateKey::generate(algorithm).map_err(|_| Error::Crypto)?;
    let own = key.compute_public_key().map_err(|_| Error::Crypto)?;
    let material = match &recipient.material {
        Material::Ec(it) => Material::Ec(Ec::from_point(it.curve, own.as_ref(), None)?),
        _ => Material::Okp(Okp {
            curve: okp::Curve::X25519,
            x: own.as_ref().to_vec(),
            d: None,
        }),
    };
    let derived = derive(&key, algorithm, &public, purpose)?;
    Ok((Jwk::from_material(material), derived))
}

fn public(key: &Jwk) -> Result<(&'static agreement::Algorithm, Vec<u8>), Error> {
    match &key.material {
        Material::Ec(key) => Ok((key.curve.agreement()?, key.point())),
        Material::Okp(key) if key.curve == okp::Curve::X25519 => {
            Ok((&agreement::X25519, key.x.clone()))
        }
        _ => Err(Error::KeyMismatch),
    }
}

fn derive(
    own: &PrivateKey,
    algorithm: &'static agreement::Algorithm,
    peer: &[u8],
    purpose: &Purpose<'_>,
) -> Result<Secret, Error> {
    let peer = UnparsedPublicKey::new(algorithm, peer);
    agreement::agree(own, peer, Error::Decryption, |secret| {
        Ok(concat_kdf(secret, purpose))
    })
}

/// The Concat KDF of NIST SP 800-56A with SHA-256, as RFC 7518 §4.6.2 uses it.
fn concat_kdf(secret: &[u8], purpose: &Purpose<'_>) -> Secret {
    let mut key = Zeroizing::new(Vec::with_capacity(purpose.length + 32));
    let mut round = 0_u32;
    while key.len() < purpose.length {
        round += 1;
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(&round.to_be_bytes());
        hash.update(secret);
        for part in [
            purpose.algorithm.as_bytes(),
            purpose.party_u,
            purpose.party_v,
        ] {
            // Both parties are parts of a header, which is bounded.
            hash.update(&(part.len() as u32).to_be_bytes());
            hash.update(part);
        }
        hash.update(&(purpose.length as u32 * 8).to_be_bytes());
        key.extend_from_slice(hash.finish().as_ref());
    }
    key.truncate(purpose.length);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64url;

    /// RFC 7518 appendix C.
    #[test]
    fn both_sides_of_rfc_7518_appendix_c_derive_its_key() {
        let alice = Jwk::from_json(
            r#"{"kty":"EC","crv":"P-256",
            "x":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
            "y":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
            "d":"0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"}"#,
        );
        let bob = Jwk::from_json(
            r#"{"kty":"EC","crv":"P-256",
            "x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
            "y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
            "d":"VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"}"#,
        );
        let (alice, bob) = (alice.unwrap(), bob.unwrap());
        let purpose = Purpose {
            algorithm: "A128GCM",
            party_u: b"Alice",
            party_v: b"Bob",
            length: 16,
        };
        for (own, peer) in [(&bob, &alice), (&alice, &bob)] {
            let key = receive(own, &peer.public().unwrap(), &purpose).unwrap();
            assert_eq!(base64url::encode(&*key), "VqqN6vgjbSBcIijNcacQGg");
        }
    }

    /// RFC 8037 A.6.
    #[test]
    fn x25519_agrees_and_a_small_order_point_is_refused() {
        let bob = |d: &str| {
            format!(
                r#"{{"kty":"OKP","crv":"X25519","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"{d}}}"#
            )
        };
        let private = Jwk::from_json(&bob(
            r#","d":"XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os""#,
        ))
        .unwrap();
        let purpose = Purpose {
            algorithm: "ECDH-ES+A128KW",
            party_u: b"",
            party_v: b"",
            length: 64,
        };
        let (ephemeral, sent) = send(&Jwk::from_json(&bob("")).unwrap(), &purpose).unwrap();
        assert_eq!(receive(&private, &ephemeral, &purpose).unwrap(), sent);

        // A.6: the secret that RFC 7748 §6.1 and this appendix give, put through the derivation.
        let ephemeral =
            r#"{"kty":"OKP","crv":"X25519","x":"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"}"#;
        let purpose_16 = Purpose {
            length: 16,
            ..purpose
        };
        let key = receive(&private, &Jwk::from_json(ephemeral).unwrap(), &purpose_16).unwrap();
        assert_eq!(base64url::encode(&*key), "kWyq1WbV-_Lt1HKaktoaBQ");

        let zero = base64url::encode([0; 32]);
        let zero =
            Jwk::from_json(&format!(r#"{{"kty":"OKP","crv":"X25519","x":"{zero}"}}"#)).unwrap();
        assert_eq!(
            receive(&private, &zero, &purpose_16),
            Err(Error::Decryption)
        );
        let wrong = bob(r#","d":"YasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os""#);
        assert_eq!(
            Jwk::from_json(&wrong),
            Err(Error::InvalidKey("X25519 private key"))
        );
    }
}
