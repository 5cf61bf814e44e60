//! RFC 7519 §3.1, §6.1 and appendix A.

use super::{rfc7516, vectors, verifying};
use jose::{
    Algorithm, Error, jwe,
    jwt::{self, Audience, Issuer, Lifetime, Policy, Type},
};
use serde_json::Value;

const POLICY: Policy<'_> = Policy {
    issuer: Issuer::Is("joe"),
    audience: Audience::Unchecked,
    algorithms: &[Algorithm::Hs256],
    typ: Type::Plain,
    lifetime: Lifetime::Expires,
    now: 1_300_819_379,
    leeway: 0,
};

#[test]
fn the_token_of_section_3_1_is_accepted_until_it_expires() {
    let all = vectors(include_str!("vectors/rfc7515.json"));
    let key = verifying(&all["A.1"]["key"], "HS256");
    let token = all["A.1"]["token"].as_str().unwrap();
    let claims = jwt::verify::<Value>(token, &key, &POLICY).unwrap();
    assert_eq!(claims["http://example.com/is_root"], true);
    let late = Policy {
        now: 1_300_819_380,
        ..POLICY
    };
    assert_eq!(
        jwt::verify::<Value>(token, &key, &late).err(),
        Some(Error::Expired)
    );
    let tolerant = Policy { leeway: 1, ..late };
    assert!(jwt::verify::<Value>(token, &key, &tolerant).is_ok());
}

#[test]
fn the_unsecured_token_of_section_6_1_is_refused() {
    let all = vectors(include_str!("vectors/rfc7515.json"));
    let key = verifying(&all["A.1"]["key"], "HS256");
    let token = all["A.5"]["token"].as_str().unwrap();
    assert_eq!(
        jwt::verify::<Value>(token, &key, &POLICY).err(),
        Some(Error::Unsecured)
    );
}

/// A.1 and A.2 use RSA1_5.
#[test]
fn the_encrypted_tokens_of_appendix_a_are_refused() {
    let a_1 = "eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.QR1Owv2ug2WyPBnbQrRARTeEk9kDO2w8qDcjiHnSJflSdv1iNqhWXaKH4MqAkQtMoNfABIPJaZm0HaA415sv3aeuBWnD8J-Ui7Ah6cWafs3ZwwFKDFUUsWHSK-IPKxLGTkND09XyjORj_CHAgOPJ-Sd8ONQRnJvWn_hXV1BNMHzUjPyYwEsRhDhzjAD26imasOTsgruobpYGoQcXUwFDn7moXPRfDE8-NoQX7N7ZYMmpUDkR-Cx9obNGwJQ3nM52YCitxoQVPzjbl7WBuB7AohdBoZOdZ24WlN1lVIeh8v1K4krB8xgKvRU8kgFrEn_a1rZgN5TiysnmzTROF869lQ.AxY8DCtDaGlsbGljb3RoZQ.MKOle7UQrG6nSxTLX6Mqwt0orbHvAKeWnDYvpIAeZ72deHxz3roJDXQyhxx0wKaMHDjUEOKIwrtkHthpqEanSBNYHZgmNOV7sln1Eu9g3J8.fiK51VwhsxJ-siBMR-YFiA";
    let a_2_header = "eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2IiwiY3R5IjoiSldUIn0";
    let all = vectors(include_str!("vectors/rfc7515.json"));
    let key = super::jwk(&all["A.2"]["key"]);
    for token in [a_1.to_owned(), format!("{a_2_header}.AA.AA.AA.AA")] {
        let refused = jwe::decrypt(&token, &key, &rfc7516::ALL).err();
        assert_eq!(refused, Some(Error::Unsupported));
    }
}
