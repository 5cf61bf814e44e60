//! What the demo's database holds at first.

use identity::{Details, Identity, Profile, people};
use jose::Algorithm;
use oauth::Scope;
use oauth::ciba::DeliveryMode;
use realm::clients::{self, Backchannel, Secret};
use realm::{
    Admission, Client, GrantType, Grantable, Node, Realm, Resource, ScopeDefinition, realms,
    resources,
};
use secrecy::SecretString;

use super::{API, CLIENT, CLIENT_SECRET, PASSWORD, PERSON};
use crate::failure::Failure;

const BY: &str = "demo";

/// Makes the demo's person, API and clients where they are not there yet.
pub(crate) async fn seed(realm: &Realm) -> Result<(), Failure> {
    if resources::find(realm, API).await?.is_none() {
        resources::create(realm, notes(), BY).await?;
    }
    let secret = |text: &str| Secret::Given(text.to_owned());
    for (client, secret) in [
        (web(realm)?, secret(CLIENT_SECRET)),
        (cli()?, Secret::None),
        (service()?, secret("demo-service-secret")),
        (agent()?, secret("demo-agent-secret")),
    ] {
        if clients::find(realm, &client.id).await?.is_none() {
            clients::create(realm, client, secret, BY).await?;
        }
    }
    if people::find_by_username(realm, PERSON).await?.is_none() {
        let identity = Identity::new(identity::Options::default(), realm.ambient());
        let password = SecretString::from(PASSWORD.to_owned());
        let hash = identity.hash_password(PERSON, password).await?;
        people::create(realm, alice(), Some(hash), Some(BY)).await?;
    }
    Ok(())
}

/// Lets applications register themselves in a database that is new: everything is on in the demo, which nobody else can reach.
pub(crate) async fn open(node: &Node) -> Result<(), Failure> {
    let first = node.first();
    let Some(found) = realms::find(node, first.name()).await? else {
        return Ok(());
    };
    if found.version == 1 {
        let mut settings = found.settings;
        settings.registration.mode = Admission::Open;
        realms::update_settings(&first, settings, found.version, BY).await?;
    }
    Ok(())
}

fn alice() -> Details {
    Details {
        username: PERSON.into(),
        email: Some("alice@example.org".into()),
        email_verified: true,
        display_name: "Alice Adams".into(),
        groups: vec!["staff".into()],
        profile: Profile {
            given_name: Some("Alice".into()),
            family_name: Some("Adams".into()),
            locale: Some("en".into()),
            ..Profile::default()
        },
    }
}

fn notes() -> Resource {
    let scope = |name: &str, description: &str| ScopeDefinition {
        name: name.into(),
        description: description.into(),
        grantable: Grantable::Everyone,
        claims: Vec::new(),
    };
    Resource {
        id: API.into(),
        name: "Notes".into(),
        scopes: vec![
            scope("notes.read", "Read your notes"),
            scope("notes.write", "Add, change and delete your notes"),
        ],
        ..Resource::default()
    }
}

fn scope(text: &str) -> Result<Scope, Failure> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a scope").into())
}

/// Native applications listen on whatever port is free, so these match on any (RFC 8252 §7.3).
fn callbacks() -> Vec<String> {
    ["http://127.0.0.1/callback", "http://localhost/callback"]
        .map(str::to_owned)
        .to_vec()
}

fn web(realm: &Realm) -> Result<Client, Failure> {
    Ok(Client {
        id: CLIENT.into(),
        name: "Demo Notebook".into(),
        client_uri: Some(format!("{}/", realm.issuer())),
        redirect_uris: callbacks(),
        post_logout_redirect_uris: vec![format!("{}/", realm.issuer())],
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        scope: scope("openid profile email offline_access notes.read notes.write")?,
        default_scope: scope("openid profile")?,
        id_token_signed_response_alg: Some(Algorithm::Es256),
        ..Client::default()
    })
}

fn cli() -> Result<Client, Failure> {
    Ok(Client {
        id: "demo-cli".into(),
        name: "Demo Command Line".into(),
        redirect_uris: callbacks(),
        grant_types: vec![
            GrantType::AuthorizationCode,
            GrantType::RefreshToken,
            GrantType::DeviceCode,
        ],
        scope: scope("openid profile email offline_access notes.read notes.write")?,
        default_scope: scope("openid profile")?,
        ..Client::default()
    })
}

fn service() -> Result<Client, Failure> {
    Ok(Client {
        id: "demo-service".into(),
        name: "Demo Service".into(),
        grant_types: vec![GrantType::ClientCredentials],
        response_types: Vec::new(),
        scope: scope("notes.read notes.write")?,
        default_scope: scope("notes.read")?,
        introspects: vec![API.into()],
        ..Client::default()
    })
}

/// Asks people for approval on a device of theirs (OpenID Connect CIBA).
fn agent() -> Result<Client, Failure> {
    Ok(Client {
        id: "demo-agent".into(),
        name: "Demo Agent".into(),
        grant_types: vec![GrantType::Ciba, GrantType::RefreshToken],
        response_types: Vec::new(),
        scope: scope("openid profile email offline_access notes.read notes.write")?,
        default_scope: scope("openid")?,
        id_token_signed_response_alg: Some(Algorithm::Es256),
        backchannel: Backchannel {
            delivery: Some(DeliveryMode::Poll),
            user_code: true,
            ..Backchannel::default()
        },
        ..Client::default()
    })
}
