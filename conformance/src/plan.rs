//! The plans: `plans/NAME.toml`, each a plan of the suite with its variant, and what grantor needs for it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Failure, folder};

/// One plan.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// The file's name without its ending.
    #[serde(skip)]
    pub(crate) name: String,
    /// The suite's name of the plan.
    pub(crate) plan: String,
    /// Which of the plan's variants.
    #[serde(default)]
    pub(crate) variant: BTreeMap<String, String>,
    /// Settings of the process, by their environment variables.
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    /// Settings of the realm, as `grantor realm set` takes them; `{api}` and `{base}` stand for addresses.
    #[serde(default)]
    pub(crate) realm: BTreeMap<String, String>,
    /// APIs, each as the options of `grantor resource create`; `{api}` stands for the one that is served, `{issuer}` for the issuer.
    #[serde(default)]
    pub(crate) resources: Vec<Vec<String>>,
    /// What is issued, each as the options of `grantor credential create`; `{attester}` stands for the file with the attester's public keys.
    #[serde(default)]
    pub(crate) credentials: Vec<Vec<String>>,
    /// Entities of federations that grantor vouches for, each by the name of a key, which is its federation key.
    #[serde(default)]
    pub(crate) subordinates: BTreeMap<String, String>,
    /// Whether there is an attester, whom grantor trusts to vouch for wallets and their keys.
    #[serde(default)]
    pub(crate) attester: bool,
    /// Clients, by their member in the suite's configuration.
    #[serde(default)]
    pub(crate) clients: BTreeMap<String, Client>,
    /// Keys (RSA, for PS256) that the suite or the driver signs with. In settings of the realm `{NAME}` stands for the public half as a JWK set, in the suite's
    /// configuration the texts `{NAME}` and `{private NAME}` for either.
    #[serde(default)]
    pub(crate) keys: Vec<String>,
    /// The rest of the suite's configuration. `{issuer}`, `{mtls}`, `{api}` and `{suite}` stand for addresses, `{base}` for the one where the suite is called back.
    #[serde(default)]
    pub(crate) config: Map<String, Value>,
    /// Scenes for modules, beside those of `browser.json`.
    #[serde(default)]
    pub(crate) scenes: BTreeMap<String, String>,
}

/// A client that the operator registers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Client {
    /// The options of `grantor client create`; `{dn}` stands for the subject of its certificate, `{base}` for
    /// where the suite is called back.
    pub(crate) options: Vec<String>,
    /// Whether it gets a key of its own (RSA, for PS256).
    #[serde(default)]
    pub(crate) key: bool,
    /// Whether it gets a key of its own for ES256.
    #[serde(default)]
    pub(crate) ec: bool,
    /// The member of the suite's configuration that its certificate goes to, if it gets one.
    #[serde(default)]
    pub(crate) certificate: Option<String>,
}

impl Plan {
    /// What the suite knows this run of the plan by, and nobody else: it ends a module whose alias another one takes.
    pub(crate) fn alias(&self) -> String {
        format!("grantor-{}-{}", self.name, std::process::id())
    }

    /// The variant in words: `client_auth_type=mtls, openid=openid_connect`.
    pub(crate) fn variant_words(&self) -> String {
        let parts = self.variant.iter();
        let parts: Vec<String> = parts
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        parts.join(", ")
    }
}

/// The plans of these names, in the order given; without names, all of them, by name.
pub(crate) fn choose(names: &[String]) -> Result<Vec<Plan>, Failure> {
    let known = names_in(&folder().join("plans"))?;
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        return Err(format!(
            "there is no plan `{unknown}`; there are {}",
            known.join(", ")
        )
        .into());
    }
    let names = if names.is_empty() { &known } else { names };
    names.iter().map(|name| read(name)).collect()
}

fn names_in(folder: &Path) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".toml").map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

fn read(name: &str) -> Result<Plan, Failure> {
    let path = folder().join("plans").join(format!("{name}.toml"));
    let text = std::fs::read_to_string(&path)?;
    let plan: Plan =
        toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let name = name.to_owned();
    Ok(Plan { name, ..plan })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_is_readable_and_says_what_it_is_for() {
        let plans = choose(&[]).unwrap();
        assert!(plans.len() > 5);
        for plan in plans {
            let path = folder().join("plans").join(format!("{}.toml", plan.name));
            let text = std::fs::read_to_string(path).unwrap();
            assert!(text.starts_with("# "), "{}", plan.name);
            assert!(plan.plan.ends_with("-test-plan"), "{}", plan.name);
        }
    }

    #[test]
    fn a_plan_that_does_not_exist_is_refused_with_those_that_do() {
        let error = choose(&["oidcc-basics".into()]).unwrap_err().to_string();
        assert!(error.contains("oidcc-basic-static"), "{error}");
    }
}
