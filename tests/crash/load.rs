//! The load: workers that redeem, refresh and revoke until the server is gone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;

use grantor_tests::live::{Grantor, sign_in};

use crate::api::{Answer, Api, CLIENT};
use crate::check;
use crate::grant::{Grant, Hand, unknown};
use crate::verdict::{Fault, Verdict};

const WORKERS: usize = 8;
/// Of each worker, the grants that a kill can have hurt; of the older ones, a sample.
const NEWEST: usize = 8;
const SAMPLE: usize = 7;

pub(crate) struct Load {
    cookie: String,
    grants: Vec<Grant>,
    /// Families that live through all kills.
    veterans: Vec<Grant>,
    /// Grants that were revoked before the first one.
    revoked: Vec<Grant>,
}

pub(crate) struct Running {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    workers: Vec<JoinHandle<(Vec<Grant>, Verdict)>>,
}

impl Running {
    /// Returns when so many grants were worked on.
    pub(crate) async fn worked(&self, grants: usize) {
        for _ in 0..6000 {
            if self.done.load(Ordering::SeqCst) >= grants {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the load does not get on");
    }

    /// Waits for the workers, which end at the first request without an answer.
    pub(crate) async fn finish(self, load: &mut Load) -> Verdict {
        self.stop.store(true, Ordering::SeqCst);
        let mut verdict = Verdict {
            kills: 1,
            ..Verdict::default()
        };
        for worker in self.workers {
            let (mut grants, found) = worker.await.unwrap();
            let old = grants.len().saturating_sub(NEWEST);
            let newest = grants.split_off(old);
            load.grants.extend(grants.into_iter().step_by(SAMPLE));
            load.grants.extend(newest);
            verdict.add(found);
        }
        verdict
    }
}

impl Load {
    /// A person, a client, a session, a remembered consent, and a few grants that stay.
    pub(crate) async fn prepare(grantor: &Grantor) -> Self {
        let cookie = sign_in(grantor, CLIENT).await.cookie;
        let mut load = Self {
            cookie,
            grants: Vec::new(),
            veterans: Vec::new(),
            revoked: Vec::new(),
        };
        let api = Api::new(grantor.address(), &load.cookie);
        for n in 0..6 {
            let Answer::Granted(code) = api.authorize().await else {
                panic!("no code before the first kill");
            };
            let (mut grant, mut verdict) = (Grant::issued(code), Verdict::default());
            let mut hand = hand(&api, &mut grant, &mut verdict);
            let mut done = hand.refreshed(2).await.is_ok();
            if n % 2 == 1 {
                done &= hand.revoke_grant().await.is_ok();
                load.revoked.push(grant);
            } else {
                load.veterans.push(grant);
            }
            assert!(done && verdict.faults.is_empty(), "{:?}", verdict.examples);
        }
        load
    }

    /// `count` grants at each of three stages: the code is issued; it is redeemed; it is redeemed.
    pub(crate) async fn begin(&mut self, address: SocketAddr, count: usize) {
        let api = Api::new(address, &self.cookie);
        let mut verdict = Verdict::default();
        for n in 0..3 * count {
            let Answer::Granted(code) = api.authorize().await else {
                panic!("no code");
            };
            let mut grant = Grant::issued(code);
            if n % 3 > 0 {
                hand(&api, &mut grant, &mut verdict).redeem().await.unwrap();
            }
            self.grants.push(grant);
        }
        assert!(verdict.faults.is_empty(), "{:?}", verdict.examples);
    }

    /// The next stage of each: the code is redeemed; the token is refreshed; the grant is revoked.
    pub(crate) async fn go_on(&mut self, address: SocketAddr) {
        let api = Api::new(address, &self.cookie);
        let mut verdict = Verdict::default();
        for (n, grant) in self.grants.iter_mut().enumerate() {
            let mut hand = hand(&api, grant, &mut verdict);
            match n % 3 {
                0 => hand.redeem().await.unwrap(),
                1 => hand.refresh().await.unwrap(),
                _ => hand.revoke_grant().await.unwrap(),
            }
        }
        assert!(verdict.faults.is_empty(), "{:?}", verdict.examples);
    }

    /// Starts the workers.
    pub(crate) fn run(&self, address: SocketAddr) -> Running {
        let stop = Arc::new(AtomicBool::new(false));
        let done = Arc::new(AtomicUsize::new(0));
        let workers = (0..WORKERS)
            .map(|seed| {
                let api = Api::new(address, &self.cookie);
                tokio::spawn(work(api, stop.clone(), done.clone(), seed))
            })
            .collect();
        Running {
            stop,
            done,
            workers,
        }
    }

    /// Checks what the workers remember against the server that was restarted, and forgets it.
    pub(crate) async fn check(&mut self, address: SocketAddr) -> Verdict {
        let api = Api::new(address, &self.cookie);
        let mut verdict = Verdict::default();
        for grant in &mut self.veterans {
            verdict.add(check::live_on(&api, grant).await);
        }
        for grant in &self.revoked {
            verdict.add(check::stay_dead(&api, grant).await);
        }
        let queue = Arc::new(std::sync::Mutex::new(std::mem::take(&mut self.grants)));
        let checkers: Vec<_> = (0..WORKERS)
            .map(|_| {
                let (api, queue) = (api.clone(), queue.clone());
                tokio::spawn(async move {
                    let mut verdict = Verdict::default();
                    loop {
                        let next = queue.lock().unwrap().pop();
                        let Some(grant) = next else { return verdict };
                        verdict.add(check::check(&api, &grant).await);
                    }
                })
            })
            .collect();
        for checker in checkers {
            verdict.add(checker.await.unwrap());
        }
        verdict
    }

    /// Returns when the server, whose database was away, authorizes again.
    pub(crate) async fn wait_until_it_answers(&self, address: SocketAddr) {
        let api = Api::new(address, &self.cookie);
        for _ in 0..1000 {
            if let Answer::Granted(_) = api.authorize().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("grantor does not recover");
    }
}

fn hand<'a>(api: &'a Api, grant: &'a mut Grant, verdict: &'a mut Verdict) -> Hand<'a> {
    Hand {
        api,
        grant,
        verdict,
    }
}

async fn work(
    api: Api,
    stop: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    seed: usize,
) -> (Vec<Grant>, Verdict) {
    let (mut grants, mut verdict) = (Vec::new(), Verdict::default());
    for turn in seed.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let code = match api.authorize().await {
            Answer::Granted(code) => code,
            Answer::Refused => break,
            Answer::Unknown(words) => {
                unknown(&mut verdict, words);
                break;
            }
        };
        verdict.acknowledged += 1;
        let mut grant = Grant::issued(code);
        let played = hand(&api, &mut grant, &mut verdict).play(turn).await;
        grants.push(grant);
        done.fetch_add(1, Ordering::SeqCst);
        if played.is_err() {
            break;
        }
    }
    (grants, verdict)
}

/// While a database is away, errors are the right answers: what was in flight is unknown, and nothing else is.
pub(crate) fn forgive_errors(verdict: &mut Verdict) {
    if let Some(errors) = verdict.faults.remove(&Fault::Unproven) {
        verdict.in_flight += errors;
        verdict
            .examples
            .retain(|text| !text.starts_with("Unproven"));
    }
}
