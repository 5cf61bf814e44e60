//! Secrets, codes and tokens never reach a log. Each test of this program ends with a search of what was logged for the secrets it saw
//! (harness/logs.rs); these two prove that the search looks where it must.

use crate::harness::World;
use crate::on_each_engine;

on_each_engine! {
    /// A search that finds nothing proves nothing unless there is something to search.
    async fn a_request_is_logged(world: World) {
        world.client("client-of-the-log-test").create().await;
        let answer = world
            .post("/token")
            .basic("client-of-the-log-test", "a wrong secret, remembered")
            .form(&[("grant_type", "client_credentials")])
            .send()
            .await;
        answer.refused(401, "invalid_client");
        assert!(world.logged().contains("client-of-the-log-test"), "the refusal is not logged");
    }

    /// The whole path with everything secret in it: password, cookies, code, tokens, client secret.
    async fn the_log_of_a_whole_flow_holds_no_secret(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app).with("scope", "openid offline_access").with("prompt", "consent");
        let tokens = flow.tokens().await;
        let next = app.refreshed(tokens.refresh()).await;
        app.introspect(next.access()).await;
        app.revoke(next.refresh()).await.status(200);
        world.get("/userinfo").bearer(next.access()).send().await;
        assert_eq!(world.leaks(), Vec::<String>::new());
        tracing::error!(leak = tokens.refresh(), "the test itself leaks");
        assert_eq!(world.leaks().len(), 1);
        world.forget_leaks();
    }
}
