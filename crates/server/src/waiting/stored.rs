//! How far a request has come, as nine columns say it: state, grant_id, person, session, allowed_scope, auth_time, amr, acr, allowed_at.

use db::{Params, Row, params};
use realm::Mark;

use super::rules::{Allowed, State};
use crate::refusal::Refusal;
use crate::stored;

/// Reads the nine columns, the first of which is `at`.
pub(crate) fn state(row: &Row, at: usize) -> Result<State, Refusal> {
    Ok(match row.text(at) {
        "pending" => State::Pending,
        "denied" => State::Denied,
        "allowed" => State::Allowed(Box::new(allowed(row, at)?)),
        "redeemed" => State::Redeemed(Box::new(allowed(row, at)?)),
        _ => return Err(damaged()),
    })
}

fn allowed(row: &Row, at: usize) -> Result<Allowed, Refusal> {
    let text = |index| row.opt_text(at + index).ok_or_else(damaged);
    let time = |index| row.opt_int(at + index).ok_or_else(damaged);
    Ok(Allowed {
        grant_id: text(1)?.to_owned(),
        person: text(2)?.to_owned(),
        session: text(3)?.to_owned(),
        scope: stored::parse(text(4)?)?,
        auth_time: time(5)?,
        amr: stored::unlist(text(6)?)?,
        acr: row.opt_text(at + 7).map(str::to_owned),
        at: time(8)?,
    })
}

/// The parameters of a statement that allows a request, once.
pub(crate) fn allow(
    (realm, hash): (&str, &str),
    allowed: &Allowed,
    (now, keep_until): (i64, i64),
) -> Params {
    params![
        realm,
        hash,
        now,
        keep_until,
        &allowed.grant_id,
        &allowed.person,
        &allowed.session,
        allowed.scope.to_string(),
        allowed.auth_time,
        stored::list(&allowed.amr),
        allowed.acr.as_deref(),
        allowed.at,
    ]
}

/// The parameters of a statement that redeems a request, once, unless one of the marks ended it: the first two ever, the others since it was allowed.
pub(crate) fn redeem(
    (realm, hash): (&str, &str),
    marks: [Mark<'_>; 5],
    (allowed_at, now): (i64, i64),
) -> Params {
    let [grant, session, person, consent, client] = marks.map(|mark| mark.id());
    params![
        realm, hash, now, grant, session, person, consent, client, allowed_at
    ]
}

fn damaged() -> Refusal {
    Refusal::Failed("a stored request is damaged".to_owned())
}
