//! What applications name and we call: in production nothing inside is reached, however its address is written, whoever names it and whatever for; and what the operator says about
//! reaching others (`outbound.*` in docs/settings.md) holds for all of it.

mod floods;
mod inside;
mod place;

use std::time::Duration;

use fetch::FetchOptions;

use crate::harness::{ALICE, World};
use crate::on_each_engine;
use inside::{Answers, Inside, proxy};
use place::Place;

/// How production reaches others, but without much patience.
fn production() -> FetchOptions {
    FetchOptions {
        timeout: Duration::from_millis(700),
        ..FetchOptions::default()
    }
}

/// A world with alice and the notes API, which reaches others like that.
async fn world_with(world: &World, outbound: FetchOptions) -> World {
    let world = world.reaching(outbound).await;
    world.person(ALICE.0, ALICE.1).await;
    world.notes().await;
    world
}

/// Each form in which an address of this machine can be written, the names that lead there among them.
fn forms(port: u16) -> Vec<String> {
    let mut hosts: Vec<String> = [
        "127.0.0.1",
        "127.1",
        "127.0.0.1.",
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7f.0.0x0.1",
        "0177.0.0.1",
        "127.127.127.127",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[::127.0.0.1]",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "%31%32%37.0.0.1",
        "１２７.０.０.１",
    ]
    .map(str::to_owned)
    .into();
    hosts.extend(inside::names_of_this_machine());
    let forms = hosts
        .iter()
        .flat_map(|host| ["https", "http"].map(|scheme| format!("{scheme}://{host}:{port}")));
    forms.collect()
}

on_each_engine! {
    /// Production: whoever names an address of this machine gets the registered error, or no call, and nothing is even connected to.
    async fn nothing_inside_is_called_whoever_names_it(world: World) {
        let inside = Inside::new(Answers::Nothing).await;
        let world = world_with(&world, production()).await;
        for place in Place::ALL {
            for (number, form) in forms(inside.port).into_iter().enumerate() {
                let said = place.visit(&world, &form, number).await;
                assert!(place.refusals().contains(&said.as_str()), "{place:?} {form}: {said}");
                assert_eq!(inside.connections(), 0, "{place:?} {form}");
            }
        }
    }

    /// A server outside that leads inside by a redirect is asked once, and where it leads to is not.
    async fn a_redirect_to_the_inside_is_followed_for_nobody(world: World) {
        let inside = Inside::new(Answers::Nothing).await;
        let target = format!("https://127.0.0.1:{}/", inside.port);
        let outside = Inside::at("127.0.0.2", Answers::Redirect(target)).await;
        let world = world_with(&world, FetchOptions {
            allow_networks: vec!["127.0.0.2/32".parse().unwrap()],
            extra_roots: vec![outside.pem.clone()],
            ..production()
        })
        .await;
        for place in Place::ALL.into_iter().filter(|place| place.takes_addresses()) {
            let before = outside.requests();
            let said = place.visit(&world, &format!("https://127.0.0.2:{}", outside.port), 0).await;
            assert!(place.refusals().contains(&said.as_str()), "{place:?}: {said}");
            assert!(outside.requests() > before, "{place:?} asked nobody");
        }
        assert_eq!(inside.connections(), 0);
    }

    /// The metadata of an issuer outside do not name keys inside.
    async fn the_metadata_of_an_issuer_lead_nowhere_inside(world: World) {
        let inside = Inside::new(Answers::Nothing).await;
        for host in ["127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "localhost"] {
            let keys = format!("https://{host}:{}/keys", inside.port);
            let outside = Inside::at("127.0.0.2", Answers::MetadataWithKeysAt(keys)).await;
            let world = world_with(&world, FetchOptions {
                allow_networks: vec!["127.0.0.2/32".parse().unwrap()],
                extra_roots: vec![outside.pem.clone()],
                ..production()
            })
            .await;
            let said = Place::IssuerMetadata.visit(&world, &format!("https://127.0.0.2:{}", outside.port), 0).await;
            assert_eq!((said.as_str(), outside.requests()), ("400 invalid_grant", 1), "{host}");
        }
        assert_eq!(inside.connections(), 0);
    }

    /// `outbound.networks` lets through what it names and no more; `outbound.authorities` is believed beside the system's.
    async fn networks_and_authorities_of_the_operator_count_everywhere(world: World) {
        let server = Inside::new(Answers::Nothing).await;
        let at = format!("https://127.0.0.1:{}", server.port);
        let networks = |network: &str| vec![network.parse().unwrap()];
        let extra_roots = vec![server.pem.clone()];
        let elsewhere = world_with(&world, FetchOptions { allow_networks: networks("127.0.0.2/32"), extra_roots: extra_roots.clone(), ..production() }).await;
        let strange = world_with(&world, FetchOptions { allow_networks: networks("127.0.0.1/32"), ..production() }).await;
        let allowed = world_with(&world, FetchOptions { allow_networks: networks("127.0.0.0/8"), extra_roots, ..production() }).await;
        for place in Place::ALL.into_iter().filter(|place| place.takes_addresses()) {
            place.visit(&elsewhere, &at, 0).await;
            assert_eq!(server.connections(), 0, "{place:?}: another network is allowed");
            place.visit(&strange, &at, 0).await;
            assert!(server.connections() > 0 && server.requests() == 0, "{place:?}: its certificate is nobody's");
            place.visit(&allowed, &at, 0).await;
            assert!(server.requests() > 0, "{place:?}");
            place.visit(&allowed, &at.replace("https", "http"), 1).await;
            assert!(server.plain() == 0, "{place:?}: https alone");
            server.forget();
        }
    }

    /// `outbound.proxy`: all of it goes that way, and literal addresses inside are not even said to the proxy.
    async fn the_proxy_of_the_operator_is_asked_for_everything(world: World) {
        let server = Inside::new(Answers::Nothing).await;
        let (address, asked) = proxy(server.port).await;
        let world = world_with(&world, FetchOptions {
            proxy: Some(format!("http://{address}").parse().unwrap()),
            extra_roots: vec![server.pem.clone()],
            ..production()
        })
        .await;
        for place in Place::ALL {
            // A host for each: a tunnel that is there is used again.
            let host = format!("{place:?}.outside.example").to_lowercase();
            let came = place.visit(&world, &format!("https://{host}"), 0).await;
            let wanted = format!("CONNECT {host}:443 HTTP/1.1");
            let said = std::mem::take(&mut *asked.lock().unwrap());
            assert!(!said.is_empty() && said.iter().all(|line| *line == wanted), "{place:?}: {came}: {said:?}");
            assert!(server.requests() > 0, "{place:?}");
            server.forget();
            for (number, form) in ["https://127.0.0.1", "https://[::ffff:127.0.0.1]", "https://0x7f.1", "https://localhost", "https://10.0.0.1"].into_iter().enumerate() {
                place.visit(&world, form, number + 1).await;
                assert!(asked.lock().unwrap().is_empty(), "{place:?}: {form}");
            }
        }
    }
}
