//! What the load remembers of one grant: only what was answered.

use tokio::time::Instant;

use crate::api::{Answer, Api, Tokens};
use crate::verdict::{Fault, Verdict};

/// Whether its code was redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Redeemed {
    No,
    /// Asked for, and nobody knows.
    InFlight,
    Yes,
}

/// Whether it still stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Alive,
    /// The newest access token alone was revoked.
    AccessRevoked,
    /// The whole grant was.
    Revoked,
    /// A revocation was asked for, and nobody knows.
    Unknown,
}

pub(crate) struct Grant {
    pub(crate) code: String,
    pub(crate) issued: Instant,
    pub(crate) redeemed: Redeemed,
    /// Its refresh tokens, oldest first.
    pub(crate) refresh: Vec<String>,
    /// Its newest access token.
    pub(crate) access: String,
    pub(crate) fate: Fate,
}

impl Grant {
    pub(crate) fn issued(code: String) -> Self {
        Self {
            code,
            issued: Instant::now(),
            redeemed: Redeemed::No,
            refresh: Vec::new(),
            access: String::new(),
            fate: Fate::Alive,
        }
    }

    pub(crate) fn newest(&self) -> &str {
        self.refresh.last().map_or("", String::as_str)
    }

    /// Remembers what a success brought.
    pub(crate) fn acknowledge(&mut self, tokens: Tokens, verdict: &mut Verdict) {
        verdict.acknowledged += 1;
        if self.refresh.contains(&tokens.refresh) {
            verdict.fault(Fault::Forked, "a refresh token was made a second time");
        }
        self.redeemed = Redeemed::Yes;
        self.refresh.push(tokens.refresh);
        self.access = tokens.access;
    }
}

/// One worker's view: it does one thing with one grant, and stops at the first request whose end it does not know.
pub(crate) struct Hand<'a> {
    pub(crate) api: &'a Api,
    pub(crate) grant: &'a mut Grant,
    pub(crate) verdict: &'a mut Verdict,
}

/// A request whose end is not known.
#[derive(Debug)]
pub(crate) struct InFlight;

type Step = Result<(), InFlight>;

impl Hand<'_> {
    /// What is done with grant number `turn`.
    pub(crate) async fn play(&mut self, turn: usize) -> Step {
        match turn % 7 {
            // Codes that nobody redeemed yet must survive too.
            0 => Ok(()),
            1 => self.redeem().await,
            2 => self.refreshed(4).await,
            3 => {
                self.redeem().await?;
                self.refresh_twice_at_once().await?;
                self.refresh_twice_at_once().await
            }
            4 => self.redeem_twice_at_once().await,
            5 => {
                self.refreshed(1).await?;
                self.revoke_grant().await
            }
            _ => {
                self.redeem().await?;
                self.revoke_access_token().await
            }
        }
    }

    pub(crate) async fn redeem(&mut self) -> Step {
        match self.api.redeem(&self.grant.code).await {
            Answer::Granted(tokens) => self.grant.acknowledge(tokens, self.verdict),
            Answer::Refused => self.verdict.fault(Fault::Lost, "a fresh code is refused"),
            Answer::Unknown(words) => {
                self.grant.redeemed = Redeemed::InFlight;
                return self.unknown(words);
            }
        }
        Ok(())
    }

    /// Redeems and refreshes so many times.
    pub(crate) async fn refreshed(&mut self, times: usize) -> Step {
        self.redeem().await?;
        for _ in 0..times {
            self.refresh().await?;
        }
        Ok(())
    }

    pub(crate) async fn refresh(&mut self) -> Step {
        match self.api.refresh(self.grant.newest()).await {
            Answer::Granted(tokens) => self.grant.acknowledge(tokens, self.verdict),
            Answer::Refused => self.verdict.fault(Fault::Lost, "a living token is refused"),
            Answer::Unknown(words) => return self.unknown(words),
        }
        Ok(())
    }

    /// Two requests with the same refresh token: both get the same successor.
    async fn refresh_twice_at_once(&mut self) -> Step {
        let newest = self.grant.newest().to_owned();
        match tokio::join!(self.api.refresh(&newest), self.api.refresh(&newest)) {
            (Answer::Granted(a), Answer::Granted(b)) => {
                if a.refresh != b.refresh {
                    self.verdict
                        .fault(Fault::Forked, "one token, two successors");
                }
                self.grant.acknowledge(a, self.verdict);
            }
            (Answer::Granted(tokens), Answer::Unknown(words))
            | (Answer::Unknown(words), Answer::Granted(tokens)) => {
                self.grant.acknowledge(tokens, self.verdict);
                return self.unknown(words);
            }
            (Answer::Unknown(words), _) | (_, Answer::Unknown(words)) => {
                return self.unknown(words);
            }
            _ => {
                let what = "of two requests with one refresh token at least one is refused";
                self.verdict.fault(Fault::Lost, what);
            }
        }
        Ok(())
    }

    /// Two redemptions of one code: one succeeds, and the other one ends what the first one got.
    async fn redeem_twice_at_once(&mut self) -> Step {
        let code = &self.grant.code;
        match tokio::join!(self.api.redeem(code), self.api.redeem(code)) {
            (Answer::Granted(tokens), Answer::Granted(_)) => {
                self.verdict
                    .fault(Fault::Doubled, "two at once, under load");
                self.grant.acknowledge(tokens, self.verdict);
            }
            (Answer::Granted(tokens), Answer::Refused)
            | (Answer::Refused, Answer::Granted(tokens)) => {
                self.grant.acknowledge(tokens, self.verdict);
                self.grant.fate = Fate::Revoked;
            }
            (Answer::Granted(tokens), Answer::Unknown(words))
            | (Answer::Unknown(words), Answer::Granted(tokens)) => {
                self.grant.acknowledge(tokens, self.verdict);
                self.grant.fate = Fate::Unknown;
                return self.unknown(words);
            }
            (Answer::Unknown(words), _) | (_, Answer::Unknown(words)) => {
                self.grant.redeemed = Redeemed::InFlight;
                return self.unknown(words);
            }
            (Answer::Refused, Answer::Refused) => {
                self.grant.redeemed = Redeemed::InFlight;
                self.verdict
                    .fault(Fault::Lost, "two redemptions at once, and both are refused");
            }
        }
        Ok(())
    }

    pub(crate) async fn revoke_grant(&mut self) -> Step {
        match self.api.revoke(self.grant.newest()).await {
            Answer::Granted(()) => self.grant.fate = Fate::Revoked,
            Answer::Refused => {}
            Answer::Unknown(words) => {
                self.grant.fate = Fate::Unknown;
                return self.unknown(words);
            }
        }
        Ok(())
    }

    pub(crate) async fn revoke_access_token(&mut self) -> Step {
        match self.api.revoke(&self.grant.access).await {
            Answer::Granted(()) => self.grant.fate = Fate::AccessRevoked,
            Answer::Refused => {}
            Answer::Unknown(words) => {
                // It may be revoked or not: another one will do for the checks.
                self.grant.access.clear();
                return self.unknown(words);
            }
        }
        Ok(())
    }

    fn unknown(&mut self, words: Option<String>) -> Step {
        unknown(self.verdict, words);
        Err(InFlight)
    }
}

/// Counts a request without an answer, or with one that says nothing.
pub(crate) fn unknown(verdict: &mut Verdict, words: Option<String>) {
    match words {
        None => verdict.in_flight += 1,
        Some(words) => verdict.fault(Fault::Unproven, words),
    }
}
