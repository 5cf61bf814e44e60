//! Whoever presents an access token at an endpoint of the credential issuer, which is a resource like any other (§8.1, RFC 6750, RFC 9449 §7, RFC 8705 §3).

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use axum::response::Response;
use oauth::Error as Wire;
use oauth::challenge::Bearer;
use oauth::claims::AccessToken;
use realm::Client;

use crate::call::Call;
use crate::dpop::{self, Scheme};
use crate::refusal::{Reason, Refusal};
use crate::tokens::access_token;
use crate::{answer, cors};

/// A token whose bearer is the one that it was issued to.
pub(super) struct Holder {
    /// How it came.
    pub(super) scheme: Scheme,
    /// The wallet.
    pub(super) client: Arc<Client>,
    /// What the token says.
    pub(super) claims: AccessToken,
}

impl Holder {
    /// Takes the token of a request to the endpoint at `path`: from the header only, and one that a person's grant gave to the wallet itself.
    ///
    /// # Errors
    /// The whole answer to who has none that counts.
    pub(super) async fn admit(call: &Call, path: &str) -> Result<Self, Box<Response>> {
        let (scheme, token) = match call.authorization() {
            Ok(None) => return Err(Box::new(challenge(call, None, None))),
            Ok(Some(value)) => match Scheme::split(value) {
                Some(presented) => presented,
                None => return Err(refused(call, None, &Reason::TokenMalformed.into())),
            },
            Err(()) => return Err(refused(call, None, &Reason::TokenTwice.into())),
        };
        let found = Self::find(call, path, (scheme, token)).await;
        found.map_err(|refusal| refused(call, Some(scheme), &refusal))
    }

    async fn find(
        call: &Call,
        path: &str,
        (scheme, token): (Scheme, &str),
    ) -> Result<Self, Refusal> {
        let realm = &call.realm;
        let claims = access_token::read(realm, token, call.now()).await?;
        let client = call
            .holder(&claims.client_id)
            .await?
            .filter(|client| !client.disabled)
            .ok_or(Reason::TokenRevoked)?;
        let proven = call.confirmation();
        dpop::check_holder(
            call,
            (&Method::POST, path),
            (scheme, token),
            (&claims, &client),
            proven.as_ref(),
        )?;
        // Not for who acts for somebody: what is issued here is the person's for years.
        let is_own = claims.grant_id.is_some() && claims.act.is_none();
        if !is_own || !claims.aud.contains(realm.issuer()) {
            return Err(Reason::TokenAudience.into());
        }
        Ok(Self {
            scheme,
            client,
            claims,
        })
    }

    /// The answer, as the wallet may read it.
    pub(super) fn answer(&self, call: &Call, mut response: Response) -> Response {
        self.scheme.offer(call, &mut response);
        cors::allow(call, Some(&self.client), response)
    }

    /// A refusal that is not about the token (§8.3.1.2, §11.3).
    pub(super) fn refuse(
        &self,
        call: &Call,
        endpoint: &'static str,
        refusal: &Refusal,
    ) -> Response {
        let response = answer::refused(call, endpoint, Some(&self.client.id), refusal);
        self.answer(call, response)
    }
}

fn refused(call: &Call, scheme: Option<Scheme>, refusal: &Refusal) -> Box<Response> {
    Box::new(challenge(call, scheme, Some(refusal)))
}

/// A refusal as RFC 6750 §3 has it: without an error code when no token came.
fn challenge(call: &Call, scheme: Option<Scheme>, refusal: Option<&Refusal>) -> Response {
    let (mut response, challenge) = match refusal {
        None => (
            answer::empty(StatusCode::UNAUTHORIZED),
            Bearer::unauthenticated(),
        ),
        Some(refusal) => {
            let (code, description) = refusal.wire();
            (
                answer::refused(call, "credential", None, refusal),
                Bearer::refusing(&Wire::new(code, description)),
            )
        }
    };
    let challenge = challenge.with_realm(call.realm.issuer());
    Scheme::challenge(scheme, &challenge, &mut response);
    if let Some(scheme) = scheme {
        scheme.offer(call, &mut response);
    }
    response
}
