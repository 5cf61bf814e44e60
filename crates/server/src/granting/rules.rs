//! Which scope and which resources a request gets, and what one access token for them is (RFC 6749 §3.3, RFC 8707 §2, RFC 9068 §3).

use jose::Algorithm;
use oauth::Scope;
use oauth::authorization_details::AuthorizationDetails;
use oauth::claims_request::ClaimsRequest;
use realm::{
    Catalogue, Client, GrantType, Lifetimes, PersonFacts, Profile, Resource, STANDARD_SCOPES,
    ScopeOwner, TokenFormat,
};

use serde_json::{Map, Value};

use crate::granting::authorization_details::{belongs, join};
use crate::refusal::Reason;

/// Whether the scope is one of OpenID Connect Core §5.4 and §11: those belong to the issuer, not to a resource.
pub fn is_identity_scope(token: &str) -> bool {
    STANDARD_SCOPES.iter().any(|(name, _)| *name == token)
}

/// What is asked for on somebody's behalf, or a client's own.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// `scope`, when it was sent.
    pub scope: Option<&'a Scope>,
    /// `resource`, as often as it was sent.
    pub resources: &'a [String],
    /// `authorization_details`, when they were sent.
    pub details: Option<&'a AuthorizationDetails>,
    /// The part that a person has in it.
    pub person: Part,
}

/// The part that a person has in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// None: the scopes about people mean nothing.
    Absent,
    /// It is about one, who is not asked.
    Silent,
    /// One is asked, and told all of it.
    Asked,
}

/// What may be asked of the person, or is granted to a client for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The scope.
    pub scope: Scope,
    /// The resources that access tokens may be for, each known and named once. Empty: the issuer's own endpoints only.
    pub resources: Vec<String>,
}

/// Finds what a client may ask for: a known scope, allowed for the client, and details of types that it is registered for. In an OpenID request other scopes are
/// left out (OpenID Connect Core §3.1.2.1), elsewhere they are refused. Without `scope` the client's default scope counts; so it does for resources that are named
/// to a person beside scopes about people alone. A resource of which nothing is had is refused (docs/adr/0028-nothing-of-an-api.md).
///
/// # Errors
/// `invalid_scope`, `invalid_target` or `invalid_authorization_details`.
pub fn terms(asked: &Asked<'_>, client: &Client, catalogue: &Catalogue) -> Result<Terms, Reason> {
    let named = named(asked.resources, catalogue)?;
    let with_person = asked.person != Part::Absent;
    let meant = |token: &str| {
        if is_identity_scope(token) {
            return with_person;
        }
        match named.as_slice() {
            [] => catalogue.owner_of(token).is_some(),
            named => named.iter().any(|resource| defines(resource, token)),
        }
    };
    // A client without a scope of its own may ask for a person whatever the scopes' own rules grant.
    let allowed =
        |token: &str| client.scope.contains(token) || (with_person && client.scope.is_empty());
    // Refresh tokens are a grant type that is registered by itself: for others the wish means nothing.
    let useless =
        |token: &str| token == "offline_access" && !client.allows_grant(GrantType::RefreshToken);
    let default = || {
        let whole = asked.person == Part::Asked && client.scope.is_empty();
        let default = defaults(client, whole, &named);
        default.filter(|token| meant(token) && !useless(token))
    };
    let scope = match asked.scope {
        None => default(),
        Some(scope) => {
            let scope = if with_person {
                scope.filter(|token| !useless(token))
            } else {
                scope.clone()
            };
            let known = scope.filter(|token| meant(token) && allowed(token));
            let openid = with_person && scope.contains("openid");
            if !openid && known.len() < scope.len() {
                return Err(Reason::ScopeUnknown);
            }
            let silent = asked.person == Part::Asked && asked.details.is_none();
            if silent && !named.is_empty() && scope.iter().all(is_identity_scope) {
                known.union(&default().filter(|token| !is_identity_scope(token)))
            } else {
                known
            }
        }
    };
    let resources = match named.as_slice() {
        [] => inferred(&scope, catalogue)?,
        named => named.iter().map(|resource| resource.id.clone()).collect(),
    };
    let mut terms = Terms { scope, resources };
    if let Some(details) = asked.details {
        join(&mut terms, details, !named.is_empty(), (client, catalogue))?;
    }
    let had = |resource: &&Resource| {
        is_bare(resource) || reaches(resource, &terms.scope, asked.details, catalogue)
    };
    if !named.iter().all(had) {
        return Err(Reason::ResourceUseless);
    }
    Ok(terms)
}

/// What a request without `scope` asks for (RFC 6749 §3.3): the client's default scope, or what it registered for resources; or the whole of those that are named,
/// as a client may that registered nothing.
fn defaults(client: &Client, whole: bool, named: &[&Resource]) -> Scope {
    if !client.default_scope.is_empty() {
        client.default_scope.clone()
    } else if whole {
        let scopes = named.iter().flat_map(|resource| &resource.scopes);
        Scope::of(scopes.map(|scope| scope.name.as_str())).unwrap_or_default()
    } else {
        client.scope.filter(|token| !is_identity_scope(token))
    }
}

/// Whether a resource offers nothing but itself: then its name in the audience is all there is to be had.
pub fn is_bare(resource: &Resource) -> bool {
    resource.scopes.is_empty() && resource.authorization_details_types.is_empty()
}

/// Whether something of the resource is among these.
fn reaches(
    resource: &Resource,
    scope: &Scope,
    details: Option<&AuthorizationDetails>,
    catalogue: &Catalogue,
) -> bool {
    let own = std::slice::from_ref(&resource.id);
    scope.iter().any(|token| defines(resource, token))
        || details.is_some_and(|all| all.iter().any(|one| belongs(one, own, catalogue)))
}

/// The resources among these that offer nothing but themselves: people are asked about each by its name.
pub fn bare<'a>(ids: &[String], catalogue: &'a Catalogue) -> Vec<&'a Resource> {
    let known = ids.iter().filter_map(|id| catalogue.resource(id));
    known.filter(|resource| is_bare(resource)).collect()
}

/// The resources that were named, each once.
fn named<'a>(ids: &[String], catalogue: &'a Catalogue) -> Result<Vec<&'a Resource>, Reason> {
    let mut found: Vec<&Resource> = Vec::new();
    for id in ids {
        let resource = catalogue.resource(id).ok_or(Reason::ResourceUnknown)?;
        if found.iter().all(|other| other.id != resource.id) {
            found.push(resource);
        }
    }
    Ok(found)
}

fn defines(resource: &Resource, token: &str) -> bool {
    resource.scopes.iter().any(|scope| scope.name == token)
}

/// The one resource that all scopes of resources among these belong to. When there are several, nobody can say whom the token is for (RFC 9068
/// §3, RFC 8707 §2.2).
fn inferred(scope: &Scope, catalogue: &Catalogue) -> Result<Vec<String>, Reason> {
    let mut found: Option<&Resource> = None;
    for token in scope.iter() {
        let Some(ScopeOwner::Resource(owner)) = catalogue.owner_of(token) else {
            continue;
        };
        match found {
            Some(other) if other.id != owner.id => return Err(Reason::ScopeAmbiguous),
            _ => found = Some(owner),
        }
    }
    Ok(found
        .map(|resource| resource.id.clone())
        .into_iter()
        .collect())
}

/// Leaves out of the terms what the resources' own rules do not grant to this person or client.
///
/// # Errors
/// When something was asked for and nothing of it is left.
pub fn grantable(
    terms: &Terms,
    person: Option<&PersonFacts>,
    client: &Client,
    catalogue: &Catalogue,
) -> Result<Scope, Reason> {
    let granted = catalogue.grantable(&terms.scope, person, client);
    if granted.is_empty() && !terms.scope.is_empty() {
        return Err(match person {
            Some(_) => Reason::ScopeNotGrantableToPerson,
            None => Reason::ScopeNotGrantable,
        });
    }
    Ok(granted)
}

/// What is left of the terms for this person or client, and with these details: the scope that may be granted, and the resources of which something is left.
///
/// # Errors
/// When something was asked for and nothing of it is left.
pub fn left(
    terms: &Terms,
    details: Option<&AuthorizationDetails>,
    person: Option<&PersonFacts>,
    (client, catalogue): (&Client, &Catalogue),
) -> Result<Terms, Reason> {
    let scope = grantable(terms, person, client, catalogue)?;
    let had = |id: &&String| match catalogue.resource(id) {
        Some(resource) => is_bare(resource) || reaches(resource, &scope, details, catalogue),
        // That it is gone is found out by the token that would be for it.
        None => true,
    };
    let resources: Vec<String> = terms.resources.iter().filter(had).cloned().collect();
    if resources.is_empty() && scope.is_empty() && !terms.resources.is_empty() {
        return Err(match person {
            Some(_) => Reason::ScopeNotGrantableToPerson,
            None => Reason::ScopeNotGrantable,
        });
    }
    Ok(Terms { scope, resources })
}

/// The single claims that may be told (OpenID Connect Core §5.5), and the scopes that stand for them: those that may be granted to this client for this person,
/// as it is registered and they are by now.
pub fn claims(
    asked: Option<&ClaimsRequest>,
    (person, client): (&PersonFacts, &Client),
    catalogue: &Catalogue,
) -> (Option<ClaimsRequest>, Scope) {
    let Some(asked) = asked else {
        return (None, Scope::empty());
    };
    asked.allowed(|claim| {
        let mut scopes = catalogue.scopes_of_claim(claim);
        scopes.find(|scope| catalogue.may_grant(scope, Some(person), client))
    })
}

/// What one access token is for and how it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `aud`.
    pub audience: Vec<String>,
    /// `scope`: what was granted, less what belongs to other resources.
    pub scope: Scope,
    /// JWT or opaque.
    pub format: TokenFormat,
    /// The algorithm of a JWT.
    pub algorithm: Algorithm,
    /// What may take its place, the best first.
    pub fallbacks: Vec<Algorithm>,
    /// In seconds.
    pub lifetime: i64,
    /// What it is for in particular; [`narrow`](crate::granting::authorization_details::narrow) says what.
    pub details: Option<AuthorizationDetails>,
    /// The claims that /userinfo tells its bearer beyond those of the scope (OpenID Connect Core §5.5).
    pub claims: Vec<String>,
    /// In which languages (§5.2).
    pub locales: Vec<String>,
    /// What its scopes tell about the person in the token itself.
    pub released: Map<String, Value>,
}

impl Target {
    /// The same, if a client of this profile may be given it; by another algorithm of its resources where the profile does not permit the best.
    ///
    /// # Errors
    /// [`Reason::ProfileTokenAlgorithm`].
    pub fn permitted(mut self, profile: Profile) -> Result<Self, Reason> {
        if self.format == TokenFormat::Opaque || profile.permits_algorithm(self.algorithm) {
            return Ok(self);
        }
        let permitted = |one: &&Algorithm| profile.permits_algorithm(**one);
        self.algorithm = *self
            .fallbacks
            .iter()
            .find(permitted)
            .ok_or(Reason::ProfileTokenAlgorithm)?;
        Ok(self)
    }

    /// With the claims of a grant, if it is for the issuer's own endpoints.
    #[must_use]
    pub fn telling(mut self, claims: Option<&ClaimsRequest>, issuer: &str) -> Self {
        if self.audience.iter().any(|audience| audience == issuer) {
            let claims = claims.cloned().unwrap_or_default();
            (self.claims, self.locales) = (claims.userinfo, claims.locales);
        }
        self
    }
}

/// What one token request narrows a grant to; by default all that was granted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// The resources that were named.
    pub resources: &'a [String],
    /// What was asked for in particular.
    pub details: Option<&'a AuthorizationDetails>,
}

impl<'a> Wanted<'a> {
    /// These resources, and all details of theirs.
    pub fn resources(resources: &'a [String]) -> Self {
        Self {
            resources,
            details: None,
        }
    }
}

/// What an access token is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Granted<'a> {
    /// The scope this token may carry.
    pub scope: &'a Scope,
    /// The resources that were granted.
    pub resources: &'a [String],
    /// The resources that were named in this token request; none means all that were granted (RFC 8707 §2.2).
    pub named: &'a [String],
}

/// Finds what an access token is for. One for several resources must suit them all: the same format, an algorithm that each has, and the shortest lifetime.
/// With `openid` the issuer is in the audience too, because userinfo takes the token.
///
/// # Errors
/// `invalid_target`.
pub fn target(
    granted: &Granted<'_>,
    issuer: &str,
    catalogue: &Catalogue,
    lifetimes: &Lifetimes,
) -> Result<Target, Reason> {
    let ids = if granted.named.is_empty() {
        granted.resources
    } else if granted
        .named
        .iter()
        .all(|id| granted.resources.contains(id))
    {
        granted.named
    } else {
        return Err(Reason::ResourceNotGranted);
    };
    let resources = named(ids, catalogue)?;
    let scope = granted.scope.filter(|token| {
        is_identity_scope(token) || resources.iter().any(|resource| defines(resource, token))
    });
    let mut audience: Vec<String> = resources.iter().map(|r| r.id.clone()).collect();
    let named = audience.iter().any(|id| id == issuer);
    if !named && (audience.is_empty() || scope.contains("openid")) {
        audience.push(issuer.to_owned());
    }
    let (format, algorithm, fallbacks) = match resources.as_slice() {
        [] => (TokenFormat::Jwt, Algorithm::Es256, Vec::new()),
        [first, others @ ..] => {
            let format = first.token_format;
            if others.iter().any(|other| other.token_format != format) {
                return Err(Reason::ResourcesIncompatible);
            }
            let by_all =
                |one: &&Algorithm| others.iter().all(|other| other.algorithms().contains(one));
            let mut common = first.algorithms().iter().filter(by_all).copied();
            let best = common.next().ok_or(Reason::ResourcesIncompatible)?;
            (format, best, common.collect())
        }
    };
    let lifetime = resources
        .iter()
        .filter_map(|resource| resource.token_lifetime)
        .fold(None, |least: Option<i64>, own| {
            Some(least.map_or(own, |least| least.min(own)))
        })
        .unwrap_or(lifetimes.access_token);
    Ok(Target {
        audience,
        scope,
        format,
        algorithm,
        fallbacks,
        lifetime,
        details: None,
        claims: Vec::new(),
        locales: Vec::new(),
        released: Map::new(),
    })
}
