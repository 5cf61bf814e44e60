//! A session that ended stays ended, also when the revocations in memory, which live as long as a token may, are gone.

use crate::harness::{ALICE, World};
use crate::on_each_engine;

/// Longer than any revocation is kept in memory; refresh tokens live longer.
const LATER: i64 = 2 * 86_400;

on_each_engine! {
    /// Another person signs in on the same browser: the first one's session ends, and with it the refresh tokens that do not outlive it (RFC 9700 §4.14.2).
    async fn its_refresh_tokens_end_with_it_for_good(world: World) {
        world.notes().await;
        world.person(ALICE.0, ALICE.1).await;
        world.person("bob", "bobs-good-password").await;
        let app = world.client("app").scope("openid offline_access notes.read").create().await;
        let mut browser = world.browser();
        let bound = world.flow(&app).with("scope", "notes.read").tokens_in(&mut browser).await;
        let outliving = world.flow(&app).with("scope", "notes.read offline_access");
        let outliving = outliving.with("prompt", "consent").tokens_in(&mut browser).await;

        let page = browser.get("/login?account=other").await;
        let fields = [("username", "bob"), ("password", "bobs-good-password")];
        browser.press(&page, "sign-in", &fields).await;
        app.refresh(bound.refresh()).await.refused(400, "invalid_grant");
        world.sync().await;
        world.advance(LATER);
        world.sync().await;
        app.refresh(bound.refresh()).await.refused(400, "invalid_grant");
        app.refreshed(outliving.refresh()).await;
    }
}
