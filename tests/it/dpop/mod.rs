//! DPoP (RFC 9449): what is issued for a proof works with its key alone.

mod binding;
mod client;
mod nonce;
mod refused;
mod replay;
mod userinfo;

use std::sync::atomic::{AtomicUsize, Ordering};

use jose::{Algorithm, SigningKey, base64url};
use oauth::dpop::token_hash;
use serde_json::{Value, json};

use crate::harness::{Answer, CALLBACK, Client, Flow, World};

/// A key that makes proofs, each with a `jti` of its own.
pub struct Key(SigningKey, AtomicUsize);

impl Key {
    pub fn new() -> Self {
        Self::of(Algorithm::Es256)
    }

    pub fn of(algorithm: Algorithm) -> Self {
        Self(
            SigningKey::generate(algorithm).unwrap(),
            AtomicUsize::new(0),
        )
    }

    /// One that signs like this.
    pub fn with_key(key: &SigningKey) -> Self {
        let same = SigningKey::from_jwk(&key.jwk(), key.algorithm()).unwrap();
        Self(same, AtomicUsize::new(0))
    }

    pub fn jkt(&self) -> String {
        self.0.public_jwk().unwrap().thumbprint()
    }

    pub fn header(&self) -> Value {
        let jwk = self.0.public_jwk().unwrap().to_value();
        json!({"typ": "dpop+jwt", "alg": self.0.algorithm().as_str(), "jwk": jwk})
    }

    pub fn claims(&self, world: &World) -> Value {
        let number = self.1.fetch_add(1, Ordering::SeqCst);
        let htu = format!("{}/token", world.issuer());
        json!({"jti": format!("proof {number}"), "htm": "POST", "htu": htu, "iat": world.now()})
    }

    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| base64url::encode(value.to_string());
        let input = format!("{}.{}", part(header), part(claims));
        let signature = self.0.sign(input.as_bytes()).unwrap();
        format!("{input}.{}", base64url::encode(signature))
    }

    /// A proof for /token with other claims.
    pub fn with(&self, world: &World, changes: Value) -> String {
        let mut claims = self.claims(world);
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        self.sign(&self.header(), &claims)
    }

    /// A proof for /token.
    pub fn proof(&self, world: &World) -> String {
        self.with(world, json!({}))
    }

    /// A proof for /userinfo beside a token.
    pub fn beside(&self, world: &World, token: &str) -> String {
        let htu = format!("{}/userinfo", world.issuer());
        self.with(
            world,
            json!({"htm": "GET", "htu": htu, "ath": token_hash(token)}),
        )
    }
}

/// A token request with these proofs.
pub async fn ask(world: &World, client: &Client, form: &[(&str, &str)], proofs: &[&str]) -> Answer {
    let mut form = form.to_vec();
    let mut call = world.post("/token");
    for proof in proofs {
        call = call.header("dpop", proof);
    }
    match &client.secret {
        Some(secret) => call.form(&form).basic(&client.id, secret),
        None => {
            form.push(("client_id", &client.id));
            call.form(&form)
        }
    }
    .send()
    .await
}

pub async fn redeem(flow: &Flow, world: &World, code: &str, proofs: &[&str]) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("code_verifier", flow.verifier.as_str()),
        ("redirect_uri", CALLBACK),
    ];
    ask(world, &flow.client, &form, proofs).await
}

pub async fn refresh(world: &World, client: &Client, token: &str, proofs: &[&str]) -> Answer {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    ask(world, client, &form, proofs).await
}

/// Client credentials.
pub async fn own(world: &World, client: &Client, proofs: &[&str]) -> Answer {
    ask(
        world,
        client,
        &[("grant_type", "client_credentials")],
        proofs,
    )
    .await
}

pub async fn see(world: &World, token: &str, proofs: &[&str]) -> Answer {
    let mut call = world.get("/userinfo");
    world.remember(token);
    call = call.header("authorization", &format!("DPoP {token}"));
    for proof in proofs {
        call = call.header("dpop", proof);
    }
    call.send().await
}

/// alice, and a flow of the public client `app` that gets a refresh token.
pub async fn public_flow(world: &World) -> Flow {
    let app = world.app_with(|client| client.public()).await;
    offline(world, &app)
}

pub fn offline(world: &World, app: &Client) -> Flow {
    world
        .flow(app)
        .with("scope", "openid offline_access")
        .with("prompt", "consent")
}
