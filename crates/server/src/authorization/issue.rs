//! Makes what the client is given: one batch with the code, what the person allowed, and the events.

use db::{Batch, params};
use identity::session::BrowserState;
use oauth::claims::Confirmation;
use web::cookie::SetCookie;

use super::decide::Standing;
use super::front_channel::{self, Tokens};
use super::pushed;
use super::request::{Checked, Stop};
use crate::authorization_code::rules::{Code, State};
use crate::authorization_code::{self, sql};
use crate::backchannel_logout;
use crate::call::Call;
use crate::check_session_iframe;
use crate::commit::outcome;
use crate::consent;
use crate::pre_authorized_code::{issuer_state, sql::USE_ISSUER_STATE};
use crate::refusal::Reason;

/// How long a code is remembered at least after it expired, in seconds, so that its second use is noticed.
const REMEMBERED: i64 = 3600;

/// What the client is given.
pub(crate) struct Given {
    code: Option<String>,
    tokens: Option<Box<Tokens>>,
    /// What an application can ask the frame of Session Management about.
    session_state: Option<String>,
    /// What the browser lacks for that.
    pub(super) cookie: Option<SetCookie>,
}

impl Given {
    /// The parameters of the response.
    pub(super) fn pairs(&self) -> Vec<(&str, &str)> {
        let code = self.code.iter().map(|code| ("code", code.as_str()));
        let tokens = self.tokens.iter().flat_map(|tokens| tokens.pairs());
        let state = self.session_state.iter();
        let state = state.map(|state| ("session_state", state.as_str()));
        code.chain(tokens).chain(state).collect()
    }
}

/// Issues a code, tokens, or both; `None` when the consent changed meanwhile. `allowed` is the scope that the person allowed just now, to be remembered.
pub(crate) async fn issue(
    call: &Call,
    checked: &Checked,
    standing: &Standing,
    allowed: Option<&oauth::Scope>,
) -> Result<Option<Given>, Stop> {
    let (realm, now) = (&call.realm, call.now());
    let response_type = checked.request.response_type;
    let text = response_type
        .has_code()
        .then(|| format!("{}{}", authorization_code::PREFIX, realm.ambient().token()));
    let lifetimes = checked.client.lifetimes(&realm.settings());
    let expires_at = now.saturating_add(lifetimes.authorization_code);
    let shown = allowed.unwrap_or(&standing.shown);
    let catalogue = realm
        .catalogue()
        .await
        .map_err(|error| checked.refuse(error))?;
    let within = |claim: &str| {
        let mut scopes = catalogue.scopes_of_claim(claim);
        scopes.find(|scope| shown.contains(scope))
    };
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
            .and_then(|claims| claims.allowed(within).0),
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
    if let Some(pushed) = &checked.answer.pushed {
        pushed::use_up(realm, &mut batch, pushed);
    }
    if let Some(value) = &checked.request.issuer_state {
        issuer_state::use_up(realm, &mut batch, value, &code.client);
    }
    if let Some(text) = &text {
        let hash = authorization_code::hash(text);
        batch.run(
            &sql::ISSUE_CODE,
            sql::issue(realm.name(), &hash, &code, keep_until),
        );
    }
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
    backchannel_logout::remember(realm, &mut batch, &checked.client, &standing.session);
    if text.is_some() {
        realm.record(&mut batch, event("authorization_code.issued"));
    }
    let (mut session_state, mut cookie) = (None, None);
    if code.scope.contains("openid") {
        let state = BrowserState::of(realm, &standing.session);
        let to = &checked.answer.to;
        session_state = check_session_iframe::session_state(realm, &code.client, to, &state);
        cookie = state.missing(realm, &call.headers);
    }
    let mut tokens = None;
    if response_type.is_front_channel() {
        let made = front_channel::tokens(call, checked, standing, (&code, text.as_deref()));
        let made = Box::pin(made)
            .await
            .map_err(|refusal| checked.refuse(refusal))?;
        realm.record(&mut batch, event("implicit.issued"));
        tokens = Some(Box::new(made));
    }
    let result = realm.db().commit(batch).await;
    if matches!(&result, Err(error) if error.is_guard(&pushed::sql::USE_PUSHED_REQUEST)) {
        return Err(Stop::Page(Reason::RequestUriUsed.into()));
    }
    if matches!(&result, Err(error) if error.is_guard(&USE_ISSUER_STATE)) {
        return Err(checked.refuse(Reason::IssuerStateUnknown));
    }
    match outcome(result) {
        Ok(committed) => Ok(committed.map(|_| Given {
            code: text,
            tokens,
            session_state,
            cookie,
        })),
        Err(refusal) => Err(checked.refuse(refusal)),
    }
}
