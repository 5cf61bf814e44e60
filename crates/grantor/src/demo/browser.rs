//! What the demo application remembers of each browser: nothing that outlives the process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ambient::Ambient;
use grantor_client::{Observer, Pending, Session, Step};
use http::{HeaderMap, HeaderValue, header};

use super::attack::Attack;
use super::outcome::Outcome;

/// Browsers that are remembered at most; the oldest is forgotten first.
const MOST: usize = 200;
/// Chapters that are shown at most: the first, in which the person signed in, and the newest.
const CHAPTERS: usize = 10;
/// Steps of one chapter at most.
const STEPS: usize = 20;
const COOKIE: &str = "demo-app";

/// What a run of steps is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    SignIn,
    Refresh,
    Attack(Attack),
    SignOut,
}

/// Steps that one click caused, and how they ended.
#[derive(Clone, Debug)]
pub(super) struct Chapter {
    pub(super) topic: Topic,
    pub(super) outcome: Option<Outcome>,
    pub(super) steps: Vec<Step>,
}

/// One browser of the demo.
#[derive(Default)]
pub(super) struct Browser {
    pub(super) pending: Option<Pending>,
    pub(super) session: Option<Session>,
    /// The server no longer renews the tokens.
    pub(super) ended: bool,
    pub(super) notes: Vec<String>,
    /// Said once, above everything.
    pub(super) message: Option<Outcome>,
    chapters: Arc<Mutex<Vec<Chapter>>>,
}

impl Browser {
    /// An observer that writes down this browser's flow, into the newest chapter.
    pub(super) fn observer(&self) -> Observer {
        let chapters = Arc::clone(&self.chapters);
        Arc::new(move |step| {
            let mut chapters = locked(&chapters);
            if let Some(chapter) = chapters.last_mut()
                && chapter.steps.len() < STEPS
            {
                chapter.steps.push(step);
            }
        })
    }

    /// What follows is about this.
    pub(super) fn begin(&self, topic: Topic) {
        let mut chapters = locked(&self.chapters);
        if chapters.len() == CHAPTERS {
            chapters.remove(1);
        }
        chapters.push(Chapter {
            topic,
            outcome: None,
            steps: Vec::new(),
        });
    }

    /// How the newest chapter ended.
    pub(super) fn end(&self, outcome: Outcome) {
        if let Some(chapter) = locked(&self.chapters).last_mut() {
            chapter.outcome = Some(outcome);
        }
    }

    pub(super) fn chapters(&self) -> Vec<Chapter> {
        locked(&self.chapters).clone()
    }

    /// All steps, in order.
    pub(super) fn steps(&self) -> Vec<Step> {
        let chapters = self.chapters().into_iter();
        chapters.flat_map(|chapter| chapter.steps).collect()
    }

    /// Begins a new flow.
    pub(super) fn forget(&mut self) {
        locked(&self.chapters).clear();
        self.pending = None;
        self.session = None;
        self.ended = false;
        self.notes.clear();
        self.message = None;
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All browsers, by the value of their cookie.
#[derive(Clone, Default)]
pub(super) struct Browsers(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    browsers: HashMap<String, Arc<tokio::sync::Mutex<Browser>>>,
    order: VecDeque<String>,
}

/// A browser, and the cookie to set when it was not known.
pub(super) struct Visit {
    pub(super) browser: Arc<tokio::sync::Mutex<Browser>>,
    pub(super) cookie: Option<HeaderValue>,
}

impl Browsers {
    pub(super) fn visit(&self, headers: &HeaderMap) -> Visit {
        let mut known = locked(&self.0);
        let cookies = headers.get_all(header::COOKIE).iter();
        let presented = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split("; "))
            .find_map(|pair| pair.strip_prefix(COOKIE)?.strip_prefix('='));
        if let Some(browser) = presented.and_then(|value| known.browsers.get(value)) {
            return Visit {
                browser: Arc::clone(browser),
                cookie: None,
            };
        }
        if known.order.len() == MOST
            && let Some(oldest) = known.order.pop_front()
        {
            known.browsers.remove(&oldest);
        }
        let value = Ambient::system().token();
        let browser = Arc::<tokio::sync::Mutex<Browser>>::default();
        known.browsers.insert(value.clone(), Arc::clone(&browser));
        known.order.push_back(value.clone());
        let cookie = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax");
        Visit {
            browser,
            cookie: HeaderValue::from_str(&cookie).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step() -> Step {
        Step::Return {
            url: String::new(),
            parameters: Vec::new(),
        }
    }

    #[test]
    fn the_chapter_of_the_sign_in_outlives_the_ones_between() {
        let browser = Browser::default();
        browser.begin(Topic::SignIn);
        for _ in 0..40 {
            browser.begin(Topic::Refresh);
        }
        let chapters = browser.chapters();
        assert_eq!(chapters.len(), CHAPTERS);
        assert_eq!(chapters[0].topic, Topic::SignIn);
    }

    #[test]
    fn steps_go_into_the_newest_chapter_and_their_number_is_bounded() {
        let browser = Browser::default();
        browser.observer()(step());
        assert!(browser.steps().is_empty());
        browser.begin(Topic::SignIn);
        browser.begin(Topic::Refresh);
        (0..100).for_each(|_| browser.observer()(step()));
        let counts: Vec<usize> = browser.chapters().iter().map(|c| c.steps.len()).collect();
        assert_eq!(counts, [0, STEPS]);
    }
}
