use std::fmt;

use oauth::{ErrorResponse, Params, Redacted, Scope};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::client::Client;
use crate::id_token::Asked;
use crate::{CallbackError, Error, IdTokenError, Session, Step, Tokens, observer};

/// An authorization request whose answer has not come yet. It serialises, so that a web application can keep it beside the browser's session;
/// it holds the PKCE verifier and must not reach the browser in the clear.
#[derive(Clone, Serialize, Deserialize)]
pub struct Pending {
    pub(crate) url: String,
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
    pub(crate) nonce: Option<String>,
    pub(crate) verifier: String,
    pub(crate) max_age: Option<i64>,
    pub(crate) scope: Scope,
    /// Whether the answer must be signed (JARM).
    #[serde(default)]
    pub(crate) signed: bool,
}

impl Pending {
    /// Where to send the browser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The redirect URI in it.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The `state` in it, by which a web application with several requests under way finds the one that was answered.
    pub fn state(&self) -> &str {
        &self.state
    }

    pub(crate) fn is_state(&self, state: &str) -> bool {
        self.state.as_bytes().ct_eq(state.as_bytes()).into()
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .field("scope", &self.scope)
            .field("verifier", &Redacted)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Takes the query that the browser brought to the redirect URI, or the body of the form that it posted there, checks it, redeems the code and verifies the ID token. A `Pending` is for
    /// one answer: forget it before calling this.
    pub async fn finish(&self, pending: &Pending, query: &str) -> Result<Session, Error> {
        if pending.issuer != self.issuer() || pending.client_id != self.id() {
            return Err(CallbackError::OtherClient.into());
        }
        let params = Params::parse(query.strip_prefix('?').unwrap_or(query));
        if self.is_observed() {
            self.observe(Step::Return {
                url: pending.redirect_uri.clone(),
                parameters: observer::parameters(params.pairs()),
            });
        }
        let params = self.opened(pending, params).await?;
        let code = self.answer(pending, &params)?;
        let form = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code),
            ("redirect_uri", pending.redirect_uri.clone()),
            ("code_verifier", pending.verifier.clone()),
        ];
        let response = self.token(form).await?;
        let claims = match &response.id_token {
            Some(token) => {
                let asked = Asked {
                    nonce: pending.nonce.as_deref(),
                    max_age: pending.max_age,
                    access_token: &response.access_token,
                };
                Some(self.accept(token, asked).await?)
            }
            None if pending.scope.contains("openid") => {
                return Err(IdTokenError::Missing.into());
            }
            None => None,
        };
        let tokens = Tokens::new(response, &pending.scope, claims, self.ambient().now());
        Ok(Session::new(self.clone(), tokens))
    }

    /// The code in the answer: RFC 6749 §4.1.2, RFC 9207 §2.4, RFC 9700 §4.4.
    fn answer(&self, pending: &Pending, params: &Params) -> Result<String, Error> {
        params
            .refuse_repeated(&[])
            .map_err(|_| CallbackError::Repeated)?;
        if !params
            .get("state")
            .is_some_and(|state| pending.is_state(state))
        {
            return Err(CallbackError::State.into());
        }
        let promised = self
            .metadata()
            .authorization_response_iss_parameter_supported;
        match params.get("iss") {
            Some(issuer) if issuer != pending.issuer => return Err(CallbackError::Issuer.into()),
            None if promised == Some(true) => return Err(CallbackError::IssuerMissing.into()),
            _ => {}
        }
        if let Some(error) = params.owned("error") {
            return Err(Error::Authorization(ErrorResponse {
                error,
                error_description: params.owned("error_description"),
                error_uri: params.owned("error_uri"),
            }));
        }
        params
            .owned("code")
            .ok_or_else(|| CallbackError::Empty.into())
    }
}
