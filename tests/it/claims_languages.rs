//! Claims in several languages and scripts: OpenID Connect Core §5.2.

use identity::{Details, people};
use serde_json::{Value, json};

use crate::harness::{Client, Flow, NewClient, Tokens, World};
use crate::on_each_engine;

/// What is known about alice in languages, by claim and tag, and a family name without one.
async fn known(world: &World, localized: Value) {
    let alice = people::find_by_username(world.realm(), "alice").await;
    let alice = alice.unwrap().unwrap();
    let mut details = Details::from(&alice);
    details.profile =
        serde_json::from_value(json!({"family_name": "Yamada", "localized": localized})).unwrap();
    let changed = people::update(
        world.realm(),
        &alice.id,
        alice.version,
        details,
        Some("test"),
    );
    changed.await.unwrap();
}

fn names() -> Value {
    json!({
        "name": {"fr-CA": "Alice l’Exemple", "ja": "アリス"},
        "family_name": {"ja-Hani-JP": "山田", "ja-Kana-JP": "ヤマダ", "de": "Jamada"},
        "address": {"de-CH": {"locality": "Zürich"}},
        "nickname": {"fr": "Lili"},
        "website": {"de": "https://alice.example/de"},
    })
}

async fn app_of_alice(world: &World, change: impl FnOnce(NewClient) -> NewClient) -> Client {
    let app = world.app_with(change).await;
    known(world, names()).await;
    app
}

fn asking(world: &World, app: &Client, parameters: &[(&str, &str)]) -> Flow {
    let flow = world.flow(app).with("prompt", "consent");
    let each = parameters.iter();
    each.fold(flow, |flow, (name, value)| flow.with(name, value))
}

async fn info(world: &World, tokens: &Tokens) -> Value {
    world.userinfo(tokens.access()).await.status(200).json()
}

/// The claims of /userinfo that are there in languages.
async fn told(world: &World, app: &Client, parameters: &[(&str, &str)]) -> Value {
    let tokens = asking(world, app, parameters).tokens().await;
    without_the_rest(info(world, &tokens).await)
}

fn without_the_rest(mut claims: Value) -> Value {
    let kept = [
        "name",
        "family_name",
        "given_name",
        "middle_name",
        "nickname",
        "profile",
        "website",
        "address",
    ];
    let members = claims.as_object_mut().unwrap();
    members.retain(|name, _| kept.contains(&name.split('#').next().unwrap()));
    claims
}

on_each_engine! {
    /// `claims_locales`: the language that comes nearest takes the place of what has none; several are told under their own names beside it.
    async fn claims_are_told_in_the_languages_that_were_asked_for(world: World) {
        let app = app_of_alice(&world, |client| client).await;
        let untold = json!({"name": "Alice Example", "family_name": "Yamada", "nickname#fr": "Lili", "website#de": "https://alice.example/de"});
        let with = |changes: Value, without: &[&str]| {
            let mut expected = untold.clone();
            let members = expected.as_object_mut().unwrap();
            members.retain(|name, _| !without.contains(&name.as_str()));
            members.extend(changes.as_object().unwrap().clone());
            expected
        };
        for (locales, expected) in [
            ("", untold.clone()),
            ("en", untold.clone()),
            ("de", with(json!({"family_name": "Jamada", "website": "https://alice.example/de"}), &["website#de"])),
            ("DE-at", with(json!({"family_name": "Jamada", "website": "https://alice.example/de"}), &["website#de"])),
            ("fr", with(json!({"name": "Alice l’Exemple", "nickname": "Lili"}), &["nickname#fr"])),
            ("fr-FR fr", with(json!({"name": "Alice l’Exemple", "nickname": "Lili"}), &["nickname#fr"])),
            ("ja-kana-JP", with(json!({"name": "アリス", "family_name": "ヤマダ"}), &[])),
            ("ja-Kana-JP ja-Hani-JP", with(json!({"name": "アリス", "family_name": "ヤマダ", "family_name#ja-Kana-JP": "ヤマダ", "family_name#ja-Hani-JP": "山田"}), &[])),
            ("ja-Latn en", with(json!({"name": "アリス"}), &[])),
            ("en ja-Hani", with(json!({"name": "アリス", "family_name": "山田"}), &[])),
            ("' de_DE \"<script> * \u{65e5} x", untold.clone()),
        ] {
            let parameters = [("scope", "openid profile"), ("claims_locales", locales)];
            let parameters = if locales.is_empty() { &parameters[..1] } else { &parameters[..] };
            assert_eq!(told(&world, &app, parameters).await, expected, "{locales}");
        }
        let parameters = [("scope", "openid address"), ("claims_locales", "de")];
        assert_eq!(told(&world, &app, &parameters).await, json!({"address": {"locality": "Zürich"}}));
        let none = [("scope", "openid"), ("claims_locales", "de fr ja")];
        assert_eq!(told(&world, &app, &none).await, json!({}), "no scope, no claim");
    }

    /// §5.2, §5.5: a name with a language asks for the claim in it, in the ID token or at /userinfo, and comes back as it was asked for where that is true.
    async fn a_claim_is_asked_for_in_a_language(world: World) {
        let app = app_of_alice(&world, |client| client).await;
        let claims = json!({
            "userinfo": {"family_name#ja-kana-jp": {"essential": true}, "address#de": null, "website": null, "name#de": null, "birthdate#ja": null},
            "id_token": {"family_name#ja-Hani-JP": null, "nickname#fr-CA": null, "name": null, "email#de": null},
        }).to_string();
        let asked = [("scope", "openid"), ("claims", &claims)];
        let tokens = asking(&world, &app, &asked).tokens().await;
        let seen = without_the_rest(info(&world, &tokens).await);
        assert_eq!(seen, json!({"family_name#ja-kana-jp": "ヤマダ", "address#de": {"locality": "Zürich"}, "website#de": "https://alice.example/de"}));
        let id = world.claims(tokens.id()).await;
        assert_eq!(without_the_rest(id.clone()), json!({"family_name#ja-Hani-JP": "山田", "nickname#fr": "Lili", "name": "Alice Example"}));
        assert_eq!((id.get("email"), id.get("email#de")), (None, None));
        // Both ways together, and the scope beside them.
        let claims = json!({"userinfo": {"family_name#ja-Kana": null}}).to_string();
        let asked = [("scope", "openid profile"), ("claims", &claims), ("claims_locales", "ja-Hani")];
        let seen = told(&world, &app, &asked).await;
        assert_eq!((&seen["family_name"], &seen["family_name#ja-Kana"], seen.get("family_name#ja-Hani")), (&json!("山田"), &json!("ヤマダ"), None));
    }

    /// §5.2, §5.4, §5.5: the person is asked, and the client must be registered, for the scope as without a language.
    async fn a_language_is_no_way_around_a_scope(world: World) {
        let app = app_of_alice(&world, |client| client.scope("openid profile email")).await;
        let mut browser = world.browser();
        world.flow(&app).walk(&mut browser).await;
        let claims = json!({"userinfo": {"family_name#de": null, "address#de": null}, "id_token": {"address#de-CH": null}}).to_string();
        let flow = world.flow(&app).with("claims", &claims);
        assert!(flow.asks_in(&mut browser).await);
        assert_eq!(flow.clone().with("prompt", "none").error(&mut browser).await, "consent_required");
        let page = flow.consent_in(&mut browser).await;
        let page = browser.press(&page, "allow", &[("scope", "openid")]).await;
        let answer = flow.redeem(&flow.response(&page)["code"]).await;
        let refused = Tokens(answer.json());
        assert_eq!(without_the_rest(info(&world, &refused).await), json!({}), "she allowed openid alone");
        let tokens = flow.tokens().await;
        assert_eq!(without_the_rest(info(&world, &tokens).await), json!({"family_name#de": "Jamada"}));
        assert_eq!(without_the_rest(world.claims(tokens.id()).await), json!({}), "the client may not ask for addresses");
        // Asking in a language alone asks for nothing more.
        assert!(!world.flow(&app).with("claims_locales", "de").asks_in(&mut browser).await);
    }

    /// What was asked for is remembered: it is the same after a refresh, from what is known by then.
    async fn languages_outlive_a_refresh(world: World) {
        let app = app_of_alice(&world, |client| client).await;
        let claims = json!({"id_token": {"nickname": null}, "userinfo": {"nickname#fr": null}}).to_string();
        let asked = [("scope", "openid offline_access profile"), ("claims_locales", "fr-FR ja"), ("claims", &claims)];
        let mut tokens = asking(&world, &app, &asked).tokens().await;
        for _ in 0..2 {
            let seen = info(&world, &tokens).await;
            assert_eq!((&seen["name"], &seen["name#ja"], &seen["nickname#fr"]), (&json!("Alice l’Exemple"), &json!("アリス"), &json!("Lili")));
            assert_eq!(world.claims(tokens.id()).await["nickname"], json!("Lili"));
            tokens = app.refreshed(tokens.refresh()).await;
        }
        known(&world, json!({"name": {"fr": "Alice Modèle"}})).await;
        let seen = info(&world, &app.refreshed(tokens.refresh()).await).await;
        assert_eq!((&seen["name"], seen.get("name#ja"), seen.get("nickname#fr")), (&json!("Alice Modèle"), None, None));
    }

    /// §5.3.2, §5.4: wherever claims are told: signed, or in the only token that there is.
    async fn languages_are_told_in_every_form_of_answer(world: World) {
        world.profile("openid").await;
        let app = app_of_alice(&world, |client| {
            client.trusted().set("userinfo_signed_response_alg", json!("ES256")).set("allow_retired_grants", json!(true))
                .grants(&["authorization_code", "implicit"]).set("response_types", json!(["code", "id_token", "code id_token"]))
        }).await;
        let asked = [("scope", "openid profile"), ("claims_locales", "ja-Kana de")];
        let tokens = asking(&world, &app, &asked).tokens().await;
        let signed = world.userinfo(tokens.access()).await.status(200).body.clone();
        let claims = world.claims(&signed).await;
        assert_eq!((&claims["family_name"], &claims["family_name#de"], &claims["aud"]), (&json!("ヤマダ"), &json!("Jamada"), &json!("app")));
        for (response_type, all) in [("id_token", true), ("code id_token", false)] {
            let claims = json!({"id_token": {"name#fr": null}}).to_string();
            let flow = asking(&world, &app, &asked).with("response_type", response_type).with("claims", &claims);
            let page = flow.walk(&mut world.browser()).await;
            let claims = world.claims(&flow.response(&page)["id_token"]).await;
            assert_eq!(claims["name#fr"], json!("Alice l’Exemple"), "{response_type}");
            assert_eq!(claims.get("family_name#de").is_some(), all, "{response_type}: {claims}");
        }
    }

    /// What is too much is refused or passed over, and what is no language is nobody's claim.
    async fn what_is_asked_for_in_languages_is_bounded(world: World) {
        let app = app_of_alice(&world, |client| client).await;
        let many = |count: usize| {
            let names = (0..count).map(|index| (format!("name#ja-x-{index}"), Value::Null));
            json!({"userinfo": names.collect::<serde_json::Map<_, _>>()}).to_string()
        };
        assert_eq!(asking(&world, &app, &[("claims", &many(51))]).error(&mut world.browser()).await, "invalid_request");
        let seen = told(&world, &app, &[("claims", &many(50))]).await;
        assert_eq!(seen, json!({"name#ja": "アリス"}), "each is answered by the one there is");
        let long = ["en"; 11].join("-x-a ") + " ja";
        let seen = told(&world, &app, &[("scope", "openid profile"), ("claims_locales", &long)]).await;
        assert_eq!(seen["name"], json!("アリス"), "what is said twice counts once");
        let (all, last): (Vec<String>, _) = ((0..10).map(|index| format!("en-x-{index}")).collect(), " ja");
        let seen = told(&world, &app, &[("scope", "openid profile"), ("claims_locales", &(all.join(" ") + last))]).await;
        assert_eq!(seen["name"], json!("Alice Example"), "the eleventh does not count");
        let claims = json!({"userinfo": {"name#": null, "name#de_DE": null, "#de": null, "sub#de": null, "name#ja#ja": null, "__proto__#ja": null}}).to_string();
        assert_eq!(told(&world, &app, &[("claims", &claims)]).await, json!({}));
    }

    /// §5.1.2: an operator's own claims have languages by their names, and are told as the standard ones are.
    async fn claims_of_the_operators_own_have_languages(world: World) {
        let claim = |name: &str, value: &str, places: &[&str]| json!({"name": name, "value": value, "in": places});
        let both = ["userinfo", "id_token"];
        let scope = json!({"name": "department", "description": "See where you work", "claims": [
            claim("title", "'Nurse'", &both), claim("title#de", "'Pflegerin'", &both), claim("title#fr-CA", "'Infirmière'", &both),
            claim("kana", "profile['family_name#ja-Kana-JP']", &["userinfo"]), claim("ward#de", "'Station'", &["userinfo", "access_token"]),
            claim("https://acme.example/#unit", "7", &["userinfo"]),
        ]});
        world.resource_document(json!({"id": "urn:example:directory", "name": "Directory", "scopes": [scope]})).await;
        let app = app_of_alice(&world, |client| client.scope("openid department offline_access")).await;
        let other = world.client("other").scope("openid email").create().await;
        let own = |mut claims: Value| {
            let kept = ["title", "ward", "kana", "https://acme.example/"];
            claims.as_object_mut().unwrap().retain(|name, _| kept.contains(&name.split('#').next().unwrap()));
            claims
        };
        let seen = async |app: &Client, parameters: &[(&str, &str)]| {
            let tokens = asking(&world, app, parameters).tokens().await;
            let access = world.claims(tokens.access()).await;
            [own(info(&world, &tokens).await), own(world.claims(tokens.id()).await), own(access)]
        };
        let [info, id, access] = seen(&app, &[("scope", "openid department")]).await;
        assert_eq!(info, json!({"title": "Nurse", "kana": "ヤマダ", "ward#de": "Station", "https://acme.example/#unit": 7}));
        assert_eq!((id, access), (json!({"title": "Nurse"}), json!({"ward#de": "Station"})));
        let [info, id, _] = seen(&app, &[("scope", "openid department"), ("claims_locales", "fr de")]).await;
        assert_eq!(info, json!({"title": "Infirmière", "title#fr": "Infirmière", "title#de": "Pflegerin", "kana": "ヤマダ", "ward": "Station", "https://acme.example/#unit": 7}));
        assert_eq!(id["title#de"], json!("Pflegerin"));
        let wish = json!({"userinfo": {"title#de-AT": null}, "id_token": {"title": null, "ward#de": null}}).to_string();
        let [info, id, _] = seen(&app, &[("scope", "openid"), ("claims", &wish), ("claims_locales", "fr")]).await;
        assert_eq!((info, id), (json!({"title#de": "Pflegerin"}), json!({"title": "Infirmière", "ward#de": "Station"})));
        let [info, id, _] = seen(&other, &[("scope", "openid"), ("claims", &wish)]).await;
        assert_eq!((info, id), (json!({}), json!({})), "it may not ask for the scope");
    }

    /// Discovery §3: the metadata name the languages that the realm's people can have, and no other is taken then.
    async fn the_metadata_name_the_languages_of_claims(world: World) {
        let app = world.app().await;
        let document = async || world.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(document().await.get("claims_locales_supported"), None, "any may be known, and none is sure");
        assert_eq!(document().await["ui_locales_supported"], json!(["en"]));
        world.settings(|settings| settings.claims_locales = vec!["de".to_owned(), "ja-Kana".to_owned()]).await;
        assert_eq!(document().await["claims_locales_supported"], json!(["de", "ja-Kana"]));
        known(&world, json!({"name": {"de-CH": "Alice Beispiel", "ja-Kana-JP": "アリス"}})).await;
        let alice = people::find_by_username(world.realm(), "alice").await.unwrap().unwrap();
        for tag in ["fr", "ja", "ja-Hani-JP", "d"] {
            let mut details = Details::from(&alice);
            details.profile = serde_json::from_value(json!({"localized": {"name": {tag: "x"}}})).unwrap();
            let refused = people::update(world.realm(), &alice.id, alice.version, details, Some("test")).await;
            assert!(matches!(refused, Err(identity::Error::Invalid(_))), "{tag}");
        }
        let asked = [("scope", "openid profile"), ("claims_locales", "de")];
        assert_eq!(told(&world, &app, &asked).await["name"], json!("Alice Beispiel"));
    }
}
