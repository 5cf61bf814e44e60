//! What clients are called in several languages: RFC 7591 §2.2, OpenID Connect Registration §2.1.

use axum::http::Uri;
use realm::Admission;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::{ALICE, CALLBACK, Client, NewClient, World};
use crate::{ciba, device_code, on_each_engine};

/// In English, in German, and in Portuguese as Brazil has it, with something that must be escaped.
fn in_languages(client: NewClient) -> NewClient {
    client
        .set("client_name", json!("Notes"))
        .set("client_name#de", json!("Notizen <b>&"))
        .set("client_name#pt-BR", json!("Anotações"))
        .set("client_uri#de", json!("https://app.example/de"))
        .set("policy_uri#de", json!("https://app.example/datenschutz"))
        .set("policy_uri", json!("https://app.example/privacy"))
}

/// A site with a picture at each address, which says where it was.
async fn pictures() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    let router =
        axum::Router::new().fallback(|uri: Uri| async move { format!("GIF89a at {}", uri.path()) });
    tokio::spawn(async move { axum::serve(listener, router).await });
    at
}

/// The names that the pages know it by.
const NAMES: [(&str, &str); 5] = [
    ("de-AT,de;q=0.9,en;q=0.8", "Notizen <b>&"),
    ("en;q=0.5, pt;q=0.7", "Anotações"),
    ("fr, en", "Notes"),
    ("de;q=0, pt-PT;q=0.1", "Anotações"),
    (", ; ,,, q=1", "Notes"),
];

on_each_engine! {
    /// Wherever people read of it, by `ui_locales` or as the browser prefers; what it says of itself is text and nothing more.
    async fn every_page_calls_a_client_by_its_name_in_the_persons_language(world: World) {
        let app = world.app_with(|client| in_languages(client).set("post_logout_redirect_uris", json!(["https://app.example/out"]))).await;
        let device = in_languages(world.client("tv").public().grants(&[device_code::GRANT])).create().await;
        world.notes().await;
        let agent = in_languages(ciba::asking(&world, "agent")).create().await;
        ciba::ask_alice(&agent, "openid").await;
        for (languages, name) in NAMES {
            let mut browser = world.browser();
            browser.speak(languages);
            let flow = world.flow(&app).with("prompt", "consent");
            let page = browser.get(&flow.url()).await;
            assert!(page.has("password") && page.says(name), "sign-in in {languages}: {}", page.words());
            let page = browser.press(&page, "sign-in", &[("username", ALICE.0), ("password", ALICE.1)]).await;
            assert!(page.has("allow") && page.says(name) && !page.html().contains("<b>"), "{languages}: {}", page.html());
            browser.press(&page, "allow", &[]).await;
            let page = browser.get("/consent/applications").await;
            assert!(page.says(name), "applications in {languages}: {}", page.words());
            assert_eq!(page.html().contains("https://app.example/de"), name.starts_with("Notizen"), "{languages}");
            let page = browser.get("/account/approvals").await;
            assert!(page.says(name), "approvals in {languages}: {}", page.words());
            let codes = device_code::ask_for(&device, "").await;
            let page = browser.get(&format!("/device?user_code={}", codes.user())).await;
            let page = if page.has("allow") { page } else { browser.press(&page, "continue", &[]).await };
            assert!(page.has("allow") && page.says(name), "device in {languages}: {}", page.words());
            let page = browser.press(&page, "allow", &[]).await;
            assert!(page.says(name), "device done in {languages}: {}", page.words());
            let page = browser.get("/logout?client_id=app").await;
            assert!(page.says(name), "sign-out in {languages}: {}", page.words());
            // What the request says comes first.
            let page = browser.get("/logout?client_id=app&ui_locales=x+de_DE+pt-BR").await;
            assert!(page.says("Anotações"), "{}", page.words());
            let page = flow.with("ui_locales", "pt de").consent_in(&mut browser).await;
            assert!(page.says("Anotações") && page.html().contains("https://app.example/datenschutz"), "{}", page.words());
        }
    }

    /// `logo_uri#…`: each is fetched by us, and one that is not registered is none.
    async fn a_logo_is_shown_in_the_persons_language(world: World) {
        let at = pictures().await;
        let app = world.app_with(|client| {
            client.set("logo_uri", json!(format!("{at}/en"))).set("logo_uri#de", json!(format!("{at}/de")))
        }).await;
        let only = world.client("only").set("logo_uri#de", json!(format!("{at}/only"))).create().await;
        for (client, locales, picture) in [(&app, "de-CH", "/de"), (&app, "fr", "/en"), (&only, "de", "/only"), (&only, "fr", "")] {
            let page = world.flow(client).with("ui_locales", locales).consent_in(&mut world.browser()).await;
            assert_eq!(page.has("logo"), !picture.is_empty(), "{locales}");
            assert!(!page.html().contains(&at));
            if let Some((_, rest)) = page.html().split_once("id=\"logo\" src=\"") {
                let address = rest.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
                let shown = world.get(&address).send().await;
                assert_eq!(shown.status(200).body, format!("GIF89a at {picture}"), "{locales}");
            }
        }
        for (language, picture) in [("fr", "/en"), ("DE", "/en"), ("de%23x", "/en"), ("http://evil.example", "/en"), ("de", "/de")] {
            let shown = world.get(&format!("/consent/logo?client_id=app&language={language}")).send().await;
            assert_eq!(shown.status(200).body, format!("GIF89a at {picture}"), "{language}");
        }
        world.get("/consent/logo?client_id=only&language=fr").send().await.status(404);
    }

    /// RFC 7591 §2.2, RFC 7592 §2.2: registered, told and replaced as a whole; what is no language is passed over, and what is no name refused.
    async fn translations_are_replaced_with_the_registration(world: World) {
        world.settings(|settings| settings.registration.mode = Admission::Open).await;
        world.person(ALICE.0, ALICE.1).await;
        let stated = json!({"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none", "id_token_signed_response_alg": "ES256",
            "client_name": "Notes", "client_name#de": "Notizen", "client_name#zh-Hant": "筆記", "tos_uri#de": "https://app.example/agb", "client_name#de_DE": "x", "logo_uri#": "x"});
        let told = world.post("/register").json(&stated).send().await.status(201).json();
        let texts = |told: &Value| -> Vec<String> {
            let names = told.as_object().unwrap().keys().filter(|name| name.contains('#'));
            names.cloned().collect()
        };
        let mut names = texts(&told);
        names.sort();
        assert_eq!(names, ["client_name#de", "client_name#zh-Hant", "tos_uri#de"]);
        let app = Client::existing(&world, told["client_id"].as_str().unwrap(), None, CALLBACK);
        let called = async |locales: &str| {
            let page = world.flow(&app).with("ui_locales", locales).consent_in(&mut world.browser()).await;
            page.words()
        };
        assert!(called("de").await.contains("Notizen") && called("zh-TW zh").await.contains("筆記"));
        let path = told["registration_client_uri"].as_str().unwrap().strip_prefix(world.issuer()).unwrap().to_owned();
        let token = told["registration_access_token"].as_str().unwrap();
        let replaced = json!({"client_id": app.id, "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none", "id_token_signed_response_alg": "ES256",
            "client_name": "Notes", "client_name#fr": "Calepin"});
        let told = world.call("PUT", &path).bearer(token).json(&replaced).send().await.status(200).json();
        assert_eq!(texts(&told), ["client_name#fr"]);
        assert!(called("de").await.contains("Notes") && called("fr-CA").await.contains("Calepin"));
        for (member, value) in [("client_name#de", json!(7)), ("client_name#de", json!("")), ("client_name", json!(" \u{200b}\u{2800}")), ("client_name", json!("a\u{2067}b")), ("client_name#de", json!("a\u{202e}b")), ("tos_uri#de", json!("javascript:x")), ("logo_uri#de", json!("x")), ("client_name#de", json!("x".repeat(201)))] {
            let mut wrong = stated.clone();
            wrong[member] = value.clone();
            world.post("/register").json(&wrong).send().await.refused(400, "invalid_client_metadata");
        }
    }
}
