//! Whether a client can be told as it says that a session has ended (OpenID Connect Back-Channel Logout §2.2, Front-Channel Logout §2).

use url::Url;

use super::{Client, Invalid, is_endpoint, is_loopback};

const BACK: &str = "backchannel_logout_uri";
const FRONT: &str = "frontchannel_logout_uri";

pub(super) fn check(client: &Client) -> Result<(), Invalid> {
    let said = &client.logout;
    for (field, uri) in [
        (BACK, &said.backchannel_uri),
        (FRONT, &said.frontchannel_uri),
    ] {
        if let Some(uri) = uri
            && !is_endpoint(uri)
        {
            let reason = format!(
                "`{}` is not an https address without a fragment (http for a loopback host)",
                uri.escape_default()
            );
            return Err(Invalid::new(field, reason));
        }
    }
    let required = [
        (
            BACK,
            "backchannel_logout_session_required",
            &said.backchannel_uri,
            said.backchannel_session_required,
        ),
        (
            FRONT,
            "frontchannel_logout_session_required",
            &said.frontchannel_uri,
            said.frontchannel_session_required,
        ),
    ];
    for (uri, field, known, required) in required {
        if required && known.is_none() {
            return Err(Invalid::new(field, format!("it needs `{uri}`")));
        }
    }
    match &said.frontchannel_uri {
        Some(uri) if !client.redirect_uris.iter().any(|own| is_beside(uri, own)) => {
            let reason = "scheme, host and port must be those of a redirect URI (Front-Channel Logout section 2)";
            Err(Invalid::new(FRONT, reason))
        }
        _ => Ok(()),
    }
}

/// Whether both have one origin; loopback addresses may differ in their port, as redirect URIs do.
fn is_beside(uri: &str, redirect_uri: &str) -> bool {
    let (Ok(one), Ok(other)) = (Url::parse(uri), Url::parse(redirect_uri)) else {
        return false;
    };
    let same = one.scheme() == other.scheme() && one.host() == other.host();
    same && (is_loopback(&one) || one.port_or_known_default() == other.port_or_known_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use crate::clients::Logout;

    fn client(logout: Logout) -> Client {
        Client {
            redirect_uris: vec![
                "https://app.example/callback".into(),
                "http://127.0.0.1/callback".into(),
                "com.example.app:/callback".into(),
            ],
            logout,
            ..Client::default()
        }
    }

    fn field(logout: Logout) -> Option<&'static str> {
        check(&client(logout)).err().map(|error| error.field)
    }

    #[test]
    fn a_client_is_told_at_an_https_address() {
        for (uri, fits) in [
            ("https://app.example/out", true),
            ("https://elsewhere.example:8443/out?tenant=1", true),
            ("http://127.0.0.1:9000/out", true),
            ("http://app.example/out", false),
            ("https://user:pw@app.example/out", false),
            ("https://app.example/out#now", false),
            ("https://app.example/a b", false),
            ("file:///etc/passwd", false),
            ("javascript:alert(1)", false),
            ("out", false),
            ("", false),
        ] {
            let said = Logout {
                backchannel_uri: Some(uri.into()),
                ..Logout::default()
            };
            assert_eq!(field(said).is_none(), fits, "{uri}");
        }
    }

    #[test]
    fn a_frame_opens_what_a_redirect_uri_could_open() {
        for (uri, fits) in [
            ("https://app.example/out", true),
            ("https://app.example:443/out", true),
            ("http://127.0.0.1:9000/out", true),
            ("https://app.example:8443/out", false),
            ("https://sub.app.example/out", false),
            ("http://localhost/out", false),
            ("com.example.app:/out", false),
        ] {
            let said = Logout {
                frontchannel_uri: Some(uri.into()),
                ..Logout::default()
            };
            assert_eq!(field(said).is_none(), fits, "{uri}");
        }
    }

    #[test]
    fn who_needs_the_session_says_where_it_is_told() {
        let back = Logout {
            backchannel_session_required: true,
            ..Logout::default()
        };
        assert_eq!(field(back), Some("backchannel_logout_session_required"));
        let front = Logout {
            frontchannel_session_required: true,
            ..Logout::default()
        };
        assert_eq!(field(front), Some("frontchannel_logout_session_required"));
    }
}
