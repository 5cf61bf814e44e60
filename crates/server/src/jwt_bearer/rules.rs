//! What a trusted issuer's word about a person gives a client (RFC 7521 §4.1, RFC 7523 §3.1, draft-ietf-oauth-identity-assertion-authz-grant §4.4). Pure.

use oauth::Scope;
use oauth::claims::{Audience, Confirmation};
use oauth::jwt_bearer::JwtBearer;
use oauth::token_exchange::{Party, may_act};
use realm::Client;
use realm::issuers::{PersonKey, Subject, TrustRule};
use serde_json::{Map, Value};

use crate::refusal::Reason;
use crate::trust::rules::Kind;

/// What may be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer<'a> {
    /// The claim that names the person, and what of the person it is.
    pub person: (&'a str, PersonKey),
    /// What is asked for, within what may be had.
    pub scope: Scope,
    /// The resources that are meant; none means those of the scope.
    pub resources: Vec<String>,
}

/// What is handed in, verified.
#[derive(Clone, Copy, Debug)]
pub struct HandedIn<'a> {
    /// What kind of text it is.
    pub kind: Kind,
    /// Who signed it.
    pub issuer: &'a str,
    /// What it says.
    pub claims: &'a Map<String, Value>,
    /// What it is bound to.
    pub confirmation: Option<&'a Confirmation>,
}

/// The first rule about people that lets this client hand it in, and what it gives for the request. `issuer` is ours, `proven` what the request proves to
/// have.
///
/// # Errors
/// The reason why nothing is given.
pub fn decide<'a>(
    client: &Client,
    handed: &HandedIn<'_>,
    rules: &[&'a TrustRule],
    request: &JwtBearer,
    (issuer, proven): (&str, Option<&Confirmation>),
) -> Result<Offer<'a>, Reason> {
    if handed.kind == Kind::IdJag
        && handed.claims.get("client_id").and_then(Value::as_str) != Some(client.id.as_str())
    {
        return Err(Reason::AssertionOfAnotherClient);
    }
    if handed
        .confirmation
        .is_some_and(|bound| !bound.is_met_by(proven))
    {
        return Err(Reason::AssertionBound);
    }
    let acting = Party {
        sub: Some(client.id.clone()),
        iss: Some(issuer.to_owned()),
        client_id: Some(client.id.clone()),
    };
    if !may_act(handed.claims.get("may_act"), handed.issuer, &acting) {
        return Err(Reason::AssertionActor);
    }
    let (rule, person) = rules
        .iter()
        .find_map(|rule| match &rule.subject {
            Subject::Person { claim, by } if rule.clients.contains(&client.id) => {
                Some((rule, (claim.as_str(), *by)))
            }
            _ => None,
        })
        .ok_or(Reason::AssertionRule)?;
    let bound = bound(rule, handed)?;
    let scope = match &request.scope {
        Some(asked) if !asked.is_subset(&bound) => return Err(Reason::ScopeExceedsGrant),
        Some(asked) => asked.clone(),
        None => bound,
    };
    Ok(Offer {
        person,
        scope,
        resources: resources(rule, handed, request)?,
    })
}

/// The most that may be had: what the rule says, and of that what the assertion says if it says anything. Nothing outlives the assertion's person.
fn bound(rule: &TrustRule, handed: &HandedIn<'_>) -> Result<Scope, Reason> {
    let most = rule.scope.without("offline_access");
    match handed.claims.get("scope") {
        None => Ok(most),
        Some(Value::String(text)) => {
            let said: Scope = text.parse().map_err(|_| Reason::AssertionMalformed)?;
            Ok(most.intersection(&said))
        }
        Some(_) => Err(Reason::AssertionMalformed),
    }
}

/// The resources that are meant, each within the rule and within what the assertion names.
fn resources(
    rule: &TrustRule,
    handed: &HandedIn<'_>,
    request: &JwtBearer,
) -> Result<Vec<String>, Reason> {
    let said: Option<Audience> = match handed.claims.get("resource") {
        None => None,
        Some(value) => {
            Some(serde_json::from_value(value.clone()).map_err(|_| Reason::AssertionMalformed)?)
        }
    };
    let wanted: Vec<String> = match (&said, request.resource.as_slice()) {
        (_, [_, ..]) => request.resource.clone(),
        (Some(said), []) => said.as_slice().to_vec(),
        (None, []) => Vec::new(),
    };
    let allowed = |id: &String| {
        let by_rule = rule.resources.is_empty() || rule.resources.contains(id);
        by_rule && said.as_ref().is_none_or(|said| said.contains(id))
    };
    if wanted.iter().all(allowed) {
        Ok(wanted)
    } else {
        Err(Reason::ResourceNotGranted)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn rule() -> TrustRule {
        TrustRule {
            condition: "true".into(),
            subject: Subject::Person {
                claim: "email".into(),
                by: PersonKey::Email,
            },
            clients: vec!["app".into()],
            scope: "a b offline_access".parse().unwrap(),
            resources: vec!["urn:a".into()],
        }
    }

    fn outcome(
        claims: Value,
        kind: Kind,
        id: &str,
        request: &JwtBearer,
    ) -> Result<Offer<'static>, Reason> {
        let rule: &'static TrustRule = Box::leak(Box::new(rule()));
        let client = Client {
            id: id.into(),
            ..Client::default()
        };
        let cnf: Option<Confirmation> = claims
            .get("cnf")
            .map(|cnf| serde_json::from_value(cnf.clone()).unwrap());
        let handed = HandedIn {
            kind,
            issuer: "https://idp.example",
            claims: claims.as_object().unwrap(),
            confirmation: cnf.as_ref(),
        };
        decide(
            &client,
            &handed,
            &[rule],
            request,
            ("https://as.example", Some(&Confirmation::key("k"))),
        )
    }

    fn ask(scope: Option<&str>, resource: &[&str]) -> JwtBearer {
        JwtBearer {
            assertion: String::new(),
            scope: scope.map(|scope| scope.parse().unwrap()),
            resource: resource.iter().map(|id| (*id).to_owned()).collect(),
            authorization_details: None,
        }
    }

    #[test]
    fn an_id_jag_is_for_its_client() {
        let all = ask(None, &[]);
        let is = |claims, id| outcome(claims, Kind::IdJag, id, &all).map(|_| ());
        assert_eq!(is(json!({"client_id": "app"}), "app"), Ok(()));
        for other in [
            json!({"client_id": "other"}),
            json!({}),
            json!({"client_id": ["app"]}),
        ] {
            assert_eq!(is(other, "app"), Err(Reason::AssertionOfAnotherClient));
        }
        assert_eq!(
            is(json!({"client_id": "other"}), "other"),
            Err(Reason::AssertionRule)
        );
        assert_eq!(
            is(json!({"client_id": "app", "cnf": {"jkt": "k"}}), "app"),
            Ok(())
        );
        assert_eq!(
            is(json!({"client_id": "app", "cnf": {"jkt": "x"}}), "app"),
            Err(Reason::AssertionBound)
        );
        assert_eq!(
            is(json!({"client_id": "app", "cnf": {"kid": "x"}}), "app"),
            Err(Reason::AssertionBound)
        );
        assert_eq!(
            is(
                json!({"client_id": "app", "may_act": {"sub": "app"}}),
                "app"
            ),
            Err(Reason::AssertionActor),
            "the issuer's app"
        );
        assert_eq!(
            is(
                json!({"client_id": "app", "may_act": {"sub": "app", "iss": "https://as.example"}}),
                "app"
            ),
            Ok(())
        );
    }

    #[test]
    fn resources_are_within_the_rule_and_the_assertion() {
        let is = |claims, resource: &[&str]| {
            outcome(claims, Kind::Plain, "app", &ask(None, resource)).map(|offer| offer.resources)
        };
        assert_eq!(is(json!({}), &["urn:a"]), Ok(vec!["urn:a".to_owned()]));
        assert_eq!(
            is(json!({"resource": "urn:a"}), &[]),
            Ok(vec!["urn:a".to_owned()])
        );
        assert_eq!(is(json!({}), &["urn:b"]), Err(Reason::ResourceNotGranted));
        assert_eq!(
            is(json!({"resource": ["urn:b"]}), &["urn:a"]),
            Err(Reason::ResourceNotGranted)
        );
        assert_eq!(
            is(json!({"resource": "urn:b"}), &[]),
            Err(Reason::ResourceNotGranted)
        );
        assert_eq!(
            is(json!({"resource": 7}), &[]),
            Err(Reason::AssertionMalformed)
        );
    }

    proptest! {
        #[test]
        fn scope_never_widens(said in proptest::option::of("[a-d]( [a-d]){0,2}"), asked in proptest::option::of("[a-d]( [a-d]){0,2}")) {
            let claims = said.as_ref().map_or(json!({}), |said| json!({"scope": said}));
            if let Ok(offer) = outcome(claims, Kind::Plain, "app", &ask(asked.as_deref(), &[])) {
                prop_assert!(offer.scope.is_subset(&rule().scope));
                prop_assert!(!offer.scope.contains("offline_access"));
                if let Some(said) = said {
                    prop_assert!(offer.scope.is_subset(&said.parse().unwrap()));
                }
                if let Some(asked) = asked {
                    prop_assert_eq!(offer.scope, asked.parse::<Scope>().unwrap());
                }
            }
        }
    }
}
