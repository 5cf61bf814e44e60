//! The sector of a client: who is told the same `sub` of a person (OpenID Connect Core §8.1).

use oauth::ciba::DeliveryMode;
use url::Url;

use super::{Client, Origin, SubjectType};
use crate::clients::is_loopback;
use crate::error::Invalid;

impl Client {
    /// Its sector; none for a client that is told the same as all others.
    pub fn sector(&self) -> Option<String> {
        let pairwise = self.openid.subject_type == Some(SubjectType::Pairwise);
        // One whose sector is not clear, which cannot be registered, shares with nobody.
        pairwise.then(|| of(self).unwrap_or_else(|_| own(self)))
    }
}

/// The sector that a client's addresses tell: the host of its `sector_identifier_uri`, whose list was checked; else the one host of its redirect URIs; else, when
/// it has none, the host that has its keys or is told of its tokens (OpenID Connect CIBA Core §4). Addresses on a person's own device are nobody's: such a
/// client shares with no other. Neither does a document that describes a client speak for other hosts than its own.
///
/// # Errors
/// When the redirect URIs have several hosts.
pub(super) fn of(client: &Client) -> Result<String, Invalid> {
    if client.is_elsewhere() || matches!(client.origin, Origin::FederationRegistration { .. }) {
        return Ok(host(&client.id).unwrap_or_else(|| own(client)));
    }
    if let Some(uri) = &client.sector_identifier_uri {
        return Ok(host(uri).unwrap_or_else(|| own(client)));
    }
    let mut hosts: Vec<Option<String>> = client.redirect_uris.iter().map(|uri| site(uri)).collect();
    hosts.sort();
    hosts.dedup();
    match hosts.as_slice() {
        [] => {
            let called = client.backchannel.notification_endpoint.as_ref();
            let called = called.filter(|_| client.backchannel.mode() == DeliveryMode::Push);
            let uri = called.or(client.jwks_uri.as_ref());
            Ok(uri.and_then(|uri| site(uri)).unwrap_or_else(|| own(client)))
        }
        [one] => Ok(one.clone().unwrap_or_else(|| own(client))),
        _ => Err(Invalid::new(
            "sector_identifier_uri",
            "redirect URIs of several hosts are of one sector when it lists them",
        )),
    }
}

/// The sector of a client alone: no host has a space in it.
fn own(client: &Client) -> String {
    format!("client {}", client.id)
}

fn host(uri: &str) -> Option<String> {
    Url::parse(uri).ok()?.host_str().map(str::to_owned)
}

/// The host of an address on the web, which has an owner.
fn site(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    let owned = matches!(url.scheme(), "https" | "http") && !is_loopback(&url);
    url.host_str().filter(|_| owned).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    fn pairwise(redirects: &[&str]) -> Client {
        let mut client = Client {
            id: "c".to_owned(),
            redirect_uris: redirects.iter().map(|uri| (*uri).to_owned()).collect(),
            ..Client::default()
        };
        client.openid.subject_type = Some(SubjectType::Pairwise);
        client
    }

    #[test]
    fn the_sector_is_the_one_host_of_the_redirect_uris() {
        for (redirects, sector) in [
            (
                &["https://a.example/cb", "https://A.example:8443/x"][..],
                "a.example",
            ),
            (&["http://127.0.0.1/cb", "http://[::1]/cb"], "client c"),
            (&["com.example.app:/cb"], "client c"),
            (&[], "client c"),
        ] {
            assert_eq!(of(&pairwise(redirects)).unwrap(), sector, "{redirects:?}");
        }
        for redirects in [
            ["https://a.example/cb", "https://b.example/cb"],
            // Else a program on anybody's device would be told what a.example is told.
            ["https://a.example/cb", "http://127.0.0.1/cb"],
            ["https://a.example/cb", "com.example.app:/cb"],
        ] {
            let client = pairwise(&redirects);
            assert_eq!(of(&client).unwrap_err().field, "sector_identifier_uri");
            assert_eq!(client.sector().unwrap(), "client c");
        }
    }

    #[test]
    fn a_list_names_the_sector_and_a_document_its_own_host() {
        let mut client = pairwise(&["https://a.example/cb", "https://b.example/cb"]);
        client.sector_identifier_uri = Some("https://s.example/list.json".to_owned());
        assert_eq!(of(&client).unwrap(), "s.example");
        client.id = "https://d.example/client.json".to_owned();
        client.origin = Origin::Document;
        assert_eq!(of(&client).unwrap(), "d.example");
        client.openid.subject_type = Some(SubjectType::Public);
        assert_eq!(client.sector(), None);
    }

    #[test]
    fn without_redirects_the_host_of_the_keys_or_of_the_notifications_is_the_sector() {
        let mut client = pairwise(&[]);
        client.jwks_uri = Some("https://k.example/jwks".to_owned());
        assert_eq!(of(&client).unwrap(), "k.example");
        client.backchannel.notification_endpoint = Some("https://n.example/told".to_owned());
        assert_eq!(of(&client).unwrap(), "k.example");
        client.backchannel.delivery = Some(DeliveryMode::Push);
        assert_eq!(of(&client).unwrap(), "n.example");
    }
}
