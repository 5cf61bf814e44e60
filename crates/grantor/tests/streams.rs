//! `grantor stream`, run as a person runs it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::process::{Command, Output};

struct Here(tempfile::TempDir);

impl Here {
    fn run(&self, line: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_grantor"))
            .args(line)
            .current_dir(self.0.path())
            .env_clear()
            .output()
            .unwrap()
    }
}

#[test]
fn streams_are_listed_and_those_that_are_not_there_are_missing() {
    let here = Here(tempfile::tempdir().unwrap());
    let list = here.run(&["stream", "list"]);
    assert!(list.status.success(), "{list:?}");
    assert!(String::from_utf8_lossy(&list.stdout).contains("No stream."));
    let list = here.run(&["stream", "list", "--json"]);
    assert_eq!(String::from_utf8_lossy(&list.stdout).trim(), "[]");
    for action in ["show", "pause", "disable", "enable", "delete"] {
        let output = here.run(&["stream", action, "nothing"]);
        assert!(!output.status.success(), "{action}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("there is no stream `nothing`"), "{said}");
    }
}
