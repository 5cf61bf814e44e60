use std::fmt;

use oauth::Scope;
use oauth::claims::{Address, Localized, StandardClaims, Wanted};
use serde::{Deserialize, Serialize};

/// Someone who can sign in.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// What tokens carry as `sub`: never changes and is never used again.
    pub id: String,
    /// What they type to sign in, as it was given (composed). Compared by [`super::rules::username_key`].
    pub username: String,
    /// Their e-mail address.
    pub email: Option<String>,
    /// Whether the address has been shown to be theirs.
    pub email_verified: bool,
    /// Their name as it is shown; may be empty: use [`Person::shown_name`].
    pub display_name: String,
    /// The groups they are in.
    pub groups: Vec<String>,
    /// The other claims about them.
    pub profile: Profile,
    /// Whether they may not sign in.
    pub disabled: bool,
    /// When they signed out everywhere (unix seconds); 0 for never. Sessions begun at or before then have ended.
    pub signed_out_at: i64,
    /// Counts changes; a change names the version it was made from.
    pub version: i64,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds; the claim `updated_at`.
    pub updated_at: i64,
}

impl Person {
    /// The display name, or the user name where there is none.
    pub fn shown_name(&self) -> &str {
        if self.display_name.is_empty() {
            &self.username
        } else {
            &self.display_name
        }
    }

    /// What the scopes profile, email, address and phone say about the person (OpenID Connect Core §5.4), limited to those granted, and in each language that
    /// is known (§5.2).
    pub fn claims(&self, scope: &Scope) -> StandardClaims {
        let mut claims = self.all_claims().limited_to(scope);
        self.profile.localized.add_all(scope, &mut claims);
        claims
    }

    /// The same in the languages that were asked for (§5.2), and the claims that were asked for one by one (§5.5).
    pub fn told(&self, scope: &Scope, wanted: Wanted<'_>) -> StandardClaims {
        let mut told = self.all_claims().told(scope, wanted.names);
        self.profile.localized.tell(scope, wanted, &mut told);
        told
    }

    /// The names of the claims that `new` has otherwise, but for when they were changed.
    pub(super) fn other_claims(&self, new: &Self) -> Vec<String> {
        let [old, new] = [self, new].map(|person| match serde_json::json!(person.all_claims()) {
            serde_json::Value::Object(claims) => claims,
            _ => serde_json::Map::new(),
        });
        let mut names: Vec<String> = old.keys().chain(new.keys()).cloned().collect();
        names.retain(|name| name != "updated_at" && old.get(name) != new.get(name));
        names.sort();
        names.dedup();
        names
    }

    fn all_claims(&self) -> StandardClaims {
        let profile = self.profile.clone();
        StandardClaims {
            name: Some(self.shown_name().to_owned()),
            given_name: profile.given_name,
            family_name: profile.family_name,
            middle_name: profile.middle_name,
            nickname: profile.nickname,
            preferred_username: Some(self.username.clone()),
            profile: profile.profile,
            picture: profile.picture,
            website: profile.website,
            gender: profile.gender,
            birthdate: profile.birthdate,
            zoneinfo: profile.zoneinfo,
            locale: profile.locale,
            updated_at: Some(self.updated_at),
            email_verified: self.email.is_some().then_some(self.email_verified),
            email: self.email.clone(),
            phone_number_verified: profile
                .phone_number
                .is_some()
                .then_some(profile.phone_number_verified),
            phone_number: profile.phone_number,
            address: profile.address,
            ..StandardClaims::default()
        }
    }
}

/// Personal data stays out of logs: only the identifier is shown.
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("id", &self.id)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Claims about a person that only applications read (OpenID Connect Core §5.1), under their registered names. What is absent is left out.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Given name(s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family name(s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Middle name(s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    /// What they like to be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// URL of their page about themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// URL of their picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// URL of their site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// Their gender, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// YYYY-MM-DD, 0000-MM-DD or YYYY.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    /// A name of the time zone database, such as Europe/Paris.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    /// A BCP 47 language tag, such as en-GB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Telephone number, best in the form of E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Whether the number has been shown to be theirs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub phone_number_verified: bool,
    /// Postal address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Those of the claims that are known in several languages, `name` among them (OpenID Connect Core §5.2). Nested, since what is flattened is slow to read.
    #[serde(skip_serializing_if = "Localized::is_empty")]
    pub localized: Localized,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Profile(…)")
    }
}

/// What can be said about a person by whoever administers them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// See [`super::rules::username`].
    pub username: String,
    /// See [`super::rules::email`].
    pub email: Option<String>,
    /// Whether the address has been shown to be theirs.
    pub email_verified: bool,
    /// See [`super::rules::display_name`]; may be empty.
    pub display_name: String,
    /// See [`super::rules::groups`].
    pub groups: Vec<String>,
    /// The other claims.
    pub profile: Profile,
}

impl From<&Person> for Details {
    fn from(person: &Person) -> Self {
        Self {
            username: person.username.clone(),
            email: person.email.clone(),
            email_verified: person.email_verified,
            display_name: person.display_name.clone(),
            groups: person.groups.clone(),
            profile: person.profile.clone(),
        }
    }
}
