use serde::{Deserialize, Serialize};

use crate::error::Invalid;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// No access token or ID token lives longer than this many seconds, whatever is set: signing keys and revocations are kept for so long.
pub const LONGEST_TOKEN: i64 = DAY;

/// One row of the table of lifetimes, for documentation and for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// The setting's name.
    pub name: &'static str,
    /// Seconds, where nothing is set.
    pub default: i64,
    /// The least that may be set, in seconds.
    pub least: i64,
    /// The most that may be set, in seconds.
    pub most: i64,
    /// What it is for.
    pub meaning: &'static str,
}

macro_rules! lifetimes {
    ($($name:ident = $default:expr, $least:expr => $most:expr, $meaning:literal;)*) => {
        /// How long things live, in seconds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Lifetimes {
            $(#[doc = $meaning] pub $name: i64,)*
        }

        /// Every lifetime with its default and its bounds: the one place where they are written.
        pub static LIFETIMES: &[Lifetime] = &[
            $(Lifetime { name: stringify!($name), default: $default, least: $least, most: $most, meaning: $meaning },)*
        ];

        impl Default for Lifetimes {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl Lifetimes {
            /// Checks each against its bounds, and those that depend on each other.
            pub fn check(&self) -> Result<(), Invalid> {
                $(within(stringify!($name), self.$name, $least, $most)?;)*
                self.check_order()
            }
        }
    };
}

lifetimes! {
    access_token = 5 * MINUTE, 10 => LONGEST_TOKEN, "An access token.";
    id_token = 5 * MINUTE, 10 => LONGEST_TOKEN, "An ID token.";
    authorization_code = MINUTE, 5 => 10 * MINUTE, "An authorization code, from its issue to its redemption (RFC 6749 §4.1.2: at most 10 minutes).";
    pushed_authorization_request = 90, 5 => 590, "The reference to a pushed authorization request, until the browser brings it (RFC 9126 §2.2; FAPI 2.0: less than 600).";
    authorization_request = HOUR, MINUTE => DAY, "An authorization request, while the person signs in and consents.";
    refresh_idle = 30 * DAY, MINUTE => 3650 * DAY, "A refresh token that is not used.";
    refresh_absolute = 180 * DAY, MINUTE => 3650 * DAY, "A grant with refresh tokens, however often they are used.";
    refresh_grace = 60, 0 => 5 * MINUTE, "How long the preceding refresh token still answers with the same successor.";
    session_idle = 12 * HOUR, MINUTE => 365 * DAY, "A session in which nothing happens.";
    session_absolute = 30 * DAY, MINUTE => 365 * DAY, "A session, whatever happens in it.";
    key_rotation = 90 * DAY, HOUR => 3650 * DAY, "How long a signing key signs before its successor does.";
    key_lead = DAY, MINUTE => 30 * DAY, "How long a signing key is published before it signs.";
    client_registration = 90 * DAY, HOUR => 3650 * DAY, "A client that registered itself, after it got a token last.";
    client_unused = DAY, MINUTE => 3650 * DAY, "A client that registered itself and has never got a token.";
    event_retention = 90 * DAY, DAY => 3650 * DAY, "An event of the audit, from when it is written; a change holds for events from then on.";
}

impl Lifetimes {
    fn check_order(&self) -> Result<(), Invalid> {
        let pairs = [
            (
                "refresh_idle",
                self.refresh_idle,
                "refresh_absolute",
                self.refresh_absolute,
            ),
            (
                "session_idle",
                self.session_idle,
                "session_absolute",
                self.session_absolute,
            ),
            ("key_lead", self.key_lead, "key_rotation", self.key_rotation),
        ];
        for (name, value, limit, most) in pairs {
            if value > most {
                return Err(Invalid::new(
                    name,
                    format!("{value} seconds are longer than {limit} ({most} seconds)"),
                ));
            }
        }
        Ok(())
    }

    /// These lifetimes with a client's own in their place.
    pub fn with(&self, own: &LifetimeOverrides) -> Self {
        Self {
            access_token: own.access_token.unwrap_or(self.access_token),
            id_token: own.id_token.unwrap_or(self.id_token),
            refresh_idle: own.refresh_idle.unwrap_or(self.refresh_idle),
            refresh_absolute: own.refresh_absolute.unwrap_or(self.refresh_absolute),
            ..*self
        }
    }
}

/// The lifetimes that a client may have of its own, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LifetimeOverrides {
    /// Of its access tokens; a resource's own, when it is shorter, wins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<i64>,
    /// Of its ID tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<i64>,
    /// Of a refresh token that is not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_idle: Option<i64>,
    /// Of a grant with refresh tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_absolute: Option<i64>,
}

impl LifetimeOverrides {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Checks each against the bounds that hold for the realm's.
    pub fn check(&self) -> Result<(), Invalid> {
        let own = [
            ("access_token", self.access_token),
            ("id_token", self.id_token),
            ("refresh_idle", self.refresh_idle),
            ("refresh_absolute", self.refresh_absolute),
        ];
        for (name, value) in own {
            if let Some(value) = value {
                check_one(name, value)?;
            }
        }
        Ok(())
    }
}

/// Checks one lifetime of the table by its name.
pub(crate) fn check_one(name: &'static str, value: i64) -> Result<(), Invalid> {
    match LIFETIMES.iter().find(|lifetime| lifetime.name == name) {
        Some(lifetime) => within(name, value, lifetime.least, lifetime.most),
        None => Ok(()),
    }
}

fn within(name: &'static str, value: i64, least: i64, most: i64) -> Result<(), Invalid> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(Invalid::new(
            name,
            format!("{value} seconds are not within {least} to {most}"),
        ))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn every_default_is_within_its_bounds() {
        Lifetimes::default().check().unwrap();
        assert_eq!(LIFETIMES.len(), 15);
    }

    #[test]
    fn a_lifetime_out_of_bounds_is_named() {
        let long = Lifetimes {
            access_token: LONGEST_TOKEN + 1,
            ..Lifetimes::default()
        };
        assert_eq!(long.check().unwrap_err().field, "access_token");
        let reversed = Lifetimes {
            session_idle: 31 * DAY,
            ..Lifetimes::default()
        };
        assert_eq!(reversed.check().unwrap_err().field, "session_idle");
        let own = LifetimeOverrides {
            id_token: Some(1),
            ..LifetimeOverrides::default()
        };
        assert_eq!(own.check().unwrap_err().field, "id_token");
    }

    #[test]
    fn a_clients_own_lifetime_takes_the_place_of_the_realms() {
        let own = LifetimeOverrides {
            refresh_idle: Some(120),
            ..LifetimeOverrides::default()
        };
        let lifetimes = Lifetimes::default().with(&own);
        assert_eq!(lifetimes.refresh_idle, 120);
        assert_eq!(lifetimes.access_token, 300);
    }
}
