//! Hosts that strangers have us call, many times or for long: those who are known are served as ever, and the hosts are protected too.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::place::Place;
use crate::client_id_document::{is_known, site::Site};
use crate::harness::{CALLBACK, Federation, World, outcome};
use crate::on_each_engine;

/// A site that takes what it is asked and never answers, whatever it is called: the addresses of this machine are many hosts.
struct Hanging {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Hanging {
    async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                held.push(stream);
            }
        });
        Self { port, connections }
    }

    /// Somebody names so many hosts as clients, and we wait for all of them.
    async fn named(&self, world: &World, hosts: usize) {
        let app = crate::harness::Client::existing(world, "nobody", None, CALLBACK);
        let flow = world.flow(&app);
        for number in 0..hosts {
            let id = format!(
                "http://127.77.{}.{}:{}/c",
                number / 200,
                number % 200 + 1,
                self.port
            );
            let flow = flow.clone().with("client_id", &id);
            tokio::spawn(async move { flow.status().await });
        }
        while self.connections.load(Ordering::SeqCst) < hosts {
            tokio::task::yield_now().await;
        }
    }
}

on_each_engine! {
    /// What strangers name counts together, whatever they name it as; what an operator named counts apart.
    async fn a_host_is_asked_so_often_and_no_more_whatever_strangers_name_it_as(world: World) {
        let site = Site::new().await;
        world.notes().await;
        let host = site.id.strip_suffix("/client.json").unwrap();
        world.settings(|settings| settings.registration.mode = realm::Admission::Open).await;
        let flow = site.flow(&world);
        for number in 0..650 {
            let made_up = flow.clone().with("client_id", &format!("{host}/{number}"));
            assert!(matches!(made_up.status().await, 400 | 429));
        }
        assert_eq!(site.requests(), 600);
        assert!(Place::Sector.visit(&world, host, 0).await.starts_with("429"));
        let stated = json!({"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": format!("{host}/keys"), "request_uris": [format!("{host}/object")]});
        let made = world.post("/register").json(&stated).send().await.status(201).text("client_id");
        let query = crate::harness::call::encode(&[("client_id", &made), ("request_uri", &format!("{host}/object"))]);
        let page = world.browser().get(&format!("/authorize?{query}")).await;
        assert!(page.html().contains("error=temporarily_unavailable"), "{}", page.html());
        assert_eq!(site.requests(), 600);
        for place in [Place::ClientKeys, Place::RequestObject] {
            let before = site.requests();
            place.visit(&world, host, 0).await;
            assert_eq!(site.requests(), before + 1, "{place:?}");
        }
    }

    /// Whoever has us wait everywhere at once keeps no known client away, and no other for longer than a moment.
    async fn sites_that_hang_keep_nobody_away(world: World) {
        let (known, new, hanging) = (Site::new().await, Site::new().await, Hanging::new().await);
        assert!(is_known(&known.flow(&world)).await);
        world.advance(90_000);
        hanging.named(&world, 128).await;
        let before = known.requests();
        assert!(is_known(&known.flow(&world)).await);
        assert_eq!(known.requests(), before + 1);
        assert_eq!(new.flow(&world).status().await, 503, "all places are taken");
        world.advance(1);
        assert!(is_known(&new.flow(&world)).await);
    }

    /// The same for entities of a federation.
    async fn sites_that_hang_keep_no_entity_away(world: World) {
        let (it, hanging) = (Federation::new(&world).await, Hanging::new().await);
        it.admits().await.unwrap();
        world.advance(3600);
        hanging.named(&world, 128).await;
        let before = it.requests();
        it.admits().await.unwrap();
        assert_eq!(it.requests(), before + 5);
    }

    /// Made-up entities at the host of a known one.
    async fn made_up_entities_do_not_use_up_the_host_of_a_known_one(world: World) {
        let it = Federation::new(&world).await;
        world.settings(|settings| settings.client_id_documents.allowed = false).await;
        it.admits().await.unwrap();
        world.advance(3600);
        let before = it.requests();
        let mut refused = 0;
        for number in 0..700 {
            let page = it.arrives_as(&format!("nobody{number}"), &it.object(&json!({}))).await;
            assert!(outcome(&page).is_err());
            refused += usize::from(page.answer.status == 429);
        }
        assert_eq!((it.requests() - before, refused), (600, 100), "the host is protected too");
        let before = it.requests();
        it.admits().await.unwrap();
        assert_eq!(it.requests(), before + 5);
    }

    /// What an entity says of those above it is no way around the bounds.
    async fn superiors_that_an_entity_names_are_asked_as_seldom(world: World) {
        let it = Federation::new(&world).await;
        let (mut number, mut refused) = (0, false);
        while !refused {
            number += 1;
            assert!(number < 700);
            let name = format!("e{number}");
            it.add(&name);
            it.configure(&name, json!({"authority_hints": (0..6).map(|other| it.id(&format!("victim{number}-{other}"))).collect::<Vec<_>>()}));
            let page = it.arrives_as(&name, &it.object(&json!({}))).await;
            assert!(outcome(&page).is_err());
            refused = page.answer.status == 429;
        }
        assert_eq!(it.requests(), 600);
    }
}
