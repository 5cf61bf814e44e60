//! How many connections one address may hold.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

/// Who holds how many connections.
pub(super) struct Crowd {
    most: usize,
    exempt: Vec<IpNet>,
    present: Mutex<HashMap<IpAddr, Present>>,
}

#[derive(Default)]
struct Present {
    count: usize,
    told: bool,
}

impl Crowd {
    /// At most so many for each address; 0 means no bound.
    pub(super) fn new(most: usize, exempt: Vec<IpNet>) -> Arc<Self> {
        Arc::new(Self {
            most,
            exempt,
            present: Mutex::new(HashMap::new()),
        })
    }

    /// A place for a connection from this address; `None` when it holds its share already.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        let free = self.most == 0
            || peer.is_loopback()
            || self.exempt.iter().any(|network| network.contains(&peer));
        if free {
            return Some(Place(None));
        }
        let key = key(peer);
        let mut present = self.lock();
        let entry = present.entry(key).or_default();
        if entry.count >= self.most {
            if !entry.told {
                entry.told = true;
                tracing::warn!(address = %key, connections = entry.count, "an address has as many connections as one may have; more are refused");
            }
            return None;
        }
        entry.count += 1;
        Some(Place(Some((Arc::clone(self), key))))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Present>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place, given back when it is dropped.
pub(super) struct Place(Option<(Arc<Crowd>, IpAddr)>);

impl Drop for Place {
    fn drop(&mut self) {
        let Some((crowd, key)) = &self.0 else {
            return;
        };
        let mut present = crowd.lock();
        if let Some(entry) = present.get_mut(key) {
            entry.count -= 1;
            if entry.count == 0 {
                present.remove(key);
            }
        }
    }
}

/// An IPv4 address, or the /64 of an IPv6 one, all of which one host has.
fn key(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_its_share_and_gets_it_back() {
        let crowd = Crowd::new(2, Vec::new());
        let first = crowd.admit(ip("203.0.113.7")).unwrap();
        let second = crowd.admit(ip("::ffff:203.0.113.7")).unwrap();
        assert!(crowd.admit(ip("203.0.113.7")).is_none());
        assert!(crowd.admit(ip("203.0.113.8")).is_some());
        drop(first);
        let third = crowd.admit(ip("203.0.113.7")).unwrap();
        assert!(crowd.admit(ip("203.0.113.7")).is_none());
        drop((second, third));
        assert!(crowd.lock().is_empty());
    }

    #[test]
    fn a_host_has_no_more_by_walking_through_its_network() {
        let crowd = Crowd::new(1, Vec::new());
        let _held = crowd.admit(ip("2001:db8:1:2::1")).unwrap();
        assert!(crowd.admit(ip("2001:db8:1:2:ffff::9")).is_none());
        assert!(crowd.admit(ip("2001:db8:1:3::1")).is_some());
    }

    #[test]
    fn loopback_and_named_networks_are_not_counted_and_nobody_is_with_zero() {
        let crowd = Crowd::new(1, vec!["10.0.0.0/8".parse().unwrap()]);
        for address in ["127.0.0.1", "::1", "10.1.2.3", "::ffff:10.1.2.3"] {
            let held: Vec<_> = (0..5).map(|_| crowd.admit(ip(address))).collect();
            assert!(held.iter().all(Option::is_some), "{address}");
        }
        let open = Crowd::new(0, Vec::new());
        let held: Vec<_> = (0..5).map(|_| open.admit(ip("203.0.113.7"))).collect();
        assert!(held.iter().all(Option::is_some));
        assert!(crowd.lock().is_empty() && open.lock().is_empty());
    }
}
