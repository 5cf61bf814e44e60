//! Whether an address of a person is one of ours.

use url::{Host, Url};

/// The relation of an issuer to the people whose it is (OpenID Connect Discovery §2).
pub const ISSUER: &str = "http://openid.net/specs/connect/1.0/issuer";

/// What was asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// People of this issuer.
    Ours,
    /// Somebody else's.
    Elsewhere,
    /// Nothing that could be an address.
    Malformed,
}

/// Whose an address is: `acct:joe@example.com` or one of the web. Ours are those at the issuer's host and at the domains that it is part of, which send who asks here
/// when they are another server: `login.example.com` answers for `example.com`, never the other way round.
pub fn asked(issuer: &str, resource: &str) -> Asked {
    let (Ok(issuer), Some(resource)) = (Url::parse(issuer), address(resource)) else {
        return Asked::Malformed;
    };
    let ours = match (issuer.host(), resource.host()) {
        (Some(Host::Domain(own)), Some(Host::Domain(asked))) => is_within(own, asked),
        (own, asked) => own == asked,
    };
    if ours && !is_other_realm(issuer.path(), resource.path()) {
        Asked::Ours
    } else {
        Asked::Elsewhere
    }
}

/// An address as one of the web; of an account, where its domain is.
fn address(resource: &str) -> Option<Url> {
    let scheme = "acct:";
    let url = match resource.split_at_checked(scheme.len()) {
        Some((named, account)) if named.eq_ignore_ascii_case(scheme) => {
            let (name, domain) = account.rsplit_once('@')?;
            let url = Url::parse(&format!("https://{domain}")).ok()?;
            let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
            (bare && !name.is_empty() && !domain.ends_with('/')).then_some(url)?
        }
        _ => Url::parse(resource).ok()?,
    };
    (matches!(url.scheme(), "https" | "http") && url.has_host()).then_some(url)
}

fn is_within(own: &str, domain: &str) -> bool {
    let rest = own.strip_suffix(domain);
    rest.is_some_and(|rest| rest.is_empty() || (rest.ends_with('.') && domain.contains('.')))
}

/// Whether a path is below another realm of the same host.
fn is_other_realm(own: &str, path: &str) -> bool {
    let rest = path.strip_prefix(own.trim_end_matches('/'));
    let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with('/'));
    rest.unwrap_or(path).starts_with("/realms/")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_ours_at_our_host_and_at_the_domains_above_it() {
        let root = "https://login.example.com";
        for (resource, whose) in [
            ("acct:joe@login.example.com", Asked::Ours),
            ("ACCT:joe@Login.Example.com", Asked::Ours),
            ("acct:joe@example.com", Asked::Ours),
            ("acct:joe%40work.example@example.com:8443", Asked::Ours),
            ("https://login.example.com/joe", Asked::Ours),
            ("https://example.com:8443/", Asked::Ours),
            ("acct:joe@com", Asked::Elsewhere),
            ("acct:joe@ample.com", Asked::Elsewhere),
            ("acct:joe@www.login.example.com", Asked::Elsewhere),
            ("acct:joe@evil.example", Asked::Elsewhere),
            ("https://login.example.com.evil.example/", Asked::Elsewhere),
            ("https://login.example.com/realms/acme", Asked::Elsewhere),
            ("", Asked::Malformed),
            ("joe", Asked::Malformed),
            ("acct:joe", Asked::Malformed),
            ("acct:@example.com", Asked::Malformed),
            ("acct:joe@", Asked::Malformed),
            ("acct:joe@example.com/x", Asked::Malformed),
            ("acct:joe@example.com?x", Asked::Malformed),
            ("mailto:joe@example.com", Asked::Malformed),
            ("javascript:alert(1)", Asked::Malformed),
        ] {
            assert_eq!(asked(root, resource), whose, "{resource}");
        }
    }

    #[test]
    fn a_realm_answers_for_itself_alone() {
        let acme = "https://login.example.com/realms/acme";
        for (path, whose) in [
            ("/realms/acme", Asked::Ours),
            ("/realms/acme/joe", Asked::Ours),
            ("/realms/acme2", Asked::Elsewhere),
            ("/realms/other", Asked::Elsewhere),
        ] {
            let resource = format!("https://login.example.com{path}");
            assert_eq!(asked(acme, &resource), whose, "{path}");
        }
    }

    #[test]
    fn numbers_have_no_domains_above_them() {
        let numbered = "http://127.0.0.1:8080";
        assert_eq!(asked(numbered, "acct:joe@127.0.0.1"), Asked::Ours);
        assert_eq!(asked(numbered, "acct:joe@0.1"), Asked::Elsewhere);
        assert_eq!(asked(numbered, "acct:joe@[::1]"), Asked::Elsewhere);
    }

    proptest! {
        #[test]
        fn nobody_elses_domain_is_ours(name in "[a-z]{1,8}", domain in "[a-z]{1,12}\\.[a-z]{2,6}", odd in "\\PC{0,40}") {
            prop_assume!(domain != "example.com");
            let whose = asked("https://login.example.com", &format!("acct:{name}@{domain}"));
            prop_assert_eq!(whose, Asked::Elsewhere);
            asked("https://login.example.com", &odd);
        }
    }
}
