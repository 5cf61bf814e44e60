//! The load: closed (each connection sends when it has its answer) and open (arrivals at a fixed rate, whatever the server does).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::Failure;
use crate::connection::Connection;
use crate::scenario::{Scenario, Worker};
use crate::usage;

/// One measurement.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// Operations a second.
    pub(crate) rate: f64,
    /// Milliseconds of the server's CPU time for each.
    pub(crate) cpu: f64,
    /// Milliseconds at the median and at the 99th percentile.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// The server's resident memory at the end, in bytes.
    pub(crate) resident: u64,
}

/// `connections` workers, each as fast as its answers come.
pub(crate) async fn closed(
    scenario: &Scenario,
    address: SocketAddr,
    pid: u32,
    connections: usize,
    duration: Duration,
) -> Result<Measured, Failure> {
    let before = usage::of(pid)?;
    let start = Instant::now();
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
                Ok::<_, Failure>(latencies)
            })
        })
        .collect();
    collect(workers, start, before, pid).await
}

/// `rate` arrivals a second on 64 connections. Latency counts from when a request was due, so that a stalled server is charged for those that had to wait.
pub(crate) async fn open(
    scenario: &Scenario,
    address: SocketAddr,
    pid: u32,
    rate: u32,
    duration: Duration,
) -> Result<Measured, Failure> {
    const CONNECTIONS: u32 = 64;
    let before = usage::of(pid)?;
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
                Ok::<_, Failure>(latencies)
            })
        })
        .collect();
    collect(workers, start, before, pid).await
}

async fn collect(
    workers: Vec<tokio::task::JoinHandle<Result<Vec<Duration>, Failure>>>,
    start: Instant,
    before: usage::Usage,
    pid: u32,
) -> Result<Measured, Failure> {
    let mut latencies = Vec::new();
    for worker in workers {
        latencies.extend(worker.await??);
    }
    let elapsed = start.elapsed().as_secs_f64();
    let after = usage::of(pid)?;
    latencies.sort_unstable();
    let count = latencies.len().max(1);
    let at = |share: f64| {
        let index = ((count as f64 * share) as usize).min(count - 1);
        latencies
            .get(index)
            .map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
    };
    Ok(Measured {
        rate: latencies.len() as f64 / elapsed,
        cpu: (after.cpu - before.cpu) * 1000.0 / count as f64,
        p50: at(0.5),
        p99: at(0.99),
        resident: after.resident,
    })
}
