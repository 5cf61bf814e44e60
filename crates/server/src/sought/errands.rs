//! What is asked of other hosts because somebody here names them: how often each may be asked, and how many errands are out at once. Names that nobody has heard of
//! take nothing from those that are known, and whoever answers slowly gives way to those who come after.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ambient::Clock;
use realm::Client;
use tokio::sync::Notify;
use url::Url;
use web::limit::Limiter;

use crate::refusal::Refusal;

/// How often one host is asked in a minute, for whatever: many addresses together do not make this server flood another.
const PER_HOST: u32 = 600;
/// How many errands are out at once.
const AT_ONCE: usize = 128;
/// How many of them to one host: a slow one holds no more than its share.
const AT_ONCE_PER_HOST: usize = 16;
/// How long each is let alone, in milliseconds. One that takes longer gives way when another needs its place.
const GRACE: u64 = 1000;

/// Whether somebody stands for who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// An operator named it, or it was good when it was last asked.
    Known,
    /// Anybody may have made it up.
    Strange,
}

impl Standing {
    /// That of what a client has published.
    pub(crate) fn of(client: &Client) -> Self {
        if client.is_anybodys() {
            Self::Strange
        } else {
            Self::Known
        }
    }
}

/// The errands of a process. All bounds hold for the known and for the strange apart: 1200 requests a minute to one host at most, 256 errands at once, and what
/// remembers the hosts takes about 2 MiB for each.
#[derive(Clone)]
pub(crate) struct Errands {
    known: Arc<Room>,
    strange: Arc<Room>,
}

impl Errands {
    pub(crate) fn new(clock: &Clock) -> Self {
        Self {
            known: Arc::new(Room::new(clock)),
            strange: Arc::new(Room::new(clock)),
        }
    }

    pub(crate) fn room(&self, standing: Standing) -> &Arc<Room> {
        match standing {
            Standing::Known => &self.known,
            Standing::Strange => &self.strange,
        }
    }
}

/// One half of the errands.
pub(crate) struct Room {
    clock: Clock,
    hosts: Limiter,
    out: Mutex<Out>,
}

/// Errands by number: the oldest is the first.
#[derive(Default)]
struct Out {
    next: u64,
    errands: BTreeMap<u64, Place>,
}

struct Place {
    host: String,
    /// Since when (milliseconds).
    since: u64,
    gives_way: Arc<Notify>,
}

/// The host that an address is counted under.
pub(crate) fn host(address: &str) -> String {
    let url = Url::parse(address).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    host.trim_end_matches('.').to_owned()
}

impl Room {
    fn new(clock: &Clock) -> Self {
        Self {
            clock: clock.clone(),
            hosts: Limiter::per(clock.clone(), PER_HOST, 60),
            out: Mutex::default(),
        }
    }

    /// Whether a host may be asked.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub(crate) fn check(&self, host: &str) -> Result<(), Refusal> {
        let free = self.hosts.check(host);
        free.map_err(|wait| Refusal::TooMany(wait.0))
    }

    /// Counts that a host is asked, right before it is.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub(crate) fn ask(&self, host: &str) -> Result<(), Refusal> {
        let taken = self.hosts.take(host);
        taken.map_err(|wait| Refusal::TooMany(wait.0))
    }

    /// A place for an errand to this host.
    ///
    /// # Errors
    /// [`Refusal::Busy`] when all are taken, and those who have them have not had them for long.
    pub(crate) fn begin(self: &Arc<Self>, host: &str) -> Result<Errand, Refusal> {
        let now = self.clock.now_millis();
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let there = |place: &&Place| place.host == host;
        let oldest = if out.errands.values().filter(there).count() >= AT_ONCE_PER_HOST {
            out.errands.iter().find(|(_, place)| place.host == host)
        } else if out.errands.len() >= AT_ONCE {
            out.errands.first_key_value()
        } else {
            None
        };
        if let Some((number, place)) = oldest {
            if now < place.since.saturating_add(GRACE) {
                return Err(Refusal::Busy);
            }
            let number = *number;
            if let Some(place) = out.errands.remove(&number) {
                place.gives_way.notify_one();
            }
        }
        let number = out.next;
        out.next += 1;
        let gives_way = Arc::new(Notify::new());
        let place = Place {
            host: host.to_owned(),
            since: now,
            gives_way: Arc::clone(&gives_way),
        };
        out.errands.insert(number, place);
        Ok(Errand {
            number,
            gives_way,
            room: Arc::clone(self),
        })
    }

    /// Does all of an errand that asks one address once.
    ///
    /// # Errors
    /// As [`ask`](Self::ask) and [`begin`](Self::begin), also when it gave way.
    pub(crate) async fn call<T>(
        self: &Arc<Self>,
        address: &str,
        asking: impl Future<Output = T>,
    ) -> Result<T, Refusal> {
        let host = host(address);
        self.check(&host)?;
        let errand = self.begin(&host)?;
        self.ask(&host)?;
        errand.run(asking).await.ok_or(Refusal::Busy)
    }
}

/// A place among the errands, until it is dropped.
pub(crate) struct Errand {
    number: u64,
    gives_way: Arc<Notify>,
    room: Arc<Room>,
}

impl Errand {
    /// Runs it to its end; none when it gave way.
    pub(crate) async fn run<T>(self, asking: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = asking => Some(done),
            () = self.gives_way.notified() => None,
        }
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        let out = self.room.out.lock();
        let mut out = out.unwrap_or_else(PoisonError::into_inner);
        out.errands.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    fn errands() -> (Clock, Errands) {
        let clock = Clock::manual(1_000_000);
        let errands = Errands::new(&clock);
        (clock, errands)
    }

    #[test]
    fn a_host_is_asked_so_often_whoever_asks_and_the_known_apart() {
        let (clock, errands) = errands();
        let [known, strange] = [Standing::Known, Standing::Strange].map(|it| errands.room(it));
        for _ in 0..PER_HOST {
            strange.ask("a.example").unwrap();
        }
        assert!(matches!(
            strange.check("a.example"),
            Err(Refusal::TooMany(_))
        ));
        assert!(matches!(strange.ask("a.example"), Err(Refusal::TooMany(_))));
        strange.ask("b.example").unwrap();
        known.ask("a.example").unwrap();
        clock.advance(60);
        strange.ask("a.example").unwrap();
    }

    #[test]
    fn one_host_holds_no_more_than_its_share() {
        let (_, errands) = errands();
        let room = errands.room(Standing::Strange);
        let held: Vec<_> = (0..AT_ONCE_PER_HOST)
            .map(|_| room.begin("slow.example").unwrap())
            .collect();
        assert!(matches!(room.begin("slow.example"), Err(Refusal::Busy)));
        room.begin("quick.example").unwrap();
        drop(held);
        room.begin("slow.example").unwrap();
    }

    #[tokio::test]
    async fn the_slowest_give_way_when_all_places_are_taken() {
        let (clock, errands) = errands();
        let room = errands.room(Standing::Strange);
        let first = room.begin("slow.example").unwrap();
        let held: Vec<_> = (1..AT_ONCE)
            .map(|number| room.begin(&format!("slow{number}.example")).unwrap())
            .collect();
        assert!(matches!(room.begin("quick.example"), Err(Refusal::Busy)));
        errands
            .room(Standing::Known)
            .begin("quick.example")
            .unwrap();
        clock.advance(1);
        let quick = room.begin("quick.example").unwrap();
        assert_eq!(first.run(std::future::pending::<()>()).await, None);
        assert_eq!(quick.run(async { 7 }).await, Some(7));
        assert!(room.out.lock().unwrap().errands.len() < AT_ONCE);
        drop(held);
        assert!(room.out.lock().unwrap().errands.is_empty());
    }

    #[test]
    fn a_host_has_one_name() {
        for address in [
            "https://a.example/x",
            "https://A.example./y",
            "https://a.example:8443",
        ] {
            assert_eq!(host(address), "a.example", "{address}");
        }
        assert_eq!(host("nonsense"), "");
    }
}
