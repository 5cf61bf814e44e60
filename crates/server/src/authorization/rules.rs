//! Whether a request may go on with who is signed in, or somebody has to sign in first (OpenID Connect Core §3.1.2.1, §3.1.2.3).

use oauth::authorization::{AuthorizationRequest, Prompt, Prompts};
use realm::Client;

use crate::refusal::Reason;

/// What a request asks about who is signed in.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// `prompt`.
    pub prompt: Prompts,
    /// `max_age`, in seconds.
    pub max_age: Option<i64>,
    /// The person whom a verified `id_token_hint` names.
    pub hinted: Option<&'a str>,
    /// When the request first arrived (unix seconds).
    pub issued_at: i64,
    /// Whether it comes back from a page of ours. A request that arrives at this moment cannot have been answered by a sign-in.
    pub resumed: bool,
    /// The sign-in that was there when it arrived, which does not answer it either: times count seconds.
    pub before: Option<&'a str>,
    /// The sign-in with which the person has chosen to go on.
    pub chosen: Option<&'a str>,
    /// Whether any way to sign in leads to one of its `acr_values`.
    pub is_reachable: bool,
}

/// What a client registered for requests that do not say it (OpenID Connect Registration §2 `default_max_age`, `default_acr_values`).
pub fn fill_in(request: &mut AuthorizationRequest, client: &Client) {
    request.max_age = request.max_age.or(client.openid.default_max_age);
    if request.acr_values.is_empty() {
        request
            .acr_values
            .clone_from(&client.openid.default_acr_values);
    }
}

/// Who is signed in.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn<'a> {
    /// The person.
    pub person: &'a str,
    /// When they signed in (unix seconds).
    pub auth_time: i64,
    /// Names this sign-in.
    pub sign_in: &'a str,
    /// Whether it is as strong as the request's `acr_values` ask (RFC 9470 §5).
    pub is_strong: bool,
}

/// The person who is meant, where a hint and a wished `sub` may both name one: nobody, when they name different ones (OpenID Connect Core §5.5.1, §3.1.2.1).
pub fn meant<'a>(hinted: Option<&'a str>, wished: Option<&'a str>) -> Option<&'a str> {
    match (hinted, wished) {
        (Some(hinted), Some(wished)) if hinted != wished => Some(""),
        (hinted, wished) => hinted.or(wished),
    }
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The request goes on with this session.
    Proceed,
    /// The sign-in page; `again` when a session is there and does not suffice.
    SignIn {
        /// Whether somebody who is signed in has to sign in once more.
        again: bool,
    },
    /// Who is signed in is asked whether they go on, or somebody else.
    Choose,
}

/// Decides who may go on. A sign-in since the request's arrival satisfies `prompt=login` and `max_age`, so that going back or reloading
/// neither loops nor gets around them.
///
/// # Errors
/// `login_required`, when no page may be shown or when somebody else signed in than the hint names; `unmet_authentication_requirements`, when nobody can sign in
/// as strongly as is asked.
pub fn sign_in(
    asked: &Asked<'_>,
    signed_in: Option<&SignedIn<'_>>,
    now: i64,
) -> Result<Step, Reason> {
    if !asked.is_reachable {
        return Err(Reason::AcrUnreachable);
    }
    let silent = asked.prompt.contains(Prompt::None);
    let Some(person) = signed_in else {
        return needs_page(silent, Step::SignIn { again: false });
    };
    let answered = asked.resumed
        && person.auth_time >= asked.issued_at
        && asked.before != Some(person.sign_in);
    if asked.hinted.is_some_and(|hinted| hinted != person.person) {
        if silent || answered {
            return Err(Reason::HintNamesAnother);
        }
        return Ok(Step::SignIn { again: true });
    }
    if answered {
        return if person.is_strong {
            Ok(Step::Proceed)
        } else {
            Err(Reason::AcrUnmet)
        };
    }
    let asks_again = !person.is_strong
        || asked.prompt.contains(Prompt::Login)
        || asked
            .max_age
            .is_some_and(|seconds| seconds == 0 || now.saturating_sub(person.auth_time) > seconds);
    if asks_again {
        return needs_page(silent, Step::SignIn { again: true });
    }
    if asked.prompt.contains(Prompt::SelectAccount) && asked.chosen != Some(person.sign_in) {
        return needs_page(silent, Step::Choose);
    }
    Ok(Step::Proceed)
}

fn needs_page(silent: bool, step: Step) -> Result<Step, Reason> {
    if silent {
        Err(Reason::LoginNeeded)
    } else {
        Ok(step)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    const NOW: i64 = 1_000_000;

    fn asked(prompt: &str) -> Asked<'static> {
        Asked {
            prompt: Prompts::parse(prompt).unwrap(),
            max_age: None,
            hinted: None,
            issued_at: NOW,
            resumed: false,
            before: Some("old"),
            chosen: None,
            is_reachable: true,
        }
    }

    fn alice(auth_time: i64) -> SignedIn<'static> {
        SignedIn {
            person: "alice",
            auth_time,
            sign_in: "new",
            is_strong: true,
        }
    }

    #[test]
    fn nobody_signed_in_means_the_sign_in_page_or_login_required() {
        assert_eq!(
            sign_in(&asked(""), None, NOW),
            Ok(Step::SignIn { again: false })
        );
        assert_eq!(sign_in(&asked("none"), None, NOW), Err(Reason::LoginNeeded));
    }

    #[test]
    fn prompt_login_is_met_by_a_sign_in_after_the_request_and_by_nothing_else() {
        let arrived = asked("login");
        assert_eq!(
            sign_in(&arrived, Some(&alice(NOW)), NOW),
            Ok(Step::SignIn { again: true })
        );
        let resumed = Asked {
            resumed: true,
            ..arrived
        };
        assert_eq!(
            sign_in(&resumed, Some(&alice(NOW - 1)), NOW + 5),
            Ok(Step::SignIn { again: true })
        );
        assert_eq!(
            sign_in(&resumed, Some(&alice(NOW + 3)), NOW + 5),
            Ok(Step::Proceed)
        );
        assert_eq!(
            sign_in(&resumed, Some(&alice(NOW + 3)), NOW + 900),
            Ok(Step::Proceed)
        );
    }

    #[test]
    fn the_sign_in_that_was_there_before_does_not_answer_within_its_second() {
        let before = SignedIn {
            sign_in: "old",
            ..alice(NOW)
        };
        for asked in [
            asked("login"),
            Asked {
                max_age: Some(0),
                ..asked("")
            },
        ] {
            let resumed = Asked {
                resumed: true,
                ..asked
            };
            assert_eq!(
                sign_in(&resumed, Some(&before), NOW),
                Ok(Step::SignIn { again: true })
            );
            assert_eq!(sign_in(&resumed, Some(&alice(NOW)), NOW), Ok(Step::Proceed));
        }
    }

    #[test]
    fn who_is_asked_to_choose_goes_on_with_the_sign_in_that_was_chosen() {
        let arrived = asked("select_account");
        let old = SignedIn {
            sign_in: "old",
            ..alice(NOW - 50)
        };
        for resumed in [false, true] {
            let unchosen = Asked { resumed, ..arrived };
            assert_eq!(sign_in(&unchosen, Some(&old), NOW), Ok(Step::Choose));
        }
        let chosen = Asked {
            resumed: true,
            chosen: Some("old"),
            ..arrived
        };
        assert_eq!(sign_in(&chosen, Some(&old), NOW), Ok(Step::Proceed));
        let other = SignedIn {
            person: "bob",
            sign_in: "other",
            ..old
        };
        assert_eq!(sign_in(&chosen, Some(&other), NOW), Ok(Step::Choose));
        // Whoever signs in at the page has chosen too.
        assert_eq!(
            sign_in(&chosen, Some(&alice(NOW + 1)), NOW),
            Ok(Step::Proceed)
        );
        let both = Asked {
            prompt: Prompts::parse("login select_account").unwrap(),
            ..chosen
        };
        assert_eq!(
            sign_in(&both, Some(&old), NOW),
            Ok(Step::SignIn { again: true })
        );
    }

    #[test]
    fn max_age_counts_from_the_sign_in() {
        let mut request = asked("");
        request.max_age = Some(100);
        assert_eq!(
            sign_in(&request, Some(&alice(NOW - 100)), NOW),
            Ok(Step::Proceed)
        );
        assert_eq!(
            sign_in(&request, Some(&alice(NOW - 101)), NOW),
            Ok(Step::SignIn { again: true })
        );
        request.max_age = Some(0);
        assert_eq!(
            sign_in(&request, Some(&alice(NOW)), NOW),
            Ok(Step::SignIn { again: true })
        );
        request.prompt = Prompts::parse("none").unwrap();
        assert_eq!(
            sign_in(&request, Some(&alice(NOW)), NOW),
            Err(Reason::LoginNeeded)
        );
    }

    #[test]
    fn a_hint_that_names_another_asks_once_and_then_refuses() {
        let mut request = asked("");
        request.hinted = Some("bob");
        assert_eq!(
            sign_in(&request, Some(&alice(NOW - 5)), NOW),
            Ok(Step::SignIn { again: true })
        );
        request.resumed = true;
        assert_eq!(
            sign_in(&request, Some(&alice(NOW + 5)), NOW + 6),
            Err(Reason::HintNamesAnother)
        );
        request.prompt = Prompts::parse("none").unwrap();
        assert_eq!(
            sign_in(&request, Some(&alice(NOW - 5)), NOW),
            Err(Reason::HintNamesAnother)
        );
    }

    #[test]
    fn a_sign_in_that_is_too_weak_is_asked_for_once_more_and_then_refused() {
        let weak = SignedIn {
            is_strong: false,
            ..alice(NOW - 5)
        };
        let arrived = asked("");
        assert_eq!(
            sign_in(&arrived, Some(&weak), NOW),
            Ok(Step::SignIn { again: true })
        );
        assert_eq!(
            sign_in(&asked("none"), Some(&weak), NOW),
            Err(Reason::LoginNeeded)
        );
        let resumed = Asked {
            resumed: true,
            ..arrived
        };
        let again = SignedIn {
            auth_time: NOW + 1,
            ..weak
        };
        assert_eq!(
            sign_in(&resumed, Some(&again), NOW + 2),
            Err(Reason::AcrUnmet)
        );
        let nobody = Asked {
            is_reachable: false,
            ..arrived
        };
        for person in [None, Some(&weak)] {
            assert_eq!(sign_in(&nobody, person, NOW), Err(Reason::AcrUnreachable));
        }
    }
}
