//! Signed authorization requests (RFC 9101): whatever their claims are, they become parameters or are refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth::Params;
use oauth::authorization::AuthorizationRequest;
use realm::Profile;
use server::request_object::rules::{self, Parties};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (outer, object) = text.split_once('\n').unwrap_or(("", text));
    let outer = Params::parse(outer);
    let _ = rules::is_type(Some(text));
    let _ = rules::is_registered(&[text.to_owned(), format!("{text}*")], text);
    let _ = AuthorizationRequest::parse(&outer);
    let Ok(claims) = jose::json_object(object) else {
        return;
    };
    for profile in [
        Profile::OAuth21,
        Profile::OpenId,
        Profile::Fapi2Security,
        Profile::Fapi2MessageSigning,
    ] {
        let parties = Parties {
            client: "app",
            issuer: "https://example.org",
            profile,
        };
        let judged = rules::judge(&claims, &parties, 1_800_000_000);
        let Ok(signed) = rules::parameters(claims.clone()) else {
            continue;
        };
        let Ok(params) = rules::request(&outer, signed.clone(), &parties) else {
            continue;
        };
        // What was signed is what counts, whatever stands beside it.
        // An empty parameter reads as absent (RFC 6749 §3.1).
        let said = || signed.iter().filter(|(_, value)| !value.is_empty());
        for (name, value) in said() {
            assert!(params.all(name).any(|found| found == value));
            let own = said().filter(|(other, _)| other == name).count();
            assert_eq!(params.all(name).count(), own);
        }
        if judged.is_ok() && profile.demands_signed_requests() {
            // FAPI 2.0 Message Signing §5.3.1: for us, and of its hour.
            let time = |name: &str| claims[name].as_f64().expect("a time");
            assert!(time("exp") > 1_799_999_000.0 && time("exp") < 1_800_010_000.0);
            assert!(time("nbf") < 1_800_000_100.0 && claims.contains_key("aud"));
        }
        if judged.is_ok() && !profile.merges_requests() {
            // Nothing comes in from beside the object but the name of the client, which it repeats.
            for (name, _) in params.pairs() {
                assert!(claims.contains_key(name), "{name}");
            }
        }
        if judged.is_ok() {
            let _ = AuthorizationRequest::parse(&params);
        }
    }
});
