//! From the start of the process to its first token, with a database that has been in use, and what it holds in memory when nobody asks anything.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::Failure;
use crate::bed::Bed;
use crate::connection::Connection;
use crate::report::{MIB, median};
use crate::scenario;

/// How often it is started.
const STARTS: usize = 7;

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Start {
    pub(crate) starts: usize,
    /// To the first token of a client, after the process before was killed.
    pub(crate) first_token_ms: f64,
    pub(crate) slowest_ms: f64,
    /// Resident, two seconds after that.
    pub(crate) idle_mib: f64,
    pub(crate) binary_mib: Option<f64>,
}

/// Starts it again and again.
pub(crate) async fn measure(bed: &mut Bed) -> Result<Start, Failure> {
    let request = scenario::credentials_request(bed);
    let mut times = Vec::new();
    for _ in 0..STARTS {
        bed.process().kill();
        let start = Instant::now();
        bed.process().launch();
        while first_token(bed, &request).await.is_err() {
            if start.elapsed() > Duration::from_secs(30) {
                return Err("grantor does not start again".into());
            }
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let usage = bed.grantor().usage()?.ok_or("no process")?;
    let binary = std::fs::metadata(format!("/proc/{}/exe", bed.process().pid()));
    Ok(Start {
        starts: STARTS,
        first_token_ms: median(times.iter().copied()),
        slowest_ms: times.iter().copied().fold(0.0, f64::max),
        idle_mib: usage.resident as f64 / MIB,
        binary_mib: binary.ok().map(|file| file.len() as f64 / MIB),
    })
}

async fn first_token(bed: &Bed, request: &[u8]) -> Result<(), Failure> {
    let mut connection = Connection::open(bed.grantor().address).await?;
    let answer = connection.exchange(request).await?;
    match answer.member("access_token") {
        Some(_) => Ok(()),
        None => Err(answer.text().into()),
    }
}
