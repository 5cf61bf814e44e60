//! A grantor on a small database and one on a large one, measured in turn.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::enrol::{self, Crowd};
use super::load::{self, Load, Measured, Work};
use super::process::Process;
use super::say;
use crate::{Failure, usage};

/// How many people take turns.
const BROWSERS: usize = 2_000;
/// How often each process is started to see how long that takes.
const STARTS: usize = 5;

/// How to measure.
pub(super) struct Plan {
    pub(super) pairs: usize,
    pub(super) duration: Duration,
    pub(super) connections: usize,
    /// Seconds.
    pub(super) idle: u64,
    /// What the name of a measurement must contain.
    pub(super) only: String,
}

struct Subject {
    database: PathBuf,
    crowd: Crowd,
    first_request: Vec<u8>,
}

impl Subject {
    fn new(database: PathBuf, port: u16) -> Result<Self, Failure> {
        let now = ambient::Clock::System.now();
        let crowd = enrol::enrol(&database, BROWSERS, now)?;
        let client = crowd.clients.first().ok_or("there are no clients")?;
        Ok(Self {
            first_request: load::credentials(port, client),
            database,
            crowd,
        })
    }

    async fn start(&self) -> Result<Process, Failure> {
        Process::start(&self.database, &self.first_request).await
    }
}

pub(super) async fn run(dir: &Path, plan: &Plan) -> Result<(), Failure> {
    let dir = &dir.canonicalize()?;
    let small = Subject::new(dir.join("small.db"), 18_101)?;
    let large = Subject::new(dir.join("large.db"), 18_102)?;
    let mut starts = [Vec::new(), Vec::new()];
    for _ in 0..STARTS {
        for (subject, starts) in [&small, &large].into_iter().zip(&mut starts) {
            starts.push(subject.start().await?.start.as_secs_f64() * 1000.0);
        }
    }
    say("| | small | large | large : small |\n|---|---:|---:|---:|");
    let starts = starts.map(|mut all| median(&mut all));
    row("start to the first token, ms", starts, 1);

    let processes = [small.start().await?, large.start().await?];
    let before = [
        usage::of(processes[0].pid())?,
        usage::of(processes[1].pid())?,
    ];
    tokio::time::sleep(Duration::from_secs(plan.idle)).await;
    let after = [
        usage::of(processes[0].pid())?,
        usage::of(processes[1].pid())?,
    ];
    let cpu =
        |index: usize| (after[index].cpu - before[index].cpu) * 1000.0 / plan.idle.max(1) as f64;
    row("CPU while idle, ms a second", [cpu(0), cpu(1)], 2);
    let resident = |usage: &usage::Usage| usage.resident as f64 / f64::from(1 << 20);
    row(
        "memory while idle, MiB",
        [&after[0], &after[1]].map(resident),
        1,
    );

    let mut loads = [
        Load::new(processes[0].address(), &small.crowd),
        Load::new(processes[1].address(), &large.crowd),
    ];
    let mut first_sights = [Vec::new(), Vec::new()];
    for index in 0..2 {
        first_sights[index] = loads[index].each_client(processes[index].address()).await?;
    }
    for (name, share) in [("median", 0.5), ("p99", 0.99)] {
        let name = format!("a client seen for the first time, {name}, ms");
        row(
            &name,
            first_sights.each_ref().map(|all| load::at(all, share)),
            3,
        );
    }
    for (load, process) in loads.iter_mut().zip(&processes) {
        load.warm_up(process.address()).await?;
    }
    let loads = loads.map(Arc::new);
    let wanted = |work: &Work| work.name().contains(&plan.only);
    for work in Work::ALL.into_iter().filter(wanted) {
        let measured = pairs(work, &loads, &processes, plan).await?;
        let of = |value: fn(&Measured) -> f64| {
            measured.each_ref().map(|all| {
                let mut values: Vec<f64> = all.iter().map(value).collect();
                median(&mut values)
            })
        };
        row(&format!("{}, a second", work.name()), of(|one| one.rate), 0);
        row(
            &format!("{}, median, ms", work.name()),
            of(|one| one.p50),
            2,
        );
        row(&format!("{}, p99, ms", work.name()), of(|one| one.p99), 2);
        let cpu = format!("{}, CPU of the server, ms each", work.name());
        row(&cpu, of(|one| one.cpu), 3);
    }
    let usage = [
        usage::of(processes[0].pid())?,
        usage::of(processes[1].pid())?,
    ];
    row(
        "memory after all that, MiB",
        usage.each_ref().map(resident),
        1,
    );
    Ok(())
}

/// Small, large, large, small, …, after a warm-up of each.
async fn pairs(
    work: Work,
    loads: &[Arc<Load>; 2],
    processes: &[Process; 2],
    plan: &Plan,
) -> Result<[Vec<Measured>; 2], Failure> {
    let mut measured = [Vec::new(), Vec::new()];
    for pair in 0..=plan.pairs {
        let order = if pair % 2 == 0 { [0, 1] } else { [1, 0] };
        for index in order {
            let target = (processes[index].address(), plan.connections);
            let before = usage::of(processes[index].pid())?;
            let mut one = load::run(&loads[index], work, target, plan.duration).await?;
            let after = usage::of(processes[index].pid())?;
            one.cpu = (after.cpu - before.cpu) * 1000.0 / one.done.max(1) as f64;
            if pair > 0 {
                measured[index].push(one);
            }
        }
    }
    Ok(measured)
}

fn row(name: &str, [small, large]: [f64; 2], decimals: usize) {
    say(format!(
        "| {name} | {small:.decimals$} | {large:.decimals$} | {:.2} |",
        large / small
    ));
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    load::at(values, 0.5)
}
