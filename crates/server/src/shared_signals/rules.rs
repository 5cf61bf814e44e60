//! What streams may be, whom they are about, and what the answer to a push means (OpenID Shared Signals Framework §8, RFC 8935, RFC 8936).

use oauth::Scope;
use oauth::claims::StandardClaims;
use oauth::security_event::SubjectId;
use oauth::shared_signals::{DefaultSubjects, Malformed, StreamRequest, event};
use serde_json::{Map, Value};

/// The types of events that there is a source of.
pub const SUPPORTED: [&str; 8] = [
    event::SESSION_REVOKED,
    event::TOKEN_CLAIMS_CHANGE,
    event::CREDENTIAL_CHANGE,
    event::ACCOUNT_DISABLED,
    event::ACCOUNT_ENABLED,
    event::ACCOUNT_PURGED,
    event::CREDENTIAL_COMPROMISE,
    event::RECOVERY_INFORMATION_CHANGED,
];
/// How many streams a receiver may have.
pub const STREAMS: i64 = 4;
/// How many subjects may be added to a stream, or removed.
pub const SUBJECTS: i64 = 10_000;
/// How many events wait for a receiver at most; older ones are dropped.
pub const WAITING: i64 = 10_000;
/// How long an event waits, in seconds.
pub const LIFETIME: i64 = 7 * 24 * 3600;
/// How many seconds lie between two verifications of a stream at least.
pub const MIN_VERIFICATION_INTERVAL: i64 = 30;
/// That a receiver was heard of is written once in so many seconds.
pub const ACTIVITY: i64 = 3600;
/// After so many seconds of failed pushes a stream is paused.
pub const GIVEN_UP_AFTER: i64 = 24 * 3600;
/// How many events one poll gets at most.
pub const MOST_PER_POLL: u64 = 100;

/// The events that a stream carries: those that were asked for, and all when nothing was said.
pub fn delivered(requested: Option<&[String]>) -> Vec<String> {
    let is_wanted = |kind: &&str| requested.is_none_or(|all| all.iter().any(|one| one == kind));
    let kinds = SUPPORTED.into_iter().filter(is_wanted);
    kinds.map(str::to_owned).collect()
}

/// Whether what a request says of the transmitter's members is what they are (§8.1.1.3). What an address to poll at is, the transmitter says, too.
///
/// # Errors
/// When one is another.
pub fn check_supplied(request: &StreamRequest, shown: &Value) -> Result<(), Malformed> {
    let is_same = |(name, value): (&String, &Value)| shown.get(name) == Some(value);
    if request.supplied.iter().all(is_same) {
        Ok(())
    } else {
        Err(Malformed("a member that the transmitter sets is another"))
    }
}

/// How long a receiver has to wait until it may ask for another verification, in seconds.
pub fn verification_wait(verified_at: i64, now: i64) -> Option<i64> {
    let wait = verified_at.saturating_add(MIN_VERIFICATION_INTERVAL) - now;
    (verified_at > 0 && wait > 0).then_some(wait)
}

/// Whether a receiver has not been heard of for so long (§8.1.1 `inactivity_timeout`, in seconds; 0: that does not matter), for certain.
pub fn is_inactive(active_at: i64, timeout: i64, now: i64) -> bool {
    timeout > 0 && now.saturating_sub(active_at) >= timeout.saturating_add(ACTIVITY)
}

/// How many events a poll gets.
pub fn batch(asked: Option<u64>) -> i64 {
    let most = asked.unwrap_or(MOST_PER_POLL).min(MOST_PER_POLL);
    i64::try_from(most).unwrap_or(0)
}

/// The names of a person that a receiver may know, and of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The person as the receiver knows them.
    pub person: SubjectId,
    /// Other names of them.
    pub others: Vec<SubjectId>,
    /// The session, if it is about one.
    pub session: Option<SubjectId>,
}

impl About {
    /// Each of the names, with the session.
    fn all(&self) -> impl Iterator<Item = SubjectId> {
        let names = std::iter::once(&self.person).chain(&self.others);
        names.map(|name| self.in_session(name))
    }

    fn in_session(&self, name: &SubjectId) -> SubjectId {
        match &self.session {
            Some(session) => name.clone().in_session(session.clone()),
            None => name.clone(),
        }
    }

    /// By which keys subjects are looked for that may be these: four at most.
    pub fn keys(&self) -> Vec<String> {
        let names = std::iter::once(&self.person).chain(&self.others);
        let session = self.session.as_ref().map(|session| {
            let part = session.part("user").cloned().unwrap_or_default();
            format!("session {}", Value::Object(part))
        });
        names
            .map(SubjectId::key)
            .chain(session)
            .take(KEYS)
            .collect()
    }
}

/// How many keys there are at most.
pub const KEYS: usize = 4;

/// Whom the event is about for a receiver, by the name under which it added them; `None` when it does not want to hear of them (§8.1.3). `said` is what it
/// added (`true`) and removed. Who was added is told, whatever else was removed.
pub fn named(
    default: DefaultSubjects,
    said: &[(SubjectId, bool)],
    about: &About,
) -> Option<SubjectId> {
    let is_said = |name: &SubjectId, wanted: bool| {
        said.iter()
            .any(|(subject, is_wanted)| *is_wanted == wanted && subject.covers(name))
    };
    if let Some(name) = about.all().find(|name| is_said(name, true)) {
        return Some(name);
    }
    let is_removed = about.all().any(|name| is_said(&name, false));
    let is_told = default == DefaultSubjects::All && !is_removed;
    is_told.then(|| about.in_session(&about.person))
}

/// The particulars of an event of CAEP (§2).
pub fn particulars(at: i64, by_admin: bool) -> Map<String, Value> {
    let entity = if by_admin { "admin" } else { "user" };
    Map::from_iter([
        ("event_timestamp".to_owned(), at.into()),
        ("initiating_entity".to_owned(), entity.into()),
    ])
}

/// The particulars of a copied refresh token (RISC §2.7). Its type is none of those that CAEP lists, which leaves others to who understands them (CAEP §3.3.1).
pub fn compromise(at: i64) -> Map<String, Value> {
    let reason = serde_json::json!({ "en": "An old refresh token came back, so that its grant was revoked" });
    Map::from_iter([
        ("credential_type".to_owned(), "refresh-token".into()),
        ("event_timestamp".to_owned(), at.into()),
        ("reason_admin".to_owned(), reason),
    ])
}

/// Of the claims of these names, what a receiver with this scope may know, with their new values (CAEP §3.2); null for what is not there any more.
pub fn changed_claims(scope: &Scope, told: &Value, names: &[String]) -> Map<String, Value> {
    let of_scope = StandardClaims::BY_SCOPE.iter();
    let known = of_scope.filter(|(of, _)| scope.contains(of));
    let known = known.flat_map(|(_, claims)| claims.iter());
    known
        .filter(|claim| names.iter().any(|name| name == *claim))
        .map(|claim| {
            let value = told.get(claim).cloned().unwrap_or_default();
            ((*claim).to_owned(), value)
        })
        .collect()
}

/// Whether a person is found by one of these claims: that one is another is for the authority over it alone to tell as an identifier that changed; others tell that the
/// account has (RISC §2.5).
pub fn are_identifiers(claims: &[String]) -> bool {
    const IDENTIFIERS: [&str; 3] = ["preferred_username", "email", "phone_number"];
    claims
        .iter()
        .any(|name| IDENTIFIERS.contains(&name.as_str()))
}

/// What a receiver answered to a push (RFC 8935 §2.2, §2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It has it.
    Yes,
    /// It does not want it: sending it again would change nothing. Its registered code.
    Refused(&'static str),
    /// It could not take it, for this reason, and may be able to later.
    Later(String),
}

/// Registered error codes of receivers (RFC 8935 §2.4), of which anything may be put down in a log.
const CODES: [&str; 6] = [
    "invalid_request",
    "invalid_key",
    "invalid_issuer",
    "invalid_audience",
    "authentication_failed",
    "access_denied",
];

/// The registered code that a receiver gave; `other` for anything else.
pub fn code(err: &str) -> &'static str {
    let found = CODES.into_iter().find(|code| *code == err);
    found.unwrap_or("other")
}

/// What an answer means. Only 400 with a code of RFC 8935 comes from who has looked at the token; but for `authentication_failed` and `access_denied`, which
/// may be mended there, it is final.
pub fn heard(status: u16, body: &[u8]) -> Heard {
    if (200..300).contains(&status) {
        return Heard::Yes;
    }
    let said: Option<Value> = serde_json::from_slice(body).ok().filter(|_| status == 400);
    let err = said.as_ref().and_then(|said| said.get("err")?.as_str());
    match err.map(code) {
        None | Some("authentication_failed" | "access_denied") => {
            Heard::Later(format!("status {status}"))
        }
        Some(code) => Heard::Refused(code),
    }
}

/// How many seconds pass before the next attempt, after so many in a row have failed: 5, twice as many each time, 300 at most, so that a receiver that is back
/// hears soon.
pub fn pause(failures: i64) -> i64 {
    let doublings = u32::try_from(failures.clamp(1, 7) - 1).unwrap_or(0);
    (5_i64 << doublings).min(300)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn about(session: bool) -> About {
        About {
            person: SubjectId::iss_sub("https://op.example", "1"),
            others: vec![SubjectId::email("a@example.com")],
            session: session.then(|| SubjectId::opaque("s")),
        }
    }

    #[test]
    fn a_stream_carries_what_was_asked_for_and_there_is() {
        assert_eq!(delivered(None).len(), SUPPORTED.len());
        assert!(delivered(Some(&[])).is_empty());
        let asked = ["urn:other".to_owned(), event::ACCOUNT_PURGED.to_owned()];
        assert_eq!(delivered(Some(&asked)), [event::ACCOUNT_PURGED]);
    }

    #[test]
    fn a_receiver_hears_of_whom_it_added_by_the_name_that_it_used() {
        use DefaultSubjects::{All, None as Nobody};
        let (person, email) = (about(false).person, SubjectId::email("a@example.com"));
        let other = SubjectId::iss_sub("https://op.example", "2");
        for (default, said, wanted) in [
            (All, vec![], Some(person.clone())),
            (Nobody, vec![], None),
            (Nobody, vec![(other.clone(), true)], None),
            (Nobody, vec![(person.clone(), true)], Some(person.clone())),
            (Nobody, vec![(email.clone(), true)], Some(email.clone())),
            (All, vec![(email.clone(), true)], Some(email.clone())),
            (All, vec![(email.clone(), false)], None),
            (All, vec![(other, false)], Some(person.clone())),
            (
                All,
                vec![(email, false), (person.clone(), true)],
                Some(person.clone()),
            ),
        ] {
            assert_eq!(named(default, &said, &about(false)), wanted, "{said:?}");
            let session = wanted.map(|name| name.in_session(SubjectId::opaque("s")));
            assert_eq!(named(default, &said, &about(true)), session, "{said:?}");
        }
    }

    #[test]
    fn one_session_can_be_added_and_another_is_not_meant() {
        let with = |session: &str| {
            let person = about(false).person;
            vec![(person.in_session(SubjectId::opaque(session)), true)]
        };
        let nobody = DefaultSubjects::None;
        assert!(named(nobody, &with("s"), &about(true)).is_some());
        assert!(named(nobody, &with("t"), &about(true)).is_none());
        assert!(named(nobody, &with("t"), &about(false)).is_some());
    }

    #[test]
    fn what_can_match_is_found_by_its_key() {
        let session = SubjectId::read(&json!({"session": {"format": "opaque", "id": "s"}}));
        let all = [
            about(false).person,
            SubjectId::email("a@example.com"),
            session.unwrap(),
        ];
        for subject in all {
            assert!(about(true).keys().contains(&subject.key()), "{subject:?}");
        }
        assert!(about(true).keys().len() <= KEYS);
    }

    #[test]
    fn only_who_has_looked_at_the_token_can_refuse_it() {
        for status in 100..600 {
            let plain = heard(status, b"");
            match status {
                200..300 => assert_eq!(plain, Heard::Yes),
                _ => assert!(matches!(plain, Heard::Later(_)), "{status}"),
            }
        }
        let said = |err: &str| json!({"err": err}).to_string();
        let of = |err: &str| heard(400, said(err).as_bytes());
        assert_eq!(of("invalid_key"), Heard::Refused("invalid_key"));
        assert_eq!(of("made\nup"), Heard::Refused("other"));
        assert!(matches!(of("access_denied"), Heard::Later(_)));
        assert!(matches!(
            heard(500, said("invalid_key").as_bytes()),
            Heard::Later(_)
        ));
    }

    #[test]
    fn verification_has_its_interval() {
        assert_eq!(verification_wait(0, 5), None);
        assert_eq!(verification_wait(100, 100), Some(30));
        assert_eq!(verification_wait(100, 129), Some(1));
        assert_eq!(verification_wait(100, 130), None);
    }

    #[test]
    fn a_receiver_is_inactive_when_nothing_was_heard_for_its_time() {
        assert!(!is_inactive(100, 0, i64::MAX));
        assert!(!is_inactive(100, 86_400, 100 + 86_400 + ACTIVITY - 1));
        assert!(is_inactive(100, 86_400, 100 + 86_400 + ACTIVITY));
    }

    proptest! {
        #[test]
        fn pauses_grow_and_end(failures in 1_i64..1000) {
            prop_assert!((5..=300).contains(&pause(failures)));
            prop_assert!(pause(failures) <= pause(failures + 1));
        }

        #[test]
        fn a_poll_never_gets_more_than_it_asks_for_or_may(asked in proptest::option::of(any::<u64>())) {
            let got = batch(asked);
            prop_assert!(got <= 100 && asked.is_none_or(|asked| u64::try_from(got).unwrap() <= asked));
        }
    }
}
