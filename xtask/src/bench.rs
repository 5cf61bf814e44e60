//! `cargo xtask bench`: the load generator, in release mode.

use std::path::PathBuf;

use crate::postgres::Cluster;
use crate::{Outcome, run, tree};

/// Runs it with the arguments that were given; `--postgres` stands for a throw-away cluster with PostgreSQL's own, durable settings.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let mut arguments = arguments.to_vec();
    let postgres = arguments.iter().any(|argument| argument == "--postgres");
    arguments.retain(|argument| argument != "--postgres");
    let program = build()?;
    let cluster = postgres.then(Cluster::start_durable).transpose()?;
    if let Some(cluster) = &cluster {
        arguments.extend(["--database".to_owned(), cluster.url()]);
    }
    let mut command = std::process::Command::new(program);
    command.args(arguments).current_dir(tree::root());
    run::check(command)
}

/// What every change must pass: a short run that asks for ratios alone, with room for noise.
pub(crate) fn smoke() -> Outcome {
    run(&["--smoke".to_owned()])
}

/// Builds grantor and the load generator together, so that what they share is compiled once.
fn build() -> Result<PathBuf, String> {
    let both = ["build", "--release", "-p", "grantor", "-p", "grantor-bench"];
    run::check(run::cargo(&both))?;
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| tree::root().join("target"), PathBuf::from);
    Ok(target.join("release").join("grantor-bench"))
}
