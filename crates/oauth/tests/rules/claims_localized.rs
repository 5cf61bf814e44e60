//! Claims in several languages: OpenID Connect Core §5.2.

use oauth::Scope;
use oauth::claims::{LOCALIZABLE, Localized, StandardClaims, Wanted};
use oauth::claims_request::{ClaimsRequest, standard_scope_of};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::params;

#[test]
fn only_claims_that_people_read_have_languages() {
    for (name, scope) in [
        ("family_name#ja-Kana-JP", Some("profile")),
        ("address#de", Some("address")),
        ("website#DE", Some("profile")),
        ("email#de", None),
        ("birthdate#de", None),
        ("family_name#", None),
        ("family_name#de_DE", None),
        ("family_name#de#de", None),
        ("sub#de", None),
    ] {
        assert_eq!(standard_scope_of(name), scope, "{name}");
    }
    for claim in LOCALIZABLE {
        assert!(standard_scope_of(claim).is_some(), "{claim}");
    }
}

/// §5.2: no error for what is not known, and no more is read than counts.
#[test]
fn languages_are_read_once_each_in_their_order() {
    let read = |query: &str| ClaimsRequest::of(&params(query)).unwrap();
    let wish = read("claims_locales=fr-ca+de+FR-CA++de_DE+*+ja-kana-jp").unwrap();
    assert_eq!(wish.locales, ["fr-CA", "de", "ja-Kana-JP"]);
    assert_eq!(read("claims_locales=+*"), None);
    assert_eq!(read(""), None);
    let many: Vec<String> = (0..12).map(|index| format!("de-x-{index}")).collect();
    let wish = read(&format!("claims_locales={}", many.join("+"))).unwrap();
    assert_eq!(wish.locales, many[..10]);
    let both = read("claims=%7B%22userinfo%22%3A%7B%22name%22%3Anull%7D%7D&claims_locales=de");
    let both = both.unwrap();
    assert_eq!((both.userinfo.len(), both.locales.len()), (1, 1));
    let kept = both.allowed(standard_scope_of).0.unwrap();
    assert_eq!(kept.locales, ["de"]);
    assert_eq!(ClaimsRequest::from_text(&kept.to_text()).unwrap(), kept);
}

fn tag() -> impl Strategy<Value = String> {
    "(de|fr|ja)(-(Latn|Kana))?(-(CH|JP))?"
}

fn known() -> impl Strategy<Value = Localized> {
    let one = (
        prop::sample::select(vec!["name", "nickname", "address"]),
        tag(),
    );
    prop::collection::vec(one, 0..8).prop_map(|all| {
        let mut known = Localized::default();
        for (claim, tag) in all {
            let text = format!("{claim} in {tag}");
            let value = match claim {
                "address" => json!({"formatted": text}),
                _ => json!(text),
            };
            known.set(claim, &tag, Some(value));
        }
        known
    })
}

fn names() -> impl Strategy<Value = Vec<String>> {
    let plain = prop::sample::select(vec!["name", "nickname", "address", "email"]);
    let one = (plain, prop::option::of(tag())).prop_map(|(claim, tag)| match tag {
        Some(tag) => format!("{claim}#{tag}"),
        None => claim.to_owned(),
    });
    prop::collection::vec(one, 0..4)
}

fn plain() -> StandardClaims {
    serde_json::from_value(
        json!({"name": "plain", "email": "a@b", "address": {"formatted": "plain"}}),
    )
    .unwrap()
}

fn told(known: &Localized, scope: &Scope, wanted: Wanted<'_>) -> Map<String, Value> {
    let mut told = plain().told(scope, wanted.names);
    known.tell(scope, wanted, &mut told);
    match json!(told) {
        Value::Object(told) => told,
        other => panic!("{other}"),
    }
}

proptest! {
    /// Nothing is told without a scope or a name that asks for it, whatever the languages; and nothing is made up.
    #[test]
    fn a_language_gives_no_claim_that_was_not_given(known in known(), names in names(), locales in prop::collection::vec(tag(), 0..4),
        scope in prop::sample::subsequence(vec!["openid", "profile", "address"], 0..=3)) {
        let scope = Scope::of(scope).unwrap();
        let wanted = Wanted { names: &names, locales: &locales };
        for (name, value) in told(&known, &scope, wanted) {
            let claim = name.split('#').next().unwrap();
            let by_scope = standard_scope_of(claim).is_some_and(|it| scope.contains(it));
            let by_name = names.iter().any(|asked| asked.split('#').next() == Some(claim));
            prop_assert!(by_scope || by_name, "{name}");
            let whole = by_scope || names.iter().any(|asked| asked == claim);
            prop_assert!(whole || name.contains('#'), "{name} was asked for in languages alone");
            let known = known.iter().filter(|(own, _)| *own == claim).flat_map(|(_, values)| values.values());
            let mut all = known.cloned().chain(json!(plain()).get(claim).cloned());
            prop_assert!(all.any(|it| it == value), "{name}: {value}");
            if let Some((_, tag)) = name.split_once('#') {
                // What is told as being in a language is in it.
                let text = value.as_str().or(value["formatted"].as_str()).unwrap();
                let own = text.split(" in ").nth(1).unwrap();
                prop_assert!(oauth::language::is_within(own, tag), "{name}: {text}");
            }
        }
    }

    /// Whoever asks for no language gets what they got before there were any.
    #[test]
    fn who_asks_for_no_language_is_told_what_has_none(known in known(), with in any::<bool>()) {
        let scope: Scope = if with { "profile address email" } else { "openid" }.parse().unwrap();
        let told = told(&known, &scope, Wanted::default());
        let before = json!(plain().limited_to(&scope));
        for (name, value) in before.as_object().unwrap() {
            prop_assert_eq!(told.get(name), Some(value));
        }
        // A claim without such a value is told as it is known.
        let more = told.keys().filter(|name| before.get(name.as_str()).is_none());
        for name in more {
            prop_assert!(name.starts_with("nickname#"), "{name}");
        }
    }

    /// The first language that there is at all is told without a tag.
    #[test]
    fn the_best_language_is_told_without_a_tag(known in known(), locales in prop::collection::vec(tag(), 1..4)) {
        let scope: Scope = "profile address".parse().unwrap();
        let wanted = Wanted { names: &[], locales: &locales };
        let before = json!(plain());
        let told = told(&known, &scope, wanted);
        for (claim, values) in known.iter() {
            let tags = || values.keys().map(String::as_str);
            let best = locales.iter().find_map(|wished| oauth::language::best(tags(), wished));
            match best {
                Some(tag) => prop_assert_eq!(&told[claim], &values[tag]),
                None => prop_assert_eq!(told.get(claim), before.get(claim)),
            }
        }
    }
}
