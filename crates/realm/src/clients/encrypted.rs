use jose::KeyUse;
use jose::jwe::{self, ContentEncryption, KeyManagement};
use jose::jws::Header;

use super::PublicKeys;

/// Encrypts a JWT to the first of a client's keys that is for it (RFC 7519 §5.2): those meant for encryption before those that say nothing, and
/// never one that is meant for signatures. `typ` and `cty` are those of the result: `cty` is `JWT` around a JWT that is signed, and absent where the claims
/// themselves are encrypted.
///
/// # Errors
/// When no key fits, or the result would be too long.
pub fn encrypt_to(
    keys: &PublicKeys,
    (management, encryption): (KeyManagement, ContentEncryption),
    (typ, cty): (&str, Option<&str>),
    text: &[u8],
) -> Result<String, jose::Error> {
    let all = &keys.set().keys;
    let meant = all
        .iter()
        .filter(|key| key.key_use() == Some(KeyUse::Encryption));
    let open = all.iter().filter(|key| key.key_use().is_none());
    let mut found = Err(jose::Error::UnknownKey);
    for key in meant.chain(open) {
        let header = Header {
            typ: Some(typ.to_owned()),
            cty: cty.map(str::to_owned),
            kid: key.kid().map(str::to_owned),
            ..Header::default()
        };
        found = jwe::encrypt(text, key, management, encryption, &header);
        if found.is_ok() {
            break;
        }
    }
    found
}
