use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ambient::Entropy;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use super::rules::{self, Unfit};
use super::threads::Threads;
use crate::password_hash::{self as hash, Cost, PasswordHash};

/// More sign-ins are waiting than the pool may hold, or this one has waited for too long; answer 503 with Retry-After.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are waiting to be checked")]
pub struct Full;

/// Why a password was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// The password is not fit.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The pool is full.
    #[error(transparent)]
    Full(#[from] Full),
}

/// How many passwords are hashed at once, how many may wait, and what one costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    /// Hashes in progress at once; leave cores for tokens. At least 1.
    pub workers: usize,
    /// How many more may wait for a worker.
    pub queue: usize,
    /// How long one waits at most. A person who waits longer tries again anyway, and both would be hashed.
    pub wait: Duration,
    /// What one hash costs.
    pub cost: Cost,
}

impl Default for PoolOptions {
    /// Half of the cores, and up to a second of waiting.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let workers = (cores / 2).max(1);
        Self {
            workers,
            queue: workers * 64,
            wait: Duration::from_secs(1),
            cost: Cost::DEFAULT,
        }
    }
}

/// The only place where passwords are hashed: off the async threads and bounded, so that a flood of sign-ins takes neither the processor
/// nor the memory that tokens need.
pub struct Pool {
    places: Arc<Semaphore>,
    workers: Arc<Semaphore>,
    threads: Threads,
    wait: Duration,
    cost: Cost,
    entropy: Entropy,
    dummy: PasswordHash,
    verified: AtomicU64,
}

/// What checking a password gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is right.
    Right {
        /// The same password, hashed at today's cost, where the stored hash was made another way.
        rehashed: Option<PasswordHash>,
    },
    /// It is wrong, or there was nothing to compare it with.
    Wrong,
}

impl Pool {
    /// A pool.
    pub fn new(options: PoolOptions, entropy: Entropy) -> Self {
        let workers = options.workers.max(1);
        let dummy = hash::dummy(options.cost, &entropy);
        Self {
            places: Arc::new(Semaphore::new(workers + options.queue)),
            workers: Arc::new(Semaphore::new(workers)),
            threads: Threads::start(workers),
            wait: options.wait,
            cost: options.cost,
            entropy,
            dummy,
            verified: AtomicU64::new(0),
        }
    }

    /// Hashes a password to be set for the person called `username`, after checking that it is fit.
    ///
    /// # Errors
    /// [`SetError`].
    pub async fn set(
        &self,
        username: &str,
        password: SecretString,
    ) -> Result<PasswordHash, SetError> {
        rules::check_new(username, password.expose_secret())?;
        let (cost, entropy) = (self.cost, self.entropy.clone());
        let made = self
            .work(move || hash::hash(password.expose_secret().as_bytes(), cost, &entropy))
            .await?;
        made.ok_or(SetError::Full(Full))
    }

    /// Checks a password against a stored hash, or against the dummy when there is none: both cost the same.
    pub(crate) async fn verify(
        &self,
        stored: Option<PasswordHash>,
        password: SecretString,
    ) -> Result<Verdict, Full> {
        let known = stored.is_some();
        let against = stored.unwrap_or_else(|| self.dummy.clone());
        let (cost, entropy) = (self.cost, self.entropy.clone());
        self.verified.fetch_add(1, Ordering::Relaxed);
        self.work(move || {
            let right = hash::matches(password.expose_secret().as_bytes(), &against);
            if !right || !known {
                return Verdict::Wrong;
            }
            let rehashed = hash::needs_rehash(&against, cost)
                .then(|| hash::hash(password.expose_secret().as_bytes(), cost, &entropy))
                .flatten();
            Verdict::Right { rehashed }
        })
        .await
    }

    /// How many passwords have been checked, against a stored hash or the dummy.
    pub fn verified(&self) -> u64 {
        self.verified.load(Ordering::Relaxed)
    }

    /// Waits for a worker, if there is a place to wait, but not for long, and runs `job` off the async threads. Whoever stops waiting gives the place back; a
    /// job that has begun keeps its worker to the end.
    async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Full> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| Full)?;
        let worker = timeout(self.wait, Arc::clone(&self.workers).acquire_owned())
            .await
            .map_err(|_| Full)?
            .map_err(|_| Full)?;
        let (done, result) = oneshot::channel();
        self.threads.run(move || {
            let outcome = job();
            // Before the answer: who gets it may come again at once.
            drop((place, worker));
            let _ = done.send(outcome);
        });
        result.await.map_err(|_| Full)
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool")
            .field("cost", &self.cost)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use std::sync::mpsc;

    fn pool(workers: usize, queue: usize) -> Arc<Pool> {
        let options = PoolOptions {
            workers,
            queue,
            wait: Duration::from_millis(200),
            cost: Cost::TEST,
        };
        Arc::new(Pool::new(options, Entropy::seeded(7)))
    }

    /// A job that has taken the only worker and keeps it until it is released.
    async fn occupied(
        pool: &Arc<Pool>,
    ) -> (
        mpsc::Sender<()>,
        tokio::task::JoinHandle<Result<bool, Full>>,
    ) {
        let (release, blocked) = mpsc::channel::<()>();
        let working = Arc::clone(pool);
        let running =
            tokio::spawn(async move { working.work(move || blocked.recv().is_ok()).await });
        while pool.workers.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        (release, running)
    }

    #[tokio::test]
    async fn a_full_pool_refuses_at_once_and_recovers() {
        let pool = pool(1, 1);
        let (release, running) = occupied(&pool).await;
        let waiting = {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move { pool.work(|| 7).await })
        };
        while pool.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.verify(None, "password".into()).await, Err(Full));
        assert_eq!(
            pool.set("alice", "long enough".into()).await,
            Err(SetError::Full(Full))
        );
        release.send(()).unwrap();
        assert_eq!(running.await.unwrap(), Ok(true));
        assert_eq!(waiting.await.unwrap(), Ok(7));
        assert!(pool.set("alice", "long enough".into()).await.is_ok());
    }

    #[tokio::test]
    async fn a_place_in_the_queue_is_given_back_when_nobody_waits_any_more() {
        let pool = pool(1, 1);
        let (release, running) = occupied(&pool).await;
        let waiting = {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move { pool.work(|| 7).await })
        };
        while pool.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        waiting.abort();
        assert!(waiting.await.is_err());
        assert_eq!(pool.places.available_permits(), 1);
        release.send(()).unwrap();
        assert_eq!(running.await.unwrap(), Ok(true));
    }

    #[tokio::test]
    async fn nobody_waits_for_longer_than_is_allowed_and_what_runs_goes_on() {
        let pool = pool(1, 10);
        let (release, running) = occupied(&pool).await;
        let waited = tokio::time::Instant::now();
        let waiting: Vec<_> = (0..10)
            .map(|_| {
                let pool = Arc::clone(&pool);
                tokio::spawn(async move { pool.work(|| 7).await })
            })
            .collect();
        for one in waiting {
            assert_eq!(one.await.unwrap(), Err(Full));
        }
        let waited = waited.elapsed();
        assert!(waited >= Duration::from_millis(190) && waited < Duration::from_secs(2));
        assert_eq!(pool.places.available_permits(), 10);
        release.send(()).unwrap();
        assert_eq!(running.await.unwrap(), Ok(true));
        assert_eq!(pool.work(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn a_job_that_panics_takes_nothing_with_it() {
        let pool = pool(1, 0);
        let broken = pool.work(|| panic!("on purpose")).await;
        assert_eq!(broken, Err::<(), _>(Full));
        assert_eq!(pool.work(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn without_a_stored_hash_a_password_is_checked_all_the_same_and_wrong() {
        let pool = pool(1, 1);
        assert_eq!(
            pool.verify(None, "anything".into()).await,
            Ok(Verdict::Wrong)
        );
        assert_eq!(pool.verified(), 1);
        assert!(
            pool.dummy
                .as_str()
                .starts_with("$argon2id$v=19$m=8,t=1,p=1$")
        );
    }

    #[tokio::test]
    async fn a_right_password_with_an_old_hash_comes_back_rehashed() {
        let pool = pool(1, 1);
        let old = Cost {
            memory_kib: 16,
            passes: 2,
        };
        let stored = hash::hash(b"long enough", old, &Entropy::seeded(3)).unwrap();
        let verdict = pool
            .verify(Some(stored.clone()), "long enough".into())
            .await
            .unwrap();
        let Verdict::Right {
            rehashed: Some(new),
        } = verdict
        else {
            panic!("expected a new hash");
        };
        assert!(new.as_str().contains("m=8,t=1"));
        let again = pool.verify(Some(new), "long enough".into()).await;
        assert_eq!(again, Ok(Verdict::Right { rehashed: None }));
        assert_eq!(
            pool.verify(Some(stored), "long enougx".into()).await,
            Ok(Verdict::Wrong)
        );
    }
}
