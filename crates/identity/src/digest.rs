use aws_lc_rs::digest::{SHA256, digest};
use base64ct::{Base64UrlUnpadded, Encoding};

/// What is stored of a value of 256 random bits: its SHA-256 as base64url. Such a value needs neither salt nor stretching.
pub(crate) fn sha256(value: &str) -> String {
    Base64UrlUnpadded::encode_string(digest(&SHA256, value.as_bytes()).as_ref())
}
