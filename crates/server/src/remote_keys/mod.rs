//! The keys at the `jwks_uri` of clients: fetched through the guard, kept in bounded memory for a bounded time, and again when a client signs with one
//! that is not there. Whoever waits for one client's address keeps nobody else waiting.

pub mod rules;
mod source;

use std::sync::Arc;
use std::time::Duration;

use fetch::{Fetch, FetchOptions};
use realm::clients::{LONGEST_KEYS, PublicKeys};
use realm::{Client, Realm};

use self::rules::are_usable;
use crate::refusal::Reason;
use crate::sought::{self, Errands, Kept, Kind, Room, Sought, Standing, Wanted};

pub(crate) use self::source::Source;
pub(crate) use crate::sought::rules::Want;

/// How many clients' keys are kept.
const CLIENTS: usize = 2000;
/// How long an answer may take, from the first byte to the last.
const PATIENCE: Duration = Duration::from_secs(5);

/// The fetched keys of all clients of a process.
pub(crate) struct RemoteKeys {
    fetch: Option<Fetch>,
    sought: Sought<Keys>,
}

struct Keys;

impl Kind for Keys {
    const NAME: &'static str = "the keys of a client";
    type Value = PublicKeys;
    type Failure = String;

    fn is_final(_: &String) -> bool {
        false
    }

    fn gave_way() -> String {
        "too slow while others were waiting".to_owned()
    }
}

impl RemoteKeys {
    pub(crate) fn new(options: FetchOptions, errands: &Errands) -> Self {
        let options = FetchOptions {
            timeout: options.timeout.min(PATIENCE),
            max_bytes: LONGEST_KEYS,
            ..options
        };
        let fetch = Fetch::new(options)
            .inspect_err(|error| tracing::error!(%error, "no jwks_uri can be fetched"))
            .ok();
        Self {
            fetch,
            sought: Sought::new(CLIENTS, errands),
        }
    }

    /// The keys of a client with a `jwks_uri`.
    ///
    /// # Errors
    /// [`Reason::ClientKeysUnreachable`].
    pub(crate) async fn of(
        &self,
        realm: &Realm,
        client: &Client,
        want: Want,
    ) -> Result<PublicKeys, Reason> {
        let Some(uri) = client.jwks_uri.as_deref() else {
            return Err(Reason::ClientKeysUnreachable);
        };
        let name = format!("{} {} {uri}", realm.name(), client.id);
        let source = Source::Keys(uri.to_owned());
        let whose = (name.as_str(), Standing::of(client));
        self.find(whose, source, want, realm.now()).await
    }

    /// The keys at an address that an operator trusts, kept under this name.
    ///
    /// # Errors
    /// [`Reason::ClientKeysUnreachable`].
    pub(crate) async fn at(
        &self,
        name: &str,
        uri: &str,
        want: Want,
        now: i64,
    ) -> Result<PublicKeys, Reason> {
        let source = Source::Keys(uri.to_owned());
        self.from(name, source, want, now).await
    }

    /// The keys that somebody publishes there whom an operator trusts, kept under this name.
    ///
    /// # Errors
    /// [`Reason::ClientKeysUnreachable`].
    pub(crate) async fn from(
        &self,
        name: &str,
        source: Source,
        want: Want,
        now: i64,
    ) -> Result<PublicKeys, Reason> {
        self.find((name, Standing::Known), source, want, now).await
    }

    async fn find(
        &self,
        (name, standing): (&str, Standing),
        source: Source,
        want: Want,
        now: i64,
    ) -> Result<PublicKeys, Reason> {
        let at_hand = self.sought.kept(name);
        // The usual case, in which nobody waits for anybody.
        if let Some(kept) = &at_hand
            && want == Want::Current
            && now < kept.fresh_until
        {
            return Ok(kept.value.clone());
        }
        let host = sought::host(source.address());
        let wanted = Wanted {
            name,
            host: &host,
            standing,
            want,
            now,
            count: &|| Ok(()),
        };
        let (fetch, asked) = (self.fetch.clone(), host.clone());
        let seek = |room: Arc<Room>| async move {
            let busy = |_| "too much is asked for there".to_owned();
            room.ask(&asked).map_err(busy)?;
            let (keys, fresh) = source.fetch(fetch).await?;
            Ok((keys, now.saturating_add(fresh)))
        };
        let kept = match Box::pin(self.sought.renew(wanted, seek)).await {
            Ok((kept, _)) => kept,
            Err(_) => at_hand,
        };
        let usable = |kept: &Kept<_>| are_usable(kept.since, now);
        let kept = kept.filter(usable);
        Ok(kept.ok_or(Reason::ClientKeysUnreachable)?.value)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use ambient::Clock;

    use super::*;

    #[tokio::test]
    async fn clients_that_anybody_made_do_not_have_one_host_called_without_end() {
        let errands = Errands::new(&Clock::manual(0));
        let keys = RemoteKeys::new(FetchOptions::loopback(), &errands);
        let free = |standing| errands.room(standing).check("127.0.0.1").is_ok();
        for (standing, other_is_free) in [(Standing::Strange, true), (Standing::Known, false)] {
            for number in 0..600 {
                assert!(free(standing));
                // A closed port: what is counted is whether it was tried.
                let source = Source::Keys("http://127.0.0.1:1/jwks".to_owned());
                let name = format!("{standing:?} {number}");
                let had = keys.find((&name, standing), source, Want::Current, 0).await;
                assert!(had.is_err());
            }
            assert!(!free(standing));
            assert_eq!(free(Standing::Known), other_is_free);
        }
    }
}
