//! How clients authenticate, and what clients and the server sign with.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jose::Algorithm;
use serde_json::{Value, json};

use super::drawn::{Drawn, SECRET, TYPE, VERIFIER, jwks, key, number};
use crate::dpop::Key;
use crate::harness::{Answer, CALLBACK, NewClient};
use crate::matrix::grants::Grant;
use crate::matrix::party::{Binding, Method, Party};

/// Keys that make proofs: those of RSA take long to make.
static PROVERS: LazyLock<Vec<(Algorithm, Key)>> = LazyLock::new(|| {
    let own = |algorithm: &Algorithm| !algorithm.as_str().starts_with("HS");
    let all = Algorithm::ALL.into_iter().filter(own);
    all.map(|algorithm| (algorithm, Key::of(algorithm)))
        .collect()
});

/// Where clients authenticate, and the document says how.
const ENDPOINTS: [&str; 3] = ["/token", "/revoke", "/introspect"];
/// What is good at each of them, of a token and a code that nobody issued.
const FORM: &[(&str, &str)] = &[
    ("grant_type", "authorization_code"),
    ("code", "x"),
    ("code_verifier", VERIFIER),
    ("redirect_uri", CALLBACK),
    ("token", "x"),
];

/// Whether the client was taken for who it is.
fn known(path: &str, answer: &Answer) -> bool {
    match path {
        "/token" => answer.json()["error"] == json!("invalid_grant"),
        _ => answer.status == 200,
    }
}

pub async fn methods(drawn: &Drawn) {
    let mut works = [const { BTreeSet::new() }; 3];
    // A client may bring its own attester, and a workload's issuer is no method of the document.
    let other = [Method::AttestJwtClientAuth, Method::Workload];
    for method in Method::ALL.into_iter().filter(|it| !other.contains(it)) {
        let party = Party::register(
            &drawn.world,
            Grant::AuthorizationCode,
            method,
            Binding::Dpop,
        )
        .await;
        let Some(party) = party else { continue };
        for (path, works) in ENDPOINTS.into_iter().zip(&mut works) {
            if known(path, &party.post(path, FORM).await) {
                works.insert(method.name());
            }
        }
    }
    let name = "attest_jwt_client_auth";
    let attested = |client: NewClient| {
        client
            .set("token_endpoint_auth_method", json!(name))
            .set("jwks", Value::Null)
    };
    if let Some(id) = drawn.client(attested).await {
        let (now, instance) = (drawn.world.now(), key(Algorithm::Es512));
        let jwk = instance.public_jwk().unwrap().to_value();
        let claims = json!({"sub": id, "iat": now, "exp": now + 60, "cnf": {"jwk": jwk}});
        let attestation = drawn.sign("oauth-client-attestation+jwt", &claims, Algorithm::Es384);
        for (path, works) in ENDPOINTS.into_iter().zip(&mut works) {
            let claims = json!({"aud": drawn.world.issuer(), "iat": now, "jti": format!("proof {}", number())});
            let proof = drawn.sign(
                "oauth-client-attestation-pop+jwt",
                &claims,
                Algorithm::Es512,
            );
            let form = [FORM, &[("client_id", &*id)]].concat();
            let call = drawn
                .world
                .post(path)
                .form(&form)
                .header("oauth-client-attestation", &attestation);
            let call = call
                .header("oauth-client-attestation-pop", &proof)
                .header("dpop", &Key::new().proof(&drawn.world));
            if known(path, &call.send().await) {
                works.insert(name);
            }
        }
    }
    let [token, revocation, introspection] = &works;
    drawn.agree("token_endpoint_auth_methods_supported", token);
    drawn.agree("revocation_endpoint_auth_methods_supported", revocation);
    drawn.agree(
        "introspection_endpoint_auth_methods_supported",
        introspection,
    );
    assert_eq!(
        drawn.document.get("challenge_endpoint").is_some(),
        token.contains(name)
    );
}

pub async fn algorithms(drawn: &Drawn) {
    let (mut assertions, mut objects, mut proofs) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for algorithm in Algorithm::ALL {
        let symmetric = algorithm.as_str().starts_with("HS");
        let keyed = |client: NewClient| match symmetric {
            true => client
                .secret(SECRET)
                .set("token_endpoint_auth_method", json!("client_secret_jwt"))
                .set("jwks", Value::Null),
            false => client.set("jwks", jwks(&[algorithm])),
        };
        if let Some(id) = drawn.client(keyed).await
            && drawn.error((&id, algorithm), "authorization_code").await == "invalid_grant"
        {
            assertions.insert(algorithm.as_str());
        }
        if symmetric {
            continue;
        }
        let both = |client: NewClient| {
            client.set(
                "jwks",
                jwks(&[Algorithm::Es256, algorithm][usize::from(algorithm == Algorithm::Es256)..]),
            )
        };
        let id = drawn.client(both).await.unwrap();
        let (_, prover) = PROVERS.iter().find(|(own, _)| *own == algorithm).unwrap();
        if drawn.taken_signed(&id, &[], algorithm).await {
            objects.insert(algorithm.as_str());
        }
        let (proof, assertion) = (
            prover.proof(&drawn.world),
            drawn.assertion(&id, Algorithm::Es256),
        );
        let form = [
            ("grant_type", "authorization_code"),
            ("code", "x"),
            ("code_verifier", VERIFIER),
            ("client_assertion_type", TYPE),
            ("client_assertion", &assertion),
        ];
        let answer = drawn
            .world
            .post("/token")
            .header("dpop", &proof)
            .form(&form)
            .send()
            .await;
        if answer.json()["error"] == json!("invalid_grant") {
            proofs.insert(algorithm.as_str());
        }
    }
    for endpoint in ["token", "revocation", "introspection"] {
        drawn.agree(
            &format!("{endpoint}_endpoint_auth_signing_alg_values_supported"),
            &assertions,
        );
    }
    let announced = drawn.announced("request_object_signing_alg_values_supported");
    let asymmetric: BTreeSet<&str> = announced
        .into_iter()
        .filter(|it| !it.starts_with("HS"))
        .collect();
    assert_eq!(
        asymmetric, objects,
        "request objects under {:?}",
        drawn.settings
    );
    drawn.agree("dpop_signing_alg_values_supported", &proofs);
    for (member, registered) in [
        (
            "id_token_signing_alg_values_supported",
            "id_token_signed_response_alg",
        ),
        (
            "userinfo_signing_alg_values_supported",
            "userinfo_signed_response_alg",
        ),
        (
            "authorization_signing_alg_values_supported",
            "authorization_signed_response_alg",
        ),
        (
            "introspection_signing_alg_values_supported",
            "introspection_signed_response_alg",
        ),
        (
            "backchannel_authentication_request_signing_alg_values_supported",
            "backchannel_authentication_request_signing_alg",
        ),
    ] {
        let mut works = BTreeSet::new();
        for algorithm in Algorithm::ALL {
            let name = algorithm.as_str();
            if drawn
                .client(|client| client.set(registered, json!(name)))
                .await
                .is_some()
            {
                works.insert(name);
            }
        }
        drawn.agree(member, &works);
    }
}
