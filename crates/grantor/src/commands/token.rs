//! `grantor token`: look into a token, get one, or end one.

use std::io::Read;

use clap::{Args, Subcommand};
use db::Batch;
use grantor_client::{Client, Credentials};
use jose::jws;
use realm::{Event, Mark};
use serde_json::{Value, json};

use super::ACTOR_NAME;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;

#[derive(Args)]
pub(super) struct Token {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Show what a JWT says, and whether this server's keys signed it, it has expired, or it was revoked
    Inspect(Given),
    /// Revoke the grant that an access token comes from, with everything else it gave
    Revoke(Given),
    /// Get an access token for a client itself (client credentials) and print it. It is a secret
    Request(Request),
}

#[derive(Args)]
struct Given {
    #[command(flatten)]
    place: Place,
    /// The token; without it, it is read from standard input
    token: Option<String>,
}

#[derive(Args)]
struct Request {
    /// The issuer
    #[arg(long, value_name = "URL", default_value = "http://localhost:8080")]
    issuer: String,
    /// The client identifier
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// The client's secret; best given by the environment
    #[arg(
        long,
        value_name = "SECRET",
        env = "CLIENT_SECRET",
        hide_env_values = true
    )]
    client_secret: String,
    /// The scopes to ask for, separated by spaces [default: the client's own]
    #[arg(long)]
    scope: Option<String>,
    /// The API that the token is for (RFC 8707)
    #[arg(long, value_name = "URI")]
    resource: Option<String>,
}

impl Token {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Inspect(given) => given.inspect().await,
            Action::Revoke(given) => given.revoke().await,
            Action::Request(request) => request.run().await,
        }
    }
}

impl Given {
    fn token(&self) -> Result<String, Failure> {
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        let mut text = String::new();
        std::io::stdin().take(65_536).read_to_string(&mut text)?;
        Ok(text.trim().to_owned())
    }

    async fn inspect(&self) -> Result<(), Failure> {
        let token = self.token()?;
        let peeked = jws::peek(&token).map_err(
            |_| "this is not a JWT; an opaque token is shown by the introspection endpoint",
        )?;
        let claims = Value::Object(peeked.claims()?);
        let realm = self.place.realm().await?;
        let key_set = realm.keys().key_set().await?;
        let key = key_set.find(peeked.header.kid.as_deref(), peeked.algorithm);
        let signed = match (key, token.rsplit_once('.')) {
            (Some(key), Some((message, signature))) => jose::base64url::decode(signature)
                .is_ok_and(|bytes| key.verify(message.as_bytes(), &bytes).is_ok()),
            _ => false,
        };
        let expired = claims["exp"].as_i64().is_some_and(|exp| exp <= realm.now());
        output::json(&json!({
            "header": {"alg": peeked.algorithm.as_str(), "kid": peeked.header.kid, "typ": peeked.header.typ},
            "claims": claims,
            "signed_by_this_realm": signed,
            "expired": expired,
            "revoked": revoked(&realm, &claims),
        }));
        Ok(())
    }

    async fn revoke(&self) -> Result<(), Failure> {
        let claims = Value::Object(jws::peek(&self.token()?)?.claims()?);
        let realm = self.place.realm().await?;
        let grant = claims["grant_id"].as_str().or(claims["jti"].as_str());
        let grant = grant.ok_or("the token names neither a grant nor itself")?;
        let mut batch = Batch::new();
        let mark = Mark::Grant(grant);
        realm.revocations().revoke(&mut batch, mark);
        realm.record(&mut batch, Event::new("grant.revoked").actor(ACTOR_NAME));
        realm.commit(batch).await?;
        output::line(&format!("revoked {grant}"));
        Ok(())
    }
}

/// Whether any mark that concerns the token revokes it.
fn revoked(realm: &realm::Realm, claims: &Value) -> bool {
    let text = |name: &str| claims[name].as_str();
    let issued_at = claims["iat"].as_i64().unwrap_or_default();
    let marks = [
        text("grant_id").map(Mark::Grant),
        text("jti").map(Mark::Token),
        text("jti").map(Mark::Grant),
        text("sid").map(Mark::Session),
        text("sub").map(Mark::Person),
        text("client_id").map(Mark::Client),
    ];
    let revocations = realm.revocations();
    marks
        .into_iter()
        .flatten()
        .any(|mark| revocations.is_revoked(mark, issued_at))
}

impl Request {
    async fn run(self) -> Result<(), Failure> {
        let credentials = Credentials::basic(self.client_id, self.client_secret);
        let client = Client::discover(self.issuer, credentials).await?;
        let mut service = client.service();
        if let Some(scope) = self.scope {
            service = service.scope(scope);
        }
        if let Some(resource) = self.resource {
            service = service.resource(resource);
        }
        output::line(service.tokens()?.access_token().await?.as_str());
        Ok(())
    }
}
