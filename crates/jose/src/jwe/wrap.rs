//! AES key wrap (RFC 3394, RFC 7518 §4.4).

use crate::{Error, jwk::members::Secret};
use aws_lc_rs::{
    cipher::{
        AES_192, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext,
        UnboundCipherKey,
    },
    constant_time,
    key_wrap::{AES_128, AES_256, AesKek, KeyWrap},
};
use zeroize::Zeroizing;

/// Wraps a key with one of 16, 24 or 32 bytes.
pub(crate) fn wrap(wrapping: &[u8], key: &[u8]) -> Result<Vec<u8>, Error> {
    let mut out = vec![0; key.len() + 8];
    let kek = match wrapping.len() {
        16 => AesKek::new(&AES_128, wrapping),
        32 => AesKek::new(&AES_256, wrapping),
        24 => return wrap_192(wrapping, key),
        _ => return Err(Error::InvalidKey("a wrapping key of the wrong length")),
    };
    let kek = kek.map_err(|_| Error::Crypto)?;
    kek.wrap(key, &mut out).map_err(|_| Error::Crypto)?;
    Ok(out)
}

/// Unwraps; any failure is [`Error::Decryption`].
pub(crate) fn unwrap(wrapping: &[u8], wrapped: &[u8]) -> Result<Secret, Error> {
    let mut out = Zeroizing::new(vec![
        0;
        wrapped.len().checked_sub(8).ok_or(Error::Decryption)?
    ]);
    let kek = match wrapping.len() {
        16 => AesKek::new(&AES_128, wrapping),
        32 => AesKek::new(&AES_256, wrapping),
        24 => return unwrap_192(wrapping, wrapped),
        _ => return Err(Error::InvalidKey("a wrapping key of the wrong length")),
    };
    let kek = kek.map_err(|_| Error::Decryption)?;
    kek.unwrap(wrapped, &mut out)
        .map_err(|_| Error::Decryption)?;
    Ok(out)
}

// The library wraps with AES-128 and AES-256 alone; the same construction over its AES-192 block cipher.

/// The initial value of RFC 3394 §2.2.3.1.
const INITIAL: [u8; 8] = [0xa6; 8];

fn wrap_192(wrapping: &[u8], key: &[u8]) -> Result<Vec<u8>, Error> {
    let unbound = UnboundCipherKey::new(&AES_192, wrapping).map_err(|_| Error::Crypto)?;
    let cipher = EncryptingKey::ecb(unbound).map_err(|_| Error::Crypto)?;
    if key.len() < 16 || !key.len().is_multiple_of(8) {
        return Err(Error::InvalidKey("a key that cannot be wrapped"));
    }
    let mut out = [&INITIAL, key].concat();
    let mut block = Zeroizing::new([0; 16]);
    let mut count = 0_u64;
    for _ in 0..6 {
        for start in (8..out.len()).step_by(8) {
            block[..8].copy_from_slice(&out[..8]);
            block[8..].copy_from_slice(&out[start..start + 8]);
            cipher
                .less_safe_encrypt(&mut *block, EncryptionContext::None)
                .map_err(|_| Error::Crypto)?;
            count += 1;
            for (byte, counter) in block.iter_mut().zip(count.to_be_bytes()) {
                *byte ^= counter;
            }
            out[..8].copy_from_slice(&block[..8]);
            out[start..start + 8].copy_from_slice(&block[8..]);
        }
    }
    Ok(out)
}

fn unwrap_192(wrapping: &[u8], wrapped: &[u8]) -> Result<Secret, Error> {
    let unbound = UnboundCipherKey::new(&AES_192, wrapping).map_err(|_| Error::Decryption)?;
    let cipher = DecryptingKey::ecb(unbound).map_err(|_| Error::Decryption)?;
    if wrapped.len() < 24 || !wrapped.len().is_multiple_of(8) {
        return Err(Error::Decryption);
    }
    let mut out = Zeroizing::new(wrapped.to_vec());
    let mut block = Zeroizing::new([0; 16]);
    let mut count = (wrapped.len() / 8 - 1) as u64 * 6;
    for _ in 0..6 {
        for start in (8..out.len()).step_by(8).rev() {
            block[..8].copy_from_slice(&out[..8]);
            block[8..].copy_from_slice(&out[start..start + 8]);
            for (byte, counter) in block.iter_mut().zip(count.to_be_bytes()) {
                *byte ^= counter;
            }
            cipher
                .decrypt(&mut *block, DecryptionContext::None)
                .map_err(|_| Error::Decryption)?;
            count -= 1;
            out[..8].copy_from_slice(&block[..8]);
            out[start..start + 8].copy_from_slice(&block[8..]);
        }
    }
    constant_time::verify_slices_are_equal(&out[..8], &INITIAL).map_err(|_| Error::Decryption)?;
    Ok(Zeroizing::new(out[8..].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text
            .chars()
            .filter_map(|it| it.to_digit(16))
            .map(|it| it as u8)
            .collect();
        digits
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect()
    }

    /// RFC 3394 §4.1 to §4.6.
    #[test]
    fn the_vectors_of_rfc_3394_wrap_and_unwrap() {
        let kek = hex("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F");
        let data = hex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F");
        for (kek_length, data_length, expected) in [
            (16, 16, "1FA68B0A8112B447 AEF34BD8FB5A7B82 9D3E862371D2CFE5"),
            (24, 16, "96778B25AE6CA435 F92B5B97C050AED2 468AB8A17AD84E5D"),
            (32, 16, "64E8C3F9CE0F5BA2 63E9777905818A2A 93C8191E7D6E8AE7"),
            (
                24,
                24,
                "031D33264E15D332 68F24EC260743EDC E1C6C7DDEE725A93 6BA814915C6762D2",
            ),
            (
                32,
                24,
                "A8F9BC1612C68B3F F6E6F4FBE30E71E4 769C8B80A32CB895 8CD5D17D6B254DA1",
            ),
            (
                32,
                32,
                "28C9F404C4B810F4 CBCCB35CFB87F826 3F5786E2D80ED326 CBC7F0E71A99F43B FB988B9B7A02DD21",
            ),
        ] {
            let wrapped = wrap(&kek[..kek_length], &data[..data_length]).unwrap();
            assert_eq!(wrapped, hex(expected));
            assert_eq!(
                *unwrap(&kek[..kek_length], &wrapped).unwrap(),
                data[..data_length]
            );
        }
    }

    proptest! {
        #[test]
        fn a_changed_bit_is_refused(key in prop::collection::vec(any::<u8>(), 24), bit in 0_usize..256) {
            for length in [16, 24] {
                let mut wrapped = wrap(&key[..length], &[7; 24]).unwrap();
                wrapped[bit / 8] ^= 1 << (bit % 8);
                prop_assert_eq!(unwrap(&key[..length], &wrapped).err(), Some(Error::Decryption));
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            for length in [0, 16, 24, 32] {
                let _ = unwrap(&[1; 32][..length], &bytes);
                let _ = wrap(&[1; 32][..length], &bytes);
            }
        }
    }
}
