//! The page at /device: what it says, and what cannot be made of it (RFC 8628 §3.3, §5.4).

use serde_json::json;

use super::*;

on_each_engine! {
    /// RFC 8628 §3.3.1 and §5.4: the address alone decides nothing.
    async fn an_address_with_the_code_still_asks(world: World) {
        let tv = tv(&world).await;
        let codes = ask_for(&tv, "openid").await;
        let mut browser = world.browser();
        world.sign_in(&mut browser).await;
        let page = browser.get(&format!("/device?user_code={}", codes.user.to_lowercase())).await;
        assert!(page.has("continue") && !page.has("allow"), "{}", page.words());
        assert!(page.html().contains(&format!("value=\"{}\"", codes.user)), "{}", page.html());
        assert!(page.says("Did somebody send you this code?"));
        let page = browser.press(&page, "continue", &[]).await;
        assert!(page.has("allow") && page.says(&codes.user), "{}", page.words());
        poll(&tv, &codes).await.refused(400, "authorization_pending");
    }

    /// RFC 8628 §5.4: who asks, from where, when, and for what.
    async fn the_question_says_who_asks_from_where_and_for_what(world: World) {
        tv(&world).await;
        let form = [("client_id", "tv"), ("scope", "openid notes.read")];
        let answer = world.post("/device_authorization").from("203.0.113.9").form(&form).send().await;
        let codes = Codes { device: answer.text("device_code"), user: answer.text("user_code") };
        world.advance(125);
        let (mut browser, page) = question(&world, &codes).await;
        for text in ["The app tv", "Alice Example", "203.0.113.9", "Another network than yours", "21 Nov 2026, 08:00 UTC", "2 minutes ago",
            "Read your notes", "Did somebody send you this code?", &codes.user] {
            assert!(page.says(text), "no {text:?}: {}", page.words());
        }
        assert!(page.has("deny") && page.has("shown_code") && page.has("other-account"));
        browser.set_address("203.0.113.9");
        let page = type_code(&mut browser, &codes.user).await;
        assert!(page.says("The network that you are on"), "{}", page.words());
    }

    /// What was allowed before is asked again, since the device is another one; and it can be taken back.
    async fn every_device_is_asked_about_and_can_be_taken_back(world: World) {
        let tv = tv(&world).await;
        let codes = ask_for(&tv, "openid notes.read").await;
        let mut browser = allow(&world, &codes).await;
        let tokens = redeemed(&tv, &codes).await;
        let second = ask_for(&tv, "openid notes.read").await;
        let page = type_code(&mut browser, &second.user).await;
        assert!(page.has("allow") && page.says("You allowed this before."), "{}", page.words());
        let page = browser.press(&page, "allow", &[]).await;
        assert!(page.has("allowed"));
        let page = browser.get("/consent/applications").await;
        let form = page.form_to("/consent/applications");
        browser.send(&page, form, &[("client_id", "tv")]).await;
        world.userinfo(tokens.access()).await.status(401);
        poll(&tv, &second).await.refused(400, "invalid_grant");
    }

    /// RFC 8628 §6.1.
    async fn a_code_may_be_typed_in_any_way(world: World) {
        let tv = tv(&world).await;
        let codes = ask_for(&tv, "openid").await;
        let mut browser = world.browser();
        world.sign_in(&mut browser).await;
        let bare = codes.user.replace('-', "");
        let spelled: String = bare.chars().map(|c| format!("{c}. ")).collect();
        for text in [codes.user.to_lowercase(), bare.clone(), format!("  {} {} ", &bare[..4], &bare[4..]), spelled] {
            let page = type_code(&mut browser, &text).await;
            assert!(page.has("allow"), "{text:?}: {}", page.words());
        }
    }

    /// A user code of one realm is unknown in another.
    async fn a_user_code_is_of_one_realm(world: World) {
        let tv = tv(&world).await;
        let codes = ask_for(&tv, "openid").await;
        world.add_realm("second").await;
        let realm = world.node().realm("second").await.unwrap().unwrap();
        let identity = identity::Identity::new(identity::Options::for_tests(), world.node().ambient());
        let hash = identity.hash_password("bob", ALICE.1.into()).await.unwrap();
        let details = identity::Details { username: "bob".into(), ..identity::Details::default() };
        identity::people::create(&realm, details, Some(hash), None).await.unwrap();
        let mut browser = world.browser();
        let page = browser.get("/realms/second/device").await;
        let page = browser.press(&page, "continue", &[("user_code", &codes.user)]).await;
        let page = sign_in(&mut browser, page, "bob").await;
        assert!(is_invalid(&page), "{}", page.words());
        assert!(page.html().contains("action=\"/realms/second/device\""));
    }

    /// Whatever is typed, sent or forged at the pages: a page, never a fault, and nothing is allowed.
    async fn odd_input_at_the_pages_breaks_nothing(world: World) {
        let tv = tv(&world).await;
        let codes = ask_for(&tv, "openid").await;
        let mut browser = world.browser();
        world.sign_in(&mut browser).await;
        let long = "B".repeat(30_000);
        for text in ["", " ", "---", "BBBB-BBB", "BBBB-BBBBB", "AEIO-UAEI", "1234-5678", "<script>", "' OR 1=1", "\u{202e}BBBB-BBBB", "ＢＢＢＢ", &long] {
            let page = type_code(&mut browser, text).await;
            assert!(page.answer.status == 422 && page.has("user_code") && !page.has("allow"), "{text:.40}: {}", page.words());
            assert!(!page.html().contains("<script>"), "{text}");
            let path: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            let page = browser.get(&format!("/device?user_code={path}")).await;
            assert!(page.answer.status == 200 && !page.html().contains("<script>"), "{text:.40}");
            assert!(page.html().len() < 10_000, "{text:.40}");
        }
        let cookies: Vec<String> = browser.cookies().iter().map(|(n, v)| format!("{n}={v}")).collect();
        let bodies: &[&[u8]] = &[b"", b"\xff\xfe", b"user_code=%00", b"user_code=%FF", b"user_code=a&user_code=b", b"interaction=x&decision=allow",
            b"decision=allow", b"interaction=&decision=allow", b"interaction=s.x&decision=allow"];
        for path in ["/device", "/device/continue", "/device/continue?interaction=x"] {
            for body in bodies {
                let call = world.post(path).header("origin", world.issuer()).header("sec-fetch-site", "same-origin");
                let answer = call.header("cookie", &cookies.join("; ")).body(FORM, body).send().await;
                assert!(matches!(answer.status, 400 | 422), "{path}: {answer:?}");
            }
        }
        for path in ["/device?user_code=%00", "/device?user_code=%FF", "/device?user_code=a&user_code=b", "/device/continue", "/device/continue?interaction=x"] {
            assert_eq!(browser.get(path).await.answer.status, 400, "{path}");
        }
        poll(&tv, &codes).await.refused(400, "authorization_pending");
    }

    /// RFC 8628 §5.1: what is unknown, expired or used cannot be told apart, and nothing is said before somebody signs in.
    async fn codes_that_are_not_valid_look_alike(world: World) {
        let tv = tv(&world).await;
        let (used, denied, expired) = (ask_for(&tv, "openid").await, ask_for(&tv, "openid").await, ask_for(&tv, "openid").await);
        allow(&world, &used).await;
        let (mut browser, page) = question(&world, &denied).await;
        browser.press(&page, "deny", &[]).await;
        world.advance(600);
        let mut pages = Vec::new();
        for code in [&used.user, &denied.user, &expired.user, "BCDF-GHJK"] {
            let mut stranger = world.browser();
            let page = type_code(&mut stranger, code).await;
            assert!(page.has("password"), "{}", page.words());
            let page = type_code(&mut browser, code).await;
            assert!(is_invalid(&page));
            pages.push(page.words());
        }
        assert!(pages.windows(2).all(|pair| pair[0] == pair[1]), "{pages:?}");
    }

    /// Two people have the page open: the first answer counts, the second is told that the code is not valid.
    async fn of_two_people_the_first_answer_counts(world: World) {
        let tv = tv(&world).await;
        let bob = world.person("bob", ALICE.1).await;
        let codes = ask_for(&tv, "openid").await;
        let (mut first, page_of_first) = question(&world, &codes).await;
        let mut second = world.browser();
        let page = type_code(&mut second, &codes.user).await;
        let page = sign_in(&mut second, page, "bob").await;
        assert!(second.press(&page, "allow", &[]).await.has("allowed"));
        let late = first.press(&page_of_first, "allow", &[]).await;
        assert!(is_invalid(&late), "{}", late.words());
        let tokens = redeemed(&tv, &codes).await;
        assert_eq!(world.claims(tokens.id()).await["sub"], json!(bob));
    }

    /// alice sees the question, bob signs in in another tab, and the button of alice's page is pressed: bob is asked himself.
    async fn a_button_allows_nothing_for_who_did_not_see_it(world: World) {
        let tv = tv(&world).await;
        world.person("bob", ALICE.1).await;
        let codes = ask_for(&tv, "openid").await;
        let (mut browser, page_of_alice) = question(&world, &codes).await;
        let page = browser.get("/login?interaction=&account=other").await;
        let page = if page.has("password") {
            page
        } else {
            world.sign_out(&mut browser).await;
            browser.get("/login").await
        };
        sign_in(&mut browser, page, "bob").await;
        for button in ["allow", "deny"] {
            let page = browser.press(&page_of_alice, button, &[]).await;
            assert!(page.has("allow") && page.says("Bob Example") && !page.says("Alice Example"), "{}", page.words());
        }
        poll(&tv, &codes).await.refused(400, "authorization_pending");
        world.sign_out(&mut browser).await;
        let page = browser.press(&page_of_alice, "allow", &[]).await;
        assert!(page.has("password"), "{}", page.words());
        world.advance(5);
        poll(&tv, &codes).await.refused(400, "authorization_pending");
    }

    /// "Use another account" goes on with the same device.
    async fn another_account_may_be_used(world: World) {
        let tv = tv(&world).await;
        let bob = world.person("bob", ALICE.1).await;
        let codes = ask_for(&tv, "openid").await;
        let (mut browser, page) = question(&world, &codes).await;
        let link = page.html().split("id=\"other-account\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
        let page = browser.get(&link.unwrap().replace("&amp;", "&")).await;
        let page = sign_in(&mut browser, page, "bob").await;
        assert!(page.says("Bob Example"), "{}", page.words());
        browser.press(&page, "allow", &[]).await;
        let tokens = redeemed(&tv, &codes).await;
        assert_eq!(world.claims(tokens.id()).await["sub"], json!(bob));
    }

    /// RFC 8628 §5.4, RFC 9700 §4.7: no other site and no other browser can press the button.
    async fn nobody_else_can_press_the_button(world: World) {
        let tv = tv(&world).await;
        let codes = ask_for(&tv, "openid").await;
        let (mut browser, page) = question(&world, &codes).await;
        let form = page.form("allow");
        let token = &form.fields.iter().find(|(name, _)| name == "interaction").unwrap().1;
        let fields = [("interaction", token.as_str()), ("decision", "allow")];
        for path in ["/device/continue", "/device"] {
            let forged = browser.cross_site_post(path, &[("user_code", codes.user.as_str()), fields[0], fields[1]]).await;
            assert_eq!(forged.answer.status, 403, "{path}");
        }
        let mut thief = world.browser();
        world.sign_in(&mut thief).await;
        let stolen = thief.send(&page, form.clone(), &fields).await;
        assert_eq!(stolen.answer.status, 400, "{}", stolen.words());
        // One of another kind, of the same browser.
        let app = world.client("app").create().await;
        let consent = browser.get(&world.flow(&app).url()).await;
        let foreign = consent.form("allow").fields.iter().find(|(name, _)| name == "interaction").unwrap().1.clone();
        let mixed = browser.send(&page, page.form("allow"), &[("interaction", &foreign), ("decision", "allow")]).await;
        assert_eq!(mixed.answer.status, 400);
        let mixed = browser.get(&format!("/authorize/continue?interaction={token}")).await;
        assert_eq!(mixed.answer.status, 400);
        poll(&tv, &codes).await.refused(400, "authorization_pending");
    }

    /// What nobody may be granted is not asked for, and nothing is given.
    async fn a_person_who_may_not_have_it_cannot_allow_it(world: World) {
        tv(&world).await;
        let scopes = json!([{"name": "secrets.read", "description": "Read secrets", "grantable": {"group": "staff"}}]);
        world.resource_document(json!({"id": "urn:example:secrets", "name": "Secrets", "scopes": scopes})).await;
        let tv = world.client("safe").public().redirects(&[]).grants(&[GRANT]).scope("secrets.read").create().await;
        let codes = ask_for(&tv, "secrets.read").await;
        let mut browser = world.browser();
        let page = type_code(&mut browser, &codes.user).await;
        let page = sign_in(&mut browser, page, ALICE.0).await;
        assert!(page.says("You cannot allow this") && !page.has("allow"), "{}", page.words());
        poll(&tv, &codes).await.refused(400, "authorization_pending");
    }
}
