//! `GET /federation_resolve` (OpenID Federation 1.0 §8.3): what an entity is, as one of the realm's anchors, or the realm itself, has it. It makes this server
//! ask others, so it is bounded like the search for clients.

use std::sync::Arc;

use axum::http::{Uri, header};
use axum::response::Response;
use oauth::federation::{ENTITY_STATEMENT, RESOLVE_RESPONSE, Resolution, ResolveRequest};
use oauth::{Error as Wire, ErrorCode};
use realm::clients::PublicKeys;
use realm::settings::TrustAnchor;
use realm::subordinates;
use serde_json::{Map, Value};

use super::resolve::{Configuration, Failure, Own, Search, wire, within_patience};
use super::said::{ALGORITHM, Said, answered, signed};
use super::{FRESH, name};
use crate::answer;
use crate::call::Call;
use crate::form;
use crate::refusal::{Reason, Refusal};
use crate::sought::rules::Want;
use crate::sought::{self, Kept, Room, Standing, Wanted};

const ENDPOINT: &str = "federation_resolve";
/// Where it is, below the issuer.
pub(super) const PATH: &str = "/federation_resolve";

/// What was found out, and what it rests on that the realm itself may take back: whom it vouches for, and how.
pub(super) struct Found {
    resolution: Resolution,
    own: Option<(String, Map<String, Value>)>,
}

/// The endpoint; 404 where the realm vouches for nobody.
pub(crate) async fn get(call: Call, uri: Uri) -> Response {
    let said = resolve(&call, &uri).await;
    answered(&call, ENDPOINT, said, |(text, tag)| {
        answer::public_text(
            &call,
            "application/resolve-response+jwt",
            text.to_string(),
            &tag,
        )
    })
}

async fn resolve(call: &Call, uri: &Uri) -> Result<Option<Said>, Refusal> {
    if !super::is_superior(call).await? {
        return Ok(None);
    }
    if is_search(call) {
        return Err(Reason::FederationSearch.into());
    }
    let params = form::query_with(uri, ResolveRequest::REPEATABLE)?;
    let asked = ResolveRequest::parse(&params, call.server.federation.loopback)?;
    let anchor = anchor(call, &asked.anchors).await?;
    let found = found(call, &asked.subject, anchor).await?;
    let claims = found
        .resolution
        .claims(call.realm.issuer(), &asked.entity_types);
    let claims = claims.map_err(|disbelief| wire(&disbelief))?;
    let claims = claims.ok_or_else(|| not_found("the entity is of no such type"))?;
    signed(call, RESOLVE_RESPONSE, claims).await.map(Some)
}

fn not_found(words: &'static str) -> Wire {
    Wire::new(ErrorCode::NotFound, words)
}

/// Whether a server that looks for a chain asks, as this one does: a superior can name any address as its fetch endpoint, and a search must not start others.
fn is_search(call: &Call) -> bool {
    let accepted = call.headers.get_all(header::ACCEPT).iter();
    let accepted = accepted.filter_map(|value| value.to_str().ok());
    let statement = format!("application/{ENTITY_STATEMENT}");
    let mut kinds = accepted.flat_map(|value| value.split(',')).peekable();
    kinds.peek().is_some()
        && kinds.all(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case(&statement)
        })
}

/// The first of these that the realm trusts, or that is the realm.
async fn anchor(call: &Call, names: &[String]) -> Result<TrustAnchor, Refusal> {
    let settings = call.realm.settings();
    let anchors = &settings.federation.trust_anchors;
    for name in names {
        if name == call.realm.issuer() {
            let keys = call.realm.federation_keys();
            keys.signer(ALGORITHM).await?;
            let text = serde_json::to_string(&*keys.jwks().await?);
            let text = text.map_err(|error| Refusal::Failed(error.to_string()))?;
            return Ok(TrustAnchor {
                entity_id: name.clone(),
                jwks: PublicKeys::published(&text).map_err(Refusal::Failed)?,
            });
        }
        if let Some(known) = anchors.iter().find(|anchor| anchor.entity_id == *name) {
            return Ok(known.clone());
        }
    }
    let words = "trust_anchor names nobody whom this resolver trusts";
    Err(Wire::new(ErrorCode::InvalidTrustAnchor, words).into())
}

async fn found(call: &Call, subject: &str, anchor: TrustAnchor) -> Result<Arc<Found>, Refusal> {
    let resolved = &call.server.federation.resolved;
    let name = format!("{} {}", name(&call.realm, subject), anchor.entity_id);
    if let Some(kept) = resolved.kept(&name)
        && call.now() < kept.fresh_until
    {
        if holds(call, &kept.value).await? {
            return Ok(kept.value);
        }
        let kept = Kept {
            fresh_until: 0,
            ..kept
        };
        resolved.keep(&name, kept);
    }
    let wanted = Wanted {
        name: &name,
        host: &sought::host(subject),
        standing: Standing::Strange,
        want: Want::Current,
        now: call.now(),
        count: &|| call.server.requests.fetch(call),
    };
    let (asking, subject) = (call.clone(), subject.to_owned());
    let seek = |room| within_patience(seek(asking, room, subject, anchor));
    let (kept, failure) = resolved.renew(wanted, seek).await?;
    match (kept, failure) {
        (Some(kept), None) => Ok(kept.value),
        (_, Some(Failure::Bad(error))) => Err(error.into()),
        // What is known is not said of those who may have said otherwise since.
        _ => {
            let words = "somebody in the trust chain does not answer: try again later";
            Err(Wire::new(ErrorCode::TemporarilyUnavailable, words).into())
        }
    }
}

/// Whether the realm still says what it said in this chain.
async fn holds(call: &Call, found: &Found) -> Result<bool, Refusal> {
    let Some((subject, said)) = &found.own else {
        return Ok(true);
    };
    let now = subordinates::find(&call.realm, subject).await?;
    Ok(now.is_some_and(|now| now.vouched.claims() == *said))
}

async fn seek(
    call: Call,
    room: Arc<Room>,
    subject: String,
    anchor: TrustAnchor,
) -> Result<(Arc<Found>, i64), Failure> {
    let own = Own::of(&call).await?;
    let federation = &call.server.federation;
    let (now, anchors) = (call.now(), [anchor]);
    let fetch = federation.fetch.as_ref().ok_or(Failure::Unreachable)?;
    let mut search = Search::new((fetch, federation.loopback), &room, &anchors, now).with(own);
    let Configuration::Found(configuration) = search.configuration(&subject).await? else {
        return Err(not_found("there is no entity at sub").into());
    };
    let chain = search.chain(*configuration, None).await?;
    let marks = search.good_marks(&chain).await;
    let Configuration::Found(top) = search.configuration(chain.anchor()).await? else {
        return Err(Failure::Unreachable);
    };
    let resolution = Resolution::new(&chain, top.text(), marks, now);
    let issuer = call.realm.issuer();
    let own = chain.superiors().find(|said| said.issuer == issuer);
    let own = own.map(|said| {
        let mut claims = said.claims.clone();
        for name in ["iss", "sub", "iat", "exp", "source_endpoint"] {
            claims.remove(name);
        }
        (said.subject.clone(), claims)
    });
    let until = resolution.expires_at().min(now.saturating_add(FRESH));
    Ok((Arc::new(Found { resolution, own }), until))
}
