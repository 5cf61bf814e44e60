//! The code that a person types, and the requests of devices.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth::device_code::{Request, UserCode};
use oauth::token::TokenRequest;
use oauth::{Params, Scope};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(code) = UserCode::parse(text) {
        assert_eq!(UserCode::parse(&code.letters()), Some(code.clone()));
        assert_eq!(UserCode::parse(&code.to_string()), Some(code));
    }
    let params = Params::parse(text);
    let _ = Request::parse(&params);
    let _ = TokenRequest::parse(&params);
    if let Ok(scope) = text.parse::<Scope>() {
        assert_eq!(scope.to_string().parse::<Scope>().unwrap(), scope);
    }
});
