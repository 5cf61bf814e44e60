//! `grant_type=password` (RFC 6749 §4.3): a person told the client the password. OAuth 2.1 has left it out (RFC 9700 §2.4): it is there for clients that
//! cannot be changed, where somebody switched it on.
//!
//! 1. The scope is decided before anything costly. 2. The password is checked as on the sign-in page, with its limits. 3. The tokens are signed. 4. One
//!    batch with the event, and the family of refresh tokens.

pub mod rules;

use identity::Person;
use oauth::password::Password;
use oauth::token::TokenResponse;
use realm::GrantType;
use realm::resources::Place;
use secrecy::SecretString;

use self::rules::Granting;
use crate::authorization_code::Recipient;
use crate::call::Call;
use crate::client_auth::AuthenticatedClient;
use crate::granting::rules as granting;
use crate::refresh_token;
use crate::refresh_token::rules::{Bound, Family};
use crate::refusal::{Reason, Refusal};
use crate::tokens::access_token::{self, Authentication, Bearer};
use crate::tokens::id_token;
use crate::tokens::released::{self, About};

/// Issues tokens for a user name and a password.
pub(crate) async fn issue(
    call: &Call,
    client: &AuthenticatedClient,
    request: &Password,
) -> Result<TokenResponse, Refusal> {
    let (realm, began_at) = (&call.realm, call.now());
    if client.profile(&realm.settings()).is_fapi() {
        return Err(Reason::ProfileGrantType.into());
    }
    if !client.allows_retired_grants(&realm.settings()) {
        return Err(Reason::GrantTypeRetired.into());
    }
    if !client.allows_grant(GrantType::Password) {
        return Err(Reason::GrantTypeNotRegistered.into());
    }
    let (username, password) = request.credentials()?;
    if request.authorization_details.is_some() {
        return Err(Reason::DetailsNotOffered.into());
    }
    let catalogue = realm.catalogue().await?;
    let asked = granting::Asked {
        scope: request.scope.as_ref(),
        resources: &request.resource,
        details: None,
        person: granting::Part::Silent,
    };
    let terms = granting::terms(&asked, client, &catalogue)?;
    let address = call.address.ok_or(Reason::PasswordWrong)?;
    let password = SecretString::from(password);
    let identity = call.server.identity();
    let checked = identity.check_password(realm, address, (username, password));
    let (person, authentication) = match checked.await? {
        identity::PasswordCheck::Right {
            person,
            authentication,
        } => (person, authentication),
        identity::PasswordCheck::Wrong => return Err(Reason::PasswordWrong.into()),
        identity::PasswordCheck::TooMany(seconds) => return Err(Refusal::TooMany(seconds)),
    };
    let left = granting::left(&terms, None, Some(&person.facts()), (client, &catalogue))
        // RFC 6749 §5.2 has no access_denied.
        .map_err(|_| Reason::ScopeNotGrantable)?;
    let granting = Granting {
        grant: realm.ambient().id(),
        person: person.id.clone(),
        // What ended while the password was checked ends this too.
        issued_at: began_at.max(person.signed_out_at.saturating_add(1)),
        scope: left.scope,
        resources: left.resources,
        acr: identity::session::acr(&realm.settings(), &[], &authentication.amr),
        amr: authentication.amr,
    };
    grant(call, client, (&granting, &person)).await
}

async fn grant(
    call: &Call,
    client: &AuthenticatedClient,
    (granting, person): (&Granting, &Person),
) -> Result<TokenResponse, Refusal> {
    let realm = &call.realm;
    let (catalogue, settings) = (realm.catalogue().await?, realm.settings());
    let lifetimes = client.lifetimes(&settings);
    let granted = granting::Granted {
        scope: &granting.scope,
        resources: &granting.resources,
        named: &[],
    };
    let mut target = granting::target(&granted, realm.issuer(), &catalogue, &lifetimes)?
        .permitted(client.profile(&settings))?;
    let about = About {
        client,
        person,
        scope: &target.scope,
    };
    target.released = released::claims(realm, &catalogue, about, Place::AccessToken);
    let family = rules::family(granting, client, &lifetimes).map(|family| Family {
        confirmation: Recipient::of(client).refreshes_with(),
        bound: Bound::by(client.confirmation()),
        ..family
    });
    let authentication = Authentication {
        time: granting.issued_at,
        acr: granting.acr.as_deref(),
        amr: &granting.amr,
    };
    let bearer = Bearer::Person {
        id: &granting.person,
        grant: &granting.grant,
        session: None,
        authentication,
    };
    let now = granting.issued_at;
    let access_token = access_token::mint(realm, client.holder(), bearer, &target, now).await?;
    let mut id_token = None;
    if granting.scope.contains("openid") {
        let about = About {
            scope: &granting.scope,
            ..about
        };
        let told = id_token::told(realm, &catalogue, about, None);
        let content = id_token::Content {
            person: &granting.person,
            grant: &granting.grant,
            authentication,
            session: None,
            nonce: None,
            told: told.as_ref(),
            access_token: &access_token,
            lifetime: lifetimes.id_token,
        };
        id_token = Some(id_token::mint(realm, client, &content, now).await?);
    }
    let mut batch = client.batch(realm);
    if let Some(family) = &family {
        refresh_token::begin(realm, &mut batch, family);
    }
    let detail = serde_json::json!({ "grant": granting.grant, "scope": granting.scope });
    let event = call.event("password.granted", Some(&granting.person), &client.id);
    realm.record(&mut batch, event.detail(detail));
    if client.commit(realm, batch).await?.is_none() {
        return Err(Reason::Contended.into());
    }
    let mut response = client.holder().response(access_token, target.lifetime);
    response.scope = (!target.scope.is_empty()).then(|| target.scope.clone());
    response.refresh_token = family.map(|family| refresh_token::text(realm, &family, 1));
    response.id_token = id_token;
    Ok(response)
}
