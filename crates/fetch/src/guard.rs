//! Which addresses may be reached: pure rules, no I/O. What is not a public unicast address is refused, in whatever form it is
//! written, unless the operator named its network. (RFC 6890, and the IANA special-purpose address registries.)

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

use crate::{Error, FetchOptions};

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A public unicast address.
    Public,
    /// This machine: 127.0.0.0/8, `::1`.
    Loopback,
    /// No address: 0.0.0.0/8, `::`.
    Unspecified,
    /// A private network: RFC 1918, unique local IPv6, the old site-local range.
    Private,
    /// Between a provider and its customers: 100.64.0.0/10 (RFC 6598).
    Shared,
    /// Link-local, where cloud metadata services live.
    LinkLocal,
    /// A group of hosts.
    Multicast,
    /// For examples: RFC 5737, RFC 3849, RFC 9637.
    Documentation,
    /// An IPv6 form that smuggles an IPv4 address through a tunnel: 6to4, Teredo, IPv4-compatible, local NAT64.
    Tunnel,
    /// Everything else that is not for general use.
    Reserved,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Loopback => "loopback",
            Self::Unspecified => "unspecified",
            Self::Private => "private network",
            Self::Shared => "carrier network",
            Self::LinkLocal => "link-local",
            Self::Multicast => "multicast",
            Self::Documentation => "documentation",
            Self::Tunnel => "tunnelled",
            Self::Reserved => "reserved",
        })
    }
}

/// The kind of `address`. IPv4 addresses inside IPv6 (mapped, and NAT64's well-known prefix) count as what they lead to.
pub fn kind(address: IpAddr) -> Kind {
    match plain(address) {
        IpAddr::V4(v4) => kind_v4(v4),
        IpAddr::V6(v6) => kind_v6(v6),
    }
}

/// Whether `address` may be reached.
///
/// # Errors
/// [`Error::Address`] with the kind of the address when not.
pub fn check_address(address: IpAddr, options: &FetchOptions) -> Result<(), Error> {
    let address = plain(address);
    match kind(address) {
        Kind::Public => Ok(()),
        Kind::Loopback if options.allow_loopback => Ok(()),
        _ if is_within(address, &options.allow_networks) => Ok(()),
        other => Err(Error::Address(other)),
    }
}

/// Whether `url` may be asked, as far as it can be told without resolving its name; [`check_address`] has to follow for each resolved address.
///
/// # Errors
/// [`Error::Url`], [`Error::Scheme`], [`Error::Credentials`] or [`Error::Address`].
pub fn check_url(url: &Url, options: &FetchOptions) -> Result<(), Error> {
    let https = match url.scheme() {
        "https" => true,
        "http" => false,
        _ => return Err(Error::Scheme),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::Credentials);
    }
    let loopback = match url.host().ok_or(Error::Url)? {
        Host::Ipv4(v4) => {
            check_address(v4.into(), options)?;
            v4.is_loopback()
        }
        Host::Ipv6(v6) => {
            check_address(v6.into(), options)?;
            kind(v6.into()) == Kind::Loopback
        }
        Host::Domain(name) if is_localhost(name) => {
            // Where it leads is checked when it is resolved.
            if !options.allow_loopback && !names_loopback(&options.allow_networks) {
                return Err(Error::Address(Kind::Loopback));
            }
            true
        }
        Host::Domain(_) => false,
    };
    if https || (loopback && options.allow_loopback) {
        Ok(())
    } else {
        Err(Error::Scheme)
    }
}

/// Whether `name` means this machine by definition (RFC 6761 §6.3): `localhost` and all below it, with or without the root's dot.
pub fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or(name);
    last.eq_ignore_ascii_case("localhost")
}

/// Whether the operator named this machine's own network.
fn names_loopback(networks: &[IpNet]) -> bool {
    is_within(Ipv4Addr::LOCALHOST.into(), networks)
        || is_within(Ipv6Addr::LOCALHOST.into(), networks)
}

fn is_within(address: IpAddr, networks: &[IpNet]) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// Takes an IPv4 address out of the two IPv6 forms that are in honest use.
fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.segments() {
            [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
                IpAddr::V4(Ipv4Addr::new(a, b, c, d))
            }
            _ => address,
        },
    }
}

fn kind_v4(address: Ipv4Addr) -> Kind {
    match address.octets() {
        [0, ..] => Kind::Unspecified,
        [127, ..] => Kind::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Kind::Private,
        [100, 64..=127, ..] => Kind::Shared,
        [169, 254, ..] => Kind::LinkLocal,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Kind::Documentation,
        // IETF protocol assignments, the retired 6to4 relay, AS112, benchmarks.
        [192, 0, 0, _]
        | [192, 88, 99, _]
        | [192, 31, 196, _]
        | [192, 52, 193, _]
        | [192, 175, 48, _]
        | [198, 18..=19, ..] => Kind::Reserved,
        [224..=239, ..] => Kind::Multicast,
        [240..=255, ..] => Kind::Reserved,
        _ => Kind::Public,
    }
}

fn kind_v6(address: Ipv6Addr) -> Kind {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Kind::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => Kind::Loopback,
        [0, 0, 0, 0, 0, 0, ..] | [0x64, 0xff9b, ..] | [0x2002, ..] | [0x2001, 0, ..] => {
            Kind::Tunnel
        }
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => Kind::Documentation,
        [0x2001, 0..=0x01ff, ..] => Kind::Reserved,
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Kind::Private,
        [0xfe80..=0xfebf, ..] => Kind::LinkLocal,
        [0xff00..=0xffff, ..] => Kind::Multicast,
        // Only 2000::/3 is given out for general use.
        [0x2000..=0x3fff, ..] => Kind::Public,
        _ => Kind::Reserved,
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
