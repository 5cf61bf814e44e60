//! `cargo xtask fuzz [--seconds N] [TARGET]…`: runs the fuzz targets, each for a minute unless told, on the stable compiler. cargo-fuzz runs the same targets:
//! `cargo +nightly fuzz run TARGET`, with a sanitizer.

use std::fs;
use std::path::Path;

use crate::{Outcome, run, tree};

const SECONDS: u32 = 60;

/// What makes LLVM tell libFuzzer where the program has been, as cargo-fuzz asks for it.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Builds the targets and runs them one after the other; what a target breaks on is left in fuzz/artifacts.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let folder = tree::root().join("fuzz");
    let all = targets(&folder)?;
    let (seconds, wanted) = plan(arguments, &all)?;
    let host = host()?;
    let manifest = folder.join("Cargo.toml");
    let built = run::cargo(&["build", "--release", "--bins", "--target", &host])
        .arg("--manifest-path")
        .arg(&manifest)
        .env("RUSTFLAGS", FLAGS)
        .status()
        .map_err(|error| format!("cargo: {error}"))?;
    if !built.success() {
        return Err("the fuzz targets do not build".to_owned());
    }
    let binaries = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| folder.join("target"), Into::into)
        .join(&host)
        .join("release");
    let mut broken = Vec::new();
    for target in &wanted {
        // What a target begins with may be missing: then it begins with nothing.
        let [corpus, artifacts, seeds] =
            ["corpus", "artifacts", "seeds"].map(|kind| folder.join(kind).join(target));
        for made in [&corpus, &artifacts] {
            fs::create_dir_all(made).map_err(|error| format!("{}: {error}", made.display()))?;
        }
        println!("fuzz: {target}, {seconds} seconds");
        let mut command = std::process::Command::new(binaries.join(target));
        command
            .arg(&corpus)
            .args(seeds.is_dir().then_some(&seeds))
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .args([
                "-print_final_stats=1",
                "-verbosity=0",
                "-timeout=10",
                "-max_len=4096",
            ])
            .args(["-use_value_profile=1", "-rss_limit_mb=1024"])
            .current_dir(&folder);
        let ended = command
            .status()
            .map_err(|error| format!("{target}: {error}"))?;
        if !ended.success() {
            broken.push(target.as_str());
        }
    }
    match broken.as_slice() {
        [] => Ok(()),
        some => Err(format!(
            "broken: {}; the inputs are in fuzz/artifacts",
            some.join(", ")
        )),
    }
}

/// The names of the targets: those of their files, which is all that a target is.
fn targets(folder: &Path) -> Result<Vec<String>, String> {
    let folder = folder.join("src/bin");
    let files = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let name = |file: fs::DirEntry| {
        let name = file.file_name().into_string().ok()?;
        name.strip_suffix(".rs").map(str::to_owned)
    };
    let mut all: Vec<String> = files.flatten().filter_map(name).collect();
    all.sort_unstable();
    Ok(all)
}

/// How long, and which.
fn plan(arguments: &[String], all: &[String]) -> Result<(u32, Vec<String>), String> {
    let (mut seconds, mut wanted) = (SECONDS, Vec::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--seconds" {
            seconds = rest
                .next()
                .and_then(|number| number.parse().ok())
                .filter(|seconds| *seconds > 0)
                .ok_or("--seconds takes a number above 0")?;
        } else if all.contains(argument) {
            wanted.push(argument.clone());
        } else {
            return Err(format!(
                "there is no target `{argument}`; there are {}",
                all.join(", ")
            ));
        }
    }
    if wanted.is_empty() {
        wanted = all.to_vec();
    }
    Ok((seconds, wanted))
}

/// The machine that this is, as rustc calls it.
fn host() -> Result<String, String> {
    let output = std::process::Command::new("rustc")
        .arg("-vV")
        .output()
        .map_err(|error| format!("rustc: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .ok_or_else(|| "rustc does not say which machine this is".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_run_for_a_minute_unless_told_otherwise() {
        let all = ["a".to_owned(), "b".to_owned()];
        let read = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(|&text| text.into()).collect();
            plan(&arguments, &all)
        };
        assert_eq!(read(&[]), Ok((60, all.to_vec())));
        let one = Ok((5, vec!["b".to_owned()]));
        assert_eq!(read(&["b", "--seconds", "5"]), one);
        for wrong in [&["c"][..], &["--seconds"], &["--seconds", "0"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    /// A target is one file: cargo finds it, and so does this.
    #[test]
    fn every_target_is_a_file_and_all_seeds_are_of_one() {
        let folder = tree::root().join("fuzz");
        let all = targets(&folder).unwrap_or_default();
        assert!(all.len() > 8, "{all:?}");
        for target in &all {
            let text = fs::read_to_string(folder.join(format!("src/bin/{target}.rs")));
            assert!(
                text.is_ok_and(|text| text.contains("fuzz_target!(")),
                "{target}"
            );
        }
        for seeds in fs::read_dir(folder.join("seeds"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = seeds.file_name().into_string().unwrap_or_default();
            assert!(all.contains(&name), "{name}");
            let count = fs::read_dir(seeds.path()).map_or(0, Iterator::count);
            assert!(count > 0, "{name}");
        }
    }
}
