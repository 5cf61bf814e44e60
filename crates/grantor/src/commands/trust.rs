//! `grantor trust`: whose signed word counts besides our own, and for what.

mod presets;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jose::Algorithm;
use oauth::Scope;
use realm::clients::{self, Secret};
use realm::issuers::{self, PersonKey, Subject, TrustRule, TrustedIssuer};
use realm::{Client, GrantType, Realm};

use self::presets::{Github, Gitlab, Kubernetes, Preset, Spiffe};
use super::ACTOR_NAME;
use super::given::public_keys;
use super::options::All;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Trust {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    any: AnyIssuer,
}

#[derive(Subcommand)]
enum Action {
    /// Jobs of GitHub Actions
    Github(Github),
    /// Jobs of GitLab CI
    Gitlab(Gitlab),
    /// Pods of a Kubernetes cluster, by their service account
    Kubernetes(Kubernetes),
    /// Workloads with a SPIFFE identity
    Spiffe(Spiffe),
    /// List who is trusted
    List(All),
    /// Show what an issuer is trusted for
    Show {
        #[command(flatten)]
        place: Place,
        /// Its identifier
        issuer: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Trust an issuer no longer, or for one application no longer
    Remove {
        #[command(flatten)]
        place: Place,
        /// Its identifier
        issuer: String,
        /// Remove only the rules that make something this application
        #[arg(long, value_name = "CLIENT")]
        client: Option<String>,
    },
}

/// Any issuer, under any condition.
#[derive(Args)]
struct AnyIssuer {
    /// Its identifier, the `iss` of what it signs
    issuer: Option<String>,
    /// When the rule applies: CEL over `claims`, such as 'claims.department == "sales"'. `true` believes everything it signs
    #[arg(long = "if", value_name = "EXPRESSION")]
    condition: Option<String>,
    /// What it signs is about the person that a claim names: email=email, preferred_username=username, or sub=id
    #[arg(long, value_name = "CLAIM=KEY", conflicts_with = "client")]
    person: Option<String>,
    /// An application that may hand in what is said about people, or exchange it; may be repeated
    #[arg(long = "for", value_name = "CLIENT")]
    clients: Vec<String>,
    /// A resource that tokens for people may be for; may be repeated [default: those of the scope]
    #[arg(long = "resource", value_name = "URI")]
    resources: Vec<String>,
    /// A file with its public keys (a JWK set)
    #[arg(long, value_name = "FILE", conflicts_with = "jwks_uri")]
    jwks: Option<PathBuf>,
    /// Where its public keys are [default: where its metadata say]
    #[arg(long, value_name = "URL")]
    jwks_uri: Option<String>,
    /// An algorithm that it signs with, instead of those said before; may be repeated [default: any asymmetric one]
    #[arg(long = "alg", value_name = "ALG")]
    algorithms: Vec<String>,
    /// How long what it signs may be valid at most, in seconds
    #[arg(long, value_name = "SECONDS")]
    longest: Option<i64>,
    /// The same text counts more than once, until it expires
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    reusable: Option<bool>,
    #[command(flatten)]
    common: Common,
}

/// What is said of how an issuer signs: it counts for one that is known already, too.
#[derive(Default)]
struct Signing {
    algorithms: Vec<Algorithm>,
    longest: Option<i64>,
    reusable: Option<bool>,
}

impl Signing {
    fn apply(self, issuer: &mut TrustedIssuer) {
        if !self.algorithms.is_empty() {
            issuer.algorithms = self.algorithms;
        }
        issuer.longest = self.longest.unwrap_or(issuer.longest);
        issuer.reusable = self.reusable.unwrap_or(issuer.reusable);
    }
}

/// What is said about every rule.
#[derive(Args)]
struct Common {
    #[command(flatten)]
    place: Place,
    /// The application that it makes a workload. One that does not exist is registered, without a secret that anybody knows
    #[arg(long, value_name = "CLIENT")]
    client: Option<String>,
    /// For people: a scope that may be had at most. For an application that is registered now: its scope; may be repeated
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Whom what it signs may be for, besides this realm's issuer; may be repeated
    #[arg(long = "audience", value_name = "AUDIENCE")]
    audiences: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Common {
    fn scope(&self) -> Result<Scope, Failure> {
        let joined = self.scopes.join(" ");
        joined
            .parse()
            .map_err(|_| format!("--scope: `{joined}` is not a list of scopes").into())
    }
}

impl Trust {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.action {
            None => self.any.run().await,
            Some(Action::Github(preset)) => workload(preset).await,
            Some(Action::Gitlab(preset)) => workload(preset).await,
            Some(Action::Kubernetes(preset)) => workload(preset).await,
            Some(Action::Spiffe(preset)) => workload(preset).await,
            Some(Action::List(All { place, json })) => list(&place, json).await,
            Some(Action::Show {
                place,
                issuer,
                json,
            }) => {
                let realm = place.realm().await?;
                show(&find(&realm, &issuer).await?, json)
            }
            Some(Action::Remove {
                place,
                issuer,
                client,
            }) => remove(&place, &issuer, client.as_deref()).await,
        }
    }
}

/// Trusts what runs workloads.
async fn workload(preset: impl Preset) -> Result<(), Failure> {
    let (issuer, condition) = preset.describe()?;
    let common = preset.common();
    let client = common
        .client
        .clone()
        .ok_or("--client: name the application that the workload is")?;
    let realm = common.place.realm().await?;
    ensure_client(&realm, &client, &common.scope()?).await?;
    let rule = TrustRule {
        condition,
        subject: Subject::Client(client),
        clients: Vec::new(),
        scope: Scope::empty(),
        resources: Vec::new(),
    };
    // What a preset takes for granted loosens nothing that was said of an issuer.
    trust(&realm, issuer, Signing::default(), rule, &common).await
}

impl AnyIssuer {
    async fn run(self) -> Result<(), Failure> {
        let id = self
            .issuer
            .ok_or("say github, gitlab, kubernetes, spiffe or an issuer (see --help)")?;
        let condition = self
            .condition
            .ok_or("--if: say when what it signs is believed; `true` is always")?;
        let realm = self.common.place.realm().await?;
        let scope = self.common.scope()?;
        let (subject, scope) = match (&self.person, &self.common.client) {
            (Some(person), None) => (self::person(person)?, scope),
            (None, Some(client)) => {
                ensure_client(&realm, client, &scope).await?;
                (Subject::Client(client.clone()), Scope::empty())
            }
            _ => return Err("say --person CLAIM=KEY or --client CLIENT".into()),
        };
        let mut algorithms = Vec::new();
        for name in &self.algorithms {
            let parsed = name
                .parse()
                .map_err(|_| format!("--alg: `{name}` is not a signature algorithm"))?;
            algorithms.push(parsed);
        }
        let issuer = TrustedIssuer {
            id,
            jwks: self
                .jwks
                .as_ref()
                .map(|path| public_keys("--jwks", path))
                .transpose()?,
            jwks_uri: self.jwks_uri,
            ..TrustedIssuer::default()
        };
        let signing = Signing {
            algorithms,
            longest: self.longest,
            reusable: self.reusable,
        };
        let rule = TrustRule {
            condition,
            subject,
            clients: self.clients,
            scope,
            resources: self.resources,
        };
        trust(&realm, issuer, signing, rule, &self.common).await
    }
}

fn person(given: &str) -> Result<Subject, Failure> {
    let (claim, key) = given
        .split_once('=')
        .ok_or_else(|| format!("--person: `{given}` has no `=`"))?;
    let by = match key {
        "id" => PersonKey::Id,
        "username" => PersonKey::Username,
        "email" => PersonKey::Email,
        _ => return Err(format!("--person: `{key}` is none of id, username, email").into()),
    };
    let claim = claim.to_owned();
    Ok(Subject::Person { claim, by })
}

/// The application must be there before anybody can be it.
async fn ensure_client(realm: &Realm, id: &str, scope: &Scope) -> Result<(), Failure> {
    if let Some(client) = clients::find(realm, id).await? {
        if !client.allows_grant(GrantType::JwtBearer) {
            output::note(&format!(
                "{id} may authenticate with it, and is not registered for the grant jwt-bearer"
            ));
        }
        return Ok(());
    }
    let client = Client {
        id: id.to_owned(),
        name: id.to_owned(),
        grant_types: vec![GrantType::ClientCredentials, GrantType::JwtBearer],
        response_types: Vec::new(),
        scope: scope.clone(),
        default_scope: scope.clone(),
        ..Client::default()
    };
    // Of the secret nobody hears: it makes the application one that authenticates.
    clients::create(realm, client, Secret::Generate, ACTOR_NAME).await?;
    output::note(&format!("registered the application {id}"));
    Ok(())
}

/// Adds a rule to an issuer, which is new or known.
async fn trust(
    realm: &Realm,
    issuer: TrustedIssuer,
    signing: Signing,
    rule: TrustRule,
    common: &Common,
) -> Result<(), Failure> {
    let mut issuer = match issuers::find(realm, &issuer.id).await? {
        Some(known) => TrustedIssuer {
            jwks: issuer.jwks.or_else(|| {
                let kept = known.jwks.clone();
                kept.filter(|_| issuer.jwks_uri.is_none())
            }),
            jwks_uri: issuer.jwks_uri.or_else(|| known.jwks_uri.clone()),
            ..known
        },
        None => issuer,
    };
    if issuer.jwks.is_some() {
        issuer.jwks_uri = None;
    }
    signing.apply(&mut issuer);
    for audience in &common.audiences {
        if !issuer.audiences.contains(audience) {
            issuer.audiences.push(audience.clone());
        }
    }
    if !issuer.rules.contains(&rule) {
        issuer.rules.push(rule);
    }
    let done = issuers::put(realm, issuer, ACTOR_NAME).await?;
    show(&done, common.json)
}

async fn find(realm: &Realm, id: &str) -> Result<TrustedIssuer, Failure> {
    let found = issuers::find(realm, id).await?;
    found.ok_or_else(|| format!("`{id}` is not trusted (see `grantor trust list`)").into())
}

async fn remove(place: &Place, id: &str, client: Option<&str>) -> Result<(), Failure> {
    let realm = place.realm().await?;
    let mut issuer = find(&realm, id).await?;
    if let Some(client) = client {
        let before = issuer.rules.len();
        let is_it = |rule: &TrustRule| matches!(&rule.subject, Subject::Client(id) if id == client);
        issuer.rules.retain(|rule| !is_it(rule));
        if issuer.rules.len() == before {
            return Err(format!("{id} makes nothing the application {client}").into());
        }
        if !issuer.rules.is_empty() {
            issuers::put(&realm, issuer, ACTOR_NAME).await?;
            output::line(&format!(
                "{id} makes nothing the application {client} any more"
            ));
            return Ok(());
        }
    }
    issuers::remove(&realm, id, ACTOR_NAME).await?;
    output::line(&format!("{id} is trusted no longer"));
    Ok(())
}

async fn list(place: &Place, json: bool) -> Result<(), Failure> {
    let realm = place.realm().await?;
    let all = issuers::list(&realm).await?;
    if json {
        output::json(&serde_json::to_value(&all)?);
        return Ok(());
    }
    let rows = all
        .iter()
        .flat_map(|issuer| issuer.rules.iter().map(move |rule| (issuer, rule)))
        .map(|(issuer, rule)| vec![issuer.id.clone(), rule.condition.clone(), subject(rule)])
        .collect();
    output::table(
        &["Issuer", "If", "It is"],
        rows,
        "Nobody else is trusted: grantor trust github --repository OWNER/NAME --client CLIENT",
    );
    Ok(())
}

fn subject(rule: &TrustRule) -> String {
    match &rule.subject {
        Subject::Client(id) => format!("the application {id}"),
        Subject::Person { claim, by } => {
            let by = match by {
                PersonKey::Id => "identifier",
                PersonKey::Username => "user name",
                PersonKey::Email => "e-mail address",
            };
            let clients = rule.clients.join(", ");
            format!(
                "the person whose {by} is `{claim}`, for {clients}: {}",
                rule.scope
            )
        }
    }
}

fn show(issuer: &TrustedIssuer, json: bool) -> Result<(), Failure> {
    if json {
        output::json(&serde_json::to_value(issuer)?);
        return Ok(());
    }
    let keys = match (&issuer.jwks, &issuer.jwks_uri) {
        (Some(keys), _) => format!("{} given", keys.set().keys.len()),
        (None, Some(uri)) => format!("at {uri}"),
        (None, None) => "where its metadata say".to_owned(),
    };
    let counts = if issuer.reusable {
        "until it expires"
    } else {
        "once"
    };
    let algorithms = if issuer.algorithms.is_empty() {
        "any asymmetric algorithm".to_owned()
    } else {
        let names: Vec<&str> = issuer.algorithms.iter().map(|it| it.as_str()).collect();
        names.join(" ")
    };
    output::facts(&[
        ("issuer", issuer.id.clone()),
        ("keys", keys),
        ("signs with", algorithms),
        ("audiences", issuer.audiences.join(" ")),
        ("what it signs counts", counts.to_owned()),
        ("valid for at most", format!("{} seconds", issuer.longest)),
    ]);
    for rule in &issuer.rules {
        output::line(&format!(
            "\nif {}\n   it is {}",
            rule.condition,
            subject(rule)
        ));
    }
    Ok(())
}
