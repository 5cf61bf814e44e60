//! WWW-Authenticate, as a client meets it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth::challenge;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let _ = challenge::parse(text);
    if let Some(bearer) = challenge::Bearer::parse(text.split('\n')) {
        let written = bearer.to_string();
        assert!(!written.contains(['\r', '\n']), "{written}");
        assert!(challenge::Bearer::parse([written.as_str()]).is_some());
    }
});
