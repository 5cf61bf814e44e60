//! `grantor key`: the keys that sign, and those that clients encrypt request objects to.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use realm::Realm;
use realm::keys::{self, KeyInfo, Purpose, Role, Rotation};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::json;

use super::ACTOR_NAME;
use super::options::All;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;

#[derive(Args)]
pub(super) struct Key {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the keys: which signs now, which is published for later, which only verifies
    List(All),
    /// Show one key: its state, and its public half as /jwks publishes it
    Show {
        #[command(flatten)]
        place: Place,
        /// Its identifier, as `grantor key list` prints it, or the beginning of it
        #[arg(allow_hyphen_values = true)]
        kid: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a request (PKCS #10) to an authority to certify a key of ES256 or ES384, which stays here
    Request {
        #[command(flatten)]
        place: Place,
        /// Its identifier, as `grantor key list` prints it, or the beginning of it
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
    /// Send the certificates of a key along with the credentials that it signs (x5c), as long as its own is valid
    Certify {
        #[command(flatten)]
        place: Place,
        /// Its identifier, as `grantor key list` prints it, or the beginning of it
        #[arg(allow_hyphen_values = true)]
        kid: String,
        /// The certificates in PEM, the key's own first, each issued by the one after it; the authority that verifiers trust is left out
        #[arg(long, value_name = "FILE", required_unless_present = "none")]
        chain: Option<PathBuf>,
        /// Send none any more
        #[arg(long, conflicts_with = "chain")]
        none: bool,
    },
    /// Make a new key that signs from now on; the old one stays published until its last token has expired. Of ECDH-ES and RSA-OAEP, to which clients encrypt
    /// request objects, the new one is published instead of the old one, which still opens what comes. Keys rotate by themselves: this is for the day you must not wait
    Rotate {
        #[command(flatten)]
        place: Place,
        /// The algorithm: ES256, RS256, EdDSA, ML-DSA-65 …, or ECDH-ES or RSA-OAEP
        #[arg(long, alias = "alg", value_name = "ALG", default_value = "ES256")]
        algorithm: String,
        /// The old key has leaked: withdraw it at once, and with it every token it signed or everything encrypted to it
        #[arg(long)]
        compromised: bool,
        /// The key with which the realm speaks as an entity of a federation. It never rotates by itself: whoever is above the realm has to
        /// vouch for the new key, so unless the old one has leaked it is published for `lifetimes.key_lead` before it signs
        #[arg(long)]
        federation: bool,
    },
    /// Seal every secret with the sealing key that is configured now, where `sealing_key_previous` did. No token, key or secret changes.
    /// Give all nodes both keys first, run this, then drop the previous one
    Reseal {
        #[command(flatten)]
        place: Place,
    },
}

impl Key {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::List(All { place, json }) => list(&place, json).await,
            Action::Show { place, kid, json } => show(&place, &kid, json).await,
            Action::Request { place, kid } => {
                let realm = place.realm().await?;
                let key = find(&realm, &kid).await?;
                let request = keys::certificates::request(&realm, &key.kid).await?;
                output::line(request.trim_end());
                Ok(())
            }
            Action::Certify {
                place, kid, chain, ..
            } => {
                let realm = place.realm().await?;
                let key = find(&realm, &kid).await?;
                let chain = chain.as_deref().map_or(Ok(Vec::new()), certificates)?;
                keys::certificates::certify(&realm, &key.kid, &chain, ACTOR_NAME).await?;
                show(&place, &key.kid, false).await
            }
            Action::Rotate {
                place,
                algorithm,
                compromised,
                federation,
            } => {
                let realm = place.realm().await?;
                let unknown =
                    || format!("`{algorithm}` is not an algorithm that there are keys for");
                let role: Role = algorithm.parse().map_err(|_| unknown())?;
                let rotation = if compromised {
                    Rotation::Compromised
                } else if federation {
                    Rotation::Announced
                } else {
                    Rotation::Now
                };
                match (federation, role) {
                    (false, role) => keys::rotate(&realm, role, rotation, ACTOR_NAME).await?,
                    (true, Role::Signing(algorithm)) => {
                        keys::rotate_federation(&realm, algorithm, rotation, ACTOR_NAME).await?;
                    }
                    (true, Role::RequestObjects(_)) => {
                        return Err("nothing is encrypted to the key of a federation".into());
                    }
                }
                list(&place, false).await
            }
            Action::Reseal { place } => {
                let node = place.node().await?;
                let count = realm::realms::reseal(&node).await?;
                output::line(&format!("resealed the secrets of {count} realms"));
                Ok(())
            }
        }
    }
}

/// The key whose identifier begins so.
async fn find(realm: &Realm, kid: &str) -> Result<KeyInfo, Failure> {
    let all = keys::list(realm).await?;
    let mut matching = all.into_iter().filter(|key| key.kid.starts_with(kid));
    match (matching.next(), matching.next()) {
        (Some(key), None) => Ok(key),
        (None, _) => Err(format!("there is no key `{kid}`").into()),
        (Some(_), Some(_)) => Err(format!("several keys begin with `{kid}`").into()),
    }
}

/// The certificates in a file, each as DER.
fn certificates(path: &Path) -> Result<Vec<Vec<u8>>, Failure> {
    let refused = |reason: String| format!("--chain: {}: {reason}", path.display());
    let pem = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem)
        .map(|one| one.map(|der| der.to_vec()))
        .collect();
    let all = all.map_err(|error| refused(error.to_string()))?;
    if all.is_empty() {
        return Err(refused("it holds no certificate".to_owned()).into());
    }
    Ok(all)
}

async fn show(place: &Place, kid: &str, json: bool) -> Result<(), Failure> {
    let realm = place.realm().await?;
    let key = &find(&realm, kid).await?;
    let published = match key.purpose {
        Purpose::Tokens => realm.keys().jwks().await?,
        Purpose::Federation => realm.federation_keys().jwks().await?,
    };
    let public = published.find(&key.kid).map(|public| public.to_value());
    if json {
        let mut shown = facts(key);
        shown["state"] = json!(state(key, realm.now()));
        shown["public"] = json!(public);
        output::json(&shown);
        return Ok(());
    }
    output::facts(&[
        ("key", key.kid.clone()),
        ("algorithm", key.algorithm.clone()),
        ("use", words(key.purpose).to_owned()),
        ("generation", key.generation.to_string()),
        ("published since", day(key.created_at)),
        ("signs from", day(key.active_at)),
        ("state", state(key, realm.now())),
        (
            "certified until",
            key.certified_until.map(day).unwrap_or_default(),
        ),
        (
            "public",
            public.map(|it| it.to_string()).unwrap_or_default(),
        ),
    ]);
    Ok(())
}

fn facts(key: &KeyInfo) -> serde_json::Value {
    json!({
        "kid": key.kid, "alg": key.algorithm, "purpose": words(key.purpose), "created_at": key.created_at, "active_at": key.active_at, "expires_at": key.expires_at,
        "certified_until": key.certified_until,
    })
}

fn words(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Tokens => "tokens",
        Purpose::Federation => "federation",
    }
}

fn state(key: &KeyInfo, now: i64) -> String {
    if matches!(key.algorithm.parse(), Ok(Role::RequestObjects(_))) {
        return match key.expires_at {
            Some(end) => format!("opens request objects until {}", day(end)),
            None => "opens request objects".to_owned(),
        };
    }
    if key.active_at > now {
        format!("signs from {}", day(key.active_at))
    } else if let Some(end) = key.expires_at {
        format!("verifies until {}", day(end))
    } else {
        "signs".to_owned()
    }
}

async fn list(place: &Place, json: bool) -> Result<(), Failure> {
    let realm = place.realm().await?;
    let now = realm.now();
    let all = keys::list(&realm).await?;
    if json {
        output::json(&all.iter().map(facts).collect());
        return Ok(());
    }
    let rows = all
        .iter()
        .map(|key| {
            vec![
                key.algorithm.clone(),
                words(key.purpose).to_owned(),
                key.kid.clone(),
                state(key, now),
            ]
        })
        .collect();
    output::table(&["Algorithm", "For", "Key", ""], rows, "No key yet.");
    Ok(())
}

fn day(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map(|time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
        .unwrap_or_default()
}
