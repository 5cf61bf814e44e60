//! Finding a server's metadata (RFC 8414 §3, OpenID Connect Discovery §4).

use http::StatusCode;
use oauth::metadata::{ServerMetadata, well_known_urls};
use url::{Host, Url};

use crate::Error;
use crate::client::Client;
use crate::exchange::{Request, json};

/// Asks each well-known address in turn. An OpenID server's own document comes first: it says more than that of RFC 8414. A document that
/// names another issuer ends the search, for it is a mistake or an attack (RFC 8414 §3.3).
pub(crate) async fn discover(client: &Client) -> Result<ServerMetadata, Error> {
    let issuer = client.issuer();
    let urls = well_known_urls(issuer);
    let mut candidates = vec![urls.openid_appended, urls.oauth];
    if !candidates.contains(&urls.openid_inserted) {
        candidates.push(urls.openid_inserted);
    }
    for url in &candidates {
        let answer = client.send(Request::get("discovery", url)).await?;
        if answer.status != StatusCode::OK {
            continue;
        }
        let metadata: ServerMetadata = json("discovery", &answer)?;
        if metadata.issuer != issuer {
            return Err(Error::IssuerMismatch {
                expected: issuer.to_owned(),
                found: metadata.issuer,
            });
        }
        return Ok(metadata);
    }
    Err(Error::NoMetadata(issuer.to_owned()))
}

/// An endpoint that a browser will be sent to, which no address guard watches: https, or http on this machine.
pub(crate) fn browser_endpoint(
    endpoint: Option<&str>,
    name: &'static str,
) -> Result<String, Error> {
    let text = endpoint.ok_or(Error::Unsupported(name))?;
    let safe = Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.has_host())
        || is_loopback(text);
    if safe && !text.contains('#') {
        Ok(text.to_owned())
    } else {
        Err(Error::Unsupported(name))
    }
}

/// Whether it is an http or https URL of this machine.
pub(crate) fn is_loopback(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    matches!(url.scheme(), "http" | "https")
        && match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}
