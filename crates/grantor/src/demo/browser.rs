//! What the demo application remembers of each browser: nothing that outlives the process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ambient::Ambient;
use grantor_client::{Observer, Pending, Session, Step};
use http::{HeaderMap, HeaderValue, header};

/// Browsers that are remembered at most; the oldest is forgotten first.
const MOST: usize = 200;
/// Steps that are shown at most: the newest.
const STEPS: usize = 60;
const COOKIE: &str = "demo-app";

/// One browser of the demo.
#[derive(Default)]
pub(super) struct Browser {
    pub(super) pending: Option<Pending>,
    pub(super) session: Option<Session>,
    pub(super) notes: Vec<String>,
    pub(super) message: Option<String>,
    steps: Arc<Mutex<VecDeque<Step>>>,
}

impl Browser {
    /// An observer that writes down this browser's flow.
    pub(super) fn observer(&self) -> Observer {
        let steps = Arc::clone(&self.steps);
        Arc::new(move |step| {
            let mut steps = locked(&steps);
            if steps.len() == STEPS {
                steps.pop_front();
            }
            steps.push_back(step);
        })
    }

    pub(super) fn steps(&self) -> Vec<Step> {
        locked(&self.steps).iter().cloned().collect()
    }

    /// Begins a new flow.
    pub(super) fn forget(&mut self) {
        locked(&self.steps).clear();
        self.pending = None;
        self.session = None;
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
