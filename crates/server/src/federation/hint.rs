//! A chain that comes with a request (OpenID Federation 1.0 §4.3, §12.1.1.1.1): it saves asking for what it holds, and is verified as whole as one that was
//! fetched.

use std::sync::Arc;

use oauth::Params;
use oauth::federation::{Chain, LONGEST_CHAIN, Statement};

use super::resolve::{Own, Search};
use super::{FRESH, Known, name, trusted};
use crate::call::Call;
use crate::request_object;
use crate::sought::{Kept, Room};

/// How long a chain that its subject brought is used at most before one is fetched, in seconds: it may be older than what the entity says today.
const BROUGHT: i64 = 600;

/// Takes the chain in the request object of a client that is not known yet, or of one that has said something newer since. What is wrong with it is no matter:
/// then the chain is fetched.
pub(crate) async fn learn(call: &Call, params: &Params) {
    let (Some(id), Some(object)) = (params.get("client_id"), params.get("request")) else {
        return;
    };
    let federation = &call.server.federation;
    if !federation.is_entity(&call.realm, id) {
        return;
    }
    if matches!(call.realm.client(id).await, Ok(Some(_)) | Err(_)) {
        return;
    }
    let Some(texts) = request_object::trust_chain(call, object).await else {
        return;
    };
    if texts.len() > LONGEST_CHAIN + 1 {
        return;
    }
    let Some(statements) = newer(call, id, &texts) else {
        return;
    };
    if call.server.requests.fetch(call).is_err() {
        return;
    }
    if let Some((known, fresh_until)) = Box::pin(verified(call, statements)).await {
        let value = Known::Trusted(Arc::new(known));
        let name = name(&call.realm, id);
        let kept = Kept {
            value,
            since: call.now(),
            fresh_until,
        };
        federation.entities.keep(&name, kept);
    }
}

/// The statements about this client, if nothing as new is known of it.
fn newer(call: &Call, id: &str, texts: &[String]) -> Option<Vec<Statement>> {
    let statements = texts.iter().map(|text| Statement::parse(text));
    let statements: Vec<_> = statements.collect::<Result<_, _>>().ok()?;
    let first = statements.first().filter(|first| first.subject == id)?;
    // It was made to register somewhere (§12.2.1), and not for everybody.
    if first.claims.contains_key("aud") {
        return None;
    }
    let kept = call.server.federation.known(&call.realm, id);
    if let Some(Kept {
        value: Known::Trusted(known),
        fresh_until,
        ..
    }) = kept
    {
        // Nor does what it said before take the place of that when it is no longer fresh: those above it are asked then.
        let is_fresh = call.now() < fresh_until;
        if first.issued_at < known.said_at || (is_fresh && first.issued_at == known.said_at) {
            return None;
        }
    }
    Some(statements)
}

async fn verified(call: &Call, statements: Vec<Statement>) -> Option<(super::Trusted, i64)> {
    let (federation, settings) = (&call.server.federation, call.realm.settings());
    let (anchors, now) = (&settings.federation.trust_anchors, call.now());
    let chain = Chain::verify(statements, &Search::trusted(anchors), now).ok()?;
    let fetch = federation.fetch.as_ref()?;
    let own = Own::of(call).await.ok()?;
    let required = &settings.federation.required_trust_marks;
    let marks = |room: Arc<Room>| {
        let chain = &chain;
        async move {
            let ways = (fetch, federation.loopback);
            let mut search = Search::new(ways, &room, anchors, now).with(own);
            search.marks(chain, required).await
        }
    };
    let until = federation.errand(chain.subject(), marks).await.ok()?;
    let known = trusted(&call.realm, &chain, until).await.ok()?;
    Some((known, until.min(now.saturating_add(BROUGHT.min(FRESH)))))
}
