//! Calls between the modules of a crate go one way too: no two need each other.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::tree::File;

/// Crates with one type that holds what all their modules keep, which the modules take: (crate, the type's module).
const AROUND_ONE: &[(&str, &str)] = &[("client", "client"), ("realm", "tenant")];

/// Which modules a module names, and the file that names each first.
type Arrows<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a File>>;

/// Reads the modules at the top of every crate; `lib.rs` puts them together and may name all.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let mut crates: BTreeMap<&str, Vec<(&str, &File)>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.extension() == "rs") {
        let Some((name, inside)) = file
            .path
            .strip_prefix("crates/")
            .and_then(|path| path.split_once("/src/"))
        else {
            continue;
        };
        let module = inside.split(['/', '.']).next().unwrap_or_default();
        crates.entry(name).or_default().push((module, file));
    }
    crates
        .into_iter()
        .filter(|(name, _)| AROUND_ONE.iter().all(|(around, _)| around != name))
        .filter_map(|(_, files)| {
            let arrows = arrows(&files);
            let circle = arrows.keys().find_map(|start| circle(&arrows, start))?;
            let file = arrows.get(circle.first()?)?.get(circle.get(1)?)?;
            let text = format!("modules that need each other: {}", circle.join(" -> "));
            Some(Finding::error(file, 0, text))
        })
        .collect()
}

fn arrows<'a>(files: &[(&'a str, &'a File)]) -> Arrows<'a> {
    let modules: BTreeSet<&str> = files.iter().map(|(module, _)| *module).collect();
    let mut arrows = Arrows::new();
    for (module, file) in files
        .iter()
        .filter(|(module, file)| !matches!(*module, "lib" | "main") && !is_test(file))
    {
        let code: String = file
            .text
            .split("#[cfg(test)]")
            .next()
            .unwrap_or_default()
            .lines()
            .map(|line| line.split("//").next().unwrap_or_default())
            .collect::<Vec<_>>()
            .join("\n");
        for name in named(&code) {
            if let Some(other) = modules.get(name).filter(|other| *other != module) {
                arrows
                    .entry(module)
                    .or_default()
                    .entry(other)
                    .or_insert(file);
            }
        }
    }
    arrows
}

/// A file that is compiled for tests alone says nothing of the crate.
fn is_test(file: &File) -> bool {
    matches!(file.name(), "races.rs" | "tests.rs") || file.path.contains("/tests/")
}

/// The names right behind each `crate::`, also those of a group in braces.
fn named(code: &str) -> Vec<&str> {
    let word = |text: &'_ str| -> usize {
        text.find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(text.len())
    };
    let mut names = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            names.extend(rest.get(..word(rest)));
            continue;
        };
        let mut depth = 0_i32;
        let mut begins = true;
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' => begins = depth == 0,
                c if begins && c.is_alphabetic() => {
                    let name = group.get(at..).unwrap_or_default();
                    names.extend(name.get(..word(name)));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    names
}

/// A way from a module back to itself.
fn circle<'a>(arrows: &Arrows<'a>, start: &'a str) -> Option<Vec<&'a str>> {
    let mut seen = BTreeSet::new();
    let mut ways = vec![vec![start]];
    while let Some(way) = ways.pop() {
        for next in way
            .last()
            .and_then(|last| arrows.get(last))
            .into_iter()
            .flat_map(BTreeMap::keys)
        {
            let mut longer = way.clone();
            longer.push(next);
            if *next == start {
                return Some(longer);
            }
            if seen.insert(*next) {
                ways.push(longer);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn found(texts: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<File> = texts.iter().map(|(path, text)| file(path, text)).collect();
        check(&files)
            .into_iter()
            .map(|finding| finding.text)
            .collect()
    }

    #[test]
    fn a_circle_is_found_however_it_is_named() {
        for back in [
            "use crate::a::Thing;",
            "use crate::{b::{c, d}, a};",
            "fn f() { crate::a::go() }",
        ] {
            let texts = [
                ("crates/x/src/a.rs", "use crate::b;"),
                ("crates/x/src/b/mod.rs", back),
            ];
            assert_eq!(
                found(&texts),
                ["modules that need each other: a -> b -> a"],
                "{back}"
            );
        }
    }

    #[test]
    fn what_goes_one_way_is_none() {
        let down = ("crates/x/src/a.rs", "use crate::{b, c};");
        let others = [
            "use super::rules;",
            "// crate::a",
            "use crate::b::rules;",
            "use crate::Shared;",
            "#[cfg(test)]\nuse crate::a;",
            "use crate::{c::{a, d}};",
        ];
        for other in others {
            assert_eq!(
                found(&[
                    down,
                    ("crates/x/src/b.rs", other),
                    ("crates/x/src/c.rs", "")
                ]),
                [""; 0],
                "{other}"
            );
        }
        let elsewhere = [
            ("crates/x/src/a.rs", "use crate::b;"),
            ("crates/y/src/b.rs", "use crate::a;"),
            ("crates/y/src/a.rs", ""),
        ];
        assert_eq!(found(&elsewhere), [""; 0]);
        let root = [
            ("crates/x/src/a.rs", "use crate::lib;"),
            ("crates/x/src/lib.rs", "use crate::a;"),
        ];
        assert_eq!(found(&root), [""; 0]);
    }
}
