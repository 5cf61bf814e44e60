use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How long a client that did not answer is left alone, in seconds: shorter than the first pause of a message, so that each has its turn.
const REST: i64 = 3;
/// How many clients are remembered.
const MOST: usize = 4096;

/// Clients, by realm and identifier, that did not answer just now. What else they are to be told waits, so that nobody is called at a higher rate for not answering; that one
/// that hangs keeps nobody else's messages waiting, the outbox sees to. Not by address: another client may have named the same one to keep it from being called.
#[derive(Default)]
pub(super) struct Rest(Mutex<HashMap<(String, String), i64>>);

impl Rest {
    /// Whether the client may be called.
    ///
    /// # Errors
    /// When it is resting.
    pub(super) fn check(&self, whose: (&str, &str), now: i64) -> Result<(), String> {
        let clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match clients.get(&key(whose)) {
            Some(until) if now < *until => Err("the client did not answer just now".to_owned()),
            _ => Ok(()),
        }
    }

    /// It did not answer.
    pub(super) fn begin(&self, whose: (&str, &str), now: i64) {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= MOST {
            clients.retain(|_, until| now < *until);
        }
        if clients.len() < MOST {
            clients.insert(key(whose), now.saturating_add(REST));
        }
    }
}

fn key((realm, client): (&str, &str)) -> (String, String) {
    (realm.to_owned(), client.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn a_client_that_did_not_answer_rests_and_no_other() {
        let rest = Rest::default();
        rest.begin(("main", "down"), 100);
        assert!(rest.check(("main", "down"), 102).is_err());
        assert!(rest.check(("main", "up"), 102).is_ok());
        assert!(rest.check(("other", "down"), 102).is_ok());
        assert!(rest.check(("main", "down"), 103).is_ok());
    }

    #[test]
    fn no_more_is_remembered_than_fits() {
        let rest = Rest::default();
        for i in 0..=MOST {
            rest.begin(("main", &i.to_string()), 0);
        }
        assert_eq!(rest.0.lock().unwrap().len(), MOST);
        rest.begin(("main", "late"), REST);
        assert_eq!(rest.0.lock().unwrap().len(), 1);
    }
}
