//! From where and when something was asked, for the person who decides about it (RFC 8628 §5.4): `templates/origin.html`.

use std::net::IpAddr;

use web::address::ClientAddress;

use crate::call::Call;

/// What the page says about it.
pub(crate) struct Origin {
    /// The address.
    pub(crate) address: String,
    /// The time, for people.
    pub(crate) time: String,
    /// The time, for programs.
    pub(crate) machine_time: String,
    /// How long ago.
    pub(crate) ago: String,
    network: Network,
}

impl Origin {
    /// Of what was asked from this address at this time (unix seconds), for whoever calls now.
    pub(crate) fn new(call: &Call, address: Option<&str>, asked_at: i64) -> Self {
        let time = jiff::Timestamp::from_second(asked_at).unwrap_or_default();
        Self {
            address: address.unwrap_or("unknown").to_owned(),
            time: time.strftime("%-d %b %Y, %H:%M UTC").to_string(),
            machine_time: time.to_string(),
            ago: ago(call.now().saturating_sub(asked_at)),
            network: network(address, call.address),
        }
    }

    /// Whether it was asked from the network that the browser is on.
    pub(crate) fn is_near(&self) -> bool {
        self.network == Network::Same
    }

    /// Whether it was asked from another one.
    pub(crate) fn is_far(&self) -> bool {
        self.network == Network::Other
    }
}

/// How the asking address stands to the browser's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    Same,
    Other,
    Unknown,
}

/// A host with addresses of both versions asks with one and is looked at with the other: that says nothing.
fn network(asking: Option<&str>, browser: Option<ClientAddress>) -> Network {
    let asking = asking.and_then(|text| text.parse::<IpAddr>().ok());
    let (Some(asking), Some(ClientAddress(browser))) = (asking, browser) else {
        return Network::Unknown;
    };
    let networks = [asking, browser].map(|address| ClientAddress(address).network());
    if networks[0] == networks[1] || (asking.is_loopback() && browser.is_loopback()) {
        Network::Same
    } else if asking.is_ipv4() == browser.is_ipv4() {
        Network::Other
    } else {
        Network::Unknown
    }
}

fn ago(seconds: i64) -> String {
    match seconds {
        ..=59 => "less than a minute ago".to_owned(),
        60..=119 => "a minute ago".to_owned(),
        _ => format!("{} minutes ago", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn only_addresses_that_can_be_compared_are() {
        for (asking, browser, expected) in [
            ("192.0.2.1", "192.0.2.1", Network::Same),
            ("192.0.2.1", "192.0.2.2", Network::Other),
            ("2001:db8:1:2::1", "2001:db8:1:2:9::1", Network::Same),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", Network::Other),
            ("192.0.2.1", "2001:db8::1", Network::Unknown),
            ("127.0.0.1", "::1", Network::Same),
            ("nowhere", "192.0.2.1", Network::Unknown),
        ] {
            let browser = Some(ClientAddress(browser.parse().unwrap()));
            assert_eq!(network(Some(asking), browser), expected, "{asking}");
        }
        assert_eq!(network(None, None), Network::Unknown);
    }

    #[test]
    fn a_while_is_said_in_minutes() {
        for (seconds, words) in [
            (-3, "less than a minute ago"),
            (59, "less than a minute ago"),
            (60, "a minute ago"),
            (120, "2 minutes ago"),
            (599, "9 minutes ago"),
        ] {
            assert_eq!(ago(seconds), words);
        }
    }
}
