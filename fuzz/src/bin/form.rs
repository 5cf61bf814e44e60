//! Forms and query strings, and the requests that they are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth::authorization::AuthorizationRequest;
use oauth::token::TokenRequest;
use oauth::{Params, client_auth, introspection, revocation};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (authorization, text) = text.split_once('\n').unwrap_or(("", text));
    let Ok(form) = web::form::parse(text, &["resource", "audience"]) else {
        return;
    };
    for (name, value) in form.pairs() {
        assert!(!name.contains('\0') && !value.contains('\0'));
        let repeatable = ["resource", "audience"].contains(&name.as_str());
        assert!(repeatable || form.all(name).count() == 1);
    }
    let params = Params::new(form.into_pairs());
    let _ = TokenRequest::parse(&params);
    let _ = AuthorizationRequest::parse(&params);
    let _ = introspection::Request::parse(&params);
    let _ = revocation::Request::parse(&params);
    let header = (!authorization.is_empty()).then_some(authorization);
    let _ = client_auth::presented(header, &params);
    // A name and a secret of any characters arrive as they were (RFC 6749 §2.3.1).
    let header = client_auth::basic(text, authorization);
    if !text.is_empty() && !authorization.is_empty() {
        let _ = client_auth::presented(Some(&header), &Params::default());
    }
});
