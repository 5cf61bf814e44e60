//! Where published keys are, and how they are fetched.

use fetch::Fetch;
use oauth::metadata::well_known_urls;
use realm::clients::PublicKeys;
use serde_json::{Value, json};

use super::rules::FRESH;
use crate::freshness;

/// Where keys are published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A JWK set at this address.
    Keys(String),
    /// Where the metadata of this issuer say (OpenID Connect Discovery §4, RFC 8414 §3).
    Metadata(String),
    /// The bundle of a SPIFFE trust domain at this address: its keys for JWTs are marked `jwt-svid`.
    Bundle(String),
}

impl Source {
    /// What is called.
    pub(super) fn address(&self) -> &str {
        match self {
            Self::Keys(address) | Self::Metadata(address) | Self::Bundle(address) => address,
        }
    }

    /// Fetches the keys, and for how many seconds they are fresh.
    pub(super) async fn fetch(&self, fetch: Option<Fetch>) -> Result<(PublicKeys, i64), String> {
        let fetch = fetch.ok_or("outbound requests are off")?;
        match self {
            Self::Keys(uri) => {
                let (text, fresh) = get(&fetch, uri).await?;
                Ok((PublicKeys::published(&text)?, fresh))
            }
            Self::Bundle(uri) => {
                let (text, fresh) = get(&fetch, uri).await?;
                Ok((PublicKeys::published(&for_jwts(&text)?)?, fresh))
            }
            Self::Metadata(issuer) => {
                let uri = jwks_uri(&fetch, issuer).await?;
                let (text, fresh) = get(&fetch, &uri).await?;
                Ok((PublicKeys::published(&text)?, fresh))
            }
        }
    }
}

/// The text at an address, and for how many seconds it is fresh.
async fn get(fetch: &Fetch, uri: &str) -> Result<(String, i64), String> {
    let response = fetch.get(uri).await.map_err(|error| error.to_string())?;
    if response.status != http::StatusCode::OK {
        return Err(format!("status {}", response.status.as_u16()));
    }
    let text = response.text().map_err(|error| error.to_string())?;
    let (control, age) = (response.header("cache-control"), response.header("age"));
    Ok((text.to_owned(), freshness::within(FRESH, control, age)))
}

/// The document must name the issuer that it was asked of (RFC 8414 §3.3).
async fn jwks_uri(fetch: &Fetch, issuer: &str) -> Result<String, String> {
    let known = well_known_urls(issuer);
    let mut problem = String::new();
    for url in [&known.openid_appended, &known.oauth] {
        let text = match get(fetch, url).await {
            Ok((text, _)) => text,
            Err(reason) => {
                problem = reason;
                continue;
            }
        };
        let document: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let named = document["issuer"].as_str().unwrap_or_default();
        if named != issuer {
            return Err(format!(
                "the metadata are those of `{}`",
                named.escape_default()
            ));
        }
        return match document["jwks_uri"].as_str() {
            Some(uri) => Ok(uri.to_owned()),
            None => Err("the metadata name no jwks_uri".to_owned()),
        };
    }
    Err(problem)
}

/// The keys of a bundle that verify JWTs, as a JWK set.
fn for_jwts(bundle: &str) -> Result<String, String> {
    let mut bundle: Value = serde_json::from_str(bundle).map_err(|error| error.to_string())?;
    let keys = bundle["keys"].as_array_mut().ok_or("no keys")?;
    keys.retain(|key| key["use"] == "jwt-svid");
    for key in keys.iter_mut() {
        key["use"] = json!("sig");
    }
    Ok(json!({ "keys": keys }).to_string())
}
