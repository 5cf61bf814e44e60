//! What is registered about one client.

use oauth::token::GrantType;
use realm::{Client, Settings};
use url::Url;

use super::{Finding, Severity};

/// Judges it.
pub(crate) fn judge(client: &Client, settings: &Settings) -> Vec<Finding> {
    if client.disabled {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut say = |severity, check, what: &str, advice: &str| {
        found.push(Finding::new((severity, check), what, advice).about(&client.id));
    };
    if client.grant_types.iter().any(|grant| grant.is_retired()) {
        say(
            Severity::Warning,
            "retired_grants",
            "Clients are registered for the grants implicit or password, which OAuth 2.1 has left out: tokens go through the browser, or passwords through the application (RFC 9700 §2.1.2, §2.4).",
            "Move them to the code grant with PKCE, or the device grant, and take the grants away: `grantor client update ID --grant authorization_code`.",
        );
    }
    if client.allow_retired_grants == Some(true) && client.allows_retired_grants(settings) {
        say(
            Severity::Warning,
            "allow_retired_grants",
            "The retired grants are switched on for clients of their own.",
            "Switch them off where nothing needs them: `grantor client update ID --allow-retired-grants false`.",
        );
    }
    let by_code = client.allows_grant(GrantType::AuthorizationCode);
    if by_code && !client.requires_pkce(settings) {
        say(
            Severity::Warning,
            "pkce",
            "Clients may leave PKCE out, so that codes that leak or are injected can be redeemed (RFC 9700 §2.1.1).",
            "If their library can: `grantor client update ID --require-pkce`.",
        );
    }
    if client.redirect_uris.iter().any(|uri| is_plain(uri)) {
        say(
            Severity::Warning,
            "redirect_uris",
            "Clients are sent their answers by http, where anybody on the way reads them (RFC 9700 §2.6).",
            "Register https redirect URIs.",
        );
    }
    if client.redirect_uris.iter().any(|uri| uri.contains('*')) {
        say(
            Severity::Warning,
            "redirect_uris",
            "Redirect URIs hold a `*`: they are compared as they are, so this matches nothing but itself (RFC 9700 §4.1.3).",
            "Register each redirect URI in full.",
        );
    }
    if client.request_uris.iter().any(|uri| uri.ends_with("/*")) {
        say(
            Severity::Note,
            "request_uris",
            "Request objects may come from any address below a path.",
            "Name each address where they are few.",
        );
    }
    found
}

/// Whether an answer sent there can be read on its way: http, and not to the person's own device.
fn is_plain(uri: &str) -> bool {
    Url::parse(uri).is_ok_and(|url| {
        let host = url.host_str().unwrap_or_default();
        let loopback = host == "localhost" || host.starts_with("127.") || host == "[::1]";
        url.scheme() == "http" && !loopback
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use realm::Profile;

    use super::*;

    fn checks(client: &Client, settings: &Settings) -> Vec<&'static str> {
        judge(client, settings)
            .iter()
            .map(|found| found.check)
            .collect()
    }

    #[test]
    fn a_client_as_it_should_be_is_not_named() {
        let client = Client {
            redirect_uris: vec![
                "https://app.example/cb".to_owned(),
                "http://127.0.0.1/cb".to_owned(),
            ],
            ..Client::default()
        };
        assert_eq!(checks(&client, &Settings::default()), Vec::<&str>::new());
    }

    #[test]
    fn each_weakness_of_a_client_is_named_unless_it_is_switched_off() {
        let settings = Settings {
            profile: Profile::OpenId,
            ..Settings::default()
        };
        let mut client = Client {
            grant_types: vec![GrantType::AuthorizationCode, GrantType::Implicit],
            allow_retired_grants: Some(true),
            token_endpoint_auth_method: Some(oauth::client_auth::Method::ClientSecretBasic),
            redirect_uris: vec!["http://app.example/*".to_owned()],
            request_uris: vec!["https://app.example/requests/*".to_owned()],
            ..Client::default()
        };
        let all = [
            "retired_grants",
            "allow_retired_grants",
            "pkce",
            "redirect_uris",
            "redirect_uris",
            "request_uris",
        ];
        assert_eq!(checks(&client, &settings), all);
        // What the profile refuses is not on, whatever the client says.
        assert!(!checks(&client, &Settings::default()).contains(&"allow_retired_grants"));
        client.disabled = true;
        assert_eq!(checks(&client, &settings), Vec::<&str>::new());
    }
}
