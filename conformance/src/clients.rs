//! The clients that a plan needs: registered with `grantor client create`, and what the suite must know of each.

use serde_json::{Map, Value, json};

use crate::Failure;
use crate::grantor::Grantor;
use crate::keys;
use crate::plan::{Client, Plan};

/// Registers every client of the plan and answers the members of the suite's configuration that describe them. `callback` is where the suite
/// takes them back.
pub(crate) fn register(
    grantor: &Grantor,
    plan: &Plan,
    callback: &Callback,
) -> Result<Map<String, Value>, Failure> {
    let mut members = Map::new();
    for (member, client) in &plan.clients {
        let name = format!("suite-{}", member.replace('_', "-"));
        let mut known = Map::new();
        let mut command = command(&name, client, callback);
        if client.key || client.ec {
            let make = if client.ec {
                keys::curve
            } else {
                keys::generate
            };
            let pair = make(&format!("{name}-key"))?;
            let set = json!({"keys": [pair.public]}).to_string();
            let file = grantor.file(&format!("{name}.jwks"), &set)?;
            command.extend(["--jwks".to_owned(), file]);
            known.insert("jwks".into(), json!({"keys": [pair.private]}));
        }
        if let Some(place) = &client.certificate {
            let identity = grantor.authority.certify(&name)?;
            members.insert(
                place.clone(),
                json!({
                    "cert": identity.certificate,
                    "key": identity.key,
                    "ca": grantor.authority.certificate,
                }),
            );
        }
        let made = grantor.json(&command)?;
        for name in ["client_id", "client_secret"] {
            if let Some(value) = made.get(name) {
                known.insert(name.into(), value.clone());
            }
        }
        members.insert(member.clone(), known.into());
    }
    Ok(members)
}

/// Where the suite takes browsers back.
pub(crate) struct Callback {
    /// `SUITE/test/a/ALIAS`.
    pub(crate) base: String,
}

fn command(name: &str, client: &Client, callback: &Callback) -> Vec<String> {
    let redirect = format!("{}/callback", callback.base);
    let mut command = ["client", "create", "--json", "--id", name]
        .map(str::to_owned)
        .to_vec();
    let options = [
        ("--name", format!("Conformance {name}")),
        ("--redirect-uri", redirect.clone()),
        // The second client's, which tells it apart (and whether queries of redirect URIs survive).
        (
            "--redirect-uri",
            format!("{redirect}?dummy1=lorem&dummy2=ipsum"),
        ),
        (
            "--post-logout-redirect-uri",
            format!("{}/post_logout_redirect", callback.base),
        ),
    ];
    for (option, value) in options {
        command.extend([option.to_owned(), value]);
    }
    let dn = format!("CN={name}");
    for option in &client.options {
        let option = option.replace("{dn}", &dn);
        command.push(option.replace("{base}", &callback.base));
    }
    command
}
