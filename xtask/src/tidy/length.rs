//! A file that grows long holds two ideas.

use super::Finding;
use crate::tree::File;

const LIMIT: usize = 450;

/// Tells of every Rust file over the limit.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    files
        .iter()
        .filter(|file| file.extension() == "rs")
        .filter_map(|file| {
            let lines = file.text.lines().count();
            let text = format!("{lines} lines; a file stays under {LIMIT}");
            (lines > LIMIT).then(|| Finding::warning(file, 0, text))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_long_file_is_told_of() {
        assert_eq!(check(&[file("a.rs", &"\n".repeat(LIMIT + 1))]).len(), 1);
        assert_eq!(check(&[file("a.rs", &"\n".repeat(LIMIT))]).len(), 0);
    }
}
