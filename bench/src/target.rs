//! What is measured: a server that runs, and its process where that is known.

use std::net::SocketAddr;

use crate::Failure;
use crate::usage::{self, Usage};

/// A server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// Its process: what it uses is reported.
    pub(crate) pid: Option<u32>,
}

impl Target {
    /// What its process has used so far.
    pub(crate) fn usage(&self) -> Result<Option<Usage>, Failure> {
        self.pid.map(usage::of).transpose()
    }
}
