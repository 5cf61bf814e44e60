//! Which issuer an address belongs to: OpenID Connect Discovery 1.0 §2, RFC 7033.

use serde_json::{Value, json};

use crate::harness::{Answer, World};
use crate::on_each_engine;

const ISSUER: &str = "http://openid.net/specs/connect/1.0/issuer";

async fn ask(world: &World, pairs: &[(&str, &str)]) -> Answer {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    let path = format!("/.well-known/webfinger?{query}");
    world.get(&path).send().await
}

on_each_engine! {
    /// §2.1, RFC 7033 §4.4: the issuer of an address, whoever has an account; any script may ask.
    async fn an_address_leads_to_its_issuer(world: World) {
        let host = url::Url::parse(world.issuer()).unwrap().host_str().unwrap().to_owned();
        for resource in [format!("acct:alice@{host}"), format!("acct:nobody@{host}"), format!("{}/alice", world.issuer())] {
            let answer = ask(&world, &[("resource", &resource), ("rel", ISSUER)]).await;
            answer.status(200);
            assert_eq!(answer.header("content-type"), "application/jrd+json");
            assert_eq!(answer.header("access-control-allow-origin"), "*");
            let said = json!({"subject": resource, "links": [{"rel": ISSUER, "href": world.issuer()}]});
            assert_eq!(answer.json(), said);
            let document: Value = world.get("/.well-known/openid-configuration").send().await.json();
            assert_eq!(document["issuer"], said["links"][0]["href"]);
        }
    }

    /// RFC 7033 §4.2, §4.3: no resource is a mistake, one that is not ours is not found, and relations that were not asked for are left out.
    async fn what_is_not_ours_is_not_answered(world: World) {
        let host = url::Url::parse(world.issuer()).unwrap().host_str().unwrap().to_owned();
        let own = format!("acct:alice@{host}");
        for (pairs, status) in [
            (vec![], 400),
            (vec![("resource", "")], 400),
            (vec![("resource", "alice")], 400),
            (vec![("resource", "acct:alice@")], 400),
            (vec![("resource", own.as_str()), ("resource", "acct:alice@evil.example")], 400),
            (vec![("resource", "acct:alice@evil.example")], 404),
            (vec![("resource", "https://evil.example/alice")], 404),
        ] {
            ask(&world, &pairs).await.status(status);
        }
        let several = [("resource", own.as_str()), ("rel", "http://webfinger.net/rel/profile-page"), ("rel", ISSUER)];
        assert_eq!(ask(&world, &several).await.json()["links"].as_array().unwrap().len(), 1);
        assert_eq!(ask(&world, &several[..2]).await.json()["links"], json!([]));
        assert_eq!(ask(&world, &several[..1]).await.json()["links"].as_array().unwrap().len(), 1);
    }
}
