//! What is the same whatever grant a person's tokens come from: what the operator's scopes tell of the person, and how ID tokens are sealed.

use jose::Jwk;
use serde_json::{Value, json};

use crate::harness::{ALICE, Client, NewClient, Receiver, Tokens, World};
use crate::jwt_bearer::{IDP, Issuer};
use crate::sealed_answers::{opened, pair, text};
use crate::{ciba, device_code, jwt_bearer, on_each_engine, token_exchange};

const SCOPE: &str = "openid department";
const OFFLINE: &str = "openid offline_access department";

/// A client for every grant, of a realm where those that OAuth 2.1 has left out are switched on.
async fn for_everything(
    world: &World,
    id: &str,
    change: impl FnOnce(NewClient) -> NewClient,
) -> Client {
    let client = world
        .client(id)
        .grants(&[
            "authorization_code",
            "refresh_token",
            "password",
            "client_credentials",
            device_code::GRANT,
            ciba::GRANT,
            token_exchange::GRANT,
            jwt_bearer::GRANT,
        ])
        .set("allow_retired_grants", json!(true))
        .set("backchannel_token_delivery_mode", json!("poll"))
        .scope(OFFLINE);
    change(client).create().await
}

/// alice, and the scope `department` with a claim that says in each place who she is to whom.
async fn offer(world: &World) {
    world.profile("openid").await;
    world.person(ALICE.0, ALICE.1).await;
    let places = ["id_token", "userinfo", "access_token"];
    let claim =
        json!({"name": "badge", "value": "client.id + ' knows ' + person.id", "in": places});
    let scope =
        json!({"name": "department", "description": "See where you work", "claims": [claim]});
    let document = json!({"id": "urn:example:directory", "name": "Directory", "scopes": [scope]});
    world.resource_document(document).await;
}

type Had = Vec<(&'static str, Tokens)>;

/// alice's tokens by the grants in which she has a part.
async fn with_alice(world: &World, app: &Client) -> Had {
    let code = world
        .flow(app)
        .with("scope", OFFLINE)
        .with("prompt", "consent");
    let code = code.tokens().await;
    let refreshed = app.refreshed(code.refresh()).await;
    let codes = device_code::ask_for(app, SCOPE).await;
    device_code::allow(world, &codes).await;
    let device = device_code::redeemed(app, &codes).await;
    let request = ciba::ask_alice(app, SCOPE).await;
    ciba::approve(world).await;
    let polled = ciba::redeemed(app, &request).await;
    let form = [
        ("grant_type", "password"),
        ("username", ALICE.0),
        ("password", ALICE.1),
        ("scope", SCOPE),
    ];
    let password = app.token(&form).await;
    password.status(200);
    vec![
        ("code", code),
        ("refresh", refreshed),
        ("device", device),
        ("CIBA", polled),
        ("password", Tokens(password.json())),
    ]
}

/// The tokens that CIBA pushes to a client of its own.
async fn pushed(world: &World, id: &str, change: impl FnOnce(NewClient) -> NewClient) -> Tokens {
    let receiver = Receiver::new().await;
    let client = for_everything(world, id, |client| {
        change(ciba::called(client, "push", &receiver.url))
    });
    ciba::ask_to_call(&client.await, SCOPE).await;
    ciba::approve(world).await;
    world.sync().await;
    let tokens = Tokens(receiver.heard()[0].json());
    world.remember(tokens.access());
    tokens
}

/// Tokens for what somebody else has said, or for another token.
async fn without_her(world: &World, app: &Client, access: &str) -> Had {
    let scope = [("scope", SCOPE)];
    let exchanged = token_exchange::exchange(app, access, &scope).await;
    exchanged.status(200);
    let idp = Issuer::new(world, IDP);
    let rule = json!([{"condition": "true", "subject": {"person": {"claim": "email", "by": "email"}},
        "clients": [app.id], "scope": SCOPE}]);
    idp.trusted(rule, json!({})).await;
    let assertion = idp.says("00u1", jwt_bearer::alice());
    let asserted = jwt_bearer::hand_in(app, &assertion, &scope).await;
    asserted.status(200);
    vec![
        ("exchange", Tokens(exchanged.json())),
        ("assertion", Tokens(asserted.json())),
    ]
}

/// The badge is told in every place that there is, as the client knows the person.
async fn tells(world: &World, client: &str, (how, tokens): (&str, &Tokens)) {
    let mut told = vec![
        world.claims(tokens.access()).await,
        world.userinfo(tokens.access()).await.status(200).json(),
    ];
    if let Some(id_token) = tokens.0.get("id_token").and_then(Value::as_str) {
        told.push(world.claims(id_token).await);
    }
    for claims in told {
        let sub = claims["sub"].as_str().unwrap();
        assert_eq!(
            claims["badge"],
            json!(format!("{client} knows {sub}")),
            "{how}: {claims}"
        );
    }
}

/// The ID token, for whoever has the key.
async fn unsealed(world: &World, (how, tokens): (&str, &Tokens), key: &Jwk) -> Value {
    let opened = opened(tokens.id(), key).unwrap_or_else(|| panic!("{how}: {}", tokens.0));
    assert_eq!(opened.header.cty.as_deref(), Some("JWT"), "{how}");
    world.claims(&text(opened)).await
}

on_each_engine! {
    /// OpenID Connect Core §5.1.2, §5.4: tokens say of a person what the operator's scopes say, by whatever grant they were had.
    async fn a_claim_of_the_operator_is_told_by_every_grant(world: World) {
        offer(&world).await;
        let app = for_everything(&world, "app", |client| client).await;
        let mut had = with_alice(&world, &app).await;
        let more = without_her(&world, &app, had[0].1.access()).await;
        had.extend(more);
        for (how, tokens) in &had {
            tells(&world, "app", (how, tokens)).await;
            assert_eq!(tokens.0.get("id_token").is_some(), !["exchange", "assertion"].contains(how), "{how}");
        }
        tells(&world, "pushed", ("push", &pushed(&world, "pushed", |client| client).await)).await;
    }

    /// Whoever exchanges a token is told of the person as itself, and a scope that it does not get tells it nothing.
    async fn who_exchanges_a_token_sees_the_person_with_its_own_eyes(world: World) {
        offer(&world).await;
        let app = for_everything(&world, "app", |client| client).await;
        let hidden = for_everything(&world, "hidden", |client| {
            client.set("subject_type", json!("pairwise")).set("token_exchange", json!({"subject_clients": ["app"]}))
        }).await;
        let tokens = world.flow(&app).with("scope", SCOPE).tokens().await;
        let exchanged = token_exchange::exchange(&hidden, tokens.access(), &[("scope", SCOPE)]).await;
        let exchanged = Tokens(exchanged.status(200).json());
        tells(&world, "hidden", ("exchange", &exchanged)).await;
        let (known, hidden_as) = (world.claims(tokens.access()).await, world.claims(exchanged.access()).await);
        assert_ne!(known["sub"], hidden_as["sub"]);
        let less = token_exchange::exchange(&hidden, tokens.access(), &[("scope", "openid")]).await;
        let claims = token_exchange::claims(&world, &less).await;
        assert_eq!(claims.get("badge"), None, "{claims}");
    }

    /// Core §10.2, Registration §2: an ID token is encrypted as its client registered, by whatever grant it was had.
    async fn an_id_token_is_encrypted_by_every_grant(world: World) {
        offer(&world).await;
        let (key, public) = pair("for-us");
        let sealed = |client: NewClient| {
            let client = client.set("jwks", json!({"keys": [public.clone()]}));
            client.set("id_token_encrypted_response_alg", json!("ECDH-ES"))
        };
        let app = for_everything(&world, "app", sealed).await;
        for (how, tokens) in with_alice(&world, &app).await {
            let claims = unsealed(&world, (how, &tokens), &key).await;
            assert_eq!(claims["aud"], json!("app"), "{how}");
            assert_eq!(claims["badge"], json!(format!("app knows {}", claims["sub"].as_str().unwrap())), "{how}");
        }
        let tokens = pushed(&world, "pushed", sealed).await;
        let claims = unsealed(&world, ("push", &tokens), &key).await;
        assert_eq!(claims["aud"], json!("pushed"));
        let half = oauth::id_token::at_hash(jose::Algorithm::Es256, tokens.access()).unwrap();
        assert_eq!(claims["at_hash"], json!(half), "of what is pushed");
    }
}
