//! The crate `oauth2`: each grant, introspection, revocation, and refusals as the errors that it knows by type.

use std::fmt::{Debug, Display};

use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicTokenResponse, BasicTokenType};
use oauth2::{
    AccessToken, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EndpointNotSet, EndpointSet, ErrorResponseType, IntrospectionUrl, PkceCodeVerifier,
    RedirectUrl, RefreshToken, RequestTokenError, ResourceOwnerPassword, ResourceOwnerUsername,
    RevocationErrorResponseType, RevocationUrl, Scope, StandardErrorResponse,
    StandardRevocableToken, TokenIntrospectionResponse, TokenResponse, TokenUrl,
};
use serde_json::json;

use super::{Today, follow, http, pkce, secret};
use crate::harness::{Browser, Client, NewClient, World};
use crate::on_each_engine;

/// A client with every endpoint but the one for devices.
type Foreign = BasicClient<EndpointSet, EndpointNotSet, EndpointSet, EndpointSet, EndpointSet>;

type Refused<T> = RequestTokenError<std::io::Error, StandardErrorResponse<T>>;

/// The foreign client of that registration.
async fn foreign(world: &Today, client: &Client) -> Foreign {
    let at = async |name| world.endpoint(name).await;
    let mut foreign = BasicClient::new(ClientId::new(client.id.clone()))
        .set_auth_uri(AuthUrl::new(at("authorization_endpoint").await).unwrap())
        .set_token_uri(TokenUrl::new(at("token_endpoint").await).unwrap())
        .set_introspection_url(IntrospectionUrl::new(at("introspection_endpoint").await).unwrap())
        .set_revocation_url(RevocationUrl::new(at("revocation_endpoint").await).unwrap());
    if client.secret.is_some() {
        foreign = foreign.set_client_secret(secret(client));
    }
    if !client.redirect_uri.is_empty() {
        let back = RedirectUrl::new(client.redirect_uri.clone());
        foreign = foreign.set_redirect_uri(back.unwrap());
    }
    foreign
}

/// The code that alice brings back, and the verifier that belongs to it.
async fn code(
    world: &World,
    app: &Client,
    foreign: &Foreign,
    scope: &str,
) -> (AuthorizationCode, PkceCodeVerifier) {
    let (challenge, verifier) = pkce(world);
    let (url, state) = foreign
        .authorize_url(CsrfToken::new_random)
        .add_scope(Scope::new(scope.to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let mut browser: Browser = world.browser();
    let response = follow(world, app, &mut browser, &url, state.secret()).await;
    (AuthorizationCode::new(response["code"].clone()), verifier)
}

/// The whole flow.
async fn tokens(world: &World, app: &Client, foreign: &Foreign, scope: &str) -> BasicTokenResponse {
    let (code, verifier) = code(world, app, foreign, scope).await;
    let request = foreign.exchange_code(code).set_pkce_verifier(verifier);
    request.request_async(&http(world)).await.unwrap()
}

/// The error of a refusal that the crate could read, with the description for its developer.
#[track_caller]
fn refused<R, T>(answer: Result<R, Refused<T>>) -> T
where
    R: Debug,
    T: ErrorResponseType + Clone + Display + 'static,
{
    match answer {
        Err(RequestTokenError::ServerResponse(refusal)) => {
            let description = refusal.error_description();
            assert!(description.is_some_and(|text| !text.is_empty()));
            refusal.error().clone()
        }
        other => panic!("not refused as the crate expects: {other:?}"),
    }
}

fn scopes(response: &BasicTokenResponse) -> Vec<&str> {
    let scopes = response.scopes().expect("a scope");
    scopes.iter().map(|scope| scope.as_str()).collect()
}

/// A client of the notes, on plain OAuth.
async fn notes(world: &World, change: impl FnOnce(NewClient) -> NewClient) -> Client {
    world.notes().await;
    let scope = "notes.read notes.write";
    world
        .app_with(|client| change(client.scope(scope).default_scope(scope)))
        .await
}

on_each_engine! {
    /// A confidential client by both of its ways to authenticate, and a public one.
    async fn a_code_becomes_a_token(world: World) {
        type Change = fn(NewClient) -> NewClient;
        let kinds: [(AuthType, Change); 3] = [
            (AuthType::BasicAuth, |client| client),
            (AuthType::RequestBody, |client| {
                client.set("token_endpoint_auth_method", json!("client_secret_post"))
            }),
            (AuthType::RequestBody, NewClient::public),
        ];
        for (auth, change) in kinds {
            let world = Today::new(&world).await;
            let app = notes(&world, change).await;
            let foreign = foreign(&world, &app).await.set_auth_type(auth);
            let tokens = tokens(&world, &app, &foreign, "notes.read").await;
            assert_eq!(tokens.token_type(), &BasicTokenType::Bearer);
            assert_eq!(tokens.expires_in().map(|time| time.as_secs()), Some(300));
            assert_eq!(scopes(&tokens), ["notes.read"]);
            let claims = world.claims(tokens.access_token().secret()).await;
            assert_eq!(claims["aud"], json!("urn:example:notes"));
        }
    }

    /// RFC 6749 §2.3.1: the crate encodes the identifier and the secret as a form does, before it puts them into the header.
    async fn identifier_and_secret_may_hold_any_visible_character(world: World) {
        let world = Today::new(&world).await;
        world.notes().await;
        let visible: String = ('!'..='~').collect();
        let service = world.client("urn:a+b%20c=&/").grants(&["client_credentials"]).redirects(&[]);
        let service = service.scope("notes.read").secret(&visible).create().await;
        for auth in [AuthType::BasicAuth, AuthType::RequestBody] {
            let foreign = foreign(&world, &service).await.set_auth_type(auth);
            let request = foreign.exchange_client_credentials().add_scope(Scope::new("notes.read".into()));
            let tokens = request.request_async(&http(&world)).await.unwrap();
            assert_eq!(scopes(&tokens), ["notes.read"]);
        }
    }

    /// RFC 6749 §4.4: for itself; no refresh token goes along.
    async fn a_service_gets_a_token_for_itself(world: World) {
        let world = Today::new(&world).await;
        let service = world.service().await;
        let foreign = foreign(&world, &service).await;
        let http = http(&world);
        let request = foreign.exchange_client_credentials().add_scope(Scope::new("notes.read".into()));
        let tokens = request.request_async(&http).await.unwrap();
        assert!(tokens.refresh_token().is_none());
        assert_eq!(world.claims(tokens.access_token().secret()).await["sub"], json!("service"));
        let request = foreign.exchange_client_credentials().add_scope(Scope::new("notes.write".into()));
        assert_eq!(refused(request.request_async(&http).await), BasicErrorResponseType::InvalidScope);
    }

    /// RFC 6749 §5.2 `invalid_client`: with Basic and with post, at each endpoint that authenticates.
    async fn a_wrong_secret_is_invalid_client(world: World) {
        let world = Today::new(&world).await;
        let service = world.service().await;
        let http = http(&world);
        for auth in [AuthType::BasicAuth, AuthType::RequestBody] {
            let wrong = ClientSecret::new("not the secret of the service".into());
            let foreign = foreign(&world, &service).await.set_client_secret(wrong).set_auth_type(auth);
            let token = AccessToken::new("unknown".into());
            let answer = foreign.exchange_client_credentials().request_async(&http).await;
            assert_eq!(refused(answer), BasicErrorResponseType::InvalidClient);
            let answer = foreign.introspect(&token).request_async(&http).await;
            assert_eq!(refused(answer), BasicErrorResponseType::InvalidClient);
            let answer = foreign.revoke_token(token.into()).unwrap().request_async(&http).await;
            let expected = RevocationErrorResponseType::Basic(BasicErrorResponseType::InvalidClient);
            assert_eq!(refused(answer), expected);
        }
    }

    /// RFC 6749 §5.2 `invalid_grant`: another verifier, another client, a second time, an unknown code, an unknown refresh token.
    async fn a_grant_that_is_not_good_is_invalid_grant(world: World) {
        let world = Today::new(&world).await;
        let app = notes(&world, |client| client).await;
        let other = world.client("other").scope("notes.read").create().await;
        let (theirs, foreign) = (foreign(&world, &other).await, foreign(&world, &app).await);
        let http = http(&world);
        let (grant, _) = code(&world, &app, &foreign, "notes.read").await;
        let (_, verifier) = pkce(&world);
        let answer = foreign.exchange_code(grant).set_pkce_verifier(verifier).request_async(&http).await;
        assert_eq!(refused(answer), BasicErrorResponseType::InvalidGrant);
        let (grant, verifier) = code(&world, &app, &foreign, "notes.read").await;
        let again = || PkceCodeVerifier::new(verifier.secret().clone());
        let answer = theirs.exchange_code(grant.clone()).set_pkce_verifier(again()).request_async(&http).await;
        assert_eq!(refused(answer), BasicErrorResponseType::InvalidGrant);
        foreign.exchange_code(grant.clone()).set_pkce_verifier(again()).request_async(&http).await.unwrap();
        let answer = foreign.exchange_code(grant).set_pkce_verifier(again()).request_async(&http).await;
        assert_eq!(refused(answer), BasicErrorResponseType::InvalidGrant);
        let unknown = RefreshToken::new("unknown".into());
        let answer = foreign.exchange_refresh_token(&unknown).request_async(&http).await;
        assert_eq!(refused(answer), BasicErrorResponseType::InvalidGrant);
    }

    /// RFC 6749 §5.2 and RFC 9700 §2.4: a client without the grant, a grant that does not exist here.
    async fn other_refusals_are_known_by_type(world: World) {
        let world = Today::new(&world).await;
        let app = notes(&world, |client| client).await;
        let foreign = foreign(&world, &app).await;
        let http = http(&world);
        let answer = foreign.exchange_client_credentials().request_async(&http).await;
        assert_eq!(refused(answer), BasicErrorResponseType::UnauthorizedClient);
        let (name, password) = ("alice".to_owned(), "correct-horse-battery".to_owned());
        let (name, password) = (ResourceOwnerUsername::new(name), ResourceOwnerPassword::new(password));
        let answer = foreign.exchange_password(&name, &password).request_async(&http).await;
        assert_eq!(refused(answer), BasicErrorResponseType::UnsupportedGrantType);
        let empty = AuthorizationCode::new(String::new());
        let answer = foreign.exchange_code(empty).request_async(&http).await;
        assert_eq!(refused(answer), BasicErrorResponseType::InvalidRequest);
    }

    /// RFC 6749 §6: a refresh narrows the scope and never widens it; each answer brings the successor.
    async fn a_refresh_narrows_and_rotates(world: World) {
        let world = Today::new(&world).await;
        let app = notes(&world, |client| client).await;
        let foreign = foreign(&world, &app).await;
        let http = http(&world);
        let first = tokens(&world, &app, &foreign, "notes.read").await;
        let token = first.refresh_token().expect("a refresh token").clone();
        let wider = foreign.exchange_refresh_token(&token).add_scope(Scope::new("notes.write".into()));
        assert_eq!(refused(wider.request_async(&http).await), BasicErrorResponseType::InvalidScope);
        let next = foreign.exchange_refresh_token(&token).request_async(&http).await.unwrap();
        assert_eq!(scopes(&next), ["notes.read"]);
        assert_ne!(next.access_token().secret(), first.access_token().secret());
        let token = next.refresh_token().expect("a successor");
        let same = foreign.exchange_refresh_token(token).add_scope(Scope::new("notes.read".into()));
        same.request_async(&http).await.unwrap();
    }

    /// RFC 7662 §2.2: every member that the crate has a type for.
    async fn an_api_introspects(world: World) {
        let world = Today::new(&world).await;
        let app = notes(&world, |client| client).await;
        let api = world.api("urn:example:notes").await;
        let (api, foreign) = (foreign(&world, &api).await, foreign(&world, &app).await);
        let http = http(&world);
        let tokens = tokens(&world, &app, &foreign, "notes.read").await;
        let claims = world.claims(tokens.access_token().secret()).await;
        let seen = api.introspect(tokens.access_token()).set_token_type_hint("access_token");
        let seen = seen.request_async(&http).await.unwrap();
        assert!(seen.active());
        assert_eq!(seen.scopes(), Some(&vec![Scope::new("notes.read".into())]));
        assert_eq!(seen.client_id().map(|id| id.as_str()), Some("app"));
        assert_eq!(seen.token_type(), Some(&BasicTokenType::Bearer));
        assert_eq!(seen.iss(), Some(world.issuer()));
        assert_eq!(seen.aud(), Some(&vec!["urn:example:notes".to_owned()]));
        assert_eq!(seen.sub(), claims["sub"].as_str());
        assert_eq!(seen.jti(), claims["jti"].as_str());
        assert_eq!(seen.iat().map(|time| time.timestamp()), Some(world.now()));
        assert_eq!(seen.exp().map(|time| time.timestamp()), Some(world.now() + 300));
        let unknown = AccessToken::new("unknown".into());
        assert!(!api.introspect(&unknown).request_async(&http).await.unwrap().active());
    }

    /// RFC 7009 §2: an access token alone; a refresh token with all that came of it; an unknown one is no error (§2.2).
    async fn a_client_revokes(world: World) {
        let world = Today::new(&world).await;
        let app = notes(&world, |client| client).await;
        let api = world.api("urn:example:notes").await;
        let (api, foreign) = (foreign(&world, &api).await, foreign(&world, &app).await);
        let http = http(&world);
        let revoke = async |token: StandardRevocableToken| {
            let request = foreign.revoke_token(token).unwrap();
            request.request_async(&http).await.unwrap();
        };
        let active = async |token: &AccessToken| {
            api.introspect(token).request_async(&http).await.unwrap().active()
        };
        let first = tokens(&world, &app, &foreign, "notes.read").await;
        let refresh = first.refresh_token().expect("a refresh token");
        revoke(AccessToken::new("unknown".into()).into()).await;
        revoke(RefreshToken::new("unknown".into()).into()).await;
        assert!(active(first.access_token()).await);
        revoke(refresh.into()).await;
        assert!(!active(first.access_token()).await);
        let answer = foreign.exchange_refresh_token(refresh).request_async(&http).await;
        assert_eq!(refused(answer), BasicErrorResponseType::InvalidGrant);
        let next = tokens(&world, &app, &foreign, "notes.read").await;
        assert!(active(next.access_token()).await);
        revoke(next.access_token().into()).await;
        assert!(!active(next.access_token()).await);
    }
}
