//! RFC 9101 §6.1 from the client's side: requests that only the server can read.

use grantor_client::{Client, Error, Pending};
use jose::jwe::{self, Accepted, ContentEncryption, KeyManagement};
use jose::{Algorithm, Jwk, SigningKey, jws};
use oauth::Params;
use serde_json::{Value, json};

use crate::provider::Provider;

/// A key of the server's to encrypt to: as it has it, and as it publishes it with these members.
fn pair(members: Value) -> (Jwk, Value) {
    let key = SigningKey::generate(Algorithm::Es256).unwrap().jwk();
    let mut private = serde_json::to_value(key).unwrap();
    for own in ["alg", "use"] {
        private.as_object_mut().unwrap().remove(own);
    }
    for (name, value) in members.as_object().unwrap() {
        private[name] = value.clone();
    }
    let mut public = private.clone();
    public.as_object_mut().unwrap().remove("d");
    (Jwk::from_value(private).unwrap(), public)
}

fn announce(provider: &Provider, ways: Value, content: Value, keys: Vec<Value>) {
    provider.with(|inner| {
        inner.published.extend(keys);
        inner.change_metadata = Box::new(move |metadata| {
            metadata["request_object_encryption_alg_values_supported"] = ways.clone();
            metadata["request_object_encryption_enc_values_supported"] = content.clone();
        });
    });
}

async fn signing(provider: &Provider) -> Client {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let builder = provider.builder(grantor_client::Credentials::public("app"));
    builder.request_key(key).discover().await.unwrap()
}

async fn start(client: &Client) -> Result<Pending, Error> {
    let request = client
        .authorize()
        .scope("openid accounts")
        .encrypted_request();
    let request = request.login_hint("alice@example.com");
    request
        .redirect_uri("https://app.example/callback")
        .start()
        .await
}

fn carried(pending: &Pending) -> Params {
    Params::parse(pending.url().split_once('?').unwrap().1)
}

/// The claims in an object that this key opens, and how it was encrypted.
fn opened(object: &str, key: &Jwk) -> (Value, Value) {
    let accepted = Accepted {
        key_management: &[KeyManagement::EcdhEs, KeyManagement::EcdhEsA128Kw],
        content: &ContentEncryption::ALL,
    };
    let opened = jwe::decrypt(object, key, &accepted).unwrap();
    let header = object.split('.').next().unwrap();
    let header = jose::base64url::decode(header).unwrap();
    let signed = String::from_utf8(opened.plaintext).unwrap();
    let claims = jws::peek(&signed).unwrap().claims().unwrap();
    let header = serde_json::from_slice(&header).unwrap();
    (Value::Object(claims), header)
}

/// Signed, then encrypted to the key that is there for it; of the scope no more stands beside it than OpenID Connect Core §6.1 wants.
#[tokio::test]
async fn a_request_is_encrypted_to_the_key_of_the_server() {
    let provider = Provider::start().await;
    let (key, public) = pair(json!({"use": "enc", "kid": "for-requests"}));
    announce(
        &provider,
        json!(["RSA-OAEP-256", "ECDH-ES+A128KW"]),
        json!(["A128CBC-HS256", "A256GCM"]),
        vec![public],
    );
    let pending = start(&signing(&provider).await).await.unwrap();
    let query = carried(&pending);
    let mut names: Vec<&str> = query.pairs().iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    assert_eq!(names, ["client_id", "request", "response_type", "scope"]);
    assert_eq!(query.get("scope"), Some("openid"));
    assert!(!pending.url().contains("alice"), "{}", pending.url());
    let (claims, header) = opened(query.get("request").unwrap(), &key);
    assert_eq!(
        (&claims["scope"], &claims["login_hint"]),
        (&json!("openid accounts"), &json!("alice@example.com"))
    );
    for (member, value) in [
        ("alg", "ECDH-ES+A128KW"),
        ("enc", "A256GCM"),
        ("cty", "JWT"),
        ("typ", "oauth-authz-req+jwt"),
        ("kid", "for-requests"),
    ] {
        assert_eq!(header[member], json!(value));
    }
}

/// What the server can read is taken, its own word about the key counts, and nothing goes out that others could read.
#[tokio::test]
async fn what_the_server_cannot_read_is_not_sent() {
    let (_, signs) = pair(json!({"use": "sig"}));
    let (_, other) = pair(json!({"use": "enc", "alg": "ECDH-ES+A256KW"}));
    let (_, unmarked) = pair(json!({}));
    let all = || json!(["ECDH-ES"]);
    for (case, ways, keys) in [
        ("no way", json!([]), vec![other.clone()]),
        ("an unknown way", json!(["X"]), vec![other.clone()]),
        ("no key", all(), Vec::new()),
        ("a key to sign", all(), vec![signs]),
        ("a key of unsaid use", all(), vec![unmarked]),
        ("a key for another way", all(), vec![other]),
    ] {
        let provider = Provider::start().await;
        announce(&provider, ways, json!(["A256GCM"]), keys);
        let refused = start(&signing(&provider).await).await;
        assert!(matches!(refused, Err(Error::Unsupported(_))), "{case}");
    }
    // Registration §2: what counts where nothing is said.
    let provider = Provider::start().await;
    let (key, public) = pair(json!({"use": "enc", "alg": "ECDH-ES"}));
    announce(&provider, all(), json!([]), vec![public]);
    let pending = start(&signing(&provider).await).await.unwrap();
    let (_, header) = opened(carried(&pending).get("request").unwrap(), &key);
    assert_eq!(header["enc"], json!("A128CBC-HS256"));
    // Whoever cannot sign cannot encrypt: only the signature says who asks.
    let unsigned = start(&provider.client().await).await;
    assert!(matches!(unsigned, Err(Error::Incomplete(_))));
}
