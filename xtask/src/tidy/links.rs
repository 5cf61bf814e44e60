//! Links between the Markdown files lead somewhere.

use std::collections::BTreeMap;

use super::Finding;
use crate::tree::{self, File};

/// Follows every relative link, and its fragment when it leads to Markdown.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let root = tree::root();
    let markdown: BTreeMap<&str, &File> = files
        .iter()
        .filter(|file| file.extension() == "md")
        .map(|file| (file.path.as_str(), file))
        .collect();
    let mut findings = Vec::new();
    for file in markdown.values() {
        for (line, target) in links(&file.text) {
            let (path, fragment) = target.split_once('#').unwrap_or((&target, ""));
            let path = resolve(&file.path, path);
            if !root.join(&path).exists() && !markdown.contains_key(path.as_str()) {
                findings.push(Finding::error(
                    file,
                    line,
                    format!("`{target}` leads nowhere"),
                ));
            } else if !fragment.is_empty()
                && let Some(other) = markdown.get(path.as_str())
                && !headings(&other.text)
                    .iter()
                    .any(|heading| heading == fragment)
            {
                let text = format!("`{path}` has no heading `#{fragment}`");
                findings.push(Finding::error(file, line, text));
            }
        }
    }
    findings
}

/// The targets of inline links and images, with their lines; addresses with a scheme are left alone.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let mut rest = line;
        while let Some(at) = rest.find("](") {
            rest = &rest[at + 2..];
            let target = rest.split(')').next().unwrap_or_default();
            let target = target.split_whitespace().next().unwrap_or_default();
            let absolute = target.contains("://") || target.starts_with("mailto:");
            if !absolute && !target.is_empty() {
                found.push((number, target.to_owned()));
            }
        }
    }
    found
}

/// Lines outside of fenced code, numbered from 1, without `inline code`.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            lines.push((index + 1, line));
        }
    }
    lines
}

/// Fragments as the usual renderers make them of headings.
fn headings(text: &str) -> Vec<String> {
    prose(text)
        .into_iter()
        .filter(|(_, line)| line.starts_with('#'))
        .map(|(_, line)| {
            line.trim_start_matches('#')
                .trim()
                .to_lowercase()
                .chars()
                .filter_map(|c| match c {
                    ' ' => Some('-'),
                    '-' | '_' => Some(c),
                    _ => c.is_alphanumeric().then_some(c),
                })
                .collect()
        })
        .collect()
}

fn resolve(from: &str, target: &str) -> String {
    if target.is_empty() {
        return from.to_owned();
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn dead_links_and_dead_fragments_are_found() {
        let files = [
            file(
                "docs/a.md",
                "[x](b.md) [y](b.md#two-words) [z](https://example.com)",
            ),
            file(
                "docs/b.md",
                "# Two words\n[x](gone.md)\n[y](a.md#gone)\n```\n[z](gone)\n```\n",
            ),
        ];
        let found: Vec<usize> = check(&files).iter().map(|finding| finding.line).collect();
        assert_eq!(found, [2, 3]);
    }

    #[test]
    fn paths_are_resolved_from_the_file() {
        assert_eq!(resolve("docs/a.md", "../README.md"), "README.md");
        assert_eq!(resolve("docs/a.md", ""), "docs/a.md");
    }
}
