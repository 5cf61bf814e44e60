//! What a client can do, the best first, where it has not settled on one thing (OpenID Connect Relying Party Metadata Choices 1.0 §2). The first that is good here
//! becomes what is registered, so that the answer to the registration tells it. What ID tokens are signed with is chosen whenever one is.

use std::collections::BTreeSet;
use std::str::FromStr;

use jose::Algorithm;
use jose::jwe::{ContentEncryption, KeyManagement};
use oauth::Error as Wire;
use oauth::client_auth::Method;
use oauth::client_auth::assertion::{ASYMMETRIC, SYMMETRIC};
use realm::clients::{KEY_MANAGEMENT, PublicKeys, SubjectType, encrypt_to};
use realm::{GrantType, Profile};
use serde_json::Value;
use url::Url;

use super::rules::{Members, invalid};

/// How many values are looked at.
const MOST: usize = 32;

/// What answers to the client are signed with: the list, and the one that it stands for.
const SIGNED: [(&str, &str); 3] = [
    (
        "userinfo_signing_alg_values_supported",
        "userinfo_signed_response_alg",
    ),
    (
        "authorization_signing_alg_values_supported",
        "authorization_signed_response_alg",
    ),
    (
        "introspection_signing_alg_values_supported",
        "introspection_signed_response_alg",
    ),
];

/// What the client signs itself. It may go on with any of them, so none is chosen; but it needs one that is taken here.
const SIGNS: [(&str, &str); 2] = [
    (
        "token_endpoint_auth_signing_alg_values_supported",
        "token_endpoint_auth_signing_alg",
    ),
    (
        "request_object_signing_alg_values_supported",
        "request_object_signing_alg",
    ),
];

/// What is encrypted to it.
const ENCRYPTED: [&str; 4] = ["id_token", "userinfo", "authorization", "introspection"];

/// Settles everything but how the client authenticates, which depends on who asks. What the client settled on stays.
///
/// # Errors
/// `invalid_client_metadata` for a list that is none, and for one of which nothing is good here.
pub fn settle(members: &mut Members, profile: Profile) -> Result<(), Wire> {
    for (list, one) in SIGNED {
        let good = |it: Algorithm| ASYMMETRIC.contains(&it) && profile.permits_algorithm(it);
        if let Some(chosen) = first(members, (list, one), good)? {
            members.insert(one.to_owned(), chosen.as_str().into());
        }
    }
    for (list, one) in SIGNS {
        let known = |it: Algorithm| ASYMMETRIC.contains(&it) || SYMMETRIC.contains(&it);
        let good = |it: Algorithm| known(it) && profile.permits_algorithm(it);
        first(members, (list, one), good)?;
    }
    for what in ENCRYPTED {
        encryption(members, what)?;
    }
    subject(members)
}

/// How the client authenticates, where it left the choice: by the first way of the `offered` ones that its profile permits and for which it states what is needed.
///
/// # Errors
/// As [`settle`].
pub fn settle_method(
    members: &mut Members,
    profile: Profile,
    offered: &[String],
) -> Result<(), Wire> {
    let (list, one) = (
        "token_endpoint_auth_methods_supported",
        "token_endpoint_auth_method",
    );
    let has = |name: &str| members.contains_key(name);
    let keys = has("jwks") || has("jwks_uri");
    let subject = members
        .keys()
        .any(|name| name.starts_with("tls_client_auth_"));
    let good = |method: Method| {
        let possible = match method {
            Method::PrivateKeyJwt | Method::SelfSignedTlsClientAuth => keys,
            Method::TlsClientAuth => subject,
            // Whoever attests it is asked about elsewhere.
            Method::AttestJwtClientAuth => false,
            _ => true,
        };
        possible && profile.permits_method(method) && offered.iter().any(|it| it == method.as_str())
    };
    if let Some(chosen) = first(members, (list, one), good)? {
        members.insert(one.to_owned(), chosen.as_str().into());
    }
    Ok(())
}

/// Of a list that was stated, what is known here, in its order; nothing when none was.
fn stated<T: FromStr>(members: &Members, list: &str) -> Result<Option<Vec<T>>, Wire> {
    let values = match members.get(list) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(values)) if values.len() <= MOST => values,
        Some(_) => return Err(invalid(list, format!("not a list of at most {MOST} names"))),
    };
    let names: Option<Vec<&str>> = values.iter().map(Value::as_str).collect();
    let names = names.ok_or_else(|| invalid(list, "a name is not a text"))?;
    Ok(Some(
        names.iter().filter_map(|name| name.parse().ok()).collect(),
    ))
}

fn is_settled(members: &Members, one: &str) -> bool {
    members.get(one).is_some_and(|value| !value.is_null())
}

/// The first that is good, of a list that counts: there is one, and the client did not settle on anything.
fn first<T: FromStr + Copy>(
    members: &Members,
    (list, one): (&'static str, &str),
    good: impl Fn(T) -> bool,
) -> Result<Option<T>, Wire> {
    let known = stated::<T>(members, list)?;
    let Some(known) = known.filter(|_| !is_settled(members, one)) else {
        return Ok(None);
    };
    let found = known.into_iter().find(|it| good(*it));
    let nothing = || invalid(list, "none of these can be used here");
    found.map(Some).ok_or_else(nothing)
}

/// An answer is encrypted where both lists hold something that is known here and the client has a key for it: who can read what is encrypted can read what is not.
fn encryption(members: &mut Members, what: &str) -> Result<(), Wire> {
    let ways =
        stated::<KeyManagement>(members, &format!("{what}_encryption_alg_values_supported"))?;
    let contents = format!("{what}_encryption_enc_values_supported");
    let contents = stated::<ContentEncryption>(members, &contents)?;
    let (way, content) = (
        format!("{what}_encrypted_response_alg"),
        format!("{what}_encrypted_response_enc"),
    );
    let chosen = match &contents {
        Some(known) => known.first().copied(),
        // What holds where nothing is said (OpenID Connect Registration §2).
        None => Some(ContentEncryption::A128CbcHs256),
    };
    let Some(chosen) = chosen.filter(|_| !is_settled(members, &content)) else {
        return Ok(());
    };
    if !is_settled(members, &way) {
        let fits =
            |it: &KeyManagement| KEY_MANAGEMENT.contains(it) && has_key(members, *it, chosen);
        let Some(found) = ways.into_iter().flatten().find(fits) else {
            return Ok(());
        };
        members.insert(way, found.as_str().into());
    }
    if contents.is_some() {
        members.insert(content, chosen.as_str().into());
    }
    Ok(())
}

/// Whether one of the keys that are stated is for this; those at an address may be.
fn has_key(members: &Members, way: KeyManagement, content: ContentEncryption) -> bool {
    match members.get("jwks") {
        None | Some(Value::Null) => is_settled(members, "jwks_uri"),
        Some(keys) => PublicKeys::from_json(&keys.to_string())
            .is_ok_and(|keys| encrypt_to(&keys, (way, content), ("", None), b"").is_ok()),
    }
}

/// Pairwise where it comes first and the client's sector is known without asking it for more.
fn subject(members: &mut Members) -> Result<(), Wire> {
    let (list, one) = ("subject_types_supported", "subject_type");
    let clear = has_clear_sector(members);
    let either = |it: Subject| clear || it.0 == SubjectType::Public;
    let any = first(members, (list, one), |_: Subject| true)?;
    let Some(any) = any else {
        return Ok(());
    };
    let chosen = first(members, (list, one), either).ok().flatten();
    let kind = serde_json::to_value(chosen.unwrap_or(any).0).unwrap_or_default();
    members.insert(one.to_owned(), kind);
    Ok(())
}

#[derive(Clone, Copy)]
struct Subject(SubjectType);

impl FromStr for Subject {
    type Err = serde_json::Error;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        serde_json::from_value(name.into()).map(Self)
    }
}

/// Whether pairwise subjects could be registered as it is (OpenID Connect Core §8.1).
fn has_clear_sector(members: &Members) -> bool {
    let texts = |name: &str| {
        let values = members.get(name).and_then(Value::as_array);
        values.into_iter().flatten().filter_map(Value::as_str)
    };
    let device = GrantType::DeviceCode.as_str();
    let hosts: BTreeSet<_> = texts("redirect_uris")
        .map(|uri| {
            Url::parse(uri)
                .ok()
                .and_then(|url| url.host_str().map(str::to_owned))
        })
        .collect();
    let named = is_settled(members, "sector_identifier_uri");
    (named || hosts.len() == 1) && !texts("grant_types").any(|grant| grant == device)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use jose::SigningKey;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn settled(profile: Profile, members: Value) -> Result<Members, Wire> {
        let mut members = members.as_object().unwrap().clone();
        settle(&mut members, profile)?;
        Ok(members)
    }

    fn key(algorithm: Algorithm) -> Value {
        let public = SigningKey::generate(algorithm)
            .unwrap()
            .public_jwk()
            .unwrap();
        let mut public = public.to_value();
        public.as_object_mut().unwrap().remove("alg");
        public["use"] = json!("enc");
        json!({ "keys": [public] })
    }

    #[test]
    fn the_first_that_is_good_here_is_registered() {
        let list = json!(["none", "XY1", "HS256", "RS256", "ES256"]);
        for (name, one) in SIGNED {
            let mut stated = json!({});
            stated[name] = list.clone();
            let plain = settled(Profile::OAuth21, stated.clone()).unwrap();
            assert_eq!(plain[one], "RS256", "{one}");
            let fapi = settled(Profile::Fapi2Security, stated.clone()).unwrap();
            assert_eq!(fapi[one], "ES256", "{one}");
            stated[one] = json!("PS256");
            assert_eq!(
                settled(Profile::OAuth21, stated.clone()).unwrap()[one],
                "PS256"
            );
            for wrong in [
                json!([]),
                json!(["none", "HS256"]),
                json!("RS256"),
                json!([7]),
                json!(vec!["RS256"; 33]),
            ] {
                stated = json!({});
                stated[name] = wrong.clone();
                let error = settled(Profile::OAuth21, stated).unwrap_err();
                assert!(error.description.as_str().starts_with(name), "{wrong}");
            }
        }
    }

    #[test]
    fn what_the_client_signs_itself_stays_open_but_has_to_be_good_here() {
        for (name, one) in SIGNS {
            let mut stated = json!({});
            stated[name] = json!(["RS256", "HS256", "EdDSA"]);
            assert!(
                !settled(Profile::OAuth21, stated.clone())
                    .unwrap()
                    .contains_key(one)
            );
            stated[name] = json!(["RS256"]);
            assert!(settled(Profile::Fapi2Security, stated).is_err(), "{one}");
        }
    }

    #[test]
    fn answers_are_encrypted_where_the_client_has_a_key_for_it() {
        for what in ENCRYPTED {
            let of = |keys: Option<(&str, Value)>, contents: Value| {
                let mut stated = json!({});
                stated[format!("{what}_encryption_alg_values_supported")] =
                    json!(["RSA1_5", "RSA-OAEP-256", "ECDH-ES"]);
                stated[format!("{what}_encryption_enc_values_supported")] = contents;
                if let Some((name, value)) = keys {
                    stated[name] = value;
                }
                let members = settled(Profile::OAuth21, stated).unwrap();
                let got = |end: &str| {
                    members
                        .get(&format!("{what}_encrypted_response_{end}"))
                        .cloned()
                };
                (got("alg"), got("enc"))
            };
            let text = |text: &str| Some(json!(text));
            let gcm = json!(["A1", "A128GCM", "A256GCM"]);
            let curve = Some(("jwks", key(Algorithm::Es256)));
            assert_eq!(
                of(curve.clone(), gcm.clone()),
                (text("ECDH-ES"), text("A128GCM"))
            );
            assert_eq!(of(curve.clone(), Value::Null), (text("ECDH-ES"), None));
            assert_eq!(of(curve, json!(["A1"])), (None, None));
            let rsa = Some(("jwks", key(Algorithm::Rs256)));
            assert_eq!(of(rsa, gcm.clone()).0, text("RSA-OAEP-256"));
            let remote = Some(("jwks_uri", json!("https://app.example/jwks")));
            assert_eq!(of(remote, gcm.clone()).0, text("RSA-OAEP-256"));
            assert_eq!(of(None, gcm), (None, None));
        }
    }

    #[test]
    fn subjects_are_pairwise_where_the_sector_is_clear() {
        let of = |types: Value, uris: Value| {
            let stated = json!({"subject_types_supported": types, "redirect_uris": uris});
            settled(Profile::OAuth21, stated).map(|members| members["subject_type"].clone())
        };
        let (one, two) = (
            json!(["https://a.example/cb"]),
            json!(["https://a.example/cb", "https://b.example/cb"]),
        );
        assert_eq!(
            of(json!(["pairwise", "public"]), one.clone()).unwrap(),
            "pairwise"
        );
        assert_eq!(
            of(json!(["pairwise", "public"]), two.clone()).unwrap(),
            "public"
        );
        assert_eq!(of(json!(["pairwise"]), two).unwrap(), "pairwise");
        assert_eq!(
            of(json!(["public", "pairwise"]), one.clone()).unwrap(),
            "public"
        );
        assert!(of(json!(["ephemeral"]), one).is_err());
    }

    #[test]
    fn the_client_authenticates_by_the_first_way_that_it_can() {
        let all = Method::ALL.map(|method| method.as_str().to_owned());
        let of = |stated: Value, profile: Profile, offered: &[String]| {
            let mut members = stated.as_object().unwrap().clone();
            members.insert(
                "token_endpoint_auth_methods_supported".to_owned(),
                json!([
                    "magic",
                    "attest_jwt_client_auth",
                    "tls_client_auth",
                    "client_secret_basic",
                    "private_key_jwt"
                ]),
            );
            settle_method(&mut members, profile, offered).ok()?;
            Some(
                members["token_endpoint_auth_method"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            )
        };
        let keys = json!({"jwks": {"keys": []}});
        assert_eq!(
            of(json!({}), Profile::OAuth21, &all).unwrap(),
            "client_secret_basic"
        );
        assert_eq!(
            of(keys.clone(), Profile::Fapi2Security, &all).unwrap(),
            "private_key_jwt"
        );
        assert_eq!(of(json!({}), Profile::Fapi2Security, &all), None);
        let certificate = json!({"tls_client_auth_san_dns": "app.example"});
        assert_eq!(
            of(certificate.clone(), Profile::OAuth21, &all).unwrap(),
            "tls_client_auth"
        );
        let offered = ["client_secret_basic".to_owned()];
        assert_eq!(
            of(certificate, Profile::OAuth21, &offered).unwrap(),
            "client_secret_basic"
        );
        let settled = json!({"token_endpoint_auth_method": "none"});
        assert_eq!(of(settled, Profile::OAuth21, &all).unwrap(), "none");
    }

    proptest! {
        /// What is chosen is one of those that were stated, and what was settled is never changed.
        #[test]
        fn a_choice_is_one_of_the_list(names in prop::collection::vec("[A-Z0-9-]{0,8}|RS256|ES256|ML-DSA-65|PS512|HS256", 0..8), fapi: bool) {
            let profile = if fapi { Profile::Fapi2Security } else { Profile::OpenId };
            for (name, one) in SIGNED {
                let mut stated = json!({});
                stated[name] = json!(names);
                if let Ok(members) = settled(profile, stated) {
                    let chosen = members[one].as_str().unwrap().to_owned();
                    prop_assert!(names.contains(&chosen));
                    prop_assert!(profile.permits_algorithm(chosen.parse().unwrap()));
                }
            }
        }
    }
}
