use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{Error, FetchOptions, guard};

/// What is found out about a name.
pub(crate) type Found = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Whom names are asked of.
pub(crate) type Lookup = Arc<dyn Fn(&str) -> Found + Send + Sync>;

/// The system's own resolver.
pub(crate) fn system() -> Lookup {
    Arc::new(|name| {
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.collect())
        })
    })
}

/// Resolves names and drops the addresses that must not be reached, so that a name cannot change its mind between
/// the check and the connection (DNS rebinding): the connection is made to what was checked.
pub(crate) struct GuardedResolver {
    options: Arc<FetchOptions>,
    lookup: Lookup,
    /// The one name that the operator vouches for.
    proxy: Option<String>,
}

impl GuardedResolver {
    pub(crate) fn new(options: Arc<FetchOptions>, lookup: Lookup) -> Self {
        let proxy = options
            .proxy
            .as_ref()
            .and_then(|url| url.host_str().map(str::to_owned));
        Self {
            options,
            lookup,
            proxy,
        }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let options = self.options.clone();
        let trusted = self.proxy.as_deref() == Some(name.as_str());
        let found = (self.lookup)(name.as_str());
        Box::pin(async move {
            let found = found.await.map_err(|_| Error::Resolve)?;
            let allowed = if trusted {
                found
            } else {
                keep(found, &options)?
            };
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// The addresses of `found` that may be reached; the reason of the last refusal when there are none.
pub(crate) fn keep(
    found: Vec<SocketAddr>,
    options: &FetchOptions,
) -> Result<Vec<SocketAddr>, Error> {
    let mut allowed = Vec::with_capacity(found.len());
    let mut refusal = Error::Resolve;
    for address in found {
        match guard::check_address(address.ip(), options) {
            Ok(()) => allowed.push(address),
            Err(error) => refusal = error,
        }
    }
    if allowed.is_empty() {
        return Err(refusal);
    }
    Ok(allowed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_resolves_to_a_private_address_is_refused_and_a_mixed_one_keeps_the_public_part()
    {
        let options = FetchOptions::default();
        let private: SocketAddr = "10.0.0.1:0".parse().unwrap();
        let public: SocketAddr = "8.8.8.8:0".parse().unwrap();
        assert_eq!(
            keep(vec![private], &options),
            Err(Error::Address(guard::Kind::Private))
        );
        assert_eq!(keep(vec![private, public], &options), Ok(vec![public]));
        assert_eq!(keep(Vec::new(), &options), Err(Error::Resolve));
    }
}

#[cfg(test)]
#[path = "rebinding_tests.rs"]
mod rebinding;
