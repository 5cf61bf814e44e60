//! Guessing, floods, and what a stolen database tells (RFC 8628 §5.1, §5.2).

use super::*;

db::statements! {
    ROWS = "SELECT hash, user_code, scope FROM device_code";
}

on_each_engine! {
    /// RFC 8628 §5.1: a wrong code costs, for the session and for the address, and then a right one is not looked at either.
    async fn guessing_user_codes_is_limited(world: World) {
        let world = world.limited().await;
        let tv = tv(&world).await;
        let codes = ask_for(&tv, "openid").await;
        let mut browser = world.browser();
        world.sign_in(&mut browser).await;
        let guess = |number: usize| {
            let letters = "BCDFGHJKLMNPQRSTVWXZ".as_bytes();
            format!("{}{}BB-BBBB", letters[number % 20] as char, letters[number / 20 % 20] as char)
        };
        for number in 0..10 {
            let page = type_code(&mut browser, &guess(number)).await;
            assert!(is_invalid(&page), "{number}: {}", page.words());
        }
        let page = type_code(&mut browser, &codes.user).await;
        assert_eq!(page.answer.status, 429, "{}", page.words());
        assert!(!page.answer.header("retry-after").is_empty());
        // Another session at the same address has what is left of the address's twenty.
        let mut second = world.browser();
        world.sign_in(&mut second).await;
        for number in 20..30 {
            type_code(&mut second, &guess(number)).await;
        }
        let mut third = world.browser();
        world.sign_in(&mut third).await;
        assert_eq!(type_code(&mut third, &codes.user).await.answer.status, 429);
        // Elsewhere nobody is kept out, and time heals.
        third.set_address("198.51.100.3");
        assert!(type_code(&mut third, &codes.user).await.has("allow"));
        world.advance(300);
        assert!(type_code(&mut browser, &codes.user).await.has("allow"));
    }

    /// Many guesses at the same moment are counted before the first of them is judged.
    async fn many_guesses_at_once_are_no_way_around(world: World) {
        let world = world.limited().await;
        world.person(ALICE.0, ALICE.1).await;
        let mut browser = world.browser();
        world.sign_in(&mut browser).await;
        type_code(&mut browser, "BCDF-GHJK").await;
        let cookies: Vec<String> = browser.cookies().iter().map(|(n, v)| format!("{n}={v}")).collect();
        let cookies = cookies.join("; ");
        let mut guesses = Vec::new();
        for letter in "BCDFGHJKLMNPQRSTVWXZ".chars() {
            let call = world.post("/device").header("origin", world.issuer()).header("sec-fetch-site", "same-origin");
            let answer = call.header("cookie", &cookies).form(&[("user_code", &letter.to_string().repeat(8))]).send().await;
            guesses.push(answer.header("location").replace("/login?", "/device/continue?"));
        }
        let looked: Vec<_> = guesses
            .into_iter()
            .map(|path| {
                let (world, cookies) = (world.clone(), cookies.clone());
                tokio::spawn(async move { world.get(&path).header("cookie", &cookies).send().await.status })
            })
            .collect();
        let mut judged = 0;
        for status in looked {
            match status.await.unwrap() {
                422 => judged += 1,
                status => assert_eq!(status, 429),
            }
        }
        assert_eq!(judged, 9, "ten in the session, one of which was used before");
    }

    /// What can be no code costs too, before anybody signs in.
    async fn typing_nonsense_is_limited(world: World) {
        let world = world.limited().await;
        let mut browser = world.browser();
        for _ in 0..20 {
            assert_eq!(type_code(&mut browser, "nonsense").await.answer.status, 422);
        }
        assert_eq!(type_code(&mut browser, "nonsense").await.answer.status, 429);
        assert_eq!(type_code(&mut browser, "BCDF-GHJK").await.answer.status, 429);
    }

    /// What strangers can store is limited by client and address.
    async fn asking_is_limited(world: World) {
        let world = world.limited().await;
        let tv = tv(&world).await;
        for _ in 0..60 {
            tv.post("/device_authorization", &[]).await.status(200);
        }
        let answer = tv.post("/device_authorization", &[]).await;
        answer.refused(429, "temporarily_unavailable");
        assert!(!answer.header("retry-after").is_empty());
        let elsewhere = world.post("/device_authorization").from("198.51.100.9").form(&[("client_id", "tv")]).send().await;
        elsewhere.status(200);
    }

    /// Neither code is in the database as it is.
    async fn a_copied_database_gives_no_code_away(world: World) {
        let tv = tv(&world).await;
        let codes = ask_for(&tv, "openid").await;
        let rows = world.node().db().rows(&ROWS, db::params![]).await.unwrap();
        let row: Vec<&str> = (0..3).map(|index| rows[0].text(index)).collect();
        let letters = codes.user.replace('-', "");
        for text in [&codes.device, &codes.user, &letters] {
            assert!(row.iter().all(|column| !column.contains(text.as_str())), "{row:?}");
        }
    }
}
