//! Measures grantor against bare handlers that do only the cryptography, in one run on one machine, so that the ratio means something wherever it is run.
//!
//! `cargo xtask bench` builds both in release and runs this.

mod bare;
mod bed;
mod connection;
mod drive;
mod options;
mod part;
mod peer;
mod pin;
mod rates;
mod report;
mod scale;
mod scenario;
mod seed;
mod target;
mod tokens;
mod usage;

use clap::Parser;

use bed::Bed;
use options::{Command, Options, Run};
use peer::Peer;
use rates::Servers;
use report::Report;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The error of this program: it is said and ends the run.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(2)
        .build()?;
    runtime.block_on(async {
        match &options.command {
            Some(Command::Bare { port }) => bare::serve(*port).await,
            Some(Command::Scale(scale)) => scale::run(scale).await,
            None => compare(&options.run.quickened()).await,
        }
    })
}

async fn compare(run: &Run) -> Result<(), Failure> {
    let peer = Peer::find(&run.peer).await?;
    let mut bed = Bed::start(&run.database, run.clients).await?;
    let names = scenario::NAMES.iter().filter(|name| run.has(name));
    let chosen: Vec<String> = names.map(|name| (*name).to_owned()).collect();
    let mut scenarios = scenario::prepare(&bed, &chosen).await?;
    if let Some(peer) = &peer {
        scenarios.extend(peer.scenarios().await?);
    }
    let servers = Servers {
        bed: &bed,
        peer: peer.as_ref(),
    };
    let mut report = Report::new(run, &bed);
    report.rates(&rates::measure(&servers, scenarios, run).await?);
    if run.measures_parts() {
        report.parts = part::measure(&mut bed, run).await?;
    }
    report.publish(run)?;
    if run.smoke { report.smoke() } else { Ok(()) }
}
