//! Issuing an ID-JAG (draft-ietf-oauth-identity-assertion-authz-grant §4.3): we are the identity provider, and say to another authorization server who a person is.
//! It is for that server alone, and for the client as it is called there.

use jose::jwt;
use oauth::Scope;
use oauth::claims::Audience;
use oauth::jwt_bearer::{ID_JAG, IdJag};
use oauth::token::TokenResponse;
use oauth::token_exchange::{NOT_APPLICABLE, TokenExchange, TokenType};
use realm::clients::IdentityAssertion;

use super::presented::Read;
use super::rules::Admitted;
use crate::call::Call;
use crate::client_auth::AuthenticatedClient;
use crate::refusal::{Reason, Refusal};
use crate::tokens::subject;

/// How long one lives, in seconds: it is handed in at once.
const LIFETIME: i64 = 300;

/// Issues one.
pub(super) async fn issue(
    call: &Call,
    client: &AuthenticatedClient,
    request: &TokenExchange,
    (subject, admitted): (&Read, &Admitted),
) -> Result<TokenResponse, Refusal> {
    let (realm, now) = (&call.realm, call.now());
    if request.authorization_details.is_some() {
        return Err(Reason::DetailsNotOffered.into());
    }
    let (server, scope) = decide(client, request, &subject.presented)?;
    let person = subject.person.as_ref().ok_or(Reason::SubjectInvalid)?;
    let lifetime = LIFETIME.min(admitted.expires_at.saturating_sub(now));
    if lifetime <= 0 {
        return Err(Reason::SubjectInvalid.into());
    }
    let email = person
        .email
        .clone()
        .filter(|_| client.scope.is_empty() || client.scope.contains("email"));
    let signed_in = &subject.presented.signed_in;
    let claims = IdJag {
        iss: realm.issuer().to_owned(),
        sub: subject::of(realm, client, &person.id),
        aud: server.audience.as_str().into(),
        client_id: server.client_id.clone(),
        jti: realm.ambient().id(),
        exp: now.saturating_add(lifetime),
        iat: now,
        resource: Audience::from(request.resource.clone()),
        scope: (!scope.is_empty()).then(|| scope.clone()),
        auth_time: signed_in.time,
        acr: signed_in.acr.clone(),
        amr: signed_in.amr.clone(),
        email_verified: email.as_ref().map(|_| person.email_verified),
        email,
        act: admitted.actors.to_claim(),
        cnf: client.confirmation().cloned(),
    };
    let key = realm.keys().signer(realm.settings().signing_alg).await?;
    let token = jwt::sign(&key, ID_JAG, &claims)?;
    let detail = serde_json::json!({
        "sub": claims.sub, "aud": claims.aud, "client_id": claims.client_id, "scope": claims.scope, "jti": claims.jti,
    });
    let event = call
        .event("id_jag.issued", Some(&person.id), &client.id)
        .detail(detail);
    let mut batch = client.batch(realm);
    realm.record(&mut batch, event);
    client.commit(realm, batch).await?;
    Ok(TokenResponse {
        token_type: NOT_APPLICABLE.to_owned(),
        scope: (!scope.is_empty()).then_some(scope),
        issued_token_type: Some(TokenType::IdJag.as_str().to_owned()),
        ..TokenResponse::bearer(token, lifetime)
    })
}

/// The server that it is for, and what of its scope.
fn decide<'a>(
    client: &'a AuthenticatedClient,
    request: &TokenExchange,
    subject: &super::Presented,
) -> Result<(&'a IdentityAssertion, Scope), Reason> {
    // Who a person is, is said to whom they signed in: by the client's own ID token or refresh token (§4.3).
    let own = subject.client.as_deref() == Some(client.id.as_str());
    let kinds = [TokenType::IdToken, TokenType::RefreshToken];
    if !kinds.contains(&request.subject.kind) || !own || !subject.is_person {
        return Err(Reason::TokenTypeNotIssued);
    }
    let [audience] = request.audience.as_slice() else {
        return Err(Reason::ExchangeNotAllowed);
    };
    let server = client
        .token_exchange
        .identity_assertion(audience)
        .ok_or(Reason::ExchangeNotAllowed)?;
    let scope = match &request.scope {
        Some(asked) if asked.is_subset(&server.scope) => asked.clone(),
        Some(_) => return Err(Reason::ScopeExceedsGrant),
        None => server.scope.clone(),
    };
    if request
        .resource
        .iter()
        .all(|resource| server.resources.contains(resource))
    {
        Ok((server, scope))
    } else {
        Err(Reason::ExchangeNotAllowed)
    }
}
