//! `grantor client token`: initial access tokens, with which applications register themselves.

use clap::Subcommand;
use realm::Admission;
use realm::initial_access::{self, InitialToken};
use serde_json::{Value, json};

use super::super::ACTOR_NAME;
use super::super::options::All;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;

#[derive(Subcommand)]
pub(super) enum InitialTokens {
    /// Make a token that registers applications, so many and for so long; it is shown this once
    Create {
        #[command(flatten)]
        place: Place,
        /// Whom it is for, for your own records
        #[arg(long, default_value = "")]
        name: String,
        /// How many applications it registers
        #[arg(long, default_value_t = 1, value_name = "NUMBER")]
        uses: i64,
        /// For how many seconds it is good
        #[arg(long, default_value_t = 86_400, value_name = "SECONDS")]
        lifetime: i64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List tokens that are still good, without themselves
    List(All),
    /// Take a token back; what it registered stays
    Delete {
        #[command(flatten)]
        place: Place,
        /// The identifier that `list` shows
        id: String,
    },
}

impl InitialTokens {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Create {
                place,
                name,
                uses,
                lifetime,
                json,
            } => {
                let realm = place.realm().await?;
                let made =
                    initial_access::create(&realm, &name, (uses, lifetime), ACTOR_NAME).await?;
                let (made, token) = made;
                if json {
                    let mut value = value(&made);
                    value["initial_access_token"] = token.into();
                    output::json(&value);
                    return Ok(());
                }
                output::facts(&[
                    ("initial access token", token),
                    ("id", made.id),
                    ("registers", made.uses_left.to_string()),
                    ("at", realm.url("/register")),
                ]);
                if realm.settings().registration.mode != Admission::Token {
                    output::line(
                        "\nNobody asks for it yet: grantor realm set registration.mode=token",
                    );
                }
                Ok(())
            }
            Self::List(All { place, json }) => {
                let realm = place.realm().await?;
                let now = realm.now();
                let all = initial_access::list(&realm, "", i64::MAX).await?;
                let good = all.iter().filter(|t| t.uses_left > 0 && t.expires_at > now);
                if json {
                    output::json(&good.map(value).collect());
                    return Ok(());
                }
                let rows = good
                    .map(|token| {
                        vec![
                            token.id.clone(),
                            token.name.clone(),
                            token.uses_left.to_string(),
                            format!("{} s", token.expires_at - now),
                        ]
                    })
                    .collect();
                output::table(
                    &["Token", "Name", "Uses left", "Good for"],
                    rows,
                    "No initial access token.",
                );
                Ok(())
            }
            Self::Delete { place, id } => {
                let realm = place.realm().await?;
                initial_access::delete(&realm, &id, ACTOR_NAME).await?;
                output::line(&format!("deleted {id}"));
                Ok(())
            }
        }
    }
}

fn value(token: &InitialToken) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "uses_left": token.uses_left,
        "expires_at": token.expires_at,
        "created_at": token.created_at,
    })
}
