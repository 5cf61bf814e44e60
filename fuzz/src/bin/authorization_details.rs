//! Rich authorization requests (RFC 9396): a narrower request never becomes a wider grant.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth::authorization_details::AuthorizationDetails;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (first, second) = text.split_once('\n').unwrap_or((text, text));
    let (Ok(granted), Ok(asked)) = (
        AuthorizationDetails::parse(first),
        AuthorizationDetails::parse(second),
    ) else {
        return;
    };
    let again =
        AuthorizationDetails::parse(&granted.to_text()).expect("what is written can be read");
    assert_eq!(again.to_text(), granted.to_text());
    assert!(granted.is_within(&granted));
    match AuthorizationDetails::narrow(Some(&granted), Some(&asked)) {
        Ok(Some(given)) => assert!(given.is_within(&granted)),
        Ok(None) => {}
        Err(_) => assert!(!asked.is_within(&granted)),
    }
});
