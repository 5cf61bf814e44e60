//! One module: started, watched until it ends, judged.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::Failure;
use crate::grantor::Grantor;
use crate::offers::Offers;
use crate::suite::{Entry, Line, Suite};
use crate::watch::Watch;

/// How a module ended.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    /// Its name.
    pub(crate) module: String,
    /// `PASSED`, `REVIEW`, `SKIPPED`, `WARNING`, `FAILED`, `INTERRUPTED`, or `STUCK` when nothing happened any more.
    pub(crate) result: String,
    /// What the suite warned of or failed.
    pub(crate) complaints: Vec<Line>,
    /// How long it took.
    pub(crate) took: Duration,
}

impl Done {
    /// Whether nobody has to look at it.
    pub(crate) fn is_good(&self) -> bool {
        matches!(self.result.as_str(), "PASSED" | "REVIEW")
    }
}

/// Runs one module; its log goes to `logs`.
pub(crate) async fn run(
    suite: &Suite,
    grantor: &Grantor,
    plan: &str,
    entry: &Entry,
    (logs, patience): (&Path, Duration),
) -> Result<Done, Failure> {
    let mut watch = Watch::start(patience);
    let id = suite.make_module(plan, entry).await?;
    let (mut started, mut rounds) = (false, 0_u32);
    let mut offers = Offers::default();
    let result = loop {
        let state = suite.state(&id).await?;
        match state.status.as_str() {
            "FINISHED" => break state.result.unwrap_or_else(|| "UNKNOWN".into()),
            "INTERRUPTED" => break "INTERRUPTED".into(),
            // It wants the server's keys to be rotated first: the only module that waits to be started.
            "CONFIGURED" if !started && entry.test_module.contains("rotate-keys") => {
                grantor.rotate_keys()?;
                // The process hears of it within a second.
                tokio::time::sleep(Duration::from_secs(2)).await;
                suite.start(&id).await?;
                started = true;
            }
            "WAITING" => offers.answer(suite, grantor, &id).await?,
            _ => {}
        }
        rounds += 1;
        // It waits for events that somebody causes: now and then, since nobody sees whether its stream is there yet.
        if rounds % 10 == 0 && entry.test_module.ends_with("stream-caep-interop") {
            grantor.set_password()?;
        }
        // Logs are long: they are asked for now and then only.
        if rounds % 20 == 0 && watch.tired(suite.log(&id).await?.len()) {
            suite.cancel(&id).await?;
            break "STUCK".into();
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    };
    let log = suite.log(&id).await?;
    let file = logs.join(format!("{}.json", entry.test_module));
    std::fs::write(file, serde_json::to_string_pretty(&log)?)?;
    Ok(Done {
        module: entry.test_module.clone(),
        result,
        complaints: complaints(log),
        took: watch.elapsed(),
    })
}

fn complaints(log: Vec<Value>) -> Vec<Line> {
    log.into_iter()
        .filter_map(|line| serde_json::from_value::<Line>(line).ok())
        .filter(|line| matches!(line.result.as_deref(), Some("FAILURE" | "WARNING")))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_warnings_and_failures_are_complaints() {
        let log = vec![
            json!({"src": "A", "msg": "fine", "result": "SUCCESS"}),
            json!({"src": "B", "msg": "odd", "result": "WARNING", "requirements": ["OIDCC-5.4"]}),
            json!({"msg": "no judgement"}),
            json!({"src": "C", "result": "FAILURE"}),
        ];
        let found: Vec<String> = complaints(log).into_iter().map(|line| line.src).collect();
        assert_eq!(found, ["B", "C"]);
    }
}
