//! A folder with a database of its own, and grantor's commands in it, run as a person runs them.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub struct Here(tempfile::TempDir);

/// What a command printed, or why it was refused.
pub fn said(output: Output) -> Result<String, String> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

impl Here {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// This command in the folder, with nothing in its environment.
    pub fn command(&self, line: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grantor"));
        command.args(line).current_dir(self.0.path()).env_clear();
        command
    }

    pub fn run(&self, line: &[&str]) -> Output {
        self.command(line).output().unwrap()
    }

    /// Runs it with this as its input.
    pub fn given(&self, input: &str, line: &[&str]) -> Output {
        let mut child = self
            .command(line)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read its input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// What it printed, or why it is refused.
    pub fn said(&self, line: &[&str]) -> Result<String, String> {
        said(self.run(line))
    }

    pub fn ok(&self, line: &[&str]) -> String {
        self.said(line)
            .unwrap_or_else(|said| panic!("{line:?}: {said}"))
    }

    pub fn refused(&self, line: &[&str]) -> String {
        match self.said(line) {
            Ok(said) => panic!("{line:?} is not refused: {said}"),
            Err(said) => said,
        }
    }

    /// The JSON that a command prints which is asked for it.
    pub fn json(&self, line: &[&str]) -> Value {
        serde_json::from_str(&self.ok(line)).unwrap()
    }

    /// The same, or why it is refused; asks for JSON itself.
    pub fn made(&self, line: &[&str]) -> Result<Value, String> {
        let said = self.said(&[line, &["--json"]].concat())?;
        Ok(serde_json::from_str(&said).unwrap())
    }
}
