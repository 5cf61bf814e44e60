//! Reading what options say. Each error names the option.

use std::path::Path;

use jose::Algorithm;
use realm::Algorithms;
use realm::clients::PublicKeys;
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// The two sides of `NAME=VALUE`; of several `=`, the first parts them.
pub(super) fn pair<'a>(option: &str, given: &'a str) -> Result<(&'a str, &'a str), Failure> {
    given
        .split_once('=')
        .ok_or_else(|| format!("{option}: `{given}` has no `=`").into())
}

/// A signature algorithm by its registered name (RFC 7518 §3.1).
pub(super) fn algorithm(option: &str, name: &str) -> Result<Algorithm, Failure> {
    name.parse()
        .map_err(|_| format!("{option}: `{name}` is not a signature algorithm").into())
}

/// The signature algorithms of a repeated option, the best first.
pub(super) fn algorithms(option: &str, names: &[String]) -> Result<Algorithms, Failure> {
    names.iter().map(|name| algorithm(option, name)).collect()
}

/// The text of a file.
pub(super) fn file(option: &str, path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("{option}: {}: {error}", path.display()).into())
}

/// What a file says in JSON.
pub(super) fn json<T: DeserializeOwned>(option: &str, path: &Path) -> Result<T, Failure> {
    serde_json::from_str(&file(option, path)?)
        .map_err(|error| format!("{option}: {}: {error}", path.display()).into())
}

/// The public keys of a file, a JWK set (RFC 7517 §5).
pub(super) fn public_keys(option: &str, path: &Path) -> Result<PublicKeys, Failure> {
    PublicKeys::from_json(&file(option, path)?)
        .map_err(|reason| format!("{option}: {}: {reason}", path.display()).into())
}
