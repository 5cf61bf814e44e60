//! The three parts of a compact serialisation.

use crate::{Error, limits};

pub(crate) struct Parts<'t> {
    /// What the signature covers: header, dot, payload, as they came.
    pub(crate) input: &'t str,
    pub(crate) header: &'t str,
    pub(crate) payload: &'t str,
    pub(crate) signature: &'t str,
}

impl<'t> Parts<'t> {
    pub(crate) fn split(token: &'t str) -> Result<Self, Error> {
        if token.len() > limits::TOKEN {
            return Err(Error::TooLarge);
        }
        let wrong = Error::Malformed("a compact JWS has three parts");
        let (input, signature) = token.rsplit_once('.').ok_or(wrong)?;
        let (header, payload) = input.split_once('.').ok_or(wrong)?;
        if payload.contains('.') {
            return Err(wrong);
        }
        // Four thirds of the decoded limit: nothing longer is worth decoding.
        if header.len() > limits::HEADER / 3 * 4 + 4 {
            return Err(Error::TooLarge);
        }
        Ok(Self {
            input,
            header,
            payload,
            signature,
        })
    }
}
