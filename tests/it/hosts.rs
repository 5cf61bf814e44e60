//! Realms that have a host for themselves.

use identity::{Details, Identity, Options, people};
use serde_json::Value;

use crate::harness::{ALICE, Answer, World};
use crate::on_each_engine;

const ACME: &str = "https://login.acme.example";
const HOST: &str = "login.acme.example";
/// The verifier of every flow.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A world whose realm `acme` has a host for itself, beside the realm `below` that has none.
async fn world(world: &World) -> World {
    let world = world.another("https://id.example").await;
    let settings = realm::Settings::default();
    realm::realms::create(world.node(), "acme", Some(ACME), settings, "test")
        .await
        .expect("a realm");
    world.add_realm("below").await;
    world
}

async fn ask(world: &World, host: &str, path: &str) -> Answer {
    world.get(path).host(host).send().await
}

async fn json(world: &World, host: &str, path: &str) -> Value {
    let answer = ask(world, host, path).await;
    assert_eq!(answer.status, 200, "{host}{path}");
    answer.json()
}

async fn status(world: &World, host: &str, path: &str) -> u16 {
    ask(world, host, path).await.status
}

async fn issuer_at(world: &World, host: &str) -> Value {
    json(world, host, "/.well-known/openid-configuration").await["issuer"].clone()
}

on_each_engine! {
    /// OpenID Connect Discovery §4, RFC 8414 §3: everything is at the root of the realm's own origin.
    async fn a_realm_with_a_host_is_at_its_root(first: World) {
        let world = world(&first).await;
        for document in ["openid-configuration", "oauth-authorization-server"] {
            let path = format!("/.well-known/{document}");
            let metadata = json(&world, HOST, &path).await;
            assert_eq!(metadata["issuer"], ACME);
            assert_eq!(metadata["token_endpoint"], format!("{ACME}/token"));
            assert_eq!(metadata["jwks_uri"], format!("{ACME}/jwks"));
        }
        let own = json(&world, HOST, "/jwks").await;
        let others = json(&world, "id.example", "/jwks").await;
        assert_ne!(own, others);
    }

    /// RFC 6265 §4.1.2: the session's cookie is its host's alone, and only that origin's pages may ask for one.
    async fn a_person_signs_in_at_the_host_of_their_realm(first: World) {
        let world = world(&first).await;
        let acme = world.node().realm("acme").await.unwrap().unwrap();
        let identity = Identity::new(Options::for_tests(), world.node().ambient());
        let hash = identity.hash_password(ALICE.0, ALICE.1.into()).await.unwrap();
        let details = Details { username: ALICE.0.to_owned(), ..Details::default() };
        people::create(&acme, details, Some(hash), None).await.unwrap();
        let fields = [("username", ALICE.0), ("password", ALICE.1)];
        let sign_in = |host: &str, origin: &str| world.post("/login").host(host).header("origin", origin).form(&fields).send();
        let done = sign_in(HOST, ACME).await;
        assert_eq!(done.status, 303, "{}", done.body);
        let cookie = done.header("set-cookie");
        assert!(cookie.starts_with("__Host-grantor-acme="), "{cookie}");
        assert!(cookie.contains("; Path=/;") && cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");
        assert_eq!(sign_in(HOST, "https://id.example").await.status, 403);
        assert_eq!(sign_in("id.example", ACME).await.status, 403);
        // Nobody of that name is known to the first realm.
        assert_eq!(sign_in("id.example", "https://id.example").await.status, 422);
    }

    /// The same issuer is never at two addresses, and no other one at its host: the documents would name another than they were asked of (RFC 8414
    /// §3.3), and tenants would share an origin that is one tenant's own.
    async fn a_realm_with_a_host_is_nowhere_else_and_nobody_else_is_there(first: World) {
        let world = world(&first).await;
        for document in ["", "/.well-known/openid-configuration", "/jwks", "/login", "/token"] {
            let path = format!("/realms/acme{document}");
            assert_eq!(status(&world, "id.example", &path).await, 404, "{path}");
            for name in ["acme", "below", "main"] {
                let path = format!("/realms/{name}{document}");
                assert_eq!(status(&world, HOST, &path).await, 404, "{path}");
            }
        }
        let path = "/.well-known/openid-configuration/realms/below";
        assert_eq!(status(&world, HOST, path).await, 404);
        assert_eq!(status(&world, "id.example", path).await, 200);
        assert_eq!(issuer_at(&world, "id.example").await, "https://id.example");
        assert_eq!(issuer_at(&world, "elsewhere.example").await, "https://id.example");
    }

    /// RFC 9112 §3.2, RFC 9110 §7.2.
    async fn tricks_with_the_host_lead_to_no_other_realm(first: World) {
        let world = world(&first).await;
        for same in ["LOGIN.acme.Example", "login.acme.example:443", "login.acme.example:"] {
            assert_eq!(issuer_at(&world, same).await, ACME, "{same}");
        }
        for other in ["login.acme.example.", "login.acme.example:8443", "xlogin.acme.example", "acme.example", "login.acme.example.evil.example"] {
            assert_eq!(issuer_at(&world, other).await, "https://id.example", "{other}");
        }
        for wrong in ["alice@login.acme.example", "login.acme.example@id.example", "login.acme.example:x", "login.acme.example/x", "a,login.acme.example", ""] {
            assert_eq!(status(&world, wrong, "/jwks").await, 400, "{wrong}");
        }
        for second in [HOST, "id.example"] {
            let twice = world.get("/jwks").host("id.example").header("host", second);
            assert_eq!(twice.send().await.status, 400, "{second}");
        }
        for header in ["x-forwarded-host", "forwarded", "x-host", "x-original-host"] {
            let answer = world.get("/.well-known/openid-configuration").host("id.example").header(header, HOST).send().await;
            assert_eq!(answer.json()["issuer"], "https://id.example", "{header}");
        }
    }

    /// RFC 6749 §4.1.3: a code is redeemed where it was issued.
    async fn a_code_of_one_realm_is_nothing_at_the_host_of_another(first: World) {
        let world = world(&first).await;
        let client = world.app().await;
        let flow = world.flow(&client);
        let code = flow.fresh_code().await;
        let redirect = client.redirect_uri.clone();
        let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &redirect), ("code_verifier", VERIFIER)];
        let secret = client.secret.clone().unwrap();
        let redeem = |host: &str| world.post("/token").host(host).basic(&client.id, &secret).form(&form).send();
        redeem(HOST).await.refused(401, "invalid_client");
        // A client of the same name and secret there changes nothing.
        let document = serde_json::json!({"client_id": client.id, "client_name": "App", "redirect_uris": [redirect]});
        let acme = world.node().realm("acme").await.unwrap().unwrap();
        let twin = serde_json::from_value(document).unwrap();
        let given = realm::clients::Secret::Given(secret.clone());
        realm::clients::create(&acme, twin, given, "test").await.unwrap();
        redeem(HOST).await.refused(400, "invalid_grant");
        assert_eq!(redeem("id.example").await.status, 200);
    }

    /// A cookie that crossed hosts (a browser would not send it) opens no session there.
    async fn a_session_of_one_realm_is_none_at_the_host_of_another(first: World) {
        let world = world(&first).await;
        world.person(ALICE.0, ALICE.1).await;
        let mut browser = world.browser();
        world.sign_in(&mut browser).await;
        let cookies = browser.cookies().iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        assert!(cookies.contains("__Host-grantor-main="), "{cookies}");
        let moved = cookies.replace("grantor-main", "grantor-acme");
        let at = |host: &str, cookie: &str| world.get("/login").host(host).header("cookie", cookie).send();
        assert!(!at("id.example", &cookies).await.body.contains("id=\"password\""));
        for cookie in [&cookies, &moved] {
            assert!(at(HOST, cookie).await.body.contains("id=\"password\""), "{cookie}");
        }
    }

    /// Each node hears of a realm with a host through the change log.
    async fn another_node_finds_the_host_and_loses_it(first: World) {
        let world = first.another("https://id.example").await;
        let beside = world.beside().await;
        let settings = realm::Settings::default();
        assert_eq!(issuer_at(&beside, HOST).await, "https://id.example");
        realm::realms::create(world.node(), "acme", Some(ACME), settings, "test").await.expect("a realm");
        beside.sync().await;
        assert_eq!(issuer_at(&beside, HOST).await, ACME);
        realm::realms::delete(world.node(), "acme", "test").await.expect("it is removed");
        assert_eq!(issuer_at(&world, HOST).await, "https://id.example");
        beside.sync().await;
        assert_eq!(issuer_at(&beside, HOST).await, "https://id.example");
    }

    /// What no request could find is not made.
    async fn an_issuer_must_be_a_host_that_the_first_realm_does_not_have(first: World) {
        let world = world(&first).await;
        for wrong in ["https://id.example", "https://id.example/x", "http://id.example", "https://other.example/x", ACME, "nonsense"] {
            let settings = realm::Settings::default();
            let made = realm::realms::create(world.node(), "wrong", Some(wrong), settings, "test").await;
            assert!(made.is_err(), "{wrong}");
        }
    }
}
