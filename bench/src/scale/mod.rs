//! Cost that does not grow: a small and a large database side by side, and a file that follows what is in it.
//!
//! `grantor-bench scale prepare DIR` fills two SQLite databases, `scale compare DIR` measures grantor on both in turn, and `scale growth` runs code flows through
//! the clock's years and weighs the file.

mod compare;
mod enrol;
mod fill;
mod grants;
mod growth;
mod load;
mod population;
mod process;
mod random;
mod size;

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;

use crate::Failure;

/// The secret of every client that is made here.
const SECRET: &str = "the-secret-of-every-client";
/// The scope of every grant that is made here.
const SCOPE: &str = "openid offline_access";

#[derive(Subcommand)]
pub(crate) enum Scale {
    /// Fill a small and a large database in this directory
    Prepare {
        /// Where they are put; they need about 15 GB
        dir: PathBuf,
        /// People, clients, grants and realms of the large one
        #[arg(long, num_args = 4, default_values_t = [1_000_000, 100_000, 10_000_000, 1_000])]
        large: Vec<u64>,
        /// People, clients, grants and realms of the small one
        #[arg(long, num_args = 4, default_values_t = [1_000, 100, 10_000, 1])]
        small: Vec<u64>,
    },
    /// Measure grantor on both, in turn
    Compare {
        /// Where they are
        dir: PathBuf,
        /// How many pairs of measurements
        #[arg(long, default_value_t = 9)]
        pairs: usize,
        /// Seconds that each measurement lasts
        #[arg(long, default_value_t = 1.5)]
        seconds: f64,
        /// Connections that send requests one after another
        #[arg(long, default_value_t = 16)]
        connections: usize,
        /// Seconds for which both processes are watched while nobody asks anything
        #[arg(long, default_value_t = 30)]
        idle: u64,
        /// Only measurements with this in their name
        #[arg(long, default_value = "")]
        only: String,
    },
    /// Run code flows against a fresh database while the clock passes every expiry, and weigh the file
    Growth {
        /// How many flows
        #[arg(long, default_value_t = 2_000_000)]
        flows: u64,
        /// Days that the clock advances each time
        #[arg(long, default_value_t = 2)]
        days: i64,
        /// Flows between two advances
        #[arg(long, default_value_t = 20_000)]
        batch: u64,
        /// Where the database is put; a temporary directory when it is not stated
        #[arg(long)]
        dir: Option<PathBuf>,
    },
}

pub(crate) async fn run(scale: &Scale) -> Result<(), Failure> {
    match scale {
        Scale::Prepare { dir, large, small } => {
            std::fs::create_dir_all(dir)?;
            for (name, sizes, port) in [("small", small, 18_101), ("large", large, 18_102)] {
                let sizes = population::Sizes::of(sizes)?;
                fill::fill(&dir.join(name).with_extension("db"), sizes, port).await?;
            }
            Ok(())
        }
        Scale::Compare {
            dir,
            pairs,
            seconds,
            connections,
            idle,
            only,
        } => {
            let plan = compare::Plan {
                pairs: *pairs,
                duration: std::time::Duration::from_secs_f64(*seconds),
                connections: *connections,
                idle: *idle,
                only: only.clone(),
            };
            compare::run(dir, &plan).await
        }
        Scale::Growth {
            flows,
            days,
            batch,
            dir,
        } => growth::run(*flows, *days, *batch, dir.as_deref()).await,
    }
}

/// Writes a line to standard output.
fn say(line: impl std::fmt::Display) {
    // Nobody reads it any more.
    let _ = writeln!(std::io::stdout(), "{line}");
}
