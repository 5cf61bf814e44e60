//! What can be said about a person (OpenID Connect Core §5.1), and which scope gives access to what of it (§5.4): one table.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Scope, lenient};

macro_rules! claims {
    ($($scope:literal { $($(#[$attribute:meta])* $name:ident: $kind:ty,)* })*) => {
        /// What can be said about a person (OpenID Connect Core §5.1), and anything beyond in `extra`.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        pub struct StandardClaims {
            $($(
                $(#[$attribute])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $name: Option<$kind>,
            )*)*
            /// Every other claim.
            #[serde(flatten)]
            pub extra: Map<String, Value>,
        }

        impl StandardClaims {
            /// The claims of each scope (OpenID Connect Core §5.4).
            pub const BY_SCOPE: [(&'static str, &'static [&'static str]); 4] =
                [$(($scope, &[$(stringify!($name)),*])),*];

            /// What the scope gives access to, and the claims of these names (§5.5). What is in `extra` belongs to no scope of the standard and is dropped.
            #[must_use]
            pub fn told(&self, scope: &Scope, names: &[String]) -> Self {
                let mut told = self.limited_to(scope);
                for name in names {
                    $($(
                        if name == stringify!($name) {
                            told.$name.clone_from(&self.$name);
                        }
                    )*)*
                }
                told
            }

            /// Whether a standard claim of this name is there.
            pub(super) fn has(&self, name: &str) -> bool {
                $($(
                    if name == stringify!($name) {
                        return self.$name.is_some();
                    }
                )*)*
                false
            }

            /// Sets the claim of this name: a standard one if the value has its type, else one of the others.
            pub(super) fn put(&mut self, name: &str, value: Value) {
                $($(
                    if name == stringify!($name) {
                        if let Ok(value) = serde_json::from_value(value) {
                            self.$name = Some(value);
                        }
                        return;
                    }
                )*)*
                self.extra.insert(name.to_owned(), value);
            }

            /// Only what the scope gives access to (§5.4). What is in `extra` belongs to no scope of the standard and is dropped.
            #[must_use]
            pub fn limited_to(&self, scope: &Scope) -> Self {
                let mut kept = Self::default();
                $(
                    if scope.contains($scope) {
                        $(kept.$name.clone_from(&self.$name);)*
                    }
                )*
                kept
            }
        }
    };
}

claims! {
    "profile" {
        /// Full name.
        name: String,
        /// Family name or names.
        family_name: String,
        /// Given name or names.
        given_name: String,
        /// Middle name or names.
        middle_name: String,
        /// Casual name.
        nickname: String,
        /// The name to address them by; not unique.
        preferred_username: String,
        /// Page about the person.
        profile: String,
        /// Picture of the person.
        picture: String,
        /// Their own site.
        website: String,
        /// Gender.
        gender: String,
        /// Birthday: `YYYY-MM-DD`, `0000-MM-DD` or `YYYY`.
        birthdate: String,
        /// Time zone, such as Europe/Paris.
        zoneinfo: String,
        /// Language tag (BCP 47).
        locale: String,
        /// When any of this last changed, in unix seconds.
        #[serde(deserialize_with = "lenient::integer")]
        updated_at: i64,
    }
    "email" {
        /// E-mail address.
        email: String,
        /// Whether the address was found to be theirs.
        #[serde(deserialize_with = "lenient::boolean")]
        email_verified: bool,
    }
    "address" {
        /// Postal address.
        address: Address,
    }
    "phone" {
        /// Telephone number, E.164 with `+`.
        phone_number: String,
        /// Whether the number was found to be theirs.
        #[serde(deserialize_with = "lenient::boolean")]
        phone_number_verified: bool,
    }
}

/// A postal address (OpenID Connect Core §5.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// The whole address, lines separated by newlines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    /// Street, house number and what belongs to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// State, province or region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// The answer of the userinfo endpoint (OpenID Connect Core §5.3.2).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Userinfo {
    /// The person; must equal `sub` of the ID token.
    pub sub: String,
    /// What is said about them.
    #[serde(flatten)]
    pub person: StandardClaims,
}
