//! The user code (CIBA Core §7.1, §13): who has set one is asked by nobody without it.

use super::*;

const CODE: &str = "zebra-crossing";

async fn set(world: &World, code: &str) -> (Browser, Page) {
    let (mut browser, _) = waiting(world).await;
    let page = browser.get("/account/approvals/code").await;
    let page = browser.press(&page, "set", &[("new_code", code)]).await;
    (browser, page)
}

async fn asked(client: &Client, code: &str) -> Answer {
    let form = [
        ("scope", "openid"),
        ("login_hint", ALICE.0),
        ("user_code", code),
    ];
    client.post("/bc-authorize", &form).await
}

on_each_engine! {
    /// Without one nobody needs one; with one everybody does, whatever the client registered; and it can be removed.
    async fn a_code_that_a_person_sets_is_needed_to_ask_them(world: World) {
        let agent = agent_with(&world, |client| client.set("backchannel_user_code_parameter", json!(true))).await;
        let other = asking(&world, "other").create().await;
        asked(&agent, "anything").await.status(200);
        deny(&world).await;
        let (mut browser, page) = set(&world, CODE).await;
        assert!(page.has("code-changed"), "{}", page.words());
        asked(&agent, CODE).await.status(200);
        for client in [&agent, &other] {
            asked(client, "").await.refused(400, "missing_user_code");
            asked(client, "Zebra-Crossing").await.refused(400, "invalid_user_code");
        }
        let page = browser.get("/account/approvals/code").await;
        let page = browser.press(&page, "remove", &[]).await;
        assert!(page.has("code-changed"), "{}", page.words());
        asked(&other, "").await.status(200);
    }

    /// Too short, too long, or with spaces.
    async fn a_code_that_cannot_be_typed_is_not_set(world: World) {
        let agent = agent(&world).await;
        for bad in ["", "abc", "with space", &"x".repeat(33), "a\u{7f}bcd"] {
            let (_, page) = set(&world, bad).await;
            assert!(page.answer.status == 422 && page.has("error"), "{bad:?}: {}", page.words());
        }
        asked(&agent, "").await.status(200);
    }

    /// Guessing costs the client that guesses, and nobody else.
    async fn guessing_a_user_code_is_limited(world: World) {
        let world = world.limited().await;
        let agent = agent(&world).await;
        let other = asking(&world, "other").create().await;
        set(&world, CODE).await;
        for number in 0..5 {
            asked(&agent, &format!("wrong-{number}")).await.refused(400, "invalid_user_code");
        }
        asked(&agent, CODE).await.refused(429, "temporarily_unavailable");
        asked(&other, CODE).await.status(200);
        world.advance(300);
        asked(&agent, CODE).await.status(200);
    }

    /// A person who is deleted leaves none behind.
    async fn a_code_goes_with_its_person(world: World) {
        agent(&world).await;
        set(&world, CODE).await;
        let id = identity::people::find_by_username(world.realm(), ALICE.0).await.unwrap().unwrap().id;
        identity::people::delete(world.realm(), &id, None).await.unwrap();
        world.sync().await;
        db::statements! { CODES = "SELECT mac FROM user_code"; }
        assert!(world.node().db().rows(&CODES, db::params![]).await.unwrap().is_empty());
    }
}
