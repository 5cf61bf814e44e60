//! Whether a person has to be asked (OpenID Connect Core §3.1.2.4).

use oauth::Scope;

/// What a person allowed a client before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Everything that was allowed.
    pub scope: Scope,
    /// When it was last given (unix seconds).
    pub granted_at: i64,
    /// Counts the changes, for the guard.
    pub version: i64,
}

impl Consent {
    /// What of it is meant for the client that was made at this time (unix seconds): nothing when it was given before, to another one that had the
    /// same identifier.
    pub fn to(self, client_made_at: i64) -> Self {
        if self.granted_at >= client_made_at {
            return self;
        }
        Self {
            scope: Scope::empty(),
            ..self
        }
    }
}

/// What is to be done about consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: it was given before, or this client needs none.
    Given,
    /// The person is asked; `new` is what was not allowed before.
    Ask {
        /// What is new.
        new: Scope,
    },
}

/// Decides about consent for `wanted`. `again` asks in any case (`prompt=consent`); `trusted` is a client of the house, which does not ask.
pub fn decide(
    wanted: &Scope,
    remembered: Option<&Consent>,
    again: bool,
    trusted: bool,
) -> Decision {
    if again {
        let new = match remembered {
            Some(consent) => wanted.minus(&consent.scope),
            None => wanted.clone(),
        };
        return Decision::Ask { new };
    }
    if trusted {
        return Decision::Given;
    }
    match remembered {
        Some(consent) if wanted.is_subset(&consent.scope) => Decision::Given,
        Some(consent) => Decision::Ask {
            new: wanted.minus(&consent.scope),
        },
        None => Decision::Ask {
            new: wanted.clone(),
        },
    }
}

/// What is remembered after the person allowed `wanted`: that and all that was allowed before.
pub fn remember(wanted: &Scope, remembered: Option<&Consent>) -> Scope {
    match remembered {
        Some(consent) => consent.scope.union(wanted),
        None => wanted.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    fn scope(text: &str) -> Scope {
        text.parse().unwrap()
    }

    fn consent(text: &str) -> Consent {
        Consent {
            scope: scope(text),
            granted_at: 1,
            version: 1,
        }
    }

    #[test]
    fn only_what_is_new_is_asked_for() {
        let before = consent("openid profile");
        assert_eq!(
            decide(&scope("openid"), Some(&before), false, false),
            Decision::Given
        );
        assert_eq!(
            decide(&scope("openid email"), Some(&before), false, false),
            Decision::Ask {
                new: scope("email")
            }
        );
        assert_eq!(
            remember(&scope("openid email"), Some(&before)),
            scope("openid profile email")
        );
    }

    #[test]
    fn a_first_request_without_scope_is_asked_for_too() {
        assert_eq!(
            decide(&Scope::empty(), None, false, false),
            Decision::Ask {
                new: Scope::empty()
            }
        );
    }

    #[test]
    fn prompt_consent_asks_even_for_a_trusted_client() {
        let before = consent("openid");
        assert_eq!(
            decide(&scope("openid"), Some(&before), true, true),
            Decision::Ask {
                new: Scope::empty()
            }
        );
        assert_eq!(decide(&scope("openid"), None, false, true), Decision::Given);
    }
}
