//! The database is away: what needs it says so and asks to be tried again, and what does not goes on.

use crate::harness::World;
use crate::on_each_engine;

on_each_engine! {
    /// HTTP has the status for it (RFC 9110 §15.6.4), RFC 6749 §4.1.2.1 the code.
    async fn a_database_that_is_away_is_said_to_be_passing(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        let service = world.service().await;
        service.client_credentials("").await.status(200);
        world.node().db().close().await;

        flow.redeem(&code).await.refused(503, "temporarily_unavailable");
        // A token for the client itself is made in memory.
        service.client_credentials("").await.status(200);
    }
}
