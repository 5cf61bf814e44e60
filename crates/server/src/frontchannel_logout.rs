//! Clients that are told through the browser that signs out (OpenID Connect Front-Channel Logout 1.0): the page that ends it opens a frame of each.

use std::collections::BTreeSet;

use db::{Batch, params};
use oauth::authorization::with_query;
use realm::Event;
use url::Url;

use crate::backchannel_logout::sql;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::tokens::subject;

/// How many frames a page opens at most.
const MOST: usize = 20;
/// How many clients are looked at at most, to say which of them are not told.
const LOOKED_AT: i64 = 200;

/// What the page opens.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// The addresses, with issuer and session (§3).
    pub(crate) addresses: Vec<String>,
    /// Where they are: nothing else may be framed.
    pub(crate) origins: Vec<String>,
}

/// The frames of a session that is about to end, in one read.
pub(crate) async fn frames(call: &Call, session: &str) -> Result<Frames, Refusal> {
    let realm = &call.realm;
    let values = params![realm.name(), session, LOOKED_AT];
    let rows = realm.db().rows(&sql::FRAMES_OF_SESSION, values).await?;
    let mut addresses = Vec::new();
    let mut origins = BTreeSet::new();
    let mut untold = Vec::new();
    for row in rows {
        // Of one that is described elsewhere, what is in memory: the page does not wait for another site.
        let client = call.holder(row.text(0)).await?;
        let client = client.filter(|client| !client.disabled && client.created_at <= row.int(1));
        let Some(client) = client else { continue };
        let Some(uri) = &client.logout.frontchannel_uri else {
            continue;
        };
        let Ok(url) = Url::parse(uri) else { continue };
        if addresses.len() >= MOST {
            untold.extend(
                client
                    .logout
                    .backchannel_uri
                    .is_none()
                    .then(|| client.id.clone()),
            );
            continue;
        }
        origins.insert(url.origin().ascii_serialization());
        let sid = subject::session(realm, &client, session);
        let pairs = [("iss", realm.issuer()), ("sid", &sid)];
        addresses.push(with_query(uri, &pairs));
    }
    if !untold.is_empty() {
        let clients = untold.join(" ");
        tracing::warn!(
            realm = realm.name(),
            session,
            clients,
            "a page has no room for the frames of these clients: they are not told of a logout"
        );
        let detail = serde_json::json!({ "session": session, "clients": untold });
        let mut batch = Batch::new();
        realm.record(&mut batch, Event::new("logout.untold").detail(detail));
        realm.commit(batch).await.map_err(realm::Error::from)?;
    }
    Ok(Frames {
        addresses,
        origins: origins.into_iter().collect(),
    })
}
