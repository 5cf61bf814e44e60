//! How strongly and how recently the person must have signed in (RFC 9470).

use crate::{Claims, Refusal};

/// What an API asks of the sign-in behind a token. By default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepUp {
    acr_values: Vec<String>,
    max_age: Option<i64>,
}

impl StepUp {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One of these authentication contexts (`acr`), the best first.
    #[must_use]
    pub fn acr_values(mut self, values: &[&str]) -> Self {
        self.acr_values = values.iter().map(|&value| value.to_owned()).collect();
        self
    }

    /// A sign-in at most so many seconds ago.
    #[must_use]
    pub fn max_age(mut self, seconds: i64) -> Self {
        self.max_age = Some(seconds.max(0));
        self
    }

    /// The contexts, separated by spaces; `None` when any will do.
    pub fn acr(&self) -> Option<String> {
        (!self.acr_values.is_empty()).then(|| self.acr_values.join(" "))
    }

    /// The age in seconds; `None` when any will do.
    pub fn age(&self) -> Option<i64> {
        self.max_age
    }

    /// Judges a token at `now` (unix seconds), when clocks may differ by `leeway`. What a token does not say is not there.
    ///
    /// # Errors
    /// [`Refusal::StepUp`].
    pub(crate) fn judge(&self, claims: &Claims, now: i64, leeway: i64) -> Result<(), Refusal> {
        let strong = self.acr_values.is_empty()
            || claims
                .acr
                .as_ref()
                .is_some_and(|acr| self.acr_values.contains(acr));
        let recent = self.max_age.is_none_or(|seconds| {
            let latest = seconds.saturating_add(leeway.max(0));
            claims
                .auth_time
                .is_some_and(|at| now.saturating_sub(at) <= latest)
        });
        if strong && recent {
            Ok(())
        } else {
            Err(Refusal::StepUp(self.clone()))
        }
    }
}
