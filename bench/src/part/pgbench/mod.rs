//! PostgreSQL's own load generator with the statements of a code flow, in the same transactions: what the database alone can do on this machine.

mod script;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde::Serialize;

use crate::Failure;
use crate::bed::Bed;
use crate::drive;
use crate::options::Run;
use crate::report::median;
use crate::scenario;

const FLOW: &str = "code with a session";

/// What was measured, medians of the rounds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Pgbench {
    /// Whole flows a second of grantor, and of pgbench with as many connections.
    pub(crate) grantor: f64,
    pub(crate) pgbench: f64,
    /// Round by round, the one divided by the other.
    pub(crate) ratio: f64,
}

/// Measures both in turn.
pub(crate) async fn measure(bed: &Bed, run: &Run) -> Result<Pgbench, Failure> {
    let scenarios = scenario::prepare(bed, &[FLOW.to_owned()]).await?;
    let flow = scenarios.last().ok_or("no scenario")?;
    let seconds = run.seconds.ceil().max(1.0);
    let length = Duration::from_secs_f64(seconds);
    // Leaves the rows behind that the script takes its values from.
    drive::closed(flow, &bed.grantor(), run.connections, length / 3).await?;
    let script = script::write(bed.realm(), bed.cookie()).await?;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), &script.text)?;
    let (mut own, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..run.rounds {
        let grantor = drive::closed(flow, &bed.grantor(), run.connections, length).await?;
        let mut command = Command::new(program()?);
        command
            .args(["-n", "-M", "prepared", "-j", "2", "-f"])
            .arg(file.path())
            .args(["-c", &run.connections.to_string()])
            .args(["-T", &seconds.to_string()])
            .args(["-D", &format!("n={}", start_of(round)?)]);
        for (name, value) in &script.values {
            command.arg("-D").arg(format!("{name}={value}"));
        }
        let output = command.arg(bed.database()).output()?;
        let rate = rate(&String::from_utf8_lossy(&output.stdout))
            .ok_or_else(|| format!("pgbench: {}", String::from_utf8_lossy(&output.stderr)))?;
        own.push(grantor.measured.rate);
        theirs.push(rate);
        ratios.push(grantor.measured.rate / rate);
    }
    Ok(Pgbench {
        grantor: median(own),
        pgbench: median(theirs),
        ratio: median(ratios),
    })
}

/// A number from which a round counts its rows, so that none is that of another round.
fn start_of(round: usize) -> Result<i64, Failure> {
    let now = ambient::Ambient::system().now();
    Ok(now * 1_000_000 + i64::try_from(round)? * 10_000_000)
}

/// Of the line `tps = 1234.5 (without initial connection time)`.
fn rate(output: &str) -> Option<f64> {
    let line = output.lines().find(|line| line.starts_with("tps"))?;
    line.split_whitespace().nth(2)?.parse().ok()
}

/// In the PATH, or where Debian keeps it by version.
fn program() -> Result<PathBuf, Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    folders.extend(versions.map(|version| version.path().join("bin")));
    folders
        .into_iter()
        .map(|folder| folder.join("pgbench"))
        .find(|program| program.is_file())
        .ok_or_else(|| "pgbench is missing: it comes with PostgreSQL".into())
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn the_rate_is_read_from_what_pgbench_says() {
        let text =
            "latency average = 1.2 ms\ntps = 1234.500000 (without initial connection time)\n";
        assert_eq!(rate(text), Some(1234.5));
        assert_eq!(rate("pgbench: error"), None);
    }
}
