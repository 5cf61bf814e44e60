//! The webhook that a realm names rings when somebody is asked (RFC 8417, RFC 8935).

use super::*;
use crate::harness::Receiver;

async fn ring_at(world: &World, url: &str) -> Result<(), realm::Error> {
    let info = realm::realms::find(world.node(), world.realm().name()).await?;
    let info = info.unwrap();
    let settings = realm::Settings {
        approval_webhook: url.to_owned(),
        ..info.settings
    };
    realm::realms::update_settings(world.realm(), settings, info.version, "test")
        .await
        .map(drop)
}

on_each_engine! {
    /// Once for each request, signed with the realm's key, without anything that could be used to answer it.
    async fn the_webhook_of_the_realm_rings(world: World) {
        let receiver = Receiver::new().await;
        let agent = agent(&world).await;
        ask_alice(&agent, "openid").await;
        world.sync().await;
        assert!(receiver.heard().is_empty(), "there is no webhook yet");
        ring_at(&world, &receiver.url).await.unwrap();
        receiver.answers(&[500, 202]);
        let form = [("scope", "openid notes.read"), ("login_hint", ALICE.0), ("binding_message", "blue 7")];
        let request = ask(&agent, &form).await;
        for _ in 0..3 {
            world.sync().await;
            world.advance(5);
        }
        let heard = receiver.heard();
        assert_eq!(heard.len(), 2, "again after a failure, and then no more");
        assert_eq!((heard[1].content_type.as_str(), heard[1].authorization.as_str()), ("application/secevent+jwt", ""));
        let [first, second] = [world.claims(&heard[0].body).await, world.claims(&heard[1].body).await];
        assert_eq!(first["jti"], second["jti"]);
        let alice = identity::people::find_by_username(world.realm(), ALICE.0).await.unwrap().unwrap();
        assert_eq!(second["aud"], json!(receiver.url));
        assert_eq!(second["sub_id"], json!({"format": "iss_sub", "iss": world.issuer(), "sub": alice.id}));
        let told = &second["events"]["urn:grantor:event:approval-requested"];
        assert_eq!((&told["client_id"], &told["client_name"]), (&json!("agent"), &json!("The app agent")));
        assert_eq!((&told["binding_message"], &told["scope"]), (&json!("blue 7"), &json!("openid notes.read")));
        assert_eq!(told["url"], json!(format!("{}/account/approvals", world.issuer())));
        assert!(!second.to_string().contains(&request));
        poll(&agent, &request).await.refused(400, "authorization_pending");
    }

    /// RFC 9396: a device that rings for one act says which.
    async fn the_webhook_tells_of_the_act(world: World) {
        let receiver = Receiver::new().await;
        let agent = demands::payer(&world).await;
        ring_at(&world, &receiver.url).await.unwrap();
        let act = json!([{"type": "payment", "amount": "10.00", "payee": "Bo"}]);
        demands::ask_for(&agent, &act).await.status(200);
        world.sync().await;
        let told = world.claims(&receiver.heard()[0].body).await;
        assert_eq!(told["events"]["urn:grantor:event:approval-requested"]["authorization_details"], act);
    }

    /// It is signed by the algorithm that the realm is set to sign with.
    async fn the_webhook_gets_what_the_realm_signs_with(world: World) {
        let receiver = Receiver::new().await;
        let agent = agent(&world).await;
        ring_at(&world, &receiver.url).await.unwrap();
        world.settings(|settings| settings.signing_alg = jose::Algorithm::MlDsa65).await;
        ask_alice(&agent, "openid").await;
        world.sync().await;
        let heard = receiver.heard();
        assert_eq!(world.verified(&heard[0].body).await.0, jose::Algorithm::MlDsa65);
    }

    /// Nobody is rung for what was answered or has expired by then.
    async fn nobody_is_rung_too_late(world: World) {
        let receiver = Receiver::new().await;
        let agent = agent(&world).await;
        ring_at(&world, &receiver.url).await.unwrap();
        ask_alice(&agent, "openid").await;
        deny(&world).await;
        world.sync().await;
        receiver.answers(&[500]);
        ask_alice(&agent, "openid").await;
        world.sync().await;
        assert_eq!(receiver.heard().len(), 1);
        world.advance(300);
        world.sync().await;
        assert!(receiver.heard().is_empty());
    }

    /// An address that cannot be one is not set, and one inside is not called.
    async fn the_webhook_is_an_address_outside(world: World) {
        for bad in ["http://a.example/", "ftp://a.example", "x", "https://user:pw@a.example/", "javascript:alert(1)"] {
            assert!(ring_at(&world, bad).await.is_err(), "{bad}");
        }
        let receiver = Receiver::new().await;
        let world = world.limited().await;
        let agent = agent(&world).await;
        ring_at(&world, &receiver.url).await.unwrap();
        ask_alice(&agent, "openid").await;
        world.sync().await;
        assert!(receiver.heard().is_empty());
    }
}
