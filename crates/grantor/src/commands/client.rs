//! `grantor client`: applications that get tokens.

mod answers;
mod auth;
mod backchannel;
mod exchange;
mod grant_type;
mod initial_token;
mod logout;
mod openid;
mod request;

use clap::{Args, Subcommand};
use oauth::Scope;
use realm::clients::{self, Registered, SecretChange};
use realm::{Algorithms, Client as Document, GrantType};
use serde_json::{Value, json};

use self::answers::Answers;
use self::auth::Authentication;
use self::backchannel::Backchannel;
use self::exchange::Exchange;
use self::initial_token::InitialTokens;
use self::logout::Logout;
use self::openid::OpenId;
use self::request::Requests;
use super::ACTOR_NAME;
use super::given::algorithms;
use super::options::{All, One};
use super::retired_grants::{Retired, warn_of_client};
use crate::failure::Failure;
use crate::output;
use crate::place::Place;

#[derive(Args)]
pub(super) struct Client {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Register an application
    Create(Create),
    /// List applications
    List(All),
    /// Show one application
    Show(One),
    /// Change what is said; what is not said stays
    Update(Update),
    /// Make a new secret; the old one is void at once
    RotateSecret(One),
    /// Refuse everything the application asks, for now
    Disable(One),
    /// Serve the application again
    Enable(One),
    /// Delete an application; its tokens are void at once
    Delete(One),
    /// Initial access tokens, with which applications register themselves (RFC 7591)
    #[command(subcommand)]
    Token(InitialTokens),
}

#[derive(Args)]
struct Create {
    #[command(flatten)]
    place: Place,
    /// The client identifier; without it, one is made
    #[arg(long)]
    id: Option<String>,
    /// The secret (12 characters at least); without it, one is made and shown once
    #[arg(long, conflicts_with = "public")]
    secret: Option<String>,
    /// It cannot keep a secret: a single-page, mobile or command-line application
    #[arg(long)]
    public: bool,
    #[command(flatten)]
    metadata: Metadata,
    /// Print JSON (RFC 7591 metadata)
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Update {
    #[command(flatten)]
    one: One,
    #[command(flatten)]
    metadata: Metadata,
}

/// What can be said about an application when it is made and later.
#[derive(Args)]
struct Metadata {
    /// The name that people see at consent
    #[arg(long)]
    name: Option<String>,
    /// Where a person may be sent back to; may be repeated. Loopback addresses match on any port
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Where a person may be sent after signing out; may be repeated
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// A grant type it may use; may be repeated [default: authorization_code]
    #[arg(long = "grant", value_name = "GRANT", value_parser = grant_type::named)]
    grants: Vec<GrantType>,
    /// A scope it may be granted; may be repeated, or several separated by spaces. For a person, none means every scope
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// A scope it gets when it asks for none; may be repeated
    #[arg(long = "default-scope", value_name = "SCOPE")]
    default_scopes: Vec<String>,
    #[command(flatten)]
    authentication: Authentication,
    #[command(flatten)]
    requests: Requests,
    #[command(flatten)]
    answers: Answers,
    #[command(flatten)]
    openid: OpenId,
    #[command(flatten)]
    retired: Retired,
    #[command(flatten)]
    exchange: Exchange,
    #[command(flatten)]
    backchannel: Backchannel,
    #[command(flatten)]
    logout: Logout,
    /// The algorithm of its ID tokens; repeated, the first of those that its profile permits [default: RS256]
    #[arg(long, value_name = "ALG")]
    id_token_alg: Vec<String>,
    /// Its home page, shown at consent
    #[arg(long, value_name = "URL")]
    client_uri: Option<String>,
    /// An origin whose scripts may call the token endpoint (CORS); may be repeated
    #[arg(long = "allowed-origin", value_name = "ORIGIN")]
    allowed_origins: Vec<String>,
    /// A type of authorization_details that it may ask for (RFC 9396); may be repeated
    #[arg(long = "details-type", value_name = "TYPE")]
    details_types: Vec<String>,
    /// A resource whose tokens it may introspect, being the API behind it; may be repeated
    #[arg(long, value_name = "RESOURCE")]
    introspects: Vec<String>,
    /// Ask nobody for consent: only for applications of your own
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    skip_consent: Option<bool>,
}

impl Metadata {
    /// Writes what was said over `client`.
    fn apply(self, client: &mut Document) -> Result<(), Failure> {
        fn list<T>(into: &mut Vec<T>, said: Vec<T>) {
            if !said.is_empty() {
                *into = said;
            }
        }
        if let Some(name) = self.name {
            client.name = name;
        }
        list(&mut client.redirect_uris, self.redirect_uris);
        list(
            &mut client.post_logout_redirect_uris,
            self.post_logout_redirect_uris,
        );
        list(&mut client.grant_types, self.grants);
        list(&mut client.allowed_origins, self.allowed_origins);
        list(&mut client.introspects, self.introspects);
        list(&mut client.authorization_details_types, self.details_types);
        if !self.scopes.is_empty() {
            client.scope = scope(&self.scopes)?;
        }
        if !self.default_scopes.is_empty() {
            client.default_scope = scope(&self.default_scopes)?;
        }
        self.authentication.apply(client)?;
        self.requests.apply(client)?;
        self.answers.apply(client)?;
        self.openid.apply(client)?;
        self.retired.apply(client)?;
        self.exchange.apply(client)?;
        self.backchannel.apply(client)?;
        self.logout.apply(client);
        if !self.id_token_alg.is_empty() {
            let choices = algorithms("--id-token-alg", &self.id_token_alg)?;
            (
                client.id_token_signed_response_alg,
                client.id_token_signing_alg_values_supported,
            ) = match choices.as_slice() {
                [one] => (Some(*one), Algorithms::default()),
                _ => (None, choices),
            };
        }
        client.client_uri = self.client_uri.or(client.client_uri.take());
        client.skip_consent = self.skip_consent.unwrap_or(client.skip_consent);
        Ok(())
    }
}

fn scope(given: &[String]) -> Result<Scope, Failure> {
    let joined = given.join(" ");
    joined
        .parse()
        .map_err(|_| format!("--scope: `{joined}` is not a list of scopes").into())
}

impl Client {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Create(create) => create.run().await,
            Action::List(All { place, json }) => list(&place, json).await,
            Action::Show(one) => {
                let (_, client) = find(&one).await?;
                show(&client, None, one.json);
                Ok(())
            }
            Action::Update(update) => {
                let (realm, mut client) = find(&update.one).await?;
                let before = client.clone();
                update.metadata.apply(&mut client)?;
                let secret = auth::secret_change(&before, &client);
                let done = clients::update(&realm, client, secret, ACTOR_NAME).await?;
                registered(&done, update.one.json);
                Ok(())
            }
            Action::RotateSecret(one) => {
                let (realm, client) = find(&one).await?;
                let done =
                    clients::update(&realm, client, SecretChange::Generate, ACTOR_NAME).await?;
                registered(&done, one.json);
                Ok(())
            }
            Action::Disable(one) => set_disabled(one, true).await,
            Action::Enable(one) => set_disabled(one, false).await,
            Action::Token(tokens) => tokens.run().await,
            Action::Delete(one) => {
                let realm = one.place.realm().await?;
                clients::delete(&realm, &one.id, ACTOR_NAME).await?;
                output::line(&format!("deleted {}", one.id));
                Ok(())
            }
        }
    }
}

async fn find(asked: &One) -> Result<(std::sync::Arc<realm::Realm>, Document), Failure> {
    let realm = asked.place.realm().await?;
    let found = clients::find(&realm, &asked.id).await?;
    let client = found.ok_or_else(|| format!("there is no client `{}`", asked.id))?;
    Ok((realm, client))
}

async fn set_disabled(one: One, disabled: bool) -> Result<(), Failure> {
    let (realm, mut client) = find(&one).await?;
    client.disabled = disabled;
    let done = clients::update(&realm, client, SecretChange::Keep, ACTOR_NAME).await?;
    registered(&done, one.json);
    Ok(())
}

impl Create {
    async fn run(self) -> Result<(), Failure> {
        let realm = self.place.realm().await?;
        let mut client = Document {
            id: self.id.unwrap_or_default(),
            ..Document::default()
        };
        self.metadata.apply(&mut client)?;
        if client.name.is_empty() {
            return Err("--name: people need a name to recognise the application by".into());
        }
        if !client.allows_grant(GrantType::AuthorizationCode) {
            client.response_types.retain(|it| !it.has_code());
        }
        let secret = auth::secret(&client, self.secret, self.public);
        let done = clients::create(&realm, client, secret, ACTOR_NAME).await?;
        registered(&done, self.json);
        Ok(())
    }
}

async fn list(place: &Place, json: bool) -> Result<(), Failure> {
    const PAGE: i64 = 200;
    let realm = place.realm().await?;
    let mut all: Vec<Document> = Vec::new();
    loop {
        let after = all.last().map_or("", |client| client.id.as_str());
        let page = clients::list(&realm, after, PAGE).await?;
        let last = page.len() < PAGE as usize;
        all.extend(page);
        if last {
            break;
        }
    }
    if json {
        output::json(&all.iter().map(|client| value(client, None)).collect());
        return Ok(());
    }
    let rows = all
        .iter()
        .map(|client| {
            let kind = if client.is_public() {
                "public"
            } else {
                "confidential"
            };
            vec![
                client.id.clone(),
                client.name.clone(),
                kind.to_owned(),
                grants(client),
                if client.disabled { "disabled" } else { "" }.to_owned(),
            ]
        })
        .collect();
    output::table(
        &["Client", "Name", "Kind", "Grants", ""],
        rows,
        "No application yet: grantor client create --name NAME --redirect-uri URI",
    );
    Ok(())
}

fn grants(client: &Document) -> String {
    let names: Vec<&str> = client.grant_types.iter().map(|g| g.as_str()).collect();
    names.join(", ")
}

fn value(client: &Document, secret: Option<&str>) -> Value {
    let mut value = serde_json::to_value(client).unwrap_or_else(|_| json!({}));
    if let (Some(members), Some(secret)) = (value.as_object_mut(), secret) {
        members.insert("client_secret".into(), secret.into());
        members.insert("client_secret_expires_at".into(), 0.into());
    }
    value
}

fn registered(done: &Registered, json: bool) {
    warn_of_client(&done.client);
    show(&done.client, done.secret.as_deref(), json);
}

fn show(client: &Document, secret: Option<&str>, json: bool) {
    if json {
        return output::json(&value(client, secret));
    }
    let kind = if client.is_public() {
        "public"
    } else {
        "confidential"
    };
    output::facts(&[
        ("client_id", client.id.clone()),
        ("client_secret", secret.unwrap_or_default().to_owned()),
        ("name", client.name.clone()),
        ("kind", kind.to_owned()),
        ("authenticates by", auth::words(client)),
        ("requests", request::words(client)),
        ("grants", grants(client)),
        ("redirect URIs", client.redirect_uris.join(" ")),
        ("scope", client.scope.to_string()),
        ("default scope", client.default_scope.to_string()),
        ("introspects", client.introspects.join(" ")),
        ("exchanges", exchange::words(client)),
        ("asks people", backchannel::words(client)),
        ("told of logout", logout::words(client)),
        (
            "state",
            if client.disabled { "disabled" } else { "" }.to_owned(),
        ),
    ]);
    if secret.is_some() {
        let kept = if client.sealed_secret.is_some() {
            "it is kept sealed, to check what the application signs with it"
        } else {
            "only a hash of it is kept"
        };
        output::line(&format!("\nThe secret is shown this once; {kept}."));
    }
}
