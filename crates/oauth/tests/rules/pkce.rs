use oauth::pkce::{Challenge, PkceError, Verifier};
use proptest::prelude::*;

/// RFC 7636 Appendix B.
#[test]
fn the_example_of_the_rfc_matches() {
    let verifier = Verifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
    let challenge = Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
    assert!(challenge.matches(&verifier));
    assert_eq!(Challenge::of(&verifier), challenge);
}

/// RFC 7636 §4.1: 43 to 128 unreserved characters.
#[test]
fn a_verifier_has_43_to_128_unreserved_characters() {
    for (length, good) in [(42, false), (43, true), (128, true), (129, false)] {
        assert_eq!(
            Verifier::parse(&"~".repeat(length)).is_ok(),
            good,
            "{length}"
        );
    }
    for bad in ["+", "/", "=", " ", "\u{e9}"] {
        let text = format!("{}{bad}", "a".repeat(50));
        assert_eq!(Verifier::parse(&text), Err(PkceError::Verifier));
    }
}

/// RFC 7636 §4.2: the base64url of 32 bytes has 43 characters and no padding.
#[test]
fn a_challenge_has_43_characters_of_base64url() {
    for bad in [
        "",
        &"a".repeat(42),
        &"a".repeat(44),
        &"~".repeat(43),
        &format!("{}=", "a".repeat(42)),
    ] {
        assert_eq!(Challenge::parse(bad), Err(PkceError::Challenge), "{bad}");
    }
}

#[test]
fn debug_output_hides_the_verifier() {
    let verifier = Verifier::from_random([7; 32]);
    assert!(!format!("{verifier:?}").contains(verifier.as_str()));
}

proptest! {
    /// RFC 7636 §4.6.
    #[test]
    fn only_its_own_verifier_matches(a in any::<[u8; 32]>(), b in any::<[u8; 32]>()) {
        let (first, second) = (Verifier::from_random(a), Verifier::from_random(b));
        prop_assert!(Verifier::parse(first.as_str()).is_ok());
        let challenge = Challenge::of(&first);
        prop_assert!(Challenge::parse(challenge.as_str()).is_ok());
        prop_assert!(challenge.matches(&first));
        prop_assert_eq!(challenge.matches(&second), a == b);
    }

    /// The challenge itself is no verifier (a downgrade to `plain` finds no door).
    #[test]
    fn a_challenge_is_not_its_own_verifier(bytes in any::<[u8; 32]>()) {
        let challenge = Challenge::of(&Verifier::from_random(bytes));
        prop_assert!(!challenge.matches(&Verifier::parse(challenge.as_str()).unwrap()));
    }

    #[test]
    fn reading_never_panics(text in ".*") {
        let _ = (Verifier::parse(&text), Challenge::parse(&text));
    }
}
