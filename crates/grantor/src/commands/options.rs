//! Options that many commands share.

use clap::Args;

use crate::place::Place;

/// Of `list`: all of a kind.
#[derive(Args)]
pub(super) struct All {
    #[command(flatten)]
    pub(super) place: Place,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// Of what is done to one, which has an identifier.
#[derive(Args)]
pub(super) struct One {
    #[command(flatten)]
    pub(super) place: Place,
    /// The identifier
    pub(super) id: String,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}
