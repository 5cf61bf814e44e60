//! Whether what was offered may be fetched (OpenID4VCI 1.0 §6.1, §6.3).

use oauth::Scope;
use oauth::authorization_details::AuthorizationDetails;
use subtle::ConstantTimeEq;

use crate::authorization_code::rules as code;
use crate::refusal::Reason;

/// How many wrong transaction codes an offer survives: of a million, five are one in two hundred thousand.
pub const GUESSES: i64 = 5;
/// How many digits a transaction code has.
pub const DIGITS: usize = 6;

/// What is offered to a person.
#[derive(Clone, Debug)]
pub struct Offered {
    /// The grant that it stands for; what is issued for it carries this name.
    pub grant_id: String,
    /// The person.
    pub person: String,
    /// The names of the credentials.
    pub configurations: Vec<String>,
    /// What the person has to type, hidden; none where nothing has to be typed.
    pub tx_code: Option<String>,
    /// How many wrong ones were typed.
    pub guesses: i64,
    /// When it was made (unix seconds).
    pub created_at: i64,
    /// When it can no longer be redeemed (unix seconds).
    pub expires_at: i64,
    /// Whether it was redeemed.
    pub redeemed: bool,
}

/// What a wallet presents with the code.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// What the person typed, hidden in the same way.
    pub tx_code: Option<&'a str>,
}

/// What becomes of the offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is redeemed now.
    Redeem,
    /// A wrong transaction code was typed: one more.
    WrongTxCode,
    /// It was redeemed before: what that issued is revoked.
    Replay,
}

/// Decides about an offer. Whoever has the code alone can neither redeem it nor end what it gave: for that, too, the transaction code is needed.
///
/// # Errors
/// The reason why it is not redeemed.
pub fn decide(offered: &Offered, presented: &Presented<'_>, now: i64) -> Result<Decision, Reason> {
    if offered.guesses >= GUESSES {
        return Err(Reason::OfferLocked);
    }
    if !offered.redeemed && now >= offered.expires_at {
        return Err(Reason::OfferExpired);
    }
    let fits = match (&offered.tx_code, presented.tx_code) {
        (None, None) => true,
        (Some(own), Some(typed)) => bool::from(own.as_bytes().ct_eq(typed.as_bytes())),
        (Some(_), None) => return Err(Reason::TxCodeMissing),
        (None, Some(_)) => return Err(Reason::TxCodeUnexpected),
    };
    match (fits, offered.redeemed) {
        (true, true) => Ok(Decision::Replay),
        (true, false) => Ok(Decision::Redeem),
        (false, true) => Err(Reason::OfferReplayed),
        (false, false) => Ok(Decision::WrongTxCode),
    }
}

/// Whether a request of the code flow may begin with an offer: in time, before it was used, and for nothing but what was offered.
///
/// # Errors
/// The reason why not.
pub fn begin(offered: &Offered, asked: &[&str], now: i64) -> Result<(), Reason> {
    if offered.redeemed || now >= offered.expires_at {
        return Err(Reason::IssuerStateUnknown);
    }
    let is_offered = |id: &&str| offered.configurations.iter().any(|one| one == id);
    match !asked.is_empty() && asked.iter().all(is_offered) {
        true => Ok(()),
        false => Err(Reason::IssuerStateElsewhere),
    }
}

impl Offered {
    /// What this client is granted, as the code grant has it: from here on they are alike. There is no session: the person did not sign in here.
    pub fn as_code(
        &self,
        client: &str,
        (scope, details): (Scope, Option<AuthorizationDetails>),
        resources: Vec<String>,
    ) -> code::Code {
        code::Code {
            grant_id: self.grant_id.clone(),
            client: client.to_owned(),
            person: self.person.clone(),
            session: String::new(),
            redirect_uri: String::new(),
            redirect_uri_sent: false,
            challenge: None,
            scope,
            resources,
            details,
            claims: None,
            nonce: None,
            auth_time: self.created_at,
            amr: Vec::new(),
            acr: None,
            confirmation: None,
            issued_at: self.created_at,
            expires_at: self.expires_at,
            state: code::State::Fresh,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;

    use super::*;

    fn offered(tx_code: Option<&str>, guesses: i64, redeemed: bool) -> Offered {
        Offered {
            grant_id: "g".to_owned(),
            person: "p".to_owned(),
            configurations: vec!["c".to_owned()],
            tx_code: tx_code.map(str::to_owned),
            guesses,
            created_at: 0,
            expires_at: 100,
            redeemed,
        }
    }

    #[test]
    fn an_offer_is_redeemed_in_time_with_what_the_person_types() {
        let decide = |own, typed, now| rules_decide(&offered(own, 0, false), typed, now);
        assert_eq!(decide(None, None, 99), Ok(Decision::Redeem));
        assert_eq!(decide(Some("a"), Some("a"), 99), Ok(Decision::Redeem));
        assert_eq!(decide(Some("a"), Some("b"), 99), Ok(Decision::WrongTxCode));
        assert_eq!(decide(Some("a"), None, 99), Err(Reason::TxCodeMissing));
        assert_eq!(decide(None, Some("a"), 99), Err(Reason::TxCodeUnexpected));
        assert_eq!(decide(None, None, 100), Err(Reason::OfferExpired));
    }

    #[test]
    fn a_request_begins_with_an_offer_for_what_was_offered() {
        let offer = offered(None, 0, false);
        assert_eq!(begin(&offer, &["c"], 99), Ok(()));
        assert_eq!(begin(&offer, &["c"], 100), Err(Reason::IssuerStateUnknown));
        assert_eq!(
            begin(&offered(None, 0, true), &["c"], 1),
            Err(Reason::IssuerStateUnknown)
        );
        for other in [&["d"][..], &["c", "d"], &[]] {
            assert_eq!(begin(&offer, other, 1), Err(Reason::IssuerStateElsewhere));
        }
    }

    fn rules_decide(offered: &Offered, typed: Option<&str>, now: i64) -> Result<Decision, Reason> {
        decide(offered, &Presented { tx_code: typed }, now)
    }

    proptest! {
        /// However it is guessed: after five wrong ones the right one is nothing, and what was redeemed is never redeemed again.
        #[test]
        fn guesses_are_bounded_and_redemption_is_once(typed in prop::collection::vec(0..4_u8, 0..20)) {
            let mut offer = offered(Some("3"), 0, false);
            let mut wrong = 0;
            let mut redeemed = 0;
            for digit in typed {
                match rules_decide(&offer, Some(&digit.to_string()), 1) {
                    Ok(Decision::Redeem) => {
                        redeemed += 1;
                        prop_assert!(digit == 3 && wrong < GUESSES);
                        offer.redeemed = true;
                    }
                    Ok(Decision::WrongTxCode) => {
                        wrong += 1;
                        offer.guesses += 1;
                    }
                    Ok(Decision::Replay) => prop_assert!(digit == 3 && redeemed == 1),
                    Err(reason) => prop_assert!(matches!(reason, Reason::OfferLocked | Reason::OfferReplayed)),
                }
            }
            prop_assert!(redeemed <= 1 && wrong <= GUESSES);
        }
    }
}
