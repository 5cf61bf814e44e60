//! `GET` and `POST /userinfo` (OpenID Connect Core §5.3): what the granted scope says about the person. Refusals are challenges of RFC 6750 §3.

mod written;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use oauth::challenge::Bearer;
use oauth::claims::Userinfo;
use oauth::{Error as Wire, ErrorCode, Scope};
use realm::Client;
use realm::resources::Place;

use crate::call::Call;
use crate::dpop::{self, Scheme};
use crate::refusal::{Reason, Refusal};
use crate::tokens::released::{self, About};
use crate::tokens::{access_token, subject};
use crate::{answer, cors, form};

/// The endpoint in the log, and the scope that it asks for.
const HERE: (&str, &str) = ("userinfo", "openid");

/// The endpoint.
pub(crate) async fn handle(call: Call, method: Method, body: Body) -> Response {
    let (scheme, token) = match presented(&call, &method, body).await {
        Ok(Some(presented)) => presented,
        Ok(None) => return challenge(&call, HERE, None, None),
        Err(reason) => return challenge(&call, HERE, None, Some(&reason.into())),
    };
    let told = match tell(&call, &method, (scheme, &token)).await {
        Ok((client, claims)) => match written::answer(&call, &client, &claims).await {
            Ok(response) => Ok((client, response)),
            Err(refusal) => Err((Some(client), refusal)),
        },
        Err(refused) => Err(refused),
    };
    match told {
        Ok((client, mut response)) => {
            scheme.offer(&call, &mut response);
            cors::allow(&call, Some(&client), response)
        }
        Err((client, refusal)) => {
            let response = challenge(&call, HERE, Some(scheme), Some(&refusal));
            cors::allow(&call, client.as_deref(), response)
        }
    }
}

/// The token, from the header or the form (RFC 6750 §2.1, §2.2), never from the query, which ends up in logs (RFC 9700 §4.3.2).
async fn presented(
    call: &Call,
    method: &Method,
    body: Body,
) -> Result<Option<(Scheme, String)>, Reason> {
    let header = match call.authorization() {
        Ok(None) => None,
        Ok(Some(value)) => Some(Scheme::split(value).ok_or(Reason::TokenMalformed)?),
        Err(()) => return Err(Reason::TokenTwice),
    };
    let is_form = call.headers.contains_key(header::CONTENT_TYPE);
    let in_form = if method == Method::POST && (is_form || header.is_none()) {
        match form::body(call, body).await {
            Ok(params) => params.owned("access_token"),
            // A request without a token may have any body, or none.
            Err(Reason::FormContentType) => None,
            Err(reason) => return Err(reason),
        }
    } else {
        None
    };
    match (header, in_form) {
        (Some(_), Some(_)) => Err(Reason::TokenTwice),
        (Some((scheme, token)), None) => Ok(Some((scheme, token.to_owned()))),
        (None, token) => Ok(token.map(|token| (Scheme::Bearer, token))),
    }
}

type Told = Result<(Arc<Client>, Userinfo), (Option<Arc<Client>>, Refusal)>;

async fn tell(call: &Call, method: &Method, (scheme, token): (Scheme, &str)) -> Told {
    let realm = &call.realm;
    let claims = access_token::read(realm, token, call.now())
        .await
        .map_err(|refusal| (None, refusal))?;
    let client = call
        .holder(&claims.client_id)
        .await
        .map_err(|error| (None, error.into()))?
        .filter(|client| !client.disabled)
        .ok_or((None, Reason::TokenRevoked.into()))?;
    let refused = |reason: Reason| (Some(Arc::clone(&client)), reason.into());
    let proven = call.confirmation();
    dpop::check_holder(
        call,
        (method, "/userinfo"),
        (scheme, token),
        (&claims, &client),
        proven.as_ref(),
    )
    .map_err(|refusal| (Some(Arc::clone(&client)), refusal))?;
    if !claims.has_scope("openid") {
        return Err(refused(Reason::TokenScope));
    }
    if !claims.aud.contains(realm.issuer()) {
        return Err(refused(Reason::TokenAudience));
    }
    let person = identity::people::find(realm, &claims.sub)
        .await
        .map_err(|error| (Some(Arc::clone(&client)), error.into()))?
        .filter(|person| !person.disabled)
        .ok_or_else(|| refused(Reason::TokenRevoked))?;
    let asked = access_token::told(&claims);
    let wanted = asked.at_userinfo();
    let scope = claims.scope.unwrap_or_default();
    let catalogue = realm
        .catalogue()
        .await
        .map_err(|error| (Some(Arc::clone(&client)), error.into()))?;
    let about = About {
        client: &client,
        person: &person,
        scope: &scope,
    };
    let mut told = Userinfo {
        sub: subject::of(realm, &client, &person.id),
        person: person.told(&scope, wanted),
    };
    let asked = (&[Place::Userinfo][..], wanted);
    let released = released::told(realm, &catalogue, about, asked);
    released::add(&mut told.person, released);
    Ok((client, told))
}

/// A refusal as RFC 6750 §3 has it: without an error code when no token came, and the scope named when it is what lacks.
pub(crate) fn challenge(
    call: &Call,
    (endpoint, scope): (&'static str, &str),
    scheme: Option<Scheme>,
    refusal: Option<&Refusal>,
) -> Response {
    let (mut response, challenge) = match refusal {
        None => (
            answer::empty(StatusCode::UNAUTHORIZED),
            Bearer::unauthenticated(),
        ),
        Some(refusal) => {
            let (code, description) = refusal.wire();
            let mut challenge = Bearer::refusing(&Wire::new(code, description));
            if code == ErrorCode::InsufficientScope {
                challenge = challenge.with_scope(Scope::of([scope]).unwrap_or_default());
            }
            (answer::refused(call, endpoint, None, refusal), challenge)
        }
    };
    let challenge = challenge.with_realm(call.realm.issuer());
    Scheme::challenge(scheme, &challenge, &mut response);
    if let Some(scheme) = scheme {
        scheme.offer(call, &mut response);
    }
    response
}
