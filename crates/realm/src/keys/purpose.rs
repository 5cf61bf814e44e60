use std::borrow::Cow;

use jose::Algorithm;

/// What a realm's signing keys are for. A key of one purpose never serves another, so that nothing that is signed for one is taken for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Tokens, and whatever else verifiers find the key for at /jwks.
    Tokens,
    /// Statements about the realm as an entity of a federation (OpenID Federation 1.0 §1.2, Federation Entity Keys).
    Federation,
}

/// What stands before the algorithm of a federation key in its row.
const FEDERATION: &str = "federation ";

impl Purpose {
    /// How the keys of an algorithm are named in the table.
    pub(crate) fn slot(self, algorithm: Algorithm) -> Cow<'static, str> {
        match self {
            Self::Tokens => algorithm.as_str().into(),
            Self::Federation => format!("{FEDERATION}{algorithm}").into(),
        }
    }

    /// What the keys of that name are for, and their algorithm by its registered name.
    pub(crate) fn of(slot: &str) -> (Self, &str) {
        match slot.strip_prefix(FEDERATION) {
            Some(algorithm) => (Self::Federation, algorithm),
            None => (Self::Tokens, slot),
        }
    }

    /// Whether such keys are replaced when their time has come. Federation keys are not: whoever is above the realm has to vouch for the next one first.
    pub(crate) fn turns_by_itself(self) -> bool {
        self == Self::Tokens
    }
}
