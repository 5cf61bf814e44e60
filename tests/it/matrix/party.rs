//! A client that authenticates in one way and holds its tokens in one way, whatever it asks for.

use std::sync::atomic::{AtomicUsize, Ordering};

use jose::jws::{self, Header};
use jose::{Algorithm, Jwk, JwkSet, SigningKey};
use serde_json::{Value, json};

use super::grants::Grant;
use crate::dpop::Key;
use crate::harness::authority::{TRUSTED, self_signed};
use crate::harness::{Answer, CALLBACK, Client, World};
use crate::jwt_bearer::{Issuer, jwks, sign};

/// A registered authentication method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    None,
    ClientSecretBasic,
    ClientSecretPost,
    ClientSecretJwt,
    PrivateKeyJwt,
    TlsClientAuth,
    SelfSignedTlsClientAuth,
    AttestJwtClientAuth,
    Workload,
}

/// What tokens are bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    Bearer,
    Dpop,
    Certificate,
}

impl Method {
    pub const ALL: [Self; 9] = [
        Self::None,
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt,
        Self::TlsClientAuth,
        Self::SelfSignedTlsClientAuth,
        Self::AttestJwtClientAuth,
        Self::Workload,
    ];

    /// As it is registered; what a trusted issuer signs about a workload (RFC 7523 §2.2) is no registered method.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            Self::AttestJwtClientAuth => "attest_jwt_client_auth",
            Self::Workload => "workload",
        }
    }

    fn has_secret(self) -> bool {
        matches!(
            self,
            Self::ClientSecretBasic
                | Self::ClientSecretPost
                | Self::ClientSecretJwt
                | Self::Workload
        )
    }
}

impl Binding {
    pub const ALL: [Self; 3] = [Self::Bearer, Self::Dpop, Self::Certificate];

    /// As the table calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bearer => "B",
            Self::Dpop => "D",
            Self::Certificate => "C",
        }
    }
}

/// The client.
pub struct Party {
    pub world: World,
    pub client: Client,
    method: Method,
    binding: Binding,
    assertion_key: SigningKey,
    proof_key: Key,
    certificate: Vec<u8>,
    assertions: AtomicUsize,
    attester: SigningKey,
    issuer: Issuer,
}

const SECRET: &str = "a-secret-of-the-matrix-with-enough-bytes-for-an-hmac-of-512-bits-0123";

impl Party {
    /// Registers it for this grant; nothing where such a client may not be registered.
    pub async fn register(
        world: &World,
        grant: Grant,
        method: Method,
        binding: Binding,
    ) -> Option<Self> {
        let assertion_key = if method == Method::ClientSecretJwt {
            let secret = Jwk::symmetric(SECRET.as_bytes()).unwrap().with_kid("s");
            SigningKey::from_jwk(&secret, Algorithm::Hs256).unwrap()
        } else {
            SigningKey::generate(Algorithm::Es256).unwrap()
        };
        let (certificate, certificate_key) = match method {
            Method::SelfSignedTlsClientAuth => {
                let (certificate, key) = self_signed(|_| {});
                let point = key.public_key_raw();
                let part = |bytes: &[u8]| jose::base64url::encode(bytes);
                let key = json!({"kty": "EC", "crv": "P-256", "x": part(&point[1..33]), "y": part(&point[33..])});
                (certificate, key)
            }
            _ => (TRUSTED.certify(|_| {}), Value::Null),
        };
        let id = [grant.name(), method.name(), binding.name()].join("-");
        let mut new = grant
            .describe(world.client(&id))
            .scope("openid offline_access notes.read notes.write")
            .set("dpop_bound_access_tokens", json!(binding == Binding::Dpop))
            .set(
                "tls_client_certificate_bound_access_tokens",
                json!(binding == Binding::Certificate),
            );
        new = if method.has_secret() {
            new.secret(SECRET)
        } else {
            new.public()
        };
        if method != Method::Workload {
            new = new.set("token_endpoint_auth_method", json!(method.name()));
        }
        let attester = SigningKey::generate(Algorithm::Es256).unwrap();
        new = match method {
            Method::PrivateKeyJwt => {
                let keys = vec![assertion_key.public_jwk().unwrap()];
                new.set("jwks", serde_json::to_value(JwkSet { keys }).unwrap())
            }
            Method::TlsClientAuth => new.set("tls_client_auth_san_dns", json!("service.example")),
            Method::SelfSignedTlsClientAuth => new.set("jwks", json!({"keys": [certificate_key]})),
            Method::AttestJwtClientAuth => new.set("client_attestation_jwks", jwks(&[&attester])),
            _ => new,
        };
        let issuer = Issuer::new(world, &format!("https://ci.example/{id}"));
        let client = new.try_create().await?;
        if method == Method::Workload {
            let rules = json!([{"condition": "true", "subject": {"client": id}}]);
            issuer.trusted(rules, json!({})).await;
        }
        Some(Self {
            world: world.clone(),
            client,
            method,
            binding,
            assertion_key,
            proof_key: Key::new(),
            certificate,
            assertions: AtomicUsize::new(0),
            attester,
            issuer,
        })
    }

    /// A POST to an endpoint with what this client shows there.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let mut form: Vec<(&str, &str)> = form.to_vec();
        let assertion = match self.method {
            Method::Workload => self.issuer.says("job 4711", json!({})),
            _ => self.assertion(),
        };
        match self.method {
            Method::ClientSecretBasic => (),
            Method::ClientSecretPost => {
                form.extend([("client_id", &*self.client.id), ("client_secret", SECRET)]);
            }
            Method::ClientSecretJwt | Method::PrivateKeyJwt | Method::Workload => form.extend([
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_assertion", &*assertion),
            ]),
            _ => form.push(("client_id", &self.client.id)),
        }
        let mut call = self.world.post(path).form(&form);
        if self.method == Method::ClientSecretBasic {
            call = call.basic(&self.client.id, SECRET);
        }
        if self.method == Method::AttestJwtClientAuth {
            let (attestation, proof) = self.attestation();
            call = call
                .header("oauth-client-attestation", &attestation)
                .header("oauth-client-attestation-pop", &proof);
        }
        if self.shows_certificate() {
            call = call.certificate(&self.certificate);
        }
        if self.binding == Binding::Dpop && path == "/token" {
            call = call.header("dpop", &self.proof_key.proof(&self.world));
        }
        call.send().await
    }

    fn shows_certificate(&self) -> bool {
        self.binding == Binding::Certificate
            || matches!(
                self.method,
                Method::TlsClientAuth | Method::SelfSignedTlsClientAuth
            )
    }

    /// What the attester says about this instance, and what the instance says.
    fn attestation(&self) -> (String, String) {
        let number = self.assertions.fetch_add(1, Ordering::SeqCst);
        let (world, now) = (&self.world, self.world.now());
        let jwk = self.assertion_key.public_jwk().unwrap().to_value();
        let says = json!({"sub": self.client.id, "exp": now + 3600, "cnf": {"jwk": jwk}});
        let proves = json!({"aud": world.issuer(), "jti": format!("proof {number} {}", world.realm().ambient().id()), "iat": now});
        (
            sign(world, &self.attester, "oauth-client-attestation+jwt", &says),
            sign(
                world,
                &self.assertion_key,
                "oauth-client-attestation-pop+jwt",
                &proves,
            ),
        )
    }

    fn assertion(&self) -> String {
        let number = self.assertions.fetch_add(1, Ordering::SeqCst);
        let claims = json!({
            "iss": self.client.id, "sub": self.client.id, "aud": self.world.issuer(),
            "exp": self.world.now() + 60, "jti": format!("assertion {number} {}", self.world.realm().ambient().id()),
        });
        let header = Header::typed("JWT", &self.assertion_key);
        let assertion =
            jws::sign(&self.assertion_key, &header, claims.to_string().as_bytes()).unwrap();
        self.world.remember(&assertion);
        assertion
    }

    /// Checks that the access token of this answer is bound as it should be, and to nothing else.
    pub async fn check(&self, grant: Grant, answer: &Answer) {
        answer.status(200);
        let wanted = match self.binding {
            Binding::Bearer => Value::Null,
            Binding::Dpop => json!({"jkt": self.proof_key.jkt()}),
            Binding::Certificate => {
                let digest =
                    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.certificate);
                json!({"x5t#S256": jose::base64url::encode(digest)})
            }
        };
        let token = answer.text("access_token");
        let claims = self.world.claims(&token).await;
        assert_eq!(claims["cnf"], wanted, "{claims}");
        let scheme = match self.binding {
            _ if grant == Grant::IdJagIssued => "N_A",
            Binding::Dpop => "DPoP",
            _ => "Bearer",
        };
        assert_eq!(answer.text("token_type"), scheme);
        // A thief has the token alone.
        let answer = self.world.userinfo(&token).await;
        let stolen = answer.status == 200;
        let expected = self.binding == Binding::Bearer
            && claims["scope"]
                .as_str()
                .unwrap_or_default()
                .contains("openid");
        assert_eq!(stolen, expected, "{answer:?}");
    }

    /// The redirect URI.
    pub fn callback(&self) -> &'static str {
        CALLBACK
    }
}
