//! Who should not, tries.

use super::*;
use crate::harness::authority;

db::statements! {
    FILL = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10050)
        INSERT INTO signal (realm, stream, jti, control, claims, at, expires_at)
        SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), 'old' || i, 0, '{}', 1, CAST($3 AS BIGINT) FROM n";
}

async fn change(world: &World, id: &str, change: impl FnOnce(&mut realm::Client)) {
    let mut client = realm::clients::find(world.realm(), id)
        .await
        .unwrap()
        .unwrap();
    change(&mut client);
    let keep = realm::clients::SecretChange::Keep;
    realm::clients::update(world.realm(), client, keep, "test")
        .await
        .unwrap();
}

/// Every request about a stream, as another one might try it.
async fn every_request(listener: &Listener, id: &str) -> Vec<(u16, String)> {
    let mut statuses = Vec::new();
    let stream = json!({"stream_id": id, "description": "mine now"});
    let subject = json!({"stream_id": id, "subject": {"format": "opaque", "id": "x"}});
    for (method, path, body) in [
        ("GET", format!("/ssf/streams?stream_id={id}"), Value::Null),
        ("PATCH", "/ssf/streams".to_owned(), stream.clone()),
        ("PUT", "/ssf/streams".to_owned(), stream),
        ("GET", format!("/ssf/status?stream_id={id}"), Value::Null),
        (
            "POST",
            "/ssf/status".to_owned(),
            json!({"stream_id": id, "status": "disabled"}),
        ),
        ("POST", "/ssf/subjects/add".to_owned(), subject.clone()),
        ("POST", "/ssf/subjects/remove".to_owned(), subject),
        (
            "POST",
            "/ssf/verify".to_owned(),
            json!({"stream_id": id, "state": "x"}),
        ),
        (
            "POST",
            format!("/ssf/streams/{id}/poll"),
            json!({"returnImmediately": true}),
        ),
        (
            "DELETE",
            format!("/ssf/streams?stream_id={id}"),
            Value::Null,
        ),
    ] {
        let answer = listener.ask(method, &path, body).await;
        statuses.push((answer.status, answer.body));
    }
    statuses
}

on_each_engine! {
    /// A stream of another receiver is as unknown as one that is not there.
    async fn a_foreign_stream_is_unknown(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        let other = self::listener(&world, "other", "ssf.manage").await;
        let foreign = every_request(&other, &id).await;
        assert!(foreign.iter().all(|(status, _)| *status == 404), "{foreign:?}");
        assert_eq!(foreign, every_request(&other, "0").await);
        assert_eq!(other.ask("GET", "/ssf/streams", Value::Null).await.json(), json!([]));
        let own = every_request(&listener, &id).await;
        assert!(own.iter().all(|(status, _)| (200..300).contains(status) || *status == 400), "{own:?}");
    }

    /// Tokens without the scope, for another API, of a person, of another realm, revoked, expired, or of a disabled client.
    async fn who_may_not_gets_nothing(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        world.notes().await;
        let reads = of(&world, listener.client.clone(), "ssf.read").await;
        reads.ask("GET", "/ssf/streams", Value::Null).await.status(200);
        reads.poll_with(&id, json!({"returnImmediately": true})).await.status(200);
        reads.verify(&id, "x").await.status(204);
        let answer = reads.status(&id, "paused").await;
        answer.refused(403, "insufficient_scope");
        assert!(answer.header("www-authenticate").contains("ssf.manage"));
        reads.post("/ssf/streams", json!({})).await.refused(403, "insufficient_scope");
        let service = world.client("service").grants(&["client_credentials"]).redirects(&[]).scope("notes.read").create().await;
        let wrong = of(&world, service, "notes.read").await;
        wrong.ask("GET", "/ssf/streams", Value::Null).await.refused(401, "invalid_token");
        let app = world.client("app").trusted().scope("openid ssf.manage").create().await;
        let tokens = world.flow(&app).with("scope", "ssf.manage").tokens().await;
        let person = Listener { world: world.clone(), client: app, token: tokens.access().to_owned() };
        person.ask("GET", "/ssf/streams", Value::Null).await.refused(401, "invalid_token");
        for token in ["x", "invalid:1", "a.b.c"] {
            world.get("/ssf/streams").bearer(token).send().await.refused(401, "invalid_token");
        }
        let bare = world.get("/ssf/streams").send().await;
        bare.status(401);
        assert!(!bare.header("www-authenticate").is_empty());
        listener.client.revoke(&listener.token).await.status(200);
        listener.ask("GET", "/ssf/streams", Value::Null).await.refused(401, "invalid_token");
        world.advance(301);
        reads.ask("GET", "/ssf/streams", Value::Null).await.refused(401, "invalid_token");
    }

    /// Whoever is not to receive signals any more, because the operator took the scope away or switched the client off, is neither pushed nor told anything.
    async fn who_may_not_any_more_hears_nothing(world: World) {
        let (mut listener, receiver) = (begin(&world).await, Receiver::new().await);
        let pushed = listener.pushed(&receiver.url).await;
        let polled = listener.polled().await;
        let person = alice(&world).await;
        let scope = "ssf.read ssf.manage".parse::<oauth::Scope>().unwrap();
        for way in ["scope", "disabled"] {
            // What waits by then, too.
            listener.status(&pushed, "paused").await.status(200);
            sign_out_everywhere(&world, &person).await;
            settle(&world).await;
            listener.status(&pushed, "enabled").await.status(200);
            change(&world, "receiver", |client| match way {
                "scope" => client.scope = "email".parse().unwrap(),
                _ => client.disabled = true,
            }).await;
            sign_out_everywhere(&world, &person).await;
            settle(&world).await;
            assert!(receiver.heard().is_empty(), "{way}");
            if way == "disabled" {
                listener.ask("GET", "/ssf/streams", Value::Null).await.refused(401, "invalid_token");
            }
            change(&world, "receiver", |client| {
                client.scope.clone_from(&scope);
                client.disabled = false;
            }).await;
            // The tokens of a client that is switched off go with it.
            world.advance(1);
            listener = of(&world, listener.client.clone(), "ssf.manage").await;
            assert_eq!(listener.poll(&polled).await.len(), 1, "{way}: what was before");
            sign_out_everywhere(&world, &person).await;
            settle(&world).await;
            assert_eq!(receiver.heard().len(), 2, "{way}: what was before, and what is now");
            assert_eq!(listener.poll(&polled).await.len(), 1, "{way}");
        }
    }

    /// Events without end, and nobody who fetches them: the oldest make way.
    async fn no_more_events_are_kept_than_may_wait(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        let mut batch = db::Batch::new();
        batch.run(&FILL, db::params![world.realm().name(), &id, world.now() + 1000]);
        world.realm().db().commit(batch).await.unwrap();
        sign_out_everywhere(&world, &alice(&world).await).await;
        settle(&world).await;
        let found = server::shared_signals::find(world.realm(), &id).await.unwrap();
        assert_eq!(found.unwrap().1, 10_000);
    }

    /// A token of one realm is nothing in another, nor is a stream of it.
    async fn another_realm_is_another_transmitter(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        let issuer = world.add_realm("acme").await;
        let realm = world.node().realm("acme").await.unwrap().unwrap();
        let resource = json!({"id": format!("{issuer}/ssf"), "name": "x", "scopes": [{"name": "ssf.manage", "description": "x"}]});
        realm::resources::create(&realm, serde_json::from_value(resource).unwrap(), "test").await.unwrap();
        let at = |path: &str| world.get(&format!("/realms/acme{path}")).bearer(&listener.token);
        at("/ssf/streams").send().await.refused(401, "invalid_token");
        at(&format!("/ssf/streams?stream_id={id}")).send().await.refused(401, "invalid_token");
        // Whoever is of the same name there is somebody else.
        let details = identity::Details { username: ALICE.0.to_owned(), ..identity::Details::default() };
        let other = identity::people::create(&realm, details, None, None).await.unwrap();
        identity::people::sign_out_everywhere(&realm, &other.id, None).await.unwrap();
        settle(&world).await;
        assert!(listener.poll(&id).await.is_empty());
    }

    /// Calls into our own network, with credentials, without TLS, or by a redirect are not made.
    async fn the_address_of_a_receiver_is_no_weapon(world: World) {
        let listener = begin(&world).await;
        for url in [
            "http://wiki.example/events", "https://10.0.0.1/x", "https://169.254.169.254/latest", "https://user:pw@wiki.example/",
            "ftp://wiki.example/", "file:///etc/passwd", "https://[fd00::1]/", "https://0x0a000001/", "nothing", "",
        ] {
            let delivery = json!({"method": PUSH, "endpoint_url": url});
            let answer = listener.post("/ssf/streams", json!({"delivery": delivery})).await;
            assert_eq!(answer.status, 400, "{url}");
        }
        let (receiver, elsewhere) = (Receiver::new().await, Receiver::new().await);
        let id = listener.pushed(&receiver.url).await;
        receiver.answers(&[307]);
        listener.verify(&id, "x").await.status(204);
        settle(&world).await;
        assert_eq!((receiver.heard().len(), elsewhere.heard().len()), (1, 0), "no redirect is followed");
    }

    /// So many streams, so many at a time, and never two in one place.
    async fn nobody_makes_streams_without_end(world: World) {
        let listener = begin(&world).await;
        let attempt = || listener.post("/ssf/streams", json!({}));
        let (a, b, c, d) = tokio::join!(attempt(), attempt(), attempt(), attempt());
        let attempts = [a, b, c, d];
        let made = attempts.iter().filter(|answer| answer.status == 201).count();
        assert!(made >= 1 && attempts.iter().all(|answer| [201, 409].contains(&answer.status)));
        while listener.post("/ssf/streams", json!({})).await.status == 201 {}
        let all = listener.ask("GET", "/ssf/streams", Value::Null).await.json();
        assert_eq!(all.as_array().unwrap().len(), 4);
        listener.post("/ssf/streams", json!({})).await.status(409);
    }

    /// What a receiver may ask in a minute is bounded.
    async fn floods_are_bounded(world: World) {
        let rate = server::RequestRate { count: 3, seconds: 60 };
        let rates = server::RequestRates { shared_signals: Some(rate), ..server::RequestRates::none() };
        let world = world.rated(rates).await;
        let listener = begin(&world).await;
        for _ in 0..3 {
            listener.ask("GET", "/ssf/streams", Value::Null).await.status(200);
        }
        let refused = listener.ask("GET", "/ssf/streams", Value::Null).await;
        refused.status(429);
        assert!(!refused.header("retry-after").is_empty());
        let other = self::listener(&world, "other", "ssf.manage").await;
        other.ask("GET", "/ssf/streams", Value::Null).await.status(200);
    }

    /// RFC 8705 §3: a token that is bound to a certificate is worth nothing without it.
    async fn a_bound_token_needs_its_certificate(world: World) {
        transmitter(&world).await;
        let client = world.client("bound").grants(&["client_credentials"]).redirects(&[]).scope("ssf.manage");
        let client = client.set("tls_client_certificate_bound_access_tokens", json!(true)).create().await;
        let (der, _) = authority::identity();
        let form = [("grant_type", "client_credentials"), ("scope", "ssf.manage")];
        let call = world.post("/token").form(&form).basic(&client.id, client.secret.as_ref().unwrap());
        let token = call.certificate(&der).send().await.text("access_token");
        world.get("/ssf/streams").bearer(&token).send().await.refused(401, "invalid_token");
        world.get("/ssf/streams").bearer(&token).certificate(&der).send().await.status(200);
    }

    /// RFC 9449 §7: one that is bound to a key needs a proof for this very request, once.
    async fn a_bound_token_needs_a_proof_for_the_request(world: World) {
        transmitter(&world).await;
        let client = world.client("bound").grants(&["client_credentials"]).redirects(&[]).scope("ssf.manage");
        let client = client.default_scope("ssf.manage").create().await;
        let key = crate::dpop::Key::new();
        let token = crate::dpop::own(&world, &client, &[&key.proof(&world)]).await.text("access_token");
        let proof = |method: &str, path: &str| {
            let htu = format!("{}{path}", world.issuer());
            key.with(&world, json!({"htm": method, "htu": htu, "ath": oauth::dpop::token_hash(&token)}))
        };
        let ask = async |method: &str, path: &str, proof: &str| {
            let call = world.call(method, path).header("authorization", &format!("DPoP {token}"));
            call.header("dpop", proof).json(&json!({"returnImmediately": true})).send().await
        };
        world.get("/ssf/streams").bearer(&token).send().await.refused(401, "invalid_token");
        let good = proof("POST", "/ssf/streams");
        let made = ask("POST", "/ssf/streams", &good).await;
        made.status(201);
        assert!(!made.header("dpop-nonce").is_empty());
        ask("POST", "/ssf/streams", &good).await.status(401);
        ask("GET", "/ssf/streams", &proof("POST", "/ssf/streams")).await.status(401);
        ask("POST", "/ssf/verify", &proof("POST", "/ssf/streams")).await.status(401);
        let poll = format!("/ssf/streams/{}/poll", made.text("stream_id"));
        ask("POST", &poll, &proof("POST", "/ssf/streams/other/poll")).await.status(401);
        ask("POST", &poll, &proof("POST", &poll)).await.status(200);
    }
}
