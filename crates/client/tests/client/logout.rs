use grantor_client::{Client, Error, LoggedOut, LogoutError};
use jose::{Algorithm, SigningKey, jwt};
use oauth::claims::IdToken;
use oauth::logout_token::{EVENT, Refusal, TYPE};
use serde_json::{Value, json};

use crate::provider::{NOW, Provider};

fn good(provider: &Provider) -> Value {
    json!({
        "iss": provider.issuer, "aud": "app", "sub": "alice", "sid": "s1", "iat": NOW, "exp": NOW + 120, "jti": "1",
        "events": { EVENT: {} },
    })
}

fn signed(provider: &Provider, typ: &str, claims: &Value) -> String {
    provider.with(|inner| jwt::sign(&inner.key, typ, claims).unwrap())
}

async fn judge(client: &Client, token: &str) -> Result<LoggedOut, LogoutError> {
    match client.back_channel_logout(token).await {
        Ok(logged_out) => Ok(logged_out),
        Err(Error::Logout(why)) => Err(why),
        Err(other) => panic!("{other:?}"),
    }
}

/// OpenID Connect Back-Channel Logout §2.6, item by item.
#[tokio::test]
async fn a_logout_token_that_breaks_a_rule_is_refused() {
    use LogoutError::{Claims, Token};
    let provider = Provider::start().await;
    let client = provider.client().await;
    let cases = [
        (
            "iss",
            json!("https://evil.example"),
            Token(jose::Error::WrongIssuer),
        ),
        ("aud", json!("other"), Token(jose::Error::WrongAudience)),
        ("aud", json!(["app", "other"]), Claims(Refusal::Audience)),
        ("exp", json!(NOW - 5), Token(jose::Error::Expired)),
        ("iat", json!(NOW + 6), Token(jose::Error::NotYetValid)),
        ("iat", json!(NOW - 606), Claims(Refusal::IssuedLongAgo)),
        ("events", json!({}), Claims(Refusal::Event)),
        ("nonce", json!("n"), Claims(Refusal::Nonce)),
        ("jti", json!(""), Claims(Refusal::Identifier)),
    ];
    for (name, value, wanted) in cases {
        let mut claims = good(&provider);
        claims[name] = value;
        let token = signed(&provider, TYPE, &claims);
        assert_eq!(judge(&client, &token).await.unwrap_err(), wanted, "{name}");
    }
    let mut nobody = good(&provider);
    (nobody["sub"], nobody["sid"]) = (Value::Null, Value::Null);
    let token = signed(&provider, TYPE, &nobody);
    assert_eq!(
        judge(&client, &token).await.unwrap_err(),
        Claims(Refusal::Nobody)
    );
    let token = signed(&provider, "at+jwt", &good(&provider));
    let why = judge(&client, &token).await.unwrap_err();
    assert_eq!(why, Token(jose::Error::WrongType));
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let forged = jwt::sign(&key, TYPE, &good(&provider)).unwrap();
    assert!(matches!(judge(&client, &forged).await, Err(Token(_))));
    for garbage in ["", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        assert!(judge(&client, garbage).await.is_err(), "{garbage}");
    }
}

/// It says which session has ended, once; and once more where that came to nothing.
#[tokio::test]
async fn a_logout_token_counts_once() {
    let provider = Provider::start().await;
    let client = provider.client().await;
    for typ in [TYPE, "JWT"] {
        let mut claims = good(&provider);
        claims["jti"] = json!(typ);
        let token = signed(&provider, typ, &claims);
        let logged_out = judge(&client, &token).await.unwrap();
        assert_eq!(
            (logged_out.session(), logged_out.subject()),
            (Some("s1"), Some("alice"))
        );
        assert_eq!(
            judge(&client, &token).await.unwrap_err(),
            LogoutError::Replayed
        );
        // A clone of the client shares the memory.
        assert_eq!(
            judge(&client.clone(), &token).await.unwrap_err(),
            LogoutError::Replayed
        );
        logged_out.failed();
        drop(judge(&client, &token).await.unwrap());
        assert_eq!(
            judge(&client, &token).await.unwrap_err(),
            LogoutError::Replayed
        );
    }
}

/// Front-Channel Logout §3: this issuer and this session, both, once.
#[test]
fn a_frame_means_this_session_or_nobody() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let provider = Provider::start().await;
        let client = provider.client().await;
        let own = IdToken {
            sid: Some("s1".to_owned()),
            ..IdToken::default()
        };
        let issuer: String =
            url::form_urlencoded::byte_serialize(provider.issuer.as_bytes()).collect();
        for (query, means) in [
            (format!("iss={issuer}&sid=s1"), true),
            (format!("tenant=1&sid=s1&iss={issuer}"), true),
            (format!("iss={issuer}&sid=s2"), false),
            (format!("iss={issuer}&sid=s1&sid=s2"), false),
            (format!("iss={issuer}"), false),
            ("sid=s1".to_owned(), false),
            ("iss=https%3A%2F%2Fevil.example&sid=s1".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(client.front_channel_logout(&query, &own), means, "{query}");
        }
        assert!(!client.front_channel_logout(&format!("iss={issuer}&sid="), &IdToken::default()));
    });
}
