//! What the settings of the process say.

use super::{Finding, Severity};
use crate::config::Config;

/// Judges them.
pub(crate) fn judge(config: &Config) -> Vec<Finding> {
    let mut found = Vec::new();
    let https = config.issuer.starts_with("https://");
    if !https {
        found.push(Finding::new(
            (Severity::Warning, "issuer"),
            format!("The issuer is {}: tokens, cookies and passwords travel unprotected, which is good for this machine only.", config.issuer),
            "Set `issuer` to an https URL before anybody else uses it; a realm keeps the issuer it was made with (`grantor realm set-issuer`).",
        ));
    }
    let has_tls = config.tls_certificate.is_some();
    let exposed = config
        .listen
        .iter()
        .any(|address| !address.ip().is_loopback());
    if exposed && !has_tls {
        let advice = "Let it listen on loopback or an internal address behind the proxy that speaks TLS, or set `tls.certificate` and `tls.key`.";
        let what = "It listens without TLS on addresses that others may reach.";
        found.push(Finding::new((Severity::Warning, "listen"), what, advice));
    }
    if https && !has_tls && config.trusted_proxies.is_empty() {
        found.push(Finding::new(
            (Severity::Warning, "trusted_proxies"),
            "TLS ends before grantor and no proxy is trusted: every caller has the proxy's address, so that limits per address hit everybody at once and the audit cannot tell people apart.",
            "Name the proxy's network in `trusted_proxies`, or let grantor speak TLS itself.",
        ));
    }
    if config
        .trusted_proxies
        .iter()
        .any(|network| network.ends_with("/0"))
    {
        found.push(Finding::new(
            (Severity::Error, "trusted_proxies"),
            "Every address is a trusted proxy: whoever asks chooses the address, and with `client_certificate_header` the certificate, that they are known by.",
            "Name only the networks of your own proxies in `trusted_proxies`.",
        ));
    }
    if config.sealing_key_previous.is_some() {
        found.push(Finding::new(
            (Severity::Note, "sealing_key"),
            "The sealing key before this one still opens what it sealed.",
            "When every node has both keys: `grantor key reseal`, then drop `sealing_key_previous`.",
        ));
    }
    found.extend(limits(config));
    found
}

fn limits(config: &Config) -> Option<Finding> {
    let limits = &config.limits;
    let off: Vec<&str> = [
        (
            "limits.pushed_authorization_request",
            limits.pushed_authorization_request,
        ),
        ("limits.device_authorization", limits.device_authorization),
        (
            "limits.backchannel_authentication",
            limits.backchannel_authentication,
        ),
        ("limits.registration", limits.registration),
        ("limits.registration_in_realm", limits.registration_in_realm),
        ("limits.client_id_documents", limits.client_id_documents),
    ]
    .into_iter()
    .filter_map(|(key, rate)| rate.is_none().then_some(key))
    .collect();
    if off.is_empty() {
        return None;
    }
    let advice =
        "Give them a rate, such as 600/m; what stands there by default is in docs/settings.md.";
    let what =
        "These endpoints write for whoever asks, as often as they ask: their limits are off.";
    let finding = Finding::new((Severity::Warning, "limits"), what, advice);
    Some(off.into_iter().fold(finding, Finding::about))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use crate::config::Secret;

    fn checks(config: &Config) -> Vec<(&'static str, Severity)> {
        judge(config)
            .iter()
            .map(|found| (found.check, found.severity))
            .collect()
    }

    #[test]
    fn a_deployment_behind_a_proxy_has_nothing_to_mend() {
        let config = Config {
            issuer: "https://id.example".to_owned(),
            trusted_proxies: vec!["10.0.0.0/8".to_owned()],
            ..Config::default()
        };
        assert_eq!(checks(&config), []);
    }

    #[test]
    fn each_weakness_of_the_settings_is_named() {
        let mut config = Config {
            listen: vec!["0.0.0.0:8080".parse().unwrap()],
            trusted_proxies: vec!["0.0.0.0/0".to_owned()],
            sealing_key_previous: Some(Secret("x".to_owned())),
            ..Config::default()
        };
        config.limits.registration = None;
        let expected = [
            ("issuer", Severity::Warning),
            ("listen", Severity::Warning),
            ("trusted_proxies", Severity::Error),
            ("sealing_key", Severity::Note),
            ("limits", Severity::Warning),
        ];
        assert_eq!(checks(&config), expected);
        let open = Config {
            issuer: "https://id.example".to_owned(),
            ..Config::default()
        };
        assert_eq!(checks(&open), [("trusted_proxies", Severity::Warning)]);
    }
}
