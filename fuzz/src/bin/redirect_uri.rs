//! Redirect URIs: one that was not registered is never matched, and what goes into a header or a policy cannot leave it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth::authorization::{ResponseMode, response_url};
use oauth::redirect_uri;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (registered, asked) = text.split_once('\n').unwrap_or((text, text));
    if redirect_uri::check_registration(registered).is_err() {
        return;
    }
    let registered = [registered.to_owned()];
    let alone = redirect_uri::find(&registered, None).expect("the only one");
    assert_eq!(alone.as_str(), registered[0]);
    let Ok(found) = redirect_uri::find(&registered, Some(asked)) else {
        assert_ne!(registered[0], asked);
        return;
    };
    assert_eq!(found.as_str(), asked);
    // Only the port of a loopback address may differ (RFC 8252 §7.3).
    if registered[0] != asked {
        assert!(found.is_loopback() && alone.is_loopback());
        assert_eq!(found.host(), alone.host());
    }
    let policy = found.origin_for_csp();
    assert!(
        !policy.contains([';', ',', ' ', '\'', '"', '\n', '\r']),
        "{policy}"
    );
    for mode in [ResponseMode::Query, ResponseMode::Fragment] {
        let to = response_url(&found, mode, &[("code", "a b&c"), ("state", "\r\n")]);
        assert!(!to.contains(['\r', '\n', ' ']), "{to}");
    }
});
