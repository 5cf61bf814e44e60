//! The checks after a restart: what was answered before must hold.

use std::time::Duration;

use crate::api::{Answer, Api, Tokens};
use crate::grant::{Fate, Grant, Redeemed};
use crate::verdict::{Fault, Verdict};

/// Codes live, and preceding refresh tokens are answered, for 60 s. What is older is refused for its age and proves nothing.
const JUDGED_UNTIL: Duration = Duration::from_secs(45);

/// Presents everything of one grant once more.
pub(crate) async fn check(api: &Api, grant: &Grant) -> Verdict {
    let mut check = Check {
        api,
        grant,
        verdict: Verdict::default(),
    };
    if grant.issued.elapsed() < JUDGED_UNTIL {
        check.run().await;
    } else {
        check.verdict.stale += 1;
    }
    check.verdict
}

struct Check<'a> {
    api: &'a Api,
    grant: &'a Grant,
    verdict: Verdict,
}

impl Check<'_> {
    async fn run(&mut self) {
        let code = self.grant.code.as_str();
        match self.grant.redeemed {
            Redeemed::No => {
                let answer = self.api.redeem(code).await;
                self.granted(answer, "a code that was issued");
            }
            Redeemed::InFlight => {
                // Whether it was redeemed nobody knows; but not once more after this.
                let answer = self.api.redeem(code).await;
                self.either(answer, "a code whose redemption was in flight");
            }
            Redeemed::Yes => self.tokens().await,
        }
        // After the tokens, because a replay ends them.
        let answer = self.api.redeem(code).await;
        self.verdict.codes += 1;
        self.refused(answer, Fault::Doubled, "a code that was redeemed");
    }

    async fn tokens(&mut self) {
        let grant = self.grant;
        match grant.fate {
            Fate::Alive => {
                if !grant.access.is_empty() {
                    let answer = self.api.userinfo(&grant.access).await;
                    self.granted(answer, "an access token");
                }
                self.family().await;
            }
            Fate::AccessRevoked => {
                let answer = self.api.userinfo(&grant.access).await;
                self.verdict.revocations += 1;
                self.refused(answer, Fault::Revived, "a revoked access token");
                self.family().await;
            }
            Fate::Revoked => {
                self.verdict.revocations += 1;
                self.dead(grant.newest(), &grant.access).await;
            }
            Fate::Unknown => self.whole().await,
        }
    }

    /// The newest token of a living family works and has one successor; older ones do not work, and end it.
    async fn family(&mut self) {
        let grant = self.grant;
        self.verdict.families += 1;
        let answer = self.api.refresh(grant.newest()).await;
        let next = self.granted(answer, "the newest refresh token");
        if let Some(next) = &next {
            let answer = self.api.refresh(grant.newest()).await;
            let again = self.granted(answer, "the newest refresh token, once more,");
            let same = again.is_none_or(|again| again.refresh == next.refresh);
            if !same || grant.refresh.contains(&next.refresh) {
                let what = "one refresh token has two successors";
                self.verdict.fault(Fault::Forked, what);
            }
        }
        if let [.., old, _] = grant.refresh.as_slice() {
            let answer = self.api.refresh(old).await;
            self.refused(answer, Fault::Forked, "a refresh token two steps back");
        } else {
            let answer = self.api.redeem(&grant.code).await;
            self.verdict.codes += 1;
            self.refused(answer, Fault::Doubled, "a code that was redeemed");
        }
        if let Some(next) = next {
            self.dead(&next.refresh, &next.access).await;
        }
    }

    async fn dead(&mut self, refresh: &str, access: &str) {
        let answer = self.api.refresh(refresh).await;
        self.refused(answer, Fault::Revived, "a refresh token of a revoked grant");
        let answer = self.api.userinfo(access).await;
        self.refused(answer, Fault::Revived, "an access token of a revoked grant");
    }

    /// A revocation was in flight: the family and the access tokens are revoked together or not at all.
    async fn whole(&mut self) {
        let refresh = self.api.refresh(self.grant.newest()).await;
        let alive = match self.either(refresh, "a refresh token whose revocation was in flight") {
            Some(tokens) => tokens.is_some(),
            None => return,
        };
        // A node whose database went away learns from it within a second what it committed.
        for _ in 0..30 {
            let answer = self.api.userinfo(&self.grant.access).await;
            match self.either(answer, "an access token whose revocation was in flight") {
                Some(answer) if answer.is_some() != alive => {}
                _ => return,
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let what = format!("the family lives: {alive}, its access token: {}", !alive);
        self.verdict.fault(Fault::Halved, what);
    }

    fn granted<T>(&mut self, answer: Answer<T>, what: &str) -> Option<T> {
        match answer {
            Answer::Granted(granted) => return Some(granted),
            Answer::Refused => self
                .verdict
                .fault(Fault::Lost, format!("{what} is refused")),
            Answer::Unknown(words) => self.unproven(words, what),
        }
        None
    }

    fn refused<T>(&mut self, answer: Answer<T>, fault: Fault, what: &str) {
        match answer {
            Answer::Granted(_) => self.verdict.fault(fault, format!("{what} is accepted")),
            Answer::Refused => {}
            Answer::Unknown(words) => self.unproven(words, what),
        }
    }

    fn either<T>(&mut self, answer: Answer<T>, what: &str) -> Option<Option<T>> {
        match answer {
            Answer::Granted(granted) => Some(Some(granted)),
            Answer::Refused => Some(None),
            Answer::Unknown(words) => {
                self.unproven(words, what);
                None
            }
        }
    }

    fn unproven(&mut self, words: Option<String>, what: &str) {
        let words = words.unwrap_or_else(|| "no answer".to_owned());
        self.verdict
            .fault(Fault::Unproven, format!("{what}: {words}"));
    }
}

/// The newest token of a family that is to live on, once more.
pub(crate) async fn live_on(api: &Api, grant: &mut Grant) -> Verdict {
    let mut verdict = Verdict::default();
    verdict.families += 1;
    match api.refresh(grant.newest()).await {
        Answer::Granted(tokens) => grant.acknowledge(tokens, &mut verdict),
        Answer::Refused => verdict.fault(Fault::Lost, "a family that lived through kills"),
        Answer::Unknown(words) => {
            verdict.fault(Fault::Unproven, words.unwrap_or_default());
        }
    }
    verdict
}

/// A grant that was revoked kills ago.
pub(crate) async fn stay_dead(api: &Api, grant: &Grant) -> Verdict {
    let mut check = Check {
        api,
        grant,
        verdict: Verdict::default(),
    };
    check.verdict.revocations += 1;
    let answer: Answer<Tokens> = api.refresh(grant.newest()).await;
    check.refused(answer, Fault::Revived, "a grant revoked kills ago");
    check.verdict
}
