//! Who may exchange which token for what (RFC 8693 §1.1, §2.1, §4). Pure: what is presented has been verified.

use oauth::Scope;
use oauth::authorization_details::AuthorizationDetails;
use oauth::claims::{Confirmation, Origin};
use oauth::token_exchange::{Actors, Party, TokenExchange, may_act};
use realm::{Catalogue, Client, PersonFacts, ScopeOwner};
use serde_json::Value;

use crate::granting::authorization_details as details;
use crate::granting::rules::{Target, Terms, is_identity_scope};
use crate::refresh_token::rules::Bound;
use crate::refusal::{Reason, Refusal};

/// How many tokens a token remembers that it was exchanged from.
pub const MOST_ORIGINS: usize = 16;

/// How somebody signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedIn {
    /// When (unix seconds).
    pub time: Option<i64>,
    /// How strongly.
    pub acr: Option<String>,
    /// By which methods.
    pub amr: Vec<String>,
}

/// What a token that was handed in says, once it was verified.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Presented {
    /// Whom it is about, by our identifier: a person's or a client's.
    pub sub: String,
    /// How the new token names them as who acts, if not by that.
    pub shown_as: Option<String>,
    /// Who issued it.
    pub issuer: String,
    /// Whether it is about a person.
    pub is_person: bool,
    /// Whom it is about, as another issuer than us names them.
    pub as_said: Option<Party>,
    /// The client it was issued to.
    pub client: Option<String>,
    /// Whom it is for.
    pub audience: Vec<String>,
    /// What it permits; an ID token counts as `openid`.
    pub scope: Scope,
    /// What it permits in particular (RFC 9396).
    pub details: Option<AuthorizationDetails>,
    /// What it is bound to.
    pub confirmation: Option<Confirmation>,
    /// Whether what comes of it is bound, to whatever its client has by then.
    pub is_bound: bool,
    /// Who acts for its subject.
    pub actors: Actors,
    /// Who may act for its subject, as it says.
    pub may_act: Option<Value>,
    /// Whether whoever vouches for it lets this client hand it in, whomever it was issued to.
    pub is_entrusted: bool,
    /// The only resources that it may be exchanged for, if whoever vouches for it says so.
    pub only_resources: Vec<String>,
    /// When it expires (unix seconds).
    pub expires_at: i64,
    /// The grant it comes from.
    pub grant_id: Option<String>,
    /// The session it ends with.
    pub session: Option<String>,
    /// How its subject signed in.
    pub signed_in: SignedIn,
    /// The tokens it was exchanged from, itself included.
    pub origins: Vec<Origin>,
}

/// What the new token says about who is involved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Admitted {
    /// Who acts for the subject.
    pub actors: Actors,
    /// Who may act with the new token: whoever might before.
    pub may_act: Option<Value>,
    /// When it must have expired (unix seconds).
    pub expires_at: i64,
    /// What it was exchanged from.
    pub origins: Vec<Origin>,
}

/// Decides whether a client may exchange what it presents, and who acts then. `issuer` is ours, `proven` what the request proves to have.
///
/// # Errors
/// The reason why not.
pub fn admit(
    client: &Client,
    subject: &Presented,
    actor: Option<&Presented>,
    issuer: &str,
    proven: Option<&Confirmation>,
) -> Result<Admitted, Reason> {
    entitled(client, subject)?;
    bound(client, subject, proven)?;
    if let Some(actor) = actor {
        check_actor(client, actor, proven)?;
    }
    let acting = match actor {
        Some(actor) => Party {
            sub: Some(actor.sub.clone()),
            iss: Some(issuer.to_owned()),
            client_id: actor.client.clone(),
        },
        None => Party {
            sub: Some(client.id.clone()),
            iss: Some(issuer.to_owned()),
            client_id: Some(client.id.clone()),
        },
    };
    // Whoever wrote `may_act` may have named the actor as we do, or as the actor's own issuer does.
    let named = |party: &Party| may_act(subject.may_act.as_ref(), &subject.issuer, party);
    let as_said = actor.and_then(|actor| actor.as_said.as_ref());
    if !named(&acting) && !as_said.is_some_and(named) {
        return Err(Reason::ActorNotAllowed);
    }
    // A client that uses what it was given itself is no further party.
    let silent =
        actor.is_none() && (is_own(client, subject) || client.token_exchange.impersonation);
    let shown_as = actor.and_then(|actor| actor.shown_as.clone());
    let actors = if silent {
        subject.actors.clone()
    } else {
        join(&subject.actors, shown_as.or(acting.sub))?
    };
    let mut origins = subject.origins.clone();
    origins.extend(actor.iter().flat_map(|actor| actor.origins.clone()));
    if origins.len() > MOST_ORIGINS {
        return Err(Reason::TooManyActors);
    }
    Ok(Admitted {
        actors,
        may_act: subject.may_act.clone(),
        expires_at: actor.map_or(subject.expires_at, |actor| {
            actor.expires_at.min(subject.expires_at)
        }),
        origins,
    })
}

fn is_own(client: &Client, presented: &Presented) -> bool {
    presented.client.as_deref() == Some(client.id.as_str())
}

/// Whether the token is this client's business: otherwise one that was stolen, or sent to the wrong place, would be worth something here (confused deputy).
fn entitled(client: &Client, subject: &Presented) -> Result<(), Reason> {
    let for_us = subject
        .audience
        .iter()
        .any(|audience| client.introspects.contains(audience));
    let named = subject
        .client
        .as_ref()
        .is_some_and(|from| client.token_exchange.subject_clients.contains(from));
    if is_own(client, subject) || for_us || named || subject.is_entrusted {
        Ok(())
    } else {
        Err(Reason::SubjectOfAnother)
    }
}

/// A token that is bound stays bound: to what it was bound to, or where the policy allows it to what the request proves.
fn bound(
    client: &Client,
    subject: &Presented,
    proven: Option<&Confirmation>,
) -> Result<(), Reason> {
    let Some(confirmation) = &subject.confirmation else {
        let falls = subject.is_bound && Bound::by(proven).is_none();
        return if falls {
            Err(Reason::SubjectBound)
        } else {
            Ok(())
        };
    };
    let rebound = client.token_exchange.rebinding && proven.is_some();
    if confirmation.is_met_by(proven) || rebound {
        Ok(())
    } else {
        Err(Reason::SubjectBound)
    }
}

fn check_actor(
    client: &Client,
    actor: &Presented,
    proven: Option<&Confirmation>,
) -> Result<(), Reason> {
    if !is_own(client, actor) && !actor.is_entrusted {
        return Err(Reason::ActorOfAnother);
    }
    if !actor.actors.is_empty() {
        return Err(Reason::ActorDelegated);
    }
    match &actor.confirmation {
        Some(bound) if !bound.is_met_by(proven) => Err(Reason::ActorBound),
        _ => Ok(()),
    }
}

/// The chain with a party of ours in front, unless it acts already.
fn join(actors: &Actors, sub: Option<String>) -> Result<Actors, Reason> {
    let written = Party {
        sub,
        ..Party::default()
    };
    if actors.as_slice().first() == Some(&written) {
        return Ok(actors.clone());
    }
    actors
        .preceded_by(written)
        .map_err(|_| Reason::TooManyActors)
}

/// What the new token is for: never more than the subject's token carries and the client's policy gives for that.
///
/// # Errors
/// `invalid_scope` or `invalid_target`.
pub fn terms(
    client: &Client,
    subject: &Presented,
    request: &TokenExchange,
    catalogue: &Catalogue,
) -> Result<Terms, Reason> {
    let policy = &client.token_exchange;
    let mut named: Vec<String> = Vec::new();
    for id in request.resource.iter().chain(&request.audience) {
        let resource = catalogue.resource(id).ok_or(Reason::ResourceUnknown)?;
        if !named.contains(&resource.id) {
            named.push(resource.id.clone());
        }
    }
    // Without a name: wherever the token that was handed in may go.
    let within: Vec<String> = if named.is_empty() && request.scope.is_none() {
        let known = |id: &&String| catalogue.resource(id).is_some();
        subject.audience.iter().filter(known).cloned().collect()
    } else {
        named.clone()
    };
    let owner = |token: &str| match catalogue.owner_of(token) {
        Some(ScopeOwner::Resource(resource)) => Some(resource.id.clone()),
        _ => None,
    };
    let meant = |token: &str| {
        is_identity_scope(token) || within.is_empty() || {
            owner(token).is_some_and(|owner| within.contains(&owner))
        }
    };
    // What outlives the person's presence is not had this way.
    let given = |token: &str| {
        token != "offline_access" && meant(token) && policy.gives(token, &subject.scope)
    };
    let scope = match &request.scope {
        Some(asked) => {
            let scope = asked.filter(given);
            if scope.len() < asked.len() {
                return Err(Reason::ScopeExceedsGrant);
            }
            scope
        }
        None => offered(subject, &named, catalogue).filter(given),
    };
    let resources = if within.is_empty() {
        let mut owners: Vec<String> = Vec::new();
        for id in scope.iter().filter_map(owner) {
            if !owners.contains(&id) {
                owners.push(id);
            }
        }
        if owners.len() > 1 {
            return Err(Reason::ScopeAmbiguous);
        }
        owners
    } else {
        within
    };
    // An API may ask for nothing but its name in the audience: that too must have been given.
    let reachable = |id: &String| {
        subject.audience.contains(id) || scope.iter().any(|token| owner(token).as_ref() == Some(id))
    };
    let within_rule =
        |id: &String| subject.only_resources.is_empty() || subject.only_resources.contains(id);
    if !resources.iter().all(within_rule) {
        return Err(Reason::ExchangeNotAllowed);
    }
    if !resources.iter().all(reachable) || (resources.is_empty() && scope.is_empty()) {
        return Err(Reason::ExchangeNotAllowed);
    }
    Ok(Terms { scope, resources })
}

/// Writes into the target which details of the subject's token the new one carries: those of its resources, or fewer that are `asked` for. Nothing that is said in
/// particular there is left out silently, as the scope beside it might then permit more than it did: the client must be registered for each type, and the type's
/// rule must allow it.
///
/// # Errors
/// `invalid_authorization_details`.
pub fn carry(
    target: &mut Target,
    (subject, person): (&Presented, Option<&PersonFacts>),
    asked: Option<&AuthorizationDetails>,
    (client, catalogue): (&Client, &Catalogue),
) -> Result<(), Refusal> {
    details::narrow(target, subject.details.as_ref(), asked, catalogue)?;
    details::grantable(target.details.as_ref(), person, (client, catalogue))
        .map_err(|_| Reason::DetailsNotCarried.into())
}

/// Everything that could be had: of the resources that are named their scopes, else what the token carries.
fn offered(subject: &Presented, named: &[String], catalogue: &Catalogue) -> Scope {
    if named.is_empty() {
        return subject.scope.clone();
    }
    let theirs = named
        .iter()
        .filter_map(|id| catalogue.resource(id))
        .flat_map(|resource| resource.scopes.iter().map(|scope| scope.name.as_str()));
    Scope::of(theirs).unwrap_or_default()
}

#[cfg(test)]
mod tests;
