//! `grant_type=refresh_token` (RFC 6749 §6), and what ends a family.
//!
//! 1. The token names its family and its number; a MAC proves that we made it. 2. The family is read. 3. `rules.rs` decides. 4. The person is
//!    read. 5. The tokens are signed. 6. One guarded update makes the next number the live one; whoever loses that race reads again and gets the
//!    same successor.

pub mod rules;
pub(crate) mod sql;

use std::borrow::Cow;

use db::{Batch, params};
use identity::Person;
use identity::people::{self, Change, Changed};
use oauth::claims::Confirmation;
use oauth::claims_request::ClaimsRequest;
use oauth::token::{RefreshToken, TokenResponse};
use realm::{Client, Event, Mark, Realm};

use self::rules::{Bound, Decision, Family, Lifetimes};
use crate::call::Call;
use crate::client_auth::AuthenticatedClient;
use crate::commit::TRIES;
use crate::credential;
use crate::granting::authorization_details as details;
use crate::granting::rules::{Granted, Target, Terms, claims, left, target};
use crate::refusal::{Reason, Refusal};
use crate::tokens::access_token::{self, Authentication, Bearer, of_grant};
use crate::tokens::released::{self, About};
use crate::tokens::{id_token, refresh_token};
use realm::resources::Place;

/// Uses a refresh token.
pub(crate) async fn refresh(
    call: &Call,
    client: &AuthenticatedClient,
    request: &RefreshToken,
) -> Result<TokenResponse, Refusal> {
    let realm = &call.realm;
    let Some((id, counter)) = refresh_token::read(realm, &request.refresh_token) else {
        call.server.guesses.failed(call, &client.id);
        return Err(Reason::RefreshUnknown.into());
    };
    let own = client.lifetimes(&realm.settings());
    let lifetimes = Lifetimes {
        idle: own.refresh_idle,
        grace: own.refresh_grace,
        rotates: client.profile(&realm.settings()).rotates_refresh_tokens(),
    };
    for _ in 0..TRIES {
        let family = sql::find(realm, &id).await?.ok_or(Reason::RefreshUnknown)?;
        let decision = rules::decide(&family, &client.id, counter, lifetimes, call.now())?;
        let client = &*certified(call, client, &family);
        let held = if rules::is_nobodys(&family, !client.is_public()) {
            Err(Reason::RefreshBound)
        } else {
            rules::check_holder(&family, client.refreshes_with(), client.confirmation())
        };
        // Whoever authenticates shows that it is not a copy until the token is old.
        let told = held == Err(Reason::RefreshBound) || decision == Decision::Revoke;
        let copied = held.is_err() && told && rules::was_unbound(&family, counter);
        if !copied {
            held?;
        }
        if copied || decision == Decision::Revoke {
            return Err(replayed(call, client, &family, counter).await?);
        }
        if let Some(tokens) = attempt(call, client, request, &family, decision).await? {
            return Ok(tokens);
        }
    }
    Err(Reason::Contended.into())
}

/// The client, bound to its certificate too where its grant is, whatever its registration says by now.
fn certified<'a>(
    call: &Call,
    client: &'a AuthenticatedClient,
    family: &Family,
) -> Cow<'a, AuthenticatedClient> {
    let named = family.confirmation.as_ref();
    let wanted = family.bound == Some(Bound::Certificate)
        || named.is_some_and(|confirmation| confirmation.x5t_s256.is_some());
    let certified = wanted.then(|| client.certified(call)).flatten();
    certified.map_or(Cow::Borrowed(client), Cow::Owned)
}

/// Issues the tokens; `None` when the family changed meanwhile.
async fn attempt(
    call: &Call,
    client: &AuthenticatedClient,
    request: &RefreshToken,
    family: &Family,
    decision: Decision,
) -> Result<Option<TokenResponse>, Refusal> {
    let realm = &call.realm;
    let person = check_grant(call, client, family).await?;
    let catalogue = realm.catalogue().await?;
    // A person who left a group, or a client whose registration shrank, does not keep what came with it.
    let (facts, whole) = (person.facts(), family.details.as_ref());
    let whole = details::still_grantable(whole, &facts, (client, &catalogue));
    let terms = Terms {
        scope: family.scope.clone(),
        resources: family.resources.clone(),
    };
    let left = left(&terms, whole.as_ref(), Some(&facts), (client, &catalogue))
        // RFC 6749 §5.2 has no access_denied.
        .map_err(|_| Reason::ScopeNotGrantable)?;
    let asked = rules::narrow(&family.scope, request.scope.as_ref())?;
    let scope = asked.intersection(&left.scope);
    if scope.is_empty() && !asked.is_empty() {
        return Err(Reason::ScopeNotGrantable.into());
    }
    let granted = Granted {
        scope: &scope,
        resources: &left.resources,
        named: &request.resource,
    };
    let lifetimes = client.lifetimes(&realm.settings());
    let target = target(&granted, realm.issuer(), &catalogue, &lifetimes)?
        .permitted(client.profile(&realm.settings()))?;
    let (claims, _) = claims(family.claims.as_ref(), (&facts, client), &catalogue);
    let mut target = target.telling(claims.as_ref(), realm.issuer());
    let asked = request.authorization_details.as_ref();
    details::narrow(&mut target, whole.as_ref(), asked, &catalogue)?;
    let about = About {
        client,
        person: &person,
        scope: &target.scope,
    };
    target.released = released::claims(realm, &catalogue, about, Place::AccessToken);
    let counter = match decision {
        Decision::Rotate { to, .. } => to,
        Decision::Repeat | Decision::Revoke => family.counter,
    };
    let issue = (&target, counter);
    let whose = (family, &person, claims.as_ref());
    let tokens = tokens(call, client, whose, issue).await?;
    if let Decision::Rotate {
        to,
        idle_expires_at,
    } = decision
    {
        let mut batch = client.batch(realm);
        let confirmation = client.confirmation();
        let kept = (bound_to(client, confirmation), Bound::by(confirmation));
        let values = sql::rotate(realm, family, (to, idle_expires_at), kept);
        batch.expect(&sql::ROTATE_FAMILY, values, 1);
        if client.commit(realm, batch).await?.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(tokens))
}

/// Whether what the family stands for still holds.
async fn check_grant(call: &Call, client: &Client, family: &Family) -> Result<Person, Refusal> {
    let realm = &call.realm;
    // A client that got the identifier of one that was removed inherits nothing, nor does one that is switched on again.
    if family.created_at < client.created_at || family.created_at <= client.revoked_at {
        return Err(Reason::GrantRevoked.into());
    }
    let mut marks = of_grant(&family.id, &family.person, &family.client).to_vec();
    marks.push(Mark::Client(&family.client));
    if let (Some(session), false) = (&family.session, family.offline) {
        marks.push(Mark::Session(session));
    }
    if realm
        .revocations()
        .is_any_revoked(&marks, family.created_at)
    {
        return Err(Reason::GrantRevoked.into());
    }
    match identity::people::find(realm, &family.person).await? {
        Some(person) if !person.disabled && family.created_at > person.signed_out_at => Ok(person),
        _ => Err(Reason::PersonGone.into()),
    }
}

async fn tokens(
    call: &Call,
    client: &AuthenticatedClient,
    (family, person, claims): (&Family, &Person, Option<&ClaimsRequest>),
    (target, counter): (&Target, i64),
) -> Result<TokenResponse, Refusal> {
    let (realm, now) = (&call.realm, call.now());
    let authentication = Authentication {
        time: family.auth_time,
        acr: family.acr.as_deref(),
        amr: &family.amr,
    };
    let session = family.session.as_deref().filter(|_| !family.offline);
    let bearer = Bearer::Person {
        id: &family.person,
        grant: &family.id,
        session,
        authentication,
    };
    let access_token = access_token::mint(realm, client.holder(), bearer, target, now).await?;
    let id_token = if target.scope.contains("openid") {
        let about = About {
            client,
            person,
            scope: &target.scope,
        };
        let catalogue = realm.catalogue().await?;
        let told = id_token::told(realm, &catalogue, about, claims);
        let content = id_token::Content {
            person: &family.person,
            authentication,
            grant: &family.id,
            // The same `sid` as in the first ID token, while the session is what the grant ends with.
            session,
            nonce: None,
            told: told.as_ref(),
            access_token: &access_token,
            lifetime: client.lifetimes(&realm.settings()).id_token,
        };
        Some(id_token::mint(realm, client, &content, now).await?)
    } else {
        None
    };
    let mut response = client.holder().response(access_token, target.lifetime);
    response.scope = (!target.scope.is_empty()).then(|| target.scope.clone());
    response.authorization_details =
        credential::identified(realm, &family.person, target.details.as_ref());
    response.refresh_token = Some(text(realm, family, counter));
    response.id_token = id_token;
    Ok(response)
}

/// The text of a family's token.
pub(crate) fn text(realm: &Realm, family: &Family, counter: i64) -> String {
    refresh_token::make(realm, &family.id, counter)
}

/// What the refresh tokens of a client are bound to: a public client's to what it proves, as it can prove nothing else (RFC 9449 §5, RFC 8705 §4); a
/// confidential client's to the client, which may change its key but not do without one ([`Family::bound`], docs/adr/0022-bound-stays-bound.md).
pub(crate) fn bound_to(
    client: &Client,
    confirmation: Option<&Confirmation>,
) -> Option<Confirmation> {
    confirmation.filter(|_| client.is_public()).cloned()
}

/// Begins a family.
pub(crate) fn begin(realm: &Realm, batch: &mut Batch, family: &Family) {
    batch.run(&sql::BEGIN_FAMILY, sql::begin(realm.name(), family));
}

/// Revokes a grant: its family of refresh tokens, if it has one, and every access token of it. To be the last thing in the batch, as what follows
/// would run while the change log is held.
pub(crate) fn revoke_grant(realm: &Realm, batch: &mut Batch, grant: &str, now: i64) {
    batch.run(&sql::REVOKE_FAMILY, params![realm.name(), grant, now]);
    realm.revocations().revoke(batch, Mark::Grant(grant));
}

/// Revokes all that a person allowed a client.
pub(crate) fn revoke_consent(
    realm: &Realm,
    batch: &mut Batch,
    (person, client): (&str, &str),
    now: i64,
) {
    batch.run(
        &sql::REVOKE_FAMILIES_OF_CONSENT,
        params![realm.name(), person, client, now],
    );
    realm
        .revocations()
        .revoke(batch, Mark::Consent { person, client });
}

/// The living family behind a refresh token, for introspection; whatever its number, only the live token and, within the grace, the preceding one
/// count.
pub(crate) async fn living(
    call: &Call,
    client: &AuthenticatedClient,
    token: &str,
) -> Result<Option<Family>, Refusal> {
    let realm = &call.realm;
    let Some((id, counter)) = refresh_token::read(realm, token) else {
        return Ok(None);
    };
    let Some(family) = sql::find(realm, &id).await? else {
        return Ok(None);
    };
    let own = client.lifetimes(&realm.settings());
    let lifetimes = Lifetimes {
        idle: own.refresh_idle,
        grace: own.refresh_grace,
        rotates: client.profile(&realm.settings()).rotates_refresh_tokens(),
    };
    let lives = matches!(
        rules::decide(&family, &client.id, counter, lifetimes, call.now()),
        Ok(Decision::Rotate { .. } | Decision::Repeat)
    );
    if !lives {
        return Ok(None);
    }
    match check_grant(call, client, &family).await {
        Ok(_) => Ok(Some(family)),
        Err(Refusal::Because(_)) => Ok(None),
        Err(failed) => Err(failed),
    }
}

/// An old token came back: somebody copied it, and nobody can say who is the copy (RFC 9700 §4.14.2).
async fn replayed(
    call: &Call,
    client: &AuthenticatedClient,
    family: &Family,
    counter: i64,
) -> Result<Refusal, Refusal> {
    let detail = serde_json::json!({
        "grant": family.id, "presented": counter, "live": family.counter,
    });
    let event = event(call, "refresh_token.replayed", family, detail);
    let realm = &call.realm;
    let mut batch = client.refusal(realm);
    let copied = Changed::new(realm, (&family.person, None), Change::RefreshToken);
    people::tell(realm, &mut batch, &copied);
    let why = (event, "an old refresh token came back");
    end_grant_with(call, client, (&family.id, batch), why).await?;
    Ok(Reason::RefreshReplayed.into())
}

/// Ends a grant because what had been used up came back, which the event says for the audit and `what` for the log.
pub(crate) async fn end_grant(
    call: &Call,
    client: &AuthenticatedClient,
    grant: &str,
    why: (Event, &str),
) -> Result<(), Refusal> {
    let batch = client.refusal(&call.realm);
    end_grant_with(call, client, (grant, batch), why).await
}

/// The same, with what else is in the batch.
async fn end_grant_with(
    call: &Call,
    client: &AuthenticatedClient,
    (grant, mut batch): (&str, Batch),
    (event, what): (Event, &str),
) -> Result<(), Refusal> {
    let realm = &call.realm;
    realm.record(&mut batch, event);
    revoke_grant(realm, &mut batch, grant, call.now());
    client.commit(realm, batch).await?;
    tracing::warn!(
        realm = realm.name(),
        client = client.id,
        grant,
        "{what}: its grant is revoked"
    );
    Ok(())
}

/// An event about a family.
pub(crate) fn event(
    call: &Call,
    kind: &'static str,
    family: &Family,
    detail: serde_json::Value,
) -> Event {
    call.event(kind, Some(&family.person), &family.client)
        .detail(detail)
}
