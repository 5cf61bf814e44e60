//! Ringing a device of the realm's own when somebody is asked: the address that the setting `approval_webhook` names gets a security event token (RFC 8417),
//! pushed as RFC 8935 has it and signed with the realm's key, so that it needs no secret to be believed. What it rings for is decided at `/account/approvals`.

use std::sync::Arc;

use db::Batch;
use fetch::Fetch;
use jose::jwt;
use realm::Realm;
use realm::outbox::{Delivery, Handler, Message};
use serde_json::json;

use super::notification::words;
use super::{rules, sql};

/// The kind of message. Its payload is the hash of the `auth_req_id`, as a JSON string.
pub(super) const KIND: &str = "ciba.requested";
/// The type of the event that is told.
const EVENT: &str = "urn:grantor:event:approval-requested";

/// Adds to a batch that the webhook is to be called, if there is one.
pub(super) fn enqueue(realm: &Realm, batch: &mut Batch, hash: &str) {
    if !realm.settings().approval_webhook.is_empty() {
        let payload = serde_json::Value::from(hash).to_string();
        realm.enqueue(batch, KIND, &payload, realm.now());
    }
}

/// Calls it.
pub(super) struct Webhook(pub(super) Fetch);

impl Handler for Webhook {
    fn deliver<'a>(&'a self, realm: &'a Arc<Realm>, message: &'a Message) -> Delivery<'a> {
        Box::pin(self.ring(realm, message))
    }
}

impl Webhook {
    async fn ring(&self, realm: &Arc<Realm>, message: &Message) -> Result<(), String> {
        let hash: String = serde_json::from_str(&message.payload)
            .map_err(|_| "the payload cannot be read".to_owned())?;
        let settings = realm.settings();
        let url = settings.approval_webhook.as_str();
        let found = sql::find(realm, &hash).await.map_err(words)?;
        let waits = found.filter(|found| rules::waits(&found.asked, realm.now()));
        let (Some(found), false) = (waits, url.is_empty()) else {
            return Ok(());
        };
        let asked = &found.asked;
        let client = realm.client(&asked.client).await;
        let client = client.map_err(|error| error.to_string())?;
        let claims = json!({
            "iss": realm.issuer(),
            "aud": url,
            "iat": realm.now(),
            // The same at every attempt (RFC 8935 §2).
            "jti": message.id,
            "sub_id": { "format": "iss_sub", "iss": realm.issuer(), "sub": asked.person },
            "events": { EVENT: {
                "request": asked.id,
                "client_id": asked.client,
                "client_name": client.as_ref().map(|client| client.display_name()),
                "binding_message": asked.binding_message,
                "scope": asked.scope,
                "authorization_details": asked.details,
                "address": asked.address,
                "expires_at": asked.expires_at,
                "url": realm.url("/account/approvals"),
            }},
        });
        let key = realm.keys().signer(settings.signing_alg).await;
        let key = key.map_err(|error| error.to_string())?;
        let token = jwt::sign(&key, "secevent+jwt", &claims).map_err(|error| error.to_string())?;
        let body = ("application/secevent+jwt", token.into_bytes().into());
        let answer = self.0.send(http::Method::POST, url, &[], Some(body)).await;
        let status = answer.map_err(|error| error.to_string())?.status;
        if status.is_success() {
            Ok(())
        } else {
            Err(format!("status {}", status.as_u16()))
        }
    }
}
