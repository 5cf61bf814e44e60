//! Who takes part, and the lanes of the overview.

/// A party of the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) enum Actor {
    Browser,
    Application,
    /// In the application's place.
    Attacker,
    Server,
    Api,
}

impl Actor {
    /// The parties that have lanes, from left to right.
    pub(super) const LANES: [Self; 4] = [Self::Browser, Self::Application, Self::Server, Self::Api];

    /// Its class in the stylesheet.
    pub(super) fn class(&self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Application => "app",
            Self::Attacker => "attacker",
            Self::Server => "server",
            Self::Api => "api",
        }
    }

    /// What people call it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Browser => "Browser",
            Self::Application => "Application",
            Self::Attacker => "Attacker",
            Self::Server => "grantor",
            Self::Api => "API",
        }
    }

    /// Its lane, from 1.
    fn lane(self) -> usize {
        match self {
            Self::Browser => 1,
            Self::Application | Self::Attacker => 2,
            Self::Server => 3,
            Self::Api => 4,
        }
    }
}

/// An arrow between two lanes.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::demo) struct Hop {
    /// The leftmost lane it touches.
    pub(super) left: usize,
    /// The rightmost.
    pub(super) right: usize,
    /// Whether it points to the left.
    pub(super) back: bool,
    /// The class of whoever sends it.
    pub(super) sender: &'static str,
}

/// The arrows of a route.
pub(super) fn hops(route: &[Actor]) -> Vec<Hop> {
    let pairs = route.iter().zip(route.iter().skip(1));
    pairs
        .map(|(from, to)| Hop {
            left: from.lane().min(to.lane()),
            right: from.lane().max(to.lane()),
            back: from.lane() > to.lane(),
            sender: from.class(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_two_arrows_by_way_of_the_browser() {
        let hops = hops(&[Actor::Application, Actor::Browser, Actor::Server]);
        let drawn: Vec<_> = hops
            .iter()
            .map(|hop| (hop.left, hop.right, hop.back))
            .collect();
        assert_eq!(drawn, [(1, 2, true), (1, 3, false)]);
    }
}
