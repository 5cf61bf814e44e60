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

/// Keys that make proofs.
static PROVERS: LazyLock<Vec<(Algorithm, Key)>> = LazyLock::new(|| {
    let all = Algorithm::ALL.into_iter().filter(|it| !it.is_symmetric());
    all.map(|algorithm| (algorithm, Key::with_key(&key(algorithm))))
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

pub async fn methods(drawn: &Drawn<'_>) {
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
        // The next draw's has the same name.
        let gone = realm::clients::delete(drawn.world.realm(), &party.client.id, "test");
        gone.await.unwrap();
    }
    let name = "attest_jwt_client_auth";
    if let Some(id) = attested(drawn).await {
        for (path, works) in ENDPOINTS.into_iter().zip(&mut works) {
            let by = (Algorithm::Es384, Algorithm::Es512);
            if known(path, &attests(drawn, &id, path, by).await) {
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
    let challenged = !drawn.told("challenge_endpoint").is_null();
    assert_eq!(challenged, token.contains(name));
    attestations(drawn).await;
}

/// A client whose instances the realm's attesters vouch for.
async fn attested(drawn: &Drawn<'_>) -> Option<String> {
    let with = |client: NewClient| {
        client
            .set(
                "token_endpoint_auth_method",
                json!("attest_jwt_client_auth"),
            )
            .set("jwks", Value::Null)
    };
    drawn.client(with).await
}

/// What an endpoint says to an instance; the attester's word and the instance's are signed so.
async fn attests(drawn: &Drawn<'_>, id: &str, path: &str, by: (Algorithm, Algorithm)) -> Answer {
    let (now, instance) = (drawn.world.now(), key(by.1));
    let jwk = instance.public_jwk().unwrap().to_value();
    let claims = json!({"sub": id, "iat": now, "exp": now + 60, "cnf": {"jwk": jwk}});
    let attestation = drawn.sign("oauth-client-attestation+jwt", &claims, by.0);
    let claims =
        json!({"aud": drawn.world.issuer(), "iat": now, "jti": format!("proof {}", number())});
    let proof = drawn.sign("oauth-client-attestation-pop+jwt", &claims, by.1);
    let form = [FORM, &[("client_id", id)]].concat();
    let call = drawn
        .world
        .post(path)
        .form(&form)
        .header("oauth-client-attestation", &attestation)
        .header("oauth-client-attestation-pop", &proof);
    let call = call.header("dpop", &Key::new().proof(&drawn.world));
    call.send().await
}

/// What attestations, and the proofs beside them, are signed with.
async fn attestations(drawn: &Drawn<'_>) {
    let (mut attesters, mut instances) = (BTreeSet::new(), BTreeSet::new());
    if let Some(id) = attested(drawn).await {
        let good = Algorithm::Es256;
        for algorithm in Algorithm::ALL.into_iter().filter(|it| !it.is_symmetric()) {
            for (by, works) in [
                ((algorithm, good), &mut attesters),
                ((good, algorithm), &mut instances),
            ] {
                if known("/token", &attests(drawn, &id, "/token", by).await) {
                    works.insert(algorithm.as_str());
                }
            }
        }
    }
    let (list, pop) = (
        "client_attestation_signing_alg_values_supported",
        "client_attestation_pop_signing_alg_values_supported",
    );
    drawn.agree(list, &attesters);
    drawn.agree(pop, &instances);
}

/// Gives those that sign request objects.
pub async fn algorithms(drawn: &Drawn<'_>) -> BTreeSet<&'static str> {
    let (mut assertions, mut objects, mut proofs) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut shared = BTreeSet::new();
    for algorithm in Algorithm::ALL {
        let symmetric = algorithm.is_symmetric();
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
            if signs_with_secret(drawn, algorithm).await {
                shared.insert(algorithm.as_str());
            }
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
    let all: BTreeSet<&str> = objects.union(&shared).copied().collect();
    drawn.agree("request_object_signing_alg_values_supported", &all);
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
        let all = Algorithm::ALL.map(Algorithm::as_str);
        let all = all.into_iter().chain(["none", "HS1"]);
        let asks = |client: NewClient| client;
        drawn.registrable((member, registered), all, asks).await;
    }
    objects
}

/// Whether a client signs its request objects with the secret that authenticates it.
async fn signs_with_secret(drawn: &Drawn<'_>, algorithm: Algorithm) -> bool {
    let with = |client: NewClient| {
        client
            .secret(SECRET)
            .set("token_endpoint_auth_method", json!("client_secret_jwt"))
            .set("jwks", Value::Null)
    };
    let Some(id) = drawn.client(with).await else {
        return false;
    };
    let object = drawn.object(&id, &drawn.request(&id, &[]), algorithm);
    let form = [("client_id", id.as_str()), ("request", &object)];
    let pushed = drawn.post("/par", (&id, Algorithm::Hs256), &form).await;
    pushed.status == 201
}
