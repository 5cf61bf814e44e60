//! JWT Secured Authorization Response Mode (JARM): answers that nobody on their way through the browser can change.

use std::collections::BTreeMap;

use fetch::{Fetch, FetchOptions};
use grantor_client::{CallbackError, Client as Library, Credentials, Error, Pending};
use jose::jwe::{self, ContentEncryption, KeyManagement};
use jose::{Algorithm, Jwk, SigningKey};
use serde_json::{Value, json};

use crate::harness::{CALLBACK, Client, NewClient, Page, World, altered, fragment_of, query_of};
use crate::on_each_engine;

/// The JWT of a page, by whatever carries it, and nothing beside it.
#[track_caller]
fn response(page: &Page) -> String {
    let parameters: BTreeMap<String, String> = match &page.leaving {
        Some(url) if url.fragment().is_some() => {
            assert_eq!(url.query(), None, "{url}");
            fragment_of(url)
        }
        Some(url) => query_of(url),
        None => {
            assert_eq!(page.answer.status, 200, "{:?} {}", page.way, page.words());
            let form = page.form("continue");
            assert_eq!(form.action, CALLBACK);
            form.fields.into_iter().collect()
        }
    };
    let names: Vec<&str> = parameters.keys().map(String::as_str).collect();
    assert_eq!(names, ["response"]);
    parameters["response"].clone()
}

/// What it says, its signature verified with the published keys, and what each must say (§2.1).
async fn claims(world: &World, client: &Client, page: &Page) -> Value {
    let claims = world.claims(&response(page)).await;
    assert_eq!(claims["iss"], json!(world.issuer()));
    assert_eq!(claims["aud"], json!(client.id));
    let lifetime = claims["exp"].as_i64().unwrap() - world.now();
    assert!((1..=600).contains(&lifetime), "{lifetime}");
    claims
}

fn signing(client: NewClient) -> NewClient {
    client.set("authorization_signed_response_alg", json!("ES256"))
}

/// A key for encryption and its public part, as a client registers it.
fn encryption_key() -> (Jwk, Value) {
    let private = SigningKey::generate(Algorithm::Es256).unwrap().jwk();
    let with_use = |mut value: Value| {
        for member in ["alg", "use", "kid"] {
            value.as_object_mut().unwrap().remove(member);
        }
        value["use"] = json!("enc");
        value["kid"] = json!("for-us");
        value
    };
    let private = with_use(serde_json::to_value(private).unwrap());
    let mut public = private.clone();
    public.as_object_mut().unwrap().remove("d");
    (Jwk::from_value(private).unwrap(), public)
}

async fn library(world: &World, client: &Client, key: Option<Jwk>) -> Library {
    let secret = client.secret.clone().unwrap();
    let mut builder = Library::builder(world.issuer(), Credentials::basic(&client.id, secret))
        .ambient(world.node().ambient().clone())
        .fetch(Fetch::new(FetchOptions::loopback()).unwrap())
        .id_token_algorithm(Algorithm::Es256)
        .signed_response_algorithm(Algorithm::Es256);
    if let Some(key) = key {
        builder = builder.signed_response_key(key);
    }
    builder.discover().await.unwrap()
}

async fn pending(library: &Library) -> Pending {
    let request = library.authorize().scope("openid").redirect_uri(CALLBACK);
    request.signed_response().start().await.unwrap()
}

/// The query with which the browser comes back to the library's client.
async fn comes_back(world: &World, client: &Client, pending: &Pending) -> String {
    let mut browser = world.browser();
    let page = browser.get(pending.url()).await;
    let page = world.flow(client).go_on(&mut browser, page).await;
    page.left().query().unwrap_or_default().to_owned()
}

on_each_engine! {
    /// §2.1 and §2.3: in each mode one signed JWT with all parameters, the issuer, the client and an end soon, and nothing beside it.
    async fn each_mode_is_signed(world: World) {
        let app = world.app_with(|client| signing(client).trusted()).await;
        let mut browser = world.browser();
        for mode in ["query.jwt", "fragment.jwt", "form_post.jwt", "jwt"] {
            let flow = world.flow(&app).with("response_mode", mode);
            let page = flow.walk(&mut browser).await;
            assert_eq!(page.leaving.is_none(), mode == "form_post.jwt", "{mode}");
            let carried = page.leaving.as_ref().is_some_and(|url| url.fragment().is_some());
            assert_eq!(carried, mode == "fragment.jwt", "{mode}");
            page.answer.not_stored();
            let claims = claims(&world, &app, &page).await;
            let names: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(names, ["aud", "code", "exp", "iss", "session_state", "state"]);
            assert_eq!(claims["state"], json!("a state & more"));
            flow.redeem(claims["code"].as_str().unwrap()).await.status(200);
        }
    }

    /// §2.1, and no way around it: whatever is wrong with the request, the refusal is signed too.
    async fn a_refusal_is_signed(world: World) {
        let app = world.app_with(signing).await;
        let table = [
            (world.flow(&app).with("prompt", "none"), "query.jwt", "login_required"),
            (world.flow(&app).with("prompt", "none"), "fragment.jwt", "login_required"),
            (world.flow(&app).with("prompt", "none"), "form_post.jwt", "login_required"),
            (world.flow(&app).with("prompt", "none"), "jwt", "login_required"),
            (world.flow(&app).with("max_age", "soon"), "jwt", "invalid_request"),
            (world.flow(&app).with("scope", "a\"b"), "jwt", "invalid_scope"),
            (world.flow(&app), "nonsense.jwt", "invalid_request"),
            (world.flow(&app), "query.fragment.jwt", "invalid_request"),
            (world.flow(&app).without("response_type"), "jwt", "invalid_request"),
            (world.flow(&app).with("response_type", "nonsense"), "query.jwt", "unsupported_response_type"),
            (world.flow(&app).with("response_type", "token"), "jwt", "unsupported_response_type"),
            (world.flow(&app).with("response_type", "token"), "query.jwt", "invalid_request"),
            (world.flow(&app).without_pkce(), "jwt", "invalid_request"),
        ];
        for (flow, mode, error) in table {
            let flow = flow.with("response_mode", mode);
            let page = world.browser().get(&flow.url()).await;
            let claims = claims(&world, &app, &page).await;
            assert_eq!(claims["error"], json!(error), "{mode} {:?}", flow.parameters);
            assert_eq!(claims["state"], json!("a state & more"));
        }
        let flow = world.flow(&app).with("response_mode", "jwt");
        let page = world.browser().get(&format!("{}&nonce=x", flow.url())).await;
        assert_eq!(claims(&world, &app, &page).await["error"], json!("invalid_request"));
        let mut browser = world.browser();
        world.sign_in(&mut browser).await;
        let page = browser.get(&flow.url()).await;
        let page = browser.press(&page, "deny", &[]).await;
        assert_eq!(claims(&world, &app, &page).await["error"], json!("access_denied"));
    }

    /// §3 `authorization_signed_response_alg`: what the client registered, else RS256.
    async fn the_client_chooses_the_algorithm(world: World) {
        world.app_with(signing).await;
        let mut browser = world.browser();
        for (id, registered, expected) in [("b", json!("EdDSA"), "EdDSA"), ("c", Value::Null, "RS256")] {
            let client = world.client(id).trusted();
            let client = match registered {
                Value::Null => client,
                name => client.set("authorization_signed_response_alg", name),
            };
            let client = client.create().await;
            let flow = world.flow(&client).with("response_mode", "jwt");
            let page = flow.walk(&mut browser).await;
            let algorithm = jose::jws::peek(&response(&page)).unwrap().algorithm;
            assert_eq!(algorithm.as_str(), expected);
            claims(&world, &client, &page).await;
        }
    }

    /// §2.2 and §3 `authorization_encrypted_response_alg`: signed first, then encrypted to a key of the client's; only the client reads it.
    async fn a_response_is_encrypted_for_the_client(world: World) {
        let (private, public) = encryption_key();
        let app = world
            .app_with(|client| {
                signing(client)
                    .trusted()
                    .set("jwks", json!({"keys": [public]}))
                    .set("authorization_encrypted_response_alg", json!("ECDH-ES"))
                    .set("authorization_encrypted_response_enc", json!("A256GCM"))
            })
            .await;
        let mut browser = world.browser();
        let flow = world.flow(&app).with("response_mode", "jwt");
        let page = flow.walk(&mut browser).await;
        let token = response(&page);
        let accepted = jwe::Accepted {
            key_management: &[KeyManagement::EcdhEs],
            content: &[ContentEncryption::A256Gcm],
        };
        let opened = jwe::decrypt(&token, &private, &accepted).unwrap();
        assert_eq!((opened.header.cty.as_deref(), opened.header.kid.as_deref()), (Some("JWT"), Some("for-us")));
        let claims = world.claims(&String::from_utf8(opened.plaintext).unwrap()).await;
        assert_eq!(claims["aud"], json!("app"));
        flow.redeem(claims["code"].as_str().unwrap()).await.status(200);
        // Refusals too.
        let page = world.browser().get(&flow.with("prompt", "none").url()).await;
        let opened = jwe::decrypt(&response(&page), &private, &accepted).unwrap();
        let claims = world.claims(&String::from_utf8(opened.plaintext).unwrap()).await;
        assert_eq!(claims["error"], json!("login_required"));
    }

    /// No downgrade: where the key cannot be had nothing is sent, neither in the clear nor without a signature.
    async fn without_the_key_nothing_is_sent(world: World) {
        let app = world
            .app_with(|client| {
                signing(client)
                    .trusted()
                    .set("jwks_uri", json!("http://127.0.0.1:9/keys"))
                    .set("authorization_encrypted_response_alg", json!("RSA-OAEP-256"))
            })
            .await;
        for mode in ["jwt", "form_post.jwt", "fragment.jwt"] {
            let flow = world.flow(&app).with("response_mode", mode);
            let page = flow.walk(&mut world.browser()).await;
            assert!(page.leaving.is_none(), "{:?}", page.leaving);
            assert_eq!(page.answer.status, 503, "{}", page.words());
            assert!(!page.has("continue") && !page.html().contains("gac_"));
        }
        // What was not asked to be signed is as it was.
        world.flow(&app).fresh_code().await;
    }

    /// FAPI 2.0 Message Signing §5.4.1: under that profile every answer is signed, and asking for another kind is refused, by a signed answer.
    async fn the_profile_signs_every_response(world: World) {
        let app = world
            .app_with(|client| {
                let key = SigningKey::generate(Algorithm::Es256).unwrap();
                client
                    .public()
                    .set("profile", json!("fapi2-message-signing"))
                    .set("token_endpoint_auth_method", json!("private_key_jwt"))
                    .set("jwks", json!({"keys": [key.public_jwk().unwrap()]}))
                    .set("authorization_signed_response_alg", json!("ES256"))
            })
            .await;
        for mode in ["", "query", "fragment", "form_post", "jwt"] {
            let flow = world.flow(&app).with("response_mode", mode);
            let page = world.browser().get(&flow.url()).await;
            assert_eq!(claims(&world, &app, &page).await["error"], json!("invalid_request"), "{mode}");
        }
    }

    /// §3: a registration that could not work is refused.
    async fn a_registration_that_cannot_work_is_refused_for_responses(world: World) {
        let (_, public) = encryption_key();
        let table: [&[(&str, Value)]; 6] = [
            &[("authorization_signed_response_alg", json!("none"))],
            &[("authorization_signed_response_alg", json!("HS256"))],
            &[("authorization_encrypted_response_enc", json!("A256GCM"))],
            &[("authorization_encrypted_response_alg", json!("ECDH-ES"))],
            &[("authorization_encrypted_response_alg", json!("dir")), ("jwks", json!({"keys": [public.clone()]}))],
            &[("authorization_encrypted_response_alg", json!("RSA-OAEP-256")), ("jwks", json!({"keys": [public.clone()]}))],
        ];
        for members in table {
            let client = members.iter().fold(world.client("x"), |client, (name, value)| client.set(name, value.clone()));
            assert!(client.try_create().await.is_none(), "{members:?}");
        }
    }

    /// §4: the metadata name what there is.
    async fn the_metadata_name_modes_and_algorithms(world: World) {
        let document = world.get("/.well-known/openid-configuration").send().await.json();
        let modes = json!(["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"]);
        assert_eq!(document["response_modes_supported"], modes);
        for (member, name) in [
            ("authorization_signing_alg_values_supported", "ES256"),
            ("authorization_encryption_alg_values_supported", "RSA-OAEP-256"),
            ("authorization_encryption_enc_values_supported", "A256GCM"),
        ] {
            let listed = document[member].as_array().unwrap();
            assert!(listed.contains(&json!(name)) && !listed.contains(&json!("none")), "{member}: {listed:?}");
        }
    }

    /// §2.4 from end to end: the library asks for a signed answer and takes nothing else, whatever stands beside it or instead.
    async fn the_library_reads_a_signed_response_and_no_other(world: World) {
        let world = world.listening().await;
        let app = world.app_with(|client| signing(client).trusted()).await;
        let other = signing(world.client("other").trusted()).create().await;
        let library = library(&world, &app, None).await;
        let refused = async |pending: &Pending, query: &str| match library.finish(pending, query).await {
            Err(Error::Callback(error)) => error,
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("accepted: {query}"),
        };
        let asked = pending(&library).await;
        let query = comes_back(&world, &app, &asked).await;
        // A changed signature, a stripped one, an answer beside it, one without.
        let at = query.len() - 10;
        assert!(matches!(refused(&asked, &altered(&query, at)).await, CallbackError::Response(jose::Error::Signature)));
        let payload = query.split('.').nth(1).unwrap();
        let stripped = format!("response={}.{payload}.", jose::base64url::encode("{\"alg\":\"none\"}"));
        assert!(matches!(refused(&asked, &stripped).await, CallbackError::Response(_)));
        let plain = format!("code=x&state={}&iss={}", asked.state(), world.issuer());
        assert_eq!(refused(&asked, &plain).await, CallbackError::Unsigned);
        assert_eq!(refused(&asked, &format!("{query}&{query}")).await, CallbackError::Repeated);
        // The answer to another request, and to another client.
        let later = pending(&library).await;
        assert_eq!(refused(&later, &query).await, CallbackError::State);
        let foreign = self::library(&world, &other, None).await;
        let elsewhere = pending(&foreign).await;
        let given_to_other = comes_back(&world, &other, &elsewhere).await;
        assert!(matches!(refused(&asked, &given_to_other).await, CallbackError::Response(jose::Error::WrongAudience)));
        // What stands beside the JWT is not believed.
        let session = library.finish(&asked, &format!("{query}&code=evil&state=evil&error=access_denied")).await.unwrap();
        assert!(session.claims().is_some());
        // An old one is over.
        let asked = pending(&library).await;
        let query = comes_back(&world, &app, &asked).await;
        world.advance(400);
        assert!(matches!(refused(&asked, &query).await, CallbackError::Response(jose::Error::Expired)));
    }

    /// §2.2 and §2.4 from end to end: an encrypted answer is opened, and one in the clear refused.
    async fn the_library_opens_an_encrypted_response(world: World) {
        let world = world.listening().await;
        let (private, public) = encryption_key();
        let app = world
            .app_with(|client| {
                signing(client)
                    .trusted()
                    .set("jwks", json!({"keys": [public]}))
                    .set("authorization_encrypted_response_alg", json!("ECDH-ES+A128KW"))
            })
            .await;
        let plain = signing(world.client("plain").trusted()).create().await;
        let opening = library(&world, &app, Some(private.clone())).await;
        let asked = pending(&opening).await;
        let query = comes_back(&world, &app, &asked).await;
        assert!(opening.finish(&asked, &query).await.unwrap().claims().is_some());
        let expecting = library(&world, &plain, Some(private)).await;
        let asked = pending(&expecting).await;
        let query = comes_back(&world, &plain, &asked).await;
        let error = expecting.finish(&asked, &query).await.err();
        assert!(matches!(error, Some(Error::Callback(CallbackError::Response(_)))), "{error:?}");
    }
}
