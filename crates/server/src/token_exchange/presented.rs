//! Reading the tokens that are handed in: each is verified as what it is said to be, and whoever it is about must still be there.

use oauth::claims::{AccessToken, IdToken, Origin};
use oauth::token_exchange::{Actors, HandedIn, TokenType};
use oauth::{Redacted, Scope};

use super::foreign;
use super::rules::{Presented, SignedIn};
use crate::call::Call;
use crate::client_auth::AuthenticatedClient;
use crate::refresh_token;
use crate::refusal::{Reason, Refusal};
use crate::tokens::{access_token, id_token, subject};

/// A token that was read, and the person it is about.
pub(super) struct Read {
    /// What it says.
    pub(super) presented: Presented,
    /// Whom it is about, if that is a person.
    pub(super) person: Option<identity::Person>,
}

impl std::fmt::Debug for Read {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Read").field(&Redacted).finish()
    }
}

/// Reads a token; `invalid` is the reason when it is not good, whatever is wrong with it.
pub(super) async fn read(
    call: &Call,
    client: &AuthenticatedClient,
    handed: &HandedIn,
    invalid: Reason,
) -> Result<Read, Refusal> {
    let presented = match handed.kind {
        TokenType::AccessToken => of_access_token(call, &handed.token).await,
        TokenType::IdToken | TokenType::Jwt if is_foreign(call, &handed.token) => {
            foreign::read(call, client, &handed.token).await
        }
        TokenType::IdToken => of_id_token(call, &handed.token).await,
        TokenType::RefreshToken => of_refresh_token(call, client, &handed.token).await,
        TokenType::Jwt => of_jwt(call, &handed.token).await,
        TokenType::IdJag => Err(invalid.into()),
    };
    let read = match presented {
        Ok(presented) => with_person(call, client, presented).await,
        Err(refusal) => Err(refusal),
    };
    read.map_err(|refusal| match refusal {
        Refusal::Because(_) => invalid.into(),
        failed => failed,
    })
}

/// Whether a JWT says that somebody else issued it.
fn is_foreign(call: &Call, token: &str) -> bool {
    let claims = jose::jws::peek(token).and_then(|peeked| peeked.claims());
    claims.is_ok_and(|claims| {
        let issuer = claims.get("iss").and_then(serde_json::Value::as_str);
        issuer != Some(call.realm.issuer())
    })
}

/// A JWT is whatever its `typ` says.
async fn of_jwt(call: &Call, token: &str) -> Result<Presented, Refusal> {
    let peeked = jose::jws::peek(token).map_err(|_| Reason::TokenMalformed)?;
    match peeked.header.typ.as_deref() {
        Some(typ) if typ.eq_ignore_ascii_case(access_token::TYPE) => {
            of_access_token(call, token).await
        }
        _ => of_id_token(call, token).await,
    }
}

async fn of_access_token(call: &Call, token: &str) -> Result<Presented, Refusal> {
    let claims = access_token::read(&call.realm, token, call.now()).await?;
    let client = living_client(call, &claims.client_id).await?;
    let may_act = claims.may_act.clone().or_else(|| may_act_of(&client));
    let actors = Actors::parse(claims.act.as_ref()).map_err(|_| Reason::TokenMalformed)?;
    let is_person = claims.grant_id.is_some();
    let origins = origins_of(&claims);
    let details = access_token::details(&claims)?;
    Ok(Presented {
        details,
        sub: claims.sub,
        shown_as: None,
        issuer: claims.iss,
        as_said: None,
        is_person,
        client: Some(claims.client_id),
        audience: claims.aud.as_slice().to_vec(),
        scope: claims.scope.unwrap_or_default(),
        is_bound: claims.cnf.is_some(),
        confirmation: claims.cnf,
        actors,
        may_act: may_act.filter(|_| is_person),
        is_entrusted: false,
        only_resources: Vec::new(),
        expires_at: claims.exp,
        grant_id: claims.grant_id,
        session: claims.sid,
        signed_in: SignedIn {
            time: claims.auth_time,
            acr: claims.acr,
            amr: claims.amr,
        },
        origins,
    })
}

/// The token itself, then what it was exchanged from.
fn origins_of(claims: &AccessToken) -> Vec<Origin> {
    let own = Origin {
        jti: Some(claims.jti.clone()),
        client_id: Some(claims.client_id.clone()),
        sub: Some(claims.sub.clone()),
        grant_id: claims.grant_id.clone(),
        sid: claims.sid.clone(),
        iat: claims.iat,
    };
    std::iter::once(own)
        .chain(claims.exchanged_from.iter().cloned())
        .collect()
}

async fn of_id_token(call: &Call, token: &str) -> Result<Presented, Refusal> {
    let realm = &call.realm;
    let claims: IdToken = id_token::read(realm, token, call.now()).await?;
    // Ours are for one client.
    let [client] = claims.aud.as_slice() else {
        return Err(Reason::TokenMalformed.into());
    };
    let registered = living_client(call, client).await?;
    let grant = id_token::grant_of(&claims).map(str::to_owned);
    let origin = Origin {
        jti: None,
        client_id: Some(client.clone()),
        sub: Some(claims.sub.clone()),
        grant_id: grant.clone(),
        sid: claims.sid.clone(),
        iat: claims.iat,
    };
    if access_token::is_origin_revoked(realm, &origin, &claims.sub) {
        return Err(Reason::TokenRevoked.into());
    }
    Ok(Presented {
        is_person: true,
        issuer: claims.iss.clone(),
        client: Some(client.clone()),
        scope: Scope::of(["openid"]).unwrap_or_default(),
        may_act: claims.may_act.clone().or_else(|| may_act_of(&registered)),
        expires_at: claims.exp,
        grant_id: grant,
        session: claims.sid,
        signed_in: SignedIn {
            time: claims.auth_time,
            acr: claims.acr,
            amr: claims.amr,
        },
        origins: vec![origin],
        sub: claims.sub,
        ..Presented::default()
    })
}

/// A refresh token of this client; it stays what it is.
async fn of_refresh_token(
    call: &Call,
    client: &AuthenticatedClient,
    token: &str,
) -> Result<Presented, Refusal> {
    let family = refresh_token::living(call, client, token)
        .await?
        .ok_or(Reason::RefreshUnknown)?;
    // Here and not by the rules of exchange: it is used with what every refresh of it takes, be that the key of an instance, and never bound to something else.
    if let Some(bound) = &family.confirmation
        && !bound.is_met_by(client.refreshes_with())
    {
        return Err(Reason::RefreshBound.into());
    }
    let session = family.session.filter(|_| !family.offline);
    Ok(Presented {
        sub: family.person.clone(),
        shown_as: None,
        issuer: call.realm.issuer().to_owned(),
        as_said: None,
        is_person: true,
        client: Some(family.client.clone()),
        audience: family.resources,
        scope: family.scope,
        details: family.details,
        is_bound: family.bound.is_some(),
        confirmation: None,
        actors: Actors::default(),
        may_act: may_act_of(client),
        is_entrusted: false,
        only_resources: Vec::new(),
        expires_at: family.idle_expires_at.min(family.expires_at),
        grant_id: Some(family.id.clone()),
        session: session.clone(),
        signed_in: SignedIn {
            time: Some(family.auth_time),
            acr: family.acr,
            amr: family.amr,
        },
        origins: vec![Origin {
            jti: None,
            client_id: Some(family.client),
            sub: Some(family.person),
            grant_id: Some(family.id),
            sid: session,
            iat: family.created_at,
        }],
    })
}

/// Who may act with what people let a client have, as a claim.
fn may_act_of(client: &realm::Client) -> Option<serde_json::Value> {
    client
        .may_act
        .as_ref()
        .map(|party| serde_json::json!(party))
}

async fn living_client(call: &Call, id: &str) -> Result<std::sync::Arc<realm::Client>, Refusal> {
    let client = call.holder(id).await?;
    client
        .filter(|client| !client.disabled)
        .ok_or_else(|| Reason::TokenRevoked.into())
}

/// The person that a token is about must be there, and not have signed out everywhere since.
async fn with_person(
    call: &Call,
    client: &realm::Client,
    mut presented: Presented,
) -> Result<Read, Refusal> {
    if !presented.is_person {
        // A client that acts for itself.
        living_client(call, &presented.sub).await?;
        return Ok(Read {
            presented,
            person: None,
        });
    }
    let person = identity::people::find(&call.realm, &presented.sub).await?;
    let issued_at = presented.origins.iter().map(|origin| origin.iat).min();
    match person {
        Some(person)
            if !person.disabled && issued_at.is_none_or(|at| at > person.signed_out_at) =>
        {
            presented.shown_as = Some(subject::of(&call.realm, client, &person.id));
            Ok(Read {
                presented,
                person: Some(person),
            })
        }
        _ => Err(Reason::PersonGone.into()),
    }
}
