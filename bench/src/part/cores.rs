//! The closed loop with the server on one core and on two.

use std::time::Duration;

use serde::Serialize;

use crate::Failure;
use crate::bed::Bed;
use crate::drive;
use crate::options::Run;
use crate::pin;
use crate::report::median;
use crate::scenario::{self, Scenario};

/// A scenario by the number of the server's cores.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Cores {
    pub(crate) name: String,
    /// A second, with one core and with two.
    pub(crate) one: f64,
    pub(crate) two: f64,
    /// Milliseconds of the server's CPU time for each.
    pub(crate) one_cpu_ms: f64,
    pub(crate) two_cpu_ms: f64,
}

const MEASURED: [&str; 4] = [
    "client credentials",
    "introspection",
    "code with a session",
    "refresh",
];

/// Measures with one core (the load comes from the others) and with two (the load comes from all).
pub(crate) async fn measure(bed: &mut Bed, run: &Run) -> Result<Vec<Cores>, Failure> {
    let every = pin::every_core()?;
    if std::thread::available_parallelism()?.get() < 2 {
        return Err("there is one core only".into());
    }
    let one = with(bed, run, ("0", &beside(&every))).await;
    // Whatever came of it, nothing stays pinned.
    pin::all_threads(&every)?;
    let two = with(bed, run, ("0,1", &every)).await;
    pin::all_threads(&every)?;
    let pairs = one?.into_iter().zip(two?);
    Ok(pairs
        .map(|((name, one, one_cpu_ms), (_, two, two_cpu_ms))| Cores {
            name,
            one,
            two,
            one_cpu_ms,
            two_cpu_ms,
        })
        .collect())
}

/// Every core but the first: `0-3` becomes `1-3`.
fn beside(every: &str) -> String {
    match every.split_once('-') {
        Some((_, last)) if last != "1" => format!("1-{last}"),
        _ => "1".to_owned(),
    }
}

/// Rate and CPU time by scenario, with a server that is started with these cores, and the load on those.
async fn with(
    bed: &mut Bed,
    run: &Run,
    (server, load): (&str, &str),
) -> Result<Vec<(String, f64, f64)>, Failure> {
    bed.process().kill();
    pin::children(server)?;
    bed.process().launch();
    pin::all_threads(load)?;
    bed.process().ready().await;
    let names = MEASURED.map(str::to_owned);
    let mut scenarios = scenario::prepare(bed, &names).await?;
    scenarios.retain(|scenario| MEASURED.contains(&scenario.name.as_str()));
    let mut all = Vec::new();
    for scenario in &mut scenarios {
        all.push(rounds(bed, run, scenario).await?);
    }
    Ok(all)
}

async fn rounds(
    bed: &Bed,
    run: &Run,
    scenario: &mut Scenario,
) -> Result<(String, f64, f64), Failure> {
    let length = Duration::from_secs_f64(run.seconds);
    let (mut rates, mut costs) = (Vec::new(), Vec::new());
    for round in 0..=run.rounds {
        scenario::renew(bed, scenario).await?;
        let length = if round == 0 { length / 3 } else { length };
        let one = drive::closed(scenario, &bed.grantor(), run.connections, length).await?;
        if round > 0 {
            rates.push(one.measured.rate);
            costs.push(one.measured.cpu.unwrap_or_default());
        }
    }
    Ok((scenario.name.clone(), median(rates), median(costs)))
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn the_load_has_every_core_but_the_first() {
        assert_eq!(beside("0-1"), "1");
        assert_eq!(beside("0-7"), "1-7");
    }
}
