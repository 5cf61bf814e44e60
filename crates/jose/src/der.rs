//! Just enough DER to take the numbers out of the PKCS #8 document in which the cryptographic library hands over a new RSA key.

/// The nine integers of an `RSAPrivateKey` (RFC 8017 A.1.2) inside a `PrivateKeyInfo` (RFC 5208 §5), version first, without leading zeros.
pub(crate) fn rsa_private_key(pkcs8: &[u8]) -> Option<[&[u8]; 9]> {
    let mut document = Reader(pkcs8);
    let mut info = Reader(document.take(SEQUENCE)?);
    info.take(INTEGER)?;
    info.take(SEQUENCE)?;
    let mut wrapped = Reader(info.take(OCTET_STRING)?);
    let mut key = Reader(wrapped.take(SEQUENCE)?);
    let mut numbers = [&pkcs8[..0]; 9];
    for number in &mut numbers {
        let bytes = key.take(INTEGER)?;
        *number = bytes.strip_prefix(&[0]).unwrap_or(bytes);
    }
    Some(numbers)
}

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&found, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first);
        if first >= 0x80 {
            let (digits, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
            if digits.len() > 3 {
                return None;
            }
            length = digits
                .iter()
                .fold(0, |sum, &digit| sum << 8 | usize::from(digit));
            rest = after;
        }
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (found == tag).then_some(value)
    }
}
