//! Registered clients that nobody uses are forgotten, floods are slowed down, and scripts of the client's own origin may read what it is told.

use super::*;

const DAY: i64 = 86_400;

async fn is_there(world: &World, of: &Value) -> bool {
    let id = of["client_id"].as_str().unwrap();
    world.realm().client(id).await.unwrap().is_some()
}

/// Waits for what was written behind an answer.
async fn expires_at(world: &World, of: &Value, later_than: i64) -> i64 {
    let id = of["client_id"].as_str().unwrap();
    for _ in 0..500 {
        let client = realm::clients::find(world.realm(), id)
            .await
            .unwrap()
            .unwrap();
        let at = client.expires_at().unwrap();
        if at > later_than {
            return at;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    later_than
}

on_each_engine! {
    /// One that never got a token is forgotten after a day, one that did after a season, counted from its last token; each node knows at once.
    async fn a_client_that_nobody_uses_is_forgotten(first: World) {
        mode(&first, Admission::Open).await;
        first.person(ALICE.0, ALICE.1).await;
        let (unused, used) = (registered(&first, &public()).await, registered(&first, &public()).await);
        let app = client(&first, &used);
        let tokens = first.flow(&app).with("scope", "openid offline_access").with("prompt", "consent").tokens().await;
        let begun = first.now();
        assert_eq!(expires_at(&first, &used, begun + DAY).await, begun + 90 * DAY);
        let second = first.beside().await;
        for world in [&first, &second] {
            assert!(is_there(world, &unused).await);
        }
        first.advance(DAY);
        for world in [&first, &second] {
            assert!(!is_there(world, &unused).await, "before anything is deleted");
            assert!(is_there(world, &used).await);
        }
        manage(&first, "GET", &unused, None).await.refused(401, "invalid_token");
        first.sync().await;
        second.sync().await;
        let left = realm::clients::list(first.realm(), "", 10).await.unwrap();
        assert_eq!(left.len(), 1);
        // Within a tenth of its time a use writes nothing.
        let refreshed = app.refreshed(tokens.refresh()).await;
        assert_eq!(realm::clients::find(first.realm(), &app.id).await.unwrap().unwrap().expires_at(), Some(begun + 90 * DAY));
        first.advance(20 * DAY);
        let refreshed = app.at(&second).refreshed(refreshed.refresh()).await;
        let renewed = expires_at(&first, &used, begun + 90 * DAY).await;
        assert_eq!(renewed, first.now() + 90 * DAY);
        first.sync().await;
        first.advance(90 * DAY);
        app.refresh(refreshed.refresh()).await.refused(401, "invalid_client");
        first.sync().await;
        assert!(realm::clients::list(first.realm(), "", 10).await.unwrap().is_empty());
    }

    /// A client that an operator made is never forgotten.
    async fn an_operators_client_is_never_forgotten(world: World) {
        let app = world.app().await;
        world.advance(4000 * DAY);
        world.sync().await;
        assert!(world.realm().client(&app.id).await.unwrap().is_some());
    }

    /// Whoever names a public client and gets nothing keeps nothing alive.
    async fn a_request_that_fails_does_not_count_as_a_use(world: World) {
        mode(&world, Admission::Open).await;
        let made = registered(&world, &public()).await;
        let app = client(&world, &made);
        app.refresh("nonsense").await.refused(400, "invalid_grant");
        app.token(&[("grant_type", "authorization_code"), ("code", "nonsense")]).await.status(400);
        world.advance(DAY);
        assert!(!is_there(&world, &made).await);
    }

    /// An address registers so many clients an hour, and a realm gets so many from everywhere; others are not kept waiting.
    async fn floods_of_registrations_are_slowed_down(world: World) {
        let world = world.limited().await;
        mode(&world, Admission::Open).await;
        let from = |address: String| world.post("/register").from(&address).json(&public()).send();
        let mut limited = None;
        for _ in 0..200 {
            let answer = from("198.51.100.7".to_owned()).await;
            if answer.status == 429 {
                limited = Some(answer);
                break;
            }
            answer.status(201);
        }
        let answer = limited.expect("a limit");
        let wait: i64 = answer.header("retry-after").parse().expect("Retry-After in seconds");
        assert!(wait > 0 && answer.text("error") == "temporarily_unavailable", "{answer:?}");
        from("198.51.100.8".to_owned()).await.status(201);
        // The other addresses of the same IPv6 network are no way around it.
        for host in 1..=60 {
            from(format!("2001:db8:1:1::{host}")).await.status(201);
        }
        from("2001:db8:1:1::ffff".to_owned()).await.status(429);
        world.advance(wait);
        from("198.51.100.7".to_owned()).await.status(201);
    }

    /// RFC 7591 §5: guessing initial access tokens and registration access tokens is slowed down.
    async fn guessing_registration_tokens_is_limited(world: World) {
        let world = world.limited().await;
        mode(&world, Admission::Open).await;
        let made = registered(&world, &public()).await;
        let mut limited = false;
        for guess in 0..100 {
            let answer = manage_with(&world, "GET", &made, (&format!("greg_guess-{guess}"), None)).await;
            limited |= answer.status == 429;
        }
        assert!(limited);
        mode(&world, Admission::Token).await;
        let mut limited = false;
        for guess in 0..50 {
            let answer = world.post("/register").bearer(&format!("gint_guess-{guess}")).json(&public()).send().await;
            limited |= answer.status == 429;
        }
        assert!(limited);
    }

    /// A single-page application registers from its own origin and reads what it is told; others do not.
    async fn scripts_of_the_clients_own_origin_may_read_the_answer(world: World) {
        mode(&world, Admission::Open).await;
        for (origin, allowed) in [("https://app.example", "https://app.example"), ("https://evil.example", ""), ("null", "")] {
            let answer = world.post("/register").header("origin", origin).json(&public()).send().await;
            answer.status(201);
            assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origin}");
            assert_eq!(answer.header("access-control-allow-credentials"), "");
            let made = answer.json();
            let path = format!("/register/{}", made["client_id"].as_str().unwrap());
            let token = made["registration_access_token"].as_str().unwrap();
            let read = world.get(&path).bearer(token).header("origin", origin).send().await;
            assert_eq!(read.header("access-control-allow-origin"), allowed, "{origin}");
        }
        for (path, method) in [("/register", "POST"), ("/register/x", "PUT"), ("/register/x", "DELETE")] {
            let call = world.call("OPTIONS", path).header("origin", "https://app.example").header("access-control-request-method", method);
            let answer = call.send().await;
            assert_eq!(answer.status, 204);
            assert!(answer.header("access-control-allow-methods").contains(method), "{answer:?}");
        }
    }
}
