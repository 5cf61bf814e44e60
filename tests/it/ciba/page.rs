//! The page at /account/approvals: what it says, and what cannot be made of it (CIBA Core §7.1, §8).

use super::*;

on_each_engine! {
    /// Who asks, from where, when, for what, and the message to compare.
    async fn the_page_says_who_asks_from_where_and_for_what(world: World) {
        let agent = agent(&world).await;
        let form = [("scope", "openid notes.read"), ("login_hint", ALICE.0), ("binding_message", "Pay 12 € to Bo’s <b>Books</b>?")];
        let secret = agent.secret.clone().unwrap();
        let call = world.post("/bc-authorize").from("203.0.113.9").form(&form).basic("agent", &secret);
        call.send().await.status(200);
        world.advance(125);
        let (mut browser, page) = waiting(&world).await;
        for text in ["The app agent", "Alice Example", "203.0.113.9", "Another network than yours", "21 Nov 2026, 08:00 UTC", "2 minutes ago",
            "Read your notes", "Pay 12 € to Bo’s <b>Books</b>?", "It must show you the same message", "You did not begin this?", "3 minutes"] {
            assert!(page.says(text), "no {text:?}: {}", page.words());
        }
        assert!(!page.html().contains("<b>Books"), "{}", page.html());
        browser.set_address("203.0.113.9");
        let page = browser.get(HOME).await;
        assert!(page.says("The network that you are on"), "{}", page.words());
    }

    /// Whoever is not signed in signs in, and comes back; where nothing waits the page says so.
    async fn the_way_to_the_page_leads_through_sign_in(world: World) {
        agent(&world).await;
        let (mut browser, page) = waiting(&world).await;
        assert!(page.has("none") && page.says("Nobody is asking"), "{}", page.words());
        world.sign_out(&mut browser).await;
        assert!(browser.get(HOME).await.has("password"));
        let answer = world.post(HOME).header("origin", world.issuer()).form(&[("decision", "allow")]).send().await;
        answer.status(303);
    }

    /// Another person neither sees the request nor can answer it, not even with the button that was made for the one who is asked.
    async fn nobody_else_can_answer(world: World) {
        let agent = agent(&world).await;
        world.person("bob", ALICE.1).await;
        let request = ask_alice(&agent, "openid").await;
        let (mut alice, page) = waiting(&world).await;
        let mut bob = world.browser();
        assert!(open_as(&mut bob, "bob").await.has("none"));
        for button in ["allow", "deny"] {
            let after = bob.press(&page, button, &[]).await;
            assert!(!after.has("allowed") && !after.has("denied"), "{}", after.words());
        }
        // Another session of alice's has not seen it either.
        let (mut again, _) = waiting(&world).await;
        let after = again.press(&page, "allow", &[]).await;
        assert!(!after.has("allowed"), "{}", after.words());
        poll(&agent, &request).await.refused(400, "authorization_pending");
        assert!(alice.press(&page, "allow", &[]).await.has("allowed"));
        redeemed(&agent, &request).await;
    }

    /// A button that was pressed, forged or taken from another realm decides nothing.
    async fn an_answer_counts_once_and_cannot_be_made_up(world: World) {
        let agent = agent(&world).await;
        let first = ask_alice(&agent, "openid").await;
        let (mut browser, page) = waiting(&world).await;
        let token = approval(&page, "allow");
        for forged in ["", "x", &crate::harness::altered(&token, 20), &token[..token.len() - 4]] {
            let after = browser.press(&page, "allow", &[("approval", forged)]).await;
            assert!(!after.has("allowed"), "{forged}");
        }
        poll(&agent, &first).await.refused(400, "authorization_pending");
        assert!(browser.press(&page, "allow", &[]).await.has("allowed"));
        assert!(browser.press(&page, "allow", &[]).await.has("gone"));
        assert!(browser.press(&page, "deny", &[]).await.has("gone"));
        redeemed(&agent, &first).await;
        // The next request needs an answer of its own.
        let second = ask_alice(&agent, "openid").await;
        assert!(browser.press(&page, "allow", &[]).await.has("gone"));
        poll(&agent, &second).await.refused(400, "authorization_pending");
    }

    /// A page of another site presses nothing.
    async fn another_site_approves_nothing(world: World) {
        let agent = agent(&world).await;
        let request = ask_alice(&agent, "openid").await;
        let (mut browser, page) = waiting(&world).await;
        let token = approval(&page, "allow");
        let form = [("approval", token.as_str()), ("decision", "allow")];
        let after = browser.cross_site_post(HOME, &form).await;
        assert_eq!(after.answer.status, 403, "{}", after.words());
        let after = browser.cross_site_post(&format!("{HOME}/code"), &[("new_code", "stolen")]).await;
        assert_eq!(after.answer.status, 403, "{}", after.words());
        poll(&agent, &request).await.refused(400, "authorization_pending");
    }

    /// Of an approval and a denial at the same moment one counts, on whichever node.
    async fn of_an_approval_and_a_denial_at_once_one_counts(world: World) {
        let agent = agent(&world).await;
        let beside = world.beside().await;
        for _ in 0..4 {
            let request = ask_alice(&agent, "openid").await;
            let (browser, page) = waiting(&world).await;
            let token = approval(&page, "allow");
            let cookies: Vec<String> = browser.cookies().iter().map(|(n, v)| format!("{n}={v}")).collect();
            let cookies = cookies.join("; ");
            let racers: Vec<_> = [("allow", &world), ("deny", &beside), ("allow", &beside), ("deny", &world)]
                .into_iter()
                .map(|(decision, world)| {
                    let call = world.post(HOME).header("origin", world.issuer()).header("sec-fetch-site", "same-origin").header("cookie", &cookies);
                    let call = call.form(&[("approval", &token), ("decision", decision)]);
                    tokio::spawn(async move { call.send().await.header("location").to_owned() })
                })
                .collect();
            let mut decided = Vec::new();
            for racer in racers {
                let location = racer.await.unwrap();
                if !location.ends_with("done=gone") {
                    decided.push(location);
                }
            }
            assert_eq!(decided.len(), 1, "{decided:?}");
            let answer = poll(&agent, &request).await;
            if decided[0].ends_with("done=allowed") {
                answer.status(200);
            } else {
                answer.refused(400, "access_denied");
            }
        }
    }

    /// Several requests are several questions, each with its own answer.
    async fn each_request_has_an_answer_of_its_own(world: World) {
        let agent = agent(&world).await;
        let other = asking(&world, "other").create().await;
        let first = ask_alice(&agent, "openid").await;
        world.advance(1);
        let second = ask_alice(&other, "openid notes.write").await;
        let (mut browser, page) = waiting(&world).await;
        assert!(page.says("2 requests wait for your approval"), "{}", page.words());
        // The newest comes first.
        browser.press(&page, "deny", &[]).await;
        poll(&other, &second).await.refused(400, "access_denied");
        poll(&agent, &first).await.refused(400, "authorization_pending");
        let page = browser.get(HOME).await;
        assert!(page.says("An application asks for your approval"), "{}", page.words());
        browser.press(&page, "allow", &[]).await;
        redeemed(&agent, &first).await;
    }

    /// `max_age`: a sign-in that is too old is asked for again, once, and the tokens say when it was.
    async fn an_old_sign_in_is_asked_for_again(world: World) {
        let agent = agent(&world).await;
        let (mut browser, _) = waiting(&world).await;
        world.advance(120);
        let form = [("scope", "openid"), ("login_hint", ALICE.0), ("max_age", "60")];
        let request = ask(&agent, &form).await;
        let page = browser.get(HOME).await;
        assert!(page.has("sign-in-again") && page.has("deny") && !page.has("allow"), "{}", page.words());
        // A button that was made up, or shown while the sign-in was fresh, does not get around it.
        let again = browser.send(&page, page.form("deny"), &[("decision", "allow")]).await;
        assert!(again.has("password"), "{}", again.words());
        poll(&agent, &request).await.refused(400, "authorization_pending");
        let again = browser.get(&format!("{HOME}?again=1")).await;
        assert!(again.has("password"), "{}", again.words());
        let fields = [("username", ALICE.0), ("password", ALICE.1)];
        let page = browser.press(&again, "sign-in", &fields).await;
        assert!(page.has("allow") && !page.has("sign-in-again"), "{}", page.words());
        let signed_in = world.now();
        world.advance(100);
        let page = browser.get(HOME).await;
        assert!(page.has("allow"), "a sign-in since the request is fresh enough: {}", page.words());
        browser.press(&page, "allow", &[]).await;
        let tokens = redeemed(&agent, &request).await;
        assert_eq!(world.claims(tokens.id()).await["auth_time"], json!(signed_in));
    }

    /// A client that was switched off, or is another one by now, is not shown and gets nothing.
    async fn a_client_that_is_gone_is_not_shown(world: World) {
        let agent = agent(&world).await;
        let request = ask_alice(&agent, "openid").await;
        let (mut browser, page) = waiting(&world).await;
        world.advance(1);
        realm::clients::delete(world.realm(), "agent", "test").await.unwrap();
        let agent = asking(&world, "agent").create().await;
        assert!(browser.get(HOME).await.has("none"));
        assert!(browser.press(&page, "allow", &[]).await.has("gone"));
        poll(&agent, &request).await.refused(400, "invalid_grant");
    }
}
