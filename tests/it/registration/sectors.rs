//! Lists of the redirect URIs of a sector (OpenID Connect Dynamic Client Registration §5).

use super::*;

async fn list(body: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}/sector.json", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(move || async move { body });
    tokio::spawn(async move { axum::serve(listener, router).await });
    at
}

on_each_engine! {
    /// Whoever publishes the list says which redirect URIs are of the sector; in production nothing of this machine is asked.
    async fn a_sector_lists_its_redirect_uris(world: World) {
        mode(&world, Admission::Open).await;
        let with = |uri: String| changed(&public(), "sector_identifier_uri", json!(uri));
        let good = list(r#"["https://other.example/cb", "https://app.example/callback"]"#).await;
        let answer = registered(&world, &with(good.clone())).await;
        assert_eq!(answer["sector_identifier_uri"], json!(good));
        for wrong in [r#"["https://other.example/cb"]"#, "[]", "{}", "nonsense", r#"["https://app.example/callback", 7]"#] {
            let at = list(wrong).await;
            register(&world, &with(at)).await.refused(400, "invalid_client_metadata");
        }
        let careful = world.limited().await;
        mode(&careful, Admission::Open).await;
        register(&careful, &with(good)).await.refused(400, "invalid_client_metadata");
    }

    /// Core §8.1: whoever is listed is told the subject of the list's host; a client that asks for tokens without a redirect, and so proves nothing, is not let in.
    async fn a_registered_sector_is_told_a_subject_of_its_own(world: World) {
        mode(&world, Admission::Open).await;
        world.app().await;
        let pairwise = |uris: Value| {
            let client = changed(&public(), "subject_type", json!("pairwise"));
            changed(&client, "redirect_uris", uris)
        };
        let both = json!(["https://one.example/cb", "https://two.example/cb"]);
        register(&world, &pairwise(both.clone())).await.refused(400, "invalid_client_metadata");
        let at = list(r#"["https://one.example/cb", "https://two.example/cb"]"#).await;
        let mut subjects = Vec::new();
        for uris in [both, json!(["https://two.example/cb"])] {
            let stated = changed(&pairwise(uris), "sector_identifier_uri", json!(at));
            let app = client(&world, &registered(&world, &stated).await);
            let tokens = world.flow(&app).tokens().await;
            subjects.push(world.claims(tokens.id()).await["sub"].clone());
        }
        assert_eq!(subjects[0], subjects[1]);
        let alone = client(&world, &registered(&world, &pairwise(json!(["https://two.example/cb"]))).await);
        let tokens = world.flow(&alone).tokens().await;
        assert_ne!(world.claims(tokens.id()).await["sub"], subjects[0]);
        let device = "urn:ietf:params:oauth:grant-type:device_code";
        let stated = pairwise(json!(["https://two.example/cb"]));
        let stated = changed(&stated, "grant_types", json!(["authorization_code", device]));
        register(&world, &stated).await.refused(400, "invalid_client_metadata");
    }

    /// A client that moves to another sector after somebody has signed in there is not told by its old tokens what that sector calls them, however it moves.
    async fn old_tokens_tell_nothing_of_another_sector(world: World) {
        mode(&world, Admission::Open).await;
        world.app().await;
        let one = changed(&public(), "redirect_uris", json!(["https://one.example/cb"]));
        let pairwise = changed(&one, "subject_type", json!("pairwise"));
        let elsewhere = changed(&pairwise, "redirect_uris", json!(["https://two.example/cb"]));
        for (before, after) in [(&pairwise, &elsewhere), (&one, &pairwise), (&pairwise, &one)] {
            let answer = registered(&world, before).await;
            let app = client(&world, &answer);
            let tokens = world.flow(&app).with("scope", "openid offline_access").with("prompt", "consent").tokens().await;
            world.userinfo(tokens.access()).await.status(200);
            world.advance(1);
            let mut body = changed(&answer, "redirect_uris", after["redirect_uris"].clone());
            body["subject_type"] = after.get("subject_type").cloned().unwrap_or(json!("public"));
            manage(&world, "PUT", &answer, Some(&body)).await.status(200);
            world.userinfo(tokens.access()).await.status(401);
            world.sync().await;
            app.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
        }
    }
}
