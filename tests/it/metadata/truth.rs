//! The metadata and what the server does agree, whatever is set: what is announced works, and what works is announced (RFC 8414 §2). Of each document that a
//! realm publishes every member is compared with what it speaks of; one that nothing is compared with fails.

mod clients;
mod credentials;
mod draw;
mod drawn;
mod encryption;
mod endpoints;
mod entity;
mod offers;
mod requests;
mod signals;
mod stage;
mod values;
mod walk;

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use realm::Profile;

use crate::harness::World;
use crate::on_each_engine;

use draw::{Certificates, Draw};
use drawn::Drawn;
use stage::Stage;

/// How many settings are tried on each engine, beside those that are chosen.
const DRAWS: usize = 8;
/// Where the draws begin, in hexadecimal digits; somewhere else each time when it is not set.
const SEED: &str = "TRUTH_SEED";

/// Says how to draw the same again when something does not agree.
struct Failing<'a>(&'a [u8; 32]);

impl Drop for Failing<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let seed: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
            eprintln!("{SEED}={seed} draws it again");
        }
    }
}

fn seed() -> [u8; 32] {
    let Ok(text) = std::env::var(SEED) else {
        return ambient::Ambient::system().entropy.bytes::<32>();
    };
    let byte = |index: usize| u8::from_str_radix(&text[index..index + 2], 16).unwrap();
    std::array::from_fn(|index| byte(2 * index))
}

/// Compares everything, and says how much does not agree: each of it is printed.
async fn disagreements(stage: &Stage, draw: &Draw) -> usize {
    let drawn = &Drawn::new(stage, draw).await;
    let mut failed = 0;
    let mut count = |done: Option<()>| failed += usize::from(done.is_none());
    count(caught(endpoints::endpoints(drawn)).await);
    count(caught(endpoints::references(drawn)).await);
    count(caught(requests::grants(drawn)).await);
    count(caught(requests::responses(drawn)).await);
    count(caught(requests::the_rest(drawn)).await);
    count(caught(clients::methods(drawn)).await);
    let objects = caught(clients::algorithms(drawn)).await;
    count(objects.is_some().then_some(()));
    count(caught(encryption::answers(drawn)).await);
    count(caught(encryption::requests(drawn)).await);
    count(caught(values::values(drawn)).await);
    count(caught(offers::offers(drawn)).await);
    count(caught(walk::everything(drawn)).await);
    count(caught(entity::entity(drawn, &objects.unwrap_or_default())).await);
    count(caught(signals::signals(drawn)).await);
    count(caught(credentials::credentials(drawn)).await);
    count(caught(drawn.signed("", &drawn.document)).await);
    count(caught(async { drawn.complete("", &drawn.document) }).await);
    failed
}

/// What is wrong at one place does not hide what is wrong at another.
async fn caught<T>(checks: impl Future<Output = T>) -> Option<T> {
    let mut checks = Box::pin(checks);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| checks.as_mut().poll(context)));
        match polled {
            Ok(polled) => polled.map(Some),
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}

on_each_engine! {
    /// For any settings, and whatever is offered.
    async fn the_metadata_and_what_the_server_does_agree_whatever_is_set(world: World) {
        let seed = seed();
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let mut stages = Vec::new();
        for certificates in Certificates::ALL {
            stages.push(Stage::new(&world, certificates).await);
        }
        let _failing = Failing(&seed);
        let mut all = 0;
        let plain = Profile::ALL.map(Draw::plain);
        let full = Profile::ALL.map(Draw::full);
        let drawn = std::iter::repeat_with(|| Draw::any().new_tree(&mut runner).unwrap().current());
        for draw in plain.into_iter().chain(full).chain(drawn.take(DRAWS)) {
            let stage = stages.iter().find(|stage| stage.certificates == draw.certificates);
            let failed = disagreements(stage.unwrap(), &draw).await;
            if failed > 0 {
                eprintln!("{failed} of {draw:?}");
            }
            all += failed;
        }
        assert_eq!(all, 0);
    }
}
