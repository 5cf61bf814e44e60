//! ID tokens (OpenID Connect Core §2): who signed in, when and how. What else is known about the person is told at /userinfo (§5.4).

use jose::{Algorithm, jwt};
use oauth::Scope;
use oauth::claims::{IdToken, StandardClaims};
use oauth::claims_request::ClaimsRequest;
use realm::resources::Place;
use realm::{Catalogue, Client, Realm, Settings};

pub(crate) use super::access_token::ALGORITHMS;
use super::access_token::{Authentication, verify_signed};
use super::released::{self, About};
use super::subject;
use crate::call::Call;
use crate::decryption;
use crate::refusal::{Reason, Refusal};

/// What an ID token says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Content<'a> {
    /// The person.
    pub(crate) person: &'a str,
    /// How they signed in.
    pub(crate) authentication: Authentication<'a>,
    /// The grant.
    pub(crate) grant: &'a str,
    /// The session, while there is one.
    pub(crate) session: Option<&'a str>,
    /// The `nonce` of the authorization request.
    pub(crate) nonce: Option<&'a str>,
    /// What it says about the person, which was asked for claim by claim (§5.5).
    pub(crate) told: Option<&'a StandardClaims>,
    /// The access token beside it.
    pub(crate) access_token: &'a str,
    /// In seconds.
    pub(crate) lifetime: i64,
}

/// The algorithm of a client's ID tokens: the one that it registered, else the first that it can verify and its profile permits, else RS256 (OpenID Connect
/// Registration §2) or what its profile has in its place.
pub(crate) fn algorithm(client: &Client, settings: &Settings) -> Algorithm {
    algorithm_that(client, settings, |_| true)
}

/// The same, where the client left the choice, of those that fit.
pub(crate) fn algorithm_that(
    client: &Client,
    settings: &Settings,
    fits: impl Fn(Algorithm) -> bool,
) -> Algorithm {
    if let Some(registered) = client.id_token_signed_response_alg {
        return registered;
    }
    let profile = client.profile(settings);
    let choices = &client.id_token_signing_alg_values_supported;
    choices
        .best(|one| profile.permits_algorithm(one) && fits(one))
        .unwrap_or_else(|| profile.default_algorithm())
}

/// What the ID token says of tokens that are sent to the client without its asking (OpenID Connect CIBA Core §10.3.1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pushed<'a> {
    /// The request that they answer.
    pub(crate) auth_req_id: &'a str,
    /// The refresh token beside it.
    pub(crate) refresh_token: Option<&'a str>,
}

/// What was asked for in the ID token claim by claim, and what the operator's own scopes tell there, if there is any of it.
pub(crate) fn told(
    realm: &Realm,
    catalogue: &Catalogue,
    about: About<'_>,
    claims: Option<&ClaimsRequest>,
) -> Option<StandardClaims> {
    let wanted = claims.map(ClaimsRequest::in_id_token).unwrap_or_default();
    let released = released::told(realm, catalogue, about, (&[Place::IdToken], wanted));
    if wanted.names.is_empty() && released.is_empty() {
        return None;
    }
    let mut told = about.person.told(&Scope::empty(), wanted);
    released::add(&mut told, released);
    Some(told)
}

/// Makes an ID token for a client.
pub(crate) async fn mint(
    realm: &Realm,
    client: &Client,
    content: &Content<'_>,
    now: i64,
) -> Result<String, Refusal> {
    mint_with(realm, client, content, (None, now)).await
}

/// Makes an ID token for a client, and says in it what was pushed with it.
pub(crate) async fn mint_with(
    realm: &Realm,
    client: &Client,
    content: &Content<'_>,
    (pushed, now): (Option<Pushed<'_>>, i64),
) -> Result<String, Refusal> {
    let algorithm = algorithm(client, &realm.settings());
    let key = realm.keys().signer(algorithm).await?;
    let whose = (content.person, content.grant);
    let names = subject::named(realm, client, whose, content.session);
    let claims = IdToken {
        iss: realm.issuer().to_owned(),
        sub: names.sub,
        aud: client.id.as_str().into(),
        exp: now.saturating_add(content.lifetime),
        iat: now,
        auth_time: Some(content.authentication.time),
        nonce: content.nonce.map(str::to_owned),
        acr: content.authentication.acr.map(str::to_owned),
        amr: content.authentication.amr.to_vec(),
        at_hash: oauth::id_token::at_hash(algorithm, content.access_token),
        sid: names.sid,
        jti: Some(names.jti),
        person: content.told.cloned().unwrap_or_default(),
        may_act: client
            .may_act
            .as_ref()
            .map(|party| serde_json::json!(party)),
        auth_req_id: pushed.map(|pushed| pushed.auth_req_id.to_owned()),
        rt_hash: pushed
            .and_then(|pushed| oauth::id_token::at_hash(algorithm, pushed.refresh_token?)),
        ..IdToken::default()
    };
    Ok(jwt::sign(&key, "JWT", &claims)?)
}

/// The grant that one of our ID tokens comes from.
pub(crate) fn grant_of(claims: &IdToken) -> Option<&str> {
    let (grant, _) = claims.jti.as_deref()?.split_once('.')?;
    Some(grant)
}

/// Reads one of our ID tokens that has not expired, whomever it is for. Its `sub` is the person, whatever its client is told.
///
/// # Errors
/// [`Reason::TokenMalformed`] or [`Reason::TokenExpired`].
pub(crate) async fn read(realm: &Realm, token: &str, now: i64) -> Result<IdToken, Refusal> {
    let policy = jwt::Policy {
        issuer: jwt::Issuer::Is(realm.issuer()),
        audience: jwt::Audience::Unchecked,
        algorithms: ALGORITHMS,
        typ: jwt::Type::Plain,
        lifetime: jwt::Lifetime::Expires,
        now,
        leeway: 0,
    };
    match verify_signed::<IdToken>(realm, token, &policy).await? {
        Ok(claims) => subject::revealed(realm, claims).ok_or_else(|| Reason::TokenMalformed.into()),
        Err(jose::Error::Expired) => Err(Reason::TokenExpired.into()),
        Err(_) => Err(Reason::TokenMalformed.into()),
    }
}

/// Reads an `id_token_hint`: one of our ID tokens, expired or not, and encrypted to us or not (OpenID Connect Core §3.1.2.1). Its `sub` is the person.
pub(crate) async fn read_hint(call: &Call, hint: &str) -> Result<IdToken, Refusal> {
    let realm = &call.realm;
    let policy = jwt::Policy {
        issuer: jwt::Issuer::Is(realm.issuer()),
        audience: jwt::Audience::Unchecked,
        algorithms: ALGORITHMS,
        typ: jwt::Type::Plain,
        lifetime: jwt::Lifetime::Unlimited,
        now: call.now(),
        leeway: 5,
    };
    let hint = decryption::opened(call, hint)
        .await
        .map_err(|refusal| match refusal {
            Refusal::Because(_) => Reason::HintInvalid.into(),
            failed => failed,
        })?;
    let read = verify_signed::<IdToken>(realm, &hint, &policy).await?;
    read.ok()
        .and_then(|claims| subject::revealed(realm, claims))
        .ok_or_else(|| Reason::HintInvalid.into())
}

/// Reads an `id_token_hint` that this client sends with a request.
pub(crate) async fn read_hint_of(
    call: &Call,
    client: &Client,
    hint: &str,
) -> Result<IdToken, Refusal> {
    let claims = read_hint(call, hint).await?;
    if subject::may_compare(client, &claims) {
        Ok(claims)
    } else {
        Err(Reason::HintInvalid.into())
    }
}
