#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
use std::sync::atomic::{AtomicUsize, Ordering};

use ambient::Clock;

use super::*;

/// Something that is good, or not there.
struct Thing;

impl Kind for Thing {
    const NAME: &'static str = "a thing";
    type Value = bool;
    type Failure = &'static str;

    fn is_known(value: &bool) -> bool {
        *value
    }

    fn is_final(failure: &&'static str) -> bool {
        *failure == "bad"
    }

    fn gave_way() -> &'static str {
        "slow"
    }
}

fn sought(most: usize) -> (Clock, Sought<Thing>) {
    let clock = Clock::manual(1_000_000);
    let sought = Sought::new(most, &Errands::new(&clock));
    (clock, sought)
}

async fn seek(
    (clock, sought): &(Clock, Sought<Thing>),
    (name, host): (&str, &str),
    found: Result<bool, &'static str>,
) -> Result<Outcome<Thing>, Refusal> {
    let now = clock.now();
    let wanted = Wanted {
        name,
        host,
        standing: Standing::Strange,
        want: Want::Current,
        now,
        count: &|| Ok(()),
    };
    let host = host.to_owned();
    let seek = |room: Arc<Room>| async move {
        room.ask(&host).map_err(|_| "busy")?;
        found.map(|value| (value, now + 60))
    };
    sought.renew(wanted, seek).await
}

#[tokio::test]
async fn a_flood_of_names_on_a_host_takes_nothing_from_the_known_ones_there() {
    let it = sought(100);
    seek(&it, ("known", "a.example"), Ok(true)).await.unwrap();
    it.0.advance(3600);
    let mut refused = 0;
    for number in 0..2000 {
        let found = [Ok(false), Err("bad"), Err("away")][number % 3];
        let done = seek(&it, (&format!("made-up-{number}"), "a.example"), found).await;
        refused += usize::from(done.is_err());
    }
    assert_eq!(refused, 1400, "the host is protected");
    let (kept, failure) = seek(&it, ("known", "a.example"), Ok(true)).await.unwrap();
    let kept = kept.unwrap();
    assert!(kept.value && failure.is_none() && kept.since == it.0.now());
}

#[tokio::test]
async fn what_is_kept_is_bounded() {
    let it = sought(100);
    for number in 0..2000 {
        let host = format!("h{number}.example");
        let name = format!("name-{number}");
        let found = [Ok(true), Ok(false), Err("bad"), Err("away")][number % 4];
        seek(&it, (&name, &host), found).await.unwrap();
    }
    let [known, strange] = &*it.1.entries;
    assert!(known.len() <= 100 && strange.len() <= 100);
    // What is refused is not kept at all.
    let before = strange.len();
    for number in 0..700 {
        let _ = seek(&it, (&format!("more-{number}"), "a.example"), Ok(true)).await;
    }
    assert!(it.1.kept("more-699").is_none() && strange.len() <= before.max(100));
}

#[tokio::test]
async fn slow_hosts_keep_no_known_one_away_and_no_other_for_long() {
    let it = Arc::new(sought(1000));
    seek(&it, ("known", "a.example"), Ok(true)).await.unwrap();
    it.0.advance(3600);
    let slow = |number: usize| {
        let it = Arc::clone(&it);
        tokio::spawn(async move {
            let (name, host) = (format!("slow-{number}"), format!("h{number}.example"));
            let wanted = Wanted {
                name: &name,
                host: &host,
                standing: Standing::Strange,
                want: Want::Current,
                now: it.0.now(),
                count: &|| Ok(()),
            };
            let hang = |_| std::future::pending();
            it.1.renew(wanted, hang).await.map(|(_, failure)| failure)
        })
    };
    let all: Vec<_> = (0..200).map(slow).collect();
    let mut busy = 0;
    while busy < 72 {
        tokio::task::yield_now().await;
        busy = all.iter().filter(|one| one.is_finished()).count();
    }
    seek(&it, ("known", "a.example"), Ok(true)).await.unwrap();
    assert!(seek(&it, ("new", "b.example"), Ok(true)).await.is_err());
    it.0.advance(1);
    for number in 0..10 {
        let (kept, _) = seek(&it, (&format!("new-{number}"), "b.example"), Ok(true))
            .await
            .unwrap();
        assert!(kept.is_some());
    }
    let mut gave_way = 0;
    for one in all {
        if !one.is_finished() {
            one.abort();
        } else if let Ok(Some(failure)) = one.await.unwrap() {
            assert_eq!(failure, "slow");
            gave_way += 1;
        }
    }
    assert!(gave_way >= 1);
}

#[tokio::test]
async fn who_wants_something_newer_gets_it_once() {
    let it = sought(10);
    let asked = Arc::new(AtomicUsize::new(0));
    let newer = || async {
        let now = it.0.now();
        let counted = Arc::clone(&asked);
        let wanted = Wanted {
            name: "keys",
            host: "a.example",
            standing: Standing::Known,
            want: Want::Newer,
            now,
            count: &|| Ok(()),
        };
        let seek = |_| async move {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok((true, now + 600))
        };
        it.1.renew(wanted, seek).await.unwrap()
    };
    newer().await;
    newer().await;
    assert_eq!(asked.load(Ordering::SeqCst), 1, "it rests");
    it.0.advance(rules::REST);
    tokio::join!(newer(), newer(), newer());
    assert_eq!(
        asked.load(Ordering::SeqCst),
        2,
        "what somebody else just had is newer"
    );
}

#[tokio::test]
async fn what_is_had_counts_although_an_earlier_attempt_failed() {
    let it = sought(10);
    let (_, failure) = seek(&it, ("a", "a.example"), Err("away")).await.unwrap();
    assert_eq!(failure, Some("away"));
    let kept = Kept {
        value: true,
        since: it.0.now(),
        fresh_until: it.0.now() + 60,
    };
    it.1.keep("a", kept);
    let (kept, failure) = seek(&it, ("a", "a.example"), Err("bad")).await.unwrap();
    assert!(kept.is_some() && failure.is_none());
}
