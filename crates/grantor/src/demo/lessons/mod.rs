//! What each part of the flow is for and which attack it stops: the words that the demo application shows beside the real requests.

mod claims;
mod headers;
mod messages;
mod metadata;

/// Where a name stands: the same name may mean different things in different places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A parameter of the authorization request.
    Authorization,
    /// A parameter that the browser brings back.
    Return,
    /// A parameter of the end-session request.
    EndSession,
    /// A header of a request.
    RequestHeader,
    /// A header of a response.
    ResponseHeader,
    /// A parameter in the body of a token request.
    Redemption,
    /// The same, when it refreshes.
    Refresh,
    /// A parameter in the body of a revocation request.
    Revocation,
    /// A member of the token response.
    Tokens,
    /// A member of the userinfo response.
    Userinfo,
    /// A member of the API's response.
    Api,
    /// A member of the server's metadata.
    Metadata,
    /// A member of a public key.
    Key,
    /// The header of the access token.
    AccessHeader,
    /// A claim of the access token.
    AccessClaim,
    /// The header of the ID token.
    IdHeader,
    /// A claim of the ID token.
    IdClaim,
}

/// What a newcomer should know of one name. Backticks mark code.
#[derive(Debug)]
pub(super) struct Lesson {
    /// The parameter, header, member or claim, as it stands on the wire.
    pub(super) name: &'static str,
    /// Where this is what it means; everywhere, when empty.
    places: &'static [Place],
    /// What it is for.
    pub(super) purpose: &'static str,
    /// The attack it stops, completing "Stops: …"; empty where it stops none.
    pub(super) stops: &'static str,
    /// Where it is specified; empty for what is nobody's but the demo's.
    pub(super) spec: &'static str,
}

/// A table of lessons: name, places, purpose, what it stops, specification.
macro_rules! lessons {
    ($($name:literal [$($place:ident)*] $purpose:literal $stops:literal $spec:literal;)*) => {
        pub(super) static LESSONS: &[super::Lesson] = &[$(super::Lesson {
            name: $name,
            places: &[$(super::Place::$place),*],
            purpose: $purpose,
            stops: $stops,
            spec: $spec,
        }),*];
    };
}
use lessons;

/// The lesson for `name` where it stands, if there is one.
pub(super) fn lesson(place: Place, name: &str) -> Option<&'static Lesson> {
    let named = || all().filter(|lesson| lesson.name.eq_ignore_ascii_case(name));
    let here = named().find(|lesson| lesson.places.contains(&place));
    here.or_else(|| named().find(|lesson| lesson.places.is_empty()))
}

fn all() -> impl Iterator<Item = &'static Lesson> {
    let tables = [
        messages::LESSONS,
        headers::LESSONS,
        claims::LESSONS,
        metadata::LESSONS,
    ];
    tables.into_iter().flatten()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_lesson_is_whole_and_said_once_for_each_place() {
        let mut seen = Vec::new();
        for lesson in all() {
            let name = lesson.name;
            assert!(lesson.purpose.ends_with('.'), "{name}");
            assert!(
                lesson.stops.is_empty() || lesson.stops.ends_with('.'),
                "{name}"
            );
            let start = lesson.stops.chars().next();
            assert!(
                !start.is_some_and(char::is_uppercase),
                "{name} goes on after a colon"
            );
            assert_eq!(lesson.purpose.matches('`').count() % 2, 0, "{name}");
            assert_eq!(lesson.stops.matches('`').count() % 2, 0, "{name}");
            let places = lesson.places.iter().map(|place| format!("{place:?}"));
            let places = places.collect::<Vec<_>>();
            let places = if places.is_empty() {
                vec![String::new()]
            } else {
                places
            };
            for place in places {
                assert!(!seen.contains(&(name, place.clone())), "{name} {place}");
                seen.push((name, place));
            }
        }
    }

    #[test]
    fn a_name_means_what_it_means_where_it_stands() {
        let callback = lesson(Place::Return, "iss").unwrap();
        let claim = lesson(Place::IdClaim, "iss").unwrap();
        assert_eq!(callback.spec, "RFC 9207 §2");
        assert_eq!(claim.spec, "OpenID Connect Core §2");
        assert!(lesson(Place::RequestHeader, "Authorization: Bearer").is_some());
        assert!(lesson(Place::ResponseHeader, "WWW-Authenticate").is_some());
        assert!(lesson(Place::Api, "no such thing").is_none());
    }
}
