//! `POST /notification` (§11): what became of a credential, for the audit.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use db::{Batch, params};
use oauth::credential::Notice;
use realm::Realm;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::holder::Holder;
use super::sql;
use crate::answer;
use crate::call::Call;
use crate::commit::commit;
use crate::refusal::{Reason, Refusal};

/// The path of the endpoint.
pub(super) const PATH: &str = "/notification";
const ENDPOINT: &str = "notification";
/// What the seal is for.
const PURPOSE: &str = "credential_notification";
/// How long after a credential something may be said about it, in seconds.
const HEARD: i64 = 30 * 86_400;
/// The longest message, in bytes.
const LONGEST: usize = 16 * 1024;

/// What a name stands for: nothing about a credential is stored.
#[derive(Serialize, Deserialize)]
struct Issued {
    /// Its own name.
    id: String,
    client: String,
    grant: Option<String>,
    person: String,
    credential: String,
    until: i64,
}

/// The name by which the wallet tells what became of the credentials of one answer (§8.3).
pub(super) fn identifier(realm: &Realm, holder: &Holder, credential: &str) -> String {
    let issued = Issued {
        id: realm.ambient().id(),
        client: holder.client.id.clone(),
        grant: holder.claims.grant_id.clone(),
        person: holder.claims.sub.clone(),
        credential: credential.to_owned(),
        until: realm.now().saturating_add(HEARD),
    };
    realm.seal(PURPOSE, serde_json::to_vec(&issued).unwrap_or_default())
}

/// The endpoint.
pub(crate) async fn post(call: Call, body: Body) -> Response {
    let holder = match Holder::admit(&call, PATH).await {
        Ok(holder) => holder,
        Err(refused) => return *refused,
    };
    match hear(&call, &holder, body).await {
        Ok(()) => holder.answer(&call, answer::empty(StatusCode::NO_CONTENT)),
        Err(refusal) => holder.refuse(&call, ENDPOINT, &refusal),
    }
}

async fn hear(call: &Call, holder: &Holder, body: Body) -> Result<(), Refusal> {
    let (realm, now) = (&call.realm, call.now());
    let text = web::json::read(&call.headers, body, LONGEST).await;
    let text = text.map_err(|_| Reason::NotificationMalformed)?;
    let members = jose::json_object(&text).map_err(|_| Reason::NotificationMalformed)?;
    let notice = Notice::parse(&members).ok_or(Reason::NotificationMalformed)?;
    let issued = realm
        .unseal(PURPOSE, &notice.id)
        .and_then(|text| serde_json::from_slice::<Issued>(&text).ok())
        .filter(|issued| {
            let own = issued.client == holder.client.id && issued.person == holder.claims.sub;
            own && issued.grant == holder.claims.grant_id && now < issued.until
        })
        .ok_or(Reason::NotificationUnknown)?;
    let event = notice.event.as_str();
    let mut batch = Batch::new();
    // Said again it changes nothing (§11.1), and does not fill the audit.
    let once = params![realm.name(), issued.id.as_str(), event, issued.until];
    batch.expect(&sql::HEAR_NOTIFICATION, once, 1);
    let kind = event.replacen('_', ".", 1);
    let event = call.event(&kind, Some(&issued.person), &issued.client);
    let detail = json!({ "credential": issued.credential, "grant": issued.grant });
    realm.record(&mut batch, event.detail(detail));
    commit(realm, batch).await?;
    Ok(())
}
