//! What must be so for an issuer to be trusted. Messages are for the person who says so.

use oauth::client_auth::assertion::ASYMMETRIC;

use super::condition::Condition;
use super::document::{SPIFFE, Subject, TrustRule, TrustedIssuer};
use crate::clients::{check_text, is_page};
use crate::error::Invalid;
use crate::resources::Catalogue;

const MOST: usize = 100;
/// How long what an issuer signs may be valid, whatever is said, in seconds.
const EVER: i64 = 24 * 3600;

/// Checks it against the rules and against what the realm, whose issuer is `own`, offers.
pub(super) fn check(
    issuer: &TrustedIssuer,
    own: &str,
    catalogue: &Catalogue,
) -> Result<(), Invalid> {
    check_id(issuer, own)?;
    check_text("name", &issuer.name, 200)?;
    check_keys(issuer)?;
    if issuer.audiences.len() > MOST
        || issuer
            .audiences
            .iter()
            .any(|audience| audience.is_empty() || audience.len() > 1000)
    {
        return Err(Invalid::new(
            "audiences",
            format!("at most {MOST}, of 1 to 1000 bytes each"),
        ));
    }
    if let Some(odd) = issuer
        .algorithms
        .iter()
        .find(|algorithm| !ASYMMETRIC.contains(algorithm))
    {
        return Err(Invalid::new(
            "algorithms",
            format!("`{odd}` is no asymmetric signature"),
        ));
    }
    if !(10..=EVER).contains(&issuer.longest) {
        return Err(Invalid::new("longest", format!("10 to {EVER} seconds")));
    }
    if issuer.rules.is_empty() || issuer.rules.len() > MOST {
        return Err(Invalid::new("rules", format!("it has 1 to {MOST}")));
    }
    for (number, rule) in issuer.rules.iter().enumerate() {
        let refuse =
            |reason: String| Invalid::new("rules", format!("rule {}: {reason}", number + 1));
        check_rule(issuer, rule, catalogue).map_err(refuse)?;
    }
    Ok(())
}

fn check_id(issuer: &TrustedIssuer, own: &str) -> Result<(), Invalid> {
    let id = &issuer.id;
    let refuse = |reason: &str| {
        Err(Invalid::new(
            "issuer",
            format!("`{}` {reason}", id.escape_default()),
        ))
    };
    if id.len() > 500 {
        return refuse("is longer than 500 bytes");
    }
    if id == own {
        return refuse("is this realm, which believes itself anyway");
    }
    if let Some(domain) = id.strip_prefix(SPIFFE) {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
        return if !domain.is_empty() && domain.bytes().all(plain) {
            Ok(())
        } else {
            refuse("is not a trust domain, such as spiffe://example.org")
        };
    }
    if !is_page(id) || id.contains(['#', '?']) {
        return refuse(
            "is not an https address (http for a loopback host) without query and fragment, nor spiffe://TRUST-DOMAIN",
        );
    }
    Ok(())
}

fn check_keys(issuer: &TrustedIssuer) -> Result<(), Invalid> {
    match (&issuer.jwks, &issuer.jwks_uri) {
        (Some(_), Some(_)) => Err(Invalid::new("jwks", "either `jwks` or `jwks_uri`")),
        (Some(keys), None) => keys.check().map_err(|reason| Invalid::new("jwks", reason)),
        (None, Some(uri)) if !is_page(uri) => Err(Invalid::new(
            "jwks_uri",
            format!(
                "`{}` is not an https address (http for a loopback host)",
                uri.escape_default()
            ),
        )),
        (None, None) if issuer.is_spiffe() => Err(Invalid::new(
            "jwks_uri",
            "a trust domain does not say where its keys are: name them, or the address of its bundle",
        )),
        _ => Ok(()),
    }
}

fn check_rule(
    issuer: &TrustedIssuer,
    rule: &TrustRule,
    catalogue: &Catalogue,
) -> Result<(), String> {
    if rule.condition.trim().is_empty() {
        return Err(
            "a condition is needed; `true` believes everything the issuer signs".to_owned(),
        );
    }
    Condition::compile(&rule.condition)?;
    if rule.clients.len() > MOST {
        return Err(format!("it names more than {MOST} clients"));
    }
    match &rule.subject {
        Subject::Client(id) => {
            if id.is_empty() {
                return Err("it names no client".to_owned());
            }
            if !rule.scope.is_empty() || !rule.resources.is_empty() {
                return Err("what a client may have is said where it is registered".to_owned());
            }
        }
        Subject::Person { claim, .. } => {
            if claim.is_empty() || claim.len() > 200 {
                return Err("the claim that names the person has 1 to 200 bytes".to_owned());
            }
            if issuer.reusable {
                return Err(
                    "what says who a person is counts once: `reusable` is for clients".to_owned(),
                );
            }
            if rule.clients.is_empty() {
                return Err(
                    "it names the clients that may hand in what is said about people".to_owned(),
                );
            }
            if rule.scope.is_empty() {
                return Err("it names the scope that may be had for people at most".to_owned());
            }
        }
    }
    if let Some(unknown) = rule
        .scope
        .iter()
        .find(|token| catalogue.owner_of(token).is_none())
    {
        return Err(format!("there is no scope `{unknown}`"));
    }
    match rule
        .resources
        .iter()
        .find(|id| catalogue.resource(id).is_none())
    {
        Some(unknown) => Err(format!("there is no resource `{unknown}`")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use crate::issuers::PersonKey;

    fn github() -> TrustedIssuer {
        TrustedIssuer {
            id: "https://token.actions.githubusercontent.com".into(),
            rules: vec![TrustRule {
                condition: "claims.repository == 'acme/site'".into(),
                subject: Subject::Client("deployer".into()),
                clients: Vec::new(),
                scope: oauth::Scope::empty(),
                resources: Vec::new(),
            }],
            ..TrustedIssuer::default()
        }
    }

    fn refused(change: impl FnOnce(&mut TrustedIssuer)) -> &'static str {
        let mut issuer = github();
        change(&mut issuer);
        check(&issuer, "https://id.example", &Catalogue::default())
            .unwrap_err()
            .field
    }

    #[test]
    fn each_broken_member_is_named() {
        check(&github(), "https://id.example", &Catalogue::default()).unwrap();
        for id in [
            "",
            "github",
            "http://id.example.org",
            "https://id.example",
            "https://a.example/?x",
            "https://a.example/#x",
            "spiffe://",
            "spiffe://a/b",
            "spiffe://A",
        ] {
            assert_eq!(refused(|issuer| issuer.id = id.into()), "issuer", "{id}");
        }
        assert_eq!(
            refused(|i| i.id = "spiffe://example.org".into()),
            "jwks_uri"
        );
        assert_eq!(
            refused(|i| i.jwks_uri = Some("http://x.example".into())),
            "jwks_uri"
        );
        assert_eq!(
            refused(|i| i.algorithms = vec![jose::Algorithm::Hs256]),
            "algorithms"
        );
        assert_eq!(refused(|i| i.longest = 0), "longest");
        assert_eq!(refused(|i| i.rules.clear()), "rules");
        for condition in ["", " ", "repository == 'x'", "claims"] {
            assert_eq!(
                refused(|i| i.rules[0].condition = condition.into()),
                "rules"
            );
        }
        assert_eq!(
            refused(|i| i.rules[0].scope = "openid".parse().unwrap()),
            "rules"
        );
        let person = || Subject::Person {
            claim: "email".into(),
            by: PersonKey::Email,
        };
        assert_eq!(
            refused(|i| i.rules[0].subject = person()),
            "rules",
            "without clients"
        );
        assert_eq!(
            refused(|i| {
                i.rules[0].subject = person();
                i.rules[0].clients = vec!["app".into()];
            }),
            "rules",
            "without a scope"
        );
        assert_eq!(
            refused(|i| {
                i.reusable = true;
                i.rules[0].subject = person();
                i.rules[0].clients = vec!["app".into()];
                i.rules[0].scope = "openid".parse().unwrap();
            }),
            "rules",
            "what is reusable"
        );
    }
}
