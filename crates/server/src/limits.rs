//! How often an endpoint may be asked: by one client from one address, and by one address whatever client it names. In bounded memory of this process.

use std::str::FromStr;

use ambient::Clock;
use web::limit::Limiter;

use crate::call::Call;
use crate::refusal::Refusal;

/// So many requests within so many seconds; they may come at once, and come back evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestRate {
    /// How many; at least 1.
    pub count: u32,
    /// Within how many seconds; at least 1.
    pub seconds: u32,
}

impl RequestRate {
    const fn new(count: u32, seconds: u32) -> Self {
        Self { count, seconds }
    }

    /// A rate as operators write it: `100/s`, `60/m`, `20/h`, or `off`.
    ///
    /// # Errors
    /// In words, when it is none.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        if text == "off" {
            return Ok(None);
        }
        let refused = || format!("`{text}` is not a rate such as 100/s, 60/m, 20/h or off");
        let (count, unit) = text.split_once('/').ok_or_else(refused)?;
        let seconds = match unit.trim() {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            _ => return Err(refused()),
        };
        let count = u32::from_str(count.trim()).map_err(|_| refused())?;
        if !(1..=1_000_000).contains(&count) {
            return Err(refused());
        }
        Ok(Some(Self::new(count, seconds)))
    }
}

/// The rates of the endpoints, for one client from one address; none: no bound. An address may ask ten times as often for all clients together, and exactly as
/// often where nobody is a client yet (registration, documents).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestRates {
    /// /token.
    pub token: Option<RequestRate>,
    /// /introspect.
    pub introspection: Option<RequestRate>,
    /// /par.
    pub pushed_authorization_request: Option<RequestRate>,
    /// /device_authorization.
    pub device_authorization: Option<RequestRate>,
    /// /bc-authorize.
    pub backchannel_authentication: Option<RequestRate>,
    /// What receivers of security events ask for.
    pub shared_signals: Option<RequestRate>,
    /// /register, by one address.
    pub registration: Option<RequestRate>,
    /// Clients registering in one realm, from wherever.
    pub registration_in_realm: Option<RequestRate>,
    /// Documents of clients that are fetched, and entities of federations that are sought or resolved, because one address asks.
    pub client_id_documents: Option<RequestRate>,
}

impl Default for RequestRates {
    fn default() -> Self {
        Self {
            token: None,
            introspection: None,
            // A whole application may stand behind one address.
            pushed_authorization_request: Some(RequestRate::new(100, 1)),
            // Nobody has proved anything, and each leaves a row.
            device_authorization: Some(RequestRate::new(60, 60)),
            backchannel_authentication: Some(RequestRate::new(100, 1)),
            shared_signals: Some(RequestRate::new(1200, 60)),
            registration: Some(RequestRate::new(60, 3600)),
            registration_in_realm: Some(RequestRate::new(3600, 3600)),
            client_id_documents: Some(RequestRate::new(60, 60)),
        }
    }
}

impl RequestRates {
    /// No bound anywhere.
    pub fn none() -> Self {
        Self {
            token: None,
            introspection: None,
            pushed_authorization_request: None,
            device_authorization: None,
            backchannel_authentication: None,
            shared_signals: None,
            registration: None,
            registration_in_realm: None,
            client_id_documents: None,
        }
    }
}

/// One bound for a client at an address, and a wider one for the address.
struct Pair {
    client: Limiter,
    address: Limiter,
}

/// What has been used of the rates.
pub(crate) struct Limits {
    endpoints: Vec<(&'static str, Pair)>,
    registration: Option<Limiter>,
    registration_in_realm: Option<Limiter>,
    documents: Option<Limiter>,
}

/// How many times as often as one client an address may ask for all of its clients.
const CLIENTS: u32 = 10;

impl Limits {
    pub(crate) fn new(rates: &RequestRates, clock: &Clock) -> Self {
        let limiter = |rate: RequestRate, times: u32| {
            Limiter::per(
                clock.clone(),
                rate.count.saturating_mul(times),
                rate.seconds,
            )
        };
        let endpoints = [
            ("token", rates.token),
            ("introspection", rates.introspection),
            (
                "pushed_authorization_request",
                rates.pushed_authorization_request,
            ),
            ("device_authorization", rates.device_authorization),
            (
                "backchannel_authentication",
                rates.backchannel_authentication,
            ),
            ("shared_signals", rates.shared_signals),
        ];
        let pair = |(name, rate): (&'static str, Option<RequestRate>)| {
            let rate = rate?;
            let pair = Pair {
                client: limiter(rate, 1),
                address: limiter(rate, CLIENTS),
            };
            Some((name, pair))
        };
        let alone = |rate: Option<RequestRate>| rate.map(|rate| limiter(rate, 1));
        Self {
            endpoints: endpoints.into_iter().filter_map(pair).collect(),
            registration: alone(rates.registration),
            registration_in_realm: alone(rates.registration_in_realm),
            documents: alone(rates.client_id_documents),
        }
    }

    /// Counts a request to an endpoint, before its client has proved anything.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub(crate) fn ask(&self, call: &Call, endpoint: &str, client: &str) -> Result<(), Refusal> {
        // There are hardly any, often none.
        let Some((_, pair)) = self.endpoints.iter().find(|(name, _)| *name == endpoint) else {
            return Ok(());
        };
        let (realm, network) = place(call);
        pair.client
            .take((realm, network, client))
            .and_then(|()| pair.address.take((realm, network)))
            .map_err(|wait| Refusal::TooMany(wait.0))
    }

    /// Counts a request to register or to change a registration.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub(crate) fn register(&self, call: &Call) -> Result<(), Refusal> {
        take(self.registration.as_ref(), place(call))
    }

    /// Counts a client that is about to be registered, so that many addresses together do not fill the database.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub(crate) fn registered(&self, call: &Call) -> Result<(), Refusal> {
        take(self.registration_in_realm.as_ref(), call.realm.name())
    }

    /// Counts a document that is fetched because somebody names it.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub(crate) fn fetch(&self, call: &Call) -> Result<(), Refusal> {
        take(self.documents.as_ref(), place(call))
    }
}

fn place(call: &Call) -> (&str, Option<std::net::IpAddr>) {
    let network = call.address.map(|address| address.network());
    (call.realm.name(), network)
}

fn take(limiter: Option<&Limiter>, key: impl std::hash::Hash) -> Result<(), Refusal> {
    match limiter {
        None => Ok(()),
        Some(limiter) => limiter.take(key).map_err(|wait| Refusal::TooMany(wait.0)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn a_rate_is_written_as_people_say_it() {
        for (text, rate) in [
            ("off", None),
            ("100/s", Some(RequestRate::new(100, 1))),
            ("60 / m", Some(RequestRate::new(60, 60))),
            ("1/h", Some(RequestRate::new(1, 3600))),
        ] {
            assert_eq!(RequestRate::parse(text), Ok(rate), "{text}");
        }
        for wrong in [
            "",
            "100",
            "0/s",
            "-1/s",
            "100/d",
            "1.5/s",
            "9999999/s",
            "OFF",
        ] {
            assert!(RequestRate::parse(wrong).is_err(), "{wrong}");
        }
    }
}
