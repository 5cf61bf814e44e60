/// The addresses at which a server of one issuer may describe itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WellKnown {
    /// RFC 8414 §3.1: `/.well-known/oauth-authorization-server` before the issuer's path.
    pub oauth: String,
    /// RFC 8414 §5: `/.well-known/openid-configuration` before the issuer's path.
    pub openid_inserted: String,
    /// OpenID Connect Discovery §4: `/.well-known/openid-configuration` after the issuer's path.
    pub openid_appended: String,
}

impl WellKnown {
    /// The three in order, without repetition: for an issuer without a path the last two are one.
    pub fn all(&self) -> Vec<&str> {
        let mut all = vec![self.oauth.as_str(), self.openid_inserted.as_str()];
        if self.openid_appended != self.openid_inserted {
            all.push(&self.openid_appended);
        }
        all
    }
}

/// Where an issuer's metadata may be found. A slash at the issuer's end is left out first.
pub fn well_known_urls(issuer: &str) -> WellKnown {
    let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
    let (origin, path) = split(issuer);
    WellKnown {
        oauth: format!("{origin}/.well-known/oauth-authorization-server{path}"),
        openid_inserted: format!("{origin}/.well-known/openid-configuration{path}"),
        openid_appended: format!("{issuer}/.well-known/openid-configuration"),
    }
}

/// Where an API's metadata is found (RFC 9728 §3.1): before its path and query; a slash that is the whole path is left out. `None` unless the
/// identifier is an https or http URL, since others have no such place.
pub fn protected_resource_url(resource: &str) -> Option<String> {
    if !(resource.starts_with("https://") || resource.starts_with("http://")) {
        return None;
    }
    let (origin, rest) = split(resource);
    let rest = match rest.strip_prefix('/') {
        Some(after) if after.is_empty() || after.starts_with('?') => after,
        _ => rest,
    };
    Some(format!(
        "{origin}/.well-known/oauth-protected-resource{rest}"
    ))
}

/// Splits a URL before its path or query.
fn split(url: &str) -> (&str, &str) {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let at = url
        .get(after_scheme..)
        .and_then(|rest| rest.find(['/', '?']))
        .map_or(url.len(), |at| after_scheme + at);
    url.split_at(at)
}
