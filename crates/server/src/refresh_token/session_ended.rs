use std::sync::Arc;

use db::Batch;
use realm::Realm;
use realm::outbox::{Delivery, Handler, Message};

/// Ends for good the families that end with a session, whichever floor ended it: the mark in memory, which refuses them at once, is kept for a
/// day only.
pub(crate) struct SessionEnded;

impl Handler for SessionEnded {
    fn deliver<'a>(&'a self, realm: &'a Arc<Realm>, message: &'a Message) -> Delivery<'a> {
        Box::pin(async move {
            let mut batch = Batch::new();
            super::revoke_session(realm, &mut batch, &message.payload, realm.now());
            let done = realm.commit(batch).await;
            done.map(drop).map_err(|error| error.to_string())
        })
    }
}
