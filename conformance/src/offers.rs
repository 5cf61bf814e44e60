//! Offers of credentials: a module that waits for one gets it, and then what the person has to type (OpenID4VCI 1.0 §4.1, §3.5).

use serde_json::Value;

use crate::Failure;
use crate::grantor::{Grantor, USERNAME};
use crate::suite::Suite;

/// What a module has been given.
#[derive(Default)]
pub(crate) struct Offers {
    /// What has to be typed for the last offer.
    tx_code: Option<String>,
}

impl Offers {
    /// Gives a module that waits what it waits for, if that is an offer.
    pub(crate) async fn answer(
        &mut self,
        suite: &Suite,
        grantor: &Grantor,
        id: &str,
    ) -> Result<(), Failure> {
        let exposed = suite.exposed(id).await?;
        let text = |name: &str| exposed.get(name).and_then(Value::as_str);
        if let Some(url) = text("tx_code_endpoint") {
            if let Some(typed) = self.tx_code.take() {
                let base = url.split('?').next().unwrap_or(url);
                suite.visit(&format!("{base}?code={typed}")).await?;
            }
        } else if let Some(url) = text("credential_offer_endpoint")
            && self.tx_code.is_none()
            && let Some(configuration) = grantor.offered.as_deref()
        {
            let made = grantor.json(&[
                "credential",
                "offer",
                "--json",
                "--user",
                USERNAME,
                "--credential",
                configuration,
                "--tx-code",
            ])?;
            let link = made["link"].as_str().unwrap_or_default();
            let query = link.split_once('?').map_or("", |(_, query)| query);
            self.tx_code = made["tx_code"].as_str().map(str::to_owned);
            suite.visit(&format!("{url}?{query}")).await?;
        }
        Ok(())
    }
}
