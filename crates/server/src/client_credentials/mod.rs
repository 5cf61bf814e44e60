//! `grant_type=client_credentials` (RFC 6749 §4.4): a client acts for itself. Nothing is read from the database and nothing is written
//! (but for the proof of a bound token).

pub mod rules;

use oauth::token::{ClientCredentials, TokenResponse};

use crate::call::Call;
use crate::client_auth::AuthenticatedClient;
use crate::granting::authorization_details::narrow;
use crate::granting::rules::{Granted, target};
use crate::refusal::Refusal;
use crate::tokens::access_token::{self, Bearer};

/// Issues an access token to the client itself. There is never a refresh token (§4.4.3).
pub(crate) async fn issue(
    call: &Call,
    client: &AuthenticatedClient,
    request: &ClientCredentials,
) -> Result<TokenResponse, Refusal> {
    let realm = &call.realm;
    let catalogue = realm.catalogue().await?;
    let (scope, resources) = rules::decide(client, request, &catalogue)?;
    let lifetimes = client.lifetimes(&realm.settings());
    let granted = Granted {
        scope: &scope,
        resources: &resources,
        named: &[],
    };
    let mut target = target(&granted, realm.issuer(), &catalogue, &lifetimes)?
        .permitted(client.profile(&realm.settings()))?;
    narrow(
        &mut target,
        request.authorization_details.as_ref(),
        None,
        &catalogue,
    )?;
    let token =
        access_token::mint(realm, client.holder(), Bearer::Client, &target, call.now()).await?;
    let mut response = client.holder().response(token, target.lifetime);
    response.scope = (!target.scope.is_empty()).then_some(target.scope);
    response.authorization_details = target.details;
    Ok(response)
}
