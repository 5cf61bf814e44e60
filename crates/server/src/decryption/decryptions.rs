//! How much RSA others may make us do: each decryption costs as much as a signature, and whoever asks for it has proved nothing yet.

use std::sync::Arc;

use ambient::Clock;
use tokio::sync::Semaphore;
use web::limit::Limiter;

use crate::call::Call;
use crate::refusal::Refusal;

/// How many for one address in a second: a whole application may stand behind it.
const PER_SECOND: u32 = 100;
/// How many may wait; each takes about a millisecond.
const WAITING: usize = 64;

/// What decrypts: on threads for such work, on at most half of the processors at once, so that whatever comes is no burden to the others.
pub(crate) struct Decryptions {
    addresses: Limiter,
    places: Arc<Semaphore>,
    at_once: Arc<Semaphore>,
}

impl Decryptions {
    pub(crate) fn new(clock: &Clock) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            addresses: Limiter::per(clock.clone(), PER_SECOND, 1),
            places: Arc::new(Semaphore::new(WAITING)),
            at_once: Arc::new(Semaphore::new((processors / 2).max(1))),
        }
    }

    /// Does it when it is its turn.
    ///
    /// # Errors
    /// [`Refusal::TooMany`] for an address that asks for more than its share, [`Refusal::Busy`] when too many wait.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        call: &Call,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let network = call.address.map(|address| address.network());
        let taken = self.addresses.take((call.realm.name(), network));
        taken.map_err(|wait| Refusal::TooMany(wait.0))?;
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Refusal::Busy)?;
        let turn = Arc::clone(&self.at_once).acquire_owned().await;
        let turn = turn.map_err(|_| Refusal::Busy)?;
        // Who hangs up frees nothing before the work is done.
        let work = move || {
            let done = work();
            drop((place, turn));
            done
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| Refusal::Failed(error.to_string()))
    }
}
