//! Trust marks that a realm gives those right below it.

use oauth::federation::HeldMark;
use realm::{Subordinate, subordinates};
use serde_json::{Value, json};

use super::anchor::{leaf_below, trust};
use super::configuration::configuration;
use super::subordinates::{LEAF, ask, below, put, said};
use crate::harness::{Answer, Federation, World, altered};
use crate::on_each_engine;

const KIND: &str = "https://m.example/good";

async fn find(world: &World, id: &str) -> Subordinate {
    subordinates::find(world.realm(), id)
        .await
        .unwrap()
        .unwrap()
}

async fn grant(world: &World, id: &str, kind: &str, expires_at: Option<i64>) {
    let mut known = find(world, id).await;
    known.grant(HeldMark {
        kind: kind.to_owned(),
        granted_at: world.now(),
        expires_at,
    });
    put(world.realm(), known).await;
}

async fn revoke(world: &World, id: &str, kind: &str) {
    let mut known = find(world, id).await;
    assert!(known.revoke(kind));
    put(world.realm(), known).await;
}

async fn mark(world: &World, id: &str, kind: &str) -> Answer {
    ask(
        world,
        "federation_trust_mark",
        &[("trust_mark_type", kind), ("sub", id)],
    )
    .await
}

async fn asked(world: &World, mark: &str) -> Answer {
    let call = world.post("/federation_trust_mark_status");
    call.form(&[("trust_mark", mark)]).send().await
}

async fn status(world: &World, mark: &str) -> String {
    let answer = asked(world, mark).await;
    let claims = said(world, &answer, "trust-mark-status-response+jwt").await;
    answer.not_stored();
    assert_eq!(
        (&claims["iss"], &claims["trust_mark"], &claims["iat"]),
        (&json!(world.issuer()), &json!(mark), &json!(world.now()))
    );
    claims["status"].as_str().unwrap().to_owned()
}

async fn two_below(world: &World) {
    put(world.realm(), below(LEAF, json!({}))).await;
    put(world.realm(), below("https://other.example", json!({}))).await;
}

on_each_engine! {
    /// §7.1, §8.4, §8.6.
    async fn a_mark_is_given_asked_about_and_taken_back(world: World) {
        world.get("/federation_trust_mark?x").send().await.status(404);
        two_below(&world).await;
        mark(&world, LEAF, KIND).await.refused(404, "not_found");
        grant(&world, LEAF, KIND, Some(world.now() + 1000)).await;
        let given = mark(&world, LEAF, KIND).await;
        let claims = said(&world, &given, "trust-mark+jwt").await;
        let now = world.now();
        assert_eq!(claims, json!({"iss": world.issuer(), "sub": LEAF, "trust_mark_type": KIND, "iat": now, "exp": now + 1000}));
        let first = given.body;
        assert_eq!(status(&world, &first).await, "active");
        mark(&world, "https://other.example", KIND).await.refused(404, "not_found");
        mark(&world, LEAF, "https://m.example/else").await.refused(404, "not_found");
        // One that takes its place is another one.
        world.advance(10);
        grant(&world, LEAF, KIND, Some(world.now() + 1000)).await;
        let second = mark(&world, LEAF, KIND).await.body;
        assert_eq!((status(&world, &first).await.as_str(), status(&world, &second).await.as_str()), ("revoked", "active"));
        revoke(&world, LEAF, KIND).await;
        mark(&world, LEAF, KIND).await.refused(404, "not_found");
        let other = world.beside().await;
        assert_eq!(status(&other, &second).await, "revoked");
        world.advance(1000);
        assert_eq!(status(&world, &second).await, "expired");
        // Who is gone has no marks.
        grant(&world, LEAF, KIND, None).await;
        let third = mark(&world, LEAF, KIND).await.body;
        assert_eq!(status(&world, &third).await, "active");
        subordinates::remove(world.realm(), LEAF, "test").await.unwrap();
        assert_eq!(status(&world, &third).await, "revoked");
    }

    /// §8.4.2: what is not ours is not spoken for.
    async fn only_marks_of_the_realm_have_a_status(world: World) {
        let it = Federation::new(&world).await;
        two_below(&world).await;
        grant(&world, LEAF, KIND, None).await;
        let good = mark(&world, LEAF, KIND).await.body;
        let signature = good.rfind('.').unwrap() + 5;
        assert_eq!(status(&world, &altered(&good, signature)).await, "invalid");
        // Somebody else's key, in our name.
        let claims = json!({"iss": world.issuer(), "sub": LEAF, "trust_mark_type": KIND, "iat": world.now()});
        assert_eq!(status(&world, &it.sign("anchor", "trust-mark+jwt", &claims)).await, "invalid");
        let foreign = json!({"iss": it.id("anchor"), "sub": LEAF, "trust_mark_type": KIND, "iat": world.now()});
        asked(&world, &it.sign("anchor", "trust-mark+jwt", &foreign)).await.refused(404, "not_found");
        // What the realm signs as something else is no mark.
        let statement = ask(&world, "federation_fetch", &[("sub", LEAF)]).await.body;
        for odd in [statement.as_str(), "x", "..", &"x".repeat(20_000)] {
            asked(&world, odd).await.refused(400, "invalid_request");
        }
        world.post("/federation_trust_mark_status").form(&[]).send().await.refused(400, "invalid_request");
        world.get("/federation_trust_mark_status").send().await.status(405);
        // Another tenant knows nothing of it.
        world.add_realm("acme").await;
        let acme = world.node().realm("acme").await.unwrap().unwrap();
        put(&acme, below(LEAF, json!({}))).await;
        let there = world.post("/realms/acme/federation_trust_mark_status").form(&[("trust_mark", &good)]).send().await;
        there.refused(404, "not_found");
    }

    /// §8.5.
    async fn those_who_hold_a_mark_are_listed(world: World) {
        two_below(&world).await;
        grant(&world, LEAF, KIND, Some(world.now() + 100)).await;
        grant(&world, "https://other.example", "https://m.example/else", None).await;
        let list = async |query: &[(&str, &str)]| ask(&world, "federation_trust_mark_list", query).await.status(200).json();
        assert_eq!(list(&[("trust_mark_type", KIND)]).await, json!([LEAF]));
        assert_eq!(list(&[("trust_mark_type", KIND), ("sub", LEAF)]).await, json!([LEAF]));
        assert_eq!(list(&[("trust_mark_type", KIND), ("sub", "https://other.example")]).await, json!([]));
        ask(&world, "federation_trust_mark_list", &[]).await.refused(400, "invalid_request");
        for missing in [vec![], vec![("sub", LEAF)], vec![("trust_mark_type", KIND)]] {
            ask(&world, "federation_trust_mark", &missing).await.refused(400, "invalid_request");
        }
        world.advance(100);
        assert_eq!(list(&[("trust_mark_type", KIND)]).await, json!([]));
        mark(&world, LEAF, KIND).await.refused(404, "not_found");
    }

    /// §3.2, §7.3: marks of an anchor count in its federation, and a resolver hands on those that are good.
    async fn marks_of_a_realm_count_in_its_federation(world: World) {
        let anchor = world.listening().await;
        let it = Federation::new(&world).await;
        trust(&world, world.realm(), anchor.realm()).await;
        leaf_below(&it, anchor.realm(), json!({})).await;
        let leaf = it.id("leaf");
        grant(&anchor, &leaf, KIND, None).await;
        let issuers = configuration(&anchor).await["trust_mark_issuers"].clone();
        assert_eq!(issuers, json!({KIND: [anchor.issuer()]}));
        let info = realm::realms::find(world.node(), world.realm().name()).await.unwrap().unwrap();
        let mut settings = info.settings;
        settings.federation.required_trust_marks = vec![KIND.to_owned()];
        realm::realms::update_settings(world.realm(), settings, info.version, "test").await.unwrap();
        assert!(it.admits().await.unwrap_err().contains("trust mark"));
        let good = mark(&anchor, &leaf, KIND).await.body;
        let shown = |text: &str| json!({"trust_mark_type": KIND, "trust_mark": text});
        let stolen = it.sign("middle", "trust-mark+jwt", &json!({"iss": anchor.issuer(), "sub": leaf, "trust_mark_type": KIND, "iat": world.now()}));
        it.bear("leaf", json!([shown(&stolen), shown(&good)]));
        world.advance(10);
        it.admits().await.unwrap();
        let answer = ask(&anchor, "federation_resolve", &[("sub", &leaf), ("trust_anchor", anchor.issuer())]).await;
        let claims = said(&anchor, &answer, "resolve-response+jwt").await;
        assert_eq!(claims["trust_marks"], json!([shown(&good)]) as Value);
    }
}
