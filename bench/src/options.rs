//! The command line.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};

use crate::part::PARTS;
use crate::peer::Kind;
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

/// What is measured of a peer, and so of grantor beside it.
const OF_PEERS: [&str; 2] = ["client credentials", "introspection"];

/// What the smoke test measures.
const SMOKE: [&str; 4] = [
    "client credentials",
    "introspection",
    "code with a session",
    "refresh",
];

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
    #[command(flatten)]
    pub(crate) peer: PeerOptions,
}

/// Another server that already runs.
#[derive(Args)]
pub(crate) struct PeerOptions {
    /// Measure this server beside grantor, with the same load
    #[arg(long, value_name = "PEER", requires_all = ["url", "client_id", "client_secret"])]
    pub(crate) peer: Option<Kind>,
    /// Its issuer, over http: its discovery document names the endpoints, else the paths it is known to have do
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// A client of it that may use client credentials and introspect
    #[arg(long)]
    pub(crate) client_id: Option<String>,
    /// Its secret, for client_secret_basic
    #[arg(long)]
    pub(crate) client_secret: Option<String>,
    /// The scope that is asked for
    #[arg(long)]
    pub(crate) scope: Option<String>,
    /// Where it introspects, when neither its discovery document nor its known paths say so
    #[arg(long, value_name = "URL")]
    pub(crate) introspection_url: Option<String>,
    /// Its process, to report what it uses
    #[arg(long, value_name = "PID")]
    pub(crate) peer_pid: Option<u32>,
}

impl Run {
    /// A run of the smoke test: short, few things, many rounds, because only their ratios matter.
    pub(crate) fn quickened(mut self) -> Self {
        if self.smoke {
            self.only = SMOKE.map(str::to_owned).to_vec();
            self.which = "closed".to_owned();
            (self.seconds, self.rounds) = (0.8, 5);
        }
        self
    }

    /// Whether the parts beside the scenarios are wanted; they say nothing about a peer.
    pub(crate) fn measures_parts(&self) -> bool {
        self.peer.peer.is_none() && !self.smoke
    }

    /// Whether something is measured, by its name. Beside a peer it is what a peer has too, unless more is asked for.
    pub(crate) fn has(&self, name: &str) -> bool {
        let named = |list: &[String]| list.iter().any(|known| known == name);
        let wanted = if !self.only.is_empty() {
            named(&self.only)
        } else {
            self.peer.peer.is_none() || OF_PEERS.contains(&name)
        };
        wanted && !named(&self.skip)
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
