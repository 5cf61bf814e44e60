//! Whether what a trusted issuer signed is for us, for now, and what it is (RFC 7521 §5, RFC 7523 §3, RFC 8725 §3.11). The signature has been verified.

use oauth::claims::Audience;
use oauth::jwt_bearer::is_id_jag;
use realm::issuers::{SPIFFE, TrustedIssuer};
use serde_json::{Map, Value};

use crate::refusal::Reason;

/// How far the issuer's clock may differ, in seconds.
pub const LEEWAY: i64 = 30;
/// The longest `jti` and the longest subject, in bytes.
const LONGEST_NAME: usize = 1000;

/// What kind of text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A JWT about somebody: a CI job's identity, a service account's token, an ID token.
    Plain,
    /// An ID-JAG, which is for one client.
    IdJag,
}

/// What follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Whom it is about, by the issuer's identifier.
    pub sub: String,
    /// When it was issued (unix seconds), or now when it does not say.
    pub issued_at: i64,
    /// When it expires (unix seconds).
    pub expires_at: i64,
    /// Its identifier, if it has one.
    pub jti: Option<String>,
}

/// The kind that `typ` says; one that is for something else, such as an access token or a DPoP proof, is none of these.
///
/// # Errors
/// [`Reason::AssertionType`].
pub fn kind(typ: Option<&str>, issuer: &TrustedIssuer) -> Result<Kind, Reason> {
    match typ {
        None => Ok(Kind::Plain),
        Some(typ) if typ.eq_ignore_ascii_case("JWT") => Ok(Kind::Plain),
        Some(typ) if issuer.is_spiffe() && typ.eq_ignore_ascii_case("JOSE") => Ok(Kind::Plain),
        typ if is_id_jag(typ) => Ok(Kind::IdJag),
        Some(_) => Err(Reason::AssertionType),
    }
}

/// Judges the claims. `own` are this realm's names: the issuer, then the endpoints that may stand for it.
///
/// # Errors
/// [`Reason::AssertionAudience`], [`Reason::AssertionTimes`], [`Reason::AssertionId`], [`Reason::AssertionMalformed`].
pub fn judge(
    claims: &Map<String, Value>,
    kind: Kind,
    issuer: &TrustedIssuer,
    own: &[&str],
    now: i64,
) -> Result<Accepted, Reason> {
    let text = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() && text.len() <= LONGEST_NAME => {
            Ok(Some(text.clone()))
        }
        Some(_) => Err(Reason::AssertionMalformed),
    };
    let audience: Audience = claims
        .get("aud")
        .and_then(|aud| serde_json::from_value(aud.clone()).ok())
        .ok_or(Reason::AssertionAudience)?;
    // Each of them: what is for somebody else too, that one could bring here.
    let ours = |one: &str| own.contains(&one) || issuer.audiences.iter().any(|known| known == one);
    let for_us = match kind {
        Kind::Plain => !audience.is_empty() && audience.iter().all(ours),
        Kind::IdJag => audience.len() == 1 && own.first().is_some_and(|own| audience.contains(own)),
    };
    if !for_us {
        return Err(Reason::AssertionAudience);
    }
    let seconds = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => match (value.as_i64(), value.as_f64()) {
            (Some(seconds), _) => Ok(Some(seconds)),
            // A fraction is allowed and cut off (RFC 7519 §2); the cast saturates.
            (None, Some(seconds)) => Ok(Some(seconds as i64)),
            (None, None) => Err(Reason::AssertionMalformed),
        },
    };
    let expires_at = seconds("exp")?.ok_or(Reason::AssertionTimes)?;
    let issued_at = seconds("iat")?.unwrap_or(now).min(now);
    let latest = issued_at.saturating_add(issuer.longest + LEEWAY);
    if expires_at <= now.saturating_sub(LEEWAY) || expires_at > latest {
        return Err(Reason::AssertionTimes);
    }
    let jti = text("jti").map_err(|_| Reason::AssertionId)?;
    let once = kind == Kind::IdJag || !issuer.reusable;
    if once && jti.is_none() {
        return Err(Reason::AssertionId);
    }
    let sub = text("sub")?.ok_or(Reason::AssertionMalformed)?;
    if issuer.is_spiffe() && !is_spiffe_id(&sub) {
        return Err(Reason::AssertionMalformed);
    }
    Ok(Accepted {
        sub,
        issued_at,
        expires_at,
        jti,
    })
}

/// Whether a subject is a SPIFFE ID in its one spelling (SPIFFE-ID §2): a trust domain, and segments that are neither empty nor dots. A rule that looks at the
/// beginning of a path is not got around by another spelling of it.
fn is_spiffe_id(sub: &str) -> bool {
    let Some(rest) = sub.strip_prefix(SPIFFE) else {
        return false;
    };
    let plain = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let mut segments = rest.split('/');
    let domain = segments.next().unwrap_or_default();
    let named = !domain.is_empty() && plain(domain) && domain == domain.to_ascii_lowercase();
    named && segments.all(|segment| !matches!(segment, "" | "." | "..") && plain(segment))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const OWN: [&str; 2] = ["https://as.example", "https://as.example/token"];
    const NOW: i64 = 1_000_000;

    fn github() -> TrustedIssuer {
        TrustedIssuer {
            audiences: vec!["sigstore".into()],
            ..TrustedIssuer::default()
        }
    }

    fn outcome(changes: Value, kind: Kind, issuer: &TrustedIssuer) -> Result<Accepted, Reason> {
        let mut claims =
            json!({"sub": "job", "aud": OWN[0], "iat": NOW, "exp": NOW + 300, "jti": "1"});
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
            .as_object_mut()
            .unwrap()
            .retain(|_, value| *value != json!("-"));
        judge(claims.as_object().unwrap(), kind, issuer, &OWN, NOW)
    }

    #[test]
    fn it_is_for_us_alone() {
        let is = |aud: Value, kind| outcome(json!({"aud": aud}), kind, &github());
        for aud in [
            json!(OWN[0]),
            json!(OWN[1]),
            json!("sigstore"),
            json!(OWN),
            json!([OWN[0], "sigstore"]),
        ] {
            assert!(is(aud.clone(), Kind::Plain).is_ok(), "{aud}");
        }
        for aud in [
            json!("https://other.example"),
            json!([OWN[0], "https://other.example"]),
            json!([]),
            json!(7),
            json!("-"),
            json!("https://as.example/"),
        ] {
            assert_eq!(
                is(aud.clone(), Kind::Plain),
                Err(Reason::AssertionAudience),
                "{aud}"
            );
        }
        assert!(is(json!(OWN[0]), Kind::IdJag).is_ok());
        for aud in [json!(OWN[1]), json!("sigstore"), json!(OWN)] {
            assert_eq!(
                is(aud.clone(), Kind::IdJag),
                Err(Reason::AssertionAudience),
                "{aud}"
            );
        }
    }

    /// SPIFFE-ID §2.1 to §2.3.
    #[test]
    fn a_spiffe_identity_has_one_spelling() {
        let domain = TrustedIssuer {
            id: "spiffe://prod.example".to_owned(),
            ..TrustedIssuer::default()
        };
        let about = |sub: &str| outcome(json!({"sub": sub}), Kind::Plain, &domain);
        for sub in [
            "spiffe://prod.example",
            "spiffe://prod.example/billing",
            "spiffe://prod.example/ns/prod/sa/Billing_2.x",
        ] {
            assert!(about(sub).is_ok(), "{sub}");
        }
        for sub in [
            "billing",
            "https://prod.example/billing",
            "SPIFFE://prod.example/billing",
            "spiffe://PROD.example/billing",
            "spiffe:///billing",
            "spiffe://prod.example/",
            "spiffe://prod.example//billing",
            "spiffe://prod.example/billing/",
            "spiffe://prod.example/ns/../billing",
            "spiffe://prod.example/./billing",
            "spiffe://prod.example/bil%6cing",
            "spiffe://prod.example/billing?x",
            "spiffe://prod.example/billing#x",
            "spiffe://prod.example:443/billing",
            "spiffe://user@prod.example/billing",
            "spiffe://prod.example/b\u{ef}lling",
            "spiffe://prod.example/a b",
        ] {
            assert_eq!(about(sub), Err(Reason::AssertionMalformed), "{sub}");
        }
        assert!(outcome(json!({"sub": "a/../b"}), Kind::Plain, &github()).is_ok());
    }

    #[test]
    fn it_has_an_identifier_unless_it_may_come_back() {
        let github = github();
        let reusable = TrustedIssuer {
            reusable: true,
            ..TrustedIssuer::default()
        };
        let without = json!({"jti": "-"});
        assert_eq!(
            outcome(without.clone(), Kind::Plain, &github),
            Err(Reason::AssertionId)
        );
        assert!(outcome(without.clone(), Kind::Plain, &reusable).is_ok());
        assert_eq!(
            outcome(without, Kind::IdJag, &reusable),
            Err(Reason::AssertionId)
        );
        for jti in [json!(1), json!(""), json!("x".repeat(1001))] {
            assert_eq!(
                outcome(json!({"jti": jti}), Kind::Plain, &reusable),
                Err(Reason::AssertionId)
            );
        }
        for sub in [json!("-"), json!(""), json!(["job"])] {
            assert_eq!(
                outcome(json!({"sub": sub}), Kind::Plain, &github),
                Err(Reason::AssertionMalformed)
            );
        }
    }

    #[test]
    fn what_is_typed_for_something_else_is_not_taken() {
        let (plain, spiffe) = (
            github(),
            TrustedIssuer {
                id: "spiffe://example.org".into(),
                ..TrustedIssuer::default()
            },
        );
        assert_eq!(kind(None, &plain), Ok(Kind::Plain));
        assert_eq!(kind(Some("jwt"), &plain), Ok(Kind::Plain));
        assert_eq!(kind(Some("oauth-id-jag+jwt"), &plain), Ok(Kind::IdJag));
        assert_eq!(
            kind(Some("application/oauth-id-jag+jwt"), &plain),
            Ok(Kind::IdJag)
        );
        assert_eq!(kind(Some("JOSE"), &spiffe), Ok(Kind::Plain));
        for typ in [
            "JOSE",
            "at+jwt",
            "dpop+jwt",
            "logout+jwt",
            "client-authentication+jwt",
            "secevent+jwt",
            "",
        ] {
            assert_eq!(kind(Some(typ), &plain), Err(Reason::AssertionType), "{typ}");
        }
    }

    proptest! {
        /// Whatever times it names, it is believed for a bounded while only.
        #[test]
        fn it_is_believed_for_a_bounded_while(iat in proptest::option::of(-5000..5000_i64), exp in -5000..10_000_i64) {
            let iat = iat.map_or(json!("-"), |iat| json!(NOW + iat));
            let verdict = outcome(json!({"iat": iat, "exp": NOW + exp}), Kind::Plain, &github());
            if let Ok(accepted) = verdict {
                prop_assert!(accepted.expires_at > NOW - LEEWAY);
                prop_assert!(accepted.expires_at <= NOW + 3600 + LEEWAY);
                prop_assert!(accepted.issued_at <= NOW);
            }
        }
    }
}
