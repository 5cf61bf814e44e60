//! Programs that the tests need beside Rust: found where Debian puts them, installed with apt-get where that is allowed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Outcome;

/// A program that the tests need.
pub(crate) struct Need {
    /// The names under which it is known, best first.
    pub(crate) programs: &'static [&'static str],
    /// The Debian packages that bring it.
    pub(crate) packages: &'static [&'static str],
}

/// The browser of the browser tests.
pub(crate) const CHROMIUM: Need = Need {
    programs: &["chromium", "chromium-browser", "google-chrome"],
    packages: &["chromium"],
};

/// The program that drives it (WebDriver).
pub(crate) const CHROMEDRIVER: Need = Need {
    programs: &["chromedriver"],
    packages: &["chromium-driver"],
};

/// The program that makes a PostgreSQL cluster.
pub(crate) const POSTGRESQL: Need = Need {
    programs: &["initdb"],
    packages: &["postgresql-15"],
};

/// What the walks of examples/curl ask with.
pub(crate) const CURL: Need = Need {
    programs: &["curl"],
    packages: &["curl"],
};

/// What they make random values, hashes and signatures with.
pub(crate) const OPENSSL: Need = Need {
    programs: &["openssl"],
    packages: &["openssl"],
};

/// The path of the program, after an attempt to install it if it is missing.
pub(crate) fn require(need: &Need) -> Result<PathBuf, String> {
    if let Some(path) = find(need) {
        return Ok(path);
    }
    let missing = || {
        format!(
            "{} is missing: install it with `apt-get install {}`",
            need.programs[0],
            need.packages.join(" ")
        )
    };
    if !is_root() || find_program("apt-get").is_none() {
        return Err(missing());
    }
    println!("installing {}", need.packages.join(" "));
    apt(&["update", "-q"])?;
    let mut arguments = vec!["install", "-q", "-y", "--no-install-recommends"];
    arguments.extend(need.packages);
    apt(&arguments)?;
    find(need).ok_or_else(missing)
}

/// Whether this process may install packages and become another user.
pub(crate) fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn apt(arguments: &[&str]) -> Outcome {
    // Packages that come with a service must not start it: the tests start their own.
    let policy = Path::new("/usr/sbin/policy-rc.d");
    let ours = !policy.exists() && std::fs::write(policy, "#!/bin/sh\nexit 101\n").is_ok();
    if ours {
        let _ = Command::new("chmod").arg("755").arg(policy).status();
    }
    let status = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .status();
    if ours {
        let _ = std::fs::remove_file(policy);
    }
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!("`apt-get {}` failed", arguments.join(" "))),
    }
}

fn find(need: &Need) -> Option<PathBuf> {
    need.programs.iter().find_map(|name| find_program(name))
}

fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/bin", "/usr/sbin", "/usr/lib/chromium"].map(PathBuf::from));
    folders.extend(postgresql_folders());
    folders
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

/// Debian keeps the server's programs out of PATH: `/usr/lib/postgresql/15/bin`, newest first.
fn postgresql_folders() -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            (version >= 15).then(|| (version, entry.path().join("bin")))
        })
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, folder)| folder).collect()
}
