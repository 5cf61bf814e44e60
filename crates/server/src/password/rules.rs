//! What comes of a password that was right (RFC 6749 §4.3.3).

use oauth::Scope;
use realm::{Client, GrantType, Lifetimes};

use crate::refresh_token::rules::Family;

/// What is granted.
#[derive(Clone, Debug)]
pub struct Granting {
    /// The grant's name.
    pub grant: String,
    /// The person.
    pub person: String,
    /// When it was granted, which is when the person authenticated (unix seconds).
    pub issued_at: i64,
    /// The scope.
    pub scope: Scope,
    /// The resources that access tokens may be for.
    pub resources: Vec<String>,
    /// How the person authenticated (RFC 8176).
    pub amr: Vec<String>,
    /// How strongly.
    pub acr: Option<String>,
}

/// The family of refresh tokens that begins, bound to nothing yet: for a client that is registered for refresh tokens, and in an OpenID request only with
/// `offline_access` (OpenID Connect Core §11). There is no session that it could end with.
pub fn family(granting: &Granting, client: &Client, lifetimes: &Lifetimes) -> Option<Family> {
    let offline = granting.scope.contains("offline_access");
    if !client.allows_grant(GrantType::RefreshToken)
        || (granting.scope.contains("openid") && !offline)
    {
        return None;
    }
    let now = granting.issued_at;
    let expires_at = now.saturating_add(lifetimes.refresh_absolute);
    Some(Family {
        id: granting.grant.clone(),
        client: client.id.clone(),
        person: granting.person.clone(),
        session: None,
        offline,
        scope: granting.scope.clone(),
        resources: granting.resources.clone(),
        details: None,
        claims: None,
        auth_time: now,
        amr: granting.amr.clone(),
        acr: granting.acr.clone(),
        confirmation: None,
        bound: None,
        bound_from: 1,
        counter: 1,
        rotated_at: now,
        created_at: now,
        idle_expires_at: now.saturating_add(lifetimes.refresh_idle).min(expires_at),
        expires_at,
        revoked_at: None,
        version: 1,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    fn granting(scope: &str) -> Granting {
        Granting {
            grant: "grant".into(),
            person: "alice".into(),
            issued_at: 1_000,
            scope: scope.parse().unwrap(),
            resources: Vec::new(),
            amr: vec!["pwd".into()],
            acr: None,
        }
    }

    #[test]
    fn refresh_tokens_are_for_those_who_registered_and_asked() {
        let lifetimes = Lifetimes::default();
        let begins = |scope: &str, grants: &[GrantType]| {
            let client = Client {
                grant_types: grants.to_vec(),
                ..Client::default()
            };
            family(&granting(scope), &client, &lifetimes)
        };
        let both = [GrantType::Password, GrantType::RefreshToken];
        assert!(begins("notes.read", &both).is_some());
        assert!(begins("openid offline_access", &both).is_some_and(|family| family.offline));
        assert!(begins("openid", &both).is_none());
        assert!(begins("notes.read", &[GrantType::Password]).is_none());
        let family = begins("notes.read", &both).unwrap();
        assert!(family.session.is_none() && family.idle_expires_at <= family.expires_at);
    }
}
