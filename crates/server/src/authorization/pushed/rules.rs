//! Whether a reference leads to its request (RFC 9126 §2.2, §4).

use oauth::{Error, Params};

use crate::refusal::Reason;

/// A pushed request as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Whose it is.
    pub client: String,
    /// Its parameters, sealed.
    pub request: String,
    /// Until when the browser may bring the reference (unix seconds, exclusive).
    pub expires_at: i64,
    /// Whether it was answered.
    pub used: bool,
}

/// Decides whether the browser of `client` goes on with a pushed request. It may come as often as it likes until the request is answered: people reload pages,
/// and programs look at links before people do (FAPI 2.0 Security Profile §5.3.2.2).
///
/// # Errors
/// `invalid_request_uri`, and nobody is sent anywhere.
pub fn decide(pushed: &Pushed, client: &str, now: i64) -> Result<(), Reason> {
    if pushed.client != client {
        return Err(Reason::RequestUriOfAnotherClient);
    }
    if pushed.used {
        return Err(Reason::RequestUriUsed);
    }
    if now >= pushed.expires_at {
        return Err(Reason::RequestUriExpired);
    }
    Ok(())
}

/// Binds the code to the key of the proof that came with the request (RFC 9449 §10.1).
///
/// # Errors
/// [`Reason::ProofKey`] when the request names another key.
pub fn bind(request: Params, jkt: Option<&str>) -> Result<Params, Reason> {
    match (request.get("dpop_jkt"), jkt) {
        (_, None) => Ok(request),
        (Some(named), Some(jkt)) if named == jkt => Ok(request),
        (Some(_), Some(_)) => Err(Reason::ProofKey),
        (None, Some(jkt)) => {
            let mut pairs = request.pairs().to_vec();
            pairs.push(("dpop_jkt".to_owned(), jkt.to_owned()));
            Ok(Params::new(pairs))
        }
    }
}

/// As text, to be sealed.
pub(super) fn write(params: &Params) -> Vec<u8> {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(params.pairs())
        .finish()
        .into_bytes()
}

/// What [`write`] wrote.
pub(super) fn read(text: &[u8]) -> Result<Params, Error> {
    std::str::from_utf8(text)
        .map(Params::parse)
        .map_err(|_| Error::server_error("a stored request is damaged"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;

    use super::*;

    fn pushed() -> Pushed {
        Pushed {
            client: "app".into(),
            request: String::new(),
            expires_at: 1090,
            used: false,
        }
    }

    #[test]
    fn a_reference_is_its_clients_until_it_expires_or_is_answered() {
        assert_eq!(decide(&pushed(), "app", 1000), Ok(()));
        assert_eq!(decide(&pushed(), "app", 1089), Ok(()));
        assert_eq!(
            decide(&pushed(), "app", 1090),
            Err(Reason::RequestUriExpired)
        );
        let used = Pushed {
            used: true,
            ..pushed()
        };
        assert_eq!(decide(&used, "app", 1000), Err(Reason::RequestUriUsed));
        // Another client learns nothing of what became of it.
        for it in [&pushed(), &used] {
            assert_eq!(
                decide(it, "other", 2000),
                Err(Reason::RequestUriOfAnotherClient)
            );
        }
    }

    #[test]
    fn the_key_of_a_proof_is_the_one_that_the_request_names() {
        let named = Params::parse("dpop_jkt=one");
        assert_eq!(bind(named.clone(), None), Ok(named.clone()));
        assert_eq!(bind(named.clone(), Some("one")), Ok(named.clone()));
        assert_eq!(bind(named.clone(), Some("two")), Err(Reason::ProofKey));
        let bound = bind(Params::parse("a=b"), Some("one")).unwrap();
        assert_eq!(bound.get("dpop_jkt"), Some("one"));
    }

    proptest! {
        #[test]
        fn a_request_is_read_as_it_was_written(pairs in proptest::collection::vec((".{0,6}", ".{0,6}"), 0..6)) {
            let params = Params::new(pairs);
            prop_assert_eq!(read(&write(&params)).unwrap(), params);
        }
    }
}
