//! Sign-ins that somebody else begins (OpenID Connect Core §4): a portal, or the server's page of a person's applications, sends the browser to the
//! application's `initiate_login_uri`.

use oauth::Params;
use url::Url;

use crate::client::Client;
use crate::{Authorization, CallbackError, Error};

/// What the browser brought to `initiate_login_uri`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InitiatedLogin {
    /// Whom the server is to suggest.
    pub login_hint: Option<String>,
    /// Where the person wants to be afterwards: an address of the application itself, and of no other.
    pub target_link_uri: Option<String>,
}

impl Client {
    /// Reads the query, or the form, that came to `initiate_login_uri`. Anybody can have sent the browser there, so nothing of it is believed but this: that it
    /// names this server; and `target_link_uri` counts only below `site`, an address of the application such as `https://app.example/`, since whoever could name
    /// any would have an open redirect (§4). One that is elsewhere is left out.
    ///
    /// # Errors
    /// [`CallbackError::Repeated`]; [`CallbackError::IssuerMissing`] or [`CallbackError::Issuer`] when it is not about this server.
    pub fn initiated(&self, query: &str, site: &str) -> Result<InitiatedLogin, Error> {
        let query = query.strip_prefix('?').unwrap_or(query);
        let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
        let params = Params::new(pairs.collect());
        params
            .refuse_repeated(&[])
            .map_err(|_| CallbackError::Repeated)?;
        let issuer = params.get("iss").ok_or(CallbackError::IssuerMissing)?;
        if issuer != self.issuer() {
            return Err(CallbackError::Issuer.into());
        }
        let target = params.get("target_link_uri");
        Ok(InitiatedLogin {
            login_hint: params.owned("login_hint"),
            target_link_uri: target.filter(|to| is_below(to, site)).map(str::to_owned),
        })
    }
}

impl InitiatedLogin {
    /// The sign-in that this begins: always one of its own, with a state and a nonce that the browser did not bring.
    pub fn authorize<'a>(&self, client: &'a Client) -> Authorization<'a> {
        let request = client.authorize();
        match &self.login_hint {
            Some(hint) => request.login_hint(hint),
            None => request,
        }
    }
}

/// Whether an address is of this site, in the one reading that there is: no other host, no user name, no backslash, nothing that browsers leave out.
fn is_below(address: &str, site: &str) -> bool {
    let odd = |byte: u8| !byte.is_ascii_graphic() || byte == b'\\';
    let (Ok(to), Ok(site)) = (Url::parse(address), Url::parse(site)) else {
        return false;
    };
    let web = matches!(site.scheme(), "https" | "http");
    let folder = match site.path().rsplit_once('/') {
        Some((folder, _)) => folder,
        None => "",
    };
    let inside = to.path().strip_prefix(folder);
    web && !address.bytes().any(odd)
        && to.origin() == site.origin()
        && to.username().is_empty()
        && to.password().is_none()
        && inside.is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::is_below;

    #[test]
    fn only_addresses_of_the_site_are_of_the_site() {
        for good in [
            "https://app.example/",
            "https://app.example/notes?id=7#end",
            "https://app.example:443/x",
        ] {
            assert!(is_below(good, "https://app.example/"), "{good}");
        }
        for bad in [
            "https://evil.example/",
            "https://app.example.evil.example/",
            "https://app.example@evil.example/",
            "https://a@app.example/",
            "http://app.example/",
            "https://app.example:8443/",
            "//app.example/",
            "/notes",
            "javascript:alert(1)",
            "https:\\\\app.example\\x",
            "https://app.example/\\evil.example",
            "https://app.example/\n",
            "",
        ] {
            assert!(!is_below(bad, "https://app.example/"), "{bad}");
        }
        assert!(is_below(
            "https://h.example/app/x",
            "https://h.example/app/"
        ));
        for bad in [
            "https://h.example/other",
            "https://h.example/app/../other",
            "https://h.example/apple",
        ] {
            assert!(!is_below(bad, "https://h.example/app/"), "{bad}");
        }
    }
}
