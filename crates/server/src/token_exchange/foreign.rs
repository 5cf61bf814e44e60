//! Tokens of trusted issuers that are handed in for exchange: what they are worth is what the operator's rule says.

use oauth::claims::Origin;
use oauth::token_exchange::Party;
use realm::Client;
use realm::issuers::Subject;

use super::rules::{Presented, SignedIn};
use crate::call::Call;
use crate::client_auth::AuthenticatedClient;
use crate::refusal::{Reason, Refusal};
use crate::trust::rules::Kind;
use crate::trust::{self, Vouched};

/// Reads one.
pub(super) async fn read(
    call: &Call,
    client: &AuthenticatedClient,
    token: &str,
) -> Result<Presented, Refusal> {
    let vouched = trust::verify(call, "/token", token).await?;
    let vouched = vouched.permitted(client.profile(&call.realm.settings()))?;
    if vouched.kind == Kind::IdJag {
        // It is a grant, and for one client.
        return Err(Reason::AssertionType.into());
    }
    if vouched.claims.contains_key("authorization_details") {
        // What others permit in particular is said in types of theirs, and must not be lost.
        return Err(Reason::DetailsNotOffered.into());
    }
    let entrusted = vouched
        .rules()
        .into_iter()
        .find(|rule| rule.clients.contains(&client.id) || is_about(&rule.subject, client))
        .ok_or(Reason::AssertionRule)?;
    let accepted = &vouched.accepted;
    let common = Presented {
        issuer: vouched.issuer().to_owned(),
        as_said: Some(Party {
            sub: Some(accepted.sub.clone()),
            iss: Some(vouched.issuer().to_owned()),
            client_id: None,
        }),
        confirmation: vouched.confirmation()?,
        actors: vouched.actors()?,
        may_act: vouched.claims.get("may_act").cloned(),
        is_entrusted: true,
        expires_at: accepted.expires_at,
        only_resources: entrusted.resources.clone(),
        ..Presented::default()
    };
    match &entrusted.subject {
        Subject::Person { claim, by } => {
            let person = trust::find_person(call, &vouched, (claim, *by)).await?;
            Ok(Presented {
                origins: vec![origin(&vouched, &person.id)],
                sub: person.id,
                is_person: true,
                scope: within(&vouched, &entrusted.scope)?,
                signed_in: SignedIn {
                    time: vouched
                        .claims
                        .get("auth_time")
                        .and_then(serde_json::Value::as_i64),
                    ..SignedIn::default()
                },
                ..common
            })
        }
        Subject::Client(id) => {
            let about = call.realm.client(id).await?.ok_or(Reason::AssertionRule)?;
            Ok(Presented {
                origins: vec![origin(&vouched, id)],
                sub: id.clone(),
                client: Some(id.clone()),
                scope: within(&vouched, &about.scope)?,
                ..common
            })
        }
    }
}

fn is_about(subject: &Subject, client: &Client) -> bool {
    matches!(subject, Subject::Client(id) if *id == client.id)
}

/// What it says itself narrows what it is worth.
fn within(vouched: &Vouched, most: &oauth::Scope) -> Result<oauth::Scope, Reason> {
    match vouched.claims.get("scope") {
        None => Ok(most.clone()),
        Some(said) => {
            let said = said.as_str().and_then(|said| said.parse().ok());
            let said: oauth::Scope = said.ok_or(Reason::AssertionMalformed)?;
            Ok(most.intersection(&said))
        }
    }
}

fn origin(vouched: &Vouched, sub: &str) -> Origin {
    Origin {
        sub: Some(sub.to_owned()),
        iat: vouched.accepted.issued_at,
        ..Origin::default()
    }
}
