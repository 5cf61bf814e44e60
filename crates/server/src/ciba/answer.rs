//! `POST /account/approvals`: the person's answer, once, and by nobody else.

use axum::body::Body;
use axum::response::Response;
use db::{Batch, params};
use identity::{Person, Session};
use oauth::Scope;
use web::page;

use super::approvals::{self, HOME, Shown, Standing};
use super::rules::Allowed;
use super::{notification, polled, sql};
use crate::backchannel_logout;
use crate::call::Call;
use crate::commit::{TRIES, commit};
use crate::consent;
use crate::consent::rules::Consent;
use crate::refusal::{Reason, Refusal};
use crate::waiting::{poll::event, stored};
use crate::{form, pages};

/// How long an `auth_req_id` is remembered at least after it expired, in seconds, so that its second use is noticed.
const REMEMBERED: i64 = 3600;

/// The answer.
pub(crate) async fn submit(call: Call, body: Body) -> Response {
    let params = match form::body(&call, body).await {
        Ok(params) => params,
        Err(reason) => return pages::refused(&call, &reason.into()),
    };
    let (session, person) = match approvals::signed_in(&call, HOME).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let allows = match params.get("decision") {
        Some("allow") => true,
        Some("deny") => false,
        _ => return home(&call, ""),
    };
    // Somebody else signed in since, or began another session: they have to see the question themselves.
    let sealed = params.get("approval").unwrap_or_default();
    let Some(shown) = Shown::open(&call.realm, sealed, (&session, &person)) else {
        return home(&call, "");
    };
    let outcome = decide(&call, (&session, &person), (&shown, allows)).await;
    match outcome {
        Ok(Outcome::Done) if allows => home(&call, "?done=allowed"),
        Ok(Outcome::Done) => home(&call, "?done=denied"),
        Ok(Outcome::Gone) => home(&call, "?done=gone"),
        Ok(Outcome::Stale) => approvals::sign_in_again(&call, &session).await,
        Err(refusal) => pages::refused(&call, &refusal),
    }
}

/// Back to the page, so that going back or reloading sends nothing again.
fn home(call: &Call, query: &str) -> Response {
    page::see_other(&format!("{}{HOME}{query}", call.realm.path()))
}

enum Outcome {
    /// It is written.
    Done,
    /// It waits no more: decided elsewhere, expired, or its client is gone.
    Gone,
    /// The person has to sign in again before they can allow it.
    Stale,
}

async fn decide(
    call: &Call,
    (session, person): (&Session, &Person),
    (shown, allows): (&Shown, bool),
) -> Result<Outcome, Refusal> {
    let realm = &call.realm;
    for _ in 0..TRIES {
        let catalogue = realm.catalogue().await?;
        let found = sql::find_to_decide(realm, (&shown.id, &person.id), call.now()).await?;
        let standing = match found {
            Some(found) => Standing::of(realm, found, (person, &catalogue)).await?,
            None => None,
        };
        let Some(standing) = standing else {
            return Ok(Outcome::Gone);
        };
        let batch = if !allows {
            deny(call, person, &standing)
        } else if approvals::suffices(call, &standing.found.asked, session) {
            let consent = consent::sql::find(realm, &person.id, &standing.client.id)
                .await?
                .map(|consent| consent.to(standing.client.created_at));
            allow(call, session, (&standing, consent.as_ref()), &shown.scope)
        } else {
            return Ok(Outcome::Stale);
        };
        if commit(realm, batch).await?.is_some() {
            return Ok(Outcome::Done);
        }
    }
    Err(Reason::Contended.into())
}

/// What makes it true that the person allowed what was shown.
fn allow(
    call: &Call,
    session: &Session,
    (standing, consent): (&Standing, Option<&Consent>),
    shown: &Scope,
) -> Batch {
    let (realm, now) = (&call.realm, call.now());
    let asked = &standing.found.asked;
    // Somebody may have been given more since: that was not asked.
    let scope = standing.scope.intersection(shown);
    let settings = realm.settings();
    let acr = session.reached(&settings, &asked.acr_values);
    let allowed = Allowed::in_session((session, acr), realm.ambient().id(), scope, now);
    let lifetimes = standing.client.lifetimes(&settings);
    let keep_until = asked.expires_at + lifetimes.access_token.max(REMEMBERED);
    let mut batch = Batch::new();
    let hash = &standing.found.hash;
    let values = stored::allow((realm.name(), hash), &allowed, (now, keep_until));
    batch.expect(&sql::ALLOW_AUTHENTICATION, values, 1);
    // Remembered, so that it can be taken back; the next request is asked about all the same.
    let values = params![
        realm.name(),
        &allowed.person,
        &standing.client.id,
        consent::rules::remember(&allowed.scope, consent).to_string(),
        now,
        consent.map_or(0, |consent| consent.version)
    ];
    batch.expect(&consent::sql::REMEMBER_CONSENT, values, 1);
    backchannel_logout::remember(realm, &mut batch, &standing.client, session);
    let code = polled(asked, hash).as_code(&allowed);
    realm.record(&mut batch, event(call, "consent.granted", &code));
    realm.record(&mut batch, event(call, "ciba.allowed", &code));
    if asked.delivery.calls() {
        notification::enqueue(realm, &mut batch, (&asked.client, hash), now);
    }
    batch
}

/// What makes it true that the person denied it.
fn deny(call: &Call, person: &Person, standing: &Standing) -> Batch {
    let realm = &call.realm;
    let (asked, hash) = (&standing.found.asked, &standing.found.hash);
    let mut batch = Batch::new();
    let values = params![realm.name(), hash, &person.id, call.now()];
    batch.expect(&sql::DENY_AUTHENTICATION, values, 1);
    let event = call.event("ciba.denied", Some(&person.id), &asked.client);
    let detail = serde_json::json!({ "request": asked.id });
    realm.record(&mut batch, event.detail(detail));
    if asked.delivery.calls() {
        notification::enqueue(realm, &mut batch, (&asked.client, hash), call.now());
    }
    batch
}
