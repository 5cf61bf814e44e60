//! Credentials that are offered: OpenID4VCI 1.0 §3.5, §4.1, §6.

use realm::CredentialConfiguration;
use realm::resources::issuing;
use serde_json::{Value, json};
use server::pre_authorized_code::offers::{self, Made, Wanted};

use crate::credential::{credentials, employee, fetch, fresh, issue, key, named, read, request};
use crate::harness::{Answer, Client, Tokens, World};
use crate::on_each_engine;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

/// The credential, alice, and a wallet for offers.
async fn shop(world: &World) -> (Client, String) {
    issue(world, employee(world)).await;
    let alice = world.person("alice", "correct-horse-battery").await;
    let wallet = world
        .client("app")
        .public()
        .grants(&[GRANT, "refresh_token"]);
    (wallet.scope("employee").create().await, alice)
}

fn wanted(person: &str) -> Wanted {
    Wanted {
        person: person.to_owned(),
        configurations: vec!["employee".to_owned()],
        sign_in: false,
        tx_code: false,
        by_value: true,
        lifetime: 600,
    }
}

async fn offer(world: &World, wanted: &Wanted) -> Made {
    offers::make(world.realm(), wanted, "test").await.unwrap()
}

/// What the link of an offer holds.
async fn opened(world: &World, made: &Made) -> Value {
    let url = url::Url::parse(&made.link).unwrap();
    assert_eq!(url.scheme(), "openid-credential-offer");
    let (name, value) = url.query_pairs().next().unwrap();
    match &*name {
        "credential_offer" => serde_json::from_str(&value).unwrap(),
        _ => {
            let path = value.strip_prefix(world.issuer()).unwrap().to_owned();
            world
                .get(&path)
                .send()
                .await
                .status(200)
                .not_stored()
                .json()
        }
    }
}

/// The code of an offer.
async fn code(world: &World, made: &Made) -> String {
    let offer = opened(world, made).await;
    assert_eq!(offer["credential_issuer"], world.issuer());
    assert_eq!(offer["credential_configuration_ids"], json!(["employee"]));
    let code = offer["grants"][GRANT]["pre-authorized_code"]
        .as_str()
        .unwrap();
    world.remember(code);
    code.to_owned()
}

async fn redeem(wallet: &Client, code: &str, tx_code: Option<&str>) -> Answer {
    let mut form = vec![("grant_type", GRANT), ("pre-authorized_code", code)];
    form.extend(tx_code.map(|typed| ("tx_code", typed)));
    wallet.token(&form).await
}

/// So many requests at the same time.
async fn at_once(
    wallet: &Client,
    (code, tx_code): (&str, Option<&str>),
    many: usize,
) -> Vec<Answer> {
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..many {
        let (wallet, code) = (wallet.clone(), code.to_owned());
        let typed = tx_code.map(str::to_owned);
        running.spawn(async move { redeem(&wallet, &code, typed.as_deref()).await });
    }
    running.join_all().await
}

on_each_engine! {
    /// §4.1, §6: from the link to the credential, without a page.
    async fn an_offer_becomes_a_credential(world: World) {
        let (wallet, alice) = shop(&world).await;
        let made = offer(&world, &wanted(&alice)).await;
        let code = code(&world, &made).await;
        let answer = redeem(&wallet, &code, None).await;
        answer.status(200).not_stored();
        let claims = world.claims(&answer.text("access_token")).await;
        assert_eq!((&claims["scope"], &claims["aud"], claims.get("sid")), (&json!("employee"), &json!(world.issuer()), None));
        let tokens = Tokens(answer.json());
        for access in [tokens.access().to_owned(), wallet.refreshed(tokens.refresh()).await.access().to_owned()] {
            let proof = fresh(&world, &key()).await;
            let [credential] = credentials(&fetch(&world, &access, &request(&[&proof])).await).try_into().unwrap();
            let (said, ..) = read(&world, &credential).await;
            assert_eq!(said["name"], "Alice Example");
        }
    }

    /// §6.2: what has no scope is had by name.
    async fn an_offer_without_a_scope_is_had_by_name(world: World) {
        let (_, alice) = shop(&world).await;
        let wallet = world.client("by-name").public().grants(&[GRANT]).set("authorization_details_types", json!(["openid_credential"]));
        let wallet = wallet.scope("").create().await;
        issuing::change(world.realm(), CredentialConfiguration { scope: None, ..employee(&world) }, "test").await.unwrap();
        let code = code(&world, &offer(&world, &wanted(&alice)).await).await;
        let tokens = Tokens(redeem(&wallet, &code, None).await.status(200).json());
        let nonce = crate::credential::nonce(&world).await;
        let proof = crate::credential::proof(&world, &key(), json!({"nonce": nonce, "iss": null}));
        let body = json!({"credential_identifier": named(&tokens), "proofs": {"jwt": [proof]}});
        assert_eq!(credentials(&fetch(&world, tokens.access(), &body).await).len(), 1);
    }

    /// §4.1.3: the offer is given to the first who asks by its name, in time.
    async fn an_offer_by_reference_is_fetched_once(world: World) {
        let (wallet, alice) = shop(&world).await;
        let by_reference = Wanted { by_value: false, ..wanted(&alice) };
        let made = offer(&world, &by_reference).await;
        assert!(!made.link.contains("gpc_"), "the link says nothing");
        let url = url::Url::parse(&made.link).unwrap();
        let at = url.query_pairs().next().unwrap().1.strip_prefix(world.issuer()).unwrap().to_owned();
        let code = code(&world, &made).await;
        world.get(&at).send().await.status(404);
        world.get("/credential_offer/x").send().await.status(404);
        redeem(&wallet, &code, None).await.status(200);
        let late = offer(&world, &by_reference).await;
        let at = url::Url::parse(&late.link).unwrap().query_pairs().next().unwrap().1.strip_prefix(world.issuer()).unwrap().to_owned();
        world.advance(600);
        world.get(&at).send().await.status(404);
    }

    /// An offer that somebody else found: used twice, all that it gave is gone.
    async fn an_offer_that_is_used_twice_gives_nothing(world: World) {
        let (wallet, alice) = shop(&world).await;
        let thief = world.client("thief").public().grants(&[GRANT]).scope("employee").create().await;
        let code = code(&world, &offer(&world, &wanted(&alice)).await).await;
        let access = redeem(&thief, &code, None).await.status(200).text("access_token");
        redeem(&wallet, &code, None).await.refused(400, "invalid_grant");
        world.sync().await;
        let proof = fresh(&world, &key()).await;
        fetch(&world, &access, &request(&[&proof])).await.refused(401, "invalid_token");
    }

    /// However many ask at once: one is answered.
    async fn of_many_at_once_one_redeems(world: World) {
        let (wallet, alice) = shop(&world).await;
        let code = code(&world, &offer(&world, &wanted(&alice)).await).await;
        let answers = at_once(&wallet, (&code, None), 8).await;
        let good = answers.iter().filter(|answer| answer.status == 200).count();
        assert!(good <= 1, "{good} were answered");
    }

    /// §6.1, §6.3: what has to be typed, has to be right, and cannot be guessed: neither one after the other nor at once.
    async fn a_transaction_code_cannot_be_guessed(world: World) {
        let (wallet, alice) = shop(&world).await;
        let with_code = Wanted { tx_code: true, ..wanted(&alice) };
        let made = offer(&world, &with_code).await;
        let typed = made.tx_code.clone().unwrap();
        assert!(typed.len() == 6 && typed.bytes().all(|b| b.is_ascii_digit()));
        let offered = opened(&world, &made).await["grants"][GRANT]["tx_code"].clone();
        assert_eq!((&offered["input_mode"], &offered["length"]), (&json!("numeric"), &json!(6)));
        let one = code(&world, &made).await;
        redeem(&wallet, &one, None).await.refused(400, "invalid_request");
        redeem(&wallet, &one, Some("abc")).await.refused(400, "invalid_grant");
        redeem(&wallet, &one, Some(&typed)).await.status(200);
        // Whoever has the link alone cannot end what it gave.
        redeem(&wallet, &one, Some("abc")).await.refused(400, "invalid_grant");
        let plain = code(&world, &offer(&world, &wanted(&alice)).await).await;
        redeem(&wallet, &plain, Some("123456")).await.refused(400, "invalid_request");

        let made = offer(&world, &with_code).await;
        let (right, one) = (made.tx_code.clone().unwrap(), code(&world, &made).await);
        for _ in 0..5 {
            redeem(&wallet, &one, Some("x")).await.refused(400, "invalid_grant");
        }
        redeem(&wallet, &one, Some(&right)).await.refused(400, "invalid_grant");

        let made = offer(&world, &with_code).await;
        let (right, one) = (made.tx_code.clone().unwrap(), code(&world, &made).await);
        let answers = at_once(&wallet, (&one, Some("x")), 40).await;
        assert!(answers.iter().all(|answer| answer.status != 200));
        for _ in 0..5 {
            redeem(&wallet, &one, Some("x")).await;
        }
        redeem(&wallet, &one, Some(&right)).await.refused(400, "invalid_grant");
    }

    /// An offer is for a time, for a wallet that is registered for it, of this realm, and for who may have it still.
    async fn an_offer_is_good_for_what_it_says(world: World) {
        let (wallet, alice) = shop(&world).await;
        let other = world.client("other").public().scope("employee").create().await;
        let narrow = world.client("narrow").public().grants(&[GRANT]).scope("openid").create().await;
        let one = code(&world, &offer(&world, &wanted(&alice)).await).await;
        redeem(&other, &one, None).await.refused(400, "unauthorized_client");
        redeem(&narrow, &one, None).await.refused(400, "invalid_scope");
        redeem(&wallet, &format!("{one}x"), None).await.refused(400, "invalid_grant");
        let elsewhere = world.another("https://other.example").await;
        let (theirs, _) = shop(&elsewhere).await;
        redeem(&theirs, &one, None).await.refused(400, "invalid_grant");
        let late = code(&world, &offer(&world, &wanted(&alice)).await).await;
        world.advance(600);
        redeem(&wallet, &late, None).await.refused(400, "invalid_grant");
        let gone = code(&world, &offer(&world, &wanted(&alice)).await).await;
        world.disable("alice").await;
        redeem(&wallet, &gone, None).await.refused(400, "invalid_grant");
        for wrong in [Wanted { configurations: vec!["other".into()], ..wanted(&alice) }, Wanted { configurations: Vec::new(), ..wanted(&alice) }, Wanted { lifetime: 1, ..wanted(&alice) }] {
            assert!(offers::make(world.realm(), &wrong, "test").await.is_err());
        }
    }

    /// §5.1.3: what an offer for the code flow told the wallet to repeat counts once, for one person and what was offered; and it is no code.
    async fn an_offer_to_one_person_by_the_code_flow_is_one_credential(world: World) {
        let (wallet, alice) = shop(&world).await;
        let vct = "urn:other".to_owned();
        issue(&world, CredentialConfiguration { id: "other".to_owned(), scope: Some("other".to_owned()), vct, ..employee(&world) }).await;
        let app = world.client("web").scope("openid employee other").create().await;
        let state = async || {
            let made = offer(&world, &Wanted { sign_in: true, tx_code: true, ..wanted(&alice) }).await;
            assert_eq!(made.tx_code, None);
            let grants = opened(&world, &made).await["grants"].clone();
            assert!(grants.get(GRANT).is_none());
            let state = grants["authorization_code"]["issuer_state"].as_str().unwrap().to_owned();
            world.remember(&state);
            state
        };
        let flow = |state: &str, scope: &str| world.flow(&app).with("scope", scope).with("issuer_state", state);
        let one = state().await;
        redeem(&wallet, &one, None).await.refused(400, "invalid_grant");
        let error = async |state: &str, scope: &str| flow(state, scope).error(&mut world.browser()).await;
        for scope in ["other", "employee other", "openid"] {
            assert_eq!(error(&one, scope).await, "invalid_request", "{scope}");
        }
        assert_eq!(error("x", "employee").await, "invalid_request");
        // A code that is there already is no such value.
        let code = code(&world, &offer(&world, &wanted(&alice)).await).await;
        assert_eq!(error(&code, "employee").await, "invalid_request");
        // Somebody else is not let on.
        world.person("bob", "another-horse-battery").await;
        let mut theirs = world.browser();
        let page = theirs.get("/login").await;
        theirs.press(&page, "sign-in", &[("username", "bob"), ("password", "another-horse-battery")]).await;
        let page = theirs.get(&flow(&one, "employee").url()).await;
        assert!(page.leaving.is_none() && page.has("password"), "{}", page.words());
        let silent = flow(&one, "employee").with("prompt", "none").error(&mut theirs).await;
        assert_eq!(silent, "login_required");
        let twice = [flow(&one, "employee"), flow(&one, "employee")];
        let (mut first, mut second) = (world.browser(), world.browser());
        let asked = twice[1].consent_in(&mut second).await;
        let tokens = twice[0].tokens_in(&mut first).await;
        assert_eq!(tokens.scope(), "employee");
        let late = twice[1].go_on(&mut second, asked).await;
        assert_eq!(twice[1].response(&late)["error"], "invalid_request");
        assert_eq!(error(&one, "employee").await, "invalid_request");
        let old = state().await;
        world.advance(600);
        assert_eq!(error(&old, "employee").await, "invalid_request");
        // What is pushed is judged as what the browser brings.
        let good = state().await;
        for (value, status) in [(good.as_str(), 201), (old.as_str(), 400)] {
            let url = url::Url::parse(world.issuer()).unwrap().join(&flow(value, "employee").url()).unwrap();
            let form: Vec<_> = url.query_pairs().into_owned().collect();
            let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(app.post("/par", &form).await.status, status);
        }
    }

    /// §4.1.1, §12.3: the grant is announced where something is issued, and nowhere else.
    async fn the_grant_is_there_where_something_is_issued(world: World) {
        let grants = async || {
            let document = world.get("/.well-known/openid-configuration").send().await.json();
            document["grant_types_supported"].as_array().unwrap().contains(&json!(GRANT))
        };
        let wallet = world.client("wallet").public().grants(&[GRANT]).create().await;
        assert!(!grants().await);
        redeem(&wallet, "x", None).await.refused(400, "unsupported_grant_type");
        issue(&world, employee(&world)).await;
        assert!(grants().await);
        redeem(&wallet, "x", None).await.refused(400, "invalid_grant");
        let link = offers::by_code_flow(world.realm(), &["employee".to_owned()]).await.unwrap();
        let url = url::Url::parse(&link).unwrap();
        let offer: Value = serde_json::from_str(&url.query_pairs().next().unwrap().1).unwrap();
        assert_eq!(offer["grants"], json!({"authorization_code": {}}));
    }
}
