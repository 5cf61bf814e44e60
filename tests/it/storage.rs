//! One SQL text on two engines.

use crate::harness::World;
use crate::on_each_engine;

on_each_engine! {
    /// Every statement of every crate is understood by the engine with the schema that the migrations make.
    async fn every_statement_is_prepared(world: World) {
        let all = [realm::statements(), identity::statements(), server::statements()].concat();
        assert!(all.len() > 50, "{} statements", all.len());
        world.node().db().check(&all).await.unwrap();
    }

    /// What has expired is deleted by itself, and what was revoked is remembered as long as a token of it lives.
    async fn what_has_expired_is_swept(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        let tokens = flow.redeem(&code).await.json();
        flow.redeem(&code).await.refused(400, "invalid_grant");
        world.sync().await;
        world.userinfo(tokens["access_token"].as_str().unwrap()).await.status(401);
        world.advance(400 * 86_400);
        world.sync().await;
        flow.redeem(&code).await.refused(400, "invalid_grant");
    }
}
