//! Tokens that go through the browser, past the token endpoint: the implicit and the hybrid flow (RFC 6749 §4.2, OpenID Connect Core §3.2, §3.3). They belong
//! to a grant like all others, and end with it.

use jose::{Algorithm, jwt};
use oauth::Scope;
use oauth::authorization::ResponseType;
use oauth::claims::{IdToken, StandardClaims};
use oauth::claims_request::ClaimsRequest;
use oauth::id_token::{at_hash, c_hash, s_hash};
use realm::resources::Place;
use realm::{Client, Settings};

use super::decide::Standing;
use super::request::Checked;
use crate::authorization_code::rules::Code;
use crate::call::Call;
use crate::client_auth;
use crate::granting::authorization_details::narrow;
use crate::granting::rules::{Granted, target};
use crate::refusal::{Reason, Refusal};
use crate::tokens::access_token::{self, Authentication, Bearer, Holder};
use crate::tokens::released::{self, About};
use crate::tokens::{id_token, subject};

/// What the response type asks for beside the code.
pub(super) struct Tokens {
    access: Option<Access>,
    id_token: Option<String>,
}

struct Access {
    text: String,
    lifetime: String,
    scope: String,
}

impl Tokens {
    /// The parameters of the response (RFC 6749 §4.2.2, OpenID Connect Core §3.2.2.5).
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let access = self.access.iter().flat_map(|access| {
            let scope = Some(("scope", access.scope.as_str()));
            [
                ("access_token", access.text.as_str()),
                ("token_type", "Bearer"),
                ("expires_in", access.lifetime.as_str()),
            ]
            .into_iter()
            .chain(scope.filter(|(_, scope)| !scope.is_empty()))
        });
        let id_token = self.id_token.iter().map(|text| ("id_token", text.as_str()));
        access.chain(id_token)
    }
}

/// Whether the client may have what this request asks for.
///
/// # Errors
/// [`Reason::ProfileResponseType`], [`Reason::ResponseTypeUnsupported`] where nobody switched that on, or no hash goes with the algorithm of its ID tokens, [`Reason::ResponseTypeNotRegistered`], [`Reason::TokenNotBindable`].
pub(super) fn check(checked: &Checked, settings: &Settings) -> Result<(), Reason> {
    let (client, response_type) = (&checked.client, checked.request.response_type);
    if client.profile(settings).is_fapi() {
        return Err(Reason::ProfileResponseType);
    }
    if !client.allows_retired_grants(settings) {
        return Err(Reason::ResponseTypeUnsupported);
    }
    if !client.allows_grant(realm::GrantType::Implicit) {
        return Err(Reason::ResponseTypeNotRegistered);
    }
    // What would be bearer here must not be a way around what the client registered.
    if response_type.has_token() && client.binds_tokens() {
        return Err(Reason::TokenNotBindable);
    }
    // An ID token that cannot vouch for what is beside it would let it be exchanged (OpenID Connect Core §3.2.2.9, §3.3.2.11).
    let alone = response_type == ResponseType::IdToken;
    if response_type.has_id_token() && !alone && !hashes(algorithm(client, settings)) {
        return Err(Reason::ResponseTypeUnsupported);
    }
    Ok(())
}

/// The algorithm of ID tokens that come through the browser: one that hashes what is beside them, where the client left the choice.
fn algorithm(client: &Client, settings: &Settings) -> Algorithm {
    id_token::algorithm_that(client, settings, hashes)
}

fn hashes(algorithm: Algorithm) -> bool {
    c_hash(algorithm, "").is_some()
}

/// Makes the tokens of a grant, beside this code.
///
/// # Errors
/// [`Reason::OpenIdNotGranted`]; when the resources do not go together, or when there is no key.
pub(super) async fn tokens(
    call: &Call,
    checked: &Checked,
    standing: &Standing,
    (grant, code): (&Code, Option<&str>),
) -> Result<Tokens, Refusal> {
    let (realm, client) = (&call.realm, &checked.client);
    let (request, settings) = (&checked.request, realm.settings());
    let response_type = request.response_type;
    if response_type.has_id_token() && !grant.scope.contains("openid") {
        return Err(Reason::OpenIdNotGranted.into());
    }
    let lifetimes = client.lifetimes(&settings);
    let mut access = None;
    if response_type.has_token() {
        let granted = Granted {
            scope: &grant.scope,
            resources: &grant.resources,
            named: &[],
        };
        let catalogue = realm.catalogue().await?;
        let target = target(&granted, realm.issuer(), &catalogue, &lifetimes)?;
        let mut target = target.telling(grant.claims.as_ref(), realm.issuer());
        narrow(&mut target, grant.details.as_ref(), None, &catalogue)?;
        let about = About {
            client,
            person: &standing.person,
            scope: &target.scope,
        };
        target.released = released::claims(realm, &catalogue, about, Place::AccessToken);
        let holder = Holder {
            client,
            confirmation: None,
            may_act: client.may_act.as_ref(),
        };
        let bearer = Bearer::Person {
            id: &grant.person,
            grant: &grant.grant_id,
            session: Some(&grant.session),
            authentication: Authentication {
                time: grant.auth_time,
                acr: grant.acr.as_deref(),
                amr: &grant.amr,
            },
        };
        access = Some(Access {
            text: access_token::mint(realm, holder, bearer, &target, grant.issued_at).await?,
            lifetime: target.lifetime.to_string(),
            scope: target.scope.to_string(),
        });
    }
    let mut id_token = None;
    if response_type.has_id_token() {
        let algorithm = algorithm(client, &settings);
        let key = realm.keys().signer(algorithm).await?;
        let beside = Beside {
            access_token: access.as_ref().map(|access| access.text.as_str()),
            code,
            state: request.state.as_deref(),
        };
        let mut claims = claims(client, grant, algorithm, &beside);
        realm.issuer().clone_into(&mut claims.iss);
        let whose = (grant.person.as_str(), grant.grant_id.as_str());
        let names = subject::named(realm, client, whose, Some(&grant.session));
        (claims.sub, claims.sid, claims.jti) = (names.sub, names.sid, Some(names.jti));
        claims.exp = grant.issued_at.saturating_add(lifetimes.id_token);
        let wanted = grant.claims.as_ref().map(ClaimsRequest::in_id_token);
        let wanted = wanted.unwrap_or_default();
        // When there will be no access token to ask /userinfo with (OpenID Connect Core §5.4), all is said here.
        let (standard, places) = if !response_type.has_code() && !response_type.has_token() {
            (&grant.scope, &[Place::IdToken, Place::Userinfo][..])
        } else {
            (&Scope::empty(), &[Place::IdToken][..])
        };
        claims.person = standing.person.told(standard, wanted);
        let about = About {
            client,
            person: &standing.person,
            scope: &grant.scope,
        };
        let catalogue = realm.catalogue().await?;
        let told = released::told(realm, &catalogue, about, (places, wanted));
        released::add(&mut claims.person, told);
        let signed = jwt::sign(&key, "JWT", &claims)?;
        id_token = Some(match client.openid.id_token_encryption() {
            None => signed,
            Some(how) => client_auth::encrypt(call, client, (how, "JWT"), &signed).await?,
        });
    }
    Ok(Tokens { access, id_token })
}

/// What the ID token vouches for: nothing beside it can be exchanged for something else.
struct Beside<'a> {
    access_token: Option<&'a str>,
    code: Option<&'a str>,
    state: Option<&'a str>,
}

fn claims(client: &Client, grant: &Code, algorithm: Algorithm, beside: &Beside<'_>) -> IdToken {
    IdToken {
        aud: client.id.as_str().into(),
        iat: grant.issued_at,
        auth_time: Some(grant.auth_time),
        nonce: grant.nonce.clone(),
        acr: grant.acr.clone(),
        amr: grant.amr.clone(),
        at_hash: beside
            .access_token
            .and_then(|text| at_hash(algorithm, text)),
        c_hash: beside.code.and_then(|text| c_hash(algorithm, text)),
        s_hash: beside.state.and_then(|text| s_hash(algorithm, text)),
        may_act: client
            .may_act
            .as_ref()
            .map(|party| serde_json::json!(party)),
        person: StandardClaims::default(),
        ..IdToken::default()
    }
}
