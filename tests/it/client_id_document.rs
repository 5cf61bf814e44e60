//! Clients that describe themselves at their identifier (draft-ietf-oauth-client-id-metadata-document).

mod logout;
pub mod site;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jose::{Algorithm, JwkSet, SigningKey, jws};
use serde_json::{Value, json};

use self::site::Site;
use crate::harness::{ALICE, Answer, Flow, World};
use crate::on_each_engine;

const LOOPBACK: &str = "http://127.0.0.1/callback";

async fn world_and_site(world: World) -> (World, Site) {
    world.person(ALICE.0, ALICE.1).await;
    (world, Site::new().await)
}

/// Whether a person who comes from that client is asked to sign in, and not told that it is unknown.
pub async fn is_known(flow: &Flow) -> bool {
    let status = flow.status().await;
    assert!(matches!(status, 303 | 400), "{status}");
    status == 303
}

on_each_engine! {
    /// §4, §5: nobody registered it, and it signs people in; its document is asked for once.
    async fn a_client_is_known_by_its_document(world: World) {
        let (world, site) = world_and_site(world).await;
        let document = world.get("/.well-known/oauth-authorization-server").send().await.json();
        assert_eq!(document["client_id_metadata_document_supported"], json!(true));
        let methods = document["token_endpoint_auth_methods_supported"].as_array().unwrap();
        assert!(methods.contains(&json!("none")) && methods.contains(&json!("private_key_jwt")));
        let flow = site.flow(&world).with("scope", "openid offline_access").with("prompt", "consent");
        let tokens = flow.tokens().await;
        let claims = world.claims(tokens.access()).await;
        assert_eq!(claims["client_id"], json!(site.id));
        world.userinfo(tokens.access()).await.status(200);
        let refreshed = flow.client.refreshed(tokens.refresh()).await;
        assert_eq!(site.requests(), 1);
        // What it got lives on while its site is down, and at a node that has never seen its document.
        site.say(500, Vec::new(), Vec::new());
        let other = world.beside().await;
        other.userinfo(refreshed.access()).await.status(200);
        assert_eq!(site.requests(), 1, "a token is no reason to ask");
        flow.client.at(&other).refresh(refreshed.refresh()).await.refused(401, "invalid_client");
    }

    /// RFC 7591 §2.2: it says what it is called in several languages.
    async fn a_document_says_names_in_languages(world: World) {
        let (world, site) = world_and_site(world).await;
        site.publish(json!({"client_name#de": "Notizen", "tos_uri#de": "https://app.example/agb"}));
        let page = site.flow(&world).with("ui_locales", "de").consent_in(&mut world.browser()).await;
        assert!(page.says("Notizen") && page.html().contains("https://app.example/agb"), "{}", page.words());
        site.publish(json!({"client_name#de": "Merkzettel"}));
        world.advance(24 * 3600 + 1);
        let page = site.flow(&world).with("ui_locales", "de").consent_in(&mut world.browser()).await;
        assert!(page.says("Merkzettel"), "{}", page.words());
    }

    /// §3: only the very address, in its one spelling, and only where the realm lets it be.
    async fn an_identifier_in_another_spelling_is_another_client(world: World) {
        let (world, site) = world_and_site(world).await;
        let with = |id: String| site.flow(&world).with("client_id", &id);
        assert!(is_known(&with(site.id.clone())).await);
        let (host, path) = site.id.split_at(site.id.len() - "/client.json".len());
        let port = host.rsplit(':').next().unwrap();
        for id in [
            format!("{host}/a/..{path}"), format!("{host}/.{path}"), format!("{host}/%2e{path}"), format!("{}#x", site.id), format!("{}#", site.id),
            format!("http://a@127.0.0.1:{port}{path}"), format!("http://a:b@127.0.0.1:{port}{path}"), format!("HTTP://127.0.0.1:{port}{path}"),
            format!("http://127.1:{port}{path}"), format!("http://0x7f000001:{port}{path}"), format!("http://127.0.0.1.:{port}{path}"),
            format!("http://127.0.0.1:0{port}{path}"), format!("{host}\\client.json"), format!("{host}/"), host.to_owned(), format!(" {}", site.id),
            format!("{}\u{0}", site.id), format!("http://１２７.0.0.1:{port}{path}"), format!("{host}/{}", "x".repeat(300)),
        ] {
            let before = site.requests();
            assert!(!is_known(&with(id.clone())).await, "{id}");
            assert_eq!(site.requests(), before, "{id}");
        }
        // The same document under another address names another client than itself.
        for id in [format!("{}?x", site.id), format!("{}/", site.id), format!("{host}/other.json")] {
            assert!(!is_known(&with(id.clone())).await, "{id}");
        }
        world.settings(|settings| settings.client_id_documents.hosts = vec!["app.example".to_owned()]).await;
        assert!(!is_known(&with(site.id.clone())).await, "another host");
        world.settings(|settings| settings.client_id_documents.hosts = vec!["127.0.0.1".to_owned()]).await;
        assert!(is_known(&with(site.id.clone())).await);
        world.settings(|settings| settings.client_id_documents.allowed = false).await;
        assert!(!is_known(&with(site.id.clone())).await, "not at all");
        let document = world.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(document["client_id_metadata_document_supported"], json!(false));
    }

    /// §4.1: no shared secrets, its own address in it, the rules of registration, JSON, and small.
    async fn a_document_that_breaks_a_rule_describes_nobody(world: World) {
        let (world, site) = world_and_site(world).await;
        let flow = site.flow(&world);
        let json = || vec![("content-type", "application/json".to_owned())];
        let with = |changes: Value| (200, json(), site.document(changes).to_string());
        let good = site.document(json!({})).to_string();
        for (case, (status, headers, body)) in [
            ("another client", with(json!({"client_id": format!("{}/", site.id)}))),
            ("no client", with(json!({"client_id": null}))),
            ("a shared secret", with(json!({"token_endpoint_auth_method": "client_secret_basic"}))),
            ("a secret", with(json!({"client_secret": "hunter2hunter2"}))),
            ("no redirects", with(json!({"redirect_uris": []}))),
            ("a script", with(json!({"redirect_uris": ["javascript:alert(1)"]}))),
            ("a logo that is a script", with(json!({"logo_uri": "javascript:alert(1)"}))),
            ("a policy that is data", with(json!({"policy_uri": "data:text/html,x"}))),
            ("keys without keys", with(json!({"token_endpoint_auth_method": "private_key_jwt"}))),
            ("grants of operators", with(json!({"grant_types": ["client_credentials"]}))),
            ("a page", (200, vec![("content-type", "text/html".to_owned())], good.clone())),
            ("no type", (200, Vec::new(), good.clone())),
            ("a redirect", (302, vec![("location", site.id.clone()), ("content-type", "application/json".to_owned())], good.clone())),
            ("not found", (404, json(), good.clone())),
            ("a list", (200, json(), format!("[{good}]"))),
            ("twice", (200, json(), good.replacen('{', "{\"redirect_uris\":[\"https://evil.example/\"],", 1))),
            ("large", with(json!({"padding": "x".repeat(20_000)}))),
            ("broken", (503, json(), good.clone())),
            ("compressed", (200, vec![("content-type", "application/json".to_owned()), ("content-encoding", "gzip".to_owned())], "\u{1f}".to_owned())),
        ] {
            site.say(status, headers, body.into_bytes());
            world.advance(90_000);
            assert!(!is_known(&flow).await, "{case}");
        }
        site.publish(json!({}));
        world.advance(10);
        assert!(is_known(&flow).await);
        site.say(200, vec![("content-type", "Application/Client+JSON; charset=utf-8".to_owned())], good.into_bytes());
        world.advance(90_000);
        assert!(is_known(&flow).await);
    }

    /// Redirect URIs are those of the document as it is when the answer leaves, not as it was when the person began.
    async fn a_document_that_changes_meanwhile_redirects_nobody_elsewhere(world: World) {
        let (world, site) = world_and_site(world).await;
        let evil = site.flow(&world).with("redirect_uri", "https://evil.example/callback");
        assert!(!is_known(&evil).await);
        let flow = site.flow(&world);
        let mut browser = world.browser();
        let page = flow.consent_in(&mut browser).await;
        site.publish(json!({"redirect_uris": ["https://evil.example/callback"]}));
        world.advance(601);
        let page = browser.press(&page, "allow", &[]).await;
        assert_eq!(page.answer.status, 400, "{}", page.words());
        // And a code is redeemed only as it was asked for.
        site.publish(json!({}));
        world.advance(601);
        let code = flow.fresh_code().await;
        site.publish(json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": keys(&SigningKey::generate(Algorithm::Es256).unwrap())}));
        world.advance(50);
        flow.redeem(&code).await.status(200);
        world.advance(601);
        let answer = flow.redeem(&code).await;
        answer.refused(401, "invalid_client");
    }

    /// It is kept as long as its server says, within bounds, and a while longer when the server is away; nobody makes us ask more often.
    async fn a_document_is_kept_for_a_bounded_time(world: World) {
        let (world, site) = world_and_site(world).await;
        let flow = site.flow(&world);
        let fresh = |seconds: &str| {
            let headers = vec![("content-type", "application/json".to_owned()), ("cache-control", format!("max-age={seconds}"))];
            site.say(200, headers, site.document(json!({})).to_string().into_bytes());
        };
        for (said, kept) in [("0", 60), ("120", 120), ("999999999", 86_400)] {
            fresh(said);
            world.advance(90_000);
            let before = site.requests();
            assert!(is_known(&flow).await);
            world.advance(kept - 1);
            assert!(is_known(&flow).await);
            assert_eq!(site.requests(), before + 1, "{said}");
            world.advance(1);
            assert!(is_known(&flow).await);
            assert_eq!(site.requests(), before + 2, "{said}");
        }
        fresh("60");
        world.advance(90_000);
        assert!(is_known(&flow).await);
        site.say(503, Vec::new(), Vec::new());
        world.advance(60);
        let before = site.requests();
        for _ in 0..5 {
            assert!(is_known(&flow).await, "while its server is away");
        }
        assert_eq!(site.requests(), before + 1, "and rests");
        world.advance(3600);
        assert!(!is_known(&flow).await);
        site.say(404, Vec::new(), Vec::new());
        world.advance(10);
        assert!(!is_known(&flow).await);
        fresh("60");
        assert!(!is_known(&flow).await, "what failed is not tried again at once");
        world.advance(10);
        assert!(is_known(&flow).await);
        site.say(404, Vec::new(), Vec::new());
        world.advance(60);
        assert!(!is_known(&flow).await, "what its server took back is gone");
    }

    /// RFC 9700 §4.11.2: a link to us leads nobody to a site that nobody here knows, unless they go there themselves.
    async fn nobody_is_sent_unasked_to_a_site_that_nobody_knows(world: World) {
        let (world, site) = world_and_site(world).await;
        let mut browser = world.browser();
        for (name, value) in [("scope", "no\\scope"), ("prompt", "none"), ("response_type", "token"), ("response_mode", "fragment"), ("response_mode", "form_post")] {
            let flow = site.flow(&world).with("prompt", "none").with(name, value).with("state", "back");
            let page = browser.get(&flow.url()).await;
            assert!(page.leaving.is_none(), "{name}: {:?}", page.leaving);
            assert!(page.words().contains("app.example"), "{name}: {}", page.words());
            assert!(page.html().contains("https://app.example/callback") && page.html().contains("back"), "{}", page.html());
            assert!(!page.html().contains("<script"), "{}", page.html());
        }
        // What the person's own machine gets leads to no site.
        let own = world.flow(&site.client(&world, LOOPBACK)).with("prompt", "none");
        assert_eq!(own.error(&mut browser).await, "login_required");
        // Who said no on our page knows where it leads.
        world.sign_in(&mut browser).await;
        let page = browser.get(&site.flow(&world).url()).await;
        let page = browser.press(&page, "deny", &[]).await;
        assert!(page.left().as_str().starts_with("https://app.example/callback?error=access_denied&"), "{}", page.left());
    }

    /// However many ask at once, its server is asked once; one that hangs keeps nobody else waiting.
    async fn many_who_ask_at_once_cost_one_fetch(world: World) {
        let (world, site) = world_and_site(world).await;
        let (hanging, other) = (Site::new().await, Site::new().await);
        site.takes(Duration::from_millis(100));
        hanging.takes(Duration::from_secs(60));
        let waiting = hanging.flow(&world);
        let waiting = tokio::spawn(async move { is_known(&waiting).await });
        let all: Vec<_> = (0..20).map(|_| {
            let flow = site.flow(&world);
            tokio::spawn(async move { is_known(&flow).await })
        }).collect();
        for one in all {
            assert!(one.await.unwrap());
        }
        assert_eq!(site.requests(), 1);
        assert!(is_known(&other.flow(&world)).await);
        assert!(!tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("a limit of time").unwrap());
    }

    /// private_key_jwt by the keys that it publishes, beside `none` when it offers both (RP Metadata Choices); never by a secret.
    async fn a_client_signs_with_the_keys_that_it_publishes(world: World) {
        let (world, site) = world_and_site(world).await;
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
        let keys_site = Site::new().await;
        keys_site.say(200, vec![("content-type", "application/json".to_owned())], keys(&key).to_string().into_bytes());
        site.publish(json!({"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": keys_site.id}));
        let flow = site.flow(&world);
        let code = flow.fresh_code().await;
        signed(&world, &site, &flow, (&code, &stranger)).await.refused(401, "invalid_client");
        flow.redeem(&code).await.refused(401, "invalid_client");
        world.post("/token").basic(&site.id, "a secret of nobody").form(&[("grant_type", "authorization_code")]).send().await.refused(401, "invalid_client");
        signed(&world, &site, &flow, (&code, &key)).await.status(200);
        site.publish(json!({
            "token_endpoint_auth_method": null, "token_endpoint_auth_methods_supported": ["client_secret_basic", "none", "private_key_jwt"], "jwks": keys(&key),
            "grant_types_supported": ["authorization_code"], "subject_types_supported": ["public"],
        }));
        world.advance(601);
        let code = flow.fresh_code().await;
        flow.redeem(&code).await.status(200);
        let code = flow.fresh_code().await;
        signed(&world, &site, &flow, (&code, &stranger)).await.refused(401, "invalid_client");
        signed(&world, &site, &flow, (&code, &key)).await.status(200);
        // RFC 9700 §2.1.1: PKCE also where others with keys are let off.
        world.profile("openid").await;
        site.publish(json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": keys(&key)}));
        world.advance(601);
        let bare = site.flow(&world).without_pkce();
        let page = world.browser().get(&bare.url()).await;
        assert!(page.leaving.is_none() && !page.has("password"), "{}", page.words());
        assert!(page.answer.body.contains("error=invalid_request"), "{}", page.answer.body);
        assert!(is_known(&site.flow(&world)).await);
    }

    /// §6: the site that vouches for the name is shown; where any program of the person could wait for the answer, they are warned, and asked each time.
    async fn people_see_whose_word_it_is(world: World) {
        let (world, site) = world_and_site(world).await;
        let flow = site.flow(&world);
        let mut browser = world.browser();
        let page = flow.consent_in(&mut browser).await;
        assert!(page.answer.body.contains("id=\"client-host\">127.0.0.1<"), "{}", page.answer.body);
        assert!(page.answer.body.contains("id=\"return-host\">app.example<") && !page.answer.body.contains("id=\"impostors\""));
        flow.tokens_in(&mut browser).await;
        assert!(!flow.asks_in(&mut browser).await, "a site of its own is remembered");
        let local = world.flow(&site.client(&world, "http://127.0.0.1:43211/callback"));
        for _ in 0..2 {
            let page = local.consent_in(&mut browser).await;
            assert!(page.answer.body.contains("id=\"impostors\""), "{}", page.answer.body);
            assert!(page.answer.body.contains("id=\"return-host\">127.0.0.1<"));
            browser.press(&page, "allow", &[]).await;
        }
        let list = browser.get("/consent/applications").await;
        assert!(list.words().contains("Desktop notes"), "{}", list.words());
    }

    /// Operators come first: what they registered under that very identifier counts, switched off or not.
    async fn what_an_operator_registered_comes_first(world: World) {
        let (world, site) = world_and_site(world).await;
        let flow = site.flow(&world);
        assert!(is_known(&flow).await);
        world.client(&site.id).public().redirects(&["https://other.example/callback"]).create().await;
        assert!(!is_known(&flow).await, "its redirect URI is another one");
        let client = realm::clients::find(world.realm(), &site.id).await.unwrap().unwrap();
        let disabled = realm::Client { disabled: true, ..client };
        realm::clients::update(world.realm(), disabled, realm::clients::SecretChange::Keep, "test").await.unwrap();
        assert!(!is_known(&flow.clone().with("redirect_uri", "https://other.example/callback")).await);
    }

    /// In production no address of this machine or its networks is called, however it is written.
    async fn addresses_of_this_machine_are_not_called(world: World) {
        let world = world.limited().await;
        let (world, site) = world_and_site(world).await;
        let flow = site.flow(&world);
        let port = site.id.split(':').nth(2).unwrap().split('/').next().unwrap().to_owned();
        for host in ["127.0.0.1", "localhost", "localhost.", "[::1]", "[::ffff:127.0.0.1]", "127.1", "2130706433", "a.localhost", "169.254.169.254", "10.0.0.1"] {
            for scheme in ["http", "https"] {
                let id = format!("{scheme}://{host}:{port}/client.json");
                let answer = world.get(&flow.clone().with("client_id", &id).url()).send().await;
                assert_eq!(answer.status, 400, "{id}");
            }
        }
        assert_eq!(site.requests(), 0);
    }

    /// §6: nor is this server itself, whatever answers there: it could be made to ask itself without end.
    async fn this_server_is_not_asked_about_itself(world: World) {
        let site = Site::new().await;
        let world = world.another(site.id.strip_suffix("/client.json").unwrap()).await;
        assert!(!is_known(&site.flow(&world)).await);
        assert_eq!(site.requests(), 0);
        assert!(is_known(&Site::new().await.flow(&world)).await, "another one is");
    }

    /// Whoever names ever new documents is slowed down; others and known clients are not.
    async fn naming_ever_new_documents_is_limited(world: World) {
        let world = world.limited().await;
        let app = world.app().await;
        let mut limited = None;
        for number in 0..100 {
            let flow = world.flow(&app).with("client_id", &format!("https://nowhere.invalid/{number}"));
            let answer = world.get(&flow.url()).from("198.51.100.9").send().await;
            if answer.status == 429 {
                limited = Some(answer);
                break;
            }
            assert_eq!(answer.status, 400);
        }
        let answer = limited.expect("a limit");
        assert!(answer.header("retry-after").parse::<i64>().unwrap() > 0);
        assert_eq!(world.get(&world.flow(&app).url()).from("198.51.100.9").send().await.status, 303);
        let form = [("grant_type", "authorization_code"), ("client_id", "https://nowhere.invalid/x"), ("code", "x")];
        world.post("/token").from("198.51.100.9").form(&form).send().await.status(429);
        world.post("/token").from("198.51.100.10").form(&form).send().await.refused(401, "invalid_client");
    }

    /// Names that somebody makes up on a host, from ever so many networks, keep nobody away from the documents there that were good before; and what is made up takes no
    /// place from them.
    async fn made_up_names_do_not_use_up_the_host_of_a_known_document(world: World) {
        let world = world.rated(server::RequestRates::default()).await;
        let (world, site) = world_and_site(world).await;
        let flow = site.flow(&world);
        assert!(is_known(&flow).await);
        world.advance(90_000);
        let host = site.id.strip_suffix("/client.json").unwrap();
        let mut limited = 0;
        for network in 0..12 {
            for number in 0..60 {
                let made_up = world.flow(&flow.client).with("client_id", &format!("{host}/{network}/{number}"));
                let answer = world.get(&made_up.url()).from(&format!("198.51.100.{network}")).send().await;
                assert!(matches!(answer.status, 400 | 429), "{answer:?}");
                limited += usize::from(answer.status == 429);
            }
        }
        assert!(limited >= 100, "the host is protected too: {limited}");
        let before = site.requests();
        let answer = world.get(&flow.url()).from("203.0.113.9").send().await;
        assert_eq!((answer.status, site.requests()), (303, before + 1), "{answer:?}");
    }
}

fn keys(key: &SigningKey) -> Value {
    let keys = vec![key.public_jwk().unwrap()];
    serde_json::to_value(JwkSet { keys }).unwrap()
}

/// A redemption with an assertion.
async fn signed(
    world: &World,
    site: &Site,
    flow: &Flow,
    (code, key): (&str, &SigningKey),
) -> Answer {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let jti = NUMBER.fetch_add(1, Ordering::SeqCst).to_string();
    let claims = json!({"iss": site.id, "sub": site.id, "aud": world.issuer(), "exp": world.now() + 60, "jti": jti});
    let header = jws::Header::typed("JWT", key);
    let assertion = jws::sign(key, &header, claims.to_string().as_bytes()).unwrap();
    world.remember(&assertion);
    let form = flow.redemption(code);
    let mut form: Vec<_> = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    form.push(("client_assertion_type", oauth::client_auth::assertion::TYPE));
    form.push(("client_assertion", &assertion));
    world.post("/token").form(&form).send().await
}
