//! Base64url without padding (RFC 7515 §2), strict: one spelling for each sequence of bytes.

use crate::Error;
use base64ct::{Base64UrlUnpadded, Encoding};

/// Encodes without padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

/// Decodes. Padding, white space, other alphabets, stray trailing bits: [`Error::Base64`].
pub fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, Error> {
    let text = text.as_ref();
    let mut bytes = vec![0; text.len() * 3 / 4];
    let length = Base64UrlUnpadded::decode(text, &mut bytes)
        .map_err(|_| Error::Base64)?
        .len();
    bytes.truncate(length);
    Ok(bytes)
}

/// Appends the encoding of `bytes` to `out`.
pub(crate) fn append(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
    let start = out.len();
    out.resize(start + Base64UrlUnpadded::encoded_len(bytes), 0);
    Base64UrlUnpadded::encode(bytes, &mut out[start..]).map_err(|_| Error::TooLarge)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_other_spelling_is_refused() {
        assert_eq!(decode("AQ").unwrap(), [1]);
        for text in [
            "AQ==", "AR", "A", "AQ ", "AQ\n", "+w", "/w", "_x", "AQAA=", "é",
        ] {
            assert_eq!(decode(text), Err(Error::Base64), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(bytes: Vec<u8>) {
            let text = encode(&bytes);
            let mut appended = b"x.".to_vec();
            append(&mut appended, &bytes).unwrap();
            prop_assert_eq!(&appended[2..], text.as_bytes());
            prop_assert_eq!(decode(&text).unwrap(), bytes);
        }

        #[test]
        fn what_decodes_is_canonical(text in "[A-Za-z0-9_-]{0,40}") {
            if let Ok(bytes) = decode(&text) {
                prop_assert_eq!(encode(bytes), text);
            }
        }
    }
}
