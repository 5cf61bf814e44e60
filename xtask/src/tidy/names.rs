//! A name says what is inside. These say nothing.

use super::Finding;
use crate::tree::File;

const EMPTY: &[&str] = &[
    "util", "utils", "utility", "helper", "helpers", "common", "misc", "manager", "managers",
    "stuff",
];

/// Looks at every folder and file name.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        for part in file.path.split('/') {
            let stem = part.split('.').next().unwrap_or_default();
            if EMPTY.contains(&stem) {
                let text = format!("`{stem}` does not say what is inside: name the idea");
                findings.push(Finding::error(file, 0, text));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn an_empty_name_is_found_in_folders_and_files() {
        assert_eq!(check(&[file("crates/db/src/util.rs", "")]).len(), 1);
        assert_eq!(check(&[file("crates/common/src/lib.rs", "")]).len(), 1);
        assert_eq!(check(&[file("crates/db/src/commit.rs", "")]).len(), 0);
    }
}
