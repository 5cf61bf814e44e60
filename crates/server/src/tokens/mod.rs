//! How tokens are made and read.

pub(crate) mod access_token;
pub(crate) mod id_token;
pub(crate) mod opaque;
pub(crate) mod refresh_token;
pub(crate) mod released;
pub(crate) mod subject;
