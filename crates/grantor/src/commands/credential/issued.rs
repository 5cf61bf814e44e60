//! `grantor credential issued`, `revoke`, `suspend`, `restore`: what was issued, and taking it back.

use clap::{ArgGroup, Args};
use realm::Realm;
use serde_json::json;
use server::status_list::issued::{self, Change, Issued};

use super::super::ACTOR_NAME;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;

#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    place: Place,
    /// Only what was issued to this person: a user name
    #[arg(long)]
    user: Option<String>,
    /// Only what comes after this one
    #[arg(long, value_name = "ID", default_value = "")]
    after: String,
    /// So many at most
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(group = ArgGroup::new("which").required(true).args(["id", "user"]))]
pub(super) struct Which {
    #[command(flatten)]
    place: Place,
    /// One credential: its identifier as `grantor credential issued` prints it. From a credential itself it is the end of its status list's address, a dot and its
    /// index
    id: Option<String>,
    /// All of a person: a user name
    #[arg(long)]
    user: Option<String>,
    /// Of these only those of this kind
    #[arg(long, value_name = "KIND", requires = "user")]
    credential: Option<String>,
}

impl List {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let realm = self.place.realm().await?;
        let person = match &self.user {
            Some(username) => Some(person(&realm, username).await?),
            None => None,
        };
        let all = issued::list(&realm, person.as_deref(), &self.after, self.limit).await?;
        if self.json {
            output::json(&all.iter().map(facts).collect());
            return Ok(());
        }
        let row = |one: &Issued| {
            vec![
                one.id(),
                one.credential.clone(),
                one.person.clone(),
                one.client.clone(),
                one.status.as_str().to_owned(),
                day(one.expires_at),
            ]
        };
        output::table(
            &["Id", "Credential", "Person", "Wallet", "Status", "Until"],
            all.iter().map(row).collect(),
            "Nothing that could be taken back: see grantor credential create --revocable",
        );
        Ok(())
    }
}

impl Which {
    pub(super) async fn run(self, change: Change) -> Result<(), Failure> {
        let realm = self.place.realm().await?;
        if let Some(id) = &self.id {
            issued::change(&realm, id, change, ACTOR_NAME).await?;
            let now = issued::find(&realm, id).await?;
            output::line(&format!("{id} is {}", now.status.as_str()));
        }
        if let Some(username) = &self.user {
            let person = person(&realm, username).await?;
            let which = (person.as_str(), self.credential.as_deref());
            let count = issued::change_all(&realm, which, change, ACTOR_NAME).await?;
            output::line(&format!("changed {count}"));
        }
        Ok(())
    }
}

async fn person(realm: &Realm, username: &str) -> Result<String, Failure> {
    let person = identity::people::find_by_username(realm, username).await?;
    let person = person.ok_or_else(|| format!("there is no user `{username}`"))?;
    Ok(person.id)
}

fn facts(one: &Issued) -> serde_json::Value {
    json!({
        "id": one.id(), "credential": one.credential, "person": one.person, "client": one.client, "status": one.status.as_str(),
        "suspendable": one.is_suspendable(), "issued_at": one.issued_at, "expires_at": one.expires_at,
    })
}

fn day(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map(|time| time.strftime("%Y-%m-%d").to_string())
        .unwrap_or_default()
}
