//! `cargo xtask crash [--kills N]`: kills grantor and PostgreSQL under load, each fifty times unless told, and prints what the checks found.

use crate::Outcome;
use crate::install::{self, POSTGRESQL};
use crate::run::{self, Count};

const KILLS: u32 = 50;

/// Runs the crash tests against a grantor built just now.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let kills = kills(arguments)?;
    install::require(&POSTGRESQL)?;
    let binary = run::grantor()?;
    let mut command = run::cargo(&["test", "-p", "grantor-tests", "--test", "crash"]);
    command
        .args(["--", "--nocapture"])
        .env("GRANTOR_BIN", binary)
        .env("GRANTOR_KILLS", kills.to_string());
    run::counted(command, &mut Count::default())
}

fn kills(arguments: &[String]) -> Result<u32, String> {
    let usage = || "takes --kills and a number above 0".to_owned();
    match arguments {
        [] => Ok(KILLS),
        [name, number] if name == "--kills" => match number.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(usage()),
        },
        _ => Err(usage()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_kills_is_read_and_never_zero() {
        let read = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(|&text| text.into()).collect();
            kills(&arguments)
        };
        assert_eq!(read(&[]), Ok(KILLS));
        assert_eq!(read(&["--kills", "7"]), Ok(7));
        for wrong in [&["--kills"][..], &["--kills", "0"], &["--kill", "7"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
