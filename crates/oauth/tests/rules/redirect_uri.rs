use oauth::authorization::{ResponseMode, response_url};
use oauth::redirect_uri::{RedirectUriError, RegistrationError, check_registration, find};
use proptest::prelude::*;
use url::Url;

fn registered(uris: &[&str]) -> Vec<String> {
    uris.iter().map(|uri| (*uri).to_owned()).collect()
}

fn accepts(registration: &str, requested: &str) -> bool {
    find(&registered(&[registration]), Some(requested)).is_ok()
}

/// RFC 9700 §4.1.3: exact string comparison.
#[test]
fn only_the_same_string_matches() {
    let own = "https://app.example/callback?tenant=1";
    assert!(accepts(own, own));
    for other in [
        "https://app.example/callback",
        "https://app.example/callback?tenant=1&x=2",
        "https://app.example/callback?tenant=1#",
        "https://app.example/Callback?tenant=1",
        "https://APP.example/callback?tenant=1",
        "https://app.example:443/callback?tenant=1",
        "https://app.example/x/../callback?tenant=1",
        "http://app.example/callback?tenant=1",
        "https://app.example@evil.example/callback?tenant=1",
        "https://app.example.evil.example/callback?tenant=1",
    ] {
        assert!(!accepts(own, other), "{other}");
    }
}

/// RFC 8252 §7.3: the port of a loopback redirect URI is chosen when the request is made.
#[test]
fn a_loopback_redirect_may_have_any_port() {
    for host in ["127.0.0.1", "[::1]", "localhost"] {
        let own = format!("http://{host}/callback");
        assert!(accepts(&own, &own));
        assert!(accepts(&own, &format!("http://{host}:51004/callback")));
        assert!(accepts(&format!("http://{host}:8080/callback"), &own));
        for port in ["0", "65536", "", "+80", "8080x"] {
            assert!(
                !accepts(&own, &format!("http://{host}:{port}/callback")),
                "{port}"
            );
        }
        assert!(!accepts(&own, &format!("http://{host}:51004/other")));
        assert!(!accepts(&own, &format!("http://{host}:51004/callback?x")));
        assert!(!accepts(&own, &format!("https://{host}:51004/callback")));
        assert!(!accepts(
            &own,
            &format!("http://{host}:80@evil.example/callback")
        ));
        assert!(!accepts(
            &own,
            &format!("http://{host}.evil.example/callback")
        ));
    }
}

/// RFC 8252 §8.3: one loopback name does not stand for another.
#[test]
fn one_loopback_host_does_not_stand_for_another() {
    let hosts = [
        "127.0.0.1",
        "[::1]",
        "localhost",
        "127.0.0.2",
        "127.1",
        "LOCALHOST",
    ];
    for own in &hosts[..3] {
        for other in hosts.iter().filter(|other| *other != own) {
            assert!(!accepts(
                &format!("http://{own}/cb"),
                &format!("http://{other}/cb")
            ));
        }
    }
}

/// The port may differ on loopback http only, never elsewhere.
#[test]
fn another_port_is_refused_where_the_host_is_not_loopback() {
    assert!(!accepts(
        "https://app.example/cb",
        "https://app.example:8443/cb"
    ));
    assert!(!accepts(
        "https://localhost/cb",
        "https://localhost:8443/cb"
    ));
}

/// RFC 6749 §3.1.2.3: it may be left out when exactly one is registered.
#[test]
fn it_may_be_left_out_only_when_exactly_one_is_registered() {
    let one = registered(&["https://a.example/"]);
    assert_eq!(find(&one, None).unwrap().as_str(), "https://a.example/");
    for some in [
        registered(&[]),
        registered(&["https://a.example/", "https://b.example/"]),
    ] {
        assert_eq!(find(&some, None), Err(RedirectUriError::Missing));
    }
}

/// RFC 6749 §3.1.2, RFC 8252 §7.1 and §8.4, RFC 9700 §4.1.
#[test]
fn only_safe_uris_can_be_registered() {
    use RegistrationError as E;
    for good in [
        "https://app.example/cb",
        "https://app.example:8443/cb?x=1",
        "http://127.0.0.1/cb",
        "http://[::1]:8080/cb",
        "http://localhost:3000/",
        "com.example.app:/oauth2redirect",
        "com.example.app://callback",
    ] {
        assert_eq!(check_registration(good), Ok(()), "{good}");
    }
    for (bad, why) in [
        ("https://app.example/cb#x", E::Fragment),
        ("https://app.example/cb#", E::Fragment),
        ("/callback", E::NotAbsolute),
        ("https:app.example/cb", E::NotAbsolute),
        ("https:///cb", E::NotAbsolute),
        ("https://user@app.example/", E::Userinfo),
        ("https://user:pw@app.example/", E::Userinfo),
        ("https://@app.example/", E::Userinfo),
        ("https://*.app.example/", E::Wildcard),
        ("http://app.example/cb", E::Insecure),
        ("http://127.0.0.2/cb", E::Insecure),
        ("http://localhost.evil.example/", E::Insecure),
        ("javascript:alert(1)", E::Scheme),
        ("data:text/html,x", E::Scheme),
        ("vbscript:x", E::Scheme),
        ("file:///etc/passwd", E::Scheme),
        ("myapp://callback", E::Scheme),
        ("https://app.example/a b", E::Characters),
        ("https://app.example\\@evil.example/", E::Characters),
        ("https://app.example/\r\nX: y", E::Characters),
        ("https://b\u{fc}cher.example/", E::Characters),
    ] {
        assert_eq!(check_registration(bad), Err(why), "{bad}");
    }
    let long = format!("https://app.example/{}", "a".repeat(2048));
    assert_eq!(check_registration(&long), Err(E::TooLong));
}

/// What was registered by other means (an import) is not trusted either.
/// Found by fuzzing: such a host would have added directives to the policy of the pages that lead there.
#[test]
fn a_host_that_could_leave_a_policy_is_refused() {
    for host in [
        "a;b.example",
        "a%3Bb.example",
        "a,b.example",
        "a'b.example",
        "(a).example",
        "a=b.example",
        "a$b.example",
    ] {
        for uri in [format!("https://{host}/cb"), format!("https://{host}:8443")] {
            assert!(check_registration(&uri).is_err(), "{uri}");
        }
    }
    for host in [
        "app-1.example",
        "a_b.example",
        "xn--bcher-kva.example",
        "192.0.2.7",
        "[2001:db8::1]",
    ] {
        let uri = format!("https://{host}/cb;a=b,c'(d)?e=f;g");
        assert!(check_registration(&uri).is_ok(), "{uri}");
    }
}

#[test]
fn a_dangerous_uri_is_refused_even_when_it_is_registered() {
    let own = registered(&["javascript:alert(1)"]);
    for requested in [None, Some("javascript:alert(1)")] {
        assert!(matches!(
            find(&own, requested),
            Err(RedirectUriError::Unsafe(_))
        ));
    }
}

#[test]
fn a_person_sees_the_host_and_the_policy_names_the_origin() {
    let shown = |uri: &str| {
        let found = find(&registered(&[uri]), None).unwrap();
        (
            found.host().to_owned(),
            found.origin_for_csp(),
            found.is_loopback(),
        )
    };
    let expect =
        |host: &str, origin: &str, loopback| (host.to_owned(), origin.to_owned(), loopback);
    assert_eq!(
        shown("https://app.example/cb"),
        expect("app.example", "https://app.example", false)
    );
    assert_eq!(
        shown("http://localhost:3000/"),
        expect("localhost", "http://localhost:3000", true)
    );
    assert_eq!(shown("http://[::1]:3000/"), expect("[::1]", "http:", true));
    assert_eq!(
        shown("com.example.app://callback"),
        expect("com.example.app", "com.example.app:", false)
    );
}

/// RFC 6749 §3.1.2: a query that is there already is kept.
#[test]
fn parameters_are_added_to_the_query_that_is_there() {
    let url = |uri: &str| {
        let to = find(&registered(&[uri]), None).unwrap();
        response_url(
            &to,
            ResponseMode::Query,
            &[("code", "a b"), ("state", "&=")],
        )
    };
    let added = "code=a+b&state=%26%3D";
    assert_eq!(
        url("https://a.example/"),
        format!("https://a.example/?{added}")
    );
    assert_eq!(
        url("https://a.example/?t=1"),
        format!("https://a.example/?t=1&{added}")
    );
    assert_eq!(
        url("https://a.example/?"),
        format!("https://a.example/?{added}")
    );
    assert_eq!(
        url("com.example.app:/cb"),
        format!("com.example.app:/cb?{added}")
    );
}

/// RFC 6749 §4.2.2: in the fragment, the query stays as it is.
#[test]
fn parameters_are_put_into_the_fragment() {
    let to = find(&registered(&["https://a.example/?t=1"]), None).unwrap();
    for mode in [ResponseMode::Fragment, ResponseMode::FragmentJwt] {
        assert_eq!(
            response_url(&to, mode, &[("code", "a b"), ("state", "#&=")]),
            "https://a.example/?t=1#code=a+b&state=%23%26%3D"
        );
    }
}

/// Form Post Response Mode §2: the form's action is the redirect URI.
#[test]
fn a_form_is_posted_to_the_redirect_uri_itself() {
    let to = find(&registered(&["https://a.example/?t=1"]), None).unwrap();
    assert_eq!(
        response_url(&to, ResponseMode::FormPost, &[("code", "x")]),
        to.as_str()
    );
}

fn near() -> impl Strategy<Value = String> {
    let scheme = prop_oneof![
        "https://",
        "http://",
        "com.example.app://",
        "http:/",
        "HTTP://"
    ];
    let host = prop_oneof![
        "localhost",
        "127\\.0\\.0\\.1",
        "\\[::1\\]",
        "app\\.example",
        "localhost\\.example",
        "a@localhost"
    ];
    let port = prop_oneof!["", ":80", ":[0-9]{1,5}", ":"];
    let path = prop_oneof!["", "/cb", "/cb/", "/cb\\?x=1", "//cb", "/[a-c]"];
    (scheme, host, port, path).prop_map(|(a, b, c, d)| format!("{a}{b}{c}{d}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// RFC 9700 §4.1.3: whatever is accepted has the scheme, host, path and query of a registered one, and its port too unless that one is
    /// loopback.
    #[test]
    fn what_is_accepted_differs_in_a_loopback_port_at_most(own in near(), requested in near()) {
        if accepts(&own, &requested) {
            let (own, requested) = (Url::parse(&own).unwrap(), Url::parse(&requested).unwrap());
            prop_assert_eq!(own.scheme(), requested.scheme());
            prop_assert_eq!(own.host_str(), requested.host_str());
            prop_assert_eq!(own.path(), requested.path());
            prop_assert_eq!(own.query(), requested.query());
            prop_assert_eq!(own.username(), requested.username());
            let loopback = own.scheme() == "http"
                && matches!(own.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
            prop_assert!(loopback || own.port() == requested.port());
        }
    }

    /// A browser that follows the answer ends up at the host that was registered.
    #[test]
    fn an_answer_goes_to_the_registered_host(own in near(), value in ".*") {
        if let Ok(to) = find(&registered(&[&own]), None) {
            let url = Url::parse(&response_url(&to, ResponseMode::Query, &[("state", &value)])).unwrap();
            let own = Url::parse(&own).unwrap();
            prop_assert_eq!(url.host_str(), own.host_str());
            prop_assert_eq!(url.scheme(), own.scheme());
            prop_assert!(url.query_pairs().any(|(name, own)| name == "state" && own == value));
        }
    }

    #[test]
    fn reading_never_panics(own in ".*", requested in ".*") {
        let _ = check_registration(&own);
        let _ = find(&[own], Some(&requested));
    }
}
