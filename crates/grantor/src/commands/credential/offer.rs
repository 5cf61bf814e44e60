//! `grantor credential offer`: a link that a wallet opens.

use clap::Args;
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use serde_json::json;
use server::pre_authorized_code::offers::{self, Wanted};

use super::super::ACTOR_NAME;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;

#[derive(Args)]
pub(super) struct OfferCommand {
    #[command(flatten)]
    place: Place,
    /// To whom: a user name. Without it the link is for everybody, who sign in to have it
    #[arg(long)]
    user: Option<String>,
    /// What is offered: the identifier of a credential; may be repeated
    #[arg(long = "credential", value_name = "ID", required = true)]
    configurations: Vec<String>,
    /// The person signs in here, in the browser that the wallet opens, and the link is good for them alone, once
    #[arg(long, requires = "user", conflicts_with = "tx_code")]
    sign_in: bool,
    /// The person has to type a code that is told apart from the link: whoever finds the link alone has nothing
    #[arg(long, requires = "user")]
    tx_code: bool,
    /// Put the offer into the link, instead of an address where it is fetched once
    #[arg(long, requires = "user")]
    by_value: bool,
    /// How long it is open, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    lifetime: i64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl OfferCommand {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let realm = self.place.realm().await?;
        let Some(username) = &self.user else {
            let link = offers::by_code_flow(&realm, &self.configurations).await?;
            return show(&link, None, self.json);
        };
        let person = identity::people::find_by_username(&realm, username).await?;
        let person = person.ok_or_else(|| format!("there is no user `{username}`"))?;
        let wanted = Wanted {
            person: person.id,
            configurations: self.configurations,
            sign_in: self.sign_in,
            tx_code: self.tx_code,
            by_value: self.by_value,
            lifetime: self.lifetime,
        };
        let made = offers::make(&realm, &wanted, ACTOR_NAME).await?;
        show(&made.link, made.tx_code.as_deref(), self.json)
    }
}

fn show(link: &str, tx_code: Option<&str>, json: bool) -> Result<(), Failure> {
    if json {
        output::json(&json!({"link": link, "tx_code": tx_code}));
        return Ok(());
    }
    let code = QrCode::with_error_correction_level(link, EcLevel::L)?;
    output::line(&code.render::<Dense1x2>().quiet_zone(true).build());
    output::line(link);
    if let Some(tx_code) = tx_code {
        output::line(&format!(
            "code to type, told apart from the link: {tx_code}"
        ));
    }
    Ok(())
}
