//! The figures: medians over the rounds, each beside its yardstick of the same run.

mod markdown;
mod parts;
mod picture;
mod smoke;

use std::io::Write as _;

use serde::Serialize;

use crate::Failure;
use crate::bed::Bed;
use crate::drive::Measured;
use crate::options::Run;
use crate::part::Parts;
use crate::rates::Rates;
use crate::scenario::Server;

/// A whole run.
#[derive(Default, Serialize)]
pub(crate) struct Report {
    /// `sqlite` or `postgres`.
    engine: String,
    /// Clients that asked in turn, and what it took to make them.
    clients: usize,
    seeded_seconds: f64,
    rows: Vec<Row>,
    arrivals: Vec<Arrivals>,
    tokens: usize,
    pub(crate) parts: Parts,
}

/// A scenario in the closed loop.
#[derive(Serialize)]
pub(crate) struct Row {
    name: String,
    per_second: f64,
    server_cpu_ms: Option<f64>,
    p50_ms: f64,
    p99_ms: f64,
    resident_mib: Option<f64>,
    /// This rate divided by the yardstick's, and this CPU time divided by the yardstick's.
    rate_ratio: Option<f64>,
    cpu_ratio: Option<f64>,
}

/// A scenario in the open loop.
#[derive(Serialize)]
pub(crate) struct Arrivals {
    name: String,
    per_second: u32,
    /// What was done, which is less when the server cannot follow.
    done_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// The middle one.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

pub(crate) const MIB: f64 = 1024.0 * 1024.0;

impl Report {
    pub(crate) fn new(run: &Run, bed: &Bed) -> Self {
        Self {
            engine: run.database.split(':').next().unwrap_or("").to_owned(),
            clients: run.clients,
            seeded_seconds: bed.seeded.as_secs_f64(),
            ..Self::default()
        }
    }

    /// Adds the scenarios.
    pub(crate) fn rates(&mut self, rates: &Rates) {
        for (scenario, results) in rates.scenarios.iter().zip(&rates.closed) {
            if results.is_empty() {
                continue;
            }
            let yardstick = rates
                .scenarios
                .iter()
                .position(|other| Some(other.name.as_str()) == scenario.yardstick)
                .filter(|_| scenario.server != Server::Bare)
                .and_then(|index| rates.closed.get(index));
            self.rows.push(row(&scenario.name, results, yardstick));
        }
        for (name, pace, results) in &rates.open {
            let of = |what: fn(&Measured) -> f64| median(results.iter().map(what));
            self.arrivals.push(Arrivals {
                name: name.clone(),
                per_second: *pace,
                done_per_second: of(|m| m.rate),
                p50_ms: of(|m| m.p50),
                p99_ms: of(|m| m.p99),
            });
        }
        self.tokens = rates.checked;
    }

    /// Says the figures, and writes them where they are wanted.
    pub(crate) fn publish(&self, run: &Run) -> Result<(), Failure> {
        let text = self.markdown();
        let _ = writeln!(std::io::stdout(), "{text}");
        if let Some(path) = &run.json {
            std::fs::write(path, serde_json::to_string_pretty(self)?)?;
        }
        if let Some(path) = &run.markdown {
            let old = std::fs::read_to_string(path).unwrap_or_default();
            std::fs::write(path, markdown::between_marks(&old, &self.engine, &text))?;
        }
        if let Some(path) = &run.picture {
            std::fs::write(path, self.picture())?;
        }
        Ok(())
    }
}

fn row(name: &str, results: &[Measured], yardstick: Option<&Vec<Measured>>) -> Row {
    let of = |what: fn(&Measured) -> f64| median(results.iter().map(what));
    // Round by round, so that what slowed the machine slowed both.
    let pairs = |what: fn(&Measured) -> Option<f64>| {
        let pairs = results.iter().zip(yardstick?);
        let ratios: Option<Vec<f64>> = pairs
            .map(|(own, bare)| Some(what(own)? / what(bare)?))
            .collect();
        Some(median(ratios?))
    };
    let known = |what: fn(&Measured) -> Option<f64>| {
        let values: Option<Vec<f64>> = results.iter().map(what).collect();
        values.map(median)
    };
    Row {
        name: name.to_owned(),
        per_second: of(|m| m.rate),
        server_cpu_ms: known(|m| m.cpu),
        p50_ms: of(|m| m.p50),
        p99_ms: of(|m| m.p99),
        resident_mib: known(|m| m.resident.map(|bytes| bytes as f64 / MIB)),
        rate_ratio: pairs(|m| Some(m.rate)),
        cpu_ratio: pairs(|m| m.cpu),
    }
}
