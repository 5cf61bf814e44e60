//! What must be so for a resource to be registered.

use std::collections::HashSet;

use oauth::Scope;
use url::Url;

use super::catalogue::STANDARD_SCOPES;
use super::claims;
use super::credentials;
use super::details;
use super::document::{Grantable, Resource, ScopeDefinition};
use super::expression::Expression;
use crate::clients::check_text;
use crate::error::Invalid;
use crate::settings;

pub(super) fn check(resource: &Resource) -> Result<(), Invalid> {
    check_id(&resource.id)?;
    check_text("name", &resource.name, 200)?;
    if resource.scopes.len() > 200 {
        return Err(Invalid::new("scopes", "a resource has at most 200"));
    }
    let mut seen = HashSet::new();
    for scope in &resource.scopes {
        check_scope(scope)?;
        if !seen.insert(scope.name.as_str()) {
            return Err(Invalid::new(
                "scopes",
                format!("`{}` is named twice", scope.name),
            ));
        }
    }
    details::check(resource, check_grantable)?;
    credentials::check(resource, check_grantable)?;
    if let Some(lifetime) = resource.token_lifetime {
        settings::check_one("access_token", lifetime)
            .map_err(|invalid| Invalid::new("token_lifetime", invalid.reason))?;
    }
    resource.description.check()?;
    resource.signing_alg.check("signing_alg")
}

/// An absolute URI without a fragment (RFC 8707 §2).
fn check_id(id: &str) -> Result<(), Invalid> {
    let refuse = |reason: &str| {
        Err(Invalid::new(
            "id",
            format!("`{}` {reason}", id.escape_default()),
        ))
    };
    if id.is_empty() || id.len() > 255 {
        return refuse("has not 1 to 255 characters");
    }
    if id.contains('#') {
        return refuse("has a fragment, which a resource must not have (RFC 8707 §2)");
    }
    if !id.bytes().all(|byte| byte.is_ascii_graphic()) || Url::parse(id).is_err() {
        return refuse(
            "is not an absolute URI, such as https://api.example.org or urn:example:notes",
        );
    }
    Ok(())
}

fn check_scope(scope: &ScopeDefinition) -> Result<(), Invalid> {
    let refuse = |reason: String| {
        Err(Invalid::new(
            "scopes",
            format!("`{}`: {reason}", scope.name.escape_default()),
        ))
    };
    if !Scope::is_token(&scope.name) || scope.name.len() > 100 {
        return refuse("a scope's name is 1 to 100 characters of printable ASCII without white space, quotes and backslashes".to_owned());
    }
    if STANDARD_SCOPES.iter().any(|(name, _)| *name == scope.name) {
        return refuse("this scope belongs to OpenID Connect".to_owned());
    }
    if scope.description.trim().is_empty() {
        return refuse("it needs a description in words, which people read at consent".to_owned());
    }
    check_text("scopes", &scope.description, 300)?;
    if scope.claims.len() > claims::MOST {
        return refuse(format!("it tells more than {} claims", claims::MOST));
    }
    let mut named = HashSet::new();
    for claim in &scope.claims {
        if let Err(reason) = claims::check(claim) {
            return refuse(reason);
        }
        if !named.insert(claim.name.as_str()) {
            return refuse(format!("the claim `{}` is named twice", claim.name));
        }
    }
    check_grantable(&scope.grantable).or_else(refuse)
}

/// Whether a rule that says who may be granted something can be used.
fn check_grantable(grantable: &Grantable) -> Result<(), String> {
    match grantable {
        Grantable::Everyone => Ok(()),
        Grantable::Group(group) if group.trim().is_empty() => {
            Err("the group has no name".to_owned())
        }
        Grantable::Group(group) => {
            check_text("scopes", group, 200).map_err(|invalid| invalid.reason)
        }
        Grantable::Expression(source) => Expression::compile(source).map(drop),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    fn notes() -> Resource {
        Resource {
            id: "urn:demo:notes".to_owned(),
            name: "Notes".to_owned(),
            scopes: vec![ScopeDefinition {
                name: "notes.read".to_owned(),
                description: "Read your notes".to_owned(),
                grantable: Grantable::Everyone,
                claims: Vec::new(),
            }],
            ..Resource::default()
        }
    }

    fn refused(change: impl FnOnce(&mut Resource)) -> Invalid {
        let mut resource = notes();
        change(&mut resource);
        check(&resource).unwrap_err()
    }

    #[test]
    fn a_resource_is_an_absolute_uri_without_a_fragment() {
        check(&notes()).unwrap();
        for id in [
            "",
            "notes",
            "https://api.example/#x",
            "https://api.example/ä",
            "urn:a b",
        ] {
            assert_eq!(
                refused(|resource| resource.id = id.to_owned()).field,
                "id",
                "{id}"
            );
        }
    }

    #[test]
    fn each_broken_member_is_named() {
        assert!(
            refused(|r| r.scopes[0].name = "openid".to_owned())
                .reason
                .contains("OpenID")
        );
        assert!(
            refused(|r| r.scopes[0].name = "a b".to_owned())
                .reason
                .contains("a b")
        );
        assert!(
            refused(|r| r.scopes[0].description = " ".to_owned())
                .reason
                .contains("words")
        );
        assert!(
            refused(|r| r.scopes.push(r.scopes[0].clone()))
                .reason
                .contains("twice")
        );
        let broken = Grantable::Expression("person.groups".to_owned());
        assert!(
            refused(|r| r.scopes[0].grantable = broken)
                .reason
                .contains("bool")
        );
        assert_eq!(
            refused(|r| r.token_lifetime = Some(0)).field,
            "token_lifetime"
        );
        assert_eq!(
            refused(|r| r.signing_alg = jose::Algorithm::Hs256.into()).field,
            "signing_alg"
        );
    }
}
