//! `cargo xtask screenshots`: walks a real Chromium through the demo and writes docs/screenshots: each page at 390 and 1280 pixels, light and dark.

use crate::run::{self, Count};
use crate::{Outcome, browser, tree};

/// Draws them anew.
pub(crate) fn run(_arguments: &[String]) -> Outcome {
    let folder = tree::root().join("docs").join("screenshots");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut command = browser::command()?;
    command
        .args(["screenshots::", "--ignored"])
        .env("GRANTOR_TEST_SCREENSHOTS", &folder);
    let mut count = Count::default();
    run::counted(command, &mut count)?;
    if count.passed == 0 {
        return Err("no test drew a screenshot".into());
    }
    println!("wrote {}", folder.display());
    Ok(())
}
