//! What a realm's own secrets do: sealing, and the MACs of client secrets and refresh tokens.

use std::sync::Arc;

use ambient::Ambient;
use divan::Bencher;
use realm::{Node, NodeOptions, Realm, SealingKey};

const PLAINTEXT: [u8; 300] = [7; 300];

fn realm() -> (tokio::runtime::Runtime, Arc<Realm>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let realm = runtime.block_on(async {
        let url = db::Url::parse("sqlite::memory:").unwrap();
        let db = db::Db::open(&url).await.unwrap();
        let key = SealingKey::from_bytes([7; 32]);
        let options = NodeOptions::new(db, Ambient::system(), key, "https://id.example");
        Node::start(options).await.unwrap().first()
    });
    (runtime, realm)
}

#[divan::bench]
fn seal(bencher: Bencher) {
    let (_runtime, realm) = realm();
    bencher.bench(|| realm.seal("bench", PLAINTEXT));
}

#[divan::bench]
fn unseal(bencher: Bencher) {
    let (_runtime, realm) = realm();
    let sealed = realm.seal("bench", PLAINTEXT);
    bencher.bench(|| realm.unseal("bench", &sealed).unwrap());
}

/// The cost of a refresh token's text, which is a MAC of its family and number.
#[divan::bench]
fn make_a_refresh_token(bencher: Bencher) {
    let (_runtime, realm) = realm();
    let named = "0190f5e6a7b87c3d9e1f203040506070.17";
    bencher.bench(|| {
        let mac = realm.mac("refresh_token", named.as_bytes());
        format!("grt_{named}.{}", jose::base64url::encode(mac))
    });
}

#[divan::bench]
fn check_a_client_secret(bencher: Bencher) {
    let (_runtime, realm) = realm();
    let message = b"service-00000\0secret-of-00000";
    let mac = realm.mac("client_secret", message);
    bencher.bench(|| realm.verify_mac("client_secret", message, &mac));
}
