//! The crates `oauth2` and `openidconnect` as clients that somebody else wrote. They take the machine's time, so these worlds do too.

use std::future::Future;
use std::pin::Pin;

use oauth2::basic::{BasicClient, BasicTokenType};
use oauth2::{HttpRequest, HttpResponse, StandardRevocableToken, TokenIntrospectionResponse};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IntrospectionUrl,
    IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, RevocationUrl, Scope,
    TokenResponse, TokenUrl,
};

use crate::harness::{CALLBACK, World, query_of};
use crate::on_each_engine;

type Answering = Pin<Box<dyn Future<Output = Result<HttpResponse, std::io::Error>> + Send>>;

/// Carries a foreign client's requests to the router.
fn http(world: &World) -> impl Fn(HttpRequest) -> Answering + use<> {
    let world = world.clone();
    move |request| {
        let world = world.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
            let mut call = world.call(parts.method.as_str(), path).raw(body);
            for (name, value) in &parts.headers {
                call = call.header(name.as_str(), value.to_str().expect("a header"));
            }
            let answer = call.send().await;
            let mut response = http::Response::builder().status(answer.status);
            for (name, value) in &answer.headers {
                response = response.header(name, value);
            }
            Ok(response.body(answer.body.into_bytes()).expect("an answer"))
        })
    }
}

/// A world on https, where these crates expect it, at the machine's time.
async fn today(world: &World) -> World {
    let now = ambient::Clock::System.now();
    world.another_at("https://id.example", now).await
}

on_each_engine! {
    /// `openidconnect`: discovery, code and PKCE, the ID token checked, userinfo.
    async fn openidconnect_signs_a_person_in(world: World) {
        // It knows ES256 and RS256; RS256 is what a client that registers nothing gets.
        for algorithm in [serde_json::json!("ES256"), serde_json::json!(null)] {
            let world = today(&world).await;
            let app = world.app_with(|client| client.set("id_token_signed_response_alg", algorithm)).await;
            let http = http(&world);
            let issuer = IssuerUrl::new(world.issuer().to_owned()).unwrap();
            // An RSA key is made when it is first needed; the client reads the keys before.
            world.realm().keys().signer(jose::Algorithm::Rs256).await.unwrap();
            let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.unwrap();
            let client = CoreClient::from_provider_metadata(
                metadata,
                ClientId::new(app.id.clone()),
                app.secret.clone().map(ClientSecret::new),
            )
            .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap());
            let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
            let (url, state, nonce) = client
                .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
                .add_scope(Scope::new("email".into()))
                .set_pkce_challenge(challenge)
                .url();
            let mut browser = world.browser();
            let page = browser.get(url.as_str()).await;
            let page = world.flow(&app).go_on(&mut browser, page).await;
            let response = query_of(page.left());
            assert_eq!(&response["state"], state.secret());
            let tokens = client
                .exchange_code(AuthorizationCode::new(response["code"].clone()))
                .unwrap()
                .set_pkce_verifier(verifier)
                .request_async(&http)
                .await
                .unwrap();
            let id_token = tokens.id_token().expect("an ID token");
            let checker = client.id_token_verifier();
            let claims = id_token.claims(&checker, &nonce).unwrap();
            let expected = claims.access_token_hash().expect("at_hash");
            let actual = AccessTokenHash::from_token(
                tokens.access_token(),
                id_token.signing_alg().unwrap(),
                id_token.signing_key(&checker).unwrap(),
            );
            assert_eq!(&actual.unwrap(), expected);
            let person: CoreUserInfoClaims = client
                .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
                .unwrap()
                .request_async(&http)
                .await
                .unwrap();
            assert_eq!(person.email().map(|email| email.as_str()), Some("alice@example.com"));
        }
    }

    /// `oauth2`: client credentials, introspection, refresh, revocation.
    async fn oauth2_uses_every_endpoint(world: World) {
        let world = today(&world).await;
        let service = world.service().await;
        let api = world.api("urn:example:notes").await;
        let http = http(&world);
        let url = |path: &str| format!("{}{path}", world.issuer());
        let client = |id: &str, secret: &Option<String>| {
            BasicClient::new(ClientId::new(id.to_owned()))
                .set_client_secret(ClientSecret::new(secret.clone().unwrap()))
                .set_token_uri(TokenUrl::new(url("/token")).unwrap())
                .set_introspection_url(IntrospectionUrl::new(url("/introspect")).unwrap())
                .set_revocation_url(RevocationUrl::new(url("/revoke")).unwrap())
        };
        let tokens = client(&service.id, &service.secret)
            .exchange_client_credentials()
            .add_scope(Scope::new("notes.read".into()))
            .request_async(&http)
            .await
            .unwrap();
        assert_eq!(tokens.token_type(), &BasicTokenType::Bearer);
        let seen = client(&api.id, &api.secret)
            .introspect(tokens.access_token())
            .request_async(&http)
            .await
            .unwrap();
        assert!(seen.active());
        let app = world.app().await;
        let flow = world.flow(&app).with("scope", "openid offline_access").with("prompt", "consent");
        let first = flow.tokens().await;
        let oauth = client(&app.id, &app.secret);
        let refresh = oauth2::RefreshToken::new(first.refresh().to_owned());
        let next = oauth.exchange_refresh_token(&refresh).request_async(&http).await.unwrap();
        let refresh = next.refresh_token().expect("a successor").clone();
        let gone = StandardRevocableToken::RefreshToken(refresh.clone());
        oauth.revoke_token(gone).unwrap().request_async(&http).await.unwrap();
        let refused = oauth.exchange_refresh_token(&refresh).request_async(&http).await;
        let Err(oauth2::RequestTokenError::ServerResponse(error)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(error.error(), &oauth2::basic::BasicErrorResponseType::InvalidGrant);
    }
}
