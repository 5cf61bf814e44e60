//! What is measured beside the scenarios.

pub(crate) mod connections;
pub(crate) mod cores;
pub(crate) mod pgbench;
pub(crate) mod sign_ins;
pub(crate) mod start;

use std::time::Duration;

use serde::Serialize;

use crate::Failure;
use crate::bed::Bed;
use crate::options::Run;

/// The parts, as `--only` names them.
pub(crate) const PARTS: [&str; 5] = ["sign-ins", "cores", "pgbench", "start", "connections"];

/// What they measured.
#[derive(Default, Serialize)]
pub(crate) struct Parts {
    pub(crate) sign_ins: Option<sign_ins::SignIns>,
    pub(crate) cores: Vec<cores::Cores>,
    pub(crate) pgbench: Option<pgbench::Pgbench>,
    pub(crate) start: Option<start::Start>,
    pub(crate) connections: Option<connections::Connections>,
}

/// Measures those that are wanted.
pub(crate) async fn measure(bed: &mut Bed, run: &Run) -> Result<Parts, Failure> {
    let mut parts = Parts::default();
    if run.has("sign-ins") {
        let duration = Duration::from_secs_f64(run.seconds * run.rounds as f64);
        parts.sign_ins = Some(sign_ins::measure(bed, duration).await?);
    }
    if run.has("cores") {
        parts.cores = cores::measure(bed, run).await?;
    }
    // Where there is no PostgreSQL, there is nothing to compare with.
    if run.has("pgbench") && run.database.starts_with("postgres") {
        parts.pgbench = Some(pgbench::measure(bed, run).await?);
    }
    if run.has("start") {
        parts.start = Some(start::measure(bed).await?);
    }
    if run.has("connections") {
        parts.connections = Some(connections::measure(bed).await?);
    }
    Ok(parts)
}
