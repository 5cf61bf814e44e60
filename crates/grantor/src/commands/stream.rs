//! `grantor stream`: to whom security signals go.

use clap::{Args, Subcommand};
use oauth::shared_signals::Status;
use serde_json::{Value, json};
use server::shared_signals::{self, Stream};

use super::ACTOR_NAME;
use super::options::All;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;

/// How many are read at once.
const STEP: i64 = 500;

#[derive(Args)]
pub(super) struct StreamCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List streams
    List(All),
    /// Show a stream, and how many events wait for its receiver
    Show {
        #[command(flatten)]
        one: One,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Keep events back; the receiver is told
    Pause(Change),
    /// Drop events, those that wait and those to come; the receiver is told
    Disable(Change),
    /// Deliver events again, those that were kept first; the receiver is told
    Enable(Change),
    /// Delete a stream and what waits
    Delete(One),
}

#[derive(Args)]
struct One {
    #[command(flatten)]
    place: Place,
    /// The stream's identifier
    id: String,
}

#[derive(Args)]
struct Change {
    #[command(flatten)]
    one: One,
    /// Why, for the receiver
    #[arg(long, value_name = "WORDS")]
    reason: Option<String>,
}

impl StreamCommand {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::List(All { place, json }) => list(&place, json).await,
            Action::Show { one, json } => show(&one, json).await,
            Action::Pause(change) => change.make(Status::Paused).await,
            Action::Disable(change) => change.make(Status::Disabled).await,
            Action::Enable(change) => change.make(Status::Enabled).await,
            Action::Delete(one) => {
                let realm = one.place.realm().await?;
                let found = shared_signals::remove(&realm, &one.id, ACTOR_NAME).await;
                if !found.map_err(words)? {
                    return Err(missing(&one.id));
                }
                output::line(&format!("deleted {}", one.id));
                Ok(())
            }
        }
    }
}

impl Change {
    async fn make(self, status: Status) -> Result<(), Failure> {
        let realm = self.one.place.realm().await?;
        let wanted = (status, self.reason.as_deref());
        let changed = shared_signals::set(&realm, &self.one.id, wanted, ACTOR_NAME).await;
        let changed = changed.map_err(words)?;
        let stream = changed.ok_or_else(|| missing(&self.one.id))?;
        output::line(&format!("{} is {}", stream.id, stream.status.as_str()));
        Ok(())
    }
}

async fn list(place: &Place, json: bool) -> Result<(), Failure> {
    let realm = place.realm().await?;
    let mut all: Vec<Stream> = Vec::new();
    loop {
        let after = all.last().map_or("", |stream| stream.id.as_str());
        let page = shared_signals::list(&realm, after, STEP).await;
        let page = page.map_err(words)?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    if json {
        output::json(&all.iter().map(value).collect());
        return Ok(());
    }
    let row = |stream: &Stream| {
        vec![
            stream.id.clone(),
            stream.client.clone(),
            stream.status.as_str().to_owned(),
            place_of(stream),
        ]
    };
    let rows = all.iter().map(row).collect();
    let head = ["Stream", "Receiver", "Status", "Delivered"];
    output::table(&head, rows, "No stream.");
    Ok(())
}

async fn show(one: &One, json: bool) -> Result<(), Failure> {
    let realm = one.place.realm().await?;
    let found = shared_signals::find(&realm, &one.id).await;
    let found = found.map_err(words)?;
    let (stream, waiting) = found.ok_or_else(|| missing(&one.id))?;
    if json {
        let mut value = value(&stream);
        value["waiting"] = waiting.into();
        output::json(&value);
        return Ok(());
    }
    let failing = match stream.failing_since {
        0 => "no".to_owned(),
        since => format!("since {since}"),
    };
    output::facts(&[
        ("stream", stream.id.clone()),
        ("receiver", stream.client.clone()),
        (
            "description",
            stream.description.clone().unwrap_or_default(),
        ),
        ("status", stream.status.as_str().to_owned()),
        ("reason", stream.reason.clone().unwrap_or_default()),
        ("delivered", place_of(&stream)),
        ("failing", failing),
        ("waiting", waiting.to_string()),
        ("events", stream.delivered().join(" ")),
    ]);
    Ok(())
}

fn place_of(stream: &Stream) -> String {
    match &stream.endpoint_url {
        Some(url) => format!("push {url}"),
        None => "poll".to_owned(),
    }
}

fn value(stream: &Stream) -> Value {
    json!({
        "id": stream.id, "receiver": stream.client, "description": stream.description, "status": stream.status, "reason": stream.reason,
        "method": stream.method, "endpoint_url": stream.endpoint_url, "failing_since": stream.failing_since, "events": stream.delivered(),
        "created_at": stream.created_at,
    })
}

fn missing(id: &str) -> Failure {
    format!("there is no stream `{id}`").into()
}

fn words(refusal: server::refusal::Refusal) -> Failure {
    format!("the stream cannot be had: {refusal:?}").into()
}
