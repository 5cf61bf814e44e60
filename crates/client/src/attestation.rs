//! Proving the key of an attested instance (draft-ietf-oauth-attestation-based-client-auth §5.2), and the challenges that servers give for it (§6).

use std::sync::{Mutex, PoisonError};

use ambient::Ambient;
use jose::{SigningKey, jwt};
use oauth::client_auth::assertion::Audience;
use oauth::client_auth::attestation::{CHALLENGE_HEADER, POP_TYP, Pop};
use oauth::{ErrorCode, ErrorResponse};

use crate::Error;

/// A proof for one request of this client to this server.
pub(crate) fn proof(
    key: &SigningKey,
    (client, issuer): (&str, &str),
    ambient: &Ambient,
    challenge: Option<String>,
) -> Result<String, Error> {
    let claims = Pop {
        aud: Audience::Sole(issuer.to_owned()),
        jti: ambient.id(),
        iat: ambient.now(),
        iss: Some(client.to_owned()),
        challenge,
    };
    jwt::sign(key, POP_TYP, &claims).map_err(|_| Error::Incomplete("the key cannot sign"))
}

/// The last challenge of the server.
#[derive(Default)]
pub(crate) struct Challenges(Mutex<Option<String>>);

impl Challenges {
    pub(crate) fn current(&self) -> Option<String> {
        let last = self.0.lock();
        last.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers the challenge that an answer offers; `true` when the server wants it, so that the request is worth repeating.
    pub(crate) fn learn(&self, answer: &fetch::Response) -> bool {
        let Some(challenge) = answer.header(CHALLENGE_HEADER) else {
            return false;
        };
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.replace(challenge.to_owned());
        let wanted = serde_json::from_slice::<ErrorResponse>(&answer.body)
            .is_ok_and(|error| error.code() == Some(ErrorCode::UseAttestationChallenge));
        wanted && before.as_deref() != Some(challenge)
    }
}
