//! The figures: medians over the rounds, each beside its yardstick of the same run.

use std::fmt::Write as _;
use std::io::Write as _;

use serde::Serialize;

use crate::Failure;
use crate::drive::Measured;
use crate::scenario::Scenario;

/// A whole run.
#[derive(Serialize)]
pub(crate) struct Report {
    database: String,
    idle_mib: f64,
    rows: Vec<Row>,
    arrivals: Vec<Arrivals>,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    per_second: f64,
    server_cpu_ms: f64,
    p50_ms: f64,
    p99_ms: f64,
    resident_mib: f64,
    /// This rate divided by the yardstick's, and this CPU time divided by the yardstick's.
    rate_ratio: Option<f64>,
    cpu_ratio: Option<f64>,
}

#[derive(Serialize)]
struct Arrivals {
    name: &'static str,
    per_second: u32,
    p50_ms: f64,
    p99_ms: f64,
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

const MIB: f64 = 1024.0 * 1024.0;

impl Report {
    pub(crate) fn new(
        scenarios: &[Scenario],
        measured: Vec<Vec<Measured>>,
        arrivals: Vec<(&'static str, u32, Measured)>,
        idle: u64,
        database: &str,
    ) -> Self {
        let of = |results: &[Measured], what: fn(&Measured) -> f64| {
            median(results.iter().map(what).collect())
        };
        let rows = scenarios
            .iter()
            .zip(&measured)
            .map(|(scenario, results)| {
                let yardstick = scenarios
                    .iter()
                    .position(|other| other.name() == scenario.yardstick())
                    .filter(|_| !scenario.is_bare())
                    .and_then(|index| measured.get(index));
                // Round by round, so that what slowed the machine slowed both.
                let ratio = |what: fn(&Measured) -> f64| {
                    let pairs = results.iter().zip(yardstick?);
                    Some(median(
                        pairs.map(|(own, bare)| what(own) / what(bare)).collect(),
                    ))
                };
                Row {
                    name: scenario.name(),
                    per_second: of(results, |m| m.rate),
                    server_cpu_ms: of(results, |m| m.cpu),
                    p50_ms: of(results, |m| m.p50),
                    p99_ms: of(results, |m| m.p99),
                    resident_mib: of(results, |m| m.resident as f64) / MIB,
                    rate_ratio: ratio(|m| m.rate),
                    cpu_ratio: ratio(|m| m.cpu),
                }
            })
            .collect();
        let arrivals = arrivals
            .into_iter()
            .map(|(name, per_second, m)| Arrivals {
                name,
                per_second,
                p50_ms: m.p50,
                p99_ms: m.p99,
            })
            .collect();
        let engine = database.split(':').next().unwrap_or("").to_owned();
        Self {
            database: engine,
            idle_mib: idle as f64 / MIB,
            rows,
            arrivals,
        }
    }

    pub(crate) fn markdown(&self) -> String {
        let mut out = format!(
            "Storage: {}. Idle after start: {:.0} MiB resident.\n\n\
             | closed loop | per second | of the bare rate | server CPU, ms each | of the bare CPU | median, ms | p99, ms | resident, MiB |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|\n",
            self.database, self.idle_mib
        );
        let ratio = |ratio: Option<f64>| ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"));
        for row in &self.rows {
            // Writing to a string cannot fail.
            let _ = writeln!(
                out,
                "| {} | {:.0} | {} | {:.3} | {} | {:.2} | {:.2} | {:.0} |",
                row.name,
                row.per_second,
                ratio(row.rate_ratio),
                row.server_cpu_ms,
                ratio(row.cpu_ratio),
                row.p50_ms,
                row.p99_ms,
                row.resident_mib
            );
        }
        out.push_str(
            "\n| open loop | arrivals per second | median, ms | p99, ms |\n|---|---:|---:|---:|\n",
        );
        for row in &self.arrivals {
            let _ = writeln!(
                out,
                "| {} | {} | {:.2} | {:.2} |",
                row.name, row.per_second, row.p50_ms, row.p99_ms
            );
        }
        out
    }

    pub(crate) fn json(&self) -> Result<String, Failure> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    pub(crate) fn print(&self) {
        let _ = writeln!(std::io::stdout(), "{}", self.markdown());
    }

    /// Fails when client credentials reach less than `share` of their yardstick's rate.
    pub(crate) fn demand(&self, share: f64) -> Result<(), Failure> {
        let row = self
            .rows
            .iter()
            .find(|row| row.name == "client credentials");
        let reached = row.and_then(|row| row.rate_ratio).unwrap_or(0.0);
        if reached < share {
            return Err(format!(
                "client credentials reach {reached:.2} of the bare rate, not {share:.2}"
            )
            .into());
        }
        Ok(())
    }
}
