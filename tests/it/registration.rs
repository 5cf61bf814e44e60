//! Dynamic registration (RFC 7591) and its management (RFC 7592), OpenID Connect Dynamic Client Registration 1.0.

mod choices;
mod sectors;
mod statements;
mod unused;

use jose::{Algorithm, JwkSet, SigningKey, jws};
use realm::initial_access;
use realm::{Admission, StatementIssuer};
use serde_json::{Value, json};

use crate::harness::{ALICE, Answer, CALLBACK, Client, World, altered};
use crate::on_each_engine;

async fn mode(world: &World, mode: Admission) {
    world
        .settings(|settings| settings.registration.mode = mode)
        .await;
}

async fn register(world: &World, metadata: &Value) -> Answer {
    world.post("/register").json(metadata).send().await
}

/// A public client as most applications register.
fn public() -> Value {
    json!({"redirect_uris": [CALLBACK], "client_name": "Notes for you", "token_endpoint_auth_method": "none", "id_token_signed_response_alg": "ES256",
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"]})
}

async fn registered(world: &World, metadata: &Value) -> Value {
    let answer = register(world, metadata).await;
    answer.status(201).not_stored();
    answer.json()
}

fn client(world: &World, registered: &Value) -> Client {
    let redirect = registered["redirect_uris"][0].as_str().unwrap_or_default();
    let secret = registered["client_secret"].as_str();
    Client::existing(
        world,
        registered["client_id"].as_str().unwrap(),
        secret,
        redirect,
    )
}

/// A request to the address of a registration, with its token.
async fn manage(world: &World, method: &str, of: &Value, body: Option<&Value>) -> Answer {
    let token = of["registration_access_token"].as_str().unwrap();
    manage_with(world, method, of, (token, body)).await
}

async fn manage_with(
    world: &World,
    method: &str,
    of: &Value,
    (token, body): (&str, Option<&Value>),
) -> Answer {
    let uri = of["registration_client_uri"].as_str().unwrap();
    let path = uri.strip_prefix(world.issuer()).unwrap();
    let call = world.call(method, path).bearer(token);
    match body {
        Some(body) => call.json(body).send().await,
        None => call.send().await,
    }
}

/// What a client sends to change something (RFC 7592 §2.2).
fn changed(of: &Value, name: &str, value: Value) -> Value {
    let mut body = of.clone();
    let members = body.as_object_mut().unwrap();
    for issued in [
        "registration_access_token",
        "registration_client_uri",
        "client_id_issued_at",
        "client_secret_expires_at",
        "client_secret",
    ] {
        members.remove(issued);
    }
    members.insert(name.to_owned(), value);
    body
}

on_each_engine! {
    /// RFC 9700 §4.11.2: where anybody can register any site, a wrong request does not lead there by itself; in a frame the client that asks silently hears the
    /// answer, and what an operator vouches for is trusted.
    async fn nobody_is_sent_unasked_to_a_site_that_anybody_registered(world: World) {
        mode(&world, Admission::Open).await;
        let app = client(&world, &registered(&world, &public()).await);
        let mut browser = world.browser();
        for (name, value) in [("scope", "no\\scope"), ("prompt", "none"), ("response_type", "token"), ("response_mode", "form_post")] {
            let flow = world.flow(&app).with("prompt", "none").with(name, value).with("state", "back");
            let page = browser.get(&flow.url()).await;
            assert!(page.leaving.is_none(), "{name}: {:?}", page.leaving);
            assert!(page.html().contains(CALLBACK) && !page.html().contains("<script"), "{name}: {}", page.html());
        }
        let silent = world.flow(&app).with("prompt", "none").url();
        let framed = world.get(&silent).header("sec-fetch-dest", "iframe").send().await;
        assert!(framed.status(303).header("location").starts_with(&format!("{CALLBACK}?error=login_required")), "{framed:?}");
        for elsewhere in ["document", "frame", "embed", "object", "fencedframe", "iframe, document", "IFRAME", ""] {
            assert_eq!(world.get(&silent).header("sec-fetch-dest", elsewhere).send().await.status, 400, "{elsewhere}");
        }
        let own = world.app().await;
        assert_eq!(world.flow(&own).with("prompt", "none").error(&mut browser).await, "login_required");
        // Who came when everybody might is vouched for by nobody later, and who came with a token is, whoever may come by now.
        for now in [Admission::Off, Admission::Token] {
            mode(&world, now).await;
            let page = browser.get(&world.flow(&app).with("prompt", "none").url()).await;
            assert!(page.leaving.is_none(), "{now:?}: {:?}", page.leaving);
        }
        mode(&world, Admission::Token).await;
        let token = initial_access::create(world.realm(), "partner", (1, 60), "test").await.unwrap();
        let invited = world.post("/register").bearer(&token.1).json(&public()).send().await.status(201).json();
        mode(&world, Admission::Open).await;
        assert_eq!(world.flow(&client(&world, &invited)).with("prompt", "none").error(&mut browser).await, "login_required");
    }

    /// OpenID Connect Core §3.1.2.6: who has allowed the client something knows it: its silent requests are answered, also when they fail.
    async fn who_knows_a_client_is_led_back_to_it(world: World) {
        mode(&world, Admission::Open).await;
        world.person(ALICE.0, ALICE.1).await;
        world.person("bob", "bobs-good-password").await;
        let app = client(&world, &registered(&world, &public()).await);
        let (mut knows, mut other) = (world.browser(), world.browser());
        world.flow(&app).tokens_in(&mut knows).await;
        let page = other.get("/login").await;
        other.press(&page, "sign-in", &[("username", "bob"), ("password", "bobs-good-password")]).await;
        let silent = world.flow(&app).with("prompt", "none").with("scope", "openid email");
        assert_eq!(silent.error(&mut knows).await, "consent_required");
        let page = other.get(&silent.url()).await;
        assert!(page.leaving.is_none(), "{:?}", page.leaving);
    }

    /// RFC 7591 §3: where nobody may register there is nothing, and the metadata say so; where they may, they are told.
    async fn nobody_registers_unless_the_realm_says_so(world: World) {
        let document = || async { world.get("/.well-known/openid-configuration").send().await.json() };
        register(&world, &public()).await.status(404);
        assert_eq!(document().await.get("registration_endpoint"), None);
        mode(&world, Admission::Open).await;
        let expected = format!("{}/register", world.issuer());
        assert_eq!(document().await["registration_endpoint"], json!(expected));
        registered(&world, &public()).await;
    }

    /// RFC 7591 §3.2.1: all that was registered comes back, defaults and what was replaced included.
    async fn a_client_registers_and_is_told_everything(world: World) {
        mode(&world, Admission::Open).await;
        world.notes().await;
        let answer = registered(&world, &json!({
            "redirect_uris": [CALLBACK, "https://app.example/other"], "client_name": "Notes", "client_name#de": "Notizen", "tos_uri": "https://app.example/tos",
            "tos_uri#de-CH": "https://app.example/agb", "logo_uri": "https://app.example/logo.png", "contacts": ["ops@app.example"], "software_id": "notes",
            "software_version": "1.2", "scope": "openid notes.read nonsense", "post_logout_redirect_uris": ["https://app.example/bye"],
            "grant_types": ["authorization_code", "implicit"], "id_token_signed_response_alg": "ES256",
            "something_new": {"deep": [1, null]}, "skip_consent": true, "introspects": ["urn:example:notes"], "client_id": "chosen",
        })).await;
        for (member, expected) in [
            ("client_name", json!("Notes")), ("client_name#de", json!("Notizen")), ("tos_uri#de-CH", json!("https://app.example/agb")),
            ("grant_types", json!(["authorization_code"])), ("response_types", json!(["code"])), ("scope", json!("openid notes.read")),
            ("token_endpoint_auth_method", json!("client_secret_basic")), ("application_type", json!("web")), ("software_version", json!("1.2")),
            ("client_secret_expires_at", json!(0)), ("client_id_issued_at", json!(world.now())), ("id_token_signed_response_alg", json!("ES256")),
        ] {
            assert_eq!(answer[member], expected, "{member}");
        }
        for absent in ["something_new", "skip_consent", "introspects", "default_scope"] {
            assert_eq!(answer.get(absent), None, "{absent}");
        }
        assert_ne!(answer["client_id"], json!("chosen"));
        let read = manage(&world, "GET", &answer, None).await;
        read.status(200).not_stored();
        let mut expected = answer.clone();
        expected.as_object_mut().unwrap().remove("client_secret");
        assert_eq!(read.json(), expected, "RFC 7592 §2.1");
    }

    /// A registered client signs people in with nothing but what it was told, and each tool's scope is the resource's to give.
    async fn a_registered_client_signs_people_in(world: World) {
        mode(&world, Admission::Open).await;
        world.notes().await;
        world.person(ALICE.0, ALICE.1).await;
        for metadata in [public(), changed(&public(), "token_endpoint_auth_method", json!("client_secret_post"))] {
            let answer = registered(&world, &metadata).await;
            let app = client(&world, &answer);
            let flow = world.flow(&app).with("scope", "openid notes.read notes.write").with("resource", "urn:example:notes");
            let code = flow.fresh_code().await;
            let tokens = match &app.secret {
                None => flow.redeem(&code).await,
                Some(secret) => {
                    let form = flow.redemption(&code);
                    let mut form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                    form.retain(|(name, _)| *name != "client_id");
                    form.extend([("client_id", app.id.as_str()), ("client_secret", secret)]);
                    world.post("/token").form(&form).send().await
                }
            };
            tokens.status(200);
            assert_eq!(tokens.text("scope"), "openid notes.read notes.write");
        }
    }

    /// RFC 7591 §3.2.2, RFC 8252 §8.4, OpenID Connect Registration §2: what cannot be registered, by its registered error.
    async fn bad_metadata_is_refused_by_its_name(world: World) {
        mode(&world, Admission::Open).await;
        let private = SigningKey::generate(Algorithm::Es256).unwrap().jwk().to_value();
        let with = |name: &str, value: Value| changed(&public(), name, value);
        let redirect = |uri: &str| with("redirect_uris", json!([uri]));
        let cases = [
            ("no redirect", with("redirect_uris", json!([])), "invalid_redirect_uri"),
            ("no https", redirect("http://app.example/cb"), "invalid_redirect_uri"),
            ("a fragment", redirect("https://app.example/cb#x"), "invalid_redirect_uri"),
            ("a script", redirect("javascript:alert(1)"), "invalid_redirect_uri"),
            ("data", redirect("data:text/html,x"), "invalid_redirect_uri"),
            ("a wildcard", redirect("https://*.example/cb"), "invalid_redirect_uri"),
            ("a user", redirect("https://a@app.example/cb"), "invalid_redirect_uri"),
            ("a number", with("redirect_uris", json!([7])), "invalid_redirect_uri"),
            ("an own scheme on the web", {
                let mut metadata = redirect("com.example.app:/cb");
                metadata["application_type"] = json!("web");
                metadata
            }, "invalid_redirect_uri"),
            ("a logo that is a script", with("logo_uri", json!("javascript:alert(1)")), "invalid_client_metadata"),
            ("a policy that is data", with("policy_uri", json!("data:text/html,<script>x</script>")), "invalid_client_metadata"),
            ("a German policy that is a script", with("policy_uri#de", json!("javascript:x")), "invalid_client_metadata"),
            ("terms without https", with("tos_uri", json!("http://app.example/tos")), "invalid_client_metadata"),
            ("a home page with a user", with("client_uri", json!("https://bank.example@evil.example/")), "invalid_client_metadata"),
            ("a name that is a list", with("client_name", json!(["x"])), "invalid_client_metadata"),
            ("a long name", with("client_name", json!("x".repeat(201))), "invalid_client_metadata"),
            ("a control character", with("client_name", json!("a\u{202e}\u{7}b")), "invalid_client_metadata"),
            ("an unknown method", with("token_endpoint_auth_method", json!("magic")), "invalid_client_metadata"),
            ("keys without keys", with("token_endpoint_auth_method", json!("private_key_jwt")), "invalid_client_metadata"),
            ("a private key", with("jwks", json!({"keys": [private]})), "invalid_client_metadata"),
            ("two kinds of keys", {
                let mut metadata = with("jwks_uri", json!("https://app.example/jwks"));
                metadata["jwks"] = json!({"keys": []});
                metadata
            }, "invalid_client_metadata"),
            ("keys by http", with("jwks_uri", json!("http://app.example/jwks")), "invalid_client_metadata"),
            ("keys at a file", with("jwks_uri", json!("file:///etc/passwd")), "invalid_client_metadata"),
            ("no grant that it may have", with("grant_types", json!(["client_credentials"])), "invalid_client_metadata"),
            ("tokens through the browser", with("response_types", json!(["token"])), "invalid_client_metadata"),
            ("refresh tokens of nothing", with("grant_types", json!(["refresh_token"])), "invalid_client_metadata"),
            ("unsigned ID tokens", with("id_token_signed_response_alg", json!("none")), "invalid_client_metadata"),
            ("symmetric ID tokens", with("id_token_signed_response_alg", json!("HS256")), "invalid_client_metadata"),
            ("another kind of subject", with("subject_type", json!("secret")), "invalid_client_metadata"),
            ("a sector elsewhere", with("sector_identifier_uri", json!("http://sector.example/")), "invalid_client_metadata"),
            ("another kind", with("application_type", json!("desktop")), "invalid_client_metadata"),
        ];
        for (case, metadata, code) in cases {
            let answer = register(&world, &metadata).await;
            assert_eq!(answer.status, 400, "{case}: {answer:?}");
            assert_eq!(answer.text("error"), code, "{case}: {answer:?}");
        }
        for (content_type, body) in [
            ("application/x-www-form-urlencoded", "redirect_uris=x".to_owned()),
            ("text/plain", public().to_string()),
            ("application/json", String::new()),
            ("application/json", "[]".to_owned()),
            ("application/json", "{\"redirect_uris\":[\"https://a.example/\"],\"redirect_uris\":[\"https://b.example/\"]}".to_owned()),
            ("application/json", "{\"jwks\":{\"keys\":[],\"keys\":[]}}".to_owned()),
            ("application/json", format!("{{\"x\":\"{}\"}}", "x".repeat(200_000))),
            ("application/json", "[".repeat(50_000)),
            ("application/json", format!("{{\"x\":{}", "[".repeat(50_000))),
        ] {
            world.post("/register").body(content_type, body.as_bytes()).send().await.refused(400, "invalid_request");
        }
        assert!(realm::clients::list(world.realm(), "", 10).await.unwrap().is_empty());
    }

    /// RFC 7592 §2.2: everything is stated anew; what the operator said stays, whatever the client states.
    async fn a_client_changes_its_registration(world: World) {
        mode(&world, Admission::Open).await;
        let first = registered(&world, &changed(&public(), "tos_uri", json!("https://app.example/tos"))).await;
        let id = first["client_id"].as_str().unwrap();
        let mut stored = realm::clients::find(world.realm(), id).await.unwrap().unwrap();
        stored.lifetimes.access_token = Some(77);
        realm::clients::update(world.realm(), stored, realm::clients::SecretChange::Keep, "test").await.unwrap();
        let mut body = changed(&first, "client_name", json!("Renamed"));
        body.as_object_mut().unwrap().remove("tos_uri");
        body["lifetimes"] = json!({"access_token": 86400});
        body["skip_consent"] = json!(true);
        let answer = manage(&world, "PUT", &first, Some(&body)).await;
        answer.status(200).not_stored();
        assert_eq!((&answer.json()["client_name"], answer.json().get("tos_uri")), (&json!("Renamed"), None));
        let stored = realm::clients::find(world.realm(), id).await.unwrap().unwrap();
        assert_eq!((stored.lifetimes.access_token, stored.skip_consent), (Some(77), false));
        assert_eq!(stored.redirect_uris, [CALLBACK]);
        // It becomes confidential, and public again.
        let secret = changed(&first, "token_endpoint_auth_method", json!("client_secret_basic"));
        let answer = manage(&world, "PUT", &first, Some(&secret)).await;
        answer.status(200);
        let issued = answer.text("client_secret");
        let mut wrong = secret.clone();
        wrong["client_secret"] = json!(altered(&issued, 9));
        manage(&world, "PUT", &first, Some(&wrong)).await.refused(400, "invalid_client_metadata");
        wrong["client_secret"] = json!(issued);
        let kept = manage(&world, "PUT", &first, Some(&wrong)).await;
        kept.status(200);
        assert_eq!(kept.json().get("client_secret"), None, "it stays");
        let answer = manage(&world, "PUT", &first, Some(&changed(&first, "client_name", json!("Public again")))).await;
        answer.status(200);
        assert!(realm::clients::find(world.realm(), id).await.unwrap().unwrap().is_public());
        manage(&world, "PUT", &first, Some(&changed(&first, "redirect_uris", json!(["http://evil.example/"])))).await.refused(400, "invalid_redirect_uri");
        manage(&world, "PUT", &first, Some(&changed(&first, "client_id", json!("another")))).await.refused(400, "invalid_client_metadata");
    }

    /// RFC 7592 §2.2: a client that reads its registration and writes it back keeps what an operator gave it, and what it gives up does not come back.
    async fn a_client_that_changes_its_name_keeps_what_an_operator_gave_it(world: World) {
        mode(&world, Admission::Open).await;
        let stated = json!({"redirect_uris": [CALLBACK], "client_name": "Notes for you"});
        let first = registered(&world, &stated).await;
        let id = first["client_id"].as_str().unwrap();
        let mut stored = realm::clients::find(world.realm(), id).await.unwrap().unwrap();
        stored.profile = Some(realm::Profile::OpenId);
        stored.allow_retired_grants = Some(true);
        stored.grant_types = ["authorization_code", "implicit", "client_credentials"].map(|name| name.parse().unwrap()).to_vec();
        stored.response_types = ["code", "code id_token"].map(|name| name.parse().unwrap()).to_vec();
        stored.allowed_origins = vec!["https://scripts.example".to_owned()];
        realm::clients::update(world.realm(), stored.clone(), realm::clients::SecretChange::Keep, "test").await.unwrap();
        let read = manage(&world, "GET", &first, None).await.status(200).json();
        let answer = manage(&world, "PUT", &first, Some(&changed(&read, "client_name", json!("Renamed")))).await;
        assert_eq!(answer.status(200).json()["client_name"], "Renamed");
        let kept = realm::clients::find(world.realm(), id).await.unwrap().unwrap();
        assert_eq!((&kept.grant_types, &kept.response_types), (&stored.grant_types, &stored.response_types));
        assert_eq!(kept.allowed_origins, stored.allowed_origins);
        // Other grants of the kind it does not get, nor again what it gave up.
        let asked = json!(["authorization_code", "implicit", "password"]);
        manage(&world, "PUT", &first, Some(&changed(&read, "grant_types", asked))).await.status(200);
        manage(&world, "PUT", &first, Some(&changed(&read, "client_name", json!("Again")))).await.status(200);
        let left = realm::clients::find(world.realm(), id).await.unwrap().unwrap();
        assert_eq!(left.grant_types, ["authorization_code", "implicit"].map(|name| name.parse().unwrap()));
    }

    /// RFC 7592 §2.3: its tokens end with it, and so does its registration access token.
    async fn a_client_deletes_itself(world: World) {
        mode(&world, Admission::Open).await;
        world.person(ALICE.0, ALICE.1).await;
        let first = registered(&world, &public()).await;
        let app = client(&world, &first);
        let flow = world.flow(&app);
        let tokens = flow.tokens().await;
        manage(&world, "DELETE", &first, None).await.status(204);
        world.userinfo(tokens.access()).await.status(401);
        manage(&world, "GET", &first, None).await.refused(401, "invalid_token");
        world.get(&flow.url()).send().await.status(400);
    }

    /// RFC 7592 §2: only the token of this very registration opens it; an unknown client, an operator's client and a wrong token look alike.
    async fn a_registration_belongs_to_whoever_has_its_token(world: World) {
        mode(&world, Admission::Open).await;
        let operators = world.app().await;
        let (first, second) = (registered(&world, &public()).await, registered(&world, &public()).await);
        let token = |of: &Value| of["registration_access_token"].as_str().unwrap().to_owned();
        let at = |id: &str| json!({"registration_client_uri": format!("{}/register/{id}", world.issuer())});
        let unknown = manage_with(&world, "GET", &at("unknown"), (&token(&first), None)).await;
        unknown.refused(401, "invalid_token");
        assert!(unknown.header("www-authenticate").starts_with("Bearer "), "{unknown:?}");
        let body = changed(&second, "client_name", json!("Taken over"));
        for method in ["GET", "PUT", "DELETE"] {
            let body = (method == "PUT").then_some(&body);
            let secret = operators.secret.clone().unwrap();
            let wrong = altered(&token(&second), 12);
            for (case, target, token) in [
                ("another's", &second, token(&first)),
                ("an operator's client", &at("app"), token(&first)),
                ("a client secret", &at("app"), secret),
                ("altered", &second, wrong),
                ("empty", &second, "x".to_owned()),
                ("huge", &second, "x".repeat(4000)),
            ] {
                let answer = manage_with(&world, method, target, (&token, body)).await;
                assert_eq!((answer.status, &answer.body), (401, &unknown.body), "{method} {case}: {answer:?}");
            }
        }
        // In another tenant it opens nothing, whatever client has the identifier there.
        world.add_realm("acme").await;
        let id = second["client_id"].as_str().unwrap();
        let path = format!("/realms/acme/register/{id}");
        world.get(&path).bearer(&token(&second)).send().await.refused(401, "invalid_token");
        let path = format!("/register/{id}");
        world.get(&path).send().await.refused(401, "invalid_token");
        world.get(&path).header("authorization", &format!("Basic {}", token(&second))).send().await.refused(401, "invalid_token");
        let seen = manage(&world, "GET", &second, None).await;
        assert_eq!(seen.text("client_name"), "Notes for you");
        let copy = realm::clients::find(world.realm(), id).await.unwrap().unwrap();
        assert!(!format!("{copy:?}").contains(&token(&second)));
    }

    /// RFC 7591 §3: with an initial access token, as often and for as long as it says, whoever else races for the last use.
    async fn an_initial_access_token_is_counted_and_expires(world: World) {
        mode(&world, Admission::Token).await;
        let make = |uses: i64| { let world = world.clone(); async move {
            initial_access::create(world.realm(), "partner", (uses, 60), "test").await.unwrap()
        }};
        let (_, token) = make(2).await;
        let with = |token: &str| world.post("/register").bearer(token).json(&public()).send();
        let bare = register(&world, &public()).await;
        bare.refused(401, "invalid_token");
        assert!(bare.header("www-authenticate").starts_with("Bearer "), "{bare:?}");
        with(&altered(&token, 10)).await.refused(401, "invalid_token");
        // What is refused for another reason costs no use.
        let bad = changed(&public(), "redirect_uris", json!(["javascript:x"]));
        world.post("/register").bearer(&token).json(&bad).send().await.refused(400, "invalid_redirect_uri");
        let racers: Vec<_> = (0..6).map(|_| tokio::spawn(with(&token))).collect();
        let mut made = 0;
        for racer in racers {
            let answer = racer.await.unwrap();
            assert!(matches!(answer.status, 201 | 401), "{answer:?}");
            made += usize::from(answer.status == 201);
        }
        assert_eq!(made, 2);
        let (kept, late) = make(9).await;
        with(&late).await.status(201);
        world.advance(60);
        with(&late).await.refused(401, "invalid_token");
        let (again, taken_back) = make(9).await;
        initial_access::delete(world.realm(), &again.id, "test").await.unwrap();
        with(&taken_back).await.refused(401, "invalid_token");
        world.sync().await;
        let left = initial_access::list(world.realm(), "", 10).await.unwrap();
        assert!(left.iter().all(|token| token.id != kept.id), "it was swept");
    }

    /// RFC 7592 §2.2, RFC 7518 §3.2: who begins to sign request objects with its secret, or by a longer hash, gets a secret that it can sign with.
    async fn who_begins_to_sign_with_its_secret_gets_one_that_does(world: World) {
        mode(&world, Admission::Open).await;
        let first = registered(&world, &changed(&public(), "token_endpoint_auth_method", json!("client_secret_basic"))).await;
        let mut secret = first["client_secret"].as_str().unwrap().to_owned();
        for (algorithm, hash, is_new) in [("HS256", Algorithm::Hs256, true), ("HS512", Algorithm::Hs512, true), ("HS384", Algorithm::Hs384, false)] {
            let body = changed(&first, "request_object_signing_alg", json!(algorithm));
            let answer = manage(&world, "PUT", &first, Some(&body)).await;
            answer.status(200);
            let told = answer.json();
            assert_eq!(told.get("client_secret").is_some(), is_new, "{algorithm}: {told}");
            if let Some(new) = told["client_secret"].as_str() {
                assert_ne!(new, secret);
                secret = new.to_owned();
            }
            let id = first["client_id"].as_str().unwrap();
            let claims = json!({"iss": id, "aud": world.issuer(), "client_id": id, "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid",
                "prompt": "none", "exp": world.now() + 60, "nbf": world.now(), "state": "s", "code_challenge_method": "S256",
                "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"});
            let key = SigningKey::from_jwk(&jose::Jwk::symmetric(secret.as_bytes()).unwrap(), hash).unwrap();
            let object = jose::jwt::sign(&key, "oauth-authz-req+jwt", &claims).unwrap();
            let app = client(&world, &first).with_secret(&secret);
            app.post("/par", &[("request", object.as_str())]).await.status(201);
        }
    }
}
