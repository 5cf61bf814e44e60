//! Who is asked (OpenID Connect CIBA Core §7.1).

use identity::{Person, people};
use jose::jwt;
use oauth::ciba::{Hint, HintToken, SubjectIdentifier};
use oauth::client_auth::assertion::ASYMMETRIC;
use realm::{Client, Realm};

use crate::call::Call;
use crate::client_auth::{AuthenticatedClient, Unverified, verify_signed};
use crate::refusal::{Reason, Refusal};
use crate::tokens::id_token;

/// How far the clocks of clients may be off, in seconds.
const LEEWAY: i64 = 30;

/// The person whom the hint names and who can be asked.
///
/// # Errors
/// `unknown_user_id`, `expired_login_hint_token`, or `invalid_request` for a hint that cannot be believed (§13).
pub(super) async fn person(
    call: &Call,
    client: &AuthenticatedClient,
    hint: &Hint,
) -> Result<Person, Refusal> {
    let realm = &call.realm;
    let found = match hint {
        Hint::Login(name) => named(realm, client, name).await?,
        Hint::IdToken(token) => {
            let claims = id_token::read_hint(call, token).await?;
            // One of another client says that its holder got hold of it, not that the person knows this one.
            if !claims.aud.contains(&client.id) {
                return Err(Reason::CibaHintOfAnother.into());
            }
            people::find(realm, &claims.sub).await?
        }
        Hint::Token(token) => {
            let named = read(call, client, token).await?.sub_id;
            identified(realm, client, named).await?
        }
    };
    found
        .filter(|person| !person.disabled)
        .ok_or_else(|| Reason::CibaUserUnknown.into())
}

/// By the user name, the e-mail address, or what tokens carry as `sub`.
async fn named(realm: &Realm, client: &Client, name: &str) -> Result<Option<Person>, Refusal> {
    if let Some(person) = people::find_by_username(realm, name).await? {
        return Ok(Some(person));
    }
    if name.contains('@') {
        return Ok(people::find_by_email(realm, name).await?);
    }
    told(realm, client, name).await
}

/// By what the client is told as `sub`. From what only a sector is told nobody can be found.
async fn told(realm: &Realm, client: &Client, sub: &str) -> Result<Option<Person>, Refusal> {
    match client.sector() {
        None => Ok(people::find(realm, sub).await?),
        Some(_) => Ok(None),
    }
}

/// By a subject identifier (RFC 9493).
async fn identified(
    realm: &Realm,
    client: &Client,
    identifier: SubjectIdentifier,
) -> Result<Option<Person>, Refusal> {
    Ok(match identifier {
        SubjectIdentifier::IssSub { iss, sub } if iss == realm.issuer() => {
            told(realm, client, &sub).await?
        }
        SubjectIdentifier::Opaque { id } => people::find_by_username(realm, &id).await?,
        SubjectIdentifier::Email { email } => people::find_by_email(realm, &email).await?,
        SubjectIdentifier::IssSub { .. } | SubjectIdentifier::Unknown => None,
    })
}

/// Reads a `login_hint_token`: a JWT that the client signs for this server.
async fn read(
    call: &Call,
    client: &AuthenticatedClient,
    token: &str,
) -> Result<HintToken, Refusal> {
    let policy = jwt::Policy {
        issuer: jwt::Issuer::Is(&client.id),
        audience: jwt::Audience::Includes(call.realm.issuer()),
        algorithms: ASYMMETRIC,
        typ: jwt::Type::Unchecked,
        lifetime: jwt::Lifetime::Expires,
        now: call.now(),
        leeway: LEEWAY,
    };
    let read = verify_signed::<HintToken>(call, client, token, &policy).await;
    read.map(jwt::Verified::into_claims).map_err(|unverified| {
        match unverified {
            Unverified::Token(jose::Error::Expired) => Reason::CibaHintExpired,
            Unverified::Keys(_) | Unverified::Token(_) => Reason::CibaHintInvalid,
        }
        .into()
    })
}
