//! Language tags (RFC 5646), and which of several answers a wish (RFC 4647 §3.4).

use oxilangtag::LanguageTag;

/// The longest tag that is read, in characters (RFC 5646 §4.4.1).
pub const LONGEST: usize = 35;

/// A well-formed tag, spelled as RFC 5646 §2.1.1 recommends; `None` for what is none, or longer than [`LONGEST`].
pub fn normalized(tag: &str) -> Option<String> {
    if tag.len() > LONGEST {
        return None;
    }
    let tag = LanguageTag::parse_and_normalize(tag).ok()?;
    Some(tag.into_inner())
}

/// Whether a tag is well-formed (RFC 5646 §2.2.9) and not longer than [`LONGEST`].
pub fn is_tag(tag: &str) -> bool {
    tag.len() <= LONGEST && LanguageTag::parse(tag).is_ok()
}

/// The parts of a name that ends in a language tag, as `family_name#ja-Kana-JP` does (OpenID Connect Core §5.2, RFC 7591 §2.2).
pub fn split(name: &str) -> Option<(&str, &str)> {
    let (base, tag) = name.rsplit_once('#')?;
    (!base.is_empty() && is_tag(tag)).then_some((base, tag))
}

/// The tag that answers a wish best: the wished one, or the least that says more; then the same for what is left of the wish without its last part
/// (RFC 4647 §3.4). What is in another script than the wished one answers nothing: a name in Kana is not one in Kanji.
pub fn best<'t>(tags: impl Iterator<Item = &'t str> + Clone, wished: &str) -> Option<&'t str> {
    let mut range = wished;
    loop {
        let fitting = tags
            .clone()
            .filter(|tag| is_within(tag, range) && is_readable(tag, wished));
        if let Some(found) = fitting.min_by_key(|tag| (tag.len(), *tag)) {
            return Some(found);
        }
        range = less(range)?;
    }
}

/// What the answer to a wish is to be called: as was wished where that is true of it, else by its own tag.
pub fn called<'t>(tag: &'t str, wished: &'t str) -> &'t str {
    if is_within(tag, wished) { wished } else { tag }
}

/// Whether a tag is the range or says more than it (RFC 4647 §3.3.1).
pub fn is_within(tag: &str, range: &str) -> bool {
    let Some((head, rest)) = tag.split_at_checked(range.len()) else {
        return false;
    };
    head.eq_ignore_ascii_case(range) && (rest.is_empty() || rest.starts_with('-'))
}

fn is_readable(tag: &str, wished: &str) -> bool {
    match (script(tag), script(wished)) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => true,
    }
}

/// The script that a tag names: four letters before whatever a single character begins.
fn script(tag: &str) -> Option<&str> {
    let mut parts = tag.split('-').skip(1).take_while(|part| part.len() > 1);
    parts.find(|part| part.len() == 4 && part.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// The range without its last part, and without a single character that would come last then.
fn less(range: &str) -> Option<&str> {
    let (mut rest, _) = range.rsplit_once('-')?;
    while rest.rsplit('-').next().is_some_and(|last| last.len() == 1) {
        (rest, _) = rest.rsplit_once('-')?;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;

    use super::*;

    fn find<'t>(tags: &[&'t str], wished: &str) -> Option<&'t str> {
        best(tags.iter().copied(), wished)
    }

    #[test]
    fn tags_have_the_grammar_of_rfc_5646() {
        for (given, normal) in [
            ("de", "de"),
            ("DE-ch", "de-CH"),
            ("ja-kana-jp", "ja-Kana-JP"),
            ("ZH-cmn-HANS-cn", "zh-cmn-Hans-CN"),
            ("sl-rozaj-biske-1994", "sl-rozaj-biske-1994"),
            ("es-419", "es-419"),
            ("en-A-bbb-x-a-ccc", "en-a-bbb-x-a-ccc"),
            ("x-whatever", "x-whatever"),
            ("I-Klingon", "i-klingon"),
        ] {
            assert_eq!(normalized(given).as_deref(), Some(normal), "{given}");
            assert!(is_tag(given), "{given}");
        }
        let long = format!("de-x-{}", "abcdefgh-".repeat(4) + "a");
        for wrong in [
            "",
            "*",
            "de-*",
            "d",
            "de_DE",
            "de-",
            "-de",
            "de--ch",
            "1e",
            "de-x",
            "toolonglanguage",
            "de-a",
            "dé",
            "de ch",
            "#de",
            &long,
        ] {
            assert!(normalized(wrong).is_none() && !is_tag(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_name_ends_in_at_most_one_tag() {
        assert_eq!(
            split("family_name#ja-Kana-JP"),
            Some(("family_name", "ja-Kana-JP"))
        );
        assert_eq!(
            split("https://a.example/#b#de"),
            Some(("https://a.example/#b", "de"))
        );
        for none in [
            "name",
            "name#",
            "#de",
            "name#de_DE",
            "name#de#",
            "https://a.example/#b-",
        ] {
            assert_eq!(split(none), None, "{none}");
        }
    }

    /// RFC 4647 §3.4, and Core §5.2 for `de` where there is `de-CH` alone.
    #[test]
    fn a_wish_is_answered_by_what_comes_nearest() {
        let tags = [
            "de",
            "de-CH",
            "fr-CA",
            "ja-Hani-JP",
            "ja-Kana-JP",
            "zh-Hant-TW",
        ];
        for (wished, answer) in [
            ("de", Some("de")),
            ("DE-ch", Some("de-CH")),
            ("de-CH-1996", Some("de-CH")),
            ("de-AT", Some("de")),
            ("fr", Some("fr-CA")),
            ("fr-FR", Some("fr-CA")),
            ("ja-Kana-JP", Some("ja-Kana-JP")),
            ("ja-Kana", Some("ja-Kana-JP")),
            ("ja", Some("ja-Hani-JP")),
            ("ja-Latn", None),
            ("zh-Hans-CN", None),
            ("zh-Hant-HK", Some("zh-Hant-TW")),
            ("d", None),
            ("en", None),
            ("de-x-de", Some("de")),
        ] {
            assert_eq!(find(&tags, wished), answer, "{wished}");
        }
        assert_eq!(find(&["ja"], "ja-Kana-JP"), Some("ja"));
        assert_eq!(find(&["def"], "de"), None);
    }

    #[test]
    fn an_answer_is_called_what_it_is() {
        for (tag, wished, name) in [
            ("de-CH", "de", "de"),
            ("de", "de-CH", "de"),
            ("ja-Kana-JP", "ja-kana-jp", "ja-kana-jp"),
            ("fr-CA", "fr-FR", "fr-CA"),
        ] {
            assert_eq!(called(tag, wished), name, "{tag} for {wished}");
        }
    }

    fn tag() -> impl Strategy<Value = String> {
        "(de|fr|ja|zh)(-(Latn|Kana|Hans))?(-(CH|FR|JP|419))?(-x-[a-c]{1,3})?"
    }

    proptest! {
        #[test]
        fn normalizing_changes_only_the_case_and_once(text in "\\PC{0,40}|[a-zA-Z0-9-]{0,40}") {
            if let Some(normal) = normalized(&text) {
                prop_assert!(normal.eq_ignore_ascii_case(&text) && is_tag(&normal));
                prop_assert_eq!(normalized(&normal), Some(normal.clone()));
            }
            prop_assert_eq!(normalized(&text).is_some(), is_tag(&text));
        }

        #[test]
        fn what_is_there_is_found_however_it_is_spelled(tags in prop::collection::vec(tag(), 1..6), upper: bool) {
            let all = || tags.iter().map(String::as_str);
            for wished in &tags {
                let spelled = if upper { wished.to_uppercase() } else { wished.to_lowercase() };
                prop_assert_eq!(best(all(), &spelled), Some(wished.as_str()));
            }
        }

        #[test]
        fn an_answer_is_of_the_wished_language_and_script(tags in prop::collection::vec(tag(), 0..6), wished in tag()) {
            let found = best(tags.iter().map(String::as_str), &wished);
            if let Some(found) = found {
                prop_assert!(is_within(found, wished.split('-').next().unwrap()));
                prop_assert!(script(found).is_none_or(|own| script(&wished).is_none_or(|it| it == own)));
                prop_assert!(is_within(found, called(found, &wished)));
            }
        }
    }
}
