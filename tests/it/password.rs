//! The password grant (RFC 6749 §4.3), where somebody switched it on.

use serde_json::{Value, json};

use crate::harness::{ALICE, Answer, Client, NewClient, World};
use crate::on_each_engine;

fn switched_on(client: NewClient) -> NewClient {
    client
        .set("profile", json!("openid"))
        .set("allow_retired_grants", json!(true))
        .set("grant_types", json!(["password", "refresh_token"]))
        .set("response_types", json!([]))
        .scope("openid email offline_access notes.read")
}

async fn app(world: &World) -> Client {
    world.notes().await;
    world.app_with(switched_on).await
}

async fn ask(app: &Client, (username, password): (&str, &str), more: &[(&str, &str)]) -> Answer {
    let mut form = vec![
        ("grant_type", "password"),
        ("username", username),
        ("password", password),
    ];
    form.extend(more);
    app.token(&form).await
}

on_each_engine! {
    /// §4.3.2, §4.3.3: a token for the person, with how they authenticated, and a refresh token for who is registered for that.
    async fn a_password_becomes_tokens(world: World) {
        let app = app(&world).await;
        let api = world.api("urn:example:notes").await;
        let answer = ask(&app, ALICE, &[("scope", "notes.read")]).await;
        answer.status(200).not_stored();
        assert_eq!(answer.text("scope"), "notes.read");
        assert!(answer.json().get("id_token").is_none());
        let claims = world.claims(&answer.text("access_token")).await;
        assert_eq!((&claims["amr"], &claims["auth_time"]), (&json!(["pwd"]), &json!(world.now())));
        assert_eq!(claims.get("sid"), None);
        assert_ne!(claims["sub"], json!("alice"));
        assert!(api.sees_active(&answer.text("access_token")).await);
        let refreshed = app.refreshed(&answer.text("refresh_token")).await;
        assert!(api.sees_active(refreshed.access()).await);
        app.revoke(refreshed.refresh()).await.status(200);
        for token in [answer.text("access_token"), refreshed.access().to_owned()] {
            assert!(!api.sees_active(&token).await);
        }
        // With openid who it is, and a refresh token for the asking alone (OpenID Connect Core §11).
        let answer = ask(&app, ALICE, &[("scope", "openid email")]).await;
        assert_eq!(world.claims(&answer.text("id_token")).await["aud"], json!("app"));
        world.userinfo(&answer.text("access_token")).await.status(200);
        assert!(answer.json().get("refresh_token").is_none());
    }

    /// §4.3.2, §5.2: whoever the name belongs to and whatever is wrong with it, the same answer.
    async fn a_wrong_password_is_invalid_grant(world: World) {
        let app = app(&world).await;
        world.person("mallory", "mallorys-password").await;
        world.disable("mallory").await;
        let mut answers: Vec<Answer> = Vec::new();
        for who in [
            ("alice", "wrong"),
            ("nobody", "correct-horse-battery"),
            ("mallory", "mallorys-password"),
            ("alice ", "correct-horse-battery\n"),
            ("alice' OR '1'='1", "x"),
        ] {
            let answer = ask(&app, who, &[]).await;
            answer.refused(400, "invalid_grant");
            answers.push(answer);
        }
        assert!(answers.iter().all(|answer| answer.body == answers[0].body));
        let long = "x".repeat(30_000);
        ask(&app, (&long, &long), &[]).await.refused(400, "invalid_grant");
        for missing in ["username", "password"] {
            let form = [("grant_type", "password"), (missing, "x")];
            app.token(&form).await.refused(400, "invalid_request");
        }
        ask(&app, ALICE, &[("scope", "notes.write")]).await.refused(400, "invalid_scope");
        ask(&app, ALICE, &[("resource", "urn:other")]).await.refused(400, "invalid_target");
    }

    /// §10.7, §4.3.2: guessing is limited as on the sign-in page, and each counts there too.
    async fn guessing_at_the_token_endpoint_is_limited(world: World) {
        let world = world.limited().await;
        let app = app(&world).await;
        let mut waits = 0;
        for _ in 0..40 {
            let answer = ask(&app, ("alice", "a guess"), &[]).await;
            if answer.status == 429 {
                assert!(!answer.header("retry-after").is_empty());
                waits += 1;
            } else {
                answer.refused(400, "invalid_grant");
            }
        }
        assert!(waits >= 25, "{waits}");
        ask(&app, ALICE, &[]).await.status(429);
        world.advance(3600);
        ask(&app, ALICE, &[]).await.status(200);
    }

    /// Off unless it was switched on, and never under OAuth 2.1 or FAPI; turned off, it is off for those who are there.
    async fn the_grant_is_off_unless_switched_on(world: World) {
        world.notes().await;
        for (what, member, value) in [
            ("no switch", "allow_retired_grants", Value::Null),
            ("OAuth 2.1", "profile", json!("oauth2.1")),
            ("no profile", "profile", Value::Null),
            ("FAPI", "profile", json!("fapi2-security")),
            ("FAPI", "profile", json!("fapi2-message-signing")),
        ] {
            let client = switched_on(world.client("x")).set(member, value);
            assert!(client.try_create().await.is_none(), "{what}");
        }
        let usual = world.app().await;
        ask(&usual, ALICE, &[]).await.refused(400, "unsupported_grant_type");
        usual.token(&[("grant_type", "password")]).await.refused(400, "unsupported_grant_type");
        let implicit = switched_on(world.client("implicit"))
            .set("grant_types", json!(["authorization_code"]))
            .set("response_types", json!(["code"]))
            .create()
            .await;
        ask(&implicit, ALICE, &[]).await.refused(400, "unauthorized_client");
        world.settings(|settings| {
            settings.profile = realm::Profile::OpenId;
            settings.allow_retired_grants = true;
        }).await;
        let by_realm = switched_on(world.client("by-realm")).set("profile", Value::Null).set("allow_retired_grants", Value::Null).create().await;
        ask(&by_realm, ALICE, &[]).await.status(200);
        world.settings(|settings| settings.allow_retired_grants = false).await;
        ask(&by_realm, ALICE, &[]).await.refused(400, "unsupported_grant_type");
        world.settings(|settings| {
            settings.allow_retired_grants = true;
            settings.profile = realm::Profile::OpenId;
        }).await;
        ask(&by_realm, ALICE, &[]).await.status(200);
    }

    /// The client authenticates as for any other grant, and what it gets ends with the person.
    async fn a_password_does_not_stand_for_the_client(world: World) {
        let app = app(&world).await;
        ask(&app.with_secret("another-secret"), ALICE, &[]).await.refused(401, "invalid_client");
        let answer = ask(&app, ALICE, &[("scope", "openid offline_access")]).await;
        let refresh = answer.text("refresh_token");
        world.disable("alice").await;
        world.sync().await;
        app.refresh(&refresh).await.refused(400, "invalid_grant");
        world.userinfo(&answer.text("access_token")).await.status(401);
    }
}
