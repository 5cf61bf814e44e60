//! The load: closed (each connection sends when it has its answer) and open (arrivals at a fixed rate, whatever the server does).

use std::time::{Duration, Instant};

use crate::Failure;
use crate::connection::Connection;
use crate::scenario::{Scenario, Worker};
use crate::target::Target;
use crate::usage;

/// One measurement.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    /// Operations a second.
    pub(crate) rate: f64,
    /// Milliseconds of the server's CPU time for each; `None` for a server whose process is not known.
    pub(crate) cpu: Option<f64>,
    /// Milliseconds at the median and at the 99th percentile.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// The server's resident memory at the end, in bytes.
    pub(crate) resident: Option<u64>,
}

/// A measurement and what it left to be checked.
pub(crate) struct Run {
    pub(crate) measured: Measured,
    /// The access tokens it got, one a line, of each connection.
    pub(crate) tokens: Vec<String>,
}

/// `connections` workers, each as fast as its answers come.
pub(crate) async fn closed(
    scenario: &Scenario,
    target: &Target,
    connections: usize,
    duration: Duration,
) -> Result<Run, Failure> {
    let before = target.usage()?;
    let start = Instant::now();
    let address = target.address;
    let workers: Vec<_> = (0..connections)
        .map(|_| {
            let scenario = scenario.clone();
            tokio::spawn(async move {
                let mut connection = Connection::open(address).await?;
                let mut worker = Worker::default();
                let mut latencies = Vec::with_capacity(1 << 16);
                while start.elapsed() < duration {
                    let sent = Instant::now();
                    worker.once(&scenario, &mut connection).await?;
                    latencies.push(sent.elapsed());
                }
                Ok::<_, Failure>((latencies, worker.tokens))
            })
        })
        .collect();
    collect(workers, start, before, target).await
}

/// `rate` arrivals a second on 64 connections. Latency counts from when a request was due, so that a stalled server is charged for those that had to wait.
pub(crate) async fn open(
    scenario: &Scenario,
    target: &Target,
    rate: u32,
    duration: Duration,
) -> Result<Run, Failure> {
    const CONNECTIONS: u32 = 64;
    let before = target.usage()?;
    let address = target.address;
    let start = Instant::now() + Duration::from_millis(50);
    let workers: Vec<_> = (0..CONNECTIONS)
        .map(|index| {
            let scenario = scenario.clone();
            tokio::spawn(async move {
                let mut connection = Connection::open(address).await?;
                let mut worker = Worker::default();
                let mut latencies = Vec::new();
                for turn in 0.. {
                    let arrival = index + turn * CONNECTIONS;
                    let due = start + Duration::from_secs(1) * arrival / rate;
                    if due > start + duration {
                        break;
                    }
                    tokio::time::sleep_until(due.into()).await;
                    worker.once(&scenario, &mut connection).await?;
                    latencies.push(due.elapsed());
                }
                Ok::<_, Failure>((latencies, worker.tokens))
            })
        })
        .collect();
    collect(workers, start, before, target).await
}

type Worked = Result<(Vec<Duration>, String), Failure>;

async fn collect(
    workers: Vec<tokio::task::JoinHandle<Worked>>,
    start: Instant,
    before: Option<usage::Usage>,
    target: &Target,
) -> Result<Run, Failure> {
    let mut latencies = Vec::new();
    let mut tokens = Vec::new();
    for worker in workers {
        let (own, got) = worker.await??;
        latencies.extend(own);
        tokens.push(got);
    }
    let elapsed = start.elapsed().as_secs_f64();
    let after = target.usage()?;
    let count = latencies.len().max(1);
    let cpu = before
        .zip(after)
        .map(|(before, after)| after.cpu - before.cpu);
    let [p50, p99] = percentiles(&mut latencies, [0.5, 0.99]);
    let measured = Measured {
        rate: latencies.len() as f64 / elapsed,
        cpu: cpu.map(|cpu| cpu * 1000.0 / count as f64),
        p50,
        p99,
        resident: after.map(|after| after.resident),
    };
    Ok(Run { measured, tokens })
}

/// Milliseconds below which these shares of the latencies are; 0 when there are none.
pub(crate) fn percentiles<const N: usize>(
    latencies: &mut [Duration],
    shares: [f64; N],
) -> [f64; N] {
    latencies.sort_unstable();
    let count = latencies.len().max(1);
    shares.map(|share| {
        let index = ((count as f64 * share) as usize).min(count - 1);
        let latency = latencies.get(index);
        latency.map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
    })
}
