//! Claims that are asked for one by one (OpenID Connect Core §5.5), and the claims of tokens from elsewhere.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth::Scope;
use oauth::claims::{AccessToken, IdToken, Localized, StandardClaims, Wanted};
use oauth::claims_request::ClaimsRequest;
use oauth::token_exchange::Actors;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(request) = ClaimsRequest::parse(text) {
        let kept = ClaimsRequest::from_text(&request.to_text()).expect("what is kept can be read");
        assert_eq!(kept.to_text(), request.to_text());
        let _ = request.allowed(oauth::claims_request::standard_scope_of);
        let mut known = Localized::default();
        for tag in ["de-CH", "ja-Kana-JP", "x-a"] {
            known.set("name", tag, Some(tag.into()));
        }
        let mut told = StandardClaims::default();
        let wanted = Wanted {
            names: &request.userinfo,
            locales: &request.id_token,
        };
        known.tell(&Scope::empty(), wanted, &mut told);
        assert!(told.extra.len() + usize::from(told.name.is_some()) <= request.userinfo.len() + 3);
    }
    let _ = serde_json::from_str::<AccessToken>(text);
    let _ = serde_json::from_str::<IdToken>(text);
    if let Ok(value) = serde_json::from_str(text)
        && let Ok(actors) = Actors::parse(Some(&value))
    {
        let again = Actors::parse(actors.to_claim().as_ref()).expect("what is written can be read");
        assert_eq!(again.as_slice(), actors.as_slice());
    }
});
