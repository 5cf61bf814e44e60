//! RESULTS.md: one row for each plan, from its last whole run, and one for each module that did not pass.

use std::fmt::Write as _;
use std::path::Path;

use crate::Failure;
use crate::module::Done;
use crate::run::Run;

const HEAD: &str = "\
# Conformance results

What the OpenID Foundation's conformance suite says of grantor. `cargo xtask conformance --suite URL [PLAN…]` writes this page: each row is the last whole run of
that plan, against the grantor of the commit it names; a row that was not run again stays as it was. `review` are modules that passed and took a
screenshot for a person to look at. A plan is described by the file of its name in [plans](plans).
";

const PLANS: &str = "
| plan | suite's plan | variant | modules | passed | review | skipped | warnings | failed | seconds | grantor | suite |
|---|---|---|---:|---:|---:|---:|---:|---:|---:|---|---|
";

const OTHERS: &str = "
## Modules that did not pass

| plan | module | result | what the suite says | why it is so |
|---|---|---|---|---|
";

/// The page, as the rows of its two tables. The first cell of each is the plan.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Results {
    plans: Vec<String>,
    others: Vec<String>,
}

impl Results {
    /// What the page says so far.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        if !path.exists() {
            return Ok(Self::default());
        }
        Ok(Self::parse(&std::fs::read_to_string(path)?))
    }

    fn parse(text: &str) -> Self {
        let (plans, others) = text.split_once("\n## ").unwrap_or((text, ""));
        let rows = |text: &str| {
            text.lines()
                .filter(|line| line.starts_with("| `"))
                .map(str::to_owned)
                .collect()
        };
        Self {
            plans: rows(plans),
            others: rows(others),
        }
    }

    /// Puts the rows of a run in the place of the plan's old ones.
    pub(crate) fn put(&mut self, run: &Run<'_>, commit: &str, suite: &str) {
        let name = format!("| `{}` |", run.plan.name);
        self.plans.retain(|row| !row.starts_with(&name));
        self.others.retain(|row| !row.starts_with(&name));
        self.plans.push(format!(
            "{name} {} | {} | {} | {} | {} | {} | {} | {} | {:.0} | {commit} | {suite} |",
            run.plan.plan,
            cell(&run.plan.variant_words()),
            run.modules.len(),
            run.count(&["PASSED"]),
            run.count(&["REVIEW"]),
            run.count(&["SKIPPED"]),
            run.count(&["WARNING"]),
            run.failed(),
            run.took.as_secs_f64(),
        ));
        for done in run.modules.iter().filter(|done| !done.is_good()) {
            let expected = run.expected.iter().find(|expected| expected.matches(done));
            let why = expected.map(|known| format!("{} ({})", known.reason, known.section));
            self.others.push(format!(
                "{name} {} | {} | {} | {} |",
                done.module,
                done.result,
                says(done),
                cell(&why.unwrap_or_default()),
            ));
        }
        self.plans.sort();
        self.others.sort();
    }

    /// Writes the page.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        Ok(std::fs::write(path, self.page())?)
    }

    fn page(&self) -> String {
        let mut page = format!("{HEAD}{PLANS}");
        for row in &self.plans {
            // Writing to a string cannot fail.
            let _ = writeln!(page, "{row}");
        }
        if !self.others.is_empty() {
            page.push_str(OTHERS);
            for row in &self.others {
                let _ = writeln!(page, "{row}");
            }
        }
        page
    }
}

/// What the suite complained of, once each.
fn says(done: &Done) -> String {
    let mut said: Vec<String> = Vec::new();
    for line in &done.complaints {
        let words = format!("{}: {}", line.src, line.msg);
        if !said.contains(&words) {
            said.push(words);
        }
    }
    cell(&said.join("; "))
}

/// Text that cannot end a cell, a row or an address of this machine, and is not endless.
fn cell(text: &str) -> String {
    let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = flat.chars().take(300).collect();
    short.replace('|', "\\|").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::plan::Plan;
    use crate::suite::Line;

    use super::*;

    fn plan(name: &str) -> Plan {
        let plan: Plan =
            toml::from_str("plan = \"x-test-plan\"\nvariant = { a = \"b|c\" }").unwrap();
        let name = name.to_owned();
        Plan { name, ..plan }
    }

    fn done(module: &str, result: &str) -> Done {
        let line = Line {
            src: "Check".into(),
            msg: "a | b\nc".into(),
            result: Some("FAILURE".into()),
            requirements: Vec::new(),
        };
        Done {
            module: module.into(),
            result: result.into(),
            complaints: vec![line],
            took: Duration::ZERO,
        }
    }

    fn run<'a>(plan: &'a Plan, modules: Vec<Done>) -> Run<'a> {
        Run {
            plan,
            modules,
            took: Duration::from_secs(7),
            expected: Vec::new(),
        }
    }

    #[test]
    fn a_run_replaces_the_rows_of_its_plan_and_no_others() {
        let (one, two) = (plan("one"), plan("two"));
        let mut results = Results::default();
        results.put(&run(&two, vec![done("m", "STUCK")]), "c1", "5");
        results.put(
            &run(&one, vec![done("m", "FAILED"), done("n", "PASSED")]),
            "c1",
            "5",
        );
        let mut results = Results::parse(&results.page());
        assert_eq!(results.plans.len(), 2);
        assert_eq!(results.others.len(), 2);
        results.put(&run(&one, vec![done("m", "REVIEW")]), "c2", "5");
        let page = results.page();
        assert!(
            page.contains("| `one` | x-test-plan | a=b\\|c | 1 | 0 | 1 | 0 | 0 | 0 | 7 | c2 | 5 |"),
            "{page}"
        );
        assert!(
            page.contains("| `two` | m | STUCK | Check: a \\| b c |  |"),
            "{page}"
        );
        assert!(!page.contains("| `one` | m |"), "{page}");
        assert_eq!(Results::parse(&page), results);
    }
}
