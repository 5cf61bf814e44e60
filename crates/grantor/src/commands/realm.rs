//! `grantor realm`: tenants and their settings.

use clap::{Args, Subcommand};
use realm::{Settings, realms};
use serde_json::{Value, json};

use super::ACTOR_NAME;
use super::options::All;
use super::retired_grants::warn_of_realm;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;

#[derive(Args)]
pub(super) struct RealmCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make a tenant; its issuer is the first realm's, followed by /realms/NAME, unless it gets a host of its own
    Create {
        #[command(flatten)]
        place: Place,
        /// Its name: small letters, digits and hyphens
        name: String,
        /// A host for itself, such as https://login.acme.example: the name must lead here, and the certificate must cover it. Tenants
        /// on a host of their own share no cookies with others
        #[arg(long, value_name = "URL")]
        issuer: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List tenants
    List(All),
    /// Show a tenant's settings
    Show {
        #[command(flatten)]
        place: Place,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Change settings, such as: grantor realm set lifetimes.access_token=600 profile=openid
    Set {
        #[command(flatten)]
        place: Place,
        /// SETTING=VALUE; see `grantor realm show` for all of them
        #[arg(required = true, value_name = "SETTING=VALUE")]
        settings: Vec<String>,
    },
}

impl RealmCommand {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Create {
                place,
                name,
                issuer,
                json,
            } => {
                let node = place.node().await?;
                let settings = Settings {
                    display_name: name.clone(),
                    ..Settings::default()
                };
                let issuer = issuer.as_deref();
                let made = realms::create(&node, &name, issuer, settings, ACTOR_NAME).await?;
                show(made.name(), made.issuer(), &made.settings(), json)
            }
            Action::List(All { place, json }) => {
                let node = place.node().await?;
                let all = realms::list(&node, "", i64::MAX).await?;
                if json {
                    let all = all.iter();
                    output::json(
                        &all.map(|r| json!({"name": r.name, "issuer": r.issuer}))
                            .collect(),
                    );
                    return Ok(());
                }
                let rows = all.into_iter().map(|r| vec![r.name, r.issuer]).collect();
                output::table(&["Realm", "Issuer"], rows, "No realm.");
                Ok(())
            }
            Action::Show { place, json } => {
                let realm = place.realm().await?;
                show(realm.name(), realm.issuer(), &realm.settings(), json)
            }
            Action::Set { place, settings } => {
                let node = place.node().await?;
                let realm = place.realm_of(&node).await?;
                let found = realms::find(&node, realm.name()).await?;
                let now = found.ok_or("the realm is gone")?;
                let mut value = serde_json::to_value(&now.settings)?;
                for said in &settings {
                    change(&mut value, said)?;
                }
                let changed = Settings::from_json(&value.to_string())?;
                realms::update_settings(&realm, changed.clone(), now.version, ACTOR_NAME).await?;
                warn_of_realm(realm.name(), &changed);
                show(realm.name(), realm.issuer(), &changed, false)
            }
        }
    }
}

/// Writes one `a.b=value` into the settings; the value has the type of the one that was there.
fn change(settings: &mut Value, said: &str) -> Result<(), Failure> {
    let (path, text) = said
        .split_once('=')
        .ok_or_else(|| format!("`{said}` has no `=`"))?;
    let known: Vec<String> = leaves(settings).into_iter().map(|(path, _)| path).collect();
    if !known.iter().any(|known| known == path) {
        return Err(crate::config::unknown(path, known.iter().map(String::as_str)).into());
    }
    let pointer = format!("/{}", path.replace('.', "/"));
    let Some(old) = settings.pointer_mut(&pointer) else {
        return Err(format!("`{path}` is not a setting").into());
    };
    *old = match old {
        Value::String(_) => text.into(),
        _ => serde_json::from_str(text)
            .map_err(|_| format!("{path}: `{text}` is not such a value"))?,
    };
    Ok(())
}

/// Every setting with its dotted path.
fn leaves(value: &Value) -> Vec<(String, Value)> {
    let Some(members) = value.as_object() else {
        return vec![(String::new(), value.clone())];
    };
    let mut all = Vec::new();
    for (name, member) in members {
        for (path, leaf) in leaves(member) {
            let dot = if path.is_empty() { "" } else { "." };
            all.push((format!("{name}{dot}{path}"), leaf));
        }
    }
    all
}

fn show(name: &str, issuer: &str, settings: &Settings, json: bool) -> Result<(), Failure> {
    let value = serde_json::to_value(settings)?;
    if json {
        output::json(&json!({"name": name, "issuer": issuer, "settings": value}));
        return Ok(());
    }
    output::facts(&[("realm", name.to_owned()), ("issuer", issuer.to_owned())]);
    let rows = leaves(&value)
        .into_iter()
        .map(|(path, leaf)| {
            let text = leaf
                .as_str()
                .map_or_else(|| leaf.to_string(), str::to_owned);
            vec![path, text]
        })
        .collect();
    output::table(&["Setting", "Value"], rows, "");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_changed_by_its_path_and_keeps_its_type() {
        let mut value = serde_json::to_value(Settings::default()).unwrap();
        change(&mut value, "lifetimes.access_token=600").unwrap();
        change(&mut value, "display_name=Acme = fine").unwrap();
        let settings = Settings::from_json(&value.to_string()).unwrap();
        assert_eq!(settings.lifetimes.access_token, 600);
        assert_eq!(settings.display_name, "Acme = fine");
        let error = change(&mut value, "lifetimes.acces_token=1").unwrap_err();
        assert!(error.to_string().contains("`lifetimes.access_token`"));
        assert!(change(&mut value, "lifetimes.access_token=soon").is_err());
        assert!(change(&mut value, "lifetimes=1").is_err());
    }
}
