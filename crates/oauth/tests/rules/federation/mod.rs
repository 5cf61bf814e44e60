//! OpenID Federation 1.0: chains, policies, trust marks.

mod chain;
mod policy;
mod statement;
mod trust_mark;

use jose::{Algorithm, JwkSet, KeySet, SigningKey, jws};
use oauth::federation::{Anchor, Chain, Disbelief, Statement};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;
const LEAF: &str = "https://leaf.example";
const MIDDLE: &str = "https://middle.example";
const TOP: &str = "https://anchor.example";

struct Entity {
    id: &'static str,
    key: SigningKey,
}

impl Entity {
    fn new(id: &'static str) -> Self {
        Self {
            id,
            key: SigningKey::generate(Algorithm::Es256).unwrap(),
        }
    }

    fn jwks(&self) -> Value {
        let mut key = self.key.public_jwk().unwrap().to_value();
        key["kid"] = json!(self.key.kid());
        json!({"keys": [key]})
    }

    fn keys(&self) -> KeySet {
        KeySet::from_jwks(&JwkSet::from_json(&self.jwks().to_string()).unwrap())
    }

    fn sign(&self, typ: &str, claims: &Value) -> String {
        let header = jws::Header::typed(typ, &self.key);
        jws::sign(&self.key, &header, claims.to_string().as_bytes()).unwrap()
    }

    fn says(&self, of: &Self, more: &Value) -> String {
        self.sign("entity-statement+jwt", &with(claims(self.id, of), more))
    }
}

fn claims(issuer: &str, of: &Entity) -> Value {
    json!({"iss": issuer, "sub": of.id, "iat": NOW - 10, "exp": NOW + 600, "jwks": of.jwks()})
}

fn with(mut claims: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        if value == "absent" {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

struct Federation {
    leaf: Entity,
    middle: Entity,
    top: Entity,
}

impl Federation {
    fn new() -> Self {
        Self {
            leaf: Entity::new(LEAF),
            middle: Entity::new(MIDDLE),
            top: Entity::new(TOP),
        }
    }

    /// The usual chain, with changes of the leaf's configuration and of what each superior says.
    fn texts(&self, changes: [&Value; 3]) -> Vec<String> {
        let own = json!({"authority_hints": [MIDDLE], "metadata": {"openid_relying_party": {"client_name": "Leaf", "grant_types": ["authorization_code", "implicit"]}}});
        let leaf = self.leaf.sign(
            "entity-statement+jwt",
            &with(with(claims(LEAF, &self.leaf), &own), changes[0]),
        );
        vec![
            leaf,
            self.middle.says(&self.leaf, changes[1]),
            self.top.says(&self.middle, changes[2]),
        ]
    }

    fn verify(&self, texts: &[String]) -> Result<Chain, Disbelief> {
        let keys = self.top.keys();
        let anchors = [Anchor {
            id: TOP,
            keys: &keys,
        }];
        let statements = texts
            .iter()
            .map(|text| Statement::parse(text))
            .collect::<Result<Vec<_>, _>>()?;
        Chain::verify(statements, &anchors, NOW)
    }

    fn with(&self, at: usize, change: &Value) -> Result<Chain, Disbelief> {
        let nothing = json!({});
        let mut changes = [&nothing; 3];
        changes[at] = change;
        self.verify(&self.texts(changes))
    }
}

fn nothing() -> [Value; 3] {
    [json!({}), json!({}), json!({})]
}
