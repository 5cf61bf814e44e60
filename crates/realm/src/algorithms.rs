use jose::Algorithm;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Invalid;

/// How many may be listed.
const MOST: usize = 16;

/// Signature algorithms that someone can verify, the best first: a post-quantum one, say, and a classical one for those who cannot. As JSON a name, or a list
/// of names, of which those are passed over that are not known here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Algorithms(Vec<Algorithm>);

impl Algorithms {
    /// All of them, in their order.
    pub fn as_slice(&self) -> &[Algorithm] {
        &self.0
    }

    /// Whether none is stated.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first that `permitted` lets pass.
    pub fn best(&self, permitted: impl Fn(Algorithm) -> bool) -> Option<Algorithm> {
        self.0.iter().copied().find(|one| permitted(*one))
    }

    /// Checks that each has a public key.
    pub(crate) fn check(&self, field: &'static str) -> Result<(), Invalid> {
        if self.0.len() > MOST {
            let reason = format!("more than {MOST} algorithms");
            return Err(Invalid::new(field, reason));
        }
        let check = |one: &Algorithm| crate::clients::check_signing_alg(field, Some(*one));
        self.0.iter().try_for_each(check)
    }
}

impl FromIterator<Algorithm> for Algorithms {
    /// Each counts once, where it stands first.
    fn from_iter<I: IntoIterator<Item = Algorithm>>(all: I) -> Self {
        let mut list = Vec::new();
        for one in all {
            if !list.contains(&one) {
                list.push(one);
            }
        }
        Self(list)
    }
}

impl From<Algorithm> for Algorithms {
    fn from(one: Algorithm) -> Self {
        Self(vec![one])
    }
}

impl Serialize for Algorithms {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Algorithms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Stated {
            One(Algorithm),
            Several(Vec<String>),
        }
        let names = match Stated::deserialize(deserializer)? {
            Stated::One(one) => return Ok(one.into()),
            Stated::Several(names) => names,
        };
        let known: Self = names.iter().filter_map(|name| name.parse().ok()).collect();
        if known.is_empty() && !names.is_empty() {
            return Err(D::Error::custom("none of the algorithms is known"));
        }
        Ok(known)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use serde_json::json;

    fn read(value: serde_json::Value) -> Result<Algorithms, serde_json::Error> {
        serde_json::from_value(value)
    }

    #[test]
    fn a_name_or_a_list_is_read_and_what_is_not_known_is_passed_over() {
        let one = read(json!("ES256")).unwrap();
        assert_eq!(one.as_slice(), [Algorithm::Es256]);
        assert_eq!(json!(one), json!("ES256"));
        let list = read(json!(["ML-DSA-65", "XY512", "none", "ES256", "ML-DSA-65"])).unwrap();
        assert_eq!(list.as_slice(), [Algorithm::MlDsa65, Algorithm::Es256]);
        assert_eq!(json!(list), json!(["ML-DSA-65", "ES256"]));
        assert!(read(json!([])).unwrap().is_empty());
        for wrong in [json!("XY512"), json!(["XY512"]), json!(7), json!([7])] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_first_that_is_permitted_is_the_best() {
        let list = Algorithms::from_iter([Algorithm::MlDsa87, Algorithm::EdDsa]);
        assert_eq!(list.best(|_| true), Some(Algorithm::MlDsa87));
        assert_eq!(
            list.best(|one| one == Algorithm::EdDsa),
            Some(Algorithm::EdDsa)
        );
        assert_eq!(list.best(|_| false), None);
        assert!(list.check("alg").is_ok());
        assert_eq!(
            Algorithms::from(Algorithm::Hs256)
                .check("alg")
                .unwrap_err()
                .field,
            "alg"
        );
    }
}
