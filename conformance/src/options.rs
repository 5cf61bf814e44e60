//! The command line.

use std::path::PathBuf;
use std::process::Command;

use clap::Parser;
use url::Url;

use crate::{Failure, folder};

/// Runs plans of the OpenID Foundation's conformance suite against grantor.
#[derive(Parser)]
#[command(name = "cargo xtask conformance")]
pub(crate) struct Options {
    /// Where the suite is: its base URL, by which browsers and clients reach it too
    #[arg(long, value_name = "URL")]
    pub(crate) suite: Url,
    /// Run only modules whose names contain this, and leave RESULTS.md as it is; may be repeated
    #[arg(long = "module", value_name = "PART")]
    pub(crate) modules: Vec<String>,
    /// The grantor to run, instead of the one that was built with this program
    #[arg(long, value_name = "FILE", requires = "commit")]
    pub(crate) grantor: Option<PathBuf>,
    /// The commit that the grantor was built from, as RESULTS.md shall name it
    #[arg(long, value_name = "COMMIT")]
    commit: Option<String>,
    /// Seconds after which a module in which nothing happens is given up
    #[arg(long, value_name = "SECONDS", default_value_t = 150)]
    pub(crate) patience: u64,
    /// The plans to run, by the names of the files in conformance/plans; all of them without any
    #[arg(value_name = "PLAN")]
    pub(crate) plans: Vec<String>,
}

impl Options {
    /// The grantor to run.
    pub(crate) fn program(&self) -> Result<PathBuf, Failure> {
        if let Some(given) = &self.grantor {
            return Ok(std::path::absolute(given)?);
        }
        Ok(std::env::current_exe()?.with_file_name("grantor"))
    }

    /// The commit that it was built from.
    pub(crate) fn commit(&self) -> Result<String, Failure> {
        if let Some(given) = &self.commit {
            return Ok(given.clone());
        }
        let commit = git(&["rev-parse", "--short=10", "HEAD"])?;
        // The results themselves are no change of grantor.
        let changes = git(&[
            "status",
            "--porcelain",
            "--",
            "../crates",
            "../migrations",
            "../Cargo.lock",
        ])?;
        let mark = if changes.is_empty() { "" } else { ", changed" };
        Ok(format!("{commit}{mark}"))
    }
}

fn git(arguments: &[&str]) -> Result<String, Failure> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder())
        .output()?;
    if !output.status.success() {
        return Err("git cannot name the commit: give it with --commit".into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
