use std::borrow::Cow;

use super::Role;

/// What a realm's keys are for. A key of one purpose never serves another, so that nothing that is signed for one is taken for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Tokens, and whatever else the key is found for at /jwks.
    Tokens,
    /// Statements about the realm as an entity of a federation (OpenID Federation 1.0 §1.2, Federation Entity Keys).
    Federation,
}

/// What stands before the algorithm of a federation key in its row.
const FEDERATION: &str = "federation ";

impl Purpose {
    /// How the keys that do this are named in the table.
    pub(crate) fn slot(self, role: Role) -> Cow<'static, str> {
        match self {
            Self::Tokens => role.as_str().into(),
            Self::Federation => format!("{FEDERATION}{role}").into(),
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
