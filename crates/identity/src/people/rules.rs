//! What a person's details may be, and how they are compared. Pure.

use oauth::claims::{Address, LOCALIZABLE, Localized};
use oauth::language;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use super::Profile;

/// Longest user name, in characters.
pub const USERNAME_MAX: usize = 128;
/// Longest display name, in characters.
pub const DISPLAY_NAME_MAX: usize = 200;
/// Longest e-mail address, in bytes (RFC 5321 §4.5.3.1.3 less the angle brackets).
pub const EMAIL_MAX: usize = 254;
/// Most groups a person may be in.
pub const GROUPS_MAX: usize = 256;
/// Longest group name, in characters.
pub const GROUP_MAX: usize = 128;
/// In how many languages one claim may be known.
pub const LANGUAGES_MAX: usize = 20;
/// How much may be known in languages, in bytes of JSON.
pub const LOCALIZED_MAX: usize = 32 * 1024;

/// Why details are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Empty, longer than [`USERNAME_MAX`], or with blanks, control or invisible characters.
    #[error(
        "a user name has 1 to 128 characters, none of them a blank, a control or an invisible character"
    )]
    Username,
    /// Not of the form local@domain, or longer than [`EMAIL_MAX`].
    #[error("an e-mail address is local@domain, at most 254 bytes")]
    Email,
    /// Longer than [`DISPLAY_NAME_MAX`] or with control characters.
    #[error("a display name has at most 200 characters and no control characters")]
    DisplayName,
    /// Too many groups, or a name that is empty, too long or has control characters.
    #[error("at most 256 groups, each of 1 to 128 characters without control characters")]
    Group,
    /// A profile member is too long, has control characters, or is not of its claim's form.
    #[error("the profile's {0} is too long, or not of the form OpenID Connect Core §5.1 gives it")]
    Profile(&'static str),
    /// A claim in a language is too long, is none that has languages, or not of its claim's form.
    #[error(
        "a claim in a language is one of name, family_name, given_name, middle_name, nickname, profile, website and address, of its claim's form, with the tag of a language (RFC 5646)"
    )]
    Localized,
    /// More than [`LANGUAGES_MAX`] or [`LOCALIZED_MAX`].
    #[error("a claim has at most 20 languages, and all of them at most 32 KiB")]
    Languages,
    /// A language that the realm's setting `claims_locales` leaves out.
    #[error("a claim is in a language that the realm's setting claims_locales leaves out")]
    Locale,
}

/// The form in which user names are compared: compatibility composed and lower case, so that one person cannot be told from another by
/// case or by how an accent was typed. Folding twice changes nothing.
pub fn username_key(username: &str) -> String {
    let mut key = fold(username);
    // A lower-case letter can decompose further (U+0130): repeat until it stands still, which two rounds do in practice.
    for _ in 0..4 {
        let again = fold(&key);
        if again == key {
            break;
        }
        key = again;
    }
    key
}

fn fold(text: &str) -> String {
    text.nfkc()
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'ς' { 'σ' } else { c })
        .nfkc()
        .collect()
}

/// A user name as it is stored: composed (NFC). Refused when it could be mistaken for another or breaks a log line.
///
/// # Errors
/// [`Invalid::Username`].
pub fn username(given: &str) -> Result<String, Invalid> {
    // The longest a character can be is 4 bytes: this bounds the work before it is done.
    if given.len() > USERNAME_MAX * 4 {
        return Err(Invalid::Username);
    }
    let composed: String = given.nfc().collect();
    let length = composed.chars().count();
    if length == 0 || length > USERNAME_MAX || !composed.chars().all(is_visible) {
        return Err(Invalid::Username);
    }
    let key = username_key(&composed);
    if key.is_empty() || !key.chars().all(is_visible) {
        return Err(Invalid::Username);
    }
    Ok(composed)
}

/// Whether a character can be seen and takes part in a name: no blank, control, format, bidirectional override, variation selector,
/// tag, private use or non-character.
fn is_visible(c: char) -> bool {
    if c.is_control() || c.is_whitespace() {
        return false;
    }
    !matches!(
        u32::from(c),
        0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E
            | 0x2060..=0x206F | 0x3164 | 0xE000..=0xF8FF | 0xFDD0..=0xFDEF | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFFF | 0x1D173..=0x1D17A | 0xE0000..=0x10FFFF
    )
}

/// An e-mail address as it is stored: composed, otherwise as given. Only its form is checked; that it is the person's is another matter.
///
/// # Errors
/// [`Invalid::Email`].
pub fn email(given: &str) -> Result<String, Invalid> {
    if given.len() > EMAIL_MAX {
        return Err(Invalid::Email);
    }
    let composed: String = given.nfc().collect();
    let Some((local, domain)) = composed.rsplit_once('@') else {
        return Err(Invalid::Email);
    };
    let local_is_good = (1..=64).contains(&local.len())
        && local.chars().all(|c| {
            is_visible(c) && !matches!(c, '@' | ',' | ';' | '<' | '>' | '"' | '(' | ')' | '\\')
        });
    let domain_is_good = !domain.is_empty()
        && domain.split('.').all(|label| {
            !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        });
    if local_is_good && domain_is_good {
        Ok(composed)
    } else {
        Err(Invalid::Email)
    }
}

/// The form in which e-mail addresses are compared.
pub fn email_key(email: &str) -> String {
    username_key(email)
}

/// A display name as it is stored: composed and trimmed; empty means the user name is shown.
///
/// # Errors
/// [`Invalid::DisplayName`].
pub fn display_name(given: &str) -> Result<String, Invalid> {
    if given.len() > DISPLAY_NAME_MAX * 4 {
        return Err(Invalid::DisplayName);
    }
    let composed: String = given.trim().nfc().collect();
    if composed.chars().count() > DISPLAY_NAME_MAX || composed.chars().any(char::is_control) {
        return Err(Invalid::DisplayName);
    }
    Ok(composed)
}

/// Group names as they are stored: trimmed, each once, in the order given.
///
/// # Errors
/// [`Invalid::Group`].
pub fn groups(given: &[String]) -> Result<Vec<String>, Invalid> {
    let mut groups: Vec<String> = Vec::with_capacity(given.len().min(GROUPS_MAX));
    for group in given {
        let group = group.trim();
        let length = group.chars().count();
        if length == 0 || length > GROUP_MAX || group.chars().any(char::is_control) {
            return Err(Invalid::Group);
        }
        if !groups.iter().any(|known| known == group) {
            groups.push(group.to_owned());
        }
    }
    if groups.len() > GROUPS_MAX {
        return Err(Invalid::Group);
    }
    Ok(groups)
}

/// Whether a profile's members have the form that OpenID Connect Core §5.1 gives them. URLs are http or https, so that an application that
/// makes links of them makes nothing worse.
///
/// # Errors
/// [`Invalid::Profile`] with the claim's name.
pub fn profile(profile: &Profile) -> Result<(), Invalid> {
    let texts = [
        ("given_name", &profile.given_name),
        ("family_name", &profile.family_name),
        ("middle_name", &profile.middle_name),
        ("nickname", &profile.nickname),
        ("gender", &profile.gender),
        ("zoneinfo", &profile.zoneinfo),
        ("locale", &profile.locale),
        ("phone_number", &profile.phone_number),
    ];
    for (name, value) in texts {
        let good = |text: &String| text.len() <= 512 && !text.chars().any(char::is_control);
        if !value.as_ref().is_none_or(good) {
            return Err(Invalid::Profile(name));
        }
    }
    let urls = [
        ("profile", &profile.profile),
        ("picture", &profile.picture),
        ("website", &profile.website),
    ];
    for (name, value) in urls {
        if !value.as_deref().is_none_or(is_web_url) {
            return Err(Invalid::Profile(name));
        }
    }
    if !profile.birthdate.as_deref().is_none_or(is_birthdate) {
        return Err(Invalid::Profile("birthdate"));
    }
    match &profile.address {
        Some(address) if !is_good_address(address) => Err(Invalid::Profile("address")),
        _ => localized(&profile.localized),
    }
}

/// Whether claims in languages (OpenID Connect Core §5.2) have the form of those without, and are not too many.
fn localized(all: &Localized) -> Result<(), Invalid> {
    let mut size = 0;
    for (claim, values) in all.iter() {
        if values.len() > LANGUAGES_MAX {
            return Err(Invalid::Languages);
        }
        for (tag, value) in values {
            let normal = language::normalized(tag).is_some_and(|normal| normal == *tag);
            if !normal || !LOCALIZABLE.contains(&claim) || !is_good_value(claim, value) {
                return Err(Invalid::Localized);
            }
            size += value.to_string().len();
        }
    }
    if size > LOCALIZED_MAX {
        return Err(Invalid::Languages);
    }
    Ok(())
}

fn is_good_value(claim: &str, value: &Value) -> bool {
    let text = value.as_str();
    match claim {
        "address" => {
            let address = serde_json::from_value::<Address>(value.clone());
            value.is_object() && address.is_ok_and(|address| is_good_address(&address))
        }
        "profile" | "website" => text.is_some_and(is_web_url),
        "name" => text.is_some_and(|text| !text.is_empty() && display_name(text).is_ok()),
        _ => text.is_some_and(|text| text.len() <= 512 && !text.chars().any(char::is_control)),
    }
}

/// Whether each language of a profile is one of these, or says more than one of them; any is, where there are none.
///
/// # Errors
/// [`Invalid::Locale`].
pub fn locales(profile: &Profile, known: &[String]) -> Result<(), Invalid> {
    let mut tags = profile
        .localized
        .iter()
        .flat_map(|(_, values)| values.keys());
    let is_known = |tag: &String| known.iter().any(|range| language::is_within(tag, range));
    if known.is_empty() || tags.all(is_known) {
        Ok(())
    } else {
        Err(Invalid::Locale)
    }
}

fn is_web_url(text: &str) -> bool {
    text.len() <= 2048
        && url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// YYYY-MM-DD (the year 0000 when it is not told) or YYYY.
fn is_birthdate(text: &str) -> bool {
    let mut parts = text.split('-');
    let number = |part: Option<&str>, length: usize| {
        part.filter(|part| part.len() == length && part.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|part| part.parse::<u32>().ok())
    };
    if number(parts.next(), 4).is_none() {
        return false;
    }
    if text.len() == 4 {
        return true;
    }
    let month = number(parts.next(), 2).is_some_and(|month| (1..=12).contains(&month));
    let day = number(parts.next(), 2).is_some_and(|day| (1..=31).contains(&day));
    month && day && parts.next().is_none()
}

/// Lines are allowed where §5.1.1 allows them.
fn is_good_address(address: &Address) -> bool {
    let good = |value: &Option<String>, lines: bool| {
        value.as_ref().is_none_or(|text| {
            let is_bad = |c: char| c.is_control() && !(lines && matches!(c, '\r' | '\n'));
            text.len() <= 1024 && !text.chars().any(is_bad)
        })
    };
    good(&address.formatted, true)
        && good(&address.street_address, true)
        && good(&address.locality, false)
        && good(&address.region, false)
        && good(&address.postal_code, false)
        && good(&address.country, false)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn case_width_and_composition_do_not_tell_people_apart() {
        assert_eq!(username_key("ALICE"), "alice");
        assert_eq!(username_key("e\u{301}va"), username_key("\u{c9}VA"));
        assert_eq!(username_key("\u{ff21}lice"), "alice");
        assert_eq!(username_key("ΟΔΥΣΣΕΥΣ"), username_key("οδυσσευς"));
        assert_ne!(username_key("alice"), username_key("аlice"));
    }

    #[test]
    fn a_user_name_has_no_blank_control_or_invisible_character() {
        for bad in [
            "",
            " ",
            "a b",
            "a\0",
            "a\n",
            "a\u{200b}",
            "a\u{202e}",
            "\u{feff}a",
            "a\u{a0}b",
            "\u{e0041}",
        ] {
            assert_eq!(username(bad), Err(Invalid::Username), "{bad:?}");
        }
        assert_eq!(username(&"a".repeat(129)), Err(Invalid::Username));
        for good in ["alice", "Alice@example.com", "o'neil", "日本", "e\u{301}va"] {
            assert!(username(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn an_email_address_has_one_local_part_and_a_domain() {
        for bad in [
            "", "a", "@b", "a@", "a@b..c", "a b@c", "a@b@c", "a@b c", "a\n@b.c", "<a@b.c>",
        ] {
            assert_eq!(email(bad), Err(Invalid::Email), "{bad:?}");
        }
        assert_eq!(email("Alice+x@Example.com").unwrap(), "Alice+x@Example.com");
    }

    #[test]
    fn groups_are_kept_once_and_in_order() {
        let given = ["b".to_owned(), " a ".to_owned(), "b".to_owned()];
        assert_eq!(groups(&given).unwrap(), ["b", "a"]);
        assert_eq!(groups(&["\t".to_owned()]), Err(Invalid::Group));
    }

    #[test]
    fn a_profile_holds_web_addresses_dates_and_single_lines() {
        let with = |change: fn(&mut Profile)| {
            let mut made = Profile::default();
            change(&mut made);
            profile(&made)
        };
        assert_eq!(
            with(|p| p.website = Some("https://alice.example/".into())),
            Ok(())
        );
        assert_eq!(
            with(|p| p.website = Some("javascript:alert(1)".into())),
            Err(Invalid::Profile("website"))
        );
        for good in ["1980-02-29", "0000-12-31", "1980"] {
            assert!(is_birthdate(good), "{good}");
        }
        for bad in [
            "",
            "80",
            "1980-13-01",
            "1980-00-01",
            "1980-01-32",
            "1980-1-1",
            "1980-01-01-",
            "1980-01",
            "198x",
        ] {
            assert!(!is_birthdate(bad), "{bad}");
        }
        assert_eq!(
            with(|p| p.nickname = Some("a\nb".into())),
            Err(Invalid::Profile("nickname"))
        );
        let address = |formatted: &str, locality: &str| Address {
            formatted: Some(formatted.into()),
            locality: Some(locality.into()),
            ..Address::default()
        };
        assert!(is_good_address(&address("1 Road\nTown", "Town")));
        assert!(!is_good_address(&address("1 Road", "To\nwn")));
        assert!(!is_good_address(&address("1 Road\0", "Town")));
    }

    /// OpenID Connect Core §5.2.
    #[test]
    fn claims_in_languages_have_the_form_of_those_without() {
        let with = |localized: serde_json::Value| {
            profile(&serde_json::from_value(serde_json::json!({"localized": localized})).unwrap())
        };
        let good = serde_json::json!({"name": {"fr": "Adèle"}, "website": {"de": "https://a.example/"}, "address": {"de-CH": {"formatted": "a\nb"}}});
        assert_eq!(with(good), Ok(()));
        for wrong in [
            serde_json::json!({"email": {"fr": "a@b"}}),
            serde_json::json!({"name": {"FR": "x"}}),
            serde_json::json!({"name": {"fr_FR": "x"}}),
            serde_json::json!({"name": {"": "x"}}),
            serde_json::json!({"name": {"fr": ""}}),
            serde_json::json!({"name": {"fr": "x".repeat(201)}}),
            serde_json::json!({"nickname": {"fr": 7}}),
            serde_json::json!({"nickname": {"fr": "a\nb"}}),
            serde_json::json!({"website": {"fr": "javascript:alert(1)"}}),
            serde_json::json!({"profile": {"fr": "x"}}),
            serde_json::json!({"address": {"fr": "x"}}),
            serde_json::json!({"address": {"fr": {"locality": "a\nb"}}}),
            serde_json::json!({"address": {"fr": {"locality": 7}}}),
        ] {
            assert_eq!(with(wrong.clone()), Err(Invalid::Localized), "{wrong}");
        }
        let tags = |count: usize| (0..count).map(|index| format!("de-x-{index}"));
        let many = |count: usize| -> serde_json::Map<_, _> {
            tags(count).map(|tag| (tag, "x".into())).collect()
        };
        assert_eq!(with(serde_json::json!({"nickname": many(20)})), Ok(()));
        assert_eq!(
            with(serde_json::json!({"nickname": many(21)})),
            Err(Invalid::Languages)
        );
        let long: serde_json::Map<_, _> = tags(20)
            .map(|tag| (tag, serde_json::json!({"formatted": "x".repeat(1024), "street_address": "x".repeat(1024)})))
            .collect();
        assert_eq!(
            with(serde_json::json!({"address": long})),
            Err(Invalid::Languages)
        );
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(name in "\\PC{0,24}") {
            let once = username_key(&name);
            prop_assert_eq!(username_key(&once), once);
        }

        #[test]
        fn a_stored_user_name_is_accepted_again_and_unchanged(name in "\\PC{1,24}") {
            if let Ok(stored) = username(&name) {
                prop_assert_eq!(username(&stored).unwrap(), stored);
            }
        }

        #[test]
        fn upper_and_lower_case_ascii_names_are_the_same_person(name in "[a-zA-Z0-9._@-]{1,40}") {
            prop_assert_eq!(username_key(&name.to_uppercase()), username_key(&name.to_lowercase()));
        }
    }
}
