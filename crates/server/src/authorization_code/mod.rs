//! `grant_type=authorization_code` (RFC 6749 §4.1.3): a code becomes tokens, once.
//!
//! 1. The code is read by its hash. 2. `rules.rs` decides. 3. The person is read. 4. The tokens are signed. 5. One batch marks the code as
//!    redeemed and begins the family of refresh tokens; when another redemption was faster the guard fails and all begins again, which
//!    then sees a replay.

pub mod rules;
pub(crate) mod sql;

use std::borrow::Cow;

use identity::Person;
use oauth::claims::Confirmation;
use oauth::token::{AuthorizationCode, TokenResponse};
use realm::{Catalogue, Client, Event, GrantType, Lifetimes, Mark, PersonFacts, Realm};

use self::rules::{Code, Decision, Presented};
use crate::call::Call;
use crate::client_auth::AuthenticatedClient;
use crate::commit::TRIES;
use crate::credential;
use crate::granting::authorization_details::{narrow, still_grantable};
use crate::granting::rules::{Granted, Target, Terms, Wanted, left, target};
use crate::refresh_token;
use crate::refresh_token::rules::{Bound, Family};
use crate::refusal::{Reason, Refusal};
use crate::tokens::access_token::{self, Authentication, Bearer, Holder, of_grant};
use crate::tokens::id_token;
use crate::tokens::released::{self, About};
use realm::resources::Place;

/// How a code begins, so that secret scanners know it.
pub(crate) const PREFIX: &str = "gac_";

/// The hash under which a code is stored.
pub(crate) fn hash(code: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, code.as_bytes());
    jose::base64url::encode(digest)
}

/// Redeems a code.
pub(crate) async fn redeem(
    call: &Call,
    client: &AuthenticatedClient,
    request: &AuthorizationCode,
) -> Result<TokenResponse, Refusal> {
    let hash = hash(&request.code);
    for _ in 0..TRIES {
        let Some(code) = sql::find(&call.realm, &hash).await? else {
            call.server.guesses.failed(call, &client.id);
            return Err(Reason::CodeUnknown.into());
        };
        let presented = Presented {
            client: &client.id,
            redirect_uri: request.redirect_uri.as_deref(),
            verifier: request.code_verifier.as_ref(),
            confirmation: client.confirmation(),
        };
        match rules::decide(&code, &presented, call.now())? {
            Decision::Replay => return Err(replayed(call, client, &code).await?),
            Decision::Redeem => {
                if let Some(tokens) = attempt(call, client, request, &code, &hash).await? {
                    return Ok(tokens);
                }
            }
        }
    }
    // Still fresh and yet not to be redeemed: revoked at another node, of which this one is about to hear.
    Err(Reason::GrantRevoked.into())
}

/// Issues the tokens; `None` when another redemption was faster.
async fn attempt(
    call: &Call,
    client: &AuthenticatedClient,
    request: &AuthorizationCode,
    code: &Code,
    hash: &str,
) -> Result<Option<TokenResponse>, Refusal> {
    let (realm, now) = (&call.realm, call.now());
    let wanted = Wanted {
        resources: &request.resource,
        details: request.authorization_details.as_ref(),
    };
    let Issued { tokens, family } = fulfil(realm, &Recipient::of(client), code, wanted).await?;
    let mut batch = client.batch(realm);
    batch.expect(
        &sql::REDEEM_CODE,
        sql::redeem(realm.name(), hash, code, now),
        1,
    );
    if let Some(family) = &family {
        refresh_token::begin(realm, &mut batch, family);
    }
    realm.record(&mut batch, event(call, "authorization_code.redeemed", code));
    Ok(client.commit(realm, batch).await?.map(|_| tokens))
}

/// What a person's grant gives: nothing of it goes out before its family is committed.
pub(crate) struct Issued {
    /// The answer.
    pub(crate) tokens: TokenResponse,
    /// The family of refresh tokens that begins with it.
    pub(crate) family: Option<Family>,
}

/// Who gets what a person's grant gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipient<'a> {
    /// The client.
    pub(crate) client: &'a Client,
    /// What its tokens are bound to.
    pub(crate) confirmation: Option<&'a Confirmation>,
    /// The key of its instance, if an attester vouches for that.
    pub(crate) instance: Option<&'a Confirmation>,
    /// The request that is answered by calling the client, which the ID token then names (OpenID Connect CIBA Core §10.3.1).
    pub(crate) auth_req_id: Option<&'a str>,
}

impl<'a> Recipient<'a> {
    /// This client, when it fetches it.
    pub(crate) fn of(client: &'a AuthenticatedClient) -> Self {
        Self {
            client,
            confirmation: client.confirmation(),
            instance: client.instance_key(),
            auth_req_id: None,
        }
    }

    fn holder(self) -> Holder<'a> {
        Holder {
            client: self.client,
            confirmation: self.confirmation,
            may_act: self.client.may_act.as_ref(),
        }
    }

    /// What its refresh tokens are bound to: those of an attested instance to its key.
    pub(crate) fn refreshes_with(self) -> Option<Confirmation> {
        let bound = || refresh_token::bound_to(self.client, self.confirmation);
        self.instance.cloned().or_else(bound)
    }
}

/// Makes what a code gives for the resources that were named, if what it stands for still holds.
pub(crate) async fn fulfil(
    realm: &Realm,
    recipient: &Recipient<'_>,
    code: &Code,
    wanted: Wanted<'_>,
) -> Result<Issued, Refusal> {
    let person = check_grant(realm, code).await?;
    let client = recipient.client;
    let catalogue = realm.catalogue().await?;
    let code = &*still(code, &person.facts(), (client, &catalogue))?;
    let lifetimes = client.lifetimes(&realm.settings());
    let granted = Granted {
        scope: &code.scope,
        resources: &code.resources,
        named: wanted.resources,
    };
    let target = target(&granted, realm.issuer(), &catalogue, &lifetimes)?
        .permitted(client.profile(&realm.settings()))?;
    let mut target = target.telling(code.claims.as_ref(), realm.issuer());
    let details = code.details.as_ref();
    narrow(&mut target, details, wanted.details, &catalogue)?;
    let about = About {
        client,
        person: &person,
        scope: &target.scope,
    };
    target.released = released::claims(realm, &catalogue, about, Place::AccessToken);
    let family = family(recipient, code, &lifetimes, realm.now());
    let issue = (&target, family.as_ref());
    let tokens = tokens(realm, recipient, (code, &person), issue).await?;
    Ok(Issued { tokens, family })
}

/// What of the code may still be granted: people lose groups between their approval and the tokens, and clients scopes.
///
/// # Errors
/// [`Reason::ScopeNotGrantable`] when nothing of it is left.
fn still<'a>(
    code: &'a Code,
    facts: &PersonFacts,
    granted: (&Client, &Catalogue),
) -> Result<Cow<'a, Code>, Reason> {
    let details = still_grantable(code.details.as_ref(), facts, granted);
    let terms = Terms {
        scope: code.scope.clone(),
        resources: code.resources.clone(),
    };
    let left = left(&terms, details.as_ref(), Some(facts), granted)
        // RFC 6749 §5.2 has no access_denied.
        .map_err(|_| Reason::ScopeNotGrantable)?;
    if left == terms && details == code.details {
        return Ok(Cow::Borrowed(code));
    }
    Ok(Cow::Owned(Code {
        scope: left.scope,
        resources: left.resources,
        details,
        ..code.clone()
    }))
}

/// What ends a code when it is revoked, the grant and the session first.
pub(crate) fn marks(code: &Code) -> [Mark<'_>; 5] {
    let [grant, person, consent] = of_grant(&code.grant_id, &code.person, &code.client);
    [
        grant,
        Mark::Session(&code.session),
        person,
        consent,
        Mark::Client(&code.client),
    ]
}

/// Whether what the code stands for still holds: the person, the session and the consent.
async fn check_grant(realm: &Realm, code: &Code) -> Result<Person, Refusal> {
    if realm
        .revocations()
        .is_any_revoked(&marks(code), code.issued_at)
    {
        return Err(Reason::GrantRevoked.into());
    }
    match identity::people::find(realm, &code.person).await? {
        Some(person) if !person.disabled && code.issued_at > person.signed_out_at => Ok(person),
        _ => Err(Reason::PersonGone.into()),
    }
}

/// The family that begins with this code. A client gets refresh tokens when it is registered for them; in an OpenID request only with
/// `offline_access` (OpenID Connect Core §11).
fn family(
    recipient: &Recipient<'_>,
    code: &Code,
    lifetimes: &Lifetimes,
    now: i64,
) -> Option<Family> {
    let client = recipient.client;
    let offline = code.scope.contains("offline_access");
    if !client.allows_grant(GrantType::RefreshToken) || (code.scope.contains("openid") && !offline)
    {
        return None;
    }
    let expires_at = now.saturating_add(lifetimes.refresh_absolute);
    Some(Family {
        id: code.grant_id.clone(),
        client: code.client.clone(),
        person: code.person.clone(),
        session: code.session().map(str::to_owned),
        offline,
        scope: code.scope.clone(),
        resources: code.resources.clone(),
        details: code.details.clone(),
        claims: code.claims.clone(),
        auth_time: code.auth_time,
        amr: code.amr.clone(),
        acr: code.acr.clone(),
        confirmation: recipient.refreshes_with(),
        bound: Bound::by(recipient.confirmation),
        bound_from: 1,
        counter: 1,
        rotated_at: now,
        // When the person allowed it: what was revoked between then and now ends the family too.
        created_at: code.issued_at,
        idle_expires_at: now.saturating_add(lifetimes.refresh_idle).min(expires_at),
        expires_at,
        revoked_at: None,
        version: 1,
    })
}

async fn tokens(
    realm: &Realm,
    recipient: &Recipient<'_>,
    (code, person): (&Code, &Person),
    (target, family): (&Target, Option<&Family>),
) -> Result<TokenResponse, Refusal> {
    let (client, holder, now) = (recipient.client, recipient.holder(), realm.now());
    let authentication = Authentication {
        time: code.auth_time,
        acr: code.acr.as_deref(),
        amr: &code.amr,
    };
    // What outlives the session does not carry its name, or signing out would revoke it.
    let offline = family.is_some_and(|family| family.offline);
    let bearer = Bearer::Person {
        id: &code.person,
        grant: &code.grant_id,
        session: code.session().filter(|_| !offline),
        authentication,
    };
    let access_token = access_token::mint(realm, holder, bearer, target, now).await?;
    let refresh_token = family.map(|family| refresh_token::text(realm, family, 1));
    let id_token = if code.scope.contains("openid") {
        let about = About {
            client,
            person,
            scope: &code.scope,
        };
        let catalogue = realm.catalogue().await?;
        let told = id_token::told(realm, &catalogue, about, code.claims.as_ref());
        let content = id_token::Content {
            person: &code.person,
            authentication,
            grant: &code.grant_id,
            session: code.session(),
            nonce: code.nonce.as_deref(),
            told: told.as_ref(),
            access_token: &access_token,
            lifetime: client.lifetimes(&realm.settings()).id_token,
        };
        let pushed = recipient.auth_req_id.map(|auth_req_id| id_token::Pushed {
            auth_req_id,
            refresh_token: refresh_token.as_deref(),
        });
        Some(id_token::mint_with(realm, client, &content, (pushed, now)).await?)
    } else {
        None
    };
    let mut response = holder.response(access_token, target.lifetime);
    response.scope = (!target.scope.is_empty()).then(|| target.scope.clone());
    response.authorization_details =
        credential::identified(realm, &code.person, target.details.as_ref());
    response.refresh_token = refresh_token;
    response.id_token = id_token;
    Ok(response)
}

/// The code was redeemed before: whoever has it should not, so what it gave is revoked (RFC 6749 §4.1.2, RFC 9700 §4.5).
async fn replayed(
    call: &Call,
    client: &AuthenticatedClient,
    code: &Code,
) -> Result<Refusal, Refusal> {
    let realm = &call.realm;
    let grant = Mark::Grant(&code.grant_id);
    // Once is enough: whoever goes on presenting it must not fill the audit.
    if realm.revocations().is_revoked(grant, code.issued_at) {
        return Ok(Reason::CodeReplayed.into());
    }
    let event = event(call, "authorization_code.replayed", code);
    refresh_token::end_grant(
        call,
        client,
        &code.grant_id,
        (event, "a code was used twice"),
    )
    .await?;
    Ok(Reason::CodeReplayed.into())
}

fn event(call: &Call, kind: &'static str, code: &Code) -> Event {
    let detail = serde_json::json!({ "grant": code.grant_id, "scope": code.scope });
    call.event(kind, Some(&code.person), &code.client)
        .detail(detail)
}
