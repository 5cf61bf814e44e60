//! What each parameter of the flow is for and what it defends against: the words the demo application shows beside the real requests.

/// What a newcomer should know of one parameter.
pub(super) struct Lesson {
    /// The parameter, header or claim, as it stands on the wire.
    pub(super) name: &'static str,
    /// What it is for.
    pub(super) purpose: &'static str,
    /// The attack it stops; empty where it stops none.
    pub(super) defends: &'static str,
    /// Where it is specified.
    pub(super) spec: &'static str,
}

/// The lesson for `name`, if there is one.
pub(super) fn lesson(name: &str) -> Option<&'static Lesson> {
    LESSONS.iter().find(|lesson| lesson.name == name)
}

static LESSONS: &[Lesson] = &[
    Lesson {
        name: "response_type",
        purpose: "Asks for an authorization code: a short-lived ticket that is worth nothing by itself.",
        defends: "Tokens never travel through the browser, so they are not in its history, its logs or a referring page.",
        spec: "RFC 6749 §4.1.1",
    },
    Lesson {
        name: "client_id",
        purpose: "Says which application is asking. It is public, like a user name.",
        defends: "",
        spec: "RFC 6749 §2.2",
    },
    Lesson {
        name: "redirect_uri",
        purpose: "Where the browser brings the answer. It must be one of those registered, letter for letter.",
        defends: "Without the exact match an attacker could have the code delivered to a page of their own.",
        spec: "RFC 9700 §4.1.3",
    },
    Lesson {
        name: "scope",
        purpose: "What the application wants to be allowed, and no more. The person sees it in words and may refuse.",
        defends: "A token that leaks can do only what its scopes say.",
        spec: "RFC 6749 §3.3",
    },
    Lesson {
        name: "state",
        purpose: "A random value the application keeps with the browser's session and expects back unchanged.",
        defends: "Cross-site request forgery: nobody can slip an answer of their own into this browser.",
        spec: "RFC 6749 §10.12",
    },
    Lesson {
        name: "nonce",
        purpose: "A random value that must come back inside the signed ID token.",
        defends: "An ID token from another sign-in cannot be replayed into this one.",
        spec: "OpenID Connect Core §15.5.2",
    },
    Lesson {
        name: "code_challenge",
        purpose: "The SHA-256 hash of a secret, the code verifier, that only this application knows so far (PKCE).",
        defends: "A code that is stolen on its way is useless: redeeming it takes the verifier.",
        spec: "RFC 7636 §4.2",
    },
    Lesson {
        name: "code_challenge_method",
        purpose: "How the challenge was made. S256 hashes; `plain`, which does not, is refused here.",
        defends: "Whoever sees the request cannot work out the verifier from it.",
        spec: "RFC 7636 §4.3",
    },
    Lesson {
        name: "code",
        purpose: "The ticket. It works once, for 60 seconds, for this application, this address and this challenge.",
        defends: "Used twice, it is refused, and what its first use obtained is revoked.",
        spec: "RFC 6749 §4.1.2",
    },
    Lesson {
        name: "iss",
        purpose: "Who answered: the issuer the application began with.",
        defends: "The mix-up attack, where one authorization server gets an application to send it another one's code.",
        spec: "RFC 9207 §2",
    },
    Lesson {
        name: "grant_type",
        purpose: "Which kind of grant is being turned into tokens.",
        defends: "",
        spec: "RFC 6749 §4.1.3",
    },
    Lesson {
        name: "code_verifier",
        purpose: "The secret behind the challenge. The server hashes it and compares.",
        defends: "Proves that the application that redeems the code is the one that asked for it.",
        spec: "RFC 7636 §4.5",
    },
    Lesson {
        name: "refresh_token",
        purpose: "Obtains new access tokens without the person. Each use replaces it by a successor.",
        defends: "If a copy is stolen, thief and owner cannot both go on: the second use of an old one ends the whole family.",
        spec: "RFC 9700 §4.14",
    },
    Lesson {
        name: "Authorization: Basic",
        purpose: "The application proves that it is itself, with its id and secret.",
        defends: "Nobody else can redeem what was meant for this application.",
        spec: "RFC 6749 §2.3.1",
    },
    Lesson {
        name: "Authorization: Bearer",
        purpose: "The access token. Whoever bears it is let in, so it goes only to the API, only over TLS, never in a URL.",
        defends: "",
        spec: "RFC 6750 §2.1",
    },
    Lesson {
        name: "access_token",
        purpose: "What the API accepts. It is signed, so the API can verify it without asking anyone.",
        defends: "It lives five minutes: a stolen one is soon worthless.",
        spec: "RFC 9068",
    },
    Lesson {
        name: "id_token",
        purpose: "A signed statement for the application about who signed in, when and how.",
        defends: "It names its issuer, its audience and the nonce, so one meant for another application is refused.",
        spec: "OpenID Connect Core §2",
    },
    Lesson {
        name: "token_type",
        purpose: "How to present the token: as a bearer token, in the Authorization header.",
        defends: "",
        spec: "RFC 6749 §7.1",
    },
    Lesson {
        name: "expires_in",
        purpose: "Seconds until the access token expires.",
        defends: "",
        spec: "RFC 6749 §5.1",
    },
    Lesson {
        name: "sub",
        purpose: "The person: an identifier that never changes and is never given to anyone else.",
        defends: "Names and e-mail addresses change hands; matching accounts by them lets a stranger in.",
        spec: "OpenID Connect Core §5.7",
    },
    Lesson {
        name: "aud",
        purpose: "Who the token is for.",
        defends: "A token for one API is refused by every other.",
        spec: "RFC 9068 §3",
    },
    Lesson {
        name: "exp",
        purpose: "When the token stops being valid, in seconds since 1970.",
        defends: "",
        spec: "RFC 7519 §4.1.4",
    },
    Lesson {
        name: "iat",
        purpose: "When the token was made.",
        defends: "",
        spec: "RFC 7519 §4.1.6",
    },
    Lesson {
        name: "auth_time",
        purpose: "When the person last proved who they are.",
        defends: "An application that needs a fresh sign-in can tell an old session from a new one.",
        spec: "OpenID Connect Core §2",
    },
    Lesson {
        name: "amr",
        purpose: "How they proved it: `pwd` is a password.",
        defends: "",
        spec: "RFC 8176",
    },
    Lesson {
        name: "acr",
        purpose: "How strong that proof was, as a name both sides agree on.",
        defends: "",
        spec: "OpenID Connect Core §2",
    },
    Lesson {
        name: "at_hash",
        purpose: "Half the hash of the access token that came with this ID token.",
        defends: "Nobody can swap in an access token from somewhere else.",
        spec: "OpenID Connect Core §3.1.3.6",
    },
    Lesson {
        name: "jti",
        purpose: "The token's own number.",
        defends: "Two tokens are never the same, and one can be spoken of in a log without showing it.",
        spec: "RFC 9068 §2.2",
    },
    Lesson {
        name: "kid",
        purpose: "Which of the server's public keys verifies the signature.",
        defends: "Keys can be rotated while older tokens stay valid.",
        spec: "RFC 7515 §4.1.4",
    },
    Lesson {
        name: "alg",
        purpose: "How the token is signed. The application accepts only the algorithm it registered.",
        defends: "Algorithm confusion: a token that is unsigned, or signed with the public key as if it were a password.",
        spec: "RFC 8725 §3.1",
    },
    Lesson {
        name: "typ",
        purpose: "What kind of token this is: `at+jwt` is an access token.",
        defends: "An ID token cannot be passed off as an access token.",
        spec: "RFC 8725 §3.11",
    },
    Lesson {
        name: "id_token_hint",
        purpose: "Tells the server who is signing out, so that it need not ask.",
        defends: "Another site cannot sign a person out by a link: without the hint, the server asks first.",
        spec: "OpenID Connect RP-Initiated Logout §2",
    },
    Lesson {
        name: "post_logout_redirect_uri",
        purpose: "Where the browser goes after signing out. Registered and matched like the other one.",
        defends: "The server cannot be used to send people to an attacker's page.",
        spec: "OpenID Connect RP-Initiated Logout §3",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lesson_is_whole_and_said_once() {
        let mut names: Vec<_> = LESSONS.iter().map(|lesson| lesson.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for lesson in LESSONS {
            assert!(lesson.purpose.ends_with('.'), "{}", lesson.name);
            assert!(!lesson.spec.is_empty(), "{}", lesson.name);
        }
    }
}
