//! Verifiable credentials (OpenID4VCI 1.0 §12.2.4): what the issuer says of itself, and what wallets get.

use std::collections::BTreeSet;

use jose::jwe::{self, ContentEncryption, KeyManagement};
use jose::jws::Header;
use jose::{Algorithm, Jwk, SigningKey, jws};
use realm::keys::Family;
use serde_json::{Value, json};

use super::drawn::{Drawn, OPENERS, key};
use super::walk::{Walked, for_scope};
use crate::harness::Answer;
use crate::request_object::encrypted::recipient;

const ISSUER: &str = "/.well-known/openid-credential-issuer";

pub async fn credentials(drawn: &Drawn<'_>) {
    let offered = drawn.draw.offers.status;
    // Without any it names none, where nobody is told of it.
    let lists = drawn.get("/status_lists").await.unwrap();
    assert!(lists["status_lists"].is_array());
    let lists = offered.then(|| format!("{}/status_lists", drawn.world.issuer()));
    assert_eq!(
        *drawn.told("status_list_aggregation_endpoint"),
        json!(lists)
    );
    let document = drawn.get(ISSUER).await;
    let unbound = drawn.draw.offers.credential;
    assert_eq!(document.is_some(), unbound.is_some());
    for path in ["/.well-known/jwt-vc-issuer", "/vct/employee"] {
        assert_eq!(drawn.get(path).await.is_some(), unbound.is_some(), "{path}");
    }
    let (Some(document), Some(unbound)) = (document, unbound) else {
        return;
    };
    keys(drawn).await;
    let issuer = drawn.world.issuer();
    let at = |path: &str| json!(format!("{issuer}{path}"));
    let same = [
        ("credential_issuer", json!(issuer)),
        ("credential_endpoint", at("/credential")),
        ("nonce_endpoint", at("/nonce")),
        ("notification_endpoint", at("/notification")),
        ("display", json!([{"name": drawn.settings.display_name}])),
    ];
    drawn.same("vci", &document, &same);
    let wallet = for_scope(drawn, "employee").await;
    let wallet = Wallet {
        drawn,
        walked: &wallet,
        unbound,
    };
    wallet.proofs(&document).await;
    wallet.batches(&document).await;
    wallet.requests(&document).await;
    wallet.answers(&document).await;
    drawn.complete("vci", &document);
}

/// SD-JWT VC §3.5, §6.2.
async fn keys(drawn: &Drawn<'_>) {
    let issuer = drawn.world.issuer();
    let document = drawn.get("/.well-known/jwt-vc-issuer").await.unwrap();
    let same = [
        ("issuer", json!(issuer)),
        ("jwks_uri", json!(format!("{issuer}/jwks"))),
    ];
    drawn.same("vc", &document, &same);
    drawn.complete("vc", &document);
    let document = drawn.get("/vct/employee").await.unwrap();
    let same = [
        ("vct", json!(format!("{issuer}/vct/employee"))),
        ("name", json!("Employee pass")),
    ];
    drawn.same("vct", &document, &same);
    drawn.note("vct claims");
    assert_eq!(paths(&document["claims"]).len(), 3);
    drawn.complete("vct", &document);
}

fn paths(claims: &Value) -> BTreeSet<String> {
    let all = claims.as_array().unwrap().iter();
    all.map(|claim| claim["path"].to_string()).collect()
}

struct Wallet<'a> {
    drawn: &'a Drawn<'a>,
    walked: &'a Walked,
    unbound: bool,
}

impl Wallet<'_> {
    async fn proof(&self, algorithm: Algorithm) -> String {
        self.proof_of(&key(algorithm)).await
    }

    async fn proof_of(&self, key: &SigningKey) -> String {
        let nonce = self.drawn.world.post("/nonce").send().await.text("c_nonce");
        let claims = json!({"aud": self.drawn.world.issuer(), "iss": self.walked.id, "iat": self.drawn.world.now(), "nonce": nonce});
        let header = Header {
            typ: Some("openid4vci-proof+jwt".to_owned()),
            jwk: Some(key.public_jwk().unwrap()),
            ..Header::default()
        };
        jws::sign(key, &header, claims.to_string().as_bytes()).unwrap()
    }

    async fn body(&self, algorithm: Algorithm) -> Value {
        let mut body = json!({"credential_configuration_id": "employee"});
        if !self.unbound {
            body["proofs"] = json!({"jwt": [self.proof(algorithm).await]});
        }
        body
    }

    async fn plain(&self, body: &Value) -> Answer {
        self.walked
            .ask(self.drawn, ("POST", "/credential"), body)
            .await
    }

    async fn sealed(&self, text: &str) -> Answer {
        let call = self.walked.call(self.drawn, "POST", "/credential");
        call.body("application/jwt", text.as_bytes()).send().await
    }

    /// `credential_configurations_supported`: what can be had, and for which proofs.
    async fn proofs(&self, document: &Value) {
        self.drawn.note("vci credential_configurations_supported");
        let all = document["credential_configurations_supported"]
            .as_object()
            .unwrap();
        assert_eq!(all.keys().collect::<Vec<_>>(), ["employee"]);
        let one = &all["employee"];
        let same = [
            ("format", json!("dc+sd-jwt")),
            (
                "vct",
                json!(format!("{}/vct/employee", self.drawn.world.issuer())),
            ),
            ("scope", json!("employee")),
        ];
        self.drawn.same("employee", one, &same);
        for member in [
            "credential_metadata",
            "credential_signing_alg_values_supported",
            "cryptographic_binding_methods_supported",
            "proof_types_supported",
        ] {
            self.drawn.note(&format!("employee {member}"));
        }
        assert_eq!(
            one["credential_metadata"]["display"],
            json!([{"name": "Employee pass"}])
        );
        assert_eq!(paths(&one["credential_metadata"]["claims"]).len(), 3);
        let mut works = BTreeSet::new();
        for algorithm in Algorithm::ALL.into_iter().filter(|it| !it.is_symmetric()) {
            let answer = self.plain(&self.body(algorithm).await).await;
            if answer.status == 200 {
                works.insert(algorithm.as_str());
                self.had(one, &answer.json());
            }
        }
        let types = one["proof_types_supported"].as_object();
        match types {
            None => assert!(
                self.unbound && one.get("cryptographic_binding_methods_supported").is_none()
            ),
            Some(types) => {
                assert_eq!(types.keys().collect::<Vec<_>>(), ["jwt"]);
                let announced = &types["jwt"]["proof_signing_alg_values_supported"];
                assert_eq!(super::super::texts(announced), works);
                assert_eq!(
                    one["cryptographic_binding_methods_supported"],
                    json!(["jwk"])
                );
            }
        }
        self.drawn.complete("employee", one);
    }

    /// What came is as it is announced.
    fn had(&self, one: &Value, answer: &Value) {
        let text = answer["credentials"][0]["credential"].as_str().unwrap();
        let read = jws::peek(text.split('~').next().unwrap()).unwrap();
        assert_eq!(read.header.typ.as_deref(), one["format"].as_str());
        assert_eq!(
            json!([read.algorithm.as_str()]),
            one["credential_signing_alg_values_supported"]
        );
        let claims = read.claims().unwrap();
        assert_eq!(claims["vct"], one["vct"]);
        assert_eq!(claims.contains_key("status"), self.drawn.draw.offers.status);
        assert_eq!(
            claims.contains_key("cnf"),
            one.get("cryptographic_binding_methods_supported").is_some()
        );
    }

    async fn batches(&self, document: &Value) {
        self.drawn.note("vci batch_credential_issuance");
        let most = document["batch_credential_issuance"]["batch_size"]
            .as_u64()
            .unwrap();
        if self.unbound {
            return;
        }
        for (count, status) in [(most, 200), (most + 1, 400)] {
            let mut proofs = Vec::new();
            for _ in 0..count {
                let own = SigningKey::generate(Algorithm::Es256).unwrap();
                proofs.push(self.proof_of(&own).await);
            }
            let mut body = self.body(Algorithm::Es256).await;
            body["proofs"]["jwt"] = json!(proofs);
            assert_eq!(self.plain(&body).await.status, status, "{count}");
        }
    }

    /// `credential_request_encryption`: to the keys that are told there, by their algorithm, and by no other way.
    async fn requests(&self, document: &Value) {
        self.drawn.note("vci credential_request_encryption");
        let told = &document["credential_request_encryption"];
        assert_eq!(told["encryption_required"], json!(false));
        let mut announced = BTreeSet::new();
        for jwk in told["jwks"]["keys"].as_array().unwrap() {
            announced.insert(jwk["alg"].as_str().unwrap());
        }
        let mut works = BTreeSet::new();
        for way in KeyManagement::TO_PUBLIC_KEY {
            let family = Family::of(way).unwrap();
            let key = recipient(&self.drawn.world, "/jwks", family).await;
            let body = self.body(Algorithm::Es256).await;
            if self
                .sealed(&sealed(&body, &key, (way, ContentEncryption::A256Gcm)))
                .await
                .status
                == 200
            {
                works.insert(way.as_str());
            }
        }
        assert_eq!(announced, works);
        let key = recipient(&self.drawn.world, "/jwks", Family::EcdhEs).await;
        let mut works = BTreeSet::new();
        for content in ContentEncryption::ALL {
            let body = self.body(Algorithm::Es256).await;
            if self
                .sealed(&sealed(&body, &key, (KeyManagement::EcdhEs, content)))
                .await
                .status
                == 200
            {
                works.insert(content.as_str());
            }
        }
        assert_eq!(super::super::texts(&told["enc_values_supported"]), works);
        assert_eq!(told.as_object().unwrap().len(), 3);
    }

    /// `credential_response_encryption`.
    async fn answers(&self, document: &Value) {
        self.drawn.note("vci credential_response_encryption");
        let told = &document["credential_response_encryption"];
        assert_eq!(told["encryption_required"], json!(false));
        let (mut ways, mut contents) = (BTreeSet::new(), BTreeSet::new());
        for way in KeyManagement::TO_PUBLIC_KEY {
            if self
                .comes((way.as_str(), way), ContentEncryption::A128Gcm)
                .await
            {
                ways.insert(way.as_str());
            }
        }
        assert!(
            !self
                .comes(
                    ("RSA1_5", KeyManagement::RsaOaep),
                    ContentEncryption::A128Gcm
                )
                .await
        );
        for content in ContentEncryption::ALL {
            if self
                .comes(("ECDH-ES", KeyManagement::EcdhEs), content)
                .await
            {
                contents.insert(content.as_str());
            }
        }
        assert_eq!(super::super::texts(&told["alg_values_supported"]), ways);
        assert_eq!(super::super::texts(&told["enc_values_supported"]), contents);
        assert_eq!(told.as_object().unwrap().len(), 3);
    }

    async fn comes(&self, (name, way): (&str, KeyManagement), content: ContentEncryption) -> bool {
        let opener = match Family::of(way).unwrap() {
            Family::EcdhEs => &OPENERS[0],
            Family::RsaOaep => &OPENERS[1],
        };
        let mut jwk = opener.public().unwrap().to_value();
        jwk["alg"] = json!(name);
        let mut body = self.body(Algorithm::Es256).await;
        body["credential_response_encryption"] = json!({"jwk": jwk, "enc": content.as_str()});
        let key = recipient(&self.drawn.world, "/jwks", Family::EcdhEs).await;
        let text = sealed(
            &body,
            &key,
            (KeyManagement::EcdhEs, ContentEncryption::A256Gcm),
        );
        let answer = self.sealed(&text).await;
        if answer.status != 200 {
            return false;
        }
        let accepted = jwe::Accepted {
            key_management: &[way],
            content: &[content],
        };
        jwe::decrypt_within(&answer.body, opener, &accepted, 1 << 20).unwrap();
        true
    }
}

fn sealed(body: &Value, to: &Jwk, (way, content): (KeyManagement, ContentEncryption)) -> String {
    let header = Header {
        kid: to.kid().map(str::to_owned),
        ..Header::default()
    };
    jwe::encrypt(body.to_string().as_bytes(), to, way, content, &header).unwrap()
}
