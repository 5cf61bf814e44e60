//! Prompt bombing, guessing, and what a stolen database tells (CIBA Core §15).

use super::*;

db::statements! {
    ROWS = "SELECT hash, notification, id FROM backchannel_authentication";
    CODES = "SELECT mac, person, realm FROM user_code";
}

async fn asked(client: &Client) -> Answer {
    let form = [("scope", "openid"), ("login_hint", ALICE.0)];
    client.post("/bc-authorize", &form).await
}

fn too_many(answer: &Answer) -> i64 {
    answer.refused(429, "temporarily_unavailable");
    answer.header("retry-after").parse().unwrap()
}

on_each_engine! {
    /// Three of one client, ten of all: on every node, as long as they wait.
    async fn few_requests_wait_for_a_person_at_once(world: World) {
        let agent = agent(&world).await;
        let beside = agent.at(&world.beside().await);
        for client in [&agent, &beside, &agent] {
            asked(client).await.status(200);
            world.advance(1);
        }
        assert_eq!(too_many(&asked(&agent).await), 297);
        assert_eq!(too_many(&asked(&beside).await), 297);
        for number in 0..3 {
            let other = asking(&world, &format!("other-{number}")).create().await;
            for _ in 0..3 {
                if number < 2 {
                    asked(&other).await.status(200);
                }
            }
            if number == 2 {
                asked(&other).await.status(200);
                too_many(&asked(&other).await);
            }
        }
        // An answer, or time, makes room.
        deny(&world).await;
        world.advance(300);
        asked(&agent).await.status(200);
        // Somebody else can be asked all the while.
        world.person("bob", ALICE.1).await;
        ask(&agent, &[("scope", "openid"), ("login_hint", "bob")]).await;
    }

    /// Also when they come at the same moment, at two nodes.
    async fn of_requests_at_once_no_more_wait_than_may(world: World) {
        let agent = agent(&world).await;
        let beside = agent.at(&world.beside().await);
        let mut running = tokio::task::JoinSet::new();
        for number in 0..12 {
            let client = if number % 2 == 0 { agent.clone() } else { beside.clone() };
            running.spawn(async move { asked(&client).await });
        }
        let answers = running.join_all().await;
        let taken = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(taken, 3);
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            too_many(answer);
        }
    }

    /// Whoever denies is not asked again and again.
    async fn a_person_who_denies_is_not_asked_without_end(world: World) {
        let world = world.limited().await;
        let agent = agent(&world).await;
        for _ in 0..5 {
            asked(&agent).await.status(200);
            deny(&world).await;
        }
        let wait = too_many(&asked(&agent).await);
        assert!((1..=60).contains(&wait), "{wait}");
        world.advance(60);
        asked(&agent).await.status(200);
        too_many(&asked(&agent).await);
    }

    /// A client that tries who exists is slowed down, and learns nothing more then.
    async fn trying_names_is_limited(world: World) {
        let world = world.limited().await;
        let agent = agent(&world).await;
        for number in 0..30 {
            let name = format!("person-{number}");
            let form = [("scope", "openid"), ("login_hint", name.as_str())];
            agent.post("/bc-authorize", &form).await.refused(400, "unknown_user_id");
        }
        too_many(&asked(&agent).await);
        // Another client is not kept out.
        let other = asking(&world, "other").create().await;
        asked(&other).await.status(200);
    }

    /// Neither the name of a request, nor what a client is called with, nor a user code is in the database as it is.
    async fn a_copied_database_gives_no_request_away(world: World) {
        let agent = agent_with(&world, |client| {
            client
                .set("backchannel_token_delivery_mode", json!("ping"))
                .set("backchannel_client_notification_endpoint", json!("http://127.0.0.1:9/cb"))
        })
        .await;
        let token = "a-token-of-the-client-0123456789";
        let form = [("scope", "openid"), ("login_hint", ALICE.0), ("client_notification_token", token)];
        let request = ask(&agent, &form).await;
        let (mut browser, _) = waiting(&world).await;
        let page = browser.get("/account/approvals/code").await;
        browser.press(&page, "set", &[("new_code", "zebra-crossing")]).await;
        let columns = async |stmt| {
            let rows = world.node().db().rows(stmt, db::params![]).await.unwrap();
            (0..3).map(|index| rows[0].text(index).to_owned()).collect::<Vec<_>>().join("\n")
        };
        let kept = [columns(&ROWS).await, columns(&CODES).await].join("\n");
        for secret in [request.as_str(), &request[4..], token, "zebra-crossing"] {
            assert!(!kept.contains(secret), "{kept}");
        }
    }
}
