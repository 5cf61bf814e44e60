use oauth::{Scope, ScopeError};
use proptest::prelude::*;

fn scope() -> impl Strategy<Value = Scope> {
    proptest::collection::vec("[a-d]", 0..6).prop_map(|words| Scope::of(words).unwrap())
}

/// RFC 6749 §3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`, separated by single spaces.
#[test]
fn only_the_grammar_of_the_rfc_is_accepted() {
    for good in [
        "openid",
        "notes.read notes.write",
        "https://a.example/x:y",
        "a~!#",
    ] {
        assert_eq!(good.parse::<Scope>().unwrap().to_string(), good);
    }
    for bad in [
        " ",
        "a  b",
        " a",
        "a ",
        "a\tb",
        "a\"b",
        "a\\b",
        "caf\u{e9}",
        "a\0",
    ] {
        assert_eq!(bad.parse::<Scope>(), Err(ScopeError::Characters), "{bad:?}");
    }
}

/// RFC 6749 §3.3: the order does not matter, the case does.
#[test]
fn order_does_not_matter_and_case_does() {
    let scope = |text: &str| text.parse::<Scope>().unwrap();
    assert_eq!(scope("a b"), scope("b a"));
    assert_ne!(scope("a"), scope("A"));
    assert_eq!(scope("a b a").to_string(), "a b");
}

#[test]
fn a_scope_has_at_most_256_words() {
    let words = |count: usize| (0..count).map(|i| format!("s{i}")).collect::<Vec<_>>();
    assert!(words(256).join(" ").parse::<Scope>().is_ok());
    assert_eq!(
        words(257).join(" ").parse::<Scope>(),
        Err(ScopeError::TooMany)
    );
}

#[test]
fn a_scope_is_a_string_in_json() {
    let scope: Scope = serde_json::from_str("\"b a\"").unwrap();
    assert_eq!(serde_json::to_string(&scope).unwrap(), "\"b a\"");
    assert!(serde_json::from_str::<Scope>("[\"a\"]").is_err());
}

proptest! {
    #[test]
    fn text_and_back_is_the_same_set(a in scope()) {
        prop_assert_eq!(a.to_string().parse::<Scope>().unwrap(), a);
    }

    /// RFC 6749 §6: narrowing can never widen.
    #[test]
    fn an_intersection_is_within_both(a in scope(), b in scope()) {
        let both = a.intersection(&b);
        prop_assert!(both.is_subset(&a) && both.is_subset(&b));
        prop_assert_eq!(both, b.intersection(&a));
    }

    #[test]
    fn a_union_holds_both_and_nothing_else(a in scope(), b in scope()) {
        let all = a.union(&b);
        prop_assert!(a.is_subset(&all) && b.is_subset(&all));
        prop_assert!(all.iter().all(|token| a.contains(token) || b.contains(token)));
        prop_assert_eq!(all, b.union(&a));
    }

    #[test]
    fn difference_and_intersection_make_up_the_whole(a in scope(), b in scope()) {
        let rest = a.minus(&b);
        prop_assert!(rest.intersection(&b).is_empty());
        prop_assert_eq!(rest.union(&a.intersection(&b)), a);
    }

    #[test]
    fn subset_is_the_same_as_nothing_left(a in scope(), b in scope()) {
        prop_assert_eq!(a.is_subset(&b), a.minus(&b).is_empty());
    }

    #[test]
    fn reading_never_panics(text in ".*") {
        let _ = text.parse::<Scope>();
    }
}
