//! `grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer` (RFC 7521 §4.1, RFC 7523 §2.1): what a trusted issuer signed gives a token. About a client of ours,
//! the client's own; about a person, what the operator's rule lets this client have for them. An ID-JAG is such a text, made for one client.
//!
//! 1. The text is verified (`trust`). 2. `rules.rs` says what it gives. 3. The token is signed. 4. One commit spends the text, which counts once, and tells the audit.

pub mod rules;
pub(crate) mod sql;

use db::params;
use oauth::claims::AccessToken;
use oauth::jwt_bearer::JwtBearer;
use oauth::token::{ClientCredentials, TokenResponse};
use realm::resources::Place;

use self::rules::{HandedIn, Offer};
use crate::call::Call;
use crate::client_auth::{AuthenticatedClient, assertion_hash};
use crate::client_credentials;
use crate::granting::rules::{Asked, Granted, Part, left, target, terms};
use crate::refusal::{Reason, Refusal};
use crate::tokens::access_token;
use crate::tokens::released::{self, About};
use crate::trust::{self, Vouched};

/// Hands in an assertion.
pub(crate) async fn redeem(
    call: &Call,
    client: &AuthenticatedClient,
    request: &JwtBearer,
) -> Result<TokenResponse, Refusal> {
    // It has authenticated the client, and is spent as that.
    if client.is_vouched_for_by(&request.assertion) {
        return own(call, client, request).await;
    }
    let vouched = trust::verify(call, "/token", &request.assertion).await?;
    let vouched = vouched.permitted(client.profile(&call.realm.settings()))?;
    if vouched.client(Some(&client.id)).is_some() {
        spend(call, client, &vouched, None).await?;
        return own(call, client, request).await;
    }
    for_person(call, client, request, &vouched).await
}

/// A token of the client's own, as by its credentials.
async fn own(
    call: &Call,
    client: &AuthenticatedClient,
    request: &JwtBearer,
) -> Result<TokenResponse, Refusal> {
    let request = ClientCredentials {
        scope: request.scope.clone(),
        resource: request.resource.clone(),
        authorization_details: request.authorization_details.clone(),
    };
    client_credentials::issue(call, client, &request).await
}

async fn for_person(
    call: &Call,
    client: &AuthenticatedClient,
    request: &JwtBearer,
    vouched: &Vouched,
) -> Result<TokenResponse, Refusal> {
    let (realm, now) = (&call.realm, call.now());
    // Nobody is asked here, and rules give scopes. What the text itself says in particular must not be lost on the way to a token that permits more.
    if request.authorization_details.is_some()
        || vouched.claims.contains_key("authorization_details")
    {
        return Err(Reason::DetailsNotOffered.into());
    }
    let confirmation = vouched.confirmation()?;
    let handed = HandedIn {
        kind: vouched.kind,
        issuer: vouched.issuer(),
        claims: &vouched.claims,
        confirmation: confirmation.as_ref(),
    };
    let rules = vouched.rules();
    let circumstances = (realm.issuer(), client.confirmation());
    let offer: Offer<'_> = rules::decide(client, &handed, &rules, request, circumstances)?;
    let person = trust::find_person(call, vouched, offer.person).await?;
    let catalogue = realm.catalogue().await?;
    let asked = Asked {
        scope: Some(&offer.scope),
        resources: &offer.resources,
        details: None,
        person: Part::Silent,
    };
    let terms = terms(&asked, client, &catalogue)?;
    let left = left(&terms, None, Some(&person.facts()), (client, &catalogue))
        // RFC 6749 §5.2 has no access_denied.
        .map_err(|_| Reason::ScopeNotGrantable)?;
    let granted = Granted {
        scope: &left.scope,
        resources: &left.resources,
        named: &[],
    };
    let lifetimes = client.lifetimes(&realm.settings());
    let mut target = target(&granted, realm.issuer(), &catalogue, &lifetimes)?
        .permitted(client.profile(&realm.settings()))?;
    let about = About {
        client,
        person: &person,
        scope: &target.scope,
    };
    target.released = released::claims(realm, &catalogue, about, Place::AccessToken);
    let seconds = |name: &str| vouched.claims.get(name).and_then(serde_json::Value::as_i64);
    let claims = AccessToken {
        iss: realm.issuer().to_owned(),
        sub: person.id.clone(),
        aud: target.audience.clone().into(),
        exp: now.saturating_add(target.lifetime),
        iat: now,
        jti: realm.ambient().id(),
        client_id: client.id.clone(),
        scope: (!target.scope.is_empty()).then(|| target.scope.clone()),
        auth_time: seconds("auth_time"),
        // By which its end can be said (docs/adr/0003-revocation-is-a-mark.md).
        grant_id: Some(realm.ambient().id()),
        act: vouched.actors()?.to_claim(),
        may_act: client
            .may_act
            .as_ref()
            .map(|party| serde_json::json!(party)),
        cnf: client.confirmation().cloned(),
        ..AccessToken::default()
    };
    let token = access_token::write(realm, client, claims.clone(), &target).await?;
    spend(call, client, vouched, Some(&claims)).await?;
    let mut response = client.holder().response(token, target.lifetime);
    response.scope = (!target.scope.is_empty()).then_some(target.scope);
    Ok(response)
}

/// Spends the text, if it counts once, and says in the audit what it gave for whom.
async fn spend(
    call: &Call,
    client: &AuthenticatedClient,
    vouched: &Vouched,
    claims: Option<&AccessToken>,
) -> Result<(), Refusal> {
    let realm = &call.realm;
    let mut batch = client.batch(realm);
    if let Some((who, jti, until)) = vouched.once() {
        let (hash, keep_until) = assertion_hash(&who, &jti, until);
        batch.run(&sql::SPEND_GRANT, params![realm.name(), hash, keep_until]);
    }
    if let Some(claims) = claims {
        let detail = serde_json::json!({
            "issuer": vouched.issuer(), "subject": vouched.accepted.sub, "grant": claims.grant_id, "scope": claims.scope,
        });
        let event = call
            .event("jwt_bearer.redeemed", Some(&claims.sub), &client.id)
            .detail(detail);
        realm.record(&mut batch, event);
    }
    match client.commit(realm, batch).await? {
        Some(_) => Ok(()),
        // The row was there: nothing else in the batch can fail.
        None => Err(Reason::AssertionReplayed.into()),
    }
}
