//! Trust marks that clients must have (§7).

use serde_json::{Value, json};

use super::federation;
use crate::harness::{Federation, World};
use crate::on_each_engine;

const KIND: &str = "https://marks.example/library";

/// A mark of `issuer` for the application, with changes.
fn mark(it: &Federation, issuer: &str, changes: &Value) -> String {
    let now = it.world.now();
    let claims = json!({"iss": it.id(issuer), "sub": it.id("leaf"), "trust_mark_type": KIND, "iat": now, "exp": now + 300});
    it.sign(
        issuer,
        "trust-mark+jwt",
        &crate::harness::changed(claims, changes),
    )
}

/// The application shows these marks, and has not been asked for a while.
async fn admits(it: &Federation, marks: &[String]) -> Result<(), String> {
    it.describe(json!({}));
    let usual = jose::jws::peek(&it.statement("leaf", "leaf"))
        .unwrap()
        .claims()
        .unwrap();
    let marks: Vec<Value> = marks
        .iter()
        .map(|mark| json!({"trust_mark_type": KIND, "trust_mark": mark}))
        .collect();
    it.configure("leaf", json!({"authority_hints": usual["authority_hints"], "metadata": usual["metadata"], "trust_marks": marks}));
    it.world.advance(10);
    it.admits().await
}

async fn demanding(world: &World) -> Federation {
    let it = federation(world).await;
    world
        .settings(|settings| settings.federation.required_trust_marks = vec![KIND.to_owned()])
        .await;
    it.add("issuer");
    it.configure("issuer", json!({"authority_hints": [it.id("anchor")]}));
    it.vouch("anchor", "issuer", json!({}));
    let usual = jose::jws::peek(&it.statement("anchor", "anchor"))
        .unwrap()
        .claims()
        .unwrap();
    it.configure("anchor", json!({"metadata": usual["metadata"], "trust_mark_issuers": {KIND: [it.id("issuer"), it.id("anchor")]}}));
    it
}

on_each_engine! {
    /// §7.3.
    async fn a_client_has_the_marks_that_the_realm_requires(world: World) {
        let it = demanding(&world).await;
        assert!(admits(&it, &[]).await.unwrap_err().contains("trust mark"));
        for wrong in [
            mark(&it, "issuer", &json!({"sub": it.id("middle")})),
            mark(&it, "issuer", &json!({"exp": world.now()})),
            mark(&it, "issuer", &json!({"trust_mark_type": "https://marks.example/other"})),
            mark(&it, "issuer", &json!({"iss": it.id("anchor")})),
            mark(&it, "middle", &json!({})),
            mark(&it, "leaf", &json!({})),
            "nonsense".to_owned(),
        ] {
            assert!(admits(&it, std::slice::from_ref(&wrong)).await.is_err(), "{wrong}");
        }
        // What is no mark at all is no statement (§3.5); one that does not count is passed over.
        assert!(admits(&it, &["nonsense".to_owned(), mark(&it, "issuer", &json!({}))]).await.is_err());
        admits(&it, &[mark(&it, "middle", &json!({})), mark(&it, "issuer", &json!({}))]).await.unwrap();
        // The client ends with its mark.
        world.advance(300);
        assert!(it.admits().await.is_err());
        let own = mark(&it, "anchor", &json!({}));
        admits(&it, &[own]).await.unwrap();
    }

    /// An issuer whom the anchor names and nobody vouches for is none.
    async fn the_issuer_of_a_mark_is_trusted_first(world: World) {
        let it = demanding(&world).await;
        it.vouch("anchor", "issuer", json!({"exp": world.now() - 100}));
        assert!(admits(&it, &[mark(&it, "issuer", &json!({}))]).await.is_err());
        it.vouch("anchor", "issuer", json!({}));
        admits(&it, &[mark(&it, "issuer", &json!({}))]).await.unwrap();
    }
}
