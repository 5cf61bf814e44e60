//! `POST /token` (RFC 6749 §3.2). Answers JSON whatever the caller accepts.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use oauth::Params;
use oauth::token::{GrantType, TokenRequest, TokenResponse};

use crate::call::Call;
use crate::client_auth::{AuthenticatedClient, Endpoint, Envelope, proof};
use crate::refusal::{Reason, Refusal};
use crate::{
    answer, authorization_code, ciba, client_credentials, device_code, jwt_bearer, password,
    pre_authorized_code, refresh_token, token_exchange,
};

const ENDPOINT: Endpoint = Endpoint {
    name: "token",
    path: "/token",
    for_scripts: true,
};

/// The endpoint.
pub(crate) async fn post(call: Call, body: Body) -> Response {
    let (params, mut client) = match ENDPOINT.admit(&call, body).await {
        Ok(admitted) => admitted,
        Err(refused) => return *refused,
    };
    let outcome = match bind(&call, &mut client) {
        Ok(()) => asked(&call, &client, &params).await,
        Err(refusal) => Err(refusal),
    };
    if outcome.is_ok() {
        call.realm.used(&client);
    }
    let fulfilled = |tokens: &TokenResponse| answer::json(StatusCode::OK, tokens);
    let mut response = ENDPOINT.answer(&call, &client, outcome, fulfilled).await;
    proof::offer(&call, &client, &mut response);
    response
}

/// Binds what the client gets to what it proves to have.
fn bind(call: &Call, client: &mut AuthenticatedClient) -> Result<(), Refusal> {
    proof::bind(call, ENDPOINT.path, client)?;
    Ok(client.bind_certificate(call)?)
}

async fn asked(
    call: &Call,
    client: &AuthenticatedClient,
    params: &Params,
) -> Result<TokenResponse, Refusal> {
    let request = TokenRequest::parse(params)?;
    if client.openid.id_token_encryption().is_none() {
        return grant(call, client, &request).await;
    }
    Box::pin(sealed(call, client, &request)).await
}

/// The same for a client whose ID tokens are encrypted. What encrypts them is there before anything is used up.
async fn sealed(
    call: &Call,
    client: &AuthenticatedClient,
    request: &TokenRequest,
) -> Result<TokenResponse, Refusal> {
    let alone = [
        GrantType::ClientCredentials,
        GrantType::TokenExchange,
        GrantType::JwtBearer,
    ];
    if alone.contains(&request.grant_type()) {
        return grant(call, client, request).await;
    }
    let keys = &call.server.remote_keys;
    let envelope = Envelope::of_id_tokens(keys, &call.realm, client).await?;
    let mut tokens = grant(call, client, request).await?;
    if let (Some(envelope), Some(jwt)) = (&envelope, &tokens.id_token) {
        tokens.id_token = Some(envelope.seal(jwt)?);
    }
    Ok(tokens)
}

async fn grant(
    call: &Call,
    client: &AuthenticatedClient,
    request: &TokenRequest,
) -> Result<TokenResponse, Refusal> {
    if let TokenRequest::Password(request) = request {
        return Box::pin(password::issue(call, client, request)).await;
    }
    if let TokenRequest::PreAuthorizedCode(request) = request {
        return Box::pin(pre_authorized_code::redeem(call, client, request)).await;
    }
    client.check_registered(request.grant_type())?;
    // The large ones apart, so that the small one does not pay for moving a future of their size.
    match request {
        TokenRequest::AuthorizationCode(request) => {
            Box::pin(authorization_code::redeem(call, client, request)).await
        }
        TokenRequest::RefreshToken(request) => {
            Box::pin(refresh_token::refresh(call, client, request)).await
        }
        TokenRequest::ClientCredentials(request) => {
            client_credentials::issue(call, client, request).await
        }
        TokenRequest::Ciba(request) => Box::pin(ciba::poll(call, client, request)).await,
        TokenRequest::DeviceCode(request) => {
            Box::pin(device_code::poll(call, client, request)).await
        }
        TokenRequest::TokenExchange(request) => {
            Box::pin(token_exchange::exchange(call, client, request)).await
        }
        TokenRequest::JwtBearer(request) => {
            Box::pin(jwt_bearer::redeem(call, client, request)).await
        }
        TokenRequest::Password(_) | TokenRequest::PreAuthorizedCode(_) => {
            Err(Reason::GrantTypeNotRegistered.into())
        }
    }
}
