//! What the smoke test asks: ratios alone, with room for noise.

use super::Report;
use crate::Failure;

/// The least share of the bare rate. The goals are at 0.6; a machine that does other things at the same time costs some.
const LEAST: [(&str, f64); 2] = [("client credentials", 0.4), ("introspection", 0.4)];

impl Report {
    /// Fails when a ratio is too low.
    pub(crate) fn smoke(&self) -> Result<(), Failure> {
        for (name, least) in LEAST {
            let row = self.rows.iter().find(|row| row.name == name);
            let reached = row.and_then(|row| row.rate_ratio).unwrap_or(0.0);
            if reached < least {
                return Err(
                    format!("{name}: {reached:.2} of the bare rate, not {least:.2}").into(),
                );
            }
        }
        Ok(())
    }
}
