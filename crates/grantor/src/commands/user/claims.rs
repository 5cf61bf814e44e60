//! What applications may learn about a person (OpenID Connect Core §5.1): `--claim NAME=VALUE` of `grantor user create` and `update`.

use identity::Profile;
use oauth::claims::LOCALIZABLE;
use oauth::language;
use serde_json::{Map, Value};

use crate::failure::Failure;

/// The claims that can be said; those that a person has anyway (`name`, `email`, …) have options of their own.
const NAMES: [&str; 19] = [
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "phone_number_verified",
    "address.formatted",
    "address.street_address",
    "address.locality",
    "address.region",
    "address.postal_code",
    "address.country",
];

/// `old` with what was said; an empty value takes a claim away.
pub(super) fn apply(mut old: Profile, said: &[String]) -> Result<Profile, Failure> {
    let mut localized = std::mem::take(&mut old.localized);
    let mut claims = serde_json::to_value(&old)?;
    for one in said {
        let (name, text) = one
            .split_once('=')
            .ok_or_else(|| format!("--claim: `{one}` has no `=`"))?;
        if let Some((claim, rest)) = name.split_once('#') {
            let (tag, member) = match rest.split_once('.') {
                Some((tag, member)) => (tag, Some(member)),
                None => (rest, None),
            };
            check_language(name, (claim, tag, member))?;
            let value = (!text.is_empty()).then(|| Value::from(text));
            let value = match member {
                None => value,
                Some(member) => within(localized.get(claim, tag), (member, value)),
            };
            localized.set(claim, tag, value);
            continue;
        }
        if !NAMES.contains(&name) {
            let known = NAMES.join(", ");
            return Err(format!(
                "--claim: `{name}` is no claim that can be said; there are {known}"
            )
            .into());
        }
        let value = match (name, text) {
            (_, "") => None,
            ("phone_number_verified", "true") => Some(true.into()),
            ("phone_number_verified", "false") => Some(false.into()),
            ("phone_number_verified", _) => {
                return Err(format!("--claim: {name} is true or false, not `{text}`").into());
            }
            _ => Some(text.into()),
        };
        set(&mut claims, name, value);
    }
    Ok(Profile {
        localized,
        ..serde_json::from_value(claims)?
    })
}

/// Whether a claim can be said in a language: `family_name#ja-Kana-JP`, `address#de.locality`.
fn check_language(
    name: &str,
    (claim, tag, member): (&str, &str, Option<&str>),
) -> Result<(), Failure> {
    let member = member.map_or_else(|| claim.to_owned(), |member| format!("{claim}.{member}"));
    let known = match claim {
        "address" => NAMES.contains(&member.as_str()),
        _ => member == claim && LOCALIZABLE.contains(&claim),
    };
    if !known {
        let known = LOCALIZABLE.join(", ");
        return Err(format!(
            "--claim: `{name}` cannot be said in a language; there are {known}, the last by its members: address#de.locality"
        )
        .into());
    }
    if !language::is_tag(tag) {
        let reason = format!("--claim: `{tag}` is not the tag of a language, such as fr or pt-BR");
        return Err(reason.into());
    }
    Ok(())
}

/// An object with this member, or without it; `None` when nothing is left.
fn within(old: Option<&Value>, (member, value): (&str, Option<Value>)) -> Option<Value> {
    let mut members = old.and_then(Value::as_object).cloned().unwrap_or_default();
    put(&mut members, member, value);
    (!members.is_empty()).then(|| members.into())
}

fn set(claims: &mut Value, name: &str, value: Option<Value>) {
    let Some(members) = claims.as_object_mut() else {
        return;
    };
    match name.split_once('.') {
        None => put(members, name, value),
        Some((outer, inner)) => {
            let mut within = match members.remove(outer) {
                Some(Value::Object(within)) => within,
                _ => Map::new(),
            };
            put(&mut within, inner, value);
            if !within.is_empty() {
                members.insert(outer.to_owned(), within.into());
            }
        }
    }
}

fn put(members: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => members.insert(name.to_owned(), value),
        None => members.remove(name),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &[&str]) -> Vec<String> {
        text.iter().map(|one| (*one).to_owned()).collect()
    }

    #[test]
    fn every_claim_that_can_be_said_is_kept_and_can_be_taken_away() {
        let value = |name: &str| match name {
            "phone_number_verified" => "true".to_owned(),
            _ => format!("{name}=x"),
        };
        let all: Vec<String> = NAMES
            .iter()
            .map(|name| format!("{name}={}", value(name)))
            .collect();
        let profile = apply(Profile::default(), &all).unwrap();
        let kept = serde_json::to_value(&profile).unwrap();
        for name in NAMES {
            let pointer = format!("/{}", name.replace('.', "/"));
            let found = kept
                .pointer(&pointer)
                .map(|v| v.as_str().map_or(v.to_string(), str::to_owned));
            assert_eq!(found, Some(value(name)), "{name}");
        }
        let none: Vec<String> = NAMES.iter().map(|name| format!("{name}=")).collect();
        assert!(apply(profile, &none).unwrap() == Profile::default());
    }

    /// OpenID Connect Core §5.2.
    #[test]
    fn a_claim_is_said_in_languages_and_taken_away_again() {
        let all = said(&[
            "family_name=Yamada",
            "family_name#ja-kana-jp=ヤマダ",
            "family_name#ja-Hani-JP=山田",
            "name#ja=山田 太郎",
            "address#de.locality=Köln",
            "address#de.country=DE",
            "address.country=DE",
            "website#de=https://example.de/?a=b#c",
        ]);
        let profile = apply(Profile::default(), &all).unwrap();
        let value = |profile: &Profile| serde_json::to_value(profile).unwrap();
        assert_eq!(
            value(&profile),
            serde_json::json!({"family_name": "Yamada", "address": {"country": "DE"}, "localized": {
                "family_name": {"ja-Kana-JP": "ヤマダ", "ja-Hani-JP": "山田"},
                "name": {"ja": "山田 太郎"},
                "address": {"de": {"locality": "Köln", "country": "DE"}},
                "website": {"de": "https://example.de/?a=b#c"},
            }})
        );
        let less = said(&[
            "family_name#JA-hani-jp=",
            "name#ja=",
            "address#de.country=",
            "website#de=",
            "family_name=",
        ]);
        let profile = apply(profile, &less).unwrap();
        assert_eq!(
            value(&profile),
            serde_json::json!({"address": {"country": "DE"}, "localized": {
                "family_name": {"ja-Kana-JP": "ヤマダ"}, "address": {"de": {"locality": "Köln"}},
            }})
        );
        for wrong in [
            "email#de=x",
            "birthdate#de=1980",
            "address#de=x",
            "address#de.town=x",
            "address.locality#de=x",
            "nickname#de.x=y",
            "nickname#=x",
            "nickname#de_DE=x",
            "#de=x",
        ] {
            let refused = apply(Profile::default(), &said(&[wrong]));
            assert!(refused.is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_said_stays_and_what_is_no_claim_is_refused() {
        let one = apply(
            Profile::default(),
            &said(&["nickname=Al", "address.country=FR"]),
        )
        .unwrap();
        let two = apply(one, &said(&["nickname=", "address.locality=Paris"])).unwrap();
        let kept = serde_json::to_value(two).unwrap();
        assert_eq!(
            kept,
            serde_json::json!({"address": {"country": "FR", "locality": "Paris"}})
        );
        for wrong in ["nick=Al", "nickname", "phone_number_verified=yes", "sub=x"] {
            assert!(
                apply(Profile::default(), &said(&[wrong])).is_err(),
                "{wrong}"
            );
        }
        let error = apply(Profile::default(), &said(&["nicknam=Al"]))
            .err()
            .unwrap();
        assert!(error.to_string().contains("nickname"), "{error}");
    }
}
