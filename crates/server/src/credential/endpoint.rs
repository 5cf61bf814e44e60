//! `POST /credential` (§8): proofs of keys become credentials.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use db::Batch;
use jose::jwe::{self, KeyManagement};
use jose::jws::Header;
use oauth::Scope;
use oauth::authorization_details::AuthorizationDetails;
use oauth::credential::{self, CredentialRequest, ResponseEncryption, Wrong};
use realm::{CredentialConfiguration, Realm};
use serde_json::{Map, Value, json};
use web::document;
use web::form::FormError;

use super::holder::Holder;
use super::issue::{self, About};
use super::notification;
use super::rules::{self, Granted};
use super::{identifier, nonce};
use crate::call::Call;
use crate::commit::{TRIES, commit};
use crate::refusal::{Reason, Refusal};
use crate::status_list::places::Places;
use crate::{answer, decryption};

/// The path of the endpoint.
pub(super) const PATH: &str = "/credential";
const ENDPOINT: &str = "credential";
/// What is written in JWE (§10).
const JWT: &str = "application/jwt";
/// The longest answer when it is encrypted, in bytes: as many credentials as there may be keys, each with as much as a person's claims may hold.
const LONGEST: usize = 1024 * 1024;

/// How answers are encrypted to wallets.
pub(super) const KEY_MANAGEMENT: [KeyManagement; 5] = [
    KeyManagement::EcdhEs,
    KeyManagement::EcdhEsA128Kw,
    KeyManagement::EcdhEsA192Kw,
    KeyManagement::EcdhEsA256Kw,
    KeyManagement::RsaOaep256,
];

/// How requests are encrypted to us: as the key that is announced for them says (§12.2.4).
pub(super) const REQUESTS: KeyManagement = KeyManagement::EcdhEs;

/// The endpoint.
pub(crate) async fn post(call: Call, body: Body) -> Response {
    let holder = match Holder::admit(&call, PATH).await {
        Ok(holder) => holder,
        Err(refused) => return *refused,
    };
    match Box::pin(give(&call, &holder, body)).await {
        Ok(response) => holder.answer(&call, response),
        Err(refusal) => holder.refuse(&call, ENDPOINT, &refusal),
    }
}

async fn give(call: &Call, holder: &Holder, body: Body) -> Result<Response, Refusal> {
    let realm = &call.realm;
    let (members, encrypted) = read(call, body).await?;
    let request = CredentialRequest::parse(&members, &KEY_MANAGEMENT).map_err(reason)?;
    // §8.2: who wants the answer encrypted encrypts the request, or anybody on the way could put another key in it.
    if request.response_encryption.is_some() && !encrypted {
        return Err(Reason::CredentialEncryption.into());
    }
    let catalogue = realm.catalogue().await?;
    let (claims, client) = (&holder.claims, &holder.client);
    let none = Scope::empty();
    let details = details(&claims.extra);
    let granted = Granted {
        scope: claims.scope.as_ref().unwrap_or(&none),
        details: details.as_ref(),
    };
    let named = |id: &str| identifier(realm, &claims.sub, id);
    let one = rules::choose(&request.asked, &granted, &catalogue, named)?;
    let prover = credential::Holder {
        issuer: realm.issuer(),
        client: Some(&client.id),
        now: call.now(),
    };
    let is_ours = |text: &str| nonce::is_ours(realm, text);
    let keys = rules::keys(one, request.proofs.as_ref(), &prover, is_ours)?;
    let person = identity::people::find(realm, &claims.sub)
        .await?
        .filter(|person| !person.disabled)
        .ok_or(Reason::CredentialNotGrantable)?;
    let about = About {
        client,
        person: &person,
    };
    about.may_have(&catalogue, one)?;
    let values = about.values(realm, &catalogue, one);
    for _ in 0..TRIES {
        // Drawn and signed anew when somebody else got one of the places.
        let places = Places::find(realm, one, keys.len()).await?;
        let credentials = issue::sign(realm, one, (&keys, places.as_ref()), &values).await?;
        let answer = answer(realm, holder, (&request, one), credentials)?;
        let detail = json!({ "credential": one.id, "count": keys.len(), "grant": claims.grant_id });
        let event = call.event("credential.issued", Some(&claims.sub), &client.id);
        let mut batch = Batch::new();
        realm.record(&mut batch, event.detail(detail));
        if let Some(places) = &places {
            let until = rules::expires_at(one, realm.now());
            places.take(realm, &mut batch, (&one.id, claims), until);
        }
        if commit(realm, batch).await?.is_some() {
            return Ok(answer);
        }
    }
    Err(Reason::Contended.into())
}

/// The answer, encrypted where that was asked for.
fn answer(
    realm: &Realm,
    holder: &Holder,
    (request, one): (&CredentialRequest, &CredentialConfiguration),
    credentials: Vec<String>,
) -> Result<Response, Refusal> {
    let list: Vec<Value> = credentials
        .into_iter()
        .map(|text| json!({ "credential": text }))
        .collect();
    let answer = json!({
        "credentials": list,
        "notification_id": notification::identifier(realm, holder, &one.id),
    });
    Ok(match &request.response_encryption {
        None => answer::json(StatusCode::OK, &answer),
        Some(how) => {
            let text = sealed(&answer, how)?;
            document::private_as(StatusCode::OK, JWT, text)
        }
    })
}

/// The JSON of the request, and whether it came encrypted (§10).
async fn read(call: &Call, body: Body) -> Result<(Map<String, Value>, bool), Refusal> {
    let kinds = ["application/json", JWT];
    let read = web::json::read_as(&call.headers, body, &kinds, credential::LONGEST).await;
    let (kind, text) = read.map_err(|error| match error {
        FormError::TooLarge => Reason::JsonTooLarge,
        FormError::Incomplete => Reason::FormIncomplete,
        _ => Reason::CredentialRequestMalformed,
    })?;
    let encrypted = kind == 1;
    let text = match encrypted {
        false => text,
        true => decrypted(call, &text).await?,
    };
    let members = jose::json_object(&text).map_err(|_| Reason::CredentialRequestMalformed)?;
    Ok((members, encrypted))
}

async fn decrypted(call: &Call, text: &str) -> Result<String, Refusal> {
    let within = (&[REQUESTS][..], credential::LONGEST);
    let opened = decryption::decrypt_within(call, text.trim(), within).await?;
    let plaintext = opened.ok_or(Reason::CredentialEncryption)?;
    let text = String::from_utf8(plaintext);
    Ok(text.map_err(|_| Reason::CredentialRequestMalformed)?)
}

fn sealed(answer: &Value, how: &ResponseEncryption) -> Result<String, Refusal> {
    let header = Header {
        kid: how.key.kid().map(str::to_owned),
        ..Header::default()
    };
    let algorithms = (how.management, how.encryption);
    let text = answer.to_string();
    let sealed = jwe::encrypt_within(text.as_bytes(), &how.key, algorithms, &header, LONGEST);
    Ok(sealed.map_err(|_| Reason::CredentialEncryption)?)
}

/// What an access token is for in particular.
fn details(extra: &Map<String, Value>) -> Option<AuthorizationDetails> {
    let value = extra.get("authorization_details")?;
    serde_json::from_value(value.clone()).ok()
}

fn reason(wrong: Wrong) -> Reason {
    match wrong {
        Wrong::Request => Reason::CredentialRequestMalformed,
        Wrong::Proofs => Reason::CredentialProof,
        Wrong::Encryption => Reason::CredentialEncryption,
    }
}
