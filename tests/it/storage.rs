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

    /// The audit is kept as long as the realm says, and no longer.
    async fn events_are_kept_for_their_time(world: World) {
        world.person("alice", "correct-horse-battery").await;
        let events = async || realm::events::list(world.realm(), "", 10).await.unwrap().len();
        let first = events().await;
        assert!(first > 0);
        world.advance(90 * 86_400 - 1);
        world.person("bob", "correct-horse-battery").await;
        world.sync().await;
        assert_eq!(events().await, first + 1);
        world.advance(1);
        world.sync().await;
        assert_eq!(events().await, 1);
    }

    /// Guessing passwords fills no table, from one address or from many.
    async fn failed_sign_ins_are_written_down_within_bounds(world: World) {
        let world = world.limited().await;
        let mut browser = world.browser();
        let page = browser.get("/login").await;
        for number in 0..80 {
            let name = format!("nobody-{number}");
            let fields = [("username", name.as_str()), ("password", "a guess")];
            browser.press(&page, "sign-in", &fields).await;
        }
        let failed = realm::events::list(world.realm(), "", 1000).await.unwrap();
        let failed = failed.iter().filter(|recorded| recorded.event.kind == "sign_in.failed").count();
        assert!((1..=20).contains(&failed), "{failed}");
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
