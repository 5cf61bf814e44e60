//! `grantor session`: where people are signed in.

use clap::{Args, Subcommand};
use identity::{Session, people, session};
use realm::Settings;
use serde_json::{Value, json};

use super::ACTOR;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;

#[derive(Args)]
pub(super) struct SessionCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List a person's sessions, newest first
    List {
        #[command(flatten)]
        place: Place,
        /// The user name
        username: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End a session: its tokens are void at once, and the applications it was used at are told
    End {
        #[command(flatten)]
        place: Place,
        /// The session's identifier, which tokens carry as sid
        id: String,
    },
}

impl SessionCommand {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::List {
                place,
                username,
                json,
            } => list(&place, &username, json).await,
            Action::End { place, id } => {
                let realm = place.realm().await?;
                let ended = session::terminate(&realm, &id, ACTOR).await;
                ended.map_err(|error| match error {
                    identity::Error::NotFound => format!("there is no session `{id}`").into(),
                    error => Failure::from(error),
                })?;
                output::line(&format!("ended {id}"));
                Ok(())
            }
        }
    }
}

async fn list(place: &Place, username: &str, json: bool) -> Result<(), Failure> {
    let realm = place.realm().await?;
    let found = people::find_by_username(&realm, username).await?;
    let person = found.ok_or_else(|| format!("there is no person `{username}`"))?;
    let sessions = session::of_person(&realm, &person.id).await?;
    if json {
        let settings = realm.settings();
        let value = |session| value(session, &settings);
        output::json(&sessions.iter().map(value).collect());
        return Ok(());
    }
    let rows = sessions
        .into_iter()
        .map(|session| {
            vec![
                session.id,
                session.auth_time.to_string(),
                session.last_seen_at.to_string(),
                session.amr.join(" "),
            ]
        })
        .collect();
    output::table(
        &["Session", "Signed in", "Last seen", "By"],
        rows,
        "Not signed in anywhere",
    );
    Ok(())
}

fn value(session: &Session, settings: &Settings) -> Value {
    json!({
        "id": session.id, "person": session.person, "auth_time": session.auth_time, "amr": session.amr, "acr": session.reached(settings, &[]),
        "created_at": session.created_at, "last_seen_at": session.last_seen_at, "expires_at": session.expires_at,
    })
}
