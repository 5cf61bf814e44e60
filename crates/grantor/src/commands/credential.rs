//! `grantor credential`: what is issued as verifiable credentials.

mod issued;
mod offer;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use realm::resources::{Named, issuing};
use realm::{CredentialClaim, CredentialConfiguration, Grantable, Realm, resources};
use server::status_list::issued::Change;

use super::ACTOR_NAME;
use super::given::{self, pair};
use super::options::{All, One};
use crate::failure::Failure;
use crate::output;
use crate::place::Place;

#[derive(Args)]
pub(super) struct Credential {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Issue a kind of credential from now on
    Create(Create),
    /// List what is issued
    List(All),
    /// Show one kind of credential
    Show(One),
    /// Change what is said; what is not said stays
    Update(Update),
    /// Offer credentials to a person, as a link for their wallet
    Offer(offer::OfferCommand),
    /// List what was issued and has not expired, of kinds that can be taken back
    Issued(issued::List),
    /// Take credentials back, for good; verifiers learn it from the status list within ten minutes
    Revoke(issued::Which),
    /// Take credentials back for a while
    Suspend(issued::Which),
    /// Give back what was suspended
    Restore(issued::Which),
    /// Issue it no more; those that were issued stay valid until they expire
    Delete(One),
}

#[derive(Args)]
struct Create {
    #[command(flatten)]
    place: Place,
    /// The identifier, such as employee
    #[arg(long)]
    id: String,
    /// What people and wallets call it
    #[arg(long)]
    name: String,
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
    /// What people and wallets call it
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    facts: Facts,
}

#[derive(Args)]
struct Facts {
    /// The same in a language: de=Ausweis; may be repeated
    #[arg(long = "name-in", value_name = "LANGUAGE=NAME")]
    names: Vec<String>,
    /// Its type, a URI [default: an address here, which tells what it means]
    #[arg(long, value_name = "URI")]
    vct: Option<String>,
    /// The scope that asks for it [default: its identifier]
    #[arg(long)]
    scope: Option<String>,
    /// It is asked for by authorization_details only
    #[arg(long, conflicts_with = "scope")]
    no_scope: bool,
    /// A claim, with dots where it is in an object, and the CEL expression over `person`, `profile` and `client` that gives it [default: the one of the profile
    /// with this name]; may be repeated
    #[arg(long = "claim", value_name = "PATH[=EXPRESSION]")]
    claims: Vec<String>,
    /// What wallets call a claim, in a language if it is named: given_name=de:Vorname; may be repeated
    #[arg(long = "claim-name", value_name = "PATH=[LANGUAGE:]NAME")]
    claim_names: Vec<String>,
    /// Who lacks this claim gets no such credential; may be repeated
    #[arg(long = "mandatory", value_name = "PATH")]
    mandatory: Vec<String>,
    /// How long it is valid, in seconds [default: two weeks]
    #[arg(long, value_name = "SECONDS")]
    lifetime: Option<i64>,
    /// It can be taken back: each credential says its place in a status list
    #[arg(long)]
    revocable: bool,
    /// It can be suspended and restored, too
    #[arg(long)]
    suspendable: bool,
    /// It can be taken back, and is when the person's account is disabled or deleted
    #[arg(long)]
    ends_with_person: bool,
    /// It is valid until it expires, whatever happens; what was issued before stays revocable
    #[arg(long, conflicts_with_all = ["revocable", "suspendable", "ends_with_person"])]
    not_revocable: bool,
    /// For whoever holds it: without a key
    #[arg(long)]
    unbound: bool,
    /// A JWK set of those who attest wallets' keys; other keys are not taken
    #[arg(long, value_name = "FILE")]
    key_attesters: Option<PathBuf>,
    /// What it is signed with [default: ES256]
    #[arg(long, value_name = "ALG")]
    signing_alg: Option<String>,
    /// Only people of this group may have it
    #[arg(long, value_name = "GROUP")]
    only_group: Option<String>,
    /// Only people for whom this CEL expression over `person` and `client` is true may have it
    #[arg(long, value_name = "EXPRESSION", conflicts_with = "only_group")]
    only_if: Option<String>,
}

impl Facts {
    fn apply(self, one: &mut CredentialConfiguration) -> Result<(), Failure> {
        for given in &self.names {
            let (locale, name) = pair("--name-in", given)?;
            call(&mut one.display, Some(locale), name);
        }
        if let Some(vct) = self.vct {
            one.vct = vct;
        }
        if self.no_scope {
            one.scope = None;
        }
        one.scope = self.scope.or(one.scope.take());
        for given in &self.claims {
            let (path, value) = match given.split_once('=') {
                Some((path, value)) => (path, value.to_owned()),
                None => (given.as_str(), format!("profile.{given}")),
            };
            let path: Vec<String> = path.split('.').map(str::to_owned).collect();
            match one.claims.iter_mut().find(|claim| claim.path == path) {
                Some(claim) => claim.value = value,
                None => one.claims.push(CredentialClaim {
                    path,
                    value,
                    display: Vec::new(),
                    mandatory: false,
                }),
            }
        }
        for given in &self.claim_names {
            let (path, name) = pair("--claim-name", given)?;
            let (locale, name) = match name.split_once(':') {
                Some((locale, name)) => (Some(locale), name),
                None => (None, name),
            };
            call(&mut claim(one, "--claim-name", path)?.display, locale, name);
        }
        for path in &self.mandatory {
            claim(one, "--mandatory", path)?.mandatory = true;
        }
        one.lifetime = self.lifetime.unwrap_or(one.lifetime);
        if self.revocable || self.suspendable || self.ends_with_person {
            let status = one.status.get_or_insert_default();
            status.suspendable |= self.suspendable;
            status.with_person |= self.ends_with_person;
        }
        if self.not_revocable {
            one.status = None;
        }
        one.unbound |= self.unbound;
        if let Some(path) = &self.key_attesters {
            let keys = given::public_keys("--key-attesters", path)?;
            one.key_attestation_jwks = Some(keys);
        }
        if let Some(name) = &self.signing_alg {
            one.signing_alg = given::algorithm("--signing-alg", name)?;
        }
        if let Some(group) = self.only_group {
            one.grantable = Grantable::Group(group);
        }
        if let Some(expression) = self.only_if {
            one.grantable = Grantable::Expression(expression);
        }
        Ok(())
    }
}

/// Writes how something is called in a language.
fn call(names: &mut Vec<Named>, locale: Option<&str>, name: &str) {
    names.retain(|named| named.locale.as_deref() != locale);
    names.push(Named {
        name: name.to_owned(),
        locale: locale.map(str::to_owned),
    });
}

fn claim<'a>(
    one: &'a mut CredentialConfiguration,
    option: &str,
    path: &str,
) -> Result<&'a mut CredentialClaim, Failure> {
    let mut all = one.claims.iter_mut();
    all.find(|claim| claim.path.join(".") == path)
        .ok_or_else(|| format!("{option}: there is no claim `{path}`: add --claim {path}").into())
}

impl Credential {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Create(create) => {
                let realm = create.place.realm().await?;
                let vct = realm.url(&format!("/vct/{}", create.id));
                let mut one = CredentialConfiguration::new(&create.id, &vct, &create.name);
                one.scope = Some(create.id.clone());
                create.facts.apply(&mut one)?;
                issuing::offer(&realm, one.clone(), ACTOR_NAME).await?;
                show(&one, create.json)
            }
            Action::List(All { place, json }) => list(&place, json).await,
            Action::Show(one) => {
                let (_, found) = find(&one).await?;
                show(&found, one.json)
            }
            Action::Update(update) => {
                let (realm, mut one) = find(&update.one).await?;
                if let Some(name) = &update.name {
                    call(&mut one.display, None, name);
                }
                update.facts.apply(&mut one)?;
                issuing::change(&realm, one.clone(), ACTOR_NAME).await?;
                show(&one, update.one.json)
            }
            Action::Offer(offer) => offer.run().await,
            Action::Issued(list) => list.run().await,
            Action::Revoke(which) => which.run(Change::Revoke).await,
            Action::Suspend(which) => which.run(Change::Suspend).await,
            Action::Restore(which) => which.run(Change::Restore).await,
            Action::Delete(one) => {
                let realm = one.place.realm().await?;
                issuing::withdraw(&realm, &one.id, ACTOR_NAME).await?;
                output::line(&format!("deleted {}", one.id));
                Ok(())
            }
        }
    }
}

async fn find(asked: &One) -> Result<(Arc<Realm>, CredentialConfiguration), Failure> {
    let realm = asked.place.realm().await?;
    let found = resources::find(&realm, realm.issuer()).await?;
    let one = found.and_then(|resource| resource.credential(&asked.id).cloned());
    let one = one.ok_or_else(|| format!("there is no credential `{}`", asked.id))?;
    Ok((realm, one))
}

async fn list(place: &Place, json: bool) -> Result<(), Failure> {
    let realm = place.realm().await?;
    let found = resources::find(&realm, realm.issuer()).await?;
    let all = found.map_or_else(Vec::new, |resource| resource.credentials);
    if json {
        output::json(&serde_json::to_value(&all)?);
        return Ok(());
    }
    let row = |one: &CredentialConfiguration| {
        let scope = one.scope.clone().unwrap_or_default();
        vec![
            one.id.clone(),
            one.name().to_owned(),
            scope,
            one.vct.clone(),
        ]
    };
    output::table(
        &["Credential", "Name", "Scope", "Type"],
        all.iter().map(row).collect(),
        "None yet: grantor credential create --id ID --name NAME --claim given_name",
    );
    Ok(())
}

fn show(one: &CredentialConfiguration, json: bool) -> Result<(), Failure> {
    if json {
        output::json(&serde_json::to_value(one)?);
        return Ok(());
    }
    let key = match (one.unbound, &one.key_attestation_jwks) {
        (true, _) => "none",
        (false, None) => "the wallet's",
        (false, Some(_)) => "the wallet's, attested",
    };
    let back = match one.status {
        None => "no",
        Some(status) => match (status.suspendable, status.with_person) {
            (false, false) => "for good",
            (true, false) => "for good or for a while",
            (false, true) => "for good, and with the account",
            (true, true) => "for good or for a while, and with the account",
        },
    };
    let to = match &one.grantable {
        Grantable::Everyone => "everyone".to_owned(),
        Grantable::Group(group) => format!("group {group}"),
        Grantable::Expression(expression) => format!("if {expression}"),
    };
    output::facts(&[
        ("id", one.id.clone()),
        ("name", one.name().to_owned()),
        ("type", one.vct.clone()),
        ("scope", one.scope.clone().unwrap_or_default()),
        ("valid for", format!("{} s", one.lifetime)),
        ("can be taken back", back.to_owned()),
        ("key", key.to_owned()),
        ("signing alg", one.signing_alg.to_string()),
        ("may be had by", to),
    ]);
    let rows = one.claims.iter().map(|claim| {
        let mandatory = if claim.mandatory { "yes" } else { "" };
        vec![
            claim.path.join("."),
            claim.value.clone(),
            mandatory.to_owned(),
        ]
    });
    output::table(&["Claim", "Is", "Mandatory"], rows.collect(), "");
    Ok(())
}
