//! `cargo xtask test`: everything a change must pass, in the order in which a mistake is cheapest to find.

use std::time::{Duration, Instant};

use crate::postgres::Cluster;
use crate::run::{self, Count};
use crate::{Outcome, bench, browser, install, specs, tidy};

/// One part of the run.
struct Part {
    name: &'static str,
    /// Left out by `--fast`.
    slow: bool,
    run: fn(&Plan, &mut Count) -> Outcome,
}

const PARTS: &[Part] = &[
    Part {
        name: "fmt",
        slow: false,
        run: |_, _| run::check(run::cargo(&["fmt", "--all", "--check"])),
    },
    Part {
        name: "tidy",
        slow: false,
        run: |_, _| tidy::run(&[]),
    },
    Part {
        name: "specs",
        slow: false,
        run: |_, _| specs::run(&[]),
    },
    Part {
        name: "clippy",
        slow: false,
        run: |_, _| clippy(),
    },
    Part {
        name: "tests",
        slow: false,
        run: tests,
    },
    Part {
        name: "doc",
        slow: true,
        run: |_, count| {
            let command = run::cargo(&["test", "--workspace", "--doc", "--no-fail-fast"]);
            run::counted(command, count)
        },
    },
    Part {
        name: "browser",
        slow: true,
        run: |_, count| run::counted(browser::command()?, count),
    },
    Part {
        name: "bench",
        slow: true,
        run: |_, _| bench::smoke(),
    },
];

/// Which parts to run.
#[derive(Default)]
struct Plan {
    fast: bool,
    only: Vec<String>,
    skip: Vec<String>,
}

impl Plan {
    fn read(arguments: &[String]) -> Result<Self, String> {
        let mut plan = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--fast" => plan.fast = true,
                "--only" | "--skip" => {
                    let name = arguments.next().map_or("", String::as_str);
                    if !PARTS.iter().any(|part| part.name == name) {
                        return Err(format!("{argument} takes one of: {}", names()));
                    }
                    let list = if argument == "--only" {
                        &mut plan.only
                    } else {
                        &mut plan.skip
                    };
                    list.push(name.to_owned());
                }
                other => {
                    return Err(format!(
                        "unknown argument `{other}`; parts are: {}",
                        names()
                    ));
                }
            }
        }
        Ok(plan)
    }

    fn has(&self, part: &Part) -> bool {
        let named = |list: &[String]| list.iter().any(|name| name == part.name);
        if named(&self.skip) {
            false
        } else if self.only.is_empty() {
            !(self.fast && part.slow)
        } else {
            named(&self.only)
        }
    }
}

fn names() -> String {
    let names: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
    names.join(", ")
}

/// Runs the parts; one that fails does not keep the later ones from being tried.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let plan = Plan::read(arguments)?;
    let mut total = Count::default();
    let mut costs: Vec<(&str, Duration, Count, Outcome)> = Vec::new();
    for part in PARTS.iter().filter(|part| plan.has(part)) {
        println!("── {} ──", part.name);
        let start = Instant::now();
        let mut count = Count::default();
        let outcome = (part.run)(&plan, &mut count);
        if let Err(problem) = &outcome {
            println!("{}: {problem}", part.name);
        }
        total.add(count);
        costs.push((part.name, start.elapsed(), count, outcome));
    }
    println!(
        "\n{:<10} {:>8} {:>8} {:>8}",
        "part", "seconds", "passed", "failed"
    );
    for (name, cost, count, outcome) in &costs {
        let seconds = cost.as_secs_f64();
        let verdict = if outcome.is_ok() { "" } else { "  FAILED" };
        println!(
            "{name:<10} {seconds:>8.1} {:>8} {:>8}{verdict}",
            count.passed, count.failed
        );
    }
    let parts_failed = costs
        .iter()
        .filter(|(.., outcome)| outcome.is_err())
        .count();
    println!("{} passed, {} failed", total.passed, total.failed);
    if parts_failed == 0 {
        Ok(())
    } else {
        Err(format!("{parts_failed} of {} parts failed", costs.len()))
    }
}

fn clippy() -> Outcome {
    let mut command = run::cargo(&["clippy", "--workspace", "--all-targets", "--keep-going"]);
    command.args([
        "--features",
        "grantor-tests/browser",
        "--",
        "-D",
        "warnings",
    ]);
    run::check(command)
}

/// Unit, property and black-box tests; the latter on both engines, or on SQLite alone with `--fast`.
fn tests(plan: &Plan, count: &mut Count) -> Outcome {
    let mut command = run::cargo(&["test", "--workspace", "--lib", "--bins", "--tests"]);
    command.arg("--no-fail-fast");
    // A mistyped snapshot must fail here and never write a file beside the source.
    command.env("INSTA_UPDATE", "no");
    // What the crash tests kill, and what the examples ask.
    command.env("GRANTOR_BIN", run::grantor()?);
    install::require(&install::CURL)?;
    install::require(&install::OPENSSL)?;
    if plan.fast {
        command.args(["--", "--skip", "on_postgresql"]);
        return run::counted(command, count);
    }
    let cluster = Cluster::start()?;
    command.env("GRANTOR_TEST_POSTGRES", cluster.url());
    run::counted(command, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts_of(arguments: &[&str]) -> Vec<&'static str> {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.into()).collect();
        let plan = Plan::read(&arguments).unwrap();
        let chosen = PARTS.iter().filter(|part| plan.has(part));
        chosen.map(|part| part.name).collect()
    }

    #[test]
    fn parts_are_chosen_by_name_and_by_speed() {
        assert_eq!(parts_of(&[]).len(), PARTS.len());
        assert_eq!(parts_of(&["--only", "doc"]), ["doc"]);
        assert!(!parts_of(&["--skip", "doc"]).contains(&"doc"));
        assert!(!parts_of(&["--fast"]).contains(&"browser"));
        assert!(Plan::read(&["--only".into(), "nothing".into()]).is_err());
    }
}
