//! `authorization_details` (RFC 9396): what is asked for in particular, as the application's own types.

use oauth::authorization_details::AuthorizationDetails;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Error, Tokens};

/// What has been added to a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    values: Vec<Value>,
    unusable: bool,
}

impl Details {
    pub(crate) fn add(&mut self, detail: &impl Serialize) {
        match serde_json::to_value(detail) {
            Ok(value) => self.values.push(value),
            Err(_) => self.unusable = true,
        }
    }

    /// The parameter; `None` when nothing was added.
    pub(crate) fn text(&self) -> Result<Option<String>, Error> {
        const UNUSABLE: Error = Error::Incomplete(
            "an authorization detail is not an object with a type, or they are too many or too large",
        );
        if self.unusable {
            return Err(UNUSABLE);
        }
        if self.values.is_empty() {
            return Ok(None);
        }
        let text = Value::from(self.values.clone()).to_string();
        AuthorizationDetails::parse(&text).map_err(|_| UNUSABLE)?;
        Ok(Some(text))
    }
}

impl Tokens {
    /// What was granted in particular (RFC 9396 §7), read as the application's own type; empty when the server says nothing of it.
    ///
    /// ```no_run
    /// # use grantor_client::{Client, Error};
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// #[serde(tag = "type", rename_all = "snake_case")]
    /// enum Permission {
    ///     Payment { payee: String, euros: u32 },
    /// }
    ///
    /// # async fn run(client: Client, query: &str) -> Result<(), Error> {
    /// let payment = Permission::Payment { payee: "Merchant A".to_owned(), euros: 10 };
    /// let request = client.authorize().detail(&payment).redirect_uri("https://app.example.com/callback");
    /// let pending = request.start().await?;
    /// // … and when the browser is back:
    /// let session = client.finish(&pending, query).await?;
    /// for granted in session.tokens().await.unwrap().details::<Permission>()? {
    ///     let Permission::Payment { payee, euros } = granted;
    ///     println!("{euros} euros to {payee}");
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Response`] when one of them is not of this type.
    pub fn details<T: DeserializeOwned>(&self) -> Result<Vec<T>, Error> {
        let granted = self
            .details
            .iter()
            .flat_map(|details: &AuthorizationDetails| details.iter());
        granted
            .map(|detail| {
                let value = Value::Object(detail.members().clone());
                serde_json::from_value(value).map_err(|_| Error::Response {
                    endpoint: "token",
                    status: 200,
                    reason: "an authorization detail is of another type than expected",
                })
            })
            .collect()
    }
}
