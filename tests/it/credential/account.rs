//! The page where people get offers, see what they have, and take it back.

use realm::{CredentialConfiguration, Grantable, Revocable};
use serde_json::{Value, json};

use super::{employee, events, fetch, fresh, issue, key, request};
use crate::harness::{Browser, Client, Page, World};
use crate::on_each_engine;

const HOME: &str = "/account/credentials";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

/// The credential, alice, bob, and a wallet for both kinds of offers.
async fn shop(world: &World) -> Client {
    let status = Some(Revocable {
        suspendable: true,
        with_person: false,
    });
    issue(
        world,
        CredentialConfiguration {
            status,
            ..employee(world)
        },
    )
    .await;
    world.person("alice", "correct-horse-battery").await;
    world.person("bob", "another-horse-battery").await;
    let wallet = world
        .client("app")
        .public()
        .grants(&["authorization_code", GRANT]);
    wallet.scope("employee").create().await
}

async fn signed_in(world: &World, username: &str, password: &str) -> Browser {
    let mut browser = world.browser();
    let page = browser.get(HOME).await;
    let page = browser
        .press(
            &page,
            "sign-in",
            &[("username", username), ("password", password)],
        )
        .await;
    assert!(page.says("Your credentials"), "{}", page.words());
    browser
}

/// What the link of a page offers.
async fn offered(world: &World, page: &Page) -> Value {
    let html = page.html();
    let link = html
        .split("id=\"open\" href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let link = url::Url::parse(&link.replace("&amp;", "&").replace("&#38;", "&")).unwrap();
    assert_eq!(link.scheme(), "openid-credential-offer");
    let at = link
        .query_pairs()
        .find(|(name, _)| name == "credential_offer_uri")
        .unwrap()
        .1
        .into_owned();
    let offer = world
        .get(at.strip_prefix(world.issuer()).unwrap())
        .send()
        .await
        .status(200)
        .json();
    world
        .get(at.strip_prefix(world.issuer()).unwrap())
        .send()
        .await
        .status(404);
    offer
}

async fn had(world: &World, access: &str) {
    fetch(world, access, &request(&[&fresh(world, &key()).await]))
        .await
        .status(200);
}

on_each_engine! {
    /// From the page to the credential with a code, which is on the page alone; then it is listed, and taken back by whose it is.
    async fn a_person_gets_a_credential_and_takes_it_back(world: World) {
        let wallet = shop(&world).await;
        let mut alice = signed_in(&world, "alice", "correct-horse-battery").await;
        assert!(alice.get("/consent/applications").await.has("credentials"));
        let page = alice.get(HOME).await;
        let page = alice.press(&page, "offer-1", &[]).await;
        page.answer.status(200).not_stored();
        assert!(page.html().contains("<svg") && !page.html().contains("style=") && !page.html().contains("<?xml"));
        let offer = offered(&world, &page).await;
        let grant = &offer["grants"][GRANT];
        let (code, html) = (grant["pre-authorized_code"].as_str().unwrap(), page.html());
        world.remember(code);
        assert!(!html.contains(code));
        let typed = html.split("id=\"tx-code\">").nth(1).unwrap().split('<').next().unwrap();
        assert_eq!((typed.len(), &grant["tx_code"]["length"]), (6, &json!(6)));
        let form = [("grant_type", GRANT), ("pre-authorized_code", code), ("tx_code", typed)];
        let access = wallet.token(&form).await.status(200).text("access_token");
        wallet.token(&form).await.refused(400, "invalid_grant");
        let again = wallet.token(&[("grant_type", GRANT), ("pre-authorized_code", code)]).await;
        assert_ne!(again.status, 200);
        // Used twice it gave nothing.
        world.sync().await;
        fetch(&world, &access, &request(&[&fresh(&world, &key()).await])).await.refused(401, "invalid_token");
        let page = alice.get(HOME).await;
        assert!(!page.has("revoke-1"));
        let page = alice.press(&page, "offer-1", &[]).await;
        let offer = offered(&world, &page).await;
        let code = offer["grants"][GRANT]["pre-authorized_code"].as_str().unwrap();
        let typed = page.html().split("id=\"tx-code\">").nth(1).unwrap().split('<').next().unwrap();
        let form = [("grant_type", GRANT), ("pre-authorized_code", code), ("tx_code", typed)];
        had(&world, &wallet.token(&form).await.status(200).text("access_token")).await;
        let page = alice.get(HOME).await;
        assert!(page.says("Employee pass") && page.has("revoke-1"), "{}", page.words());
        let id = page.form("revoke-1").fields[0].1.clone();
        // Neither another person, nor another site, nor a name that is none.
        let mut bob = signed_in(&world, "bob", "another-horse-battery").await;
        let theirs = bob.get(HOME).await;
        assert!(!theirs.has("revoke-1"));
        let forged = theirs.form("offer-1");
        bob.send(&theirs, forged.clone(), &[("revoke", &id)]).await;
        bob.send(&theirs, forged, &[("revoke", "x.1")]).await.answer.status(200);
        assert_eq!(alice.cross_site_post(HOME, &[("revoke", &id)]).await.answer.status, 403);
        assert!(alice.get(HOME).await.has("revoke-1"));
        let done = alice.press(&page, "revoke-1", &[]).await;
        assert!(done.has("revoked") && !done.has("revoke-1"), "{}", done.words());
        let kinds = events(&world).await;
        assert_eq!(kinds, ["credential.issued", "credential.offered", "credential.offered", "credential.revoked"]);
    }

    /// The same by signing in: nobody else, and once.
    async fn a_person_gets_a_credential_by_signing_in(world: World) {
        let wallet = shop(&world).await;
        let mut alice = signed_in(&world, "alice", "correct-horse-battery").await;
        let page = alice.get(HOME).await;
        let page = alice.press(&page, "sign-in-1", &[]).await;
        assert!(!page.has("tx-code"));
        let offer = offered(&world, &page).await;
        assert!(offer["grants"].get(GRANT).is_none());
        let state = offer["grants"]["authorization_code"]["issuer_state"].as_str().unwrap();
        let flow = world.flow(&wallet).with("scope", "employee").with("issuer_state", state);
        had(&world, flow.tokens().await.access()).await;
        assert!(alice.get(HOME).await.has("revoke-1"));
    }

    /// Nobody gets what is not theirs, and nobody who is not signed in gets anything; another site makes no offers.
    async fn only_what_a_person_may_have_is_offered(world: World) {
        shop(&world).await;
        let staff = Grantable::Group("staff".to_owned());
        let vct = "urn:badge".to_owned();
        let badge = CredentialConfiguration { id: "badge".to_owned(), scope: None, vct, grantable: staff, ..employee(&world) };
        issue(&world, badge).await;
        let posted = world.post(HOME).form(&[("credential", "employee")]).send().await;
        assert!(posted.status != 200 && !posted.body.contains("openid-credential-offer"));
        let mut alice = signed_in(&world, "alice", "correct-horse-battery").await;
        let page = alice.get(HOME).await;
        assert!(page.has("offer-1") && !page.has("offer-2"));
        for wrong in ["badge", "x", ""] {
            let form = page.form("offer-1");
            let answer = alice.send(&page, form, &[("credential", wrong)]).await;
            assert!(answer.says("Your credentials"), "{wrong}: {}", answer.words());
        }
        let forged = alice.cross_site_post(HOME, &[("credential", "employee"), ("way", "code")]).await;
        assert_eq!(forged.answer.status, 403);
        world.join_group("alice", "staff").await;
        assert!(alice.get(HOME).await.has("offer-2"));
        assert_eq!(events(&world).await, Vec::<String>::new());
        realm::resources::issuing::withdraw(world.realm(), "employee", "test").await.unwrap();
        realm::resources::issuing::withdraw(world.realm(), "badge", "test").await.unwrap();
        assert!(alice.get(HOME).await.has("none"));
    }

    /// A session that somebody else got hold of does not fill the database.
    async fn offers_are_limited(world: World) {
        let world = world.limited().await;
        shop(&world).await;
        let mut alice = signed_in(&world, "alice", "correct-horse-battery").await;
        let page = alice.get(HOME).await;
        let mut offers = 0;
        for _ in 0..12 {
            offers += i32::from(alice.press(&page, "offer-1", &[]).await.has("qr"));
        }
        assert_eq!(offers, 10);
        assert!(alice.press(&page, "offer-1", &[]).await.has("later"));
    }
}
