use grantor_client::{Credentials, Error, IdTokenError};
use jose::{Algorithm, SigningKey};
use oauth::id_token::Refusal;
use serde_json::{Value, json};

use crate::provider::{NOW, Provider, public};

/// Signs in with an ID token that was changed, and says why it was refused.
async fn refusal(change: impl Fn(&mut Value) + Send + 'static) -> IdTokenError {
    let provider = Provider::start().await;
    provider.with(|inner| inner.change_id_token = Box::new(change));
    let client = provider.client().await;
    match provider.sign_in(&client).await {
        Err(Error::IdToken(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// OpenID Connect Core §3.1.3.7, item by item.
#[tokio::test]
async fn an_id_token_that_breaks_a_rule_is_refused() {
    use IdTokenError::{Claims, Token};
    assert_eq!(
        refusal(|c| c["iss"] = json!("https://evil.example")).await,
        Token(jose::Error::WrongIssuer)
    );
    assert_eq!(
        refusal(|c| c["aud"] = json!("other")).await,
        Token(jose::Error::WrongAudience)
    );
    assert_eq!(
        refusal(|c| c["aud"] = json!(["app", "other"])).await,
        Claims(Refusal::UntrustedAudience)
    );
    assert_eq!(
        refusal(|c| c["azp"] = json!("other")).await,
        Claims(Refusal::AuthorizedParty)
    );
    assert_eq!(
        refusal(|c| c["exp"] = json!(NOW - 5)).await,
        Token(jose::Error::Expired)
    );
    assert_eq!(
        refusal(|c| c["iat"] = json!(NOW + 6)).await,
        Token(jose::Error::NotYetValid)
    );
    assert_eq!(
        refusal(|c| c["iat"] = json!(NOW - 700)).await,
        Claims(Refusal::IssuedLongAgo)
    );
    assert_eq!(
        refusal(|c| c["nonce"] = json!("other")).await,
        Claims(Refusal::Nonce)
    );
    assert_eq!(
        refusal(|c| c["nonce"] = Value::Null).await,
        Claims(Refusal::NonceMissing)
    );
    assert_eq!(
        refusal(|c| c["auth_time"] = Value::Null).await,
        Claims(Refusal::AuthTimeMissing)
    );
    assert_eq!(
        refusal(|c| c["auth_time"] = json!(NOW - 3606)).await,
        Claims(Refusal::AuthTime)
    );
    assert_eq!(
        refusal(|c| c["at_hash"] = json!("AAAAAAAAAAAAAAAAAAAAAA")).await,
        Claims(Refusal::AccessTokenHash)
    );
}

/// Item 7: the algorithm is the registered one, RS256 when none is.
#[tokio::test]
async fn the_algorithm_must_be_the_registered_one() {
    let provider = Provider::start().await;
    let client = provider
        .builder(Credentials::public("app"))
        .id_token_algorithm(Algorithm::Rs256)
        .discover()
        .await
        .unwrap();
    let refused = provider.sign_in(&client).await.unwrap_err();
    assert!(
        matches!(
            refused,
            Error::IdToken(IdTokenError::Token(jose::Error::AlgorithmNotAllowed))
        ),
        "{refused}"
    );
}

/// RFC 8725 §3.11: an access token of the same issuer is no ID token.
#[tokio::test]
async fn an_access_token_is_no_id_token() {
    let provider = Provider::start().await;
    provider.with(|inner| inner.typ = "at+jwt");
    let refused = provider
        .sign_in(&provider.client().await)
        .await
        .unwrap_err();
    assert!(
        matches!(
            refused,
            Error::IdToken(IdTokenError::Token(jose::Error::WrongType))
        ),
        "{refused}"
    );
}

/// Item 6: another key with the published key's name does not pass.
#[tokio::test]
async fn a_signature_by_another_key_is_refused() {
    let provider = Provider::start().await;
    provider.with(|inner| {
        let other = SigningKey::generate(Algorithm::Es256).unwrap();
        let mut claimed = public(&other);
        claimed["kid"] = json!(inner.key.kid());
        inner.published = vec![claimed];
    });
    let refused = provider
        .sign_in(&provider.client().await)
        .await
        .unwrap_err();
    assert!(
        matches!(
            refused,
            Error::IdToken(IdTokenError::Token(jose::Error::Signature))
        ),
        "{refused}"
    );
}

/// OpenID Connect Core §10.1.1: a new key is found, and forged key names do not make the client flood the server.
#[tokio::test]
async fn an_unknown_key_is_looked_for_once_in_a_while() {
    let provider = Provider::start().await;
    let client = provider.client().await;
    provider.sign_in(&client).await.unwrap();
    assert_eq!(provider.asked("/jwks").len(), 1);
    provider.ambient.clock.advance(31);
    provider.rotate(true);
    provider.sign_in(&client).await.unwrap();
    assert_eq!(provider.asked("/jwks").len(), 2, "the new key was fetched");
    provider.rotate(false);
    for _ in 0..10 {
        assert!(provider.sign_in(&client).await.is_err());
    }
    assert_eq!(provider.asked("/jwks").len(), 2, "not within the pause");
    provider.ambient.clock.advance(31);
    for _ in 0..10 {
        assert!(provider.sign_in(&client).await.is_err());
    }
    assert_eq!(provider.asked("/jwks").len(), 3, "once after it");
}

/// A key that was withdrawn is forgotten within the hour.
#[tokio::test]
async fn keys_are_fetched_anew_after_an_hour() {
    let provider = Provider::start().await;
    let client = provider.client().await;
    provider.with(|inner| inner.change_id_token = Box::new(|c| c["auth_time"] = c["iat"].clone()));
    provider.sign_in(&client).await.unwrap();
    provider.with(|inner| inner.published.clear());
    provider.sign_in(&client).await.unwrap();
    provider.ambient.clock.advance(3600);
    assert!(provider.sign_in(&client).await.is_err());
}
