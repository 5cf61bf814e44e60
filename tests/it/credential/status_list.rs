//! Status lists: draft-ietf-oauth-status-list, read as a verifier reads them.

use std::collections::BTreeSet;

use jose::{Algorithm, Jwk, VerifyingKey, jws};
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use realm::{CredentialConfiguration, Revocable};
use serde_json::{Value, json};
use server::status_list::issued::{self, Change};

use super::{
    ACTOR, by_scope, credentials, employee, events, fetch, fresh, issue, key, read, request, wallet,
};
use crate::harness::{Client, Tokens, World};
use crate::on_each_engine;

/// The credential that can be taken back so, alice, and her wallet.
async fn shop(world: &World, status: Revocable) -> Client {
    issue(
        world,
        CredentialConfiguration {
            status: Some(status),
            ..employee(world)
        },
    )
    .await;
    world.app_with(wallet).await
}

async fn had(world: &World, tokens: &Tokens, count: usize) -> Vec<(String, i64)> {
    let keys: Vec<_> = (0..count).map(|_| key()).collect();
    let mut proofs = Vec::new();
    for key in &keys {
        proofs.push(fresh(world, key).await);
    }
    let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
    let answer = fetch(world, tokens.access(), &request(&proofs)).await;
    let mut all = Vec::new();
    for credential in credentials(&answer) {
        let (_, _, open) = read(world, &credential).await;
        let status = &open["status"]["status_list"];
        all.push((
            status["uri"].as_str().unwrap().to_owned(),
            status["idx"].as_i64().unwrap(),
        ));
    }
    all
}

/// The claims of a list, verified with the published keys (§8.3).
async fn list(world: &World, uri: &str) -> Value {
    let path = uri.strip_prefix(world.issuer()).unwrap();
    let answer = world
        .get(path)
        .header("accept", "application/statuslist+jwt")
        .send()
        .await;
    assert_eq!(
        answer.status(200).header("content-type"),
        "application/statuslist+jwt"
    );
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let peeked = jws::peek(&answer.body).unwrap();
    assert_eq!(peeked.header.typ.as_deref(), Some("statuslist+jwt"));
    let jwks = world.get("/jwks").send().await.json();
    let keys = jwks["keys"].as_array().unwrap();
    let jwk = keys
        .iter()
        .find(|it| it["kid"].as_str() == peeked.header.kid.as_deref());
    let jwk = Jwk::from_value(jwk.unwrap().clone()).unwrap();
    let key = VerifyingKey::from_jwk(&jwk, Algorithm::Es256).unwrap();
    // The key is in the header, too; what counts is that it is one of those that are published.
    assert_eq!(
        peeked.header.jwk.as_ref().map(Jwk::thumbprint),
        Some(jwk.thumbprint())
    );
    let (input, signature) = answer.body.rsplit_once('.').unwrap();
    key.verify(
        input.as_bytes(),
        &jose::base64url::decode(signature).unwrap(),
    )
    .unwrap();
    let claims = Value::Object(peeked.claims().unwrap());
    assert_eq!(claims["sub"], uri);
    let (now, at) = (world.now(), |name: &str| claims[name].as_i64().unwrap());
    assert!(
        at("iat") <= now && now < at("exp") && at("ttl") > 0,
        "{claims}"
    );
    claims
}

fn unpacked(claims: &Value) -> Vec<u8> {
    let packed = claims["status_list"]["lst"].as_str().unwrap();
    let packed = jose::base64url::decode(packed).unwrap();
    decompress_to_vec_zlib_with_limit(&packed, 1 << 20).unwrap()
}

/// What a list says of a place.
fn bit(claims: &Value, index: i64) -> u8 {
    let bits = usize::try_from(claims["status_list"]["bits"].as_u64().unwrap()).unwrap();
    let at = usize::try_from(index).unwrap() * bits;
    unpacked(claims)[at / 8] >> (at % 8) & ((1 << bits) - 1)
}

async fn said(world: &World, (uri, index): &(String, i64)) -> u8 {
    bit(&list(world, uri).await, *index)
}

fn id((uri, index): &(String, i64)) -> String {
    format!("{}.{index}", uri.rsplit('/').next().unwrap())
}

on_each_engine! {
    /// §6.2, §8: each credential says its place, where a verifier finds what became of it, and of no other.
    async fn a_revoked_credential_is_said_to_be_invalid(world: World) {
        let app = shop(&world, Revocable::default()).await;
        let tokens = by_scope(&world, &app).await;
        let all = had(&world, &tokens, 3).await;
        let places: BTreeSet<i64> = all.iter().map(|one| one.1).collect();
        assert_eq!(places.len(), 3, "{places:?}");
        let before = list(&world, &all[0].0).await;
        assert_eq!(before["status_list"]["bits"], 1);
        assert!(all.iter().all(|one| one.0 == all[0].0 && bit(&before, one.1) == 0));
        issued::change(world.realm(), &id(&all[1]), Change::Revoke, ACTOR).await.unwrap();
        // Said again it changes nothing; and it is for good, and cannot be suspended.
        issued::change(world.realm(), &id(&all[1]), Change::Revoke, ACTOR).await.unwrap();
        for how in [Change::Restore, Change::Suspend] {
            assert!(issued::change(world.realm(), &id(&all[1]), how, ACTOR).await.is_err());
        }
        assert!(issued::change(world.realm(), &id(&all[0]), Change::Suspend, ACTOR).await.is_err());
        for unknown in ["", "x", "x.1", "x.-1", "\0.1", &format!("{}1", id(&all[0]))] {
            assert!(issued::change(world.realm(), unknown, Change::Revoke, ACTOR).await.is_err(), "{unknown}");
        }
        world.advance(60);
        let after = list(&world, &all[0].0).await;
        let set: u32 = unpacked(&after).iter().map(|byte| byte.count_ones()).sum();
        assert_eq!((set, bit(&after, all[1].1)), (1, 1));
        assert_eq!(events(&world).await, ["credential.issued", "credential.revoked"]);
    }

    /// §7.1: what can be suspended is restored, until it is revoked.
    async fn a_suspended_credential_is_restored(world: World) {
        let app = shop(&world, Revocable { suspendable: true, with_person: false }).await;
        let tokens = by_scope(&world, &app).await;
        let all = had(&world, &tokens, 2).await;
        for (how, value) in [(Change::Suspend, 2), (Change::Restore, 0), (Change::Suspend, 2), (Change::Revoke, 1)] {
            issued::change(world.realm(), &id(&all[0]), how, ACTOR).await.unwrap();
            world.advance(60);
            assert_eq!((said(&world, &all[0]).await, said(&world, &all[1]).await), (value, 0), "{how:?}");
        }
        let alice = issued::find(world.realm(), &id(&all[0])).await.unwrap().person;
        let changed = issued::change_all(world.realm(), (&alice, Some("employee")), Change::Suspend, ACTOR).await.unwrap();
        let others = issued::change_all(world.realm(), (&alice, Some("other")), Change::Revoke, ACTOR).await.unwrap();
        assert_eq!((changed, others), (1, 0));
        world.advance(60);
        assert_eq!((said(&world, &all[0]).await, said(&world, &all[1]).await), (1, 2));
        let page = issued::list(world.realm(), Some(&alice), "", 1).await.unwrap();
        let rest = issued::list(world.realm(), None, &page[0].id(), 10).await.unwrap();
        let mut named: Vec<String> = page.iter().chain(&rest).map(issued::Issued::id).collect();
        let mut known: Vec<String> = all.iter().map(id).collect();
        named.sort();
        known.sort();
        assert_eq!(named, known);
    }

    /// What the kind says ends with the account, does; who only signs out keeps everything.
    async fn what_ends_with_the_account_is_revoked_with_it(world: World) {
        let app = shop(&world, Revocable { suspendable: false, with_person: true }).await;
        let tokens = by_scope(&world, &app).await;
        let [one] = had(&world, &tokens, 1).await.try_into().unwrap();
        let alice = issued::find(world.realm(), &id(&one)).await.unwrap().person;
        identity::people::sign_out_everywhere(world.realm(), &alice, None).await.unwrap();
        world.sync().await;
        world.advance(60);
        assert_eq!(said(&world, &one).await, 0);
        world.disable("alice").await;
        world.sync().await;
        world.advance(60);
        assert_eq!(said(&world, &one).await, 1);
        let body = request(&[&fresh(&world, &key()).await]);
        fetch(&world, tokens.access(), &body).await.refused(401, "invalid_token");
    }

    /// The same when the account is deleted; and what does not end with it stays.
    async fn what_does_not_end_with_the_account_stays(world: World) {
        let app = shop(&world, Revocable::default()).await;
        let tokens = by_scope(&world, &app).await;
        let [stays] = had(&world, &tokens, 1).await.try_into().unwrap();
        let with_person = Some(Revocable { suspendable: false, with_person: true });
        let kind = CredentialConfiguration { status: with_person, ..employee(&world) };
        realm::resources::issuing::change(world.realm(), kind, ACTOR).await.unwrap();
        let [ends] = had(&world, &tokens, 1).await.try_into().unwrap();
        let alice = issued::find(world.realm(), &id(&ends)).await.unwrap().person;
        identity::people::delete(world.realm(), &alice, None).await.unwrap();
        world.sync().await;
        world.advance(60);
        assert_eq!((said(&world, &stays).await, said(&world, &ends).await), (0, 1));
    }

    /// What another node revoked a moment ago, of which this one has not heard yet, gets no credential that nobody would take back.
    async fn a_grant_that_another_node_ended_gets_no_place(world: World) {
        let app = shop(&world, Revocable::default()).await;
        let tokens = by_scope(&world, &app).await;
        let there = world.beside().await;
        assert_eq!(had(&there, &tokens, 1).await.len(), 1);
        let body = request(&[&fresh(&there, &key()).await]);
        let alice = identity::people::find_by_username(world.realm(), "alice").await.unwrap().unwrap();
        identity::people::sign_out_everywhere(world.realm(), &alice.id, None).await.unwrap();
        let answer = fetch(&there, tokens.access(), &body).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (503, "temporarily_unavailable"));
        assert_eq!(issued::list(world.realm(), None, "", 10).await.unwrap().len(), 1);
        there.sync().await;
        fetch(&there, tokens.access(), &body).await.refused(401, "invalid_token");
    }

    /// §8.1, §9: what is there for everybody, and for how long; of another realm nothing.
    async fn lists_are_named_where_the_metadata_say(world: World) {
        let discover = async || world.get("/.well-known/openid-configuration").send().await.json();
        issue(&world, employee(&world)).await;
        assert_eq!(discover().await.get("status_list_aggregation_endpoint"), None);
        realm::resources::issuing::withdraw(world.realm(), "employee", ACTOR).await.unwrap();
        let app = shop(&world, Revocable::default()).await;
        let named = discover().await["status_list_aggregation_endpoint"].as_str().unwrap().to_owned();
        let path = named.strip_prefix(world.issuer()).unwrap().to_owned();
        let lists = async || world.get(&path).send().await.status(200).json();
        assert_eq!(lists().await, json!({"status_lists": []}));
        let tokens = by_scope(&world, &app).await;
        let [one] = had(&world, &tokens, 1).await.try_into().unwrap();
        assert_eq!(lists().await, json!({"status_lists": [one.0]}));
        assert_eq!(list(&world, &one.0).await["status_list"]["aggregation_uri"], named);
        let at = one.0.strip_prefix(world.issuer()).unwrap().to_owned();
        let answer = world.get(&at).send().await;
        world.get(&at).header("if-none-match", answer.header("etag")).send().await.status(304);
        world.get(&format!("{at}?time=1")).send().await.status(501);
        for wrong in ["/status_list/x", "/status_list/%00", "/status_list/019a0000-0000-7000-8000-000000000000"] {
            world.get(wrong).send().await.status(404);
        }
        let other = world.another("https://other.example").await;
        other.get(&at).send().await.status(404);
        // Until it has expired, and no longer; the list as long as it may get others.
        world.advance(15 * 86_400);
        world.sync().await;
        assert!(issued::find(world.realm(), &id(&one)).await.is_err());
        world.get(&at).send().await.status(200);
        world.advance(90 * 86_400);
        world.sync().await;
        world.get(&at).send().await.status(404);
    }

    /// §12: however many ask at once, no two get one place; and the order says nothing.
    async fn of_many_at_once_none_get_the_same_place(world: World) {
        let app = shop(&world, Revocable::default()).await;
        let tokens = by_scope(&world, &app).await;
        let mut bodies = Vec::new();
        for _ in 0..12 {
            let (one, other) = (fresh(&world, &key()).await, fresh(&world, &key()).await);
            bodies.push(request(&[&one, &other]));
        }
        let mut running = tokio::task::JoinSet::new();
        for body in bodies {
            let (world, token) = (world.clone(), tokens.access().to_owned());
            running.spawn(async move { fetch(&world, &token, &body).await });
        }
        let mut places = Vec::new();
        for answer in running.join_all().await {
            for credential in credentials(&answer) {
                let (_, _, open) = read(&world, &credential).await;
                let status = open["status"]["status_list"].clone();
                places.push((status["uri"].to_string(), status["idx"].as_i64().unwrap()));
            }
        }
        let distinct: BTreeSet<_> = places.iter().cloned().collect();
        assert_eq!((places.len(), distinct.len()), (24, 24));
        let mut sorted = places.clone();
        sorted.sort();
        assert_ne!(places, sorted);
    }
}
