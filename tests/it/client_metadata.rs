//! What a client registered about itself, and what becomes of it: OpenID Connect Registration §2, Core §4.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use grantor_client::{CallbackError, Client as Library, Credentials, Error};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::{NewClient, World, query_of};
use crate::on_each_engine;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the rest";

/// A site that shows this at each address, and how often it was asked.
async fn site(kind: &'static str, body: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let router = axum::Router::new().fallback(move || async move {
        count.fetch_add(1, Ordering::SeqCst);
        ([("content-type", kind)], body)
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    (at, asked)
}

/// What a realm calls two strengths, of which nobody reaches the second.
async fn strengths(world: &World) {
    let named = json!([{"value": "low", "amr": ["pwd"]}, {"value": "high", "amr": ["pwd", "otp"]}]);
    world
        .settings(|settings| settings.acr = serde_json::from_value(named).unwrap())
        .await;
}

/// Every member of OpenID Connect Registration §2 and one that nobody knows.
fn everything() -> Value {
    json!({"application_type": "web", "contacts": ["ops@app.example"], "client_name": "All", "client_name#de": "Alles", "logo_uri": "https://app.example/logo.png",
        "client_uri": "https://app.example/", "policy_uri": "https://app.example/policy", "tos_uri": "https://app.example/tos", "subject_type": "pairwise",
        "id_token_signed_response_alg": "ES256", "userinfo_signed_response_alg": "ES256", "request_object_signing_alg": "ES256", "default_max_age": 3600,
        "require_auth_time": true, "default_acr_values": ["urn:example:low"], "initiate_login_uri": "https://app.example/login",
        "request_uris": ["https://app.example/request.jwt"], "post_logout_redirect_uris": ["https://app.example/out"], "nobody_knows_this": 7})
}

on_each_engine! {
    /// `default_max_age`: counts where the request says nothing, and is said over by one that does.
    async fn a_registered_age_counts_for_requests_that_say_none(world: World) {
        let app = world.app_with(|client| client.trusted().set("default_max_age", json!(600)).set("require_auth_time", json!(true))).await;
        let mut browser = world.browser();
        let tokens = world.flow(&app).tokens_in(&mut browser).await;
        assert!(world.claims(tokens.id()).await["auth_time"].is_i64());
        world.advance(700);
        let silent = world.flow(&app).with("prompt", "none");
        assert_eq!(silent.error(&mut browser).await, "login_required");
        silent.clone().with("max_age", "1000").code(&mut browser).await;
        let page = browser.get(&world.flow(&app).url()).await;
        assert!(page.has("password"), "{}", page.words());
        let page = world.flow(&app).go_on(&mut browser, page).await;
        assert!(world.flow(&app).response(&page).contains_key("code"));
        silent.code(&mut browser).await;
    }

    /// `default_acr_values`: the same for the strength of a sign-in; `acr_values` and the claim `acr` of a request say it over.
    async fn a_registered_strength_counts_for_requests_that_say_none(world: World) {
        strengths(&world).await;
        let app = world.app_with(|client| client.trusted().set("default_acr_values", json!(["high"]))).await;
        assert_eq!(world.flow(&app).error(&mut world.browser()).await, "unmet_authentication_requirements");
        let low = world.flow(&app).with("acr_values", "low").tokens().await;
        assert_eq!(world.claims(low.id()).await["acr"], json!("low"));
        let wish = json!({"id_token": {"acr": {"values": ["low"]}}}).to_string();
        world.flow(&app).with("claims", &wish).tokens().await;
        let fits = world.client("fits").trusted().set("default_acr_values", json!(["high", "low"])).create().await;
        assert_eq!(world.claims(world.flow(&fits).tokens().await.id()).await["acr"], json!("low"));
    }

    /// Only what can be meant is registered.
    async fn what_a_client_says_about_sign_ins_is_checked(world: World) {
        type Case = fn(NewClient) -> NewClient;
        let cases: [(&str, Case); 10] = [
            ("an age below nothing", |client| client.set("default_max_age", json!(-1))),
            ("an age without end", |client| client.set("default_max_age", json!(i64::MAX))),
            ("an age in words", |client| client.set("default_max_age", json!("600"))),
            ("two strengths in one", |client| client.set("default_acr_values", json!(["low high"]))),
            ("an empty strength", |client| client.set("default_acr_values", json!([""]))),
            ("a script", |client| client.set("initiate_login_uri", json!("javascript:alert(1)"))),
            ("without TLS", |client| client.set("initiate_login_uri", json!("http://app.example/login"))),
            ("without TLS on one's own device", |client| client.set("initiate_login_uri", json!("http://localhost:8443/login"))),
            ("a type of its own", |client| client.set("application_type", json!("desktop"))),
            ("a web application with a scheme of its own", |client| {
                client.set("application_type", json!("web")).redirects(&["com.example:/cb"])
            }),
        ];
        for (case, change) in cases {
            assert!(change(world.client("bad")).try_create().await.is_none(), "{case}");
        }
        world.profile("openid").await;
        let implicit = |uri: &str, kind: &str| {
            let client = world.client("implicit").redirects(&[uri]).set("allow_retired_grants", json!(true));
            client.set("grant_types", json!(["implicit"])).set("response_types", json!(["id_token"])).set("application_type", json!(kind))
        };
        assert!(implicit("http://127.0.0.1/cb", "web").try_create().await.is_none());
        assert!(implicit("https://app.example/cb", "web").try_create().await.is_some());
    }

    /// RFC 7591 §2.2: people read the name, and find the pages, in a language of theirs.
    async fn people_read_about_a_client_in_their_language(world: World) {
        let app = world.app_with(|client| {
            client
                .set("client_name#de", json!("Notizen <b>"))
                .set("policy_uri", json!("https://app.example/privacy"))
                .set("policy_uri#de", json!("https://app.example/datenschutz"))
                .set("tos_uri", json!("https://app.example/terms"))
        }).await;
        for (locales, name, policy) in [
            ("", "The app app", "privacy"),
            ("de-AT en", "Notizen &lt;b&gt;", "datenschutz"),
            ("fr de", "Notizen &lt;b&gt;", "datenschutz"),
            ("fr", "The app app", "privacy"),
            ("'\"><script> ..", "The app app", "privacy"),
        ] {
            let flow = world.flow(&app).with("ui_locales", locales).with("claims_locales", locales);
            let flow = if locales.is_empty() { flow.without("ui_locales").without("claims_locales") } else { flow };
            let page = flow.consent_in(&mut world.browser()).await;
            assert!(page.html().contains(&format!("id=\"application\">{}", name.replace("&lt;", "&#60;").replace("&gt;", "&#62;")))
                || page.html().contains(&format!("id=\"application\">{name}")), "{locales}: {}", page.html());
            assert!(page.html().contains(&format!("https://app.example/{policy}")), "{locales}");
            assert!(page.html().contains("https://app.example/terms"), "{locales}");
        }
    }

    /// `logo_uri`: fetched once by us, and served from here when it is a picture; no page asks another host for it.
    async fn a_logo_is_a_picture_that_we_serve(world: World) {
        let (at, asked) = site("text/html", PNG).await;
        let app = world.app_with(|client| client.set("logo_uri", json!(format!("{at}/logo")))).await;
        let page = world.flow(&app).consent_in(&mut world.browser()).await;
        assert!(page.has("logo") && !page.html().contains(&at), "{}", page.html());
        for _ in 0..3 {
            let answer = world.get("/consent/logo?client_id=app").send().await;
            assert_eq!(answer.status(200).header("content-type"), "image/png");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert!(answer.header("content-security-policy").contains("sandbox"));
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        world.advance(3601);
        world.get("/consent/logo?client_id=app").send().await.status(200);
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    /// Where anybody may register, a logo is nobody's word, and many of them make us call nobody.
    async fn a_logo_that_anybody_named_is_not_fetched(world: World) {
        let (at, asked) = site("text/html", PNG).await;
        world.settings(|settings| settings.registration.mode = realm::Admission::Open).await;
        world.app().await;
        let stated = json!({"redirect_uris": ["https://app.example/callback"], "token_endpoint_auth_method": "none", "logo_uri": format!("{at}/logo")});
        let told = world.post("/register").json(&stated).send().await.status(201).json();
        let id = told["client_id"].as_str().unwrap();
        let app = crate::harness::Client::existing(&world, id, None, "https://app.example/callback");
        let page = world.flow(&app).consent_in(&mut world.browser()).await;
        assert!(!page.has("logo"), "{}", page.html());
        world.get(&format!("/consent/logo?client_id={id}")).send().await.status(404);
        assert_eq!(asked.load(Ordering::SeqCst), 0);
    }

    /// However often a logo is asked for whose address does not answer as it should, or changes, it is fetched so many times a minute at most.
    async fn a_logo_is_fetched_so_often(world: World) {
        let (at, asked) = site("text/html", PNG).await;
        world.app_with(|client| client.set("logo_uri", json!(format!("{at}/logo")))).await;
        for round in 0..20 {
            let mut client = realm::clients::find(world.realm(), "app").await.unwrap().unwrap();
            client.logo_uri = Some(format!("{at}/logo?{round}"));
            realm::clients::update(world.realm(), client, realm::clients::SecretChange::Keep, "test").await.unwrap();
            world.get("/consent/logo?client_id=app").send().await;
        }
        assert_eq!(asked.load(Ordering::SeqCst), 6);
        world.advance(60);
        world.get("/consent/logo?client_id=app").send().await.status(200);
    }

    /// What is no picture, or is not to be had, is nothing, and is not asked for again and again; nor is an address of this machine asked for anything.
    async fn what_is_no_picture_is_not_served(world: World) {
        let (at, asked) = site("image/png", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>").await;
        let app = world.app_with(|client| client.set("logo_uri", json!(format!("{at}/logo.svg")))).await;
        for _ in 0..3 {
            world.get("/consent/logo?client_id=app").send().await.status(404);
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        let plain = world.client("plain").create().await;
        for id in [plain.id.as_str(), "nobody", "", "https://evil.example/client.json"] {
            world.get(&format!("/consent/logo?client_id={id}")).send().await.status(404);
        }
        let careful = world.limited().await;
        let (at, asked) = site("image/png", PNG).await;
        let inside = careful.client("inside").set("logo_uri", json!(at)).create().await;
        careful.get(&format!("/consent/logo?client_id={}", inside.id)).send().await.status(404);
        assert_eq!(asked.load(Ordering::SeqCst), 0);
        drop(app);
    }

    /// Core §4: people begin a sign-in from the page of their applications, which says who sends them and nothing about them.
    async fn a_sign_in_begins_at_the_page_of_applications(world: World) {
        let app = world.app_with(|client| client.set("initiate_login_uri", json!("https://app.example/login?from=op"))).await;
        let mut browser = world.browser();
        world.flow(&app).code(&mut browser).await;
        let page = browser.get("/consent/applications").await;
        let query = oauth::authorization::with_query("https://app.example/login?from=op", &[("iss", world.issuer())]);
        let link = query.replace('&', "&#38;");
        assert!(page.html().contains(&link) || page.html().contains(&query.replace('&', "&amp;")), "{}", page.html());
        assert!(!page.html().contains("login_hint"));
    }

    /// Core §4: the library takes what a third party sends it for what it is: a wish of somebody whom nobody knows.
    async fn the_library_begins_a_sign_in_that_somebody_else_wants(world: World) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let world = world.another(&issuer).await;
        let router = world.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let app = world.app().await;
        let library = Library::builder(&issuer, Credentials::basic(&app.id, app.secret.clone().unwrap()));
        let library = library.discover().await.unwrap();
        let read = |query: &str| library.initiated(query, "https://app.example/");
        let encoded = oauth::authorization::with_query("", &[
            ("iss", &issuer), ("login_hint", "alice"), ("target_link_uri", "https://app.example/notes/7"), ("state", "evil"),
        ]);
        let wish = read(&encoded).unwrap();
        assert_eq!((wish.login_hint.as_deref(), wish.target_link_uri.as_deref()), (Some("alice"), Some("https://app.example/notes/7")));
        let asked = wish.authorize(&library).scope("openid").redirect_uri("https://app.example/callback").start().await.unwrap();
        let sent = query_of(&asked.url().parse().unwrap());
        assert_eq!(sent["login_hint"], "alice");
        assert!(sent["state"] != "evil" && sent.contains_key("nonce"));
        let elsewhere = oauth::authorization::with_query("", &[("iss", &issuer), ("target_link_uri", "https://evil.example/")]);
        assert_eq!(read(&elsewhere).unwrap().target_link_uri, None);
        for (query, expected) in [
            ("", CallbackError::IssuerMissing),
            ("iss=https%3A%2F%2Fevil.example", CallbackError::Issuer),
            ("iss=a&iss=b", CallbackError::Repeated),
        ] {
            let refused = read(query).err();
            assert!(matches!(&refused, Some(Error::Callback(error)) if *error == expected), "{query}: {refused:?}");
        }
    }

    /// Registration §2, §3.2: each member is registered and told, one that nobody knows is passed over.
    async fn each_member_of_a_registration_is_kept_and_told(world: World) {
        world.settings(|settings| settings.registration.mode = realm::Admission::Open).await;
        let mut stated = everything();
        stated["redirect_uris"] = json!(["https://app.example/callback"]);
        let key = jose::SigningKey::generate(jose::Algorithm::Es256).unwrap();
        stated["jwks"] = json!({"keys": [key.public_jwk().unwrap().to_value()]});
        let answer = world.post("/register").json(&stated).send().await;
        let told = answer.status(201).json();
        for (name, value) in stated.as_object().unwrap() {
            let expected = (name != "nobody_knows_this").then_some(value);
            assert_eq!(told.get(name), expected, "{name}");
        }
    }
}
