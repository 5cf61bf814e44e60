//! What becomes of accounts and credentials (CAEP 1.0 §3.2, §3.3; RISC 1.0 §2.7, §2.10).

use identity::Details;
use identity::people::{self, Person, Sessions};

use super::*;

pub const TOKEN_CLAIMS_CHANGE: &str =
    "https://schemas.openid.net/secevent/caep/event-type/token-claims-change";
pub const CREDENTIAL_COMPROMISE: &str =
    "https://schemas.openid.net/secevent/risc/event-type/credential-compromise";
pub const RECOVERY_INFORMATION_CHANGED: &str =
    "https://schemas.openid.net/secevent/risc/event-type/recovery-information-changed";

/// An operator changes what is said of alice.
async fn change(world: &World, change: impl FnOnce(&mut Details)) {
    let found = people::find_by_username(world.realm(), ALICE.0).await;
    let person: Person = found.unwrap().unwrap();
    let mut details = Details::from(&person);
    change(&mut details);
    let (id, version) = (&person.id, person.version);
    people::update(world.realm(), id, version, details, Some("test"))
        .await
        .unwrap();
    settle(world).await;
}

/// What is said of claims that changed, if anything.
fn claims(events: &[Value]) -> Option<Value> {
    let mut found = events
        .iter()
        .filter(|event| kind(event) == TOKEN_CLAIMS_CHANGE);
    found
        .next()
        .map(|event| event["events"][TOKEN_CLAIMS_CHANGE]["claims"].clone())
}

on_each_engine! {
    /// CAEP §3.2: a receiver hears the new values of the claims that its scopes give it, and of no others.
    async fn claims_that_change_are_told_to_who_may_know_them(world: World) {
        let nothing = begin(&world).await;
        let all = listener(&world, "all", "ssf.manage profile email").await;
        let mail = listener(&world, "mail", "ssf.manage email").await;
        let [a, m, n] = [all.polled().await, mail.polled().await, nothing.polled().await];
        change(&world, |details| {
            details.display_name = "Alice of Elsewhere".to_owned();
            details.email = Some("elsewhere@example.com".to_owned());
            details.groups = vec!["travellers".to_owned()];
            details.profile.nickname = Some("Al".to_owned());
            details.profile.phone_number = Some("+44 20 7946 0000".to_owned());
        }).await;
        let events = all.poll(&a).await;
        let said = events.iter().find(|event| kind(event) == TOKEN_CLAIMS_CHANGE).unwrap();
        assert_eq!(said["events"][TOKEN_CLAIMS_CHANGE], json!({
            "claims": {"name": "Alice of Elsewhere", "nickname": "Al", "email": "elsewhere@example.com"},
            "event_timestamp": world.now(), "initiating_entity": "admin",
        }));
        assert_eq!(said["sub_id"]["sub"], json!(alice(&world).await));
        assert_eq!(claims(&mail.poll(&m).await), Some(json!({"email": "elsewhere@example.com"})));
        let events = nothing.poll(&n).await;
        assert_eq!(kinds(&events), [RECOVERY_INFORMATION_CHANGED]);
        assert!(!json!(events).to_string().contains("elsewhere"));
        change(&world, |details| details.profile.nickname = None).await;
        let events = all.poll(&a).await;
        assert_eq!((claims(&events), events.len()), (Some(json!({"nickname": null})), 1));
        assert!(mail.poll(&m).await.is_empty());
        change(&world, |details| details.groups.clear()).await;
        change(&world, |_| ()).await;
        assert!(all.poll(&a).await.is_empty(), "nothing that tokens say");
    }

    /// RISC §2.5, §2.10: another user name, address or telephone number is told without it, as the account's, by who has no authority over it.
    async fn another_name_or_address_is_told_without_it(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        let person = alice(&world).await;
        change(&world, |details| details.profile.phone_number = Some("+44 20 7946 0000".to_owned())).await;
        change(&world, |details| details.email = None).await;
        let events = listener.poll(&id).await;
        assert_eq!(kinds(&events), [RECOVERY_INFORMATION_CHANGED; 2]);
        for event in events {
            assert_eq!(event["events"], json!({RECOVERY_INFORMATION_CHANGED: {}}));
            assert_eq!(event["sub_id"], json!({"format": "iss_sub", "iss": world.issuer(), "sub": person}));
        }
        change(&world, |details| details.display_name = "Somebody".to_owned()).await;
        assert!(listener.poll(&id).await.is_empty());
    }

    /// CAEP §3.3.1: the first password is created, others are updates.
    async fn the_first_password_is_created(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        let details = Details { username: "carol".to_owned(), ..Details::default() };
        let carol = people::create(world.realm(), details, None, None).await.unwrap();
        let pool = identity::Identity::new(identity::Options::for_tests(), world.node().ambient());
        for wanted in ["create", "update"] {
            let hash = pool.hash_password("carol", "a-long-password-of-carol".into()).await.unwrap();
            people::set_password(world.realm(), &carol.id, hash, Sessions::Keep, None).await.unwrap();
            settle(&world).await;
            assert_eq!(listener.poll(&id).await[0]["events"], json!({CREDENTIAL_CHANGE: {
                "credential_type": "password", "change_type": wanted, "event_timestamp": world.now(), "initiating_entity": "user",
            }}));
        }
    }

    /// RISC §2.7: an old refresh token that comes back has been copied. Told once, however often it comes.
    async fn a_copied_refresh_token_is_told_once(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        let app = world.client("app").trusted().scope("openid offline_access").create().await;
        let tokens = world.flow(&app).with("scope", "openid offline_access").tokens().await;
        world.advance(120);
        let second = app.refreshed(tokens.refresh()).await;
        settle(&world).await;
        assert!(listener.poll(&id).await.is_empty());
        world.advance(120);
        for _ in 0..2 {
            app.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
            app.refresh(second.refresh()).await.refused(400, "invalid_grant");
        }
        settle(&world).await;
        let events = listener.poll(&id).await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["events"], json!({CREDENTIAL_COMPROMISE: {
            "credential_type": "refresh-token", "event_timestamp": world.now(),
            "reason_admin": {"en": "An old refresh token came back, so that its grant was revoked"},
        }}));
        assert_eq!(events[0]["sub_id"]["sub"], json!(alice(&world).await));
    }

    /// What happened before a stream was made is none of its events.
    async fn a_stream_carries_nothing_from_before_it_was_made(world: World) {
        let listener = begin(&world).await;
        sign_out_everywhere(&world, &alice(&world).await).await;
        world.advance(1);
        let id = listener.polled().await;
        settle(&world).await;
        assert!(listener.poll(&id).await.is_empty());
        sign_out_everywhere(&world, &alice(&world).await).await;
        settle(&world).await;
        assert_eq!(kinds(&listener.poll(&id).await), [SESSION_REVOKED]);
    }
}
