//! The command line.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};

use crate::part::PARTS;
use crate::scenario::NAMES;

/// Measures grantor beside bare handlers that do only the cryptography.
#[derive(Parser)]
#[command(after_help = "A single scenario, for work on it:
  grantor-bench --only \"code with a session\" --rounds 5 --seconds 2
  grantor-bench --only \"client credentials\" --loop closed --clients 100
The grantor that is measured is the one beside this program, or the one that GRANTOR_BIN names.")]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) run: Run,
}

/// How a run is made.
#[derive(Args)]
pub(crate) struct Run {
    /// Measure this alone, with its yardstick; may be repeated
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(NAMES.iter().chain(&PARTS)))]
    pub(crate) only: Vec<String>,
    /// Leave this out; may be repeated
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(NAMES.iter().chain(&PARTS)))]
    pub(crate) skip: Vec<String>,
    /// Which load: `closed` (each connection sends when it has its answer), `open` (arrivals at a fixed rate), or both
    #[arg(long = "loop", value_name = "LOOP", default_value = "both", value_parser = ["closed", "open", "both"])]
    pub(crate) which: String,
    /// Seconds that each measurement lasts
    #[arg(long, default_value_t = 3.0)]
    pub(crate) seconds: f64,
    /// How often everything is measured; medians are reported
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// Connections that send requests one after another
    #[arg(long, default_value_t = 16)]
    pub(crate) connections: usize,
    /// Clients that ask in turn
    #[arg(long, default_value_t = 10_000)]
    pub(crate) clients: usize,
    /// Where grantor keeps its data: `sqlite` or a postgres:// URL of an empty database
    #[arg(long, default_value = "sqlite")]
    pub(crate) database: String,
    /// A quick run that asks for ratios alone, with room for noise, and fails when one is missed
    #[arg(long)]
    pub(crate) smoke: bool,
    /// Write the figures as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write the figures as Markdown: between `<!-- ENGINE -->` and `<!-- end of ENGINE -->` in a file that has these lines, else as the whole file
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Draw the figures as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) picture: Option<PathBuf>,
}

impl Run {
    /// Whether something is measured, by its name.
    pub(crate) fn has(&self, name: &str) -> bool {
        let named = |list: &[String]| list.iter().any(|known| known == name);
        !named(&self.skip) && (self.only.is_empty() || named(&self.only))
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// The bare handlers (started by the benchmark itself)
    #[command(hide = true)]
    Bare {
        /// The port on loopback
        port: u16,
    },
    /// Cost that does not grow with the data
    #[command(subcommand)]
    Scale(crate::scale::Scale),
}
