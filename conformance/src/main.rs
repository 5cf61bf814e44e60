//! Runs plans of the OpenID Foundation's conformance suite against grantor: a fresh grantor for each plan, with the realm and the clients that
//! `plans/PLAN.toml` describes, and a suite that is already running and is driven through its REST interface.
//!
//! `cargo xtask conformance --suite URL [PLAN…]` builds both and runs this.
#![expect(
    clippy::print_stdout,
    reason = "a command for people: its output is its purpose"
)]

mod anchor;
mod api;
mod authority;
mod clients;
mod configuration;
mod device;
mod expected;
mod grantor;
mod keys;
mod module;
mod offers;
mod options;
mod plan;
mod results;
mod run;
mod suite;
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use options::Options;
use results::Results;
use suite::Suite;

/// The error of this program: it is said and ends the run.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The folder `conformance/` of the checkout.
pub(crate) fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    match runtime.block_on(all(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => failed(&error),
    }
}

fn failed(error: &Failure) -> ExitCode {
    eprintln!("conformance: {error}");
    ExitCode::FAILURE
}

/// Runs what was asked for, and answers whether nothing unexpected came of it.
async fn all(options: &Options) -> Result<bool, Failure> {
    let plans = plan::choose(&options.plans)?;
    let suite = Suite::open(&options.suite).await?;
    let version = suite.version().await?;
    println!("suite {version} at {}", options.suite);
    let file = folder().join("RESULTS.md");
    let mut good = true;
    for plan in &plans {
        let done = run::run(&suite, plan, options).await?;
        let unexpected = done.unexpected();
        for line in &unexpected {
            println!("  unexpected: {line}");
        }
        good &= unexpected.is_empty();
        println!("{}", done.summary());
        // A part of a plan is no result of the plan.
        if options.modules.is_empty() {
            let mut results = Results::read(&file)?;
            results.put(&done, &options.commit()?, &version);
            results.write(&file)?;
        }
    }
    Ok(good)
}

/// Where the logs of a plan go: beside what was built, so that git ignores them.
pub(crate) fn logs(plan: &str) -> Result<PathBuf, Failure> {
    let beside = std::env::current_exe()?;
    let target = beside.parent().ok_or("this program is in no folder")?;
    let folder = target.join("conformance").join(plan);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
