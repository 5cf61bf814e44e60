//! Running other programs: their output goes on to the terminal, and the closing lines of `cargo test` are counted on the way.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::tree;

/// How many tests passed, failed and were left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
}

impl Count {
    /// Adds what another run counted.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }

    /// Adds one line of output, if it is a closing line such as `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    pub(crate) fn read_line(&mut self, line: &str) {
        let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for part in counts.split(';') {
            let mut words = part.split_whitespace();
            let (Some(number), Some(kind)) = (words.next(), words.next()) else {
                continue;
            };
            let number = number.parse().unwrap_or(0);
            match kind {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

/// A command of the cargo that runs this program, in the workspace's root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(tree::root());
    // Set by the cargo that runs this program; they mean nothing to the one that is started.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command.env_remove("LD_LIBRARY_PATH");
    command.stdin(Stdio::null());
    command
}

/// Runs a command and passes its output on.
pub(crate) fn check(mut command: Command) -> Outcome {
    let name = describe(&command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!("`{name}` failed")),
        Err(error) => Err(format!("`{name}` could not be started: {error}")),
    }
}

/// Runs a command that ends in `cargo test`, passes its output on and counts its tests.
pub(crate) fn counted(mut command: Command, count: &mut Count) -> Outcome {
    let name = describe(&command);
    let problem = |error: std::io::Error| format!("`{name}` could not be run: {error}");
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(problem)?;
    if let Some(output) = child.stdout.take() {
        let mut terminal = std::io::stdout().lock();
        for line in BufReader::new(output).split(b'\n') {
            let line = line.map_err(problem)?;
            let line = String::from_utf8_lossy(&line);
            count.read_line(&line);
            writeln!(terminal, "{line}").map_err(problem)?;
        }
    }
    if child.wait().map_err(problem)?.success() {
        Ok(())
    } else {
        Err(format!("`{name}` failed"))
    }
}

fn describe(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let mut text = program
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

/// Builds the program itself, for the tests that start it, and says where it is.
pub(crate) fn grantor() -> Result<PathBuf, String> {
    check(cargo(&["build", "--quiet", "-p", "grantor"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| tree::root().join("target"), PathBuf::from);
    Ok(target.join("debug").join("grantor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_summed_and_others_are_not() {
        let mut count = Count::default();
        count.read_line("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s");
        count.read_line("test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured");
        count.read_line("test it::says_5_passed ... ok");
        let expected = Count {
            passed: 7,
            failed: 2,
            ignored: 1,
        };
        assert_eq!(count, expected);
    }
}
