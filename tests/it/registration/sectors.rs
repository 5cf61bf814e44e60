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
}
