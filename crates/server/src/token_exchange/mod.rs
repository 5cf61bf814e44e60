//! `grant_type=urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693).
//!
//! 1. Each token that is handed in is verified; whoever it is about must still be there. 2. `rules.rs` says whether this client may exchange it, who acts
//!    then, and for what. 3. The token is signed, and the audit says so in one commit. Revoking whatever it was exchanged from revokes it.

mod foreign;
mod id_jag;
mod presented;
pub mod rules;

use identity::Person;
use oauth::claims::AccessToken;
use oauth::token::TokenResponse;
use oauth::token_exchange::{TokenExchange, TokenType};
use realm::TokenFormat;
use realm::resources::Place;

use self::presented::Read;
use self::rules::{Admitted, Presented};
use crate::call::Call;
use crate::client_auth::AuthenticatedClient;
use crate::granting::rules::{Granted, Target, Terms, grantable, target};
use crate::refusal::{Reason, Refusal};
use crate::tokens::access_token;
use crate::tokens::released::{self, About};

/// Exchanges a token.
pub(crate) async fn exchange(
    call: &Call,
    client: &AuthenticatedClient,
    request: &TokenExchange,
) -> Result<TokenResponse, Refusal> {
    let subject = presented::read(call, client, &request.subject, Reason::SubjectInvalid).await?;
    let actor = match &request.actor {
        Some(actor) => Some(presented::read(call, client, actor, Reason::ActorInvalid).await?),
        None => None,
    };
    let admitted = rules::admit(
        client,
        &subject.presented,
        actor.as_ref().map(|actor| &actor.presented),
        call.realm.issuer(),
        client.confirmation(),
    )?;
    match request.requested {
        TokenType::AccessToken | TokenType::Jwt => {
            access(call, client, request, (&subject, &admitted)).await
        }
        TokenType::IdJag => id_jag::issue(call, client, request, (&subject, &admitted)).await,
        TokenType::RefreshToken | TokenType::IdToken => Err(Reason::TokenTypeNotIssued.into()),
    }
}

/// Issues an access token.
async fn access(
    call: &Call,
    client: &AuthenticatedClient,
    request: &TokenExchange,
    (subject, admitted): (&Read, &Admitted),
) -> Result<TokenResponse, Refusal> {
    let (realm, now) = (&call.realm, call.now());
    let catalogue = realm.catalogue().await?;
    let terms = rules::terms(client, &subject.presented, request, &catalogue)?;
    let facts = subject.person.as_ref().map(Person::facts);
    let scope = grantable(&terms, facts.as_ref(), client, &catalogue)
        // RFC 6749 §5.2 has no access_denied.
        .map_err(|_| Reason::ScopeNotGrantable)?;
    let Terms { resources, .. } = terms;
    let granted = Granted {
        scope: &scope,
        resources: &resources,
        named: &[],
    };
    let lifetimes = client.lifetimes(&realm.settings());
    let mut target = target(&granted, realm.issuer(), &catalogue, &lifetimes)?
        .permitted(client.profile(&realm.settings()))?;
    target.lifetime = target.lifetime.min(admitted.expires_at.saturating_sub(now));
    if target.lifetime <= 0 {
        return Err(Reason::SubjectInvalid.into());
    }
    if request.requested == TokenType::Jwt && target.format != TokenFormat::Jwt {
        return Err(Reason::TokenTypeNotIssued.into());
    }
    let asked = request.authorization_details.as_ref();
    let about_whom = (&subject.presented, facts.as_ref());
    rules::carry(&mut target, about_whom, asked, (client, &catalogue))?;
    if let Some(person) = &subject.person {
        let about = About {
            client,
            person,
            scope: &target.scope,
        };
        target.released = released::claims(realm, &catalogue, about, Place::AccessToken);
    }
    let claims = claims(call, client, (&subject.presented, admitted), &target);
    record(call, client, (&claims, &target)).await?;
    let token = access_token::write(realm, client, claims, &target).await?;
    let mut response = client.holder().response(token, target.lifetime);
    response.scope = (!target.scope.is_empty()).then_some(target.scope);
    response.authorization_details = target.details;
    response.issued_token_type = Some(request.requested.as_str().to_owned());
    Ok(response)
}

fn claims(
    call: &Call,
    client: &AuthenticatedClient,
    (subject, admitted): (&Presented, &Admitted),
    target: &Target,
) -> AccessToken {
    let (realm, now) = (&call.realm, call.now());
    let grant = || {
        let own = subject.grant_id.clone();
        own.unwrap_or_else(|| realm.ambient().id())
    };
    AccessToken {
        iss: realm.issuer().to_owned(),
        sub: subject.sub.clone(),
        aud: target.audience.clone().into(),
        exp: now.saturating_add(target.lifetime),
        iat: now,
        jti: realm.ambient().id(),
        client_id: client.id.clone(),
        scope: (!target.scope.is_empty()).then(|| target.scope.clone()),
        auth_time: subject.signed_in.time,
        acr: subject.signed_in.acr.clone(),
        amr: subject.signed_in.amr.clone(),
        sid: subject.session.clone(),
        grant_id: subject.is_person.then(grant),
        act: admitted.actors.to_claim(),
        may_act: admitted.may_act.clone(),
        exchanged_from: admitted.origins.clone(),
        cnf: client.confirmation().cloned(),
        ..AccessToken::default()
    }
}

/// Says in the audit who acts for whom from now on; the commit spends what counts once.
async fn record(
    call: &Call,
    client: &AuthenticatedClient,
    (claims, target): (&AccessToken, &Target),
) -> Result<(), Refusal> {
    let realm = &call.realm;
    let person = claims.grant_id.as_ref().map(|_| claims.sub.as_str());
    let detail = serde_json::json!({
        "sub": claims.sub, "act": claims.act, "aud": claims.aud, "scope": claims.scope, "jti": claims.jti,
        "authorization_details": target.details,
    });
    let event = call
        .event("token.exchanged", person, &client.id)
        .detail(detail);
    let mut batch = client.batch(realm);
    realm.record(&mut batch, event);
    client.commit(realm, batch).await?;
    Ok(())
}
