use jose::Algorithm;
use oauth::claims::IdToken;
use oauth::id_token::{Expected, Refusal, at_hash, c_hash, check};
use proptest::prelude::*;

const NOW: i64 = 1_700_000_000;
const TOKEN: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";

fn claims() -> IdToken {
    IdToken {
        iss: "https://op.example".to_owned(),
        sub: "p".to_owned(),
        aud: "app".into(),
        exp: NOW + 300,
        iat: NOW,
        auth_time: Some(NOW - 10),
        nonce: Some("n".to_owned()),
        at_hash: at_hash(Algorithm::Es256, TOKEN),
        ..IdToken::default()
    }
}

fn expected() -> Expected<'static> {
    Expected {
        issuer: "https://op.example",
        client_id: "app",
        trusted_audiences: &[],
        nonce: Some("n"),
        max_age: Some(60),
        access_token: Some(TOKEN),
        issued_within: Some(600),
        now: NOW,
        leeway: 5,
    }
}

fn judge(change: impl FnOnce(&mut IdToken)) -> Result<(), Refusal> {
    let mut claims = claims();
    change(&mut claims);
    check(&claims, Algorithm::Es256, &expected())
}

/// OpenID Connect Core §A.3 and §A.4, §3.1.3.6.
#[test]
fn the_hashes_of_the_examples_come_out() {
    assert_eq!(
        at_hash(Algorithm::Rs256, TOKEN).as_deref(),
        Some("77QmUPtjPfzWtF2AnpK9RQ")
    );
    let code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";
    assert_eq!(
        c_hash(Algorithm::Rs256, code).as_deref(),
        Some("LDktKdoQak3Pk0cnXxCltA")
    );
    assert_eq!(at_hash(Algorithm::EdDsa, TOKEN).unwrap().len(), 43);
    assert_eq!(at_hash(Algorithm::MlDsa65, TOKEN), None);
}

#[test]
fn a_good_id_token_is_accepted() {
    assert_eq!(judge(|_| ()), Ok(()));
}

/// §3.1.3.7 items 2 to 5.
#[test]
fn issuer_and_audience_must_be_the_expected_ones() {
    assert_eq!(judge(|c| c.iss.push('/')), Err(Refusal::Issuer));
    assert_eq!(judge(|c| c.aud = "other".into()), Err(Refusal::Audience));
    assert_eq!(
        judge(|c| c.aud = vec!["app".to_owned(), "other".to_owned()].into()),
        Err(Refusal::UntrustedAudience)
    );
    assert_eq!(
        judge(|c| c.azp = Some("other".to_owned())),
        Err(Refusal::AuthorizedParty)
    );
    assert_eq!(judge(|c| c.azp = Some("app".to_owned())), Ok(()));
    let trusting = Expected {
        trusted_audiences: &["api"],
        ..expected()
    };
    let mut several = claims();
    several.aud = vec!["app".to_owned(), "api".to_owned()].into();
    assert_eq!(
        check(&several, Algorithm::Es256, &trusting),
        Err(Refusal::AuthorizedPartyMissing)
    );
    several.azp = Some("app".to_owned());
    assert_eq!(check(&several, Algorithm::Es256, &trusting), Ok(()));
}

/// §3.1.3.7 items 9 and 10.
#[test]
fn the_times_must_fit() {
    assert_eq!(judge(|c| c.exp = NOW - 4), Ok(()));
    assert_eq!(judge(|c| c.exp = NOW - 5), Err(Refusal::Expired));
    assert_eq!(judge(|c| c.iat = NOW + 5), Ok(()));
    assert_eq!(judge(|c| c.iat = NOW + 6), Err(Refusal::IssuedInFuture));
    assert_eq!(judge(|c| c.iat = NOW - 606), Err(Refusal::IssuedLongAgo));
}

/// §3.1.3.7 item 11.
#[test]
fn the_nonce_must_be_the_one_that_was_sent() {
    assert_eq!(judge(|c| c.nonce = None), Err(Refusal::NonceMissing));
    assert_eq!(
        judge(|c| c.nonce = Some("m".to_owned())),
        Err(Refusal::Nonce)
    );
}

/// §3.1.3.7 item 13.
#[test]
fn the_sign_in_must_be_as_fresh_as_was_asked() {
    assert_eq!(judge(|c| c.auth_time = None), Err(Refusal::AuthTimeMissing));
    assert_eq!(judge(|c| c.auth_time = Some(NOW - 65)), Ok(()));
    assert_eq!(
        judge(|c| c.auth_time = Some(NOW - 66)),
        Err(Refusal::AuthTime)
    );
}

/// §3.1.3.8: at_hash is optional, and right when it is there.
#[test]
fn the_access_token_must_be_the_one_beside_it() {
    assert_eq!(judge(|c| c.at_hash = None), Ok(()));
    assert_eq!(
        judge(|c| c.at_hash = at_hash(Algorithm::Es256, "other")),
        Err(Refusal::AccessTokenHash)
    );
    assert_eq!(
        judge(|c| c.at_hash = at_hash(Algorithm::Es384, TOKEN)),
        Err(Refusal::AccessTokenHash)
    );
}

/// §2: a subject has 1 to 255 characters.
#[test]
fn the_subject_must_be_usable() {
    assert_eq!(judge(|c| c.sub.clear()), Err(Refusal::Subject));
    assert_eq!(judge(|c| c.sub = "x".repeat(256)), Err(Refusal::Subject));
}

proptest! {
    #[test]
    fn no_time_overflows(exp: i64, iat: i64, auth_time: i64, now: i64) {
        let claims = IdToken { exp, iat, auth_time: Some(auth_time), ..claims() };
        let judged = check(&claims, Algorithm::Es256, &Expected { now, ..expected() });
        if judged.is_ok() {
            prop_assert!(exp > now.saturating_sub(5) && iat <= now.saturating_add(5));
        }
    }
}
