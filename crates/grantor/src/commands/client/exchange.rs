//! What an application may exchange for what (RFC 8693): the options of `grantor client create` and `update` for it.

use clap::Args;
use oauth::Scope;
use oauth::token_exchange::Party;
use realm::Client;
use realm::clients::IdentityAssertion;

use super::super::given::pair;
use crate::failure::Failure;

/// What can be said about it.
#[derive(Args)]
pub(super) struct Exchange {
    /// A scope it may get in exchange for a token that carries another: files.read=notes.read; may be repeated. An ID token counts as openid
    #[arg(long = "exchange", value_name = "GET=FOR")]
    exchanges: Vec<String>,
    /// An application whose tokens it may exchange though they are neither its own nor for an API that it is (--introspects); may be repeated
    #[arg(long = "exchange-from", value_name = "CLIENT")]
    exchange_from: Vec<String>,
    /// Let what it gets in exchange leave out that it acts
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    exchange_impersonation: Option<bool>,
    /// Let it exchange tokens that are bound to another's key for ones bound to its own
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    exchange_rebinding: Option<bool>,
    /// Who alone may act with the tokens that people let it have (may_act): the name of an application, or the identifier of a person. Empty: whoever the others'
    /// own options let
    #[arg(long, value_name = "SUBJECT")]
    may_act: Option<String>,
    /// Another authorization server for which it gets assertions about people (ID-JAG), and what it is called there; may be repeated
    #[arg(long = "id-jag", value_name = "ISSUER=CLIENT")]
    id_jags: Vec<String>,
    /// A scope of that server that it may ask for; may be repeated
    #[arg(long = "id-jag-scope", value_name = "ISSUER=SCOPE")]
    id_jag_scopes: Vec<String>,
    /// An API of that server that it may name; may be repeated
    #[arg(long = "id-jag-resource", value_name = "ISSUER=URI")]
    id_jag_resources: Vec<String>,
}

impl Exchange {
    /// Writes what was said over `client`.
    pub(super) fn apply(self, client: &mut Client) -> Result<(), Failure> {
        let policy = &mut client.token_exchange;
        if !self.exchanges.is_empty() {
            policy.scopes.clear();
        }
        for given in &self.exchanges {
            let (get, have) = pair("--exchange", given)?;
            let given_for = policy.scopes.entry(get.to_owned()).or_default();
            given_for.push(have.to_owned());
        }
        if !self.exchange_from.is_empty() {
            policy.subject_clients = self.exchange_from;
        }
        policy.impersonation = self.exchange_impersonation.unwrap_or(policy.impersonation);
        policy.rebinding = self.exchange_rebinding.unwrap_or(policy.rebinding);
        for given in &self.id_jags {
            let (audience, client_id) = pair("--id-jag", given)?;
            policy
                .identity_assertions
                .retain(|known| known.audience != audience);
            policy.identity_assertions.push(IdentityAssertion {
                audience: audience.to_owned(),
                client_id: client_id.to_owned(),
                ..IdentityAssertion::default()
            });
        }
        for given in &self.id_jag_scopes {
            let (audience, scope) = pair("--id-jag-scope", given)?;
            let scope: Scope = scope
                .parse()
                .map_err(|_| format!("--id-jag-scope: `{scope}` is not a scope"))?;
            let known = server(policy, audience)?;
            known.scope = known.scope.union(&scope);
        }
        for given in &self.id_jag_resources {
            let (audience, resource) = pair("--id-jag-resource", given)?;
            server(policy, audience)?
                .resources
                .push(resource.to_owned());
        }
        if let Some(subject) = self.may_act {
            client.may_act = (!subject.is_empty()).then(|| Party {
                sub: Some(subject),
                ..Party::default()
            });
        }
        Ok(())
    }
}

fn server<'a>(
    policy: &'a mut realm::clients::ExchangePolicy,
    audience: &str,
) -> Result<&'a mut IdentityAssertion, Failure> {
    policy
        .identity_assertions
        .iter_mut()
        .find(|known| known.audience == audience)
        .ok_or_else(|| format!("{audience}: say --id-jag {audience}=CLIENT first").into())
}

/// What it may exchange, for people; empty when nothing is said.
pub(super) fn words(client: &Client) -> String {
    let policy = &client.token_exchange;
    let scopes = policy
        .scopes
        .iter()
        .map(|(get, given_for)| format!("{get} for {}", given_for.join(" or ")));
    let from = (!policy.subject_clients.is_empty())
        .then(|| format!("tokens of {}", policy.subject_clients.join(", ")));
    let servers = policy
        .identity_assertions
        .iter()
        .map(|known| format!("assertions for {} as {}", known.audience, known.client_id));
    let flags = [
        (policy.impersonation, "without being named as actor"),
        (policy.rebinding, "bound to its own key"),
    ];
    let flags = flags
        .into_iter()
        .filter(|(set, _)| *set)
        .map(|(_, words)| words.to_owned());
    let all: Vec<String> = scopes.chain(from).chain(servers).chain(flags).collect();
    all.join("; ")
}
