//! The crate `openidconnect`: discovery, sign-in with everything that it can check about an ID token, userinfo, refresh, sign-out.

use oauth2::{StandardRevocableToken, TokenIntrospectionResponse};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthErrorResponseType, CoreAuthPrompt, CoreAuthenticationFlow, CoreClient,
    CoreErrorResponseType, CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier,
    CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreResponseType, CoreTokenResponse,
    CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, AuthorizationRequest, ClaimsVerificationError,
    ClientId, CsrfToken, DiscoveryError, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    IntrospectionUrl, IssuerUrl, LogoutRequest, Nonce, NonceVerifier, OAuth2TokenResponse,
    PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl,
    RequestTokenError, RevocationUrl, Scope, SignatureVerificationError, StandardErrorResponse,
    SubjectIdentifier, TokenResponse, UserInfoError,
};
use std::time::Duration;

use serde_json::json;
use url::Url;

use super::{Today, follow, http, pkce, secret};
use crate::harness::{Browser, Client, World, altered};
use crate::on_each_engine;

/// A relying party that discovered the issuer.
type Party = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointSet,
    EndpointSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

type Refused = RequestTokenError<std::io::Error, StandardErrorResponse<CoreErrorResponseType>>;

fn issuer(world: &World) -> IssuerUrl {
    IssuerUrl::new(world.issuer().to_owned()).unwrap()
}

/// The metadata with the keys, which the crate reads once: every key that will sign has to be among them by then.
async fn discovered(world: &World) -> CoreProviderMetadata {
    let metadata = CoreProviderMetadata::discover_async(issuer(world), &http(world)).await;
    metadata.unwrap()
}

/// The party of that registration.
async fn party(world: &Today, app: &Client) -> Party {
    let metadata = discovered(world).await;
    let (introspection, revocation) = (
        world.endpoint("introspection_endpoint").await,
        world.endpoint("revocation_endpoint").await,
    );
    let id = ClientId::new(app.id.clone());
    CoreClient::from_provider_metadata(metadata, id, Some(secret(app)))
        .set_redirect_uri(RedirectUrl::new(app.redirect_uri.clone()).unwrap())
        .set_introspection_url(IntrospectionUrl::new(introspection).unwrap())
        .set_revocation_url(RevocationUrl::new(revocation).unwrap())
}

/// What a sign-in left.
struct SignedIn {
    tokens: CoreTokenResponse,
    nonce: Nonce,
}

impl SignedIn {
    fn id_token(&self) -> &CoreIdToken {
        self.tokens.id_token().expect("an ID token")
    }

    /// The claims, with everything checked.
    fn claims(&self, party: &Party) -> &CoreIdTokenClaims {
        let verifier = party.id_token_verifier();
        checked(&self.tokens, &verifier, &self.nonce)
    }
}

/// The claims of an ID token that passes every check of the crate, `at_hash` included, which it leaves to its caller.
fn checked<'a, N: NonceVerifier>(
    tokens: &'a CoreTokenResponse,
    verifier: &CoreIdTokenVerifier<'_>,
    nonce: N,
) -> &'a CoreIdTokenClaims {
    let id_token = tokens.id_token().expect("an ID token");
    let claims = id_token.claims(verifier, nonce).unwrap();
    let algorithm = id_token.signing_alg().unwrap();
    let key = id_token.signing_key(verifier).unwrap();
    let hash = |token: &AccessToken| AccessTokenHash::from_token(token, algorithm, key).unwrap();
    let expected = claims.access_token_hash().expect("at_hash");
    assert_eq!(&hash(tokens.access_token()), expected);
    assert_ne!(&hash(&AccessToken::new("another".into())), expected);
    claims
}

/// An authorization request for a code.
fn ask(
    party: &Party,
) -> AuthorizationRequest<'_, CoreAuthDisplay, CoreAuthPrompt, CoreResponseType> {
    party.authorize_url(
        CoreAuthenticationFlow::AuthorizationCode,
        CsrfToken::new_random,
        Nonce::new_random,
    )
}

/// A sign-in of alice in this browser with these scopes beside `openid`.
async fn sign_in(
    world: &World,
    app: &Client,
    party: &Party,
    browser: &mut Browser,
    scopes: &[&str],
) -> SignedIn {
    let (challenge, verifier) = pkce(world);
    let mut request = ask(party).set_pkce_challenge(challenge);
    for scope in scopes {
        request = request.add_scope(Scope::new((*scope).to_owned()));
        if *scope == "offline_access" {
            request = request.add_prompt(CoreAuthPrompt::Consent);
        }
    }
    let (url, state, nonce) = request.url();
    let response = follow(world, app, browser, &url, state.secret()).await;
    let tokens = redeem(world, party, &response["code"], verifier).await;
    let tokens = tokens.unwrap();
    SignedIn { tokens, nonce }
}

async fn redeem(
    world: &World,
    party: &Party,
    code: &str,
    verifier: PkceCodeVerifier,
) -> Result<CoreTokenResponse, Refused> {
    let code = AuthorizationCode::new(code.to_owned());
    let exchange = party.exchange_code(code).unwrap();
    let exchange = exchange.set_pkce_verifier(verifier);
    exchange.request_async(&http(world)).await
}

#[track_caller]
fn assert_invalid_grant(answer: Result<CoreTokenResponse, Refused>) {
    match answer {
        Err(RequestTokenError::ServerResponse(refusal)) => {
            assert_eq!(refusal.error(), &CoreErrorResponseType::InvalidGrant);
        }
        other => panic!("not refused as the crate expects: {other:?}"),
    }
}

/// A world, its `app`, its party, and alice signed in.
async fn signed_in(world: &World, scopes: &[&str]) -> (Today, Client, Party, SignedIn) {
    let world = Today::new(world).await;
    let app = world.app().await;
    let party = party(&world, &app).await;
    let done = sign_in(&world, &app, &party, &mut world.browser(), scopes).await;
    (world, app, party, done)
}

on_each_engine! {
    /// OpenID Connect Discovery §3 and §4.3.
    async fn a_party_discovers_the_issuer(world: World) {
        let world = Today::new(&world).await;
        let metadata = discovered(&world).await;
        assert_eq!(metadata.issuer().as_str(), world.issuer());
        assert!(metadata.response_types_supported().iter().any(|types| **types == [CoreResponseType::Code]));
        let algorithms = metadata.id_token_signing_alg_values_supported();
        assert!(algorithms.contains(&CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256), "{algorithms:?}");
        assert!(metadata.userinfo_endpoint().is_some());
        assert!(metadata.scopes_supported().is_some_and(|scopes| scopes.contains(&Scope::new("openid".into()))));
        assert!(metadata.jwks().keys().len() >= 2, "ES256 and RS256");
    }

    /// Discovery §4.1: an issuer with a path; §4.3: exactly the issuer, not one that differs by a slash.
    async fn a_party_discovers_its_realm_and_no_other(world: World) {
        let world = Today::new(&world).await;
        let http = http(&world);
        let acme = IssuerUrl::new(world.add_realm("acme").await).unwrap();
        let metadata = CoreProviderMetadata::discover_async(acme.clone(), &http).await.unwrap();
        assert_eq!(metadata.issuer(), &acme);
        assert!(metadata.authorization_endpoint().as_str().starts_with(acme.as_str()));
        let none = IssuerUrl::new(format!("{}/realms/none", world.issuer())).unwrap();
        let answer = CoreProviderMetadata::discover_async(none, &http).await;
        assert!(matches!(&answer, Err(DiscoveryError::Response(status, ..)) if status.as_u16() == 404), "{answer:?}");
        let slash = IssuerUrl::new(format!("{}/", world.issuer())).unwrap();
        let answer = CoreProviderMetadata::discover_async(slash, &http).await;
        assert!(matches!(answer, Err(DiscoveryError::Validation(_))), "{answer:?}");
    }

    /// Core §3.1.3.7, with the algorithm that a client gets that registers nothing, and with those that it may register.
    async fn a_person_signs_in(world: World) {
        use CoreJwsSigningAlgorithm::{EcdsaP256Sha256, EdDsa, RsaSsaPkcs1V15Sha256};
        let world = Today::new(&world).await;
        world.person("alice", "correct-horse-battery").await;
        let kinds = [("r", json!(null), RsaSsaPkcs1V15Sha256), ("e", json!("ES256"), EcdsaP256Sha256), ("d", json!("EdDSA"), EdDsa)];
        for (id, registered, algorithm) in kinds {
            let app = world.client(id).set("id_token_signed_response_alg", registered).create().await;
            let party = party(&world, &app).await;
            let done = sign_in(&world, &app, &party, &mut world.browser(), &[]).await;
            assert_eq!(done.id_token().signing_alg().unwrap(), &algorithm);
            let only = party.id_token_verifier().set_allowed_algs([algorithm]);
            let claims = checked(&done.tokens, &only, &done.nonce);
            assert_eq!(claims.issuer(), &issuer(&world));
            assert_eq!(claims.audiences().iter().map(|aud| aud.as_str()).collect::<Vec<_>>(), [id]);
            assert_eq!(claims.auth_time().map(|time| time.timestamp()), Some(world.now()));
            assert_eq!(claims.issue_time().timestamp(), world.now());
        }
    }

    /// Core §3.1.3.7, each check by itself: the ID token is good for this issuer, client, nonce, algorithm and time alone.
    async fn an_id_token_is_good_for_its_purpose_alone(world: World) {
        use ClaimsVerificationError as Error;
        use SignatureVerificationError as Signature;
        let (world, app, party, done) = signed_in(&world, &[]).await;
        let expiry = done.claims(&party).expiration();
        let verifier = || party.id_token_verifier();
        let outcome = |verifier, nonce: &Nonce| done.id_token().claims(&verifier, nonce).map(drop);
        let keys = discovered(&world).await.jwks().clone();
        let verifies = |id: &str, issuer: &str| {
            let issuer = IssuerUrl::new(issuer.to_owned()).unwrap();
            CoreIdTokenVerifier::new_public_client(ClientId::new(id.to_owned()), issuer, keys.clone())
                .set_allowed_algs([CoreJwsSigningAlgorithm::EcdsaP256Sha256])
        };
        assert_eq!(outcome(verifies(&app.id, world.issuer()), &done.nonce), Ok(()));
        let error = |verifier| outcome(verifier, &done.nonce).unwrap_err();
        assert!(matches!(error(verifies("other", world.issuer())), Error::InvalidAudience(_)));
        assert!(matches!(error(verifies(&app.id, "https://evil.example")), Error::InvalidIssuer(_)));
        assert!(matches!(outcome(verifier(), &Nonce::new("another".into())), Err(Error::InvalidNonce(_))));
        assert!(matches!(error(verifier().set_time_fn(move || expiry)), Error::Expired(_)));
        let rsa = [CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256];
        let disallowed = error(verifier().set_allowed_algs(rsa));
        assert!(matches!(disallowed, Error::SignatureVerification(Signature::DisallowedAlg(_))), "{disallowed:?}");
        let text = done.id_token().to_string();
        let forged: CoreIdToken = altered(&text, text.len() - 9).parse().unwrap();
        let error = forged.claims(&verifier(), &done.nonce).unwrap_err();
        assert!(matches!(error, Error::SignatureVerification(Signature::CryptoError(_))), "{error:?}");
    }

    /// Core §3.1.2.1 `max_age`: the person is asked again, and `auth_time` says when.
    async fn max_age_is_kept(world: World) {
        let world = Today::ago(&world, 1000).await;
        let app = world.app().await;
        let party = party(&world, &app).await;
        let mut browser = world.browser();
        sign_in(&world, &app, &party, &mut browser, &[]).await;
        world.advance(1000);
        let (challenge, verifier) = pkce(&world);
        let request = ask(&party).set_max_age(Duration::from_secs(600)).set_pkce_challenge(challenge);
        let (url, state, nonce) = request.url();
        let response = follow(&world, &app, &mut browser, &url, state.secret()).await;
        let tokens = redeem(&world, &party, &response["code"], verifier).await.unwrap();
        let earliest = world.now() - 600;
        let fresh = party.id_token_verifier().set_auth_time_verifier_fn(move |time| match time {
            Some(time) if time.timestamp() >= earliest => Ok(()),
            other => Err(format!("{other:?}")),
        });
        checked(&tokens, &fresh, &nonce);
    }

    /// Core §3.1.2.6: what a silent request is told, by the types of the crate.
    async fn a_silent_request_is_refused_by_type(world: World) {
        let world = Today::new(&world).await;
        let app = world.app().await;
        let party = party(&world, &app).await;
        let mut browser = world.browser();
        for expected in [CoreAuthErrorResponseType::LoginRequired, CoreAuthErrorResponseType::ConsentRequired] {
            let request = ask(&party).add_prompt(CoreAuthPrompt::None).set_pkce_challenge(pkce(&world).0);
            let (url, state, _) = request.url();
            let response = follow(&world, &app, &mut browser, &url, state.secret()).await;
            let error: CoreAuthErrorResponseType = serde_json::from_value(json!(response["error"])).unwrap();
            assert_eq!(error, expected);
            if expected == CoreAuthErrorResponseType::LoginRequired {
                world.sign_in(&mut browser).await;
            }
        }
    }

    /// RFC 7636 §4.6, by the type of the crate.
    async fn another_verifier_is_invalid_grant(world: World) {
        let world = Today::new(&world).await;
        let app = world.app().await;
        let party = party(&world, &app).await;
        let (url, state, _) = ask(&party).set_pkce_challenge(pkce(&world).0).url();
        let response = follow(&world, &app, &mut world.browser(), &url, state.secret()).await;
        assert_invalid_grant(redeem(&world, &party, &response["code"], pkce(&world).1).await);
    }

    /// Core §5.3: the claims of the scopes, of this person and no other (§5.3.2), for a good token alone.
    async fn userinfo_tells_about_the_person(world: World) {
        let (world, _, party, done) = signed_in(&world, &["email", "profile"]).await;
        let http = http(&world);
        let subject = done.claims(&party).subject().clone();
        let token = done.tokens.access_token();
        let ask = |token: &AccessToken, subject: &SubjectIdentifier| {
            party.user_info(token.clone(), Some(subject.clone())).unwrap()
        };
        let seen: CoreUserInfoClaims = ask(token, &subject).request_async(&http).await.unwrap();
        assert_eq!(seen.email().map(|email| email.as_str()), Some("alice@example.com"));
        assert_eq!(seen.email_verified(), Some(true));
        assert_eq!(seen.preferred_username().map(|name| name.as_str()), Some("alice"));
        let name = seen.name().and_then(|name| name.get(None)).map(|name| name.as_str());
        assert_eq!(name, Some("Alice Example"));
        let other = SubjectIdentifier::new("somebody-else".into());
        let refused: Result<CoreUserInfoClaims, _> = ask(token, &other).request_async(&http).await;
        assert!(matches!(refused, Err(UserInfoError::ClaimsVerification(ClaimsVerificationError::InvalidSubject(_)))), "{refused:?}");
        let unknown = AccessToken::new("unknown".into());
        let refused: Result<CoreUserInfoClaims, _> = ask(&unknown, &subject).request_async(&http).await;
        assert!(matches!(&refused, Err(UserInfoError::Response(status, ..)) if status.as_u16() == 401), "{refused:?}");
    }

    /// Core §12.2: the ID token of a refresh is of the same issuer, person, audience and sign-in; revoking ends it all.
    async fn a_refresh_brings_another_id_token(world: World) {
        let (world, _, party, done) = signed_in(&world, &["offline_access"]).await;
        let http = http(&world);
        let first = done.claims(&party);
        let token = done.tokens.refresh_token().expect("a refresh token").clone();
        let request = party.exchange_refresh_token(&token).unwrap();
        let tokens = request.request_async(&http).await.unwrap();
        let verifier = party.id_token_verifier();
        // §12.2: it should have no nonce, and if it has one, then the first one.
        let nonce = |nonce: Option<&Nonce>| match nonce {
            Some(nonce) if nonce.secret() != done.nonce.secret() => Err("another nonce".to_owned()),
            _ => Ok(()),
        };
        let next = checked(&tokens, &verifier, nonce);
        assert_eq!((next.subject(), next.issuer()), (first.subject(), first.issuer()));
        assert_eq!((next.audiences(), next.auth_time()), (first.audiences(), first.auth_time()));
        let seen: CoreUserInfoClaims = party
            .user_info(tokens.access_token().clone(), Some(first.subject().clone()))
            .unwrap()
            .request_async(&http)
            .await
            .unwrap();
        assert_eq!(seen.subject(), first.subject());
        let token = tokens.refresh_token().expect("a successor").clone();
        let gone = StandardRevocableToken::RefreshToken(token.clone());
        party.revoke_token(gone).unwrap().request_async(&http).await.unwrap();
        let refused = party.exchange_refresh_token(&token).unwrap().request_async(&http).await;
        assert_invalid_grant(refused);
        let seen = party.introspect(tokens.access_token()).request_async(&http).await.unwrap();
        assert!(!seen.active());
    }

    /// RP-Initiated Logout §2.
    async fn a_party_signs_its_person_out(world: World) {
        const AFTER: &str = "https://app.example/signed-out";
        let world = Today::new(&world).await;
        let app = world.app_with(|client| client.set("post_logout_redirect_uris", json!([AFTER]))).await;
        let party = party(&world, &app).await;
        let mut browser = world.browser();
        let done = sign_in(&world, &app, &party, &mut browser, &[]).await;
        let metadata = ProviderMetadataWithLogout::discover_async(issuer(&world), &http(&world)).await.unwrap();
        let endpoint = metadata.additional_metadata().end_session_endpoint.clone().expect("an endpoint");
        let url: Url = LogoutRequest::from(endpoint)
            .set_id_token_hint(done.id_token())
            .set_client_id(ClientId::new(app.id.clone()))
            .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(AFTER.into()).unwrap())
            .set_state(CsrfToken::new("a state".into()))
            .http_get_url();
        let page = browser.get(url.as_str()).await;
        assert_eq!(page.left().as_str(), "https://app.example/signed-out?state=a+state");
    }
}
