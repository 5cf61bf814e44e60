//! The suite's configuration for one plan: where grantor is, its clients, and what the suite's browser does on which page.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::clients::{self, Callback};
use crate::grantor::{Grantor, OTHER, PASSWORD, USERNAME};
use crate::keys::Keys;
use crate::plan::Plan;
use crate::suite::Suite;
use crate::{Failure, folder};

/// Members of grantor's metadata that are younger than the suite: of drafts-ietf-oauth-identity-assertion-authz-grant and -identity-chaining.
const YOUNG: [&str; 2] = [
    "authorization_grant_profiles_supported",
    "identity_chaining_requested_token_types_supported",
];

/// `browser.json`: what the suite's browser does.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Browser {
    /// In every module that has no scene of its own.
    default: Value,
    /// What else can be done, by name.
    scenes: Map<String, Value>,
    /// Which modules have which scene.
    modules: Map<String, Value>,
}

/// Registers the clients and puts the configuration together.
pub(crate) async fn of(
    suite: &Suite,
    grantor: &Grantor,
    plan: &Plan,
    (api, keys): (&str, &Keys),
) -> Result<Value, Failure> {
    let callback = Callback {
        base: base(suite, plan),
    };
    let mut members = plan.config.clone();
    members.insert("alias".into(), plan.alias().into());
    members.insert(
        "description".into(),
        format!("grantor: {}", plan.name).into(),
    );
    let discovery = format!("{}/.well-known/openid-configuration", grantor.issuer);
    let server = member(&mut members, "server");
    server.insert("discoveryUrl".into(), discovery.into());
    server.insert("allow_unexpected_metadata_fields".into(), json!(YOUNG));
    for (name, known) in clients::register(grantor, plan, &callback)? {
        let known = known.as_object().cloned().unwrap_or_default();
        member(&mut members, &name).extend(known);
    }
    if let Some(keys) = &grantor.attester {
        let attestation = member(&mut members, "client_attestation");
        attestation.insert("issuer".into(), "https://attester.example".into());
        attestation.insert("attester_jwks".into(), keys.clone());
        attestation.insert("key_attestation_jwks".into(), keys.clone());
    }
    // The process hears within a second of the clients, and of the keys that were made to sign for them: the suite reads those once.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let text = std::fs::read_to_string(folder().join("browser.json"))?;
    let browser: Browser = serde_json::from_str(&text)?;
    members.insert("override".into(), overrides(&browser, plan)?);
    members.insert("browser".into(), browser.default);
    let words = [
        ("{issuer}", grantor.issuer.as_str()),
        ("{mtls}", grantor.mtls.as_str()),
        ("{api}", api),
        ("{base}", &callback.base),
        ("{suite}", suite.url()),
        ("{username}", USERNAME),
        ("{other}", OTHER),
        ("{password}", PASSWORD),
    ];
    Ok(filled(keys.placed(Value::Object(members)), &words))
}

/// Where the suite is called back.
pub(crate) fn base(suite: &Suite, plan: &Plan) -> String {
    format!("{}/test/a/{}", suite.url(), plan.alias())
}

/// The member of that name, which is made if it is not there.
fn member<'a>(members: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    let value = members.entry(name).or_insert_with(|| json!({}));
    if !value.is_object() {
        *value = json!({});
    }
    match value {
        Value::Object(inner) => inner,
        _ => unreachable!("it was just made an object"),
    }
}

fn overrides(browser: &Browser, plan: &Plan) -> Result<Value, Failure> {
    let mut all = Map::new();
    let own = plan
        .scenes
        .iter()
        .map(|(module, scene)| (module, scene.as_str()));
    let shared = browser.modules.iter();
    let shared = shared.map(|(module, scene)| (module, scene.as_str().unwrap_or_default()));
    for (module, scene) in shared.chain(own) {
        let scene = browser
            .scenes
            .get(scene)
            .ok_or_else(|| format!("{module}: browser.json has no scene `{scene}`"))?;
        all.insert(module.clone(), json!({"browser": scene}));
    }
    Ok(all.into())
}

/// Every text with the words replaced.
fn filled(value: Value, words: &[(&str, &str)]) -> Value {
    match value {
        Value::String(text) => {
            let text = words
                .iter()
                .fold(text, |text, (word, by)| text.replace(word, by));
            text.into()
        }
        Value::Array(items) => items.into_iter().map(|item| filled(item, words)).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, member)| (name, filled(member, words)))
            .collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_replaced_however_deep() {
        let value = json!({"a": [{"b": "{issuer}/x?{issuer}"}], "c": 1});
        let filled = filled(value, &[("{issuer}", "https://as")]);
        assert_eq!(
            filled,
            json!({"a": [{"b": "https://as/x?https://as"}], "c": 1})
        );
    }

    #[test]
    fn every_scene_that_a_module_has_exists() {
        let text = std::fs::read_to_string(folder().join("browser.json")).unwrap();
        let browser: Browser = serde_json::from_str(&text).unwrap();
        for plan in crate::plan::choose(&[]).unwrap() {
            overrides(&browser, &plan).unwrap();
        }
    }
}
