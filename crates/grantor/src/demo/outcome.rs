//! How a chapter of the demo ended, said to a newcomer.

use grantor_client::{CallbackError, Error};
use oauth::ErrorCode;

/// What colour a message has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// It worked, or the defence did.
    Good,
    /// It did not happen, and that is in order.
    Calm,
    /// It went wrong.
    Bad,
}

impl Tone {
    /// The class of the notice.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Good => "success",
            Self::Calm => "warning",
            Self::Bad => "danger",
        }
    }
}

/// A heading and a few sentences. Backticks mark code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) tone: Tone,
    pub(super) title: String,
    pub(super) text: String,
}

impl Outcome {
    pub(super) fn new(tone: Tone, title: &str, text: impl Into<String>) -> Self {
        Self {
            tone,
            title: title.to_owned(),
            text: text.into(),
        }
    }
}

/// Why nobody is signed in.
pub(super) fn sign_in_failed(error: &Error) -> Outcome {
    match error {
        Error::Authorization(_) if error.code() == Some(ErrorCode::AccessDenied) => Outcome::new(
            Tone::Calm,
            "You said no, and that was the end of it",
            "grantor sent your browser back with `error=access_denied`: no code, no token, no name. The application learned that somebody \
             declined, and nothing else. Sign in again whenever you like; you are asked anew.",
        ),
        Error::Authorization(answer) => Outcome::new(
            Tone::Calm,
            "grantor did not grant it",
            format!(
                "Your browser came back with an error instead of a code: {answer}. The application got nothing."
            ),
        ),
        Error::Callback(why) => Outcome::new(
            Tone::Good,
            "That answer was forged, and it was thrown away",
            callback(*why),
        ),
        Error::IdToken(why) => Outcome::new(
            Tone::Bad,
            "The ID token does not hold",
            format!(
                "The application verified the ID token and refused it: {why}. Nobody was signed in."
            ),
        ),
        other => Outcome::new(
            Tone::Bad,
            "The sign-in did not come to its end",
            format!(
                "Nobody was signed in, because {other}. Try once more; the steps below show how far it came."
            ),
        ),
    }
}

fn callback(why: CallbackError) -> String {
    let reason = match why {
        CallbackError::State => {
            "The `state` it carried is not the one this browser was sent off with. So the answer belongs to somebody else's sign-in: this is \
             what cross-site request forgery looks like."
        }
        CallbackError::Issuer | CallbackError::IssuerMissing => {
            "It does not come from the issuer that was asked (`iss`): this is what a mix-up attack looks like."
        }
        _ => "It is not an answer that grantor would give.",
    };
    format!("{reason} The application looked at nothing else in it and redeemed nothing.")
}

/// An answer came that no browser session waits for.
pub(super) fn unexpected() -> Outcome {
    Outcome::new(
        Tone::Good,
        "Nobody asked for that answer",
        "This browser has no sign-in under way, so the application did not even look at the code it was handed. An attacker who sends you a \
         link with a code of their own gets exactly this far.",
    )
}

/// The person came back from signing out.
pub(super) fn signed_out(revoked: bool) -> Outcome {
    let tokens = if revoked {
        "The application gave its refresh token back, so copies of it are worthless."
    } else {
        "The application forgot its tokens. Giving the refresh token back did not work this time, so it lives on until it expires."
    };
    Outcome::new(
        Tone::Good,
        "You are signed out",
        format!(
            "{tokens} Then your browser went to grantor, which ended your session there too. The next sign-in asks for the password."
        ),
    )
}

/// What became of a refresh.
pub(super) fn refreshed(result: &Result<(), Error>) -> Outcome {
    match result {
        Ok(()) => Outcome::new(
            Tone::Good,
            "New tokens, and nobody had to be asked",
            "The refresh token brought a new access token and a new refresh token: the old one is spent. Then the API was called with the new \
             access token.",
        ),
        Err(Error::SignInAgain) => Outcome::new(
            Tone::Good,
            "The refresh token is dead",
            "The grant behind it was revoked, so neither a thief nor this application can go on with it. The access token at hand is another \
             matter: the API verifies it without asking grantor, and accepts it until it expires, five minutes after it was made. That is why \
             access tokens live so short. Sign in again to go on.",
        ),
        Err(error) => Outcome::new(
            Tone::Bad,
            "The tokens were not refreshed",
            format!("It failed because {error}."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oauth::ErrorResponse;

    #[test]
    fn a_denial_is_no_failure_and_says_who_declined() {
        let denied = Error::Authorization(ErrorResponse {
            error: "access_denied".into(),
            error_description: None,
            error_uri: None,
        });
        let outcome = sign_in_failed(&denied);
        assert_eq!(outcome.tone, Tone::Calm);
        assert!(outcome.title.contains("You said no"), "{outcome:?}");
    }

    #[test]
    fn a_forged_answer_is_told_as_a_defence_that_held() {
        let outcome = sign_in_failed(&CallbackError::State.into());
        assert_eq!(outcome.tone, Tone::Good);
        assert!(outcome.text.contains("forgery"), "{outcome:?}");
    }

    #[test]
    fn signing_out_claims_no_revocation_that_failed() {
        assert!(
            signed_out(true)
                .text
                .contains("gave its refresh token back")
        );
        assert!(signed_out(false).text.contains("did not work"));
    }
}
