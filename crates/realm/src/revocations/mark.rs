use std::fmt::Write as _;

/// What a token can be revoked by: something that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark<'a> {
    /// The grant it comes from (`grant_id`).
    Grant(&'a str),
    /// The session it comes from (`sid`).
    Session(&'a str),
    /// The person it is about (`sub`): signed out everywhere, disabled.
    Person(&'a str),
    /// The client it was issued to: removed, disabled.
    Client(&'a str),
    /// What a person allowed a client: withdrawn.
    Consent {
        /// The person.
        person: &'a str,
        /// The client.
        client: &'a str,
    },
    /// This one token (`jti`).
    Token(&'a str),
}

impl Mark<'_> {
    /// The row's id: different marks have different ones.
    pub fn id(&self) -> String {
        let mut id = String::with_capacity(64);
        self.write(&mut id);
        id
    }

    /// Appends the row's id.
    pub(super) fn write(&self, out: &mut String) {
        let (kind, id) = match self {
            Self::Grant(id) => ("grant:", id),
            Self::Session(id) => ("session:", id),
            Self::Person(id) => ("person:", id),
            Self::Client(id) => ("client:", id),
            Self::Token(id) => ("token:", id),
            Self::Consent { person, client } => {
                // Writing to a string cannot fail.
                let _ = write!(out, "consent:{}:{person}:{client}", person.len());
                return;
            }
        };
        out.push_str(kind);
        out.push_str(id);
    }

    /// Whether tokens issued after the revocation are valid: the person may sign in again, the client may be made again.
    pub(super) fn spares_later(&self) -> bool {
        match self {
            Self::Grant(_) | Self::Session(_) | Self::Token(_) => false,
            Self::Person(_) | Self::Client(_) | Self::Consent { .. } => true,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn different_marks_have_different_ids() {
        let consent = |person, client| Mark::Consent { person, client };
        assert_ne!(consent("a:b", "c").id(), consent("a", "b:c").id());
        assert_ne!(Mark::Grant("x").id(), Mark::Session("x").id());
    }
}
