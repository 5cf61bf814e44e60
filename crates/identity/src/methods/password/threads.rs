//! The threads that hash, and nothing else: below the others in priority, so that tokens go first where both want the processor.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

type Job = Box<dyn FnOnce() + Send>;

/// Threads that end when this is dropped.
pub(super) struct Threads(Sender<Job>);

impl Threads {
    pub(super) fn start(count: usize) -> Self {
        let (sender, receiver) = channel();
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..count {
            let receiver = Arc::clone(&receiver);
            let thread = thread::Builder::new().name("passwords".into());
            if let Err(error) = thread.spawn(move || work(&receiver)) {
                tracing::error!(%error, "a thread for passwords cannot be started");
            }
        }
        Self(sender)
    }

    /// Has a thread do this when one is free. Without any thread it is dropped.
    pub(super) fn run(&self, job: impl FnOnce() + Send + 'static) {
        let _ = self.0.send(Box::new(job));
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    step_back();
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else {
            return;
        };
        // The thread outlives it; whoever waits sees that no answer comes.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

/// About a third of the weight of the other threads. On Linux a nice value is the thread's own.
#[cfg(target_os = "linux")]
fn step_back() {
    use rustix::process::{getpriority_process, setpriority_process};
    let nice = getpriority_process(None).map(|nice| (nice + 5).min(19));
    if let Err(error) = nice.and_then(|nice| setpriority_process(None, nice)) {
        tracing::debug!(%error, "the threads for passwords have the priority of all");
    }
}

#[cfg(not(target_os = "linux"))]
fn step_back() {}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use rustix::process::getpriority_process;

    #[test]
    fn only_the_threads_themselves_step_back() {
        let own = getpriority_process(None).unwrap();
        let threads = Threads::start(1);
        let (said, heard) = channel();
        threads.run(move || said.send(getpriority_process(None).unwrap()).unwrap());
        assert_eq!(heard.recv().unwrap(), (own + 5).min(19));
        assert_eq!(getpriority_process(None).unwrap(), own);
    }
}
