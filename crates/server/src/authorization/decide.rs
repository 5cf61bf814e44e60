//! Loads what the decision needs and makes it: one read of the session, one of the consent.

use identity::methods::Method;
use identity::{Person, Session, session};
use oauth::Scope;
use oauth::authorization::Prompt;
use oauth::authorization_details::AuthorizationDetails;
use oauth::claims_request::ClaimsRequest;

use super::request::{Checked, Stop, Travelled};
use super::rules::{self, Asked, SignedIn, Step};
use crate::call::Call;
use crate::consent::{self, rules::Consent};
use crate::granting::authorization_details as details;
use crate::granting::rules as granting;
use crate::pre_authorized_code::issuer_state;
use crate::refusal::{Reason, Refusal};
use crate::tokens::{id_token, subject};

/// What a request has come to, with somebody signed in.
pub(crate) struct Standing {
    /// The session.
    pub(crate) session: Session,
    /// How strongly the person signed in, as the request prefers to hear it.
    pub(crate) acr: Option<String>,
    /// The person.
    pub(crate) person: Person,
    /// What may be granted.
    pub(crate) scope: Scope,
    /// Single claims beyond the scope (OpenID Connect Core §5.5).
    pub(crate) claims: Option<ClaimsRequest>,
    /// What the person is asked to allow: the scope, and the scopes that stand for those claims.
    pub(crate) shown: Scope,
    /// The resources it is for.
    pub(crate) resources: Vec<String>,
    /// What it is for in particular.
    pub(crate) details: Option<AuthorizationDetails>,
    /// What was allowed before.
    pub(crate) consent: Option<Consent>,
    /// What was not.
    pub(crate) new: Scope,
}

/// What comes next.
pub(crate) enum Outcome {
    /// Somebody has to sign in, or to say that they go on.
    SignIn {
        /// What of them.
        wants: Wants,
        /// Which sign-in there is.
        before: Option<String>,
    },
    /// The person is asked.
    Ask(Box<Standing>),
    /// The code is issued.
    Issue(Box<Standing>),
}

/// What is wanted at the sign-in page.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wants {
    /// A sign-in, although somebody is signed in.
    pub(crate) again: bool,
    /// Somebody else than who is signed in.
    pub(crate) another: bool,
    /// A choice between who is signed in and others.
    pub(crate) select: bool,
}

/// Decides about a request.
pub(crate) async fn decide(
    call: &Call,
    checked: &Checked,
    arrival: &Travelled,
) -> Result<Outcome, Stop> {
    let refuse = |refusal: Refusal| checked.refuse(refusal);
    let (client, request) = (&checked.client, &checked.request);
    let realm = &call.realm;
    let catalogue = realm
        .catalogue()
        .await
        .map_err(|error| refuse(error.into()))?;
    let mut terms = checked
        .terms(&catalogue)
        .map_err(|reason| refuse(reason.into()))?;
    if !request.response_type.has_code() {
        // Without a code there are no refresh tokens (OpenID Connect Core §11).
        terms.scope = terms.scope.filter(|token| token != "offline_access");
    }
    let current = identity::session::current(realm, &call.headers)
        .await
        .map_err(|error| refuse(error.into()))?;
    let offered = issuer_state::find(realm, request, &catalogue)
        .await
        .map_err(refuse)?;
    // An offer is for one person: nobody else goes on with it.
    let offered_to = offered.as_ref().map(|offered| offered.person.as_str());
    let current_is = (current.as_ref(), offered_to);
    let (step, another) = sign_in(call, checked, arrival, current_is).await?;
    let (session, person) = match (step, current) {
        (Step::Proceed, Some(current)) => current,
        (step, current) => {
            let wants = Wants {
                again: step == Step::SignIn { again: true },
                another,
                select: step == Step::Choose,
            };
            return Ok(Outcome::SignIn {
                wants,
                before: current.map(|(session, _)| session.sign_in),
            });
        }
    };
    let facts = person.facts();
    let details = request.authorization_details.as_ref();
    let granted = (&**client, &*catalogue);
    let left = granting::left(&terms, details, Some(&facts), granted)
        .map_err(|reason| refuse(reason.into()))?;
    let (scope, resources) = (left.scope, left.resources);
    let claims = request.claims.as_ref().filter(|_| request.is_openid());
    let (claims, implied) = granting::claims(claims, (&facts, client), &catalogue);
    let shown = scope.union(&implied);
    details::grantable(details, Some(&facts), granted).map_err(|reason| refuse(reason.into()))?;
    let remembered = consent::sql::find(realm, &person.id, &client.id)
        .await
        .map_err(refuse)?
        .map(|consent| consent.to(client.created_at));
    // Details are asked about each time, since what was allowed once was one act; and APIs without a scope, of which nothing is remembered.
    let whole = !granting::bare(&resources, &catalogue).is_empty();
    let particular = (details.is_some() || whole) && !client.skip_consent;
    // Whoever comes back may be another program that bears the same name (RFC 8252 §8.6).
    let anybody = consent::words::is_open_to_impostors(client, &checked.answer.to);
    let again = request.prompt.contains(Prompt::Consent) || particular || anybody;
    let decision = consent::rules::decide(&shown, remembered.as_ref(), again, client.skip_consent);
    let (asks, new) = match decision {
        consent::rules::Decision::Given => (false, Scope::empty()),
        consent::rules::Decision::Ask { new } => (true, new),
    };
    if asks && request.prompt.contains(Prompt::None) {
        return Err(refuse(Reason::ConsentNeeded.into()));
    }
    let settings = realm.settings();
    let standing = Box::new(Standing {
        acr: session.reached(&settings, &request.acr_values),
        session,
        person,
        scope,
        claims,
        shown,
        resources,
        details: details.cloned(),
        consent: remembered,
        new,
    });
    Ok(if asks {
        Outcome::Ask(standing)
    } else {
        Outcome::Issue(standing)
    })
}

async fn sign_in(
    call: &Call,
    checked: &Checked,
    arrival: &Travelled,
    (current, offered_to): (Option<&(Session, Person)>, Option<&str>),
) -> Result<(Step, bool), Stop> {
    let request = &checked.request;
    let (settings, now) = (call.realm.settings(), call.now());
    let possible = Method::ALL.map(Method::amr).concat();
    let hinted = match &request.id_token_hint {
        None => None,
        Some(hint) => Some(
            id_token::read_hint_of(call, &checked.client, hint)
                .await
                .map_err(|refusal| checked.refuse(refusal))?
                .sub,
        ),
    };
    let wished = request.claims.as_ref();
    let is_essential = wished.is_some_and(|claims| claims.is_acr_essential);
    let strength = (&*request.acr_values, is_essential);
    let wished = wished.and_then(|claims| claims.subjects.as_ref());
    // As the client knows the person, and in no other way.
    let named = wished.map(|wished| match current {
        Some((_, person))
            if wished.contains(&subject::of(&call.realm, &checked.client, &person.id)) =>
        {
            &person.id
        }
        _ => "",
    });
    let asked = Asked {
        prompt: request.prompt,
        max_age: request.max_age,
        hinted: rules::meant(rules::meant(hinted.as_deref(), named), offered_to),
        issued_at: arrival.issued_at(),
        resumed: arrival.resumed(),
        before: arrival.before(),
        chosen: arrival.chosen(),
        is_reachable: session::is_strong(&settings, strength, &possible),
    };
    let signed_in = current.map(|(session, person)| SignedIn {
        person: &person.id,
        auth_time: session.auth_time,
        sign_in: &session.sign_in,
        is_strong: session::is_strong(&settings, strength, &session.amr),
    });
    let another = match (asked.hinted, &signed_in) {
        (Some(hinted), Some(signed_in)) => hinted != signed_in.person,
        _ => false,
    };
    let step = rules::sign_in(&asked, signed_in.as_ref(), now);
    let step = step.map_err(|reason| checked.refuse(reason))?;
    Ok((step, another))
}
