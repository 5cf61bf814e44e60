//! Several nodes on one database: what one does holds at the other, at once or within a second.

use crate::harness::{ALICE, World};
use crate::on_each_engine;

on_each_engine! {
    /// Nodes hold no state: a flow may begin at one and end at another.
    async fn a_flow_may_change_nodes(first: World) {
        let second = first.beside().await;
        let app = first.app().await;
        let flow = first.flow(&app).with("scope", "openid offline_access").with("prompt", "consent");
        let mut browser = first.browser();
        let page = browser.get(&flow.url()).await;
        browser.move_to(&second);
        let page = browser.press(&page, "sign-in", &[("username", ALICE.0), ("password", ALICE.1)]).await;
        browser.move_to(&first);
        let page = browser.press(&page, "allow", &[]).await;
        let code = flow.response(&page)["code"].clone();
        let there = flow.clone().at(&second);
        let answer = there.redeem(&code).await;
        answer.status(200);
        let tokens = answer.json();
        first.userinfo(tokens["access_token"].as_str().unwrap()).await.status(200);
        let next = app.refreshed(tokens["refresh_token"].as_str().unwrap()).await;
        there.client.refreshed(next.refresh()).await;
        second.claims(next.id()).await;
    }

    /// Single use holds across nodes.
    async fn of_racing_redemptions_at_two_nodes_one_wins(first: World) {
        let second = first.beside().await;
        let app = first.app().await;
        let flow = first.flow(&app);
        let code = flow.fresh_code().await;
        let racers: Vec<_> = (0..8)
            .map(|number| {
                let flow = if number % 2 == 0 { flow.clone() } else { flow.clone().at(&second) };
                let code = code.clone();
                tokio::spawn(async move { flow.redeem(&code).await.status })
            })
            .collect();
        let mut won = 0;
        for racer in racers {
            let status = racer.await.unwrap();
            assert!(matches!(status, 200 | 400), "{status}");
            won += usize::from(status == 200);
        }
        assert_eq!(won, 1);
    }

    /// A family does not fork across nodes.
    async fn racing_refreshes_at_two_nodes_get_one_successor(first: World) {
        let second = first.beside().await;
        let app = first.app().await;
        let flow = first.flow(&app).with("scope", "openid offline_access").with("prompt", "consent");
        let tokens = flow.tokens().await;
        let racers: Vec<_> = (0..8)
            .map(|number| {
                let app = if number % 2 == 0 { app.clone() } else { app.at(&second) };
                let token = tokens.refresh().to_owned();
                tokio::spawn(async move { app.refreshed(&token).await.refresh().to_owned() })
            })
            .collect();
        let mut successors = std::collections::BTreeSet::new();
        for racer in racers {
            successors.insert(racer.await.unwrap());
        }
        assert_eq!(successors.len(), 1);
    }

    /// A miss reads through: what was just made works on every node at once.
    async fn a_new_client_works_at_every_node_at_once(first: World) {
        let second = first.beside().await;
        let unknown = second.post("/token").basic("service", "a secret of nobody").form(&[("grant_type", "client_credentials")]).send().await;
        unknown.refused(401, "invalid_client");
        let service = first.service().await;
        second.sync().await;
        service.at(&second).client_credentials("notes.read").await.status(200);
    }

    /// A revocation is heard by every node.
    async fn a_revocation_is_heard_by_every_node(first: World) {
        let second = first.beside().await;
        let app = first.app().await;
        let tokens = first.flow(&app).tokens().await;
        second.userinfo(tokens.access()).await.status(200);
        app.revoke(tokens.access()).await.status(200);
        second.sync().await;
        second.userinfo(tokens.access()).await.status(401);
    }

    /// A person who is disabled is out everywhere.
    async fn a_disabled_person_is_out_at_every_node(first: World) {
        let second = first.beside().await;
        let app = first.app().await;
        let mut browser = first.browser();
        let tokens = first.flow(&app).tokens_in(&mut browser).await;
        second.userinfo(tokens.access()).await.status(200);
        first.disable("alice").await;
        second.sync().await;
        second.userinfo(tokens.access()).await.status(401);
        browser.move_to(&second);
        let silent = second.flow(&app).with("prompt", "none");
        assert_eq!(silent.error(&mut browser).await, "login_required");
    }

    /// Nodes that start at once on an empty database make one schema, one realm and one set of keys.
    async fn nodes_may_start_at_once(first: World) {
        let (second, third) = tokio::join!(first.beside(), first.beside());
        let keys = first.get("/jwks").send().await.body;
        assert_eq!(second.get("/jwks").send().await.body, keys);
        assert_eq!(third.get("/jwks").send().await.body, keys);
    }
}
