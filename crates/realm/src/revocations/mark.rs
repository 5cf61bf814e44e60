/// What a token can be revoked by: something that it names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// The grant it comes from (`grant_id`).
    Grant(String),
    /// The session it comes from (`sid`).
    Session(String),
    /// The person it is about (`sub`): signed out everywhere, disabled.
    Person(String),
    /// The client it was issued to: removed, disabled.
    Client(String),
    /// What a person allowed a client: withdrawn.
    Consent {
        /// The person.
        person: String,
        /// The client.
        client: String,
    },
    /// This one token (`jti`).
    Token(String),
}

impl Mark {
    /// The row's id: different marks have different ones.
    pub fn id(&self) -> String {
        match self {
            Self::Grant(id) => format!("grant:{id}"),
            Self::Session(id) => format!("session:{id}"),
            Self::Person(id) => format!("person:{id}"),
            Self::Client(id) => format!("client:{id}"),
            Self::Consent { person, client } => {
                format!("consent:{}:{person}:{client}", person.len())
            }
            Self::Token(id) => format!("token:{id}"),
        }
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
        let consent = |person: &str, client: &str| Mark::Consent {
            person: person.to_owned(),
            client: client.to_owned(),
        };
        assert_ne!(consent("a:b", "c").id(), consent("a", "b:c").id());
        assert_ne!(
            Mark::Grant("x".to_owned()).id(),
            Mark::Session("x".to_owned()).id()
        );
    }
}
