//! `grantor federation`: the entities right below a realm.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use oauth::federation::HeldMark;
use realm::{Realm, Subordinate, subordinates};
use serde_json::{Map, Value, json};

use super::options::All;
use super::{ACTOR_NAME, given};
use crate::failure::Failure;
use crate::output;
use crate::place::Place;

#[derive(Args)]
pub(super) struct Federation {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// For whom the realm vouches, as an intermediate or a trust anchor
    Subordinate {
        #[command(subcommand)]
        action: Below,
    },
    /// What the realm attests those for whom it vouches
    TrustMark {
        #[command(subcommand)]
        action: Mark,
    },
}

#[derive(Subcommand)]
enum Mark {
    /// Give a subordinate a trust mark, in the place of one of the same type
    Grant {
        #[command(flatten)]
        place: Place,
        /// The subordinate's entity identifier
        entity: String,
        /// What it attests
        #[arg(value_name = "TYPE")]
        kind: String,
        /// How long it counts, in seconds [default: until it is revoked]
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(1..=100 * 366 * 86400))]
        expires_in: Option<i64>,
    },
    /// Take a trust mark back
    Revoke {
        #[command(flatten)]
        place: Place,
        /// The subordinate's entity identifier
        entity: String,
        /// What it attests
        #[arg(value_name = "TYPE")]
        kind: String,
    },
}

impl Mark {
    async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Grant {
                place,
                entity,
                kind,
                expires_in,
            } => {
                let realm = place.realm().await?;
                let mut subordinate = find(&realm, &entity).await?;
                subordinate.grant(HeldMark {
                    kind,
                    granted_at: realm.now(),
                    expires_at: expires_in.map(|seconds| realm.now() + seconds),
                });
                let done = subordinates::put(&realm, subordinate, ACTOR_NAME).await?;
                show(&done, false)
            }
            Self::Revoke {
                place,
                entity,
                kind,
            } => {
                let realm = place.realm().await?;
                let mut subordinate = find(&realm, &entity).await?;
                if !subordinate.revoke(&kind) {
                    return Err(format!("{entity} has no trust mark `{kind}`").into());
                }
                subordinates::put(&realm, subordinate, ACTOR_NAME).await?;
                output::line(&format!("{entity} has the trust mark {kind} no longer"));
                Ok(())
            }
        }
    }
}

#[derive(Subcommand)]
enum Below {
    /// Vouch for an entity, or say something else of one: what is not named stays
    Add(Box<Add>),
    /// List for whom the realm vouches
    List(All),
    /// Show what the realm says of an entity
    Show {
        #[command(flatten)]
        place: Place,
        /// Its entity identifier
        entity: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Vouch for an entity no longer. What was said of it before counts for up to a day
    Remove {
        #[command(flatten)]
        place: Place,
        /// Its entity identifier
        entity: String,
    },
}

#[derive(Args)]
struct Add {
    #[command(flatten)]
    place: Place,
    /// Its entity identifier
    entity: String,
    /// A file with its federation keys (a JWK set), as its operator told them
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// A type it has, instead of those said before, such as openid_relying_party; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    entity_types: Vec<String>,
    /// Whether it has subordinates itself
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    intermediate: Option<bool>,
    /// A file with what it is, by entity type, in the place of what it says itself (JSON)
    #[arg(long, value_name = "FILE")]
    metadata: Option<PathBuf>,
    /// A file with what it may be, and all below it, by entity type (JSON)
    #[arg(long, value_name = "FILE")]
    metadata_policy: Option<PathBuf>,
    /// An operator of the policy beyond those of the specification that must be understood, instead of those said before; may be repeated
    #[arg(long, value_name = "OPERATOR")]
    metadata_policy_crit: Vec<String>,
    #[command(flatten)]
    constraints: Constraints,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What chains below it must be like. Naming one of them replaces all.
#[derive(Args)]
struct Constraints {
    /// How many intermediates may stand between the realm and the subject of a chain
    #[arg(long, value_name = "NUMBER")]
    max_path_length: Option<u64>,
    /// A host, or with a dot before it a domain, one of which all below must be at; may be repeated
    #[arg(long = "permitted", value_name = "NAME")]
    permitted: Vec<String>,
    /// A host or a domain that nobody below may be at; may be repeated
    #[arg(long = "excluded", value_name = "NAME")]
    excluded: Vec<String>,
    /// A type that what is below may have; may be repeated
    #[arg(long = "allowed-type", value_name = "TYPE")]
    allowed_types: Vec<String>,
    /// No constraints any more
    #[arg(long, conflicts_with_all = ["max_path_length", "permitted", "excluded", "allowed_types"])]
    unconstrained: bool,
}

impl Constraints {
    /// As the claim (OpenID Federation 1.0 §6.2), if anything was said.
    fn claim(self) -> Option<Map<String, Value>> {
        let mut claim = Map::new();
        if let Some(most) = self.max_path_length {
            claim.insert("max_path_length".to_owned(), most.into());
        }
        let mut naming = Map::new();
        for (name, names) in [("permitted", self.permitted), ("excluded", self.excluded)] {
            if !names.is_empty() {
                naming.insert(name.to_owned(), json!(names));
            }
        }
        if !naming.is_empty() {
            claim.insert("naming_constraints".to_owned(), naming.into());
        }
        if !self.allowed_types.is_empty() {
            claim.insert("allowed_entity_types".to_owned(), json!(self.allowed_types));
        }
        (self.unconstrained || !claim.is_empty()).then_some(claim)
    }
}

impl Federation {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::TrustMark { action } => action.run().await,
            Action::Subordinate { action } => match action {
                Below::Add(add) => add.run().await,
                Below::List(All { place, json }) => list(&place, json).await,
                Below::Show {
                    place,
                    entity,
                    json,
                } => {
                    let realm = place.realm().await?;
                    show(&find(&realm, &entity).await?, json)
                }
                Below::Remove { place, entity } => {
                    let realm = place.realm().await?;
                    subordinates::remove(&realm, &entity, ACTOR_NAME).await?;
                    output::line(&format!("{entity} is vouched for no longer"));
                    Ok(())
                }
            },
        }
    }
}

impl Add {
    async fn run(self) -> Result<(), Failure> {
        let realm = self.place.realm().await?;
        let known = subordinates::find(&realm, &self.entity).await?;
        let mut subordinate = match known {
            Some(known) => known,
            None if self.jwks.is_none() => {
                return Err("--jwks: name the file with its federation keys".into());
            }
            None => Subordinate {
                id: self.entity,
                ..Subordinate::default()
            },
        };
        let (standing, said) = (&mut subordinate.standing, &mut subordinate.vouched);
        if let Some(path) = &self.jwks {
            let keys: Map<String, Value> = given::json("--jwks", path)?;
            said.jwks = keys.into();
        }
        if let Some(path) = &self.metadata {
            said.metadata = given::json("--metadata", path)?;
        }
        if let Some(path) = &self.metadata_policy {
            said.metadata_policy = given::json("--metadata-policy", path)?;
        }
        if !self.metadata_policy_crit.is_empty() {
            said.metadata_policy_crit = self.metadata_policy_crit;
        }
        if let Some(claim) = self.constraints.claim() {
            said.constraints = claim;
        }
        if !self.entity_types.is_empty() {
            standing.entity_types = self.entity_types;
        }
        standing.intermediate = self.intermediate.unwrap_or(standing.intermediate);
        let done = subordinates::put(&realm, subordinate, ACTOR_NAME).await?;
        show(&done, self.json)
    }
}

async fn find(realm: &Realm, id: &str) -> Result<Subordinate, Failure> {
    let found = subordinates::find(realm, id).await?;
    found.ok_or_else(|| {
        format!("`{id}` is no subordinate (see `grantor federation subordinate list`)").into()
    })
}

async fn list(place: &Place, json: bool) -> Result<(), Failure> {
    let realm = place.realm().await?;
    let all = subordinates::list(&realm).await?;
    if json {
        let all = all.iter().map(|(id, standing)| {
            let mut shown = json!(standing);
            shown["entity_id"] = id.as_str().into();
            shown
        });
        output::json(&all.collect());
        return Ok(());
    }
    let rows = all.iter().map(|(id, standing)| {
        let marks = standing.trust_marks.iter().map(|mark| mark.kind.as_str());
        let intermediate = if standing.intermediate { "yes" } else { "" };
        vec![
            id.clone(),
            standing.entity_types.join(" "),
            intermediate.to_owned(),
            marks.collect::<Vec<_>>().join(" "),
        ]
    });
    output::table(
        &["Entity", "Types", "Intermediate", "Trust marks"],
        rows.collect(),
        "The realm vouches for nobody: grantor federation subordinate add ENTITY --jwks FILE",
    );
    Ok(())
}

fn show(subordinate: &Subordinate, json: bool) -> Result<(), Failure> {
    let shown = serde_json::to_value(subordinate)?;
    if json {
        output::json(&shown);
        return Ok(());
    }
    let keys = subordinate.vouched.jwks["keys"].as_array();
    let kids = keys
        .into_iter()
        .flatten()
        .filter_map(|key| key["kid"].as_str());
    let member = |name: &str| match &shown[name] {
        Value::Null => String::new(),
        value => value.to_string(),
    };
    output::facts(&[
        ("entity", subordinate.id.clone()),
        ("keys", kids.collect::<Vec<_>>().join(" ")),
        ("types", subordinate.standing.entity_types.join(" ")),
        ("intermediate", member("intermediate")),
        ("metadata", member("metadata")),
        ("policy", member("metadata_policy")),
        ("to be understood", member("metadata_policy_crit")),
        ("constraints", member("constraints")),
        ("trust marks", member("trust_marks")),
    ]);
    Ok(())
}
