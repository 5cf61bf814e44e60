//! The scenarios, round after round: closed loop, then open.

use std::time::Duration;

use crate::Failure;
use crate::bed::Bed;
use crate::drive::{self, Measured};
use crate::options::Run;
use crate::peer::Peer;
use crate::scenario::{self, Scenario, Server};
use crate::target::Target;
use crate::tokens::Tokens;

/// What was measured, scenario by scenario.
pub(crate) struct Rates {
    pub(crate) scenarios: Vec<Scenario>,
    /// One measurement a round of each scenario.
    pub(crate) closed: Vec<Vec<Measured>>,
    /// Scenario, arrivals a second, one measurement a round.
    pub(crate) open: Vec<(String, u32, Vec<Measured>)>,
    pub(crate) checked: usize,
}

/// Who is measured.
pub(crate) struct Servers<'a> {
    pub(crate) bed: &'a Bed,
    pub(crate) peer: Option<&'a Peer>,
}

/// Measures all of them.
pub(crate) async fn measure(
    servers: &Servers<'_>,
    mut scenarios: Vec<Scenario>,
    run: &Run,
) -> Result<Rates, Failure> {
    let mut tokens = Tokens::default();
    let mut closed = vec![Vec::new(); scenarios.len()];
    let seconds = Duration::from_secs_f64(run.seconds);
    if run.which != "open" {
        for round in 0..=run.rounds {
            for (scenario, results) in scenarios.iter_mut().zip(&mut closed) {
                let target = servers.target(scenario);
                // Round 0 warms up and is not counted.
                let length = if round == 0 { seconds / 3 } else { seconds };
                servers.renew(scenario).await?;
                let one = drive::closed(scenario, &target, run.connections, length).await?;
                if scenario.server == Server::Grantor {
                    tokens.check(one.tokens, &target).await?;
                }
                if round > 0 {
                    results.push(one.measured);
                }
            }
        }
    }
    let mut open = Vec::new();
    if run.which != "closed" {
        for scenario in &mut scenarios {
            for &pace in scenario.paces {
                let target = servers.target(scenario);
                let mut results = Vec::new();
                for _ in 0..run.rounds {
                    servers.renew(scenario).await?;
                    let one = drive::open(scenario, &target, pace, seconds).await?;
                    if scenario.server == Server::Grantor {
                        tokens.check(one.tokens, &target).await?;
                    }
                    results.push(one.measured);
                }
                open.push((scenario.name.clone(), pace, results));
            }
        }
    }
    Ok(Rates {
        scenarios,
        closed,
        open,
        checked: tokens.checked(),
    })
}

impl Servers<'_> {
    fn target(&self, scenario: &Scenario) -> Target {
        match (scenario.server, self.peer) {
            (Server::Bare, _) => self.bed.bare(),
            (Server::Peer, Some(peer)) => peer.target(scenario),
            _ => self.bed.grantor(),
        }
    }

    async fn renew(&self, scenario: &mut Scenario) -> Result<(), Failure> {
        match (scenario.server, self.peer) {
            (Server::Peer, Some(peer)) => peer.renew(scenario).await,
            _ => scenario::renew(self.bed, scenario).await,
        }
    }
}
