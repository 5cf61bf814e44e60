//! Measures grantor against bare handlers that do only the cryptography, in one run on one machine, so that the ratio means something wherever it is run.
//!
//! `cargo xtask bench` builds both in release and runs this.

mod bare;
mod connection;
mod drive;
mod report;
mod scenario;
mod usage;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use grantor_tests::live::{Grantor, Storage};

use drive::Measured;
use scenario::Scenario;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The error of this program: it is said and ends the run.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// Seconds that each measurement lasts
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// How often everything is measured; medians are reported
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Connections that send requests one after another
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Where grantor keeps its data: `sqlite` or a postgres:// URL of an empty database
    #[arg(long, default_value = "sqlite")]
    database: String,
    /// Write the figures as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Write the figures as a Markdown table
    #[arg(long)]
    markdown: Option<PathBuf>,
    /// Fail unless client credentials reach this share of the bare handler's rate
    #[arg(long)]
    at_least: Option<f64>,
}

#[derive(Subcommand)]
enum Command {
    /// The bare handlers (started by the benchmark itself)
    #[command(hide = true)]
    Bare {
        /// The port on loopback
        port: u16,
    },
}

fn main() -> Result<(), Failure> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(2)
        .build()?;
    runtime.block_on(async {
        match options.command {
            Some(Command::Bare { port }) => bare::serve(port).await,
            None => compare(&options).await,
        }
    })
}

async fn compare(options: &Options) -> Result<(), Failure> {
    let bare = bare::Process::start().await?;
    let storage = match options.database.as_str() {
        "sqlite" => Storage::sqlite(""),
        url => Storage::postgres(url.to_owned()),
    };
    let grantor = Grantor::start(storage).await;
    let idle = usage::of(grantor.pid())?.resident;
    let subjects = scenario::prepare(&grantor, bare.address()).await?;
    let target = |scenario: &Scenario| -> (SocketAddr, u32) {
        if scenario.is_bare() {
            (bare.address(), bare.pid())
        } else {
            (grantor.address(), grantor.pid())
        }
    };
    let duration = Duration::from_secs_f64(options.seconds);
    let mut measured: Vec<Vec<Measured>> = vec![Vec::new(); subjects.len()];
    for round in 0..=options.rounds {
        for (scenario, results) in subjects.iter().zip(&mut measured) {
            let (address, pid) = target(scenario);
            // Round 0 warms up and is not counted.
            let length = if round == 0 { duration / 4 } else { duration };
            let one = drive::closed(scenario, address, pid, options.connections, length).await?;
            if round > 0 {
                results.push(one);
            }
        }
    }
    let mut arrivals = Vec::new();
    for scenario in subjects.iter().filter(|scenario| scenario.is_paced()) {
        let (address, pid) = target(scenario);
        let rate = scenario.pace();
        arrivals.push((
            scenario.name(),
            rate,
            drive::open(scenario, address, pid, rate, duration).await?,
        ));
    }
    let report = report::Report::new(&subjects, measured, arrivals, idle, &options.database);
    report.print();
    if let Some(path) = &options.json {
        std::fs::write(path, report.json()?)?;
    }
    if let Some(path) = &options.markdown {
        std::fs::write(path, report.markdown())?;
    }
    match options.at_least {
        Some(share) => report.demand(share),
        None => Ok(()),
    }
}
