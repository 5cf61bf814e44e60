//! Makes the code: one batch with the code, what the person allowed, and the event.

use db::{Batch, params};
use oauth::claims::Confirmation;

use super::decide::Standing;
use super::request::{Checked, Stop};
use crate::authorization_code::rules::{Code, State};
use crate::authorization_code::{self, sql};
use crate::call::Call;
use crate::commit::commit;
use crate::consent;

/// How long a code is remembered at least after it expired, in seconds, so that its second use is noticed.
const REMEMBERED: i64 = 3600;

/// Issues a code; `None` when the consent changed meanwhile. `allowed` is the scope that the person allowed just now, to be remembered.
pub(crate) async fn issue(
    call: &Call,
    checked: &Checked,
    standing: &Standing,
    allowed: Option<&oauth::Scope>,
) -> Result<Option<String>, Stop> {
    let (realm, now) = (&call.realm, call.now());
    let text = format!("{}{}", authorization_code::PREFIX, realm.ambient().token());
    let lifetimes = checked.client.lifetimes(&realm.settings());
    let expires_at = now.saturating_add(lifetimes.authorization_code);
    let code = Code {
        grant_id: realm.ambient().id(),
        client: checked.client.id.clone(),
        person: standing.person.id.clone(),
        session: standing.session.id.clone(),
        redirect_uri: checked.answer.to.as_str().to_owned(),
        redirect_uri_sent: checked.request.redirect_uri.is_some(),
        challenge: checked.request.code_challenge.clone(),
        scope: standing.scope.intersection(shown),
        resources: standing.resources.clone(),
        details: standing.details.clone(),
        claims: standing
            .claims
            .as_ref()
            .and_then(|claims| claims.within(shown)),
        nonce: checked.request.nonce.clone(),
        auth_time: standing.session.auth_time,
        amr: standing.session.amr.clone(),
        acr: standing.acr.clone(),
        confirmation: checked.request.dpop_jkt.clone().map(Confirmation::key),
        // A session may begin a second from now, right after a sign-out everywhere.
        issued_at: now.max(standing.session.created_at),
        expires_at,
        state: State::Fresh,
    };
    let keep_until = expires_at.saturating_add(lifetimes.access_token.max(REMEMBERED));
    let mut batch = Batch::new();
    let hash = authorization_code::hash(&text);
    batch.run(
        &sql::ISSUE_CODE,
        sql::issue(realm.name(), &hash, &code, keep_until),
    );
    let event = |kind: &str| {
        let detail = serde_json::json!({ "grant": code.grant_id, "scope": code.scope });
        call.event(kind, Some(&code.person), &code.client)
            .detail(detail)
    };
    if let Some(allowed) = allowed {
        let scope = consent::rules::remember(allowed, standing.consent.as_ref());
        let version = standing
            .consent
            .as_ref()
            .map_or(0, |consent| consent.version);
        let values = params![
            realm.name(),
            &code.person,
            &code.client,
            scope.to_string(),
            now,
            version
        ];
        batch.expect(&consent::sql::REMEMBER_CONSENT, values, 1);
        realm.record(&mut batch, event("consent.granted"));
    }
    realm.record(&mut batch, event("authorization_code.issued"));
    match commit(realm, batch).await {
        Ok(committed) => Ok(committed.map(|_| text)),
        Err(refusal) => Err(checked.refuse(refusal)),
    }
}
