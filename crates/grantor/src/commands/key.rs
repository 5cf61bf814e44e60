//! `grantor key`: the keys that sign tokens.

use clap::{Args, Subcommand};
use realm::keys::{self, Rotation};
use serde_json::json;

use super::ACTOR_NAME;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;

#[derive(Args)]
pub(super) struct Key {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the keys: which signs now, which is published for later, which only verifies
    List {
        #[command(flatten)]
        place: Place,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a new key that signs from now on; the old one stays published until its last token has expired.
    /// Keys rotate by themselves: this is for the day you must not wait
    Rotate {
        #[command(flatten)]
        place: Place,
        /// The algorithm: ES256, RS256, EdDSA, ML-DSA-65 …
        #[arg(long, value_name = "ALG", default_value = "ES256")]
        algorithm: String,
        /// The old key has leaked: withdraw it at once, and with it every token it signed
        #[arg(long)]
        compromised: bool,
    },
    /// Seal every secret with the sealing key that is configured now, where `sealing_key_previous` did. No token, key or secret changes.
    /// Give all nodes both keys first, run this, then drop the previous one
    Reseal {
        #[command(flatten)]
        place: Place,
    },
}

impl Key {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::List { place, json } => list(&place, json).await,
            Action::Rotate {
                place,
                algorithm,
                compromised,
            } => {
                let realm = place.realm().await?;
                let parsed = algorithm
                    .parse()
                    .map_err(|_| format!("`{algorithm}` is not a signature algorithm"))?;
                let rotation = if compromised {
                    Rotation::Compromised
                } else {
                    Rotation::Now
                };
                keys::rotate(&realm, parsed, rotation, ACTOR_NAME).await?;
                list(&place, false).await
            }
            Action::Reseal { place } => {
                let node = place.node().await?;
                let count = realm::realms::reseal(&node).await?;
                output::line(&format!("resealed the secrets of {count} realms"));
                Ok(())
            }
        }
    }
}

async fn list(place: &Place, json: bool) -> Result<(), Failure> {
    let realm = place.realm().await?;
    let now = realm.now();
    let all = keys::list(&realm).await?;
    if json {
        let all = all.iter().map(|key| {
            json!({
                "kid": key.kid, "alg": key.algorithm, "created_at": key.created_at, "active_at": key.active_at,
                "expires_at": key.expires_at,
            })
        });
        output::json(&all.collect());
        return Ok(());
    }
    let rows = all
        .iter()
        .map(|key| {
            let state = if key.active_at > now {
                format!("signs from {}", day(key.active_at))
            } else if let Some(end) = key.expires_at {
                format!("verifies until {}", day(end))
            } else {
                "signs".to_owned()
            };
            vec![key.algorithm.clone(), key.kid.clone(), state]
        })
        .collect();
    output::table(&["Algorithm", "Key", ""], rows, "No key yet.");
    Ok(())
}

fn day(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map(|time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
        .unwrap_or_default()
}
