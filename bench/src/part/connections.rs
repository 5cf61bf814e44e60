//! Memory with many open connections, each of which has made a request and is idle.

use serde::Serialize;
use tokio::task::JoinSet;

use crate::Failure;
use crate::bed::Bed;
use crate::connection::Connection;
use crate::report::MIB;
use crate::scenario;

/// How many.
const OPEN: usize = 10_000;
/// Opened at a time.
const OPENERS: usize = 64;

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Connections {
    pub(crate) open: usize,
    pub(crate) before_mib: f64,
    pub(crate) with_mib: f64,
}

/// Opens them and holds them. It takes less time than the server lets a connection be idle.
pub(crate) async fn measure(bed: &mut Bed) -> Result<Connections, Failure> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    // A server that nothing has happened to, and that may have as many files open.
    bed.process().kill();
    bed.process().restart().await;
    let request = scenario::credentials_request(bed);
    let target = bed.grantor();
    let resident = || -> Result<f64, Failure> {
        let usage = target.usage()?.ok_or("no process")?;
        Ok(usage.resident as f64 / MIB)
    };
    let before_mib = resident()?;
    let mut openers = JoinSet::new();
    for opener in 0..OPENERS {
        let request = request.clone();
        let count = OPEN / OPENERS + usize::from(opener < OPEN % OPENERS);
        openers.spawn(async move {
            let mut held = Vec::with_capacity(count);
            for _ in 0..count {
                let mut connection = Connection::open(target.address).await?;
                connection.exchange(&request).await?;
                connection.rest();
                held.push(connection);
            }
            Ok::<_, Failure>(held)
        });
    }
    let mut held = Vec::with_capacity(OPEN);
    while let Some(opened) = openers.join_next().await {
        held.extend(opened??);
    }
    let with_mib = resident()?;
    let open = held.iter_mut().map(|it| usize::from(it.is_open())).sum();
    Ok(Connections {
        open,
        before_mib,
        with_mib,
    })
}
