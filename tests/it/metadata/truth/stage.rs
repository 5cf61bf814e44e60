//! A realm whose settings are changed again and again, and who is around it: a federation, and the sites of clients.

use realm::CredentialConfiguration;
use realm::resources::{self, issuing};
use realm::settings::Federation as Entity;
use realm::{Revocable, subordinates};
use serde_json::{Value, json};

use super::draw::{Certificates, Offers};
use crate::client_id_document::site::Site;
use crate::credential::employee;
use crate::federation::subordinates::{LEAF, below, put};
use crate::harness::authority::TRUSTED;
use crate::harness::{ALICE, Federation, World};
use crate::shared_signals::transmitter;

pub const API: &str = "https://api.truth.example/v1";
/// The scopes of the API.
pub const SCOPES: [&str; 2] = ["truth.read", "truth.own"];
/// What its second scope tells, and where.
pub const CLAIMS: [&str; 2] = ["shoe_size", "credit_score"];
pub const DETAILS: &str = "truth_payment";
const ACTOR: &str = "test";

pub struct Stage {
    pub world: World,
    pub certificates: Certificates,
    pub federation: Federation,
    /// The federation as the realm has it set.
    pub entity: Entity,
    pub site: Site,
    /// What is always there.
    kept: Vec<String>,
}

impl Stage {
    pub async fn new(world: &World, certificates: Certificates) -> Self {
        let shown = match certificates {
            Certificates::Nowhere => server::ClientCertificates::default(),
            Certificates::SelfSigned => server::ClientCertificates {
                reach_us: true,
                ..server::ClientCertificates::default()
            },
            Certificates::Apart => server::ClientCertificates {
                reach_us: true,
                authorities: server::ClientAuthorities::from_pem(TRUSTED.pem.as_bytes()).unwrap(),
                aliases: Some(server::Aliases {
                    issuer: world.issuer().to_owned(),
                    base: "https://mtls.example".to_owned(),
                }),
            },
        };
        let world = world.showing(shown).await;
        world.notes().await;
        let federation = Federation::new(&world).await;
        let entity = world.realm().settings().federation.clone();
        world.person(ALICE.0, ALICE.1).await;
        crate::harness::provision::profile_of(&world, ALICE.0, everything()).await;
        let kept = resources::list(world.realm()).await.unwrap();
        let kept = kept.into_iter().map(|resource| resource.id).collect();
        Self {
            world,
            kept,
            certificates,
            federation,
            entity,
            site: Site::new().await,
        }
    }

    /// Vouches for somebody, or for nobody.
    pub async fn vouch(&self, superior: bool) {
        let realm = self.world.realm();
        for (id, _) in subordinates::list(realm).await.unwrap() {
            subordinates::remove(realm, &id, ACTOR).await.unwrap();
        }
        if superior {
            put(realm, below(LEAF, json!({"vouched": {"jwks": null}}))).await;
        }
        self.world.sync().await;
    }

    /// Offers this and nothing else.
    pub async fn offer(&self, offers: &Offers) {
        let realm = self.world.realm();
        for resource in resources::list(realm).await.unwrap() {
            if !self.kept.contains(&resource.id) {
                resources::delete(realm, &resource.id, ACTOR).await.unwrap();
            }
        }
        if offers.api {
            self.world.resource_document(api(offers)).await;
        }
        if offers.signals {
            transmitter(&self.world).await;
        }
        if let Some(unbound) = offers.credential {
            let one = CredentialConfiguration {
                unbound,
                status: offers.status.then(Revocable::default),
                ..employee(&self.world)
            };
            issuing::offer(realm, one, ACTOR).await.unwrap();
        }
        self.world.sync().await;
    }
}

fn api(offers: &Offers) -> Value {
    let value = match offers.elsewhere {
        true => r#"{"endpoint": "https://scores.example", "access_token": "x"}"#,
        false => "700",
    };
    let claims = json!([
        {"name": CLAIMS[0], "value": "42", "in": ["id_token", "userinfo"]},
        {"name": CLAIMS[1], "value": value, "in": ["userinfo"], "elsewhere": offers.elsewhere},
    ]);
    let mut document = json!({"id": API, "name": "The API", "scopes": [
        {"name": SCOPES[0], "description": "Read"},
        {"name": SCOPES[1], "description": "Know more", "claims": claims},
    ]});
    if offers.details {
        document["authorization_details_types"] =
            json!([{"type": DETAILS, "words": "Pay", "schema": {"type": "object"}}]);
    }
    if offers.described {
        for (name, value) in said() {
            document[name] = value;
        }
    }
    document
}

/// What an API says about itself, which is its own word.
pub fn said() -> Vec<(&'static str, Value)> {
    vec![
        ("bearer_methods_supported", json!(["header"])),
        (
            "dpop_signing_alg_values_supported",
            json!(["ES256", "EdDSA"]),
        ),
        ("dpop_bound_access_tokens_required", json!(true)),
        ("tls_client_certificate_bound_access_tokens", json!(true)),
        (
            "resource_documentation",
            json!("https://api.truth.example/docs"),
        ),
        (
            "resource_policy_uri",
            json!("https://api.truth.example/policy"),
        ),
        ("resource_tos_uri", json!("https://api.truth.example/terms")),
    ]
}

/// All that the standard scopes can tell.
fn everything() -> Value {
    json!({
        "given_name": "Alice", "family_name": "Example", "middle_name": "B.", "nickname": "Al", "profile": "https://alice.example/",
        "picture": "https://alice.example/me.png", "website": "https://alice.example/", "gender": "female", "birthdate": "1990-01-01",
        "zoneinfo": "Europe/Zurich", "locale": "de-CH", "phone_number": "+41441234567", "phone_number_verified": true,
        "address": {"formatted": "Some Street 1", "country": "CH"},
    })
}
