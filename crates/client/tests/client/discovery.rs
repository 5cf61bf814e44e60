use grantor_client::{Client, Credentials, Error};
use serde_json::json;

use crate::provider::Provider;

async fn discover(provider: &Provider) -> Result<Client, Error> {
    provider
        .builder(Credentials::public("app"))
        .discover()
        .await
}

/// RFC 8414 §3.3, OpenID Connect Discovery §4.3: the issuer must be identical.
#[tokio::test]
async fn the_issuer_must_be_the_same_byte_for_byte() {
    for change in ["/", "x", "?"] {
        let provider = Provider::start().await;
        provider.with(|inner| {
            inner.change_metadata = Box::new(move |metadata| {
                let issuer = format!("{}{change}", metadata["issuer"].as_str().unwrap());
                metadata["issuer"] = json!(issuer);
            });
        });
        assert!(matches!(
            discover(&provider).await,
            Err(Error::IssuerMismatch { .. })
        ));
    }
}

/// RFC 8414 §3.1 and §5: each of the three forms is found.
#[tokio::test]
async fn each_form_of_the_well_known_address_is_tried() {
    for form in [
        "/realms/a/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/realms/a",
        "/.well-known/openid-configuration/realms/a",
    ] {
        let provider = Provider::start_at("/realms/a").await;
        provider.with(|inner| inner.well_known = vec![form.to_owned()]);
        assert_eq!(
            discover(&provider).await.unwrap().issuer(),
            provider.issuer,
            "{form}"
        );
    }
    let provider = Provider::start().await;
    provider.with(|inner| inner.well_known.clear());
    assert!(matches!(
        discover(&provider).await,
        Err(Error::NoMetadata(_))
    ));
    assert_eq!(
        provider.with(|inner| inner.requests.len()),
        2,
        "no address is asked twice"
    );
}

/// The browser is sent to https, or to this machine.
#[tokio::test]
async fn an_authorization_endpoint_that_is_not_safe_is_refused() {
    for bad in [
        "http://id.example/authorize",
        "javascript:alert(1)",
        "/authorize",
        "https://id.example/#x",
    ] {
        let provider = Provider::start().await;
        provider.with(|inner| {
            inner.change_metadata =
                Box::new(move |metadata| metadata["authorization_endpoint"] = json!(bad));
        });
        let client = provider.client().await;
        let started = client
            .authorize()
            .scope("openid")
            .redirect_uri("https://app.example/")
            .start();
        assert!(
            matches!(
                started.await,
                Err(Error::Unsupported("authorization_endpoint"))
            ),
            "{bad}"
        );
    }
}

/// An issuer that is not on this machine is reached over https only.
#[tokio::test]
async fn plain_http_to_another_machine_is_refused() {
    let asked = Client::discover("http://id.example", Credentials::public("app")).await;
    assert!(
        matches!(
            asked,
            Err(Error::Request {
                source: fetch::Error::Scheme,
                ..
            })
        ),
        "{asked:?}"
    );
}
