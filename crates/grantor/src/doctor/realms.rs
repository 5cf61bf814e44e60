//! What is set in one tenant.

use realm::{Admission, Settings};

use super::{Finding, Severity, day};

/// How long before its end an initial access token is named, in seconds.
const SOON: i64 = 7 * 24 * 3600;

/// Judges its settings.
pub(crate) fn judge(settings: &Settings) -> Vec<Finding> {
    let mut found = Vec::new();
    if settings.allow_retired_grants && settings.profile.permits_retired_grants() {
        found.push(Finding::new(
            (Severity::Warning, "allow_retired_grants"),
            "The grants implicit and password are switched on for every client of the realm (RFC 9700 §2.1.2, §2.4).",
            "`grantor realm set allow_retired_grants=false`, and switch them on for the few clients that cannot be changed.",
        ));
    }
    if settings.registration.mode == Admission::Open {
        found.push(Finding::new(
            (Severity::Warning, "registration"),
            "Anybody can register a client. Such clients are shown to people as not checked, and end unless they are used.",
            "If that is not meant: `grantor realm set registration.mode=token`, and hand out tokens with `grantor client token create`.",
        ));
    }
    if settings.require_pkce == Some(false) {
        found.push(Finding::new(
            (Severity::Warning, "pkce"),
            "Confidential clients of the realm need no PKCE (RFC 9700 §2.1.1).",
            "`grantor realm set require_pkce=true`; clients that cannot may be excepted one by one.",
        ));
    }
    if settings.client_id_documents.allowed && settings.client_id_documents.hosts.is_empty() {
        found.push(Finding::new(
            (Severity::Note, "client_id_documents"),
            "Any site may describe itself as a client by a document; people are told that nobody vouches for it.",
            "Name the sites in `client_id_documents.hosts`, or set `client_id_documents.allowed=false`.",
        ));
    }
    found
}

/// Judges whether people hear of what clients ask them (OpenID Connect CIBA), given a client that may.
pub(crate) fn hearing(settings: &Settings, mails: bool, client: &str) -> Option<Finding> {
    let deaf = !mails && settings.approval_webhook.is_empty();
    deaf.then(|| {
        Finding::new(
            (Severity::Warning, "mail"),
            "Clients may ask people who are not at a browser, and nobody tells these people: they would have to look at /account/approvals by themselves.",
            "Set `mail.url` and `mail.from` (docs/settings.md), or name a webhook: `grantor realm set approval_webhook=URL`.",
        )
        .about(client)
    })
}

/// Judges the end of an initial access token.
pub(crate) fn token(name: &str, expires_at: i64, now: i64) -> Option<Finding> {
    (now < expires_at && expires_at - now < SOON).then(|| {
        Finding::new(
            (Severity::Note, "initial_access_token"),
            "Initial access tokens end within a week.",
            "Make new ones for those who still need them: `grantor client token create`.",
        )
        .about(&format!("{name} ({})", day(expires_at)))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use realm::Profile;

    use super::*;

    fn checks(settings: &Settings) -> Vec<&'static str> {
        judge(settings).iter().map(|found| found.check).collect()
    }

    #[test]
    fn each_open_door_of_a_realm_is_named() {
        let mut settings = Settings::default();
        assert_eq!(checks(&settings), ["client_id_documents"]);
        settings
            .client_id_documents
            .hosts
            .push("app.example".to_owned());
        assert_eq!(checks(&settings), Vec::<&str>::new());
        settings.profile = Profile::OpenId;
        settings.allow_retired_grants = true;
        settings.require_pkce = Some(false);
        settings.registration.mode = Admission::Open;
        assert_eq!(
            checks(&settings),
            ["allow_retired_grants", "registration", "pkce"]
        );
        settings.profile = Profile::Fapi2Security;
        assert!(!checks(&settings).contains(&"allow_retired_grants"));
    }

    #[test]
    fn somebody_has_to_tell_people_that_they_are_asked() {
        let mut settings = Settings::default();
        assert!(hearing(&settings, true, "agent").is_none());
        assert_eq!(
            hearing(&settings, false, "agent").unwrap().subjects,
            ["agent"]
        );
        settings.approval_webhook = "https://ring.example".to_owned();
        assert!(hearing(&settings, false, "agent").is_none());
    }

    #[test]
    fn a_token_is_named_in_its_last_week() {
        assert!(token("ci", SOON + 1, 1).is_none());
        assert!(token("ci", SOON, 1).is_some());
        assert!(token("ci", 1, 1).is_none(), "it is over");
    }
}
