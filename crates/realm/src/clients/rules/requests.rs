//! What a client may say about its authorization requests (RFC 9101, OpenID Connect Registration §2).

use url::Url;

use super::{Client, Invalid, check_list, is_page};

const ALGORITHM: &str = "request_object_signing_alg";

pub(super) fn check(client: &Client) -> Result<(), Invalid> {
    if let Some(algorithm) = client.request_object_signing_alg {
        let keys = client.jwks.is_some() || client.jwks_uri.is_some();
        if algorithm.is_symmetric() && client.sealed_secret.is_none() {
            let reason =
                format!("`{algorithm}` needs a new secret: of the one it has, only a hash is kept");
            return Err(Invalid::new(ALGORITHM, reason));
        }
        if !algorithm.is_symmetric() && !keys {
            let reason = format!("`{algorithm}` needs `jwks` or `jwks_uri`");
            return Err(Invalid::new(ALGORITHM, reason));
        }
    }
    check_list("request_uris", &client.request_uris)?;
    for uri in &client.request_uris {
        let base = uri.strip_suffix('*').unwrap_or(uri);
        let whole = base.len() == uri.len() || base.ends_with('/');
        let plain =
            Url::parse(base).is_ok_and(|url| base.len() == uri.len() || url.query().is_none());
        if !whole || !plain || base.contains('*') || !is_page(base) {
            let reason = format!(
                "`{}` is not an https address (http for a loopback host), nor the beginning of some that ends with `/*`",
                uri.escape_default()
            );
            return Err(Invalid::new("request_uris", reason));
        }
    }
    Ok(())
}
