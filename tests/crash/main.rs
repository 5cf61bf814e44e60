//! kill -9 in the middle of code redemptions, refreshes and revocations, again and again. After each restart: no code is redeemed twice, no code or
//! token that was acknowledged is lost, no family is forked, nothing that was revoked lives.
//!
//! `GRANTOR_KILLS` says how often each subject is killed (3 unless told; `cargo xtask crash` asks for 50).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

mod api;
mod check;
mod grant;
mod load;
mod unsynced;
mod verdict;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use db::testing::Cluster;
use grantor_tests::live::{Grantor, Storage};

use load::Load;
use unsynced::{Fate, Layer};
use verdict::{Fault, Verdict};

/// How many grants are worked on before a kill, at least.
const WORK: usize = 24;

fn kills() -> u32 {
    std::env::var("GRANTOR_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(3)
}

/// How long the load goes on before kill number `n`: up to 300 ms, spread so that kills fall everywhere in the work.
fn delay(n: u32) -> Duration {
    Duration::from_micros(u64::from(n).wrapping_mul(97_013) % 300_000)
}

/// SQLite over the layer that forgets what was not synced: at every other kill all of it, else some.
fn power_cut(synchronous: &str, always_all: bool) -> (Storage, Arc<Layer>) {
    let storage = Storage::sqlite(&format!("?synchronous={synchronous}"));
    let layer = Arc::new(Layer::compile(storage.dir()));
    let (inner, cuts) = (layer.clone(), AtomicU64::new(0));
    let storage = storage.preload(layer.environment(), move || {
        let cut = cuts.fetch_add(1, Ordering::SeqCst);
        if always_all || cut % 2 == 0 {
            inner.cut(Fate::Lost);
        } else {
            inner.cut(Fate::Chance(cut));
        }
    });
    (storage, layer)
}

/// Kills grantor under load and checks after each restart.
async fn kill_grantor(grantor: &mut Grantor, load: &mut Load, kills: u32) -> Verdict {
    let mut verdict = Verdict::default();
    for n in 0..kills {
        let running = load.run(grantor.address());
        running.worked(WORK).await;
        tokio::time::sleep(delay(n)).await;
        grantor.kill();
        verdict.add(running.finish(load).await);
        grantor.restart().await;
        verdict.add(load.check(grantor.address()).await);
    }
    assert!(!grantor.log().contains("panicked"), "{}", grantor.log());
    verdict
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_grantor_on_sqlite_loses_and_doubles_nothing() {
    let mut grantor = Grantor::start(Storage::sqlite("")).await;
    let mut load = Load::prepare(&grantor).await;
    let verdict = kill_grantor(&mut grantor, &mut load, kills()).await;
    println!("grantor on SQLite: {verdict}");
    verdict.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn losing_what_sqlite_did_not_sync_loses_and_doubles_nothing() {
    let (storage, layer) = power_cut("full", false);
    let mut grantor = Grantor::start(storage).await;
    let mut load = Load::prepare(&grantor).await;
    let verdict = kill_grantor(&mut grantor, &mut load, kills()).await;
    println!(
        "grantor on SQLite, power cut: {verdict}\n  {:?}",
        layer.counts()
    );
    verdict.assert_clean();
    assert!(layer.counts().syncs_of_log > 0, "{:?}", layer.counts());
}

/// The judge is judged: with `synchronous` turned off, what was acknowledged since it was last durable is lost, and the same checks say so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_synchronous_turned_off_the_loss_is_found() {
    let (storage, layer) = power_cut("off", true);
    let mut grantor = Grantor::start(storage).await;
    let mut load = Load::prepare(&grantor).await;
    // The preparation survives, so that the server starts again and it is the load that is lost.
    layer.settle();
    let verdict = kill_grantor(&mut grantor, &mut load, 1).await;
    println!(
        "grantor on SQLite, power cut, synchronous=off: {verdict}\n  {:?}",
        layer.counts()
    );
    assert!(
        verdict.count(Fault::Lost) > 0,
        "this test cannot fail, so it proves nothing: {verdict}"
    );
}

/// Each check is judged: after the loss of one step of a grant, the check for that step finds it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_synchronous_turned_off_each_check_finds_its_fault() {
    let (storage, layer) = power_cut("off", true);
    let mut grantor = Grantor::start(storage).await;
    let mut load = Load::prepare(&grantor).await;
    load.begin(grantor.address(), 4).await;
    layer.settle();
    load.go_on(grantor.address()).await;
    grantor.kill();
    grantor.restart().await;
    let verdict = load.check(grantor.address()).await;
    // Four grants each: a redemption is forgotten, so is a refresh, so is a revocation.
    assert_eq!(verdict.count(Fault::Doubled), 4, "{verdict}");
    assert_eq!(verdict.count(Fault::Lost), 8, "{verdict}");
    assert_eq!(verdict.count(Fault::Forked), 4, "{verdict}");
    assert_eq!(verdict.count(Fault::Revived), 8, "{verdict}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_grantor_on_postgresql_loses_and_doubles_nothing() {
    let cluster = Cluster::start(true).unwrap();
    let mut grantor = Grantor::start(Storage::postgres(cluster.url())).await;
    let mut load = Load::prepare(&grantor).await;
    let verdict = kill_grantor(&mut grantor, &mut load, kills()).await;
    println!("grantor on PostgreSQL: {verdict}");
    verdict.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_postgresql_itself_loses_and_doubles_nothing() {
    let cluster = Cluster::start(true).unwrap();
    let grantor = Grantor::start(Storage::postgres(cluster.url())).await;
    let mut load = Load::prepare(&grantor).await;
    let mut verdict = Verdict::default();
    for n in 0..kills() {
        let running = load.run(grantor.address());
        running.worked(WORK).await;
        tokio::time::sleep(delay(n)).await;
        cluster.kill().unwrap();
        let mut found = running.finish(&mut load).await;
        load::forgive_errors(&mut found);
        verdict.add(found);
        cluster.restart().unwrap();
        load.wait_until_it_answers(grantor.address()).await;
        verdict.add(load.check(grantor.address()).await);
    }
    assert!(!grantor.log().contains("panicked"), "{}", grantor.log());
    println!("PostgreSQL itself: {verdict}");
    verdict.assert_clean();
}
