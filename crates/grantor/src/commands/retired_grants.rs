//! What OAuth 2.1 has left out and somebody may switch on: options of `grantor client create` and `update`, and what is said about it.

use std::sync::Arc;

use clap::Args;
use oauth::authorization::ResponseType;
use realm::{Client, Node, Settings, clients, realms};

use crate::failure::Failure;
use crate::output;

/// How many clients are read at a time.
const PAGE: i64 = 100;

const WARNING: &str = "tokens go through the browser, or passwords through the application, which OAuth 2.1 has left out because they leak there \
                       (RFC 9700 §2.1.2, §2.4): use it for what cannot be changed, and only as long";

/// What can be said about it.
#[derive(Args)]
pub(super) struct Retired {
    /// A response type it may ask for, such as `code` or `code id_token`; may be repeated [default: code]
    #[arg(long = "response-type", value_name = "TYPE")]
    response_types: Vec<String>,
    /// Let it be registered for the grants implicit and password, which OAuth 2.1 has left out, or do not, whatever the realm says; it needs the profile openid
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    allow_retired_grants: Option<bool>,
}

impl Retired {
    /// Writes what was said over `client`.
    pub(super) fn apply(self, client: &mut Client) -> Result<(), Failure> {
        let mut types = Vec::new();
        for name in &self.response_types {
            let known: ResponseType = name.parse().map_err(|_| {
                let known = ResponseType::ALL.map(ResponseType::as_str).join(", ");
                format!("--response-type: `{name}` is not a response type; there are {known}")
            })?;
            types.push(known);
        }
        if !types.is_empty() {
            client.response_types = types;
        }
        client.allow_retired_grants = self.allow_retired_grants.or(client.allow_retired_grants);
        Ok(())
    }
}

/// Warns of a client that uses it.
pub(super) fn warn_of_client(client: &Client) {
    if client.grant_types.iter().any(|grant| grant.is_retired()) {
        output::note(&format!("warning: {}: {WARNING}", client.id));
    }
}

/// Warns of a realm where it is switched on.
pub(super) fn warn_of_realm(name: &str, settings: &Settings) {
    if settings.allow_retired_grants {
        output::note(&format!(
            "warning: realm {name}: allow_retired_grants: {WARNING}"
        ));
    }
}

/// Warns, in the log, of each realm and each client where it is switched on. To be spawned: where clients are many, it takes a while.
pub(super) async fn warn_at_start(node: Arc<Node>) {
    if let Err(error) = warn(&node).await {
        tracing::warn!(%error, "it is not known where retired grants are switched on");
    }
}

async fn warn(node: &Node) -> Result<(), Failure> {
    for info in realms::list(node, "", i64::MAX).await? {
        let settings = &info.settings;
        if settings.allow_retired_grants {
            tracing::warn!(realm = info.name, "ALLOW_RETIRED_GRANTS IS ON: {WARNING}");
        }
        let Some(realm) = node.realm(&info.name).await? else {
            continue;
        };
        let mut after = String::new();
        loop {
            let page = clients::list_retired(&realm, &after, PAGE).await?;
            for client in page.iter().filter(|it| it.allows_retired_grants(settings)) {
                let (realm, client) = (&info.name, &client.id);
                tracing::warn!(
                    realm,
                    client,
                    "ALLOW_RETIRED_GRANTS IS ON FOR THIS CLIENT: {WARNING}"
                );
            }
            match page.last() {
                Some(last) => after.clone_from(&last.id),
                None => break,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use realm::GrantType;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        retired: Retired,
    }

    fn said(words: &[&str], client: &mut Client) -> Result<(), Failure> {
        let line = Line::try_parse_from([&["client"], words].concat()).unwrap();
        line.retired.apply(client)
    }

    #[test]
    fn response_types_are_said_in_any_order_and_what_is_not_said_stays() {
        let mut client = Client::default();
        said(&["--response-type", "token id_token"], &mut client).unwrap();
        assert_eq!(client.response_types, [ResponseType::IdTokenToken]);
        assert_eq!(client.allow_retired_grants, None);
        said(&["--allow-retired-grants"], &mut client).unwrap();
        said(&[], &mut client).unwrap();
        assert_eq!(client.response_types, [ResponseType::IdTokenToken]);
        assert_eq!(client.allow_retired_grants, Some(true));
        let error = said(&["--response-type", "tokens"], &mut client).unwrap_err();
        assert!(error.to_string().contains("code id_token token"));
    }

    #[test]
    fn grants_are_named_as_they_are_registered() {
        for (name, grant) in [
            ("implicit", GrantType::Implicit),
            ("password", GrantType::Password),
        ] {
            assert_eq!(name.parse(), Ok(grant));
            assert!(grant.is_retired());
        }
    }
}
