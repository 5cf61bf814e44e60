//! What has ended stays ended: also when the revocations in memory, which live as long as a token may, are gone.

use crate::harness::{ALICE, Browser, Client, Tokens, World};
use crate::on_each_engine;

/// Longer than any revocation is kept in memory; refresh tokens live longer.
const LATER: i64 = 2 * 86_400;

db::statements! {
    LEFT_OF_PERSON = "SELECT (SELECT COUNT(*) FROM refresh_family WHERE realm = 'main' AND person = $1) + (SELECT COUNT(*) FROM consent WHERE realm = 'main' AND person = $1)";
    LIVING_OF_CLIENT = "SELECT (SELECT COUNT(*) FROM refresh_family WHERE realm = 'main' AND client = $1 AND revoked_at IS NULL) + (SELECT COUNT(*) FROM consent WHERE realm = 'main' AND client = $1)";
    WAITING = "SELECT COUNT(*) FROM outbox";
}

on_each_engine! {
    /// Signing out everywhere and disabling end everything for good, whatever is enabled again later.
    async fn what_a_person_lost_does_not_come_back(world: World) {
        let app = notes_app(&world).await;
        let mut browser = world.browser();
        let tokens = notes(&world, &app, &mut browser).await;
        let kept = offline(&world, &app, &mut browser).await;
        let alice = person(&world).await;
        identity::people::sign_out_everywhere(world.realm(), &alice, None).await.unwrap();
        pass(&world).await;
        assert_eq!(count(&world, &LIVING_OF_CLIENT, "app").await, 1, "the consent alone is left");
        for token in [tokens.refresh(), kept.refresh()] {
            app.refresh(token).await.refused(400, "invalid_grant");
        }
        // Who signs in again starts anew, and what is delivered again changes nothing of that.
        let anew = notes(&world, &app, &mut browser).await;
        pass(&world).await;
        let anew = app.refreshed(anew.refresh()).await;
        identity::people::disable(world.realm(), &alice, None).await.unwrap();
        pass(&world).await;
        identity::people::enable(world.realm(), &alice, None).await.unwrap();
        app.refresh(anew.refresh()).await.refused(400, "invalid_grant");
    }

    /// Nothing is kept about a person who was deleted.
    async fn consents_and_grants_of_a_deleted_person_are_deleted(world: World) {
        let app = notes_app(&world).await;
        notes(&world, &app, &mut world.browser()).await;
        let alice = person(&world).await;
        assert_eq!(count(&world, &LEFT_OF_PERSON, &alice).await, 2);
        identity::people::delete(world.realm(), &alice, None).await.unwrap();
        world.advance(60);
        world.sync().await;
        assert_eq!(count(&world, &LEFT_OF_PERSON, &alice).await, 0);
        assert_eq!(world.node().db().row(&WAITING, db::params![]).await.unwrap().unwrap().int(0), 0);
    }

    /// A client identifier may be registered again: what people allowed the old one is nothing to the new one.
    async fn a_client_registered_again_starts_with_nothing(world: World) {
        let app = notes_app(&world).await;
        let mut browser = world.browser();
        let tokens = notes(&world, &app, &mut browser).await;
        let flow = world.flow(&app).with("scope", "notes.read");
        let code = flow.code(&mut browser).await;
        world.advance(1);
        realm::clients::delete(world.realm(), "app", "test").await.unwrap();
        world.advance(1);
        let app = register(&world).await;
        // At once, by comparing times.
        let page = browser.get(&flow.url()).await;
        assert!(page.has("allow"), "{}", page.words());
        flow.redeem(&code).await.refused(400, "invalid_grant");
        app.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
        // What the new one is allowed now lasts.
        let page = flow.go_on(&mut browser, page).await;
        let answer = flow.redeem(&flow.response(&page)["code"]).await;
        let new = Tokens(answer.status(200).json());
        pass(&world).await;
        app.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
        app.refreshed(new.refresh()).await;
        // The new consent, the new grant, and the row of the old one, worth nothing, until it would have ended.
        assert_eq!(count(&world, &LIVING_OF_CLIENT, "app").await, 3);
        world.advance(31 * 24 * 3600);
        world.sync().await;
        assert_eq!(count(&world, &LIVING_OF_CLIENT, "app").await, 1);
    }

    /// A client that was deleted leaves no consent and no grant behind.
    async fn what_a_deleted_client_was_allowed_is_forgotten(world: World) {
        let app = notes_app(&world).await;
        notes(&world, &app, &mut world.browser()).await;
        realm::clients::delete(world.realm(), "app", "test").await.unwrap();
        pass(&world).await;
        assert_eq!(count(&world, &LIVING_OF_CLIENT, "app").await, 0);
    }

    /// A client that was switched off loses its grants for good.
    async fn a_client_switched_on_again_has_no_old_grants(world: World) {
        let app = notes_app(&world).await;
        let tokens = notes(&world, &app, &mut world.browser()).await;
        for disabled in [true, false] {
            let mut client = realm::clients::find(world.realm(), "app").await.unwrap().unwrap();
            client.disabled = disabled;
            let change = realm::clients::SecretChange::Keep;
            realm::clients::update(world.realm(), client, change, "test").await.unwrap();
            pass(&world).await;
        }
        app.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
    }
}

/// What happens after a commit happens, and the memory of revocations fades.
async fn pass(world: &World) {
    world.sync().await;
    world.advance(60);
    world.sync().await;
    world.advance(LATER);
    world.sync().await;
}

async fn notes_app(world: &World) -> Client {
    world.notes().await;
    world.person(ALICE.0, ALICE.1).await;
    register(world).await
}

async fn register(world: &World) -> Client {
    let scope = "openid offline_access notes.read";
    world.client("app").scope(scope).create().await
}

/// Tokens that end with the session.
async fn notes(world: &World, app: &Client, browser: &mut Browser) -> Tokens {
    world
        .flow(app)
        .with("scope", "notes.read")
        .tokens_in(browser)
        .await
}

/// Tokens that outlive it.
async fn offline(world: &World, app: &Client, browser: &mut Browser) -> Tokens {
    let flow = world.flow(app).with("scope", "notes.read offline_access");
    flow.with("prompt", "consent").tokens_in(browser).await
}

async fn person(world: &World) -> String {
    let found = identity::people::find_by_username(world.realm(), ALICE.0).await;
    found.unwrap().unwrap().id
}

async fn count(world: &World, stmt: &'static db::Stmt, id: &str) -> i64 {
    let row = world.node().db().row(stmt, db::params![id]).await;
    row.unwrap().unwrap().int(0)
}
