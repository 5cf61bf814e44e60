//! `grantor resource`: APIs that receive tokens, with their scopes.

mod claims;
mod description;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use realm::resources;
use realm::{DetailsType, Grantable, Resource as Document, ScopeDefinition, TokenFormat};

use self::description::Description;
use super::ACTOR_NAME;
use super::given::{self, algorithms, pair};
use super::options::{All, One};
use crate::failure::Failure;
use crate::output;
use crate::place::Place;

#[derive(Args)]
pub(super) struct Resource {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Register an API
    Create(Create),
    /// List APIs
    List(All),
    /// Show one API with its scopes
    Show(One),
    /// Change what is said; what is not said stays
    Update(Update),
    /// Delete an API and its scopes
    Delete(One),
}

#[derive(Args)]
struct Create {
    #[command(flatten)]
    place: Place,
    /// The identifier, an absolute URI: the audience of its tokens
    #[arg(long, value_name = "URI")]
    id: String,
    #[command(flatten)]
    facts: Facts,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Update {
    #[command(flatten)]
    one: One,
    #[command(flatten)]
    facts: Facts,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Signed; the API verifies it by itself
    Jwt,
    /// Sealed; the API introspects it
    Opaque,
}

#[derive(Args)]
struct Facts {
    /// Its name, as people read it
    #[arg(long)]
    name: Option<String>,
    /// A scope and what it allows, in words: notes.read="Read your notes"; may be repeated
    #[arg(long = "scope", value_name = "NAME=WORDS")]
    scopes: Vec<String>,
    /// A scope that only a group may be granted: notes.admin=staff; may be repeated
    #[arg(long = "only-group", value_name = "NAME=GROUP")]
    only_group: Vec<String>,
    /// A scope that is granted when a CEL expression over `person` and `client` is true; may be repeated
    #[arg(long = "only-if", value_name = "NAME=EXPRESSION")]
    only_if: Vec<String>,
    /// A claim that a scope tells about a person, and the CEL expression over `person`, `profile` and `client` that gives it: dept.read:department="person.groups[0]"; may be repeated
    #[arg(long = "claim", value_name = "SCOPE:NAME=EXPRESSION")]
    claims: Vec<String>,
    /// Where a claim is told, id_token, userinfo or access_token, separated by commas: department=id_token,userinfo; may be repeated [default: userinfo]
    #[arg(long = "claim-in", value_name = "NAME=PLACES")]
    claims_in: Vec<String>,
    /// The expression of this claim says where the claim is to be had: {'endpoint': …, 'access_token': …} or {'JWT': …}; may be repeated
    #[arg(long = "claim-elsewhere", value_name = "NAME")]
    claims_elsewhere: Vec<String>,
    /// A JSON file with a type of authorization_details (RFC 9396): type, words, schema and, if not everybody, grantable; may be repeated
    #[arg(long = "details-type", value_name = "FILE")]
    details_types: Vec<PathBuf>,
    /// What its access tokens look like [default: jwt]
    #[arg(long)]
    token_format: Option<Format>,
    /// How long its access tokens live, in seconds [default: the realm's]
    #[arg(long, value_name = "SECONDS")]
    token_lifetime: Option<i64>,
    /// What its access tokens are signed with; repeated, the first that all of a token's APIs, and the profile, permit [default: ES256]
    #[arg(long, value_name = "ALG")]
    signing_alg: Vec<String>,
    #[command(flatten)]
    description: Box<Description>,
}

impl Facts {
    fn apply(self, resource: &mut Document) -> Result<(), Failure> {
        if let Some(name) = self.name {
            resource.name = name;
        }
        for given in &self.scopes {
            let (name, words) = pair("--scope", given)?;
            let description = words.to_owned();
            match resource.scopes.iter_mut().find(|s| s.name == name) {
                Some(scope) => scope.description = description,
                None => resource.scopes.push(ScopeDefinition {
                    name: name.to_owned(),
                    description,
                    grantable: Grantable::Everyone,
                    claims: Vec::new(),
                }),
            }
        }
        for given in &self.only_group {
            let (name, group) = pair("--only-group", given)?;
            scope(resource, name)?.grantable = Grantable::Group(group.to_owned());
        }
        for given in &self.only_if {
            let (name, expression) = pair("--only-if", given)?;
            scope(resource, name)?.grantable = Grantable::Expression(expression.to_owned());
        }
        claims::apply(
            resource,
            (&self.claims, &self.claims_in, &self.claims_elsewhere),
        )?;
        for path in &self.details_types {
            let kind: DetailsType = given::json("--details-type", path)?;
            let types = &mut resource.authorization_details_types;
            types.retain(|other| other.name != kind.name);
            types.push(kind);
        }
        if let Some(format) = self.token_format {
            resource.token_format = match format {
                Format::Jwt => TokenFormat::Jwt,
                Format::Opaque => TokenFormat::Opaque,
            };
        }
        resource.token_lifetime = self.token_lifetime.or(resource.token_lifetime);
        if !self.signing_alg.is_empty() {
            resource.signing_alg = algorithms("--signing-alg", &self.signing_alg)?;
        }
        self.description.apply(resource)
    }
}

fn scope<'a>(resource: &'a mut Document, name: &str) -> Result<&'a mut ScopeDefinition, Failure> {
    resource
        .scopes
        .iter_mut()
        .find(|scope| scope.name == name)
        .ok_or_else(|| {
            format!("the scope `{name}` is not one of this resource: add --scope {name}=WORDS")
                .into()
        })
}

impl Resource {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Create(create) => {
                let realm = create.place.realm().await?;
                let mut resource = Document {
                    id: create.id,
                    ..Document::default()
                };
                create.facts.apply(&mut resource)?;
                if resource.name.is_empty() {
                    resource.name.clone_from(&resource.id);
                }
                let made = resources::create(&realm, resource, ACTOR_NAME).await?;
                show(&made, create.json)
            }
            Action::List(All { place, json }) => list(&place, json).await,
            Action::Show(one) => {
                let (_, resource) = find(&one).await?;
                show(&resource, one.json)
            }
            Action::Update(update) => {
                let (realm, mut resource) = find(&update.one).await?;
                update.facts.apply(&mut resource)?;
                let made = resources::update(&realm, resource, ACTOR_NAME).await?;
                show(&made, update.one.json)
            }
            Action::Delete(one) => {
                let realm = one.place.realm().await?;
                resources::delete(&realm, &one.id, ACTOR_NAME).await?;
                output::line(&format!("deleted {}", one.id));
                Ok(())
            }
        }
    }
}

async fn find(asked: &One) -> Result<(std::sync::Arc<realm::Realm>, Document), Failure> {
    let realm = asked.place.realm().await?;
    let found = resources::find(&realm, &asked.id).await?;
    let resource = found.ok_or_else(|| format!("there is no resource `{}`", asked.id))?;
    Ok((realm, resource))
}

async fn list(place: &Place, json: bool) -> Result<(), Failure> {
    let realm = place.realm().await?;
    let all = resources::list(&realm).await?;
    if json {
        output::json(&serde_json::to_value(&all)?);
        return Ok(());
    }
    let rows = all
        .iter()
        .map(|resource| {
            let scopes: Vec<&str> = resource.scopes.iter().map(|s| s.name.as_str()).collect();
            vec![resource.id.clone(), resource.name.clone(), scopes.join(" ")]
        })
        .collect();
    output::table(
        &["Resource", "Name", "Scopes"],
        rows,
        "No API yet: grantor resource create --id URI --scope NAME=WORDS",
    );
    Ok(())
}

fn show(resource: &Document, json: bool) -> Result<(), Failure> {
    if json {
        output::json(&serde_json::to_value(resource)?);
        return Ok(());
    }
    let format = match resource.token_format {
        TokenFormat::Jwt => "jwt",
        TokenFormat::Opaque => "opaque",
    };
    let lifetime = resource.token_lifetime.map(|s| format!("{s} s"));
    let named = resource.signing_alg.as_slice().iter();
    let algs: Vec<&str> = named.map(|alg| alg.as_str()).collect();
    output::facts(&[
        ("id", resource.id.clone()),
        ("name", resource.name.clone()),
        ("token format", format.to_owned()),
        ("token lifetime", lifetime.unwrap_or_default()),
        ("signing alg", algs.join(" ")),
    ]);
    let rows = resource
        .scopes
        .iter()
        .map(|scope| {
            vec![
                scope.name.clone(),
                scope.description.clone(),
                to(&scope.grantable),
            ]
        })
        .collect();
    output::table(&["Scope", "Allows", "May be granted to"], rows, "No scope.");
    let types = &resource.authorization_details_types;
    if !types.is_empty() {
        let rows = types
            .iter()
            .map(|kind| vec![kind.name.clone(), kind.words.clone(), to(&kind.grantable)])
            .collect();
        output::table(&["Details", "Allow", "May be granted to"], rows, "");
    }
    Ok(())
}

fn to(grantable: &Grantable) -> String {
    match grantable {
        Grantable::Everyone => "everyone".to_owned(),
        Grantable::Group(group) => format!("group {group}"),
        Grantable::Expression(expression) => format!("if {expression}"),
    }
}
