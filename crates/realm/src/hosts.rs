//! Which realm has which host for itself. Held in memory, so that a request costs no read for it; the change log keeps it current.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use db::{Db, params};
use url::{Position, Url};

use crate::error::Error;
use crate::node::FIRST_REALM;

/// How many hosts there may be.
const MOST: i64 = 100_000;

db::statements! {
    /// The realms whose issuer is not below the first realm's.
    pub(crate) REALMS_ELSEWHERE = "SELECT name, issuer FROM realm WHERE name <> $1 AND issuer <> CAST($2 AS TEXT) || '/realms/' || name ORDER BY name LIMIT $3";
}

/// The names of realms by the authority of their issuer.
pub(crate) struct Hosts {
    known: RwLock<Arc<HashMap<String, Arc<str>>>>,
    stale: AtomicBool,
}

impl Hosts {
    pub(crate) fn new() -> Self {
        Self {
            known: RwLock::default(),
            stale: AtomicBool::new(true),
        }
    }

    /// A realm was made, changed or removed.
    pub(crate) fn changed(&self) {
        self.stale.store(true, Ordering::SeqCst);
    }

    /// Reads them again if something has changed.
    pub(crate) async fn refresh(&self, db: &Db) -> Result<(), Error> {
        if !self.stale.swap(false, Ordering::SeqCst) {
            return Ok(());
        }
        let read = read(db).await;
        if read.is_err() {
            self.changed();
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read?);
        Ok(())
    }

    pub(crate) fn find(&self, authority: &str) -> Option<Arc<str>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(authority).cloned()
    }
}

async fn read(db: &Db) -> Result<HashMap<String, Arc<str>>, Error> {
    let first = crate::realms::load(db, FIRST_REALM).await?;
    let first = first.map(|first| first.issuer).unwrap_or_default();
    let rows = db
        .rows(&REALMS_ELSEWHERE, params![FIRST_REALM, &first, MOST])
        .await?;
    let mut hosts = HashMap::new();
    let taken = authority(&first).map(|(_, authority)| authority);
    for row in &rows {
        let (name, issuer) = (row.text(0), row.text(1));
        match authority(issuer) {
            Some((true, authority)) if Some(&authority) != taken.as_ref() => {
                hosts.insert(authority, Arc::from(name));
            }
            _ => tracing::warn!(
                realm = name,
                issuer,
                "no request can be for this realm: its issuer is neither a host of its own nor below the first realm's"
            ),
        }
    }
    Ok(hosts)
}

/// Whether the issuer is a host and nothing more, and its authority: the host in small letters, and the port unless it is the scheme's own.
fn authority(issuer: &str) -> Option<(bool, String)> {
    let url = Url::parse(issuer).ok()?;
    let authority = url[Position::BeforeHost..Position::AfterPort].to_owned();
    Some((url.path() == "/", authority))
}

/// Whether a realm of this issuer would have a host for itself beside a first realm of that one.
pub(crate) fn is_host_beside(issuer: &str, first: &str) -> bool {
    match (authority(issuer), authority(first)) {
        (Some((true, own)), Some((_, first))) => own != first,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_of_its_own_is_an_origin_that_the_first_realm_does_not_have() {
        let first = "https://id.example/auth";
        assert!(is_host_beside("https://login.acme.example", first));
        assert!(is_host_beside("https://id.example:8443", first));
        for wrong in [
            "https://id.example",
            "http://id.example",
            "https://a.example/x",
            "nonsense",
        ] {
            assert!(!is_host_beside(wrong, first), "{wrong}");
        }
    }
}
