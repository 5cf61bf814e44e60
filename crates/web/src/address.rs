//! Who is asking: the client's address, believed from a forwarding header only when a named proxy wrote it.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::{FromRequestParts, Request};
use http::HeaderMap;
use http::request::Parts;
use ipnet::IpNet;

use crate::client_certificate::{self, CertificateHeader, Malformed};

/// The address at the other end of the socket; the accept loop adds it to the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// The address of the client. An extension of the request that [`edge`](crate::edge) sets, and an extractor; 0.0.0.0 when nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// What limits are counted by: an IPv4 address, or the /64 of an IPv6 one, since a single host owns all of it.
    pub fn limit_key(&self) -> String {
        match self.network() {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => format!("{v6}/64"),
        }
    }

    /// As [`limit_key`](Self::limit_key), the first address of that network.
    pub fn network(&self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        }
    }
}

impl std::fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<Self>().copied();
        let peer = || {
            parts
                .extensions
                .get::<PeerAddress>()
                .map(|peer| plain(peer.0.ip()))
        };
        let address = known.or_else(|| peer().map(Self));
        Ok(address.unwrap_or(Self(Ipv4Addr::UNSPECIFIED.into())))
    }
}

/// The header a proxy writes. Only the one that the operator names is read: a proxy that writes one passes the client's other one through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardingHeader {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The proxies in front of us. None by default: then the peer is the client.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    /// Their addresses.
    pub networks: Vec<IpNet>,
    /// The header they write.
    pub header: ForwardingHeader,
    /// The header in which they pass the client's certificate on, if they do.
    pub certificate: Option<CertificateHeader>,
    /// Whether they name the host that was asked for in `X-Forwarded-Host`; otherwise they leave `Host` as it was.
    pub host: bool,
}

impl TrustedProxies {
    /// Whether a request from this peer comes through one of them.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = plain(address);
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    /// The client's address, given the peer's: the header is read from its end as long as the writer is a trusted proxy. What
    /// does not parse ends the walk at the last address that is known.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = plain(peer);
        if !self.trusts(client) {
            return client;
        }
        let hops = match self.header {
            ForwardingHeader::XForwardedFor => hops(headers, "x-forwarded-for"),
            ForwardingHeader::Forwarded => hops(headers, "forwarded"),
        };
        for hop in hops.iter().rev() {
            let address = match self.header {
                ForwardingHeader::XForwardedFor => node(hop),
                ForwardingHeader::Forwarded => forwarded_for(hop).and_then(node),
            };
            let Some(address) = address else {
                break;
            };
            client = address;
            if !self.trusts(client) {
                break;
            }
        }
        client
    }
}

/// Puts the [`ClientAddress`] into the request's extensions, and sees to it that a
/// [`ClientCertificate`](client_certificate::ClientCertificate) there is the client's.
///
/// # Errors
/// For a certificate that a trusted proxy garbled: answer 400.
pub(crate) fn settle(proxies: &TrustedProxies, request: &mut Request) -> Result<(), Malformed> {
    let peer = request
        .extensions()
        .get::<PeerAddress>()
        .map(|peer| peer.0.ip());
    let address = peer.map(|peer| proxies.client(peer, request.headers()));
    let address = address.unwrap_or(Ipv4Addr::UNSPECIFIED.into());
    request.extensions_mut().insert(ClientAddress(address));
    let through_proxy = peer.is_some_and(|peer| proxies.trusts(peer));
    let header = proxies.certificate.as_ref();
    client_certificate::settle(header, through_proxy, request).inspect_err(|error| {
        tracing::warn!(%error, "a trusted proxy is not set up as this server expects");
    })
}

fn hops(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).iter();
    // Of each part for itself: what the client wrote in front must not make the proxy's part unreadable.
    values
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(|hop| String::from_utf8_lossy(hop).trim().to_owned())
        .collect()
}

/// The `for` parameter of one element of a `Forwarded` header.
fn forwarded_for(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let is_for = name.trim().eq_ignore_ascii_case("for");
        is_for.then(|| value.trim().trim_matches('"'))
    })
}

/// An address with or without a port, in brackets or not.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    bare.or_else(with_port).or_else(bracketed).map(plain)
}

/// A dual-stack socket shows IPv4 peers as mapped IPv6 addresses.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn client(proxies: &TrustedProxies, peer: &str, name: &'static str, value: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    fn trusted(header: ForwardingHeader) -> TrustedProxies {
        let networks = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        TrustedProxies {
            networks,
            header,
            ..TrustedProxies::default()
        }
    }

    #[test]
    fn a_header_from_a_stranger_is_not_believed() {
        let none = TrustedProxies::default();
        assert_eq!(
            client(&none, "203.0.113.9", "x-forwarded-for", "1.2.3.4"),
            "203.0.113.9"
        );
        let some = trusted(ForwardingHeader::XForwardedFor);
        assert_eq!(
            client(&some, "203.0.113.9", "x-forwarded-for", "1.2.3.4"),
            "203.0.113.9"
        );
    }

    #[test]
    fn the_last_address_that_no_trusted_proxy_has_is_the_client() {
        let proxies = trusted(ForwardingHeader::XForwardedFor);
        let seen = |value| client(&proxies, "10.0.0.1", "x-forwarded-for", value);
        assert_eq!(seen("6.6.6.6, 198.51.100.7, 10.0.0.2"), "198.51.100.7");
        assert_eq!(seen("6.6.6.6, 198.51.100.7:4711"), "198.51.100.7");
        assert_eq!(seen("6.6.6.6, [2001:db8::1]:443"), "2001:db8::1");
        assert_eq!(seen("10.0.0.3, 10.0.0.2"), "10.0.0.3");
        assert_eq!(seen("6.6.6.6, nonsense, 10.0.0.2"), "10.0.0.2");
    }

    #[test]
    fn nobody_hides_behind_the_proxys_address_by_bytes_that_are_no_text() {
        let client = |header, name: &'static str, value: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(name, http::HeaderValue::from_bytes(value).unwrap());
            let proxies = trusted(header);
            let client = proxies.client("10.0.0.1".parse().unwrap(), &headers);
            client.to_string()
        };
        let (for_them, forwarded) = (ForwardingHeader::XForwardedFor, ForwardingHeader::Forwarded);
        for value in [
            &b"\xff, 198.51.100.7"[..],
            b"6.6.6.6\xc3, 198.51.100.7, 10.0.0.2",
        ] {
            assert_eq!(client(for_them, "x-forwarded-for", value), "198.51.100.7");
        }
        let value = b"for=\xe4, for=198.51.100.7";
        assert_eq!(client(forwarded, "forwarded", value), "198.51.100.7");
    }

    #[test]
    fn only_the_header_that_was_named_is_read() {
        let proxies = trusted(ForwardingHeader::Forwarded);
        assert_eq!(
            client(&proxies, "10.0.0.1", "x-forwarded-for", "6.6.6.6"),
            "10.0.0.1"
        );
        let value = "for=6.6.6.6, for=\"[2001:db8:cafe::17]:4711\";proto=https, For=10.0.0.9";
        assert_eq!(
            client(&proxies, "10.0.0.1", "forwarded", value),
            "2001:db8:cafe::17"
        );
        assert_eq!(
            client(&proxies, "10.0.0.1", "forwarded", "for=_hidden"),
            "10.0.0.1"
        );
    }

    #[test]
    fn a_mapped_peer_counts_as_its_ipv4_address_and_ipv6_is_limited_by_its_network() {
        let proxies = trusted(ForwardingHeader::XForwardedFor);
        let seen = client(
            &proxies,
            "::ffff:10.0.0.1",
            "x-forwarded-for",
            "198.51.100.7",
        );
        assert_eq!(seen, "198.51.100.7");
        let key = |text: &str| ClientAddress(text.parse().unwrap()).limit_key();
        assert_eq!(key("2001:db8:1:2:3::4"), key("2001:db8:1:2:ffff::1"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("198.51.100.7"), "198.51.100.7");
    }
}
