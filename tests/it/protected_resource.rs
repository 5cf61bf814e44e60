//! Metadata of APIs (RFC 9728), and metadata that their issuer signs (RFC 8414 §2.1).

use jose::jws;
use serde_json::{Value, json};

use crate::harness::{Answer, World};
use crate::on_each_engine;

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

async fn api(world: &World, id: &str) {
    world
        .resource_document(json!({
            "id": id, "name": format!("The API {id}"), "scopes": [{"name": format!("read:{}", id.len()), "description": "Read"}],
        }))
        .await;
}

async fn about(world: &World, path: &str) -> Answer {
    world.get(&format!("{WELL_KNOWN}{path}")).send().await
}

/// The claims of `signed_metadata`, verified with the keys of that realm, and what the document says beside them.
async fn verified(world: &World, answer: &Answer) -> (Value, Value) {
    let mut document = answer.status(200).json();
    let signed = document.as_object_mut().unwrap().remove("signed_metadata");
    let signed = signed.expect("signed metadata");
    let text = signed.as_str().unwrap();
    assert_eq!(
        jws::peek(text).unwrap().header.typ.as_deref(),
        Some("metadata+jwt")
    );
    (world.claims(text).await, document)
}

on_each_engine! {
    /// §3.1: at the path of the API, behind the well-known name; §3.3: the document names the resource that was asked about.
    async fn an_api_is_described_where_its_identifier_leads(world: World) {
        for (path, id) in [
            ("/notes", "http://localhost:8080/notes"),
            ("/notes/v2", "http://localhost:8080/notes/v2"),
            ("/search?kind=a", "http://localhost:8080/search?kind=a"),
        ] {
            api(&world, id).await;
            let document = about(&world, path).await.status(200).json();
            assert_eq!(document["resource"], json!(id));
            assert_eq!(document["authorization_servers"], json!([world.issuer()]));
            assert_eq!(document["scopes_supported"], json!([format!("read:{}", id.len())]));
            assert_eq!(document["resource_name"], json!(format!("The API {id}")));
        }
        for path in ["", "/", "/note", "/notes/", "/NOTES", "/notes%2Fv2", "/../notes", "/search", "/search?kind=b", "//notes"] {
            assert_eq!(about(&world, path).await.status, 404, "{path}");
        }
    }

    /// §3.1: an API that is a whole origin has no path, and one on another host is found when its proxy passes the request on.
    async fn an_api_of_its_own_host_is_described(world: World) {
        api(&world, "https://api.example").await;
        api(&world, "https://api.example/v1").await;
        for (path, id) in [("", "https://api.example"), ("/v1", "https://api.example/v1")] {
            let answer = world.get(&format!("{WELL_KNOWN}{path}")).host("api.example").send().await;
            assert_eq!(answer.status(200).json()["resource"], json!(id));
            assert_eq!(about(&world, path).await.status, 404, "at another host");
        }
    }

    /// By its identifier, whatever that is, below its issuer.
    async fn an_api_is_described_by_its_identifier(world: World) {
        world.notes().await;
        let answer = about(&world, "?resource=urn:example:notes").await;
        assert_eq!(answer.status(200).json()["resource"], json!("urn:example:notes"));
        for query in ["?resource=urn:example:other", "?resource=", "?resource=a&resource=urn:example:notes&x=%00", "?other=urn:example:notes"] {
            assert_eq!(about(&world, query).await.status, 404, "{query}");
        }
    }

    /// §2: what the operator says of an API beside its scopes, and nothing that nobody said.
    async fn what_an_api_says_of_itself_is_told(world: World) {
        let page = "https://api.example/about";
        let said = json!({
            "bearer_methods_supported": ["header"], "dpop_signing_alg_values_supported": ["ES256", "EdDSA"], "dpop_bound_access_tokens_required": true,
            "tls_client_certificate_bound_access_tokens": true, "resource_documentation": page, "resource_policy_uri": page, "resource_tos_uri": page,
        });
        let mut document = said.clone();
        (document["id"], document["name"], document["scopes"]) = (json!("urn:example:told"), json!("Told"), json!([]));
        world.resource_document(document.clone()).await;
        world.notes().await;
        let told = about(&world, "?resource=urn:example:told").await.status(200).json();
        let silent = about(&world, "?resource=urn:example:notes").await.status(200).json();
        for (name, value) in said.as_object().unwrap() {
            assert_eq!((&told[name], silent.get(name)), (value, None), "{name}");
        }
        for (name, wrong) in [
            ("bearer_methods_supported", json!(["cookie"])), ("dpop_signing_alg_values_supported", json!(["HS256", "HS512"])),
            ("resource_documentation", json!("javascript:alert(1)")), ("resource_policy_uri", json!("http://api.example/")), ("resource_tos_uri", json!("about")),
        ] {
            let mut wrong_document = document.clone();
            (wrong_document["id"], wrong_document[name]) = (json!("urn:example:wrong"), wrong);
            let resource = serde_json::from_value(wrong_document).unwrap();
            let refused = realm::resources::create(world.realm(), resource, "test").await.unwrap_err().to_string();
            assert!(refused.contains(name), "{refused}");
        }
    }

    /// §2.2, RFC 8414 §2.1: the same, signed by the issuer, typed as nothing else is.
    async fn metadata_are_signed_by_their_issuer(world: World) {
        world.notes().await;
        let (server, api) = ("/.well-known/oauth-authorization-server".to_owned(), format!("{WELL_KNOWN}?resource=urn:example:notes"));
        for path in [server, api] {
            let (mut claims, document) = verified(&world, &world.get(&path).send().await).await;
            let members = claims.as_object_mut().unwrap();
            assert_eq!(members.remove("iss"), Some(json!(world.issuer())));
            assert_eq!(members.remove("iat"), Some(json!(world.now())));
            assert_eq!(claims, document, "{path}");
        }
    }

    /// Public documents have a tag that stays while they say the same, on every node, and a time that caches may use.
    async fn signed_documents_can_be_cached(world: World) {
        world.notes().await;
        let other = world.beside().await;
        for path in ["/.well-known/openid-configuration".to_owned(), format!("{WELL_KNOWN}?resource=urn:example:notes")] {
            let first = world.get(&path).send().await;
            assert!(first.header("cache-control").contains("max-age"), "{first:?}");
            let tag = first.header("etag").to_owned();
            let again = other.get(&path).header("if-none-match", &tag).send().await;
            assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", tag.as_str()), "{path}");
            world.resource(&format!("urn:example:{}", path.len()), &[(&format!("new:{}", path.len()), "New")]).await;
            let answer = world.get("/.well-known/openid-configuration").header("if-none-match", &tag).send().await;
            assert_eq!(answer.status, 200, "what changed has another tag");
        }
    }

    /// The metadata of one tenant are signed with its keys, in its name, and tell nothing of another's APIs.
    async fn a_tenant_signs_for_itself_alone(world: World) {
        world.notes().await;
        let issuer = world.add_realm("second").await;
        let document = world.get("/realms/second/.well-known/openid-configuration").send().await.status(200).json();
        let signed = document["signed_metadata"].as_str().unwrap();
        let payload = jws::peek(signed).unwrap().claims().unwrap();
        assert_eq!((&payload["iss"], &payload["issuer"]), (&json!(issuer), &json!(issuer)));
        let kid = jws::peek(signed).unwrap().header.kid.unwrap();
        assert!(!world.get("/jwks").send().await.body.contains(&kid));
        assert!(world.get("/realms/second/jwks").send().await.body.contains(&kid));
        let asked = format!("/realms/second{WELL_KNOWN}?resource=urn:example:notes");
        assert_eq!(world.get(&asked).send().await.status, 404);
    }

    /// Signed metadata are no token of any other kind.
    async fn signed_metadata_are_no_token(world: World) {
        let app = world.app().await;
        let document = world.get("/.well-known/openid-configuration").send().await.json();
        let signed = document["signed_metadata"].as_str().unwrap().to_owned();
        world.userinfo(&signed).await.status(401);
        assert_eq!(app.introspect(&signed).await, json!({"active": false}));
        let flow = world.flow(&app).with("prompt", "none").with("id_token_hint", &signed);
        assert_eq!(flow.error(&mut world.browser()).await, "invalid_request");
    }
}
