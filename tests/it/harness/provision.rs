//! What the commands of the binary do: clients, APIs, people and realms, made through the crates.

use identity::{Details, Identity, Options, people};
use realm::clients::Secret;
use realm::{Client, Profile, Resource, clients, realms, resources};
use serde_json::Value;

use super::World;

const ACTOR: &str = "test";

/// Registers a client from its document.
pub async fn client(world: &World, document: Value, secret: Option<String>) -> Result<(), String> {
    let client: Client = serde_json::from_value(document).map_err(|error| error.to_string())?;
    let secret = secret.map_or(Secret::None, Secret::Given);
    let made = clients::create(world.realm(), client, secret, ACTOR).await;
    made.map(drop).map_err(|error| error.to_string())
}

/// Whether a client could be registered with this document.
pub async fn accepts(world: &World, document: Value) -> bool {
    match serde_json::from_value::<Client>(document) {
        Ok(client) => clients::check(world.realm(), &client).await.is_ok(),
        Err(_) => false,
    }
}

/// Makes an API from its document.
pub async fn resource(world: &World, document: Value) {
    let resource: Resource = serde_json::from_value(document).expect("a resource");
    resources::create(world.realm(), resource, ACTOR)
        .await
        .expect("the resource is made");
}

/// Makes a person, `Alice Example` for `alice`; hands back the identifier.
pub async fn person(world: &World, username: &str, password: &str) -> String {
    let identity = Identity::new(Options::for_tests(), world.node().ambient());
    let hash = identity
        .hash_password(username, password.into())
        .await
        .expect("a hash");
    let (first, rest) = username.split_at(1);
    let details = Details {
        username: username.to_owned(),
        email: Some(format!("{username}@example.com")),
        email_verified: true,
        display_name: format!("{}{rest} Example", first.to_uppercase()),
        ..Details::default()
    };
    let person = people::create(world.realm(), details, Some(hash), Some(ACTOR)).await;
    person.expect("the person is made").id
}

/// Says more about a person (OpenID Connect Core §5.1).
pub async fn profile_of(world: &World, username: &str, profile: Value) {
    let profile = serde_json::from_value(profile).expect("a profile");
    change(world, username, |details| details.profile = profile).await;
}

/// Disables a person.
pub async fn disable(world: &World, username: &str) {
    let person = find(world, username).await;
    people::disable(world.realm(), &person.id, Some(ACTOR))
        .await
        .expect("the person is disabled");
}

/// Puts a person into a group.
pub async fn join_group(world: &World, username: &str, group: &str) {
    let join = |details: &mut Details| details.groups.push(group.to_owned());
    change(world, username, join).await;
}

/// Takes a person out of all groups.
pub async fn leave_groups(world: &World, username: &str) {
    change(world, username, |details| details.groups.clear()).await;
}

async fn change(world: &World, username: &str, change: impl FnOnce(&mut Details)) {
    let person = find(world, username).await;
    let mut details = Details::from(&person);
    change(&mut details);
    let changed = people::update(
        world.realm(),
        &person.id,
        person.version,
        details,
        Some(ACTOR),
    );
    changed.await.expect("the person is changed");
}

async fn find(world: &World, username: &str) -> identity::Person {
    let found = people::find_by_username(world.realm(), username).await;
    found
        .expect("the database answers")
        .expect("the person is there")
}

/// Makes a realm below the first one; hands back its issuer.
pub async fn realm(world: &World, name: &str) -> String {
    let settings = realm::Settings::default();
    let realm = realms::create(world.node(), name, None, settings, ACTOR).await;
    realm.expect("the realm is made").issuer().to_owned()
}

/// Chooses the profile of the first realm.
pub async fn profile(world: &World, profile: &str) {
    let profile: Profile = serde_json::from_value(profile.into()).expect("a profile");
    let info = realms::find(world.node(), world.realm().name()).await;
    let info = info
        .expect("the database answers")
        .expect("the realm is there");
    let settings = realm::Settings {
        profile,
        ..info.settings
    };
    realms::update_settings(world.realm(), settings, info.version, ACTOR)
        .await
        .expect("the settings are changed");
}

/// Changes the settings of the first realm.
pub async fn settings(world: &World, change: impl FnOnce(&mut realm::Settings)) {
    let info = realms::find(world.node(), world.realm().name()).await;
    let info = info
        .expect("the database answers")
        .expect("the realm is there");
    let mut settings = info.settings;
    change(&mut settings);
    realms::update_settings(world.realm(), settings, info.version, ACTOR)
        .await
        .expect("the settings are changed");
}
