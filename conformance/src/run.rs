//! One plan, from an empty database to its results.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::anchor::{self, Anchor};
use crate::api::Api;
use crate::device::Device;
use crate::expected::{self, Expected};
use crate::grantor::Grantor;
use crate::keys::Keys;
use crate::module::{self, Done};
use crate::options::Options;
use crate::plan::Plan;
use crate::suite::Suite;
use crate::watch::Watch;
use crate::{Failure, configuration, logs};

/// A plan that has been run.
pub(crate) struct Run<'a> {
    /// What was run.
    pub(crate) plan: &'a Plan,
    /// How each module ended.
    pub(crate) modules: Vec<Done>,
    /// How long all of them took.
    pub(crate) took: Duration,
    /// What was known to fail.
    pub(crate) expected: Vec<Expected>,
}

/// Runs it, and says on the way how each module ended.
pub(crate) async fn run<'a>(
    suite: &Suite,
    plan: &'a Plan,
    options: &Options,
) -> Result<Run<'a>, Failure> {
    let logs = logs(&plan.name)?;
    let certificate = suite.certificate.as_deref();
    let api = Api::bind().await?;
    let url = api.url.clone();
    let trusted = (certificate, url.as_str());
    let keys = Keys::generate(&plan.keys)?;
    let base = configuration::base(suite, plan);
    let settings = |text: &str| {
        let text = text.replace("{api}", &url).replace("{base}", &base);
        keys.written(&text)
    };
    let grantor = Grantor::start(options.program()?, (plan, &settings), trusted, &logs).await?;
    let device = Arc::new(Mutex::new(Device::new(&grantor)?));
    let anchor = keys.private(anchor::KEY);
    let anchor = anchor.map(|key| Anchor::new(&url, key, &grantor));
    let anchor = anchor.transpose()?;
    let _serving = api.serve(&grantor, Arc::clone(&device), anchor)?;
    let asks_people = plan.variant.contains_key("ciba_mode");
    let configuration = configuration::of(suite, &grantor, plan, (&url, &keys)).await?;
    let variant = serde_json::to_string(&plan.variant)?;
    let made = suite
        .make_plan(&plan.plan, &variant, &configuration)
        .await?;
    println!(
        "\n{}: {} modules; logs in {}",
        plan.name,
        made.modules.len(),
        logs.display()
    );
    let watch = Watch::start(Duration::MAX);
    let patience = Duration::from_secs(options.patience);
    let mut modules = Vec::new();
    for entry in &made.modules {
        let wanted = |part: &String| entry.test_module.contains(part.as_str());
        if !options.modules.is_empty() && !options.modules.iter().any(wanted) {
            continue;
        }
        let done = module::run(suite, &grantor, &made.id, entry, (&logs, patience)).await?;
        say(&done);
        modules.push(done);
        if asks_people {
            // What a module left behind would be in the way of the next: few may wait for one person at once.
            device.lock().await.answer(false).await?;
        }
    }
    Ok(Run {
        plan,
        modules,
        took: watch.elapsed(),
        expected: expected::of(&plan.name)?,
    })
}

fn say(done: &Done) {
    let seconds = done.took.as_secs_f64();
    println!("  {:<11} {seconds:>6.1} s  {}", done.result, done.module);
    for line in &done.complaints {
        let result = line.result.as_deref().unwrap_or_default();
        let sections = line.requirements.join(", ");
        println!("      {result} {}: {} ({sections})", line.src, line.msg);
    }
}

impl Run<'_> {
    /// How many modules ended with one of these results.
    pub(crate) fn count(&self, results: &[&str]) -> usize {
        let of = |done: &&Done| results.contains(&done.result.as_str());
        self.modules.iter().filter(of).count()
    }

    /// The modules that ended otherwise than they should, and those that were expected to fail and did not.
    pub(crate) fn unexpected(&self) -> Vec<String> {
        let mut found = Vec::new();
        for done in self.modules.iter().filter(|done| !done.is_good()) {
            if !self.expected.iter().any(|expected| expected.matches(done)) {
                found.push(format!("{} {}", done.module, done.result));
            }
        }
        for expected in &self.expected {
            let named = |done: &&Done| done.module == expected.module;
            if self.modules.iter().filter(named).any(Done::is_good) {
                found.push(format!("{} passes: expect it no longer", expected.module));
            }
        }
        found
    }

    /// One line for people.
    pub(crate) fn summary(&self) -> String {
        format!(
            "{}: {} modules, {} passed, {} review, {} skipped, {} warnings, {} failed, {:.0} s",
            self.plan.name,
            self.modules.len(),
            self.count(&["PASSED"]),
            self.count(&["REVIEW"]),
            self.count(&["SKIPPED"]),
            self.count(&["WARNING"]),
            self.failed(),
            self.took.as_secs_f64(),
        )
    }

    /// How many modules failed, or did not come to an end.
    pub(crate) fn failed(&self) -> usize {
        let other = ["PASSED", "REVIEW", "SKIPPED", "WARNING"];
        self.modules.len() - self.count(&other)
    }
}
