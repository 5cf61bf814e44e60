//! What a lower floor ended ends here too, by the message that it left in the outbox. The revocations in memory refuse tokens at once, but are kept for a
//! day only: what lives longer is ended for good, or forgotten. Each message may come twice and changes nothing the second time.

use std::sync::Arc;

use db::{Batch, Params, Stmt, params};
use realm::outbox::{Delivery, Ended, Handler, Message};
use realm::{Error, Realm};

use crate::backchannel_logout::{self, Whose};
use crate::refusal::Refusal;
use crate::{ciba, consent, refresh_token, shared_signals, status_list};

/// How many rows one commit changes at most, where there may be any number.
const STEP: i64 = 500;

#[derive(Clone, Copy)]
enum Ending {
    /// A session: the families that do not outlive it.
    Session,
    /// A session begins anew, so that it can last longer than those who are to be told of its end are remembered.
    Renewed,
    /// Everything of a person so far: signed out everywhere, disabled.
    Person,
    /// A person is gone.
    DeletedPerson,
    /// A client is gone; its identifier may belong to another one by now.
    DeletedClient,
}

/// The kinds of messages and who handles them.
pub(crate) fn handlers() -> Vec<(&'static str, Arc<dyn Handler>)> {
    let kinds = [
        (identity::session::ENDED, Ending::Session),
        (identity::session::RENEWED, Ending::Renewed),
        (identity::people::SIGNED_OUT, Ending::Person),
        (identity::people::DELETED, Ending::DeletedPerson),
        (realm::clients::DELETED, Ending::DeletedClient),
    ];
    kinds
        .into_iter()
        .map(|(kind, ending)| (kind, Arc::new(ending) as Arc<dyn Handler>))
        .collect()
}

impl Handler for Ending {
    fn deliver<'a>(&'a self, realm: &'a Arc<Realm>, message: &'a Message) -> Delivery<'a> {
        Box::pin(async move {
            let ended = Ended::read(&message.payload).ok_or("the payload cannot be read")?;
            let done = end(realm, *self, &ended).await;
            done.map_err(|error| error.to_string())?;
            if matches!(self, Self::Person | Self::DeletedPerson) {
                let taken = take_back(realm, &ended.id).await;
                taken.map_err(Refusal::into_words)?;
            }
            let told = tell(realm, *self, (&message.id, &ended)).await;
            told.map_err(Refusal::into_words)
        })
    }
}

/// Tells receivers of security events.
async fn tell(
    realm: &Realm,
    ending: Ending,
    (message, ended): (&str, &Ended),
) -> Result<(), Refusal> {
    match ending {
        Ending::Renewed => Ok(()),
        Ending::Session if ended.person.is_none() => Ok(()),
        Ending::Session | Ending::Person => {
            shared_signals::session_ended(realm, message, ended, false).await
        }
        Ending::DeletedPerson => shared_signals::session_ended(realm, message, ended, true).await,
        Ending::DeletedClient => shared_signals::forget_client(realm, ended).await,
    }
}

async fn end(realm: &Realm, ending: Ending, ended: &Ended) -> Result<(), Error> {
    use consent::sql as consents;
    use refresh_token::sql as families;
    let until = || params![realm.name(), &ended.id, ended.at];
    let all = || params![realm.name(), &ended.id];
    let statements: Vec<(&'static Stmt, Params)> = match ending {
        Ending::Session => vec![(&families::REVOKE_FAMILIES_OF_SESSION, until())],
        Ending::Renewed => {
            let lasts = identity::session::lifetimes(realm).absolute;
            let until = ended.at.saturating_add(lasts);
            let values = params![realm.name(), &ended.id, until];
            vec![(&backchannel_logout::sql::KEEP_CLIENTS, values)]
        }
        Ending::Person => vec![(&families::REVOKE_FAMILIES_OF_PERSON, until())],
        Ending::DeletedPerson => vec![
            (&families::FORGET_FAMILIES_OF_PERSON, all()),
            (&consents::FORGET_CONSENTS_OF_PERSON, all()),
            (&ciba::sql::FORGET_USER_CODE, all()),
        ],
        Ending::DeletedClient => return forget_client(realm, ended).await,
    };
    let mut batch = Batch::new();
    for (stmt, params) in statements {
        batch.run(stmt, params);
    }
    realm.db().commit(batch).await?;
    match ending {
        Ending::Session => backchannel_logout::announce(realm, Whose::Session(ended)).await,
        Ending::Person | Ending::DeletedPerson => {
            backchannel_logout::announce(realm, Whose::Person(ended)).await
        }
        Ending::Renewed | Ending::DeletedClient => Ok(()),
    }
}

/// Revokes the credentials that end with an account, if it has ended: who only signed out keeps them.
async fn take_back(realm: &Realm, person: &str) -> Result<(), Refusal> {
    match identity::people::find(realm, person).await? {
        Some(person) if !person.disabled => Ok(()),
        _ => Ok(status_list::issued::end_with(realm, person).await?),
    }
}

/// Deletes what people allowed a client and what it got by that, so many people at a time. When time runs out, the next delivery goes on.
async fn forget_client(realm: &Realm, ended: &Ended) -> Result<(), Error> {
    let values = || params![realm.name(), &ended.id, ended.at, STEP];
    loop {
        let mut batch = Batch::new();
        batch.run(&refresh_token::sql::FORGET_FAMILIES_OF_CLIENT, values());
        let people = batch.run(&consent::sql::FORGET_CONSENTS_OF_CLIENT, values());
        let left = realm.db().commit(batch).await?.affected(people);
        if left < STEP.unsigned_abs() {
            return Ok(());
        }
    }
}
