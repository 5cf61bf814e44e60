//! Requests to ask a person (OpenID Connect CIBA): as parameters, and whatever claims there are under a good signature.
#![no_main]

use std::sync::OnceLock;

use jose::jws::{self, Header};
use jose::{Algorithm, JwkSet, KeySet, SigningKey, jwt};
use libfuzzer_sys::fuzz_target;
use oauth::Params;
use oauth::ciba::{
    BindingMessage, HintToken, LONGEST_MESSAGE, NotificationToken, Ping, Push, Request, Response,
    SignedRequest,
};

const NOW: i64 = 1_800_000_000;

fn keys() -> &'static (SigningKey, KeySet) {
    static KEYS: OnceLock<(SigningKey, KeySet)> = OnceLock::new();
    KEYS.get_or_init(|| {
        let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
        let keys = vec![key.public_jwk().unwrap()];
        (key, KeySet::from_jwks(&JwkSet { keys }))
    })
}

fn judged(params: &Params) {
    if let Ok(request) = Request::parse(params) {
        assert!(request.scope.contains("openid"));
        assert!(request.resource.len() <= 32 && request.acr_values.len() <= 20);
        assert!(request.requested_expiry.is_none_or(|seconds| seconds >= 1));
        assert!(request.max_age.is_none_or(|seconds| seconds >= 0));
        // What is told to the log tells nothing about the person.
        let hint = params
            .pairs()
            .iter()
            .find(|(name, value)| name == "login_hint" && value.len() > 60);
        assert!(hint.is_none_or(|(_, value)| !format!("{request:?}").contains(value.as_str())));
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(message) = BindingMessage::parse(text) {
        assert!(message.as_str().chars().count() <= LONGEST_MESSAGE);
        assert!(!message.as_str().chars().any(char::is_control));
        assert_eq!(BindingMessage::parse(message.as_str()), Ok(message));
    }
    let _ = NotificationToken::parse(text);
    let _ = serde_json::from_str::<Response>(text);
    let _ = serde_json::from_str::<Ping>(text);
    let _ = serde_json::from_str::<Push>(text);
    let params = Params::parse(text);
    judged(&params);
    let alone = SignedRequest::is_alone(&params).is_ok();
    assert!(!alone || params.get("login_hint").is_none());
    let (key, set) = keys();
    let policy = jwt::Policy {
        issuer: jwt::Issuer::Is("app"),
        audience: jwt::Audience::Includes("https://example.org"),
        algorithms: &[Algorithm::EdDsa],
        typ: jwt::Type::Unchecked,
        lifetime: jwt::Lifetime::Expires,
        now: NOW,
        leeway: 30,
    };
    assert!(jwt::verify::<SignedRequest>(text, set, &policy).is_err());
    let Ok(signed) = jws::sign(key, &Header::typed("JWT", key), data) else {
        return;
    };
    let _ = jwt::verify::<HintToken>(&signed, set, &policy);
    let Ok(signed) = jwt::verify::<SignedRequest>(&signed, set, &policy) else {
        return;
    };
    assert!(signed.exp.is_some_and(|exp| exp > NOW - 31));
    if let Ok(params) = signed.params() {
        for name in ["iss", "aud", "exp", "nbf", "iat", "jti"] {
            assert!(params.get(name).is_none(), "{name} is about the request");
        }
        judged(&params);
    }
});
