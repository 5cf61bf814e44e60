//! `POST /federation_registration` (OpenID Federation 1.0 §12.2): an entity registers with its configuration, or with a whole chain of trust, and the answer is
//! signed.

use std::sync::Arc;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use jose::jwt;
use oauth::ErrorCode;
use oauth::federation::{
    Chain, Disbelief, ENTITY_STATEMENT, LONGEST_CHAIN, REGISTRATION_RESPONSE, RELYING_PARTY,
    Statement, TRUST_CHAIN,
};
use realm::Client;
use realm::clients::{self, Registered};
use serde_json::{Value, json};
use web::document;
use web::form::FormError;

use super::resolve::{Failure, Own, Search, wire};
use super::rules;
use super::said::ALGORITHM;
use crate::answer;
use crate::call::Call;
use crate::refusal::{Reason, Refusal};
use crate::registration::{choices, rules as registration};
use crate::request_object::spend;
use crate::sought::Room;

const ENDPOINT: &str = "federation_registration";
/// How long the body may be, in bytes.
const LONGEST: usize = 128 * 1024;

/// The endpoint.
pub(crate) async fn post(call: Call, body: Body) -> Response {
    let settings = call.realm.settings();
    if !settings.federation.is_on() || !settings.federation.explicit_registration {
        return answer::empty(StatusCode::NOT_FOUND);
    }
    match Box::pin(register(&call, body)).await {
        Ok(text) => {
            let kind = "application/explicit-registration-response+jwt";
            document::private_as(StatusCode::OK, kind, text)
        }
        Err(refusal) => answer::refused(&call, ENDPOINT, None, &refusal),
    }
}

async fn register(call: &Call, body: Body) -> Result<String, Refusal> {
    call.server.requests.register(call)?;
    let statements = statements(call, body).await?;
    let configuration = statements.first().ok_or(Reason::FederationBody)?.clone();
    let id = configuration.subject.clone();
    judge(call, &configuration)?;
    let seek = |room| trusted(call, room, statements);
    let found = call.server.federation.errand(&id, seek).await;
    let (chain, until) = found.map_err(refusal)?;
    let refused = |disbelief: Disbelief| Refusal::from(wire(&disbelief));
    let metadata = chain.metadata(RELYING_PARTY).map_err(refused)?;
    let mut metadata = metadata.ok_or_else(|| {
        let words = "the entity is no openid_relying_party, or its superiors do not allow that";
        oauth::Error::new(ErrorCode::InvalidMetadata, words)
    })?;
    let catalogue = call.realm.catalogue().await?;
    let profile = call.realm.settings().profile;
    let offered = call.server.certificates.methods(true);
    choices::settle_method(&mut metadata, profile, &offered)?;
    choices::settle(&mut metadata, profile)?;
    let client = rules::explicit(&id, metadata, &catalogue)?;
    call.server.requests.registered(call)?;
    // Whoever reads it on its way must not be told the next secret.
    let (who, used) = ("federation_registration", Reason::FederationReplayed);
    let ends = configuration.expires_at;
    spend(call, (who, configuration.text()), ends, used).await?;
    let generates = registration::has_secret(&client);
    let address = call.address.map(|address| address.to_string());
    let registered = clients::register_federated(&call.realm, client, generates, (until, address));
    let registered = registered.await.map_err(|error| match error {
        realm::Error::Invalid(rule) => Refusal::from(registration::broken(&rule)),
        realm::Error::Exists { .. } => {
            let words = "an operator of this server has registered a client of that name";
            oauth::Error::new(ErrorCode::InvalidClientMetadata, words).into()
        }
        realm::Error::Conflict { .. } => Reason::Contended.into(),
        error => error.into(),
    })?;
    answer(call, (&chain, &configuration), &registered, until).await
}

/// What the entity sent: its configuration, and in a chain what others say.
async fn statements(call: &Call, body: Body) -> Result<Vec<Statement>, Refusal> {
    let kinds = [ENTITY_STATEMENT, TRUST_CHAIN].map(|kind| format!("application/{kind}"));
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let read = web::json::read_as(&call.headers, body, &kinds, LONGEST).await;
    let (kind, text) = read.map_err(|error| match error {
        FormError::WrongContentType => Reason::FederationContentType,
        FormError::TooLarge => Reason::JsonTooLarge,
        FormError::Incomplete => Reason::FormIncomplete,
        FormError::Malformed | FormError::Duplicate(_) | FormError::Nul => Reason::FederationBody,
    })?;
    let texts: Vec<String> = match kind {
        0 => vec![text.trim().to_owned()],
        _ => serde_json::from_str(&text).map_err(|_| Reason::FederationBody)?,
    };
    if texts.len() > LONGEST_CHAIN + 1 {
        return Err(Reason::FederationBody.into());
    }
    let parsed = texts.iter().map(|text| Statement::parse(text));
    let parsed = parsed.collect::<Result<_, _>>();
    Ok(parsed.map_err(|disbelief| wire(&disbelief))?)
}

/// Whether it is a configuration of an entity somewhere else, made for this registration (§12.2.2).
fn judge(call: &Call, configuration: &Statement) -> Result<(), Refusal> {
    let own = configuration.is_configuration()
        && configuration.is_current(call.now())
        && configuration.is_signed_by(&configuration.keys);
    if !own
        || !call
            .server
            .federation
            .is_foreign(&call.realm, &configuration.subject)
    {
        let wrong = Disbelief::Statement("it is no current configuration of an entity");
        return Err(wire(&wrong).into());
    }
    let audience = match configuration.claims.get("aud") {
        Some(Value::Array(several)) if several.len() == 1 => several[0].as_str(),
        Some(Value::String(one)) => Some(one.as_str()),
        _ => None,
    };
    if audience != Some(call.realm.issuer()) {
        return Err(Reason::FederationAudience.into());
    }
    Ok(())
}

/// The chain that was sent, if it is good, else one that is found from the configuration on; and until when what follows of it counts.
async fn trusted(
    call: &Call,
    room: Arc<Room>,
    statements: Vec<Statement>,
) -> Result<(Chain, i64), Failure> {
    let (federation, settings) = (&call.server.federation, call.realm.settings());
    let (anchors, now) = (&settings.federation.trust_anchors, call.now());
    let fetch = federation.fetch.as_ref().ok_or(Failure::Unreachable)?;
    let own = Own::of(call).await?;
    let mut search = Search::new((fetch, federation.loopback), &room, anchors, now).with(own);
    let subject = statements.first().cloned();
    let subject = subject.ok_or(Disbelief::Chain("it is empty"))?;
    let sent = Chain::verify(statements, &Search::trusted(anchors), now);
    let chain = match sent {
        Ok(chain) => chain,
        Err(_) => {
            call.server
                .requests
                .fetch(call)
                .map_err(|_| Failure::Unreachable)?;
            search.chain(subject, None).await?
        }
    };
    let until = search.marks(&chain, &settings.federation.required_trust_marks);
    Ok((chain.clone(), until.await?))
}

fn refusal(failure: Failure) -> Refusal {
    match failure {
        Failure::Bad(error) => error.into(),
        Failure::Unreachable => {
            let words = "somebody in the trust chain does not answer: try again later";
            oauth::Error::new(ErrorCode::TemporarilyUnavailable, words).into()
        }
    }
}

/// The signed answer (§12.2.3).
async fn answer(
    call: &Call,
    (chain, configuration): (&Chain, &Statement),
    registered: &Registered,
    until: i64,
) -> Result<String, Refusal> {
    let realm = &call.realm;
    let claims = json!({
        "iss": realm.issuer(),
        "sub": chain.subject(),
        "aud": chain.subject(),
        "iat": call.now(),
        "exp": until,
        "jwks": configuration.claims.get("jwks"),
        "trust_anchor": chain.anchor(),
        "authority_hints": [chain.superior()],
        "metadata": {RELYING_PARTY: shown(&registered.client, registered, until)},
    });
    let key = realm.federation_keys().signer(ALGORITHM).await?;
    Ok(jwt::sign(&key, REGISTRATION_RESPONSE, &claims)?)
}

fn shown(client: &Client, registered: &Registered, until: i64) -> Value {
    let mut members = registration::echo(client);
    members.insert("client_id".to_owned(), client.id.as_str().into());
    members.insert("client_id_issued_at".to_owned(), client.updated_at.into());
    members.insert("client_registration_types".to_owned(), json!(["explicit"]));
    if let Some(secret) = &registered.secret {
        members.insert("client_secret".to_owned(), secret.as_str().into());
        members.insert("client_secret_expires_at".to_owned(), until.into());
    }
    members.into()
}
