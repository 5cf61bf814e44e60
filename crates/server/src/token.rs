//! `POST /token` (RFC 6749 §3.2). Answers JSON whatever the caller accepts.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use oauth::token::{GrantType, TokenRequest, TokenResponse};

use crate::call::Call;
use crate::client_auth::{self, AuthenticatedClient};
use crate::refusal::{Reason, Refusal};
use crate::{answer, authorization_code, client_credentials, cors, form, refresh_token};

const ENDPOINT: &str = "token";

/// The endpoint.
pub(crate) async fn post(call: Call, body: Body) -> Response {
    let params = match form::body(&call, body).await {
        Ok(params) => params,
        Err(reason) => return answer::refused(&call, ENDPOINT, None, &reason.into()),
    };
    let client = match client_auth::authenticate(&call, &params).await {
        Ok(client) => client,
        Err(failed) => {
            let response = answer::unauthenticated(&call, ENDPOINT, &failed);
            return cors::allow(&call, failed.client.as_deref(), response);
        }
    };
    let outcome = match TokenRequest::parse(&params) {
        Ok(request) => grant(&call, &client, &request).await,
        Err(error) => Err(error.into()),
    };
    let response = match outcome {
        Ok(tokens) => answer::json(StatusCode::OK, &tokens),
        Err(refusal) => answer::refused(&call, ENDPOINT, Some(&client.id), &refusal),
    };
    cors::allow(&call, Some(&client), response)
}

async fn grant(
    call: &Call,
    client: &AuthenticatedClient,
    request: &TokenRequest,
) -> Result<TokenResponse, Refusal> {
    registered(client, request.grant_type())?;
    match request {
        TokenRequest::AuthorizationCode(request) => {
            authorization_code::redeem(call, client, request).await
        }
        TokenRequest::RefreshToken(request) => refresh_token::refresh(call, client, request).await,
        TokenRequest::ClientCredentials(request) => {
            client_credentials::issue(call, client, request).await
        }
    }
}

fn registered(client: &AuthenticatedClient, grant: GrantType) -> Result<(), Reason> {
    if crate::granting::rules::allows_grant(client, grant) {
        Ok(())
    } else {
        Err(Reason::GrantTypeNotRegistered)
    }
}
