//! What a DPoP proof costs whoever checks it.

use divan::Bencher;
use jose::{Algorithm, SigningKey};
use oauth::dpop::{Address, Expected, Nonces, Seen, make, verify};

const NOW: i64 = 1_800_000_000;
const URL: &str = "https://id.example/token";
const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::Es256,
    Algorithm::EdDsa,
    Algorithm::Rs256,
    Algorithm::MlDsa65,
];

#[divan::bench(args = ALGORITHMS)]
fn make_a_proof(bencher: Bencher, algorithm: Algorithm) {
    let key = SigningKey::generate(algorithm).unwrap();
    bencher.bench(|| make(&key, ("POST", URL), None, None, ("K8v0mM2w1Yt0", NOW)).unwrap());
}

/// With a key that nobody has seen before, as every proof has: it is parsed each time.
#[divan::bench(args = ALGORITHMS)]
fn verify_a_proof(bencher: Bencher, algorithm: Algorithm) {
    let key = SigningKey::generate(algorithm).unwrap();
    let nonces = Nonces::new(&[1; 32]);
    let nonce = nonces.current(NOW);
    let token = "eyJhbGciOiJFUzI1NiJ9".repeat(30);
    let about = ("K8v0mM2w1Yt0", NOW);
    let proof = make(&key, ("POST", URL), Some(&token), Some(&nonce), about).unwrap();
    let address = Address::parse(URL).unwrap();
    let expected = Expected {
        method: "POST",
        address: &address,
        access_token: Some(&token),
    };
    bencher.bench(|| {
        let proof = verify(&proof, &expected).unwrap();
        proof.fresh(Some(&nonces), true, NOW).unwrap()
    });
}

#[divan::bench]
fn normalise_an_address(bencher: Bencher) {
    let text = "HTTPS://ID.example:443/a/../%74oken?query";
    bencher.bench(|| Address::parse(divan::black_box(text)).unwrap());
}

#[divan::bench]
fn remember_a_proof(bencher: Bencher) {
    let seen = Seen::new(100_000_000);
    let mut number = 0_u64;
    bencher.bench_local(|| {
        number += 1;
        let mut id = [0; 32];
        id[..8].copy_from_slice(&number.to_be_bytes());
        id[16] = number as u8;
        seen.remember(&id, NOW).unwrap()
    });
}
