use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use url::Url;

/// How long a place that did not answer is left alone, in seconds: shorter than the first pause of a message, so that each has its turn.
const REST: i64 = 3;
/// How many places are remembered.
const MOST: usize = 4096;

/// Places that did not answer just now. What else is to be said there waits, so that one client that hangs keeps nobody else's messages waiting, and nobody is
/// called at a higher rate for not answering.
#[derive(Default)]
pub(super) struct Rest(Mutex<HashMap<String, i64>>);

impl Rest {
    /// Whether the place may be called.
    ///
    /// # Errors
    /// When it is resting.
    pub(super) fn check(&self, uri: &str, now: i64) -> Result<(), String> {
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match places.get(&place(uri)) {
            Some(until) if now < *until => Err("the client did not answer just now".to_owned()),
            _ => Ok(()),
        }
    }

    /// It did not answer.
    pub(super) fn begin(&self, uri: &str, now: i64) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= MOST {
            places.retain(|_, until| now < *until);
        }
        if places.len() < MOST {
            places.insert(place(uri), now.saturating_add(REST));
        }
    }
}

fn place(uri: &str) -> String {
    Url::parse(uri).map_or_else(|_| uri.to_owned(), |url| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn a_place_that_did_not_answer_rests_and_no_other() {
        let rest = Rest::default();
        rest.begin("https://down.example/out?tenant=1", 100);
        assert!(rest.check("https://down.example/other", 102).is_err());
        assert!(rest.check("https://up.example/out", 102).is_ok());
        assert!(rest.check("https://down.example/out", 103).is_ok());
    }

    #[test]
    fn no_more_is_remembered_than_fits() {
        let rest = Rest::default();
        for i in 0..=MOST {
            rest.begin(&format!("https://{i}.example/"), 0);
        }
        assert_eq!(rest.0.lock().unwrap().len(), MOST);
        rest.begin("https://late.example/", REST);
        assert_eq!(rest.0.lock().unwrap().len(), 1);
    }
}
