//! However a session ends.

use identity::people;

use super::*;

async fn alice(world: &World) -> String {
    let found = people::find_by_username(world.realm(), ALICE.0).await;
    found.unwrap().unwrap().id
}

async fn password(world: &World) -> identity::PasswordHash {
    let options = identity::Options::for_tests();
    let identity = identity::Identity::new(options, world.node().ambient());
    let hash = identity.hash_password(ALICE.0, ALICE.1.into()).await;
    hash.unwrap()
}

on_each_engine! {
    /// Ended by an administrator, signed out everywhere, a new password, disabled.
    async fn every_way_a_session_ends_is_told(world: World) {
        let receiver = Receiver::new().await;
        let app = app(&world, &receiver).await;
        let alice = alice(&world).await;
        for way in ["ended", "everywhere", "password", "disabled", "deleted"] {
            let mut browser = world.browser();
            let ended = world.flow(&app).tokens_in(&mut browser).await;
            let ended = sid(&world, &ended).await;
            let (realm, by) = (world.realm(), Some("test"));
            match way {
                "ended" => drop(identity::session::terminate(realm, &ended, by).await.unwrap()),
                "everywhere" => people::sign_out_everywhere(realm, &alice, by).await.unwrap(),
                "password" => {
                    let hash = password(&world).await;
                    let change = people::set_password(realm, &alice, hash, people::Sessions::End, by);
                    change.await.unwrap();
                }
                "disabled" => people::disable(realm, &alice, by).await.unwrap(),
                _ => people::delete(realm, &alice, by).await.unwrap(),
            }
            settle(&world).await;
            let tokens = tokens(&world, &receiver).await;
            assert_eq!(tokens.len(), 1, "{way}");
            assert_eq!((&tokens[0]["sid"], &tokens[0]["sub"]), (&json!(ended), &json!(alice)), "{way}");
            if way == "disabled" {
                people::enable(realm, &alice, by).await.unwrap();
            }
            world.advance(2);
        }
    }

    /// Somebody else signs in on the same browser: the session of who was there ends.
    async fn who_is_followed_on_a_browser_is_signed_out_elsewhere(world: World) {
        let receiver = Receiver::new().await;
        let app = app(&world, &receiver).await;
        world.person("bob", "bobs-good-password").await;
        let mut browser = world.browser();
        let alices = world.flow(&app).tokens_in(&mut browser).await;
        let page = browser.get("/login?account=other").await;
        let fields = [("username", "bob"), ("password", "bobs-good-password")];
        browser.press(&page, "sign-in", &fields).await;
        settle(&world).await;
        let heard = tokens(&world, &receiver).await;
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0]["sid"], sid(&world, &alices).await);
    }

    /// Who authenticates again goes on in the same session: nobody is told.
    async fn authenticating_again_ends_nothing(world: World) {
        let receiver = Receiver::new().await;
        let app = app(&world, &receiver).await;
        let mut browser = world.browser();
        let before = world.flow(&app).tokens_in(&mut browser).await;
        world.advance(60);
        let after = world.flow(&app).with("prompt", "login").tokens_in(&mut browser).await;
        assert_eq!(sid(&world, &before).await, sid(&world, &after).await);
        settle(&world).await;
        assert!(receiver.heard().is_empty());
        world.sign_out(&mut browser).await;
        settle(&world).await;
        assert_eq!(receiver.heard().len(), 1);
    }

    /// A session that nobody uses any more just runs out: no application is told, as those who work there have not signed out. Signing out everywhere
    /// reaches those applications too, as long as the session could have lasted.
    async fn a_session_that_runs_out_is_not_told_but_remembered(world: World) {
        let receiver = Receiver::new().await;
        let app = app(&world, &receiver).await;
        let idle = realm::Lifetimes::default().session_idle;
        world.flow(&app).tokens_in(&mut world.browser()).await;
        world.advance(idle + 1);
        settle(&world).await;
        assert!(receiver.heard().is_empty());
        people::sign_out_everywhere(world.realm(), &alice(&world).await, None).await.unwrap();
        settle(&world).await;
        assert_eq!(receiver.heard().len(), 1);
    }

    /// The button on our page: every session, every refresh token, also those that outlive sessions, and every client of every session, within two seconds.
    async fn signing_out_everywhere_is_told_everywhere_within_two_seconds(world: World) {
        let (one, two, hanging) = (Receiver::new().await, Receiver::new().await, Receiver::new().await);
        let app = app(&world, &one).await;
        let other = told(&world, "other", &two.url).await;
        let slow = told(&world, "slow", &hanging.url).await;
        hanging.answers(&[HANGS; 9]);
        let mut browsers: Vec<Browser> = (0..3).map(|_| world.browser()).collect();
        let mut refresh = Vec::new();
        for browser in &mut browsers {
            for client in [&app, &other, &slow] {
                let flow = world.flow(client).with("scope", "openid offline_access").with("prompt", "consent");
                let tokens = flow.tokens_in(browser).await;
                refresh.push((client.clone(), tokens));
            }
        }
        let background = tokio::spawn(world.node().background());
        let page = browsers[0].get("/logout").await;
        browsers[0].press(&page, "sign-out-everywhere", &[]).await;
        let began = std::time::Instant::now();
        let (mut told, mut told_other) = (0, 0);
        while told + told_other < 6 {
            assert!(began.elapsed() < std::time::Duration::from_secs(2), "{told} {told_other}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            told += one.heard().len();
            told_other += two.heard().len();
        }
        assert_eq!((told, told_other), (3, 3));
        background.abort();
        for (client, tokens) in &refresh {
            client.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
            world.userinfo(tokens.access()).await.status(401);
        }
        for browser in &mut browsers {
            let silent = world.flow(&app).with("prompt", "none");
            assert_eq!(silent.error(browser).await, "login_required");
        }
    }

    /// A sign-in anew lets the session last longer, and every client of it is told of its end, also one that was used only before.
    async fn whoever_was_used_before_a_sign_in_anew_is_told_after_it(world: World) {
        let (one, two) = (Receiver::new().await, Receiver::new().await);
        let app = app(&world, &one).await;
        let other = told(&world, "other", &two.url).await;
        let absolute = 4 * 3600;
        world.settings(|settings| {
            settings.lifetimes.session_absolute = absolute;
            settings.lifetimes.session_idle = absolute;
        }).await;
        let mut browser = world.browser();
        world.flow(&app).tokens_in(&mut browser).await;
        world.advance(absolute - 60);
        world.flow(&other).with("prompt", "login").tokens_in(&mut browser).await;
        settle(&world).await;
        world.advance(120);
        settle(&world).await;
        world.sign_out(&mut browser).await;
        settle(&world).await;
        assert_eq!((one.heard().len(), two.heard().len()), (1, 1));
    }

    /// RP-Initiated Logout §2, §4: who signs out where the session has run out meanwhile is signed out at the other applications all the same, and of grants that end
    /// with the session; once. A session that lives ends by no hint that another browser sends.
    async fn a_hint_ends_what_is_left_of_a_session_that_ran_out(world: World) {
        let (one, two) = (Receiver::new().await, Receiver::new().await);
        let app = app(&world, &one).await;
        let other = told(&world, "other", &two.url).await;
        world.notes().await;
        let plain = world.client("plain").trusted().scope("notes.read").create().await;
        let mut browser = world.browser();
        let tokens = world.flow(&app).tokens_in(&mut browser).await;
        world.flow(&other).tokens_in(&mut browser).await;
        let bound = world.flow(&plain).with("scope", "notes.read").tokens_in(&mut browser).await;
        let path = format!("/logout?id_token_hint={}", tokens.id());
        // Stolen.
        world.browser().get(&path).await;
        settle(&world).await;
        assert!(one.heard().is_empty() && two.heard().is_empty());
        world.advance(realm::Lifetimes::default().session_idle + 1);
        let bound = plain.refreshed(bound.refresh()).await;
        for _ in 0..2 {
            browser.get(&path).await;
            settle(&world).await;
        }
        assert_eq!((one.heard().len(), two.heard().len()), (1, 1));
        plain.refresh(bound.refresh()).await.refused(400, "invalid_grant");
        let before = realm::events::list(world.realm(), "", 1).await.unwrap()[0].id.clone();
        browser.get(&path).await;
        assert_eq!(realm::events::list(world.realm(), "", 1).await.unwrap()[0].id, before, "nothing is left to write");
    }

    /// One client that never answers, however many sessions it has, keeps nobody else waiting: of the messages to it only a few are under way.
    async fn a_client_that_hangs_keeps_no_other_one_waiting(world: World) {
        // As long as in production: the calls hang until the end of the test.
        let world = world.reaching(fetch::FetchOptions::loopback()).await;
        let (one, hanging) = (Receiver::new().await, Receiver::new().await);
        let app = app(&world, &one).await;
        let slow = told(&world, "slow", &hanging.url).await;
        hanging.answers(&[HANGS; 99]);
        let mut browser = world.browser();
        for _ in 0..20 {
            world.flow(&slow).tokens_in(&mut world.browser()).await;
        }
        // Its messages are older, so that they are due first.
        people::sign_out_everywhere(world.realm(), &alice(&world).await, None).await.unwrap();
        world.advance(2);
        world.flow(&app).tokens_in(&mut browser).await;
        let background = tokio::spawn(world.node().background());
        let began = std::time::Instant::now();
        while hanging.heard().is_empty() {
            assert!(began.elapsed() < std::time::Duration::from_secs(5));
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        world.sign_out(&mut browser).await;
        let began = std::time::Instant::now();
        while one.heard().is_empty() {
            assert!(began.elapsed() < std::time::Duration::from_secs(2), "nobody was told");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        background.abort();
    }

    /// What is told of devices and of approvals elsewhere: the session in which a person allowed them is named in their ID tokens.
    async fn a_device_is_told_of_the_session_that_allowed_it(world: World) {
        const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
        let receiver = Receiver::new().await;
        world.person(ALICE.0, ALICE.1).await;
        let device = world.client("tv").grants(&[GRANT]).redirects(&[]).scope("openid");
        let device = device.set("backchannel_logout_uri", json!(receiver.url)).create().await;
        let asked = device.post("/device_authorization", &[("scope", "openid")]).await;
        let mut browser = world.browser();
        world.sign_in(&mut browser).await;
        let page = browser.get(&asked.text("verification_uri_complete")).await;
        let page = browser.press(&page, "continue", &[]).await;
        browser.press(&page, "allow", &[]).await;
        let code = asked.text("device_code");
        let given = device.token(&[("grant_type", GRANT), ("device_code", &code)]).await;
        given.status(200);
        world.sign_out(&mut browser).await;
        settle(&world).await;
        let heard = tokens(&world, &receiver).await;
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0]["sid"], sid(&world, &Tokens(given.json())).await);
    }
}
